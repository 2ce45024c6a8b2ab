"""What an acknowledgement must state, seen in its words."""

from dataclasses import replace
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from messaging_server.broker.notices import Line, NoticeFacts
from messaging_server.broker.parts import Part, missing_parts
from triage.practice import Response, Unit

MONTREAL = ZoneInfo("America/Toronto")
FACTS = NoticeFacts(
    clinic="Clinique du Parc",
    phone="+15145550142",
    lines=(Line(kind="emergency", name="Urgence", number="911"),),
    phone_hours="lun. au ven., 8 h à 17 h",
    other_contact="à l’accueil",
    rule=Response(count=2, unit=Unit.BUSINESS_DAYS),
    due=datetime(2026, 12, 1, 17, 30, tzinfo=MONTREAL),
    closed=True,
    reopens=datetime(2026, 11, 23, 8, 0, tzinfo=MONTREAL),
)
OPEN = replace(FACTS, closed=False, reopens=None)
FRENCH: Final = {
    Part.RESPONSE_RULE: "Délai : 2 jours ouvrables",
    Part.DEADLINE: "Réponse le mardi 1er décembre avant 17 h 30",
    Part.PHONE: "Appelez le 514 555-0142",
    Part.PHONE_HOURS: "(LUN. AU VEN., 8 h à 17 h)",
    Part.OTHER_CONTACT: "ou à l'accueil",
    Part.NOT_FOR_EMERGENCIES: "Ce n’est pas pour les urgences",
    Part.EMERGENCY_NUMBER: "composez le 911",
    Part.EMERGENCY_ROOM: "allez à la salle d’urgence",
    Part.WALK_IN: "voyez une clinique sans rendez-vous",
}
ENGLISH: Final = {
    Part.RESPONSE_RULE: "Response time: 2 business days",
    Part.DEADLINE: "Answer Tuesday, December 1, before 5:30 p.m.",
    Part.PHONE: "Call 514-555-0142",
    Part.PHONE_HOURS: FRENCH[Part.PHONE_HOURS],
    Part.OTHER_CONTACT: "or à l’accueil",
    Part.NOT_FOR_EMERGENCIES: "This is not for emergencies",
    Part.EMERGENCY_NUMBER: "dial 911",
    Part.EMERGENCY_ROOM: "go to the emergency room",
    Part.WALK_IN: "see a walk-in clinic",
}
REMOVED = [(words, part) for words in (FRENCH, ENGLISH) for part in words]


def _text(words: dict[Part, str], *, but: Part | None = None) -> str:
    return "\n".join(sentence for part, sentence in words.items() if part is not but)


@pytest.mark.parametrize("words", [FRENCH, ENGLISH])
def test_a_whole_acknowledgement_lacks_nothing(words: dict[Part, str]) -> None:
    """The three blocks in either language are recognised [ACK-01, ACK-02]."""
    assert missing_parts(_text(words), OPEN) == ()


@pytest.mark.parametrize(("words", "part"), REMOVED)
def test_each_mandatory_part_is_missed_when_it_is_left_out(words: dict[Part, str], part: Part) -> None:
    """A text without one of the parts cannot be activated [ACK-02, ACK-03, ACK-04, ACK-05]."""
    assert missing_parts(_text(words, but=part), OPEN) == (part,)


@pytest.mark.parametrize(
    ("wrong", "part"),
    [
        ("Délai : 12 jours ouvrables", Part.RESPONSE_RULE),
        ("Délai : 2 heures ouvrables", Part.RESPONSE_RULE),
        ("Réponse le mardi 11 décembre avant 17 h 30", Part.DEADLINE),
        ("Réponse le mardi 1er décembre avant 17 h", Part.DEADLINE),
        ("Réponse le mardi 1er novembre avant 17 h 30", Part.DEADLINE),
        ("Answer Tuesday, December 10, before 5:30 p.m.", Part.DEADLINE),
        ("Answer Tuesday, December 1, before 5:30 a.m.", Part.DEADLINE),
        ("Appelez le 514 555-0143", Part.PHONE),
    ],
)
def test_a_wrong_rule_moment_or_number_does_not_pass_for_the_right_one(wrong: str, part: Part) -> None:
    """The deadline is the computed one, and the number the clinic's own [ACK-03, ACK-04]."""
    assert missing_parts(_text({**FRENCH, part: wrong}), OPEN) == (part,)


def test_a_closed_clinic_must_say_when_it_reopens() -> None:
    """While the clinic is closed its reopening is mandatory, and says when its telephone is answered [ACK-17]."""
    text = _text(FRENCH, but=Part.PHONE_HOURS)
    assert missing_parts(text, FACTS) == (Part.PHONE_HOURS, Part.REOPENING)
    assert missing_parts(f"{text}\nFermé jusqu’au lundi 23 novembre, 8 h", FACTS) == ()
    assert missing_parts(f"{text}\nClosed until Monday, November 23, 8 a.m.", FACTS) == ()


@given(text=st.text(max_size=200))
@settings(max_examples=100)
def test_no_text_makes_the_check_fail_and_an_empty_one_lacks_everything(text: str) -> None:
    """Any text at all gets an answer; without figures nothing of the deadline can be stated [ACK-02]."""
    missing = missing_parts(text, OPEN)
    assert Part.DEADLINE in missing or any(letter.isdigit() for letter in text)
    assert set(missing_parts("", FACTS)) == set(Part)


def test_facts_that_are_not_known_are_never_stated() -> None:
    """No deadline, no rule and no hours can be stated where none is known."""
    unknown = replace(OPEN, rule=None, due=None, phone_hours=None, other_contact=" ")
    assert set(missing_parts(_text(FRENCH), unknown)) == {
        Part.RESPONSE_RULE,
        Part.DEADLINE,
        Part.PHONE_HOURS,
        Part.OTHER_CONTACT,
    }
