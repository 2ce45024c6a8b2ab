"""The notation of terms, and that a term is found where, and only where, it says."""

import pytest

from triage.fold import fold
from triage.match import build
from triage.terms import TermError, parse


def found(term: str, text: str, plain: str = "") -> list[str]:
    words = fold(text).words
    lexicon = build([(parse(term), 0)], {"child": ["fils", "fille"]}, plain.split())
    return [" ".join(words[start:end]) for _, start, end in lexicon.find(words)]


@pytest.mark.parametrize(
    ("term", "text", "words"),
    [
        ("mal à la poitrine", "MAL A LA POITRINE!", "mal a la poitrine"),
        ("(veux|veut) mourir", "il veut mourir", "veut mourir"),
        ("(mal|douleur à) la gorge", "douleur à la gorge", "douleur a la gorge"),
        ("mal (à la)? gorge", "mal gorge", "mal gorge"),
        ("(très )? mal", "mal", "mal"),
        ("envie .. mourir", "envie de vraiment mourir", "envie de vraiment mourir"),
        ("suicid*", "idées suicidaires", "suicidaires"),
        ("<child> malade", "ma fille malade", "fille malade"),
        ("anxiété", "danxiété", "danxiete"),
        ("chimiothérapie", "chimiotherpaie", "chimiotherpaie"),
        ("aide", "aiiiide", "aiiiide"),
    ],
)
def test_a_term_is_found(term: str, text: str, words: str) -> None:
    """Each mark of the notation does what it says [SEN-03]."""
    assert words in found(term, text)


@pytest.mark.parametrize(
    ("term", "text"),
    [
        ("envie .. mourir", "envie pas mourir"),
        ("envie .. mourir", "envie. Mourir"),
        ("envie .. mourir", "envie de un deux trois mourir"),
        ("mal à la gorge", "mal à gorge"),
        ("suicid*", "suici"),
        ("saigner", "soigner"),
        ("gorge", "george"),
    ],
)
def test_a_term_is_not_found_elsewhere(term: str, text: str) -> None:
    """No leap over a negation or a sentence's end, no word left out, no short word bent [SEN-03]."""
    assert found(term, text) == []


def test_an_ordinary_word_is_never_a_slip() -> None:
    """Words listed as ordinary are left alone [SEN-03]."""
    assert found("addiction", "addition") == ["addition"]
    assert found("addiction", "addition", plain="addition") == []


@pytest.mark.parametrize("term", ["", "..", "mal ..", "(mal", "mal)", "(mal)x", "abc*", "(mal)?", "speed|crystal meth"])
def test_a_term_that_says_nothing_clear_is_refused(term: str) -> None:
    """A slip of the pen is told, not guessed [SEN-02]."""
    with pytest.raises(TermError):
        parse(term)
