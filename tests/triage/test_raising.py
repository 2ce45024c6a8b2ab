"""What the second opinion adds to an assessment: it raises, explains itself, and never takes away."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from messaging_server.app.rulebook import builtin_rules
from tests.triage.models import shipped
from triage.model import Assessment, Direction, Part, Priority, Topic
from triage.opinion import load
from triage.rule import Ruleset
from triage.rules import load as load_rules
from triage.screen import assess

RULESET = Path(__file__).parents[2] / "triage" / "ruleset"
MODEL: dict[str, Any] = {
    "heads": ["stat", "urgent", "oncology", "new_treatment", "mental_health", "suicide"], "ordinary": [], "reach": 40,
    "start": [-5, -5, -5, -5, -5, -5], "brief": [0, 0, 0, 0, 0, 0],
    "words": {
        "zorgle": [9, 9, 0, 0, 0, 0], "blimp": [0, 9, 0, 0, 0, 0], "wug": [0, 0, 9, 9, 9, 0], "dax": [9, 9, 0, 0, 9, 9],
        "nothin": [-90, -90, -90, -90, -90, -90],
    },
    "pairs": {}, "concepts": {},
}  # fmt: skip


@pytest.fixture(scope="module")
def ruleset() -> Ruleset:
    return replace(builtin_rules(), opinion=load(shipped(MODEL)))


def inbound(ruleset: Ruleset, text: str) -> Assessment:
    return assess([Part("new_text", text)], direction=Direction.INBOUND, language=None, ruleset=ruleset)


def outbound(ruleset: Ruleset, text: str) -> Assessment:
    return assess([Part("new_text", text)], direction=Direction.OUTBOUND, language=None, ruleset=ruleset)


def test_it_raises_a_priority_and_says_because_of_what(ruleset: Ruleset) -> None:
    """The finding names the head as its rule and points at the original words (SEN-13, promise 7)."""
    found = inbound(ruleset, "My knee, the Zorgle one")
    assert found.priority is Priority.STAT
    reason = next(reason for reason in found.reasons if reason.rule == "learned.stat")
    assert (reason.words, reason.part, reason.topic) == ("Zorgle one", "new_text", None)


def test_it_never_lowers_what_a_rule_found(ruleset: Ruleset) -> None:
    """Whatever weighs against an emergency in the model, a rule's emergency stays one."""
    text = "nothing nothing nothing I am having a heart attack nothing nothing"
    found = inbound(ruleset, text)
    assert found.priority is Priority.STAT


def test_it_adds_no_finding_where_the_rules_already_said_so(ruleset: Ruleset) -> None:
    """One explanation is enough: a clinician reads no topic twice."""
    text = "The oncologist began my chemotherapy, wug"
    found = inbound(ruleset, text)
    assert Topic.ONCOLOGY in found.topics
    assert not any(reason.rule == "learned.oncology" for reason in found.reasons)


def test_the_clinicians_acts_are_only_found_in_what_a_clinician_writes(ruleset: Ruleset) -> None:
    """A patient announces no treatment (SEN-04); a clinician's message has no urgency."""
    received = inbound(ruleset, "wug zorgle")
    sent = outbound(ruleset, "wug zorgle")
    assert Topic.NEW_TREATMENT not in received.topics
    assert received.priority is Priority.STAT
    assert Topic.NEW_TREATMENT in sent.topics
    assert sent.priority is Priority.ROUTINE


def test_a_family_chooses_the_help_lines_of_a_patients_message_only(ruleset: Ruleset) -> None:
    """The crisis line is shown where the model hears a suicidal message (ACK-07)."""
    received = inbound(ruleset, "dax")
    sent = outbound(ruleset, "dax")
    assert received.flags == ("suicide",)
    assert sent.flags == ()


def test_an_emergency_direction_of_the_clinic_is_not_held_for_what_it_names(ruleset: Ruleset) -> None:
    """A sentence that sends to 911 or to a crisis line is not read for the topics it spares; another sentence is."""
    direction = "If you feel dax, call 911 or go to the emergency room."
    alone = outbound(ruleset, direction)
    beside = outbound(ruleset, f"{direction} Your wug is here.")
    assert Topic.MENTAL_HEALTH not in alone.topics
    assert Topic.MENTAL_HEALTH in beside.topics


def test_each_part_is_read_by_itself(ruleset: Ruleset) -> None:
    """A file name that says it raises as well, and is the part that the finding names (SEN-10)."""
    parts = [Part("new_text", "see attached"), Part("filename:0", "blimp.pdf")]
    found = assess(parts, direction=Direction.INBOUND, language=None, ruleset=ruleset)
    assert found.priority is Priority.URGENT
    assert {reason.part for reason in found.reasons} == {"filename:0"}


def test_a_spared_sentence_weighs_nothing_at_all(ruleset: Ruleset) -> None:
    """However long it is and whatever a full stop weighs: the clinic's own direction is never held (SEN-05)."""
    stops = {**MODEL, "words": {**MODEL["words"], ".": [0, 0, 0, 0, 5, 0]}}
    weighing = replace(ruleset, opinion=load(shipped(stops)))
    found = outbound(weighing, "If you feel dax or faint or your arm gets weak, call 911 right away. " * 3)
    assert Topic.MENTAL_HEALTH not in found.topics


def test_what_is_denied_silences_no_other_danger(ruleset: Ruleset) -> None:
    """A suicide that is denied chooses safer words, and takes no help line of another danger away (ACK-07)."""
    assert inbound(ruleset, "She is not suicidal. dax").flags == ("suicide",)
    poison = {**MODEL, "heads": [*MODEL["heads"][:5], "overdose"]}
    heard = replace(ruleset, opinion=load(shipped(poison)))
    assert inbound(heard, "She is not suicidal. dax").flags == ("suicide", "overdose")


def test_the_model_takes_nothing_from_the_lexicon() -> None:
    """Words that the model calls ordinary are still read as slips of a term: it never lowers (decision 0013)."""
    whole = builtin_rules()
    assert whole.opinion is not None
    written = load_rules({path.name: path.read_bytes() for path in RULESET.glob("*.toml")})
    for word in whole.opinion.ordinary:
        assert set(written.lexicon.find([word])) <= set(whole.lexicon.find([word])), word


@pytest.mark.parametrize(
    "fault",
    [{"reach": 1}, {"reach": 41}, {"heads": []}, {"start": [0]}, {"brief": [0]}, {"pairs": {"dax wug": [1 << 40]}}],
)
def test_a_model_that_cannot_be_read_is_refused_when_it_is_loaded(fault: dict[str, object]) -> None:
    """Not at the first message: a clinic learns of it when it brings the file."""
    with pytest.raises(ValueError, match=r"."):
        load(shipped({**MODEL, **fault}))
