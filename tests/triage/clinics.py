"""Policies for the tests: the built-in ones, changed where a test needs it."""

from importlib.resources import files
from typing import Any

from triage.policy import Policy, parse, parse_toml, to_document

CLINICAL = "clinical"


def builtin(name: str = "quebec") -> Policy:
    return parse_toml((files("triage") / "policies" / f"{name}.toml").read_bytes())


def document(**changes: object) -> dict[str, Any]:
    """The document of the built-in Québec policy, with whole settings replaced; None takes one away."""
    changed = to_document(builtin()) | changes
    return {name: value for name, value in changed.items() if value is not None}


def policy(**changes: object) -> Policy:
    return parse(document(**changes))


def responding(count: int, unit: str = "business_days", **changes: object) -> Policy:
    """A policy whose clinical queue answers within `count` units."""
    queues = to_document(builtin())["queues"]
    queues[CLINICAL] |= {"response": {"count": count, "unit": unit}}
    return policy(queues=queues, **changes)
