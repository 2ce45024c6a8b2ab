"""Make the clinical rules prove themselves: each rule's own examples run as tests (DESIGN section 8)."""

from collections.abc import Iterator
from dataclasses import replace

from triage.model import Direction, Part, Priority
from triage.rule import Rule, Ruleset
from triage.screen import assess


def prove(ruleset: Ruleset) -> tuple[str, ...]:
    """Run every rule's examples; the failures, in words: none when all rules keep their promises.

    An example matches when the rule gives its own full topic and priority; a lowered priority (denied, supposed)
    does not count for a rule that is urgent or graver.
    """
    written = replace(ruleset, opinion=None)  # a rule is proved by itself, whatever the second opinion thinks
    return tuple(failure for rule in ruleset.rules for failure in _failures(rule, written))


def _failures(rule: Rule, ruleset: Ruleset) -> Iterator[str]:
    for examples in rule.examples:
        for text in examples.match:
            if not _holds(rule, text, examples.language, ruleset):
                yield f"{rule.id} should match « {text} »"
        for text in examples.miss:
            if _holds(rule, text, examples.language, ruleset):
                yield f"{rule.id} should not match « {text} »"


def _holds(rule: Rule, text: str, language: str, ruleset: Ruleset) -> bool:
    direction = rule.direction or Direction.INBOUND
    assessment = assess([Part("text", text)], direction=direction, language=language, ruleset=ruleset)
    full = rule.priority if direction is Direction.INBOUND else Priority.ROUTINE
    return any(reason.rule == rule.id and reason.priority is full for reason in assessment.reasons)
