"""What still keeps a clinic from opening its channels, and what it should think of before (GOV-02, SMS-03)."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from triage.coherence import texts
from triage.holidays import EASTER_CHOICES
from triage.model import QueueName
from triage.practice import Door, Policy, Protection, Province, Unit

PLACEHOLDERS: Final = frozenset({
    "Votre clinique", "Your clinic", "514 555-0100", "416 555-0100", "Nom à inscrire", "Name to be filled in",
})  # fmt: skip
"""The neutral words of the built-in policies, which a clinic replaces by its own."""

LEAST_YEARS: Final = 10
"""Years from the last entry: Québec M-9 r.20.3.1 a.14; Ontario CPSO (REQUIREMENTS 5.4)."""
ONTARIO_MINORS: Final = 28
"""Ten years after the eighteenth birthday (REQUIREMENTS 5.4)."""
_PLAIN_ENOUGH: Final = frozenset({"appointments", "broadcast"})
"""Categories whose words carry no health data (CMQ guide, security of e-mails; EOU-02)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyProblem:
    """One thing to settle: where, a machine-readable code, and whether the channels stay closed until then."""

    path: str
    code: str
    blocking: bool = True


def problems(policy: Policy) -> tuple[PolicyProblem, ...]:
    """Everything to settle before the clinic goes live, what blocks first; empty when nothing is left."""
    found = [problem for check in _CHECKS for problem in check(policy)]
    return tuple(sorted(found, key=lambda problem: (not problem.blocking, problem.path)))


def _words(policy: Policy) -> Iterator[PolicyProblem]:
    for path, words in texts(policy):
        for language in policy.languages:
            yield from _filled(f"{path}.{language}", words[language])
    yield from _filled("responsible_physician", policy.responsible_physician)
    yield from _filled("privacy_officer.name", policy.privacy_officer.name)
    yield from _filled("phone", policy.phone)
    if len(re.sub(r"\D", "", policy.phone)) < 3:
        yield PolicyProblem(path="phone", code="not_a_number")


def _filled(path: str, words: str) -> Iterator[PolicyProblem]:
    if not words.strip():
        yield PolicyProblem(path=path, code="blank")
    elif words in PLACEHOLDERS:
        yield PolicyProblem(path=path, code="placeholder")


def _people(policy: Policy) -> Iterator[PolicyProblem]:
    if not policy.teams[policy.queues[QueueName.CLINICAL].team].reads_records:
        yield PolicyProblem(path="queues.clinical.team", code="cannot_read_records")
    for name, queue in policy.queues.items():
        if queue.backup_team == queue.team:
            yield PolicyProblem(path=f"queues.{name}.backup_team", code="own_backup", blocking=False)


def _mail(policy: Policy) -> Iterator[PolicyProblem]:
    if Door.EMAIL not in policy.channels:
        return
    if not policy.mail.domain or not policy.mail.addresses:
        yield PolicyProblem(path="mail", code="no_addresses")
    if not policy.mail.trusted_authserv_id:
        yield PolicyProblem(path="mail.trusted_authserv_id", code="checked_here", blocking=False)


def _texts(policy: Policy) -> Iterator[PolicyProblem]:
    """A clinic that answers texts without a same-day queue will disappoint (SMS-03)."""
    same_day = any(
        queue.response.unit is Unit.BUSINESS_HOURS and queue.response.count <= 8 for queue in policy.queues.values()
    )
    if Door.SMS in policy.channels and policy.answers_texts and not same_day:
        yield PolicyProblem(path="texts", code="no_same_day_queue", blocking=False)


def _content(policy: Policy) -> Iterator[PolicyProblem]:
    for category, least in policy.minimum.items():
        if least is Protection.PLAIN and category not in _PLAIN_ENOUGH:
            yield PolicyProblem(path=f"minimum.{category}", code="health_data_in_plain_mail", blocking=False)


def _holidays(policy: Policy) -> Iterator[PolicyProblem]:
    """In Québec a clinic closes on Good Friday or on Easter Monday (CNESST)."""
    if policy.province is Province.QC and not policy.holidays & EASTER_CHOICES:
        yield PolicyProblem(path="holidays", code="no_easter_day", blocking=False)


def _retention(policy: Policy) -> Iterator[PolicyProblem]:
    if policy.retention.years < LEAST_YEARS:
        yield PolicyProblem(path="retention.years", code="below_the_rule")
    if policy.province is Province.ON and (policy.retention.minors_until_age or 0) < ONTARIO_MINORS:
        yield PolicyProblem(path="retention.minors_until_age", code="below_the_rule")


_CHECKS: Final[tuple[Callable[[Policy], Iterator[PolicyProblem]], ...]] = (
    _words, _people, _mail, _texts, _content, _holidays, _retention,
)  # fmt: skip
