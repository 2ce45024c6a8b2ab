"""What is counted of the screening: pure, a message once for each rule, topic and family."""

from collections import Counter
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from messaging_server.broker.counting import (
    Kind,
    Moves,
    Outcome,
    Word,
    families_of,
    found,
    judged,
    overridden,
    read_cell,
)
from tests.clinic.world import RULES
from triage.model import Certainty, Priority, Reason, Topic

FAMILIES = {"heart": "cardiac"}
Said = dict[int, bool]


def reason(rule: str, start: int, topic: Topic | None = None) -> Reason:
    """A finding of an invented rule."""
    return Reason(
        rule=rule, topic=topic, priority=Priority.ROUTINE, part="new_text", start=start, end=start + 3, words="",
        context=Certainty.AFFIRMED,
    )  # fmt: skip


TWICE = (reason("sad", 0, Topic.MENTAL_HEALTH), reason("sad", 9, Topic.MENTAL_HEALTH), reason("heart", 20))


def word(said: Said) -> Word:
    """The last words of people, by where a finding begins."""
    return lambda reason: said.get(reason.start)


def names(moves: Moves) -> dict[tuple[str, str, str], int]:
    """Moves by kind, name and outcome."""
    return {(cell.kind, cell.name, cell.outcome): by for cell, by in moves.items() if by}


def test_a_message_counts_once_for_a_rule_whose_words_stand_in_it_twice() -> None:
    """Rule, topic and family each count messages, not words [SEN-13, MET-04]."""
    assert names(found(TWICE, "v1", FAMILIES)) == {
        ("message", "", "found"): 1, ("rule", "sad", "found"): 1, ("rule", "heart", "found"): 1,
        ("topic", "mental_health", "found"): 1, ("family", "cardiac", "found"): 1,
    }  # fmt: skip


def test_nothing_found_and_what_a_patient_marks_count_nothing() -> None:
    """The rules are not right or wrong about a patient's own mark; choosing a queue warns of nothing [SEN-09]."""
    assert not found((), "v1", FAMILIES)
    assert not found((reason("queue.renewals", 0),), "v1", FAMILIES)
    assert not found((reason("patient.own_words", 0, Topic.PATIENT_MARKED),), "v1", FAMILIES)


def test_one_finding_that_is_right_confirms_and_only_all_that_are_wrong_refute() -> None:
    """One wrong place does not refute a rule that spoke twice [SEN-13]."""
    one, both, right = word({0: False}), word({0: False, 9: False}), word({0: False, 9: True})

    assert names(judged(TWICE, "v1", FAMILIES, word({}), one)) == {}
    assert names(judged(TWICE, "v1", FAMILIES, one, both)) == {
        ("rule", "sad", "refuted"): 1, ("topic", "mental_health", "refuted"): 1,
    }  # fmt: skip
    assert names(judged(TWICE, "v1", FAMILIES, both, right)) == {
        ("message", "", "confirmed"): 1, ("rule", "sad", "refuted"): -1, ("rule", "sad", "confirmed"): 1,
        ("topic", "mental_health", "refuted"): -1, ("topic", "mental_health", "confirmed"): 1,
    }  # fmt: skip


def test_the_same_word_again_moves_nothing() -> None:
    """Pressing the button twice counts once [SEN-13]."""
    said = word({0: True})

    assert names(judged(TWICE, "v1", FAMILIES, said, said)) == {}


said = st.dictionaries(st.sampled_from([one.start for one in TWICE]), st.booleans())


@given(st.lists(said, max_size=8))
def test_however_often_minds_change_the_numbers_end_where_the_last_words_lead(turns: list[Said]) -> None:
    """Refuting and taking it back leaves no trace, and no number passes what was found [SEN-13, MET-04]."""
    total: Counter[object] = Counter()
    turns = [{}, *turns]
    for before, after in pairwise(turns):
        total.update(judged(TWICE, "v1", FAMILIES, word(before), word(after)))
    straight = judged(TWICE, "v1", FAMILIES, word({}), word(turns[-1]))

    assert +total == +Counter(dict(straight))
    assert all(by >= 0 for by in total.values())
    cells = found(TWICE, "v1", FAMILIES)
    groups = {(cell.kind, cell.name) for cell in cells}
    assert {(cell.kind, cell.name) for cell in straight} <= groups
    assert max(straight.values(), default=0) <= 1


def test_a_cell_is_read_back_as_it_was_written() -> None:
    """Nothing of what a number counts is lost in its seal [MET-04]."""
    cells = list(found(TWICE, "v1", FAMILIES)) + list(overridden((Topic.ONCOLOGY, Topic.ONCOLOGY), "v1"))

    assert [read_cell(cell.written) for cell in cells] == cells
    assert [cell.name for cell in cells if cell.kind is Kind.OVERRIDE] == ["oncology"]
    assert {cell.outcome for cell in cells} == {Outcome.FOUND}


def test_the_families_are_those_of_the_rules_in_force() -> None:
    """Every family that a built-in rule names is known by that rule [MET-04]."""
    families = families_of(RULES)

    assert {"cardiac", "suicide", "stroke"} <= set(families.values())
    assert {rule.id: rule.flag for rule in RULES.rules if rule.id in families} == dict(families)
