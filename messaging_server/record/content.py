"""What is sealed: the content of an exchange for its people, and the judgement on it for the clinic's teams.

Both are JSON documents with a version, so that a record opened in twenty years says how to read it.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, is_dataclass
from typing import Any
from uuid import UUID

from consent.model import Category, Channel, Refusal, Scope, Verdict
from triage.model import Assessment, Certainty, Priority, QueueName, Reason, Topic

VERSION = 1
WORDS_SIZE = 256
"""Bytes of a phrase as it is sealed: more than sixty letters of any alphabet need."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileNote:
    """A file that belongs to an exchange: its name as claimed, its type as found, its size in bytes."""

    filename: str = field(repr=False)
    media_type: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What was said, for everybody who may read the exchange."""

    subject: str = field(repr=False)
    text: str = field(repr=False)
    quoted: str = field(default="", repr=False)
    sender: str = field(default="", repr=False)
    """The address or number as claimed by a mail or a text; empty for what was written signed in."""
    files: tuple[FileNote, ...] = ()
    pictures_missing: int = 0
    """Pictures that a text announced and that were not fetched from the provider (SMS-04)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What the clinic's teams see beside an exchange: the screening, the chain's findings, the gate's verdict."""

    assessment: Assessment | None = None
    findings: tuple[tuple[str, str], ...] = ()
    """(rule, reason) of every rule of the chain that spoke (promise 7)."""
    notice: str | None = None
    """The kind of automatic text, when the exchange is one."""
    verdict: Verdict | None = None
    """The consent gate's answer at the moment of sending, with the hash of the consent text (MIS, CON-26)."""
    policy_version: int | None = None
    category: Category | None = None
    questions: Mapping[str, bool] = field(default_factory=dict)
    """The clinician's answers before sending: a new diagnosis? a new treatment? an abnormal result? (SEN-04)."""
    override: str | None = field(default=None, repr=False)
    """The recorded exceptional circumstances (SEN-06)."""
    warnings: tuple[str, ...] = ()
    """Machine-readable remarks for staff: other recipients, no TLS, defects, what was not screened."""
    person_hint: UUID | None = None
    """Whose message it may be, for a person to confirm: never attached by guess (TRI-16)."""


def content_bytes(content: Content) -> bytes:
    """The sealed form of a content."""
    document = {
        "v": VERSION, "subject": content.subject, "text": content.text, "quoted": content.quoted,
        "sender": content.sender, "files": [asdict(note) for note in content.files],
        "pictures_missing": content.pictures_missing,
    }  # fmt: skip
    return json.dumps(document, ensure_ascii=False).encode("utf-8", "surrogatepass")


def read_content(data: bytes) -> Content:
    """A content as it was sealed."""
    document = json.loads(data.decode("utf-8", "surrogatepass"))
    files = tuple(FileNote(**note) for note in document["files"])
    return Content(
        subject=document["subject"], text=document["text"], quoted=document["quoted"], sender=document["sender"],
        files=files, pictures_missing=document.get("pictures_missing", 0),
    )  # fmt: skip


def words_bytes(phrase: str) -> bytes:
    """The sealed form of one of a patient's own phrases: all of them are equally long, so that no size tells one."""
    return phrase.encode("utf-8", "replace").ljust(WORDS_SIZE, b"\0")


def read_words(data: bytes) -> str:
    """A phrase as it was sealed."""
    return data.rstrip(b"\0").decode()


def judgement_bytes(judgement: Judgement) -> bytes:
    """The sealed form of a judgement."""
    document = {"v": VERSION} | {one.name: getattr(judgement, one.name) for one in fields(judgement)}
    return json.dumps(document, default=_plain, ensure_ascii=False).encode("utf-8", "surrogatepass")


def _plain(value: Any) -> Any:
    if is_dataclass(value):
        return {one.name: getattr(value, one.name) for one in fields(value)}
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, frozenset):
        return sorted(map(str, value))
    raise TypeError(type(value).__name__)


def read_judgement(data: bytes) -> Judgement:
    """A judgement as it was sealed."""
    d = json.loads(data.decode("utf-8", "surrogatepass"))
    return Judgement(
        assessment=read_assessment(d["assessment"]) if d["assessment"] else None,
        findings=tuple((rule, reason) for rule, reason in d["findings"]),
        notice=d["notice"],
        verdict=_verdict(d["verdict"]) if d["verdict"] else None,
        policy_version=d["policy_version"],
        category=Category(d["category"]) if d["category"] else None,
        questions=d["questions"],
        override=d["override"],
        warnings=tuple(d["warnings"]),
        person_hint=UUID(d["person_hint"]) if d["person_hint"] else None,
    )


def read_assessment(d: Mapping[str, Any]) -> Assessment:
    """An assessment from plain values. Raises KeyError, TypeError or ValueError where they are none."""
    return Assessment(
        topics=tuple(map(Topic, d["topics"])), priority=Priority(d["priority"]), queue=QueueName(d["queue"]),
        flags=tuple(d["flags"]), reasons=tuple(_reason(reason) for reason in d["reasons"]), ruleset=d["ruleset"],
        not_screened=tuple(d["not_screened"]),
    )  # fmt: skip


def _reason(d: Mapping[str, Any]) -> Reason:
    return Reason(
        rule=d["rule"], topic=Topic(d["topic"]) if d["topic"] else None, priority=Priority(d["priority"]),
        part=d["part"], start=d["start"], end=d["end"], words=d["words"], context=Certainty(d["context"]),
    )  # fmt: skip


def _verdict(d: Mapping[str, Any]) -> Verdict:
    scope = d["scope"]
    return Verdict(
        allowed=d["allowed"], refusal=Refusal(d["refusal"]) if d["refusal"] else None,
        scope=Scope(Channel(scope["channel"]), Category(scope["category"])) if scope else None,
        event=UUID(d["event"]) if d["event"] else None, text_version=d["text_version"],
        text_hash=bytes.fromhex(d["text_hash"]) if d["text_hash"] is not None else None,
        addresses=frozenset(map(UUID, d["addresses"])),
    )  # fmt: skip
