"""What the consent text must know of the clinic."""

from dataclasses import replace

import pytest

from consent.model import Category, Channel
from messaging_server.broker.agreement import ConsentFacts, QueueAnswers, consent_variables
from messaging_server.broker.notices import Line
from messaging_server.errors import InvalidError
from triage.model import QueueName
from triage.practice import Response, Unit

EMERGENCY = Line(kind="emergency", name="Urgence", number="911")
FACTS = ConsentFacts(
    clinic="Clinique du Parc",
    phone="+15145550142",
    phone_hours="du lundi au vendredi, de 8 h à 17 h",
    other_contact="à l’accueil",
    lines=(EMERGENCY,),
    channels=(Channel.WEB, Channel.EMAIL),
    texts_answered=False,
    responses=(
        QueueAnswers(queue=QueueName.CLINICAL, rule=Response(count=2, unit=Unit.BUSINESS_DAYS), team="infirmières"),
    ),
    readers="Les infirmières lisent tous les messages.",
    categories=(Category.APPOINTMENTS,),
    retention_years=10,
    privacy_officer="Anne Roy, 514 555-0123",
)
NAMES = (
    "clinic", "phone", "phone_hours", "other_contact", "channels", "responses", "readers", "categories",
    "retention_years", "privacy_officer",
)  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_a_consent_text_without_a_fact_of_the_clinic_is_refused(name: str) -> None:
    """Times, readers and contacts are the clinic's own or the text is not made [CON-05, CON-07]."""
    absent = type(getattr(FACTS, name))()
    with pytest.raises(InvalidError) as caught:
        consent_variables(replace(FACTS, **{name: absent}))
    assert (caught.value.field, caught.value.code) == (name, "missing")


def test_the_inbox_is_always_offered() -> None:
    """E-mail and texts only lead to the inbox, so that a clinic cannot offer them alone [EOU-01]."""
    with pytest.raises(InvalidError, match="no_inbox"):
        consent_variables(replace(FACTS, channels=(Channel.EMAIL,)))


def test_a_consent_text_knows_the_emergency_number_from_the_data() -> None:
    """The number is never typed in a text [ACK-06]."""
    assert consent_variables(FACTS)["emergency"] is EMERGENCY
    with pytest.raises(InvalidError, match="no_emergency_number"):
        consent_variables(replace(FACTS, lines=()))
