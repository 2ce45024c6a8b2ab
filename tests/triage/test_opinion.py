"""The second opinion: what a small model says of folded words, by whole numbers that anyone can add up."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.triage.models import shipped
from triage.match import Hit
from triage.opinion import Opinion, Reading, load, token

HEADS = ("stat", "urgent", "oncology")
MODEL: dict[str, Any] = {
    "heads": HEADS, "ordinary": [], "reach": 6, "start": [-10, -5, -8], "brief": [0, 0, 0],
    "words": {"chest": [3, 3, 0], "tight": [2, 2, 0], "tumour"[:6]: [0, 0, 9], "calm": [-20, -20, 0]},
    "pairs": {"chest tight": [6, 1, 0], "tight chest": [7, 0, -1]},
    "concepts": {"knee": [4, 0, 0], "gone": [99, 99, 99]},
}  # fmt: skip


@pytest.fixture
def model() -> Opinion:
    return load(shipped(MODEL))


def above(model: Opinion, text: str) -> dict[str, int]:
    return {view.head: view.above for view in model.views(Reading(text.split()))}


def test_words_and_pairs_are_added_to_the_start(model: Opinion) -> None:
    """Each head is its start plus the weights of words and pairs, below zero as well as above."""
    assert above(model, "chest tight") == {"stat": -10 + 3 + 2 + 6, "urgent": -5 + 3 + 2 + 1, "oncology": -8}
    assert above(model, "tight chest") == {"stat": -10 + 3 + 2 + 7, "urgent": 0, "oncology": -9}
    assert above(model, "calm") == {"stat": -30, "urgent": -25, "oncology": -8}


def test_a_text_of_few_words_must_say_it_more_plainly() -> None:
    """A head's bar is higher the more words are lacking to a window, and is the same from there on."""
    model = load(shipped({**MODEL, "brief": [6, 0, 0]}))
    assert [above(model, "x " * words)["stat"] for words in (1, 3, 6, 60)] == [-15, -13, -10, -10]
    assert above(model, "x")["urgent"] == -5


def test_no_words_no_opinion(model: Opinion) -> None:
    """An empty text has no views."""
    assert model.views(Reading([])) == []


def test_a_crisis_at_the_end_of_a_long_text_counts_as_much_as_alone(model: Opinion) -> None:
    """A window finds it: what stands before takes nothing away (DETECTION 3.1)."""
    filler = "calm and calm and so on " * 40
    assert above(model, filler + "then it was so my chest tight")["stat"] == 1
    assert above(model, "chest tight then it was so " + filler)["stat"] == 1


def test_the_words_that_weigh_most_are_named(model: Opinion) -> None:
    """An explanation points at the heaviest words first, and never at one that spoke against it (promise 7)."""
    words = ["calm", "my", "chest", "tight", "today"]
    stat = next(view for view in model.views(Reading(words)) if view.head == "stat")
    assert model.because(Reading(words), stat) == [2, 3]
    assert model.because(Reading(words), stat, most=1) == [2]


def test_a_pair_over_the_end_of_its_window_is_named(model: Opinion) -> None:
    """What raised a head is always pointed at, wherever the window ends (SEN-13)."""
    words = ["x"] * 5 + ["chest", "tight"] + ["x"] * 5
    stat = next(view for view in model.views(Reading(words)) if view.head == "stat")
    assert model.because(Reading(words), stat) in ([5, 6], [5])
    cut = stat._replace(start=0, end=6)
    assert model.because(Reading(words), cut) == [5]


def test_what_the_rules_found_counts_where_it_stands(model: Opinion) -> None:
    """A concept adds its weights to the windows that hold it; one that the rules have no more is silent."""
    bound = model.bound({"knee": 7})
    words = ["x"] * 12
    views = {view.head: view for view in bound.views(Reading(words, [Hit(7, 8, 10), Hit(3, 0, 1)]))}
    assert views["stat"].above == -10 + 4
    assert bound.because(Reading(words, [Hit(7, 8, 10)]), views["stat"]) == [8]


@pytest.mark.parametrize(
    ("word", "known_as"),
    [("suicidaire", "suicid"), ("mal", "mal"), ("0", "#0"), ("3", "#1"), ("39,5", "#38"), ("911", "#400")],
)
def test_a_word_is_known_by_its_beginning_and_a_number_by_its_size(word: str, known_as: str) -> None:
    """Endings and exact figures do not matter to the model."""
    assert token(word) == known_as


@given(st.lists(st.sampled_from(["chest", "tight", "calm", "tumour", "x", ".", "12"]), max_size=60))
def test_the_packed_sums_are_the_plain_sums(words: list[str]) -> None:
    """Adding all heads in one number gives what adding each head alone gives, window by window."""
    model = load(shipped(MODEL))
    tokens = [token(word) for word in words]
    for lane, view in enumerate(model.views(Reading(words))):
        best = max(
            MODEL["start"][lane] + sum(_weight(tokens, at, lane) for at in range(start, min(start + 6, len(words))))
            for start in range(0, max(len(words) - 3, 1), 3)
        )
        assert view.above == best


def _weight(tokens: list[str], at: int, lane: int) -> int:
    after = tokens[at + 1 : at + 2]
    known = [MODEL["words"].get(tokens[at])]
    known += [MODEL["pairs"].get(f"{tokens[at]} {after[0]}")] if after else []
    return sum(weights[lane] for weights in known if weights is not None)
