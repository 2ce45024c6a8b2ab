"""What the consent text states of the clinic as it is today: its answer to "informed of what?" (CON-05 to CON-07).

Response times, readers and channels come from the policy in force, never from a template; when one of them changes,
the rendered text changes, and with it the version that patients are asked to agree to.

Source: CMQ guide, rules of informed consent to electronic communication (the seven things to inform of).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from consent.model import Category, Channel
from messaging_server.broker.notices import Line, emergency_line
from messaging_server.errors import InvalidError
from triage.model import QueueName
from triage.policy import Policy, Protection
from triage.practice import Response


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueAnswers:
    """How soon one queue answers, and who: `team` names the roles in the language of the text."""

    queue: QueueName
    rule: Response
    team: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentFacts:
    """All that the seven blocks may know, in the language of the text."""

    clinic: str
    phone: str
    phone_hours: str
    other_contact: str
    lines: tuple[Line, ...]
    channels: tuple[Channel, ...]
    """Those that the clinic offers; the inbox is always one of them."""
    texts_answered: bool
    """False where texts only announce, and one that comes in gets a single notice (SMS-02)."""
    responses: tuple[QueueAnswers, ...]
    readers: str
    """Which roles may read messages, and what of them, in whole sentences (CON-05, block 5)."""
    categories: tuple[Category, ...]
    plain_categories: tuple[Category, ...] = ()
    """Those that the clinic lets travel written out in an e-mail, where the patient agrees (EOU-02)."""
    retention_years: int
    privacy_officer: str
    """Name and contact of the person responsible for the protection of personal information (TRN-13)."""


def facts_of(policy: Policy, language: str, lines: tuple[Line, ...]) -> ConsentFacts:
    """What a policy says of the clinic in one language; a change of it is a change of the text (CON-07)."""
    plain = {name for name, least in policy.minimum.items() if least is Protection.PLAIN}
    return ConsentFacts(
        clinic=policy.names[language],
        phone=policy.phone,
        phone_hours=policy.phone_hours[language],
        other_contact=policy.other_contact[language],
        lines=lines,
        channels=tuple(channel for channel in Channel if channel.value in policy.channels),
        texts_answered=policy.answers_texts,
        responses=tuple(_response(policy, queue, language) for queue in QueueName if queue in policy.queues),
        readers=policy.access[language],
        categories=tuple(Category),
        plain_categories=tuple(category for category in Category if category.value in plain),
        retention_years=policy.retention.years,
        privacy_officer=f"{policy.privacy_officer.name}, {policy.privacy_officer.contact[language]}",
    )


def _response(policy: Policy, name: QueueName, language: str) -> QueueAnswers:
    queue = policy.queues[name]
    return QueueAnswers(queue=name, rule=queue.response, team=policy.teams[queue.team].names[language])


def consent_variables(facts: ConsentFacts) -> Mapping[str, object]:
    """What the consent templates are told. Raises InvalidError(field, "missing") when the clinic has not said it."""
    told = {
        "clinic": facts.clinic,
        "phone": facts.phone,
        "phone_hours": facts.phone_hours,
        "other_contact": facts.other_contact,
        "channels": facts.channels,
        "responses": facts.responses,
        "readers": facts.readers,
        "categories": facts.categories,
        "retention_years": facts.retention_years,
        "privacy_officer": facts.privacy_officer,
    }
    for name, value in told.items():
        if not value or (isinstance(value, str) and not value.strip()):
            raise InvalidError(name, "missing")
    if Channel.WEB not in facts.channels:
        raise InvalidError("channels", "no_inbox")
    return MappingProxyType({
        **told,
        "texts_answered": facts.texts_answered,
        "plain_categories": facts.plain_categories,
        "emergency": emergency_line(facts.lines),
    })
