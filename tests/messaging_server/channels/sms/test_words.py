"""The steering words of a text."""

import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from messaging_server.channels.sms.words import LISTS, Word, keyword, opt_out_type

STOPS = [
    *["STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"],
    *["ARRET", "ARRÊT", "ARRETER", "DESABONNER", "DÉSABONNEMENT"],
]
ALL = [(word, spelling) for word, spellings in LISTS.items() for spelling in sorted(spellings)]


@pytest.mark.parametrize("text", STOPS)
def test_every_opt_out_word_of_either_language_stops(text: str) -> None:
    """Each opt-out word of English and of French, as it is usually written, is an opt-out [SMS-13]."""
    assert keyword(text) is Word.STOP


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("HELP", Word.HELP),
        ("info", Word.HELP),
        ("Aide", Word.HELP),
        ("START", Word.START),
        ("unstop", Word.START),
        ("Reprendre", Word.START),
    ],
)
def test_help_and_start_words_are_told_apart(text: str, word: Word) -> None:
    """The words for help and for resuming are known in both languages [SMS-13]."""
    assert keyword(text) is word


@pytest.mark.parametrize(
    "text",
    [
        "arrêt",
        "  Arrêt.  ",
        "«\u00a0ARRÊT\u00a0»",
        "arre\u0302t",
        "Stop!",
        "stop\n",
        "\u200bstop\u200b",
        "st\u00adop",
        "STOP \N{OCTAGONAL SIGN}",
        "Opt-out",
        "opt out",
        "stop all",
        "désabonnement !",
        "\uff33\uff34\uff2f\uff30",
    ],
)
def test_case_accents_spaces_and_punctuation_do_not_matter(text: str) -> None:
    """An opt-out is understood however the phone capitalises, accents or punctuates it [SMS-13]."""
    assert keyword(text) is Word.STOP


@pytest.mark.parametrize(
    "text",
    [
        "",
        " . ",
        "stop the pills?",
        "Est-ce que j'arrête le médicament",
        "arrêt cardiaque",
        "en d",
        "stopped",
        "not stop",
        "stop stop",
        "fin",
        "annuler",
        "cancel my appointment",
        "aide-moi",
        "help me",
        "start again",
        "l'info",
        "911",
    ],
)
def test_a_word_inside_a_sentence_is_not_a_command(text: str) -> None:
    """A message that says anything else than one listed word steers nothing [SMS-13]."""
    assert keyword(text) is None


@settings(max_examples=100)
@given(st.sampled_from(ALL), st.text(" .!?«»\u00a0\n-*", max_size=5), st.text(" .!?«»\u00a0\n-*", max_size=5))
def test_punctuation_around_a_listed_word_never_hides_it(pair: tuple[Word, str], before: str, after: str) -> None:
    """Every listed word is found whatever signs stand around it [SMS-13]."""
    word, spelling = pair

    assert keyword(before + spelling.upper() + after) is word


@settings(max_examples=100)
@given(st.sampled_from(ALL), st.text(string.ascii_lowercase, min_size=1, max_size=8))
def test_a_second_word_takes_the_command_away(pair: tuple[Word, str], other: str) -> None:
    """A listed word followed by any other word is a message for a human [SMS-13]."""
    text = f"{pair[1]} {other}"

    assert keyword(text) is None or text in {"stop all", "opt out"}


@pytest.mark.parametrize(
    ("value", "word"), [("STOP", Word.STOP), ("help", Word.HELP), (" START ", Word.START), ("", None), (None, None)]
)
def test_what_the_provider_took_it_for_is_understood(value: str | None, word: Word | None) -> None:
    """The provider's own field about an opt-out gives the same words [SMS-14]."""
    assert opt_out_type(value) is word
