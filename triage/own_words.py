"""A patient's own sensitive words, found again in a text (SEN-09; CMQ: « jugée comme telle par le patient »).

Whole words, whatever their case and accents. A French elision stands for its word: `l'usine`, `d'usine` and `usine` are
the same to whoever asked for `usine` or for `l'usine`. Punctuation between the words of a phrase does not hide it.
"""

import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import accumulate

from triage.fold import fold
from triage.model import Assessment, Certainty, Part, Priority, Reason, Topic
from triage.screen import bounded

RULE = "patient.own_words"
"""The rule that every such reason names."""
_MOST = 3
"""Places shown for one phrase in one part: more would explain nothing more."""
_GAP = "\0"
"""What stands between two words while they are searched; no word holds it."""
_ELIDED = {
    "le": "l", "la": "l", "de": "d", "je": "j", "me": "m", "te": "t", "se": "s", "ne": "n", "ce": "c", "que": "qu",
}  # fmt: skip
_ELIDING = frozenset(_ELIDED.values())
_APOSTROPHES = frozenset("'\u2019\u02bc")


def matches(phrases: Sequence[str], parts: Sequence[Part]) -> tuple[Reason, ...]:
    """Where the parts say one of the phrases. Its cost grows with the text, never with how the two repeat (SEN-21)."""
    needles = tuple(dict.fromkeys(needle for phrase in phrases if (needle := _needle(phrase))))
    if not needles:
        return ()
    read, cuts = bounded(parts)
    return cuts.whole(reason for part in read for reason in _in_part(needles, part))


def says_something(phrase: str) -> bool:
    """Whether a phrase has a word to look for: signs and blanks alone would never be found."""
    return bool(_needle(phrase))


def same(one: str, other: str) -> bool:
    """Whether two phrases are found in exactly the same places."""
    return _needle(one) == _needle(other)


def marked(found: Assessment, reasons: Iterable[Reason] = ()) -> Assessment:
    """The judgement with the patient's own mark: its topic, once, and the words that brought it before all others."""
    topics = {*found.topics, Topic.PATIENT_MARKED}
    return replace(
        found, topics=tuple(topic for topic in Topic if topic in topics), reasons=(*reasons, *found.reasons)
    )


def _needle(phrase: str) -> tuple[str, ...]:
    """The words of a phrase; the article that is elided before it is left out, unless nothing else stays."""
    folded = fold(phrase)
    found = list(_words(folded.words))
    words = [word for _, word in found]
    if len(words) > 1 and words[0] in _ELIDING and not _APOSTROPHES.isdisjoint(folded.pieces[2 * found[0][0] + 2]):
        words = words[1:]
    return tuple(words) if len(words) == 1 else tuple(map(_shortened, words))


def _words(folded: Sequence[str]) -> Iterator[tuple[int, str]]:
    """The words among folded ones, each with its number: marks are none."""
    for number, word in enumerate(folded):
        if word[0].isalnum():
            yield number, word if word.isascii() else _bare(word)


def _bare(word: str) -> str:
    """A word of any alphabet without its accents."""
    return "".join(c for c in unicodedata.normalize("NFKD", word) if not unicodedata.combining(c))


def _shortened(word: str) -> str:
    return _ELIDED.get(word, word)


def _in_part(needles: Iterable[tuple[str, ...]], part: Part) -> Iterator[Reason]:
    folded = fold(part.text)
    found = list(_words(folded.words))
    plain = [word for _, word in found]
    places = {False: plain, True: list(map(_shortened, plain))}
    hits = {
        (found[start][0], found[start + len(needle) - 1][0])
        for needle in needles
        for start in _places(needle, places[len(needle) > 1])
    }
    if not hits:
        return
    spans = folded.spans()
    for first, last in sorted(hits):
        start, end = spans[first][0], spans[last][1]
        yield Reason(
            rule=RULE, topic=Topic.PATIENT_MARKED, priority=Priority.ROUTINE, part=part.name, start=start, end=end,
            words=part.text[start:end], context=Certainty.AFFIRMED,
        )  # fmt: skip


def _places(needle: Sequence[str], words: Sequence[str]) -> Iterator[int]:
    """The numbers of the words at which a phrase begins, the first few: one search of one string, made in C."""
    text = _GAP + _GAP.join(words) + _GAP
    wanted = _GAP + _GAP.join(needle) + _GAP
    place = text.find(wanted)
    if place < 0:
        return
    begins = list(accumulate((len(word) + 1 for word in words), initial=0))
    for _ in range(_MOST):
        if place < 0:
            return
        yield bisect_right(begins, place) - 1
        place = text.find(wanted, place + 1)
