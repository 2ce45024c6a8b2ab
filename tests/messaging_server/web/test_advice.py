"""Remarks beside the words: what they find, what they leave alone, and that no text breaks them."""

from hypothesis import given, settings
from hypothesis import strategies as st

from messaging_server.web.advice import LONG_TEXT, SHOWN, remarks
from messaging_server.web.views.item import Warn

KIND = "Bonjour,\n\n{}\n\nCordialement,"


def codes(text: str) -> set[Warn]:
    """The remarks on a text in its frame."""
    return {one.code for one in remarks("Sujet", KIND.format(text))}


def test_a_plain_courteous_text_has_no_remark() -> None:
    """Whoever writes well is left in peace [ETQ-03, T-36]."""
    assert set() == codes("Oui, vous pouvez prendre les deux ensemble. Bonne semaine.")


def test_a_sentence_of_twenty_six_words_is_long_and_one_of_twenty_five_is_not() -> None:
    """The limit is that of the guide [ETQ-03]."""
    assert Warn.LONG_SENTENCE in codes(" ".join(["mot"] * 26) + ".")
    assert Warn.LONG_SENTENCE not in codes(" ".join(["mot"] * 25) + ".")


def test_abbreviations_of_the_trade_are_pointed_out_in_both_languages() -> None:
    """Case and accents make no difference [ETQ-04]."""
    assert Warn.JARGON in codes("Votre HTA est stable.")
    assert Warn.JARGON in codes("Une dyspnée légère.")
    assert Warn.JARGON in codes("Your HTN is stable.")


def test_a_word_within_a_word_is_no_jargon() -> None:
    """"rx" is found, "Marx" is not [ETQ-04]."""
    assert Warn.JARGON not in codes("Madame Marx a appelé.")


def test_a_hurtful_word_is_pointed_out() -> None:
    """The author is asked whether it is meant [ETQ-05]."""
    assert Warn.TONE in codes("C'est ridicule.")


def test_a_long_text_suggests_a_call() -> None:
    """Beyond the length a visit or a call serves better [ETQ-14]."""
    assert Warn.LONG in codes(". ".join(["deux mots"] * (LONG_TEXT // 2 + 1)))


def test_a_missing_greeting_and_closing_are_named() -> None:
    """Both, before the second look would ask for them [ETQ-01, ETQ-02]."""
    assert {Warn.NO_GREETING, Warn.NO_CLOSING} == {one.code for one in remarks("Sujet", "Oui, les deux.")}


@settings(max_examples=60)
@given(st.text(max_size=600))
def test_any_text_is_remarked_on_without_fault_and_never_quoted_at_length(text: str) -> None:
    """Whatever somebody types, the answer stays short [ETQ-06]."""
    assert all(len(one.words) <= SHOWN + 1 for one in remarks(text, text))
