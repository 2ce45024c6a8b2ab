"""The JSON Schema of what `explain` prints: one line is a mail, a text or an error."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Any

from messaging_server.broker.case import Disposition
from messaging_server.broker.notices import Notice
from messaging_server.message import Automatic, Verification
from triage.model import Certainty, Priority, QueueName, Topic

DIALECT = "https://json-schema.org/draft/2020-12/schema"
PARTS = r"^(subject|new_text|quoted_text|text|attachment:[0-9]+|filename:[0-9]+)$"
TEXT: dict[str, Any] = {"type": "string"}
COUNT: dict[str, Any] = {"type": "integer", "minimum": 0}
IDENTITY: dict[str, Any] = {"type": ["string", "integer"]}
NO_IDENTITY: dict[str, Any] = {"type": ["string", "integer", "null"]}


def schema() -> dict[str, Any]:
    """The schema of one line, in the dialect of 2020-12, with every name that may stand in it."""
    kinds = ("mail", "text", "error")
    return {
        "$schema": DIALECT,
        "title": "One line of `messaging-server explain`",
        "oneOf": [{"$ref": f"#/$defs/{name}"} for name in kinds],
        "$defs": {
            "mail": _object(_mail()),
            "text": _object({"id": IDENTITY, **_judgement()}),
            "error": {"oneOf": [_object({"file": TEXT, "error": TEXT}), _object({"id": NO_IDENTITY, "error": TEXT})]},
            "topic": _names(Topic),
            "priority": _names(Priority),
            "queue": _names(QueueName),
            "notice": _names(Notice),
            "disposition": _names(Disposition),
            "automatic": _names(Automatic),
            "verification": _names(Verification),
            "context": _names(Certainty),
            "reason": _object(_reason()),
        },
    }


def _mail() -> dict[str, Any]:
    methods = {name: _ref("verification") for name in ("spf", "dkim", "dmarc")}
    attachment = {"filename": TEXT, "type": TEXT, "size": COUNT, "sha256": {**TEXT, "pattern": "^[0-9a-f]{64}$"}}
    judged = _judgement()
    return {
        "file": TEXT,
        "from": {"type": ["string", "null"]},
        "authentication": _object({**methods, "source": {"enum": ["header", "none"]}}),
        "subject": TEXT,
        "new_text": TEXT,
        "quoted_text": TEXT,
        "attachments": {"type": "array", "items": _object(attachment)},
        "automatic": _or_null("automatic"),
        "topics": judged["topics"],
        "priority": judged["priority"],
        "queue": judged["queue"],
        "due": {"type": ["string", "null"], "format": "date-time"},
        "notice": _or_null("notice"),
        "disposition": _ref("disposition"),
        "reasons": judged["reasons"],
    }


def _judgement() -> dict[str, Any]:
    return {
        "topics": {"type": "array", "items": _ref("topic"), "uniqueItems": True},
        "priority": _ref("priority"),
        "queue": _ref("queue"),
        "reasons": {"type": "array", "items": _ref("reason")},
    }


def _reason() -> dict[str, Any]:
    return {
        "rule": TEXT, "topic": _or_null("topic"), "priority": _ref("priority"), "part": {**TEXT, "pattern": PARTS},
        "start": COUNT, "end": COUNT, "words": TEXT, "context": _ref("context"),
    }  # fmt: skip


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object", "properties": properties, "required": list(properties), "additionalProperties": False,
    }  # fmt: skip


def _names(of: Iterable[StrEnum]) -> dict[str, Any]:
    return {"enum": [one.value for one in of]}


def _ref(name: str) -> dict[str, Any]:
    return {"$ref": f"#/$defs/{name}"}


def _or_null(name: str) -> dict[str, Any]:
    return {"oneOf": [_ref(name), {"type": "null"}]}
