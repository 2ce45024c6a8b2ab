"""Turn a text into folded words without losing where each stood (SEN-03).

Case and accents are folded, apostrophes and hyphens part words, shorthand is spelled out. Every folded word can be led
back to code points of the original, so that a reason always points at what the author wrote.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate

# Marks that matter to sentences and numbers are words of their own. A line feed ends a sentence only before a new
# paragraph, a list mark, a capital or a digit: mail programs break lines in the middle of sentences.
_WORD = re.compile(
    r"([^\W\d_]+|\d+(?:[.,]\d+)?|[.!?\u2026;:,/%\u00b0\u2022]+|\n(?=[ \t]*[-*>\u2013A-Z\u00c0-\u00dd\d\n]))"
)
# Combining accents, soft hyphens, joiners and full-width letters: rare, so that only texts with them pay the slow way.
_ODD = re.compile(r"[\u00ad\u0300-\u036f\u200b-\u200f\u2060-\u2064\ufb00-\ufb06\ufeff\uff01-\uff5e]")
ENDS = frozenset(".!?\u2026;\n\u2022")
"""With what a word begins that ends a sentence."""
_RUN = re.compile(r"([^\W\d_])\1{2,}")


def word_set(words: str) -> frozenset[str]:
    """The words of a line, as a set: lists of words read better as text."""
    return frozenset(words.split())


def _plain(character: str) -> str:
    """A character without its accents; nothing for a combining mark or an invisible one."""
    if character in "\u00ad\u2060\u2061\u2062\u2063\u2064\ufeff" or "\u200b" <= character <= "\u200f":
        return ""
    spread = unicodedata.normalize("NFKD", character)
    return "".join(c for c in spread if not unicodedata.combining(c))


_LIGATURES = {0xE6: "ae", 0x153: "oe", 0xDF: "ss", 0xF8: "o"}
_LETTERS = {code: _plain(chr(code)).lower() for code in range(0xC0, 0x250)} | _LIGATURES


@dataclass(frozen=True, slots=True)
class Folded:
    """The folded words of one text, and how to find the original behind them."""

    text: str = field(repr=False)
    words: Sequence[str] = field(repr=False)
    pieces: Sequence[str] = field(repr=False)
    """The text cut at its words: what stands between them at even places, the words as written at odd ones."""
    origin: Sequence[int] | None = field(default=None, repr=False)
    """For each word, the number of the raw word behind it, where shorthand was spelled out; None: one for one."""
    cleaned: tuple[str, Sequence[int]] | None = field(default=None, repr=False)
    """The text that was read instead, and for each of its places the place in the original; None: the original."""

    def spans(self) -> list[tuple[int, int]]:
        """For each word, where it starts and ends, in code points of the original."""
        ends = list(accumulate(map(len, self.pieces)))
        found = list(zip(ends[::2], ends[1::2], strict=False))
        if self.cleaned is not None:
            index = self.cleaned[1]
            found = [(index[start], index[end]) for start, end in found]
        return found if self.origin is None else [found[number] for number in self.origin]


class Spans(dict[int, list[tuple[int, int]]]):
    """For the number of a part, where its words stand in the original; worked out once, for the parts asked for."""

    def __init__(self, folded: Sequence[Folded]) -> None:
        """Stand ready for `folded`."""
        super().__init__()
        self._folded = folded

    def __missing__(self, part: int) -> list[tuple[int, int]]:
        """Work them out."""
        self[part] = spans = self._folded[part].spans()
        return spans


def fold(text: str, shorthand: Mapping[str, tuple[str, ...]] | None = None) -> Folded:
    """The folded words of a text; `shorthand` spells out words such as `chu` or `cant`. Linear in the text."""
    cleaned = _clean(text) if not text.isascii() and _ODD.search(text) else None
    pieces = _WORD.split(text if cleaned is None else cleaned[0])
    raw = pieces[1::2]
    words = "\0".join(raw).lower().split("\0") if raw else []
    if not text.isascii():
        words = [word if word.isascii() else word.translate(_LETTERS) for word in words]
    if shorthand and not shorthand.keys().isdisjoint(words):
        words, origin = _spell_out(words, shorthand)
        return Folded(text, words, pieces, origin, cleaned)
    return Folded(text, words, pieces, None, cleaned)


def unrepeated(word: str) -> tuple[str, ...]:
    """What a word with letters held down may stand for: `helppp` is `help` or `helpp`; nothing for other words."""
    if _RUN.search(word) is None:
        return ()
    return _RUN.sub(r"\1", word), _RUN.sub(r"\1\1", word)


def _spell_out(words: Sequence[str], shorthand: Mapping[str, tuple[str, ...]]) -> tuple[list[str], list[int]]:
    """Words with shorthand spelled out, and for each the number of the word that it came from."""
    out: list[str] = []
    origin: list[int] = []
    done = 0
    for number in [number for number, word in enumerate(words) if word in shorthand]:
        full = shorthand[words[number]]
        out += words[done:number]
        out += full
        origin += range(done, number)
        origin += [number] * len(full)
        done = number + 1
    return out + list(words[done:]), origin + list(range(done, len(words)))


def _clean(text: str) -> tuple[str, list[int]]:
    """The text with compatibility letters made plain, and for each of its places the place in the original."""
    table = {character: _plain(character) if _ODD.match(character) else character for character in set(text)}
    out: list[str] = []
    index: list[int] = []
    for place, character in enumerate(text):
        plain = table[character]
        out.append(plain)
        index.extend([place] * len(plain))
    return "".join(out), [*index, len(text)]
