"""A patient's own sensitive words in a text: whole words, whatever their case, accents and elisions."""

import time
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from triage.model import Assessment, Certainty, Part, Priority, QueueName, Reason, Topic
from triage.own_words import RULE, marked, matches, same, says_something

PHRASES = st.text(alphabet="abcdeéçœŒ '’-.5", min_size=2, max_size=60)
BARE = Assessment(topics=(), priority=Priority.ROUTINE, queue=QueueName.CLINICAL, ruleset="none")


def found(phrase: str, text: str) -> list[str]:
    """The words that are found, as they were written."""
    return [one.words for one in matches([phrase], [Part("text", text)])]


@pytest.mark.parametrize(
    ("phrase", "text", "words"),
    [
        ("Marc", "J’ai revu MARC hier.", ["MARC"]),
        ("Zoé", "zoe et Zoe\u0301 dorment", ["zoe", "Zoe\u0301"]),
        ("zoe", "ZOÉ dort", ["ZOÉ"]),
        ("Nguyễn", "chez m. nguyen", ["nguyen"]),
        ("mon divorce", "Mon  divorce est prononcé", ["Mon  divorce"]),
        ("mon divorce", "mon…\nDivorce", ["mon…\nDivorce"]),
        ("usine", "Je pars de l’usine", ["usine"]),
        ("l’usine", "Je suis à l'usine, loin de toute usine", ["usine", "usine"]),
        ("de Alain", "le frère d’Alain", ["d’Alain"]),
        ("d'Alain", "Alain m'écrit", ["Alain"]),
        ("que Alain", "je dis qu'Alain part", ["qu'Alain"]),
        ("the shop", "Back at The Shop.", ["The Shop"]),
        ("Marc", "Marc's brother", ["Marc"]),
        ("11 septembre", "le 11 septembre", ["11 septembre"]),
        ("Saint-Jean", "à saint jean", ["saint jean"]),
    ],
)
def test_a_phrase_is_found_however_it_is_written(phrase: str, text: str, words: list[str]) -> None:
    """Case, accents, elisions, blanks and marks between its words do not hide it [SEN-09]."""
    assert found(phrase, text) == words


@pytest.mark.parametrize(
    ("phrase", "text"),
    [
        ("Marc", "au marché avec Marcel"),
        ("mon divorce", "mon grand divorce"),
        ("mon divorce", "divorce, mon"),
        ("me", "I'm fine, m’a-t-il dit"),
        ("C section", "la section voisine"),
        ("🔥🔥", "🔥🔥"),
        ("Marc", ""),
    ],
)
def test_only_the_whole_phrase_counts(phrase: str, text: str) -> None:
    """A name inside another word is not that name [SEN-09]."""
    assert not found(phrase, text)


def test_a_reason_says_where_and_by_which_rule() -> None:
    """Part, place, words, rule and topic, as of any other finding [SEN-09, SEN-13]."""
    parts = [Part("subject", "Question"), Part("filename:0", "photo de Marc.png")]
    assert matches(["marc"], parts) == (
        Reason(
            rule=RULE, topic=Topic.PATIENT_MARKED, priority=Priority.ROUTINE, part="filename:0", start=9, end=13,
            words="Marc", context=Certainty.AFFIRMED,
        ),
    )  # fmt: skip


def test_a_phrase_is_shown_a_few_times_only() -> None:
    """More places of the same phrase explain nothing more; another phrase has its own."""
    assert len(found("marc", "Marc " * 50)) == 3
    assert len(matches(["marc", "paul"], [Part("text", "Marc Paul " * 50)])) == 6


@given(PHRASES, st.text(max_size=80), st.text(max_size=80))
def test_a_phrase_is_found_wherever_it_stands(phrase: str, before: str, after: str) -> None:
    """Whatever is written around it, as long as it stands by itself [SEN-09]."""
    reasons = matches([phrase], [Part("text", f"{before} | {phrase.upper()} | {after}")])
    assert bool(reasons) == says_something(phrase)


@given(st.lists(PHRASES, max_size=20), st.text(alphabet="abcdeéçœ '’-.5\n", max_size=200))
def test_a_reason_always_quotes_the_text(phrases: list[str], text: str) -> None:
    """What it quotes stands at its place, and nothing is found of no phrase at all."""
    reasons = matches(phrases, [Part("text", text)])
    assert all(text[one.start : one.end] == one.words and one.words for one in reasons)
    assert not reasons or any(map(says_something, phrases))
    assert len({(one.start, one.end) for one in reasons}) == len(reasons)


@pytest.mark.parametrize("phrases", [["a " * 28 + f"b{n}" for n in range(20)], ["a " * (n + 1) for n in range(20)]])
def test_a_hostile_text_costs_no_more_than_its_length(phrases: list[str]) -> None:
    """A megabyte of beginnings of twenty phrases is read in a time that all machines have [SEN-21]."""
    begun = time.process_time()
    matches(phrases, [Part("text", "a " * 500_000)])
    assert time.process_time() - begun < 2


def test_a_long_text_is_read_at_both_ends() -> None:
    """As the other rules read it; what is in the middle is said not to be screened."""
    text = "Marc" + " vu" * 400_000 + " Marc"
    first, last = matches(["Marc"], [Part("text", text)])
    assert (first.start, text[last.start : last.end]) == (0, "Marc")
    assert last.end == len(text)


def test_the_mark_stands_once_and_its_words_come_first() -> None:
    """A mark by hand and a mark by words make one topic [SEN-09]."""
    topics = (Topic.ONCOLOGY, Topic.PATIENT_MARKED)
    own = matches(["Marc"], [Part("text", "Marc")])
    known = replace(BARE, topics=(Topic.ONCOLOGY,))
    assert marked(marked(known), own) == replace(known, topics=topics, reasons=own)


def test_two_phrases_that_find_the_same_are_the_same() -> None:
    """So that a list does not hold one of them twice."""
    assert same("L’usine", "usine ")
    assert not same("mon divorce", "divorce")
