"""A clinic's policy as a document: read from TOML or from a stored mapping, written back, judged before it opens.

Source: CMQ guide, "procédure de triage", "délai de réponse", "accusé de réception"; REQUIREMENTS TRI-01, EOU-02.
"""

import tomllib
from collections.abc import Mapping
from typing import Any, cast

from triage import coherence
from triage.fields import PolicyError, read, write
from triage.golive import PolicyProblem, problems
from triage.practice import (
    CATEGORIES,
    Closure,
    Contact,
    Door,
    Escalation,
    Mail,
    Policy,
    Protection,
    Province,
    Queue,
    Response,
    Retention,
    Role,
    Span,
    Team,
    TextsMode,
    Throttle,
    Unit,
    Unread,
    Weekday,
    Words,
)

__all__ = [
    "CATEGORIES",
    "Closure",
    "Contact",
    "Door",
    "Escalation",
    "Mail",
    "Policy",
    "PolicyError",
    "PolicyProblem",
    "Protection",
    "Province",
    "Queue",
    "Response",
    "Retention",
    "Role",
    "Span",
    "Team",
    "TextsMode",
    "Throttle",
    "Unit",
    "Unread",
    "Weekday",
    "Words",
    "parse",
    "parse_toml",
    "problems",
    "to_document",
]


def parse(document: Mapping[str, object]) -> Policy:
    """The policy that a document describes.

    Raises PolicyError with the path of the field and a plain sentence: for a setting that is missing, unknown, of
    another kind or out of bounds, and for parts that do not hold together.
    """
    policy = cast("Policy", read(Policy, document))
    coherence.check(policy)
    return policy


def parse_toml(data: bytes) -> Policy:
    """The policy in a TOML file. Raises PolicyError, also when the file is not TOML in UTF-8."""
    try:
        document = tomllib.loads(data.decode())
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as wrong:
        raise PolicyError("", f"the file is not TOML: {wrong}") from wrong
    return parse(document)


def to_document(policy: Policy) -> dict[str, Any]:
    """The document of a policy, made of what TOML and JSON both have; `parse` gives the policy back."""
    return cast("dict[str, Any]", write(policy))
