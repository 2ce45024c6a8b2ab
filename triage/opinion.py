"""A second opinion on a text: a linear model over its words, pairs of words, and the concepts that
the rules' lexicon found (DETECTION 3).

It may raise a topic or a priority, and lowers none. It learned from messages that this project wrote
(`tests/corpus/taught`), by `python -m bench.teaching`, and is data: whole numbers, added up here without any library.

A text is read through windows of some words, so that one sentence of crisis counts as much at the end of a long message
as alone. All heads are added up at once: their weights stand side by side in one whole number, in lanes of 32 bits,
hence one addition a word.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, pairwise, zip_longest
from operator import or_
from struct import Struct
from typing import Any, NamedTuple

from triage.match import Hit
from triage.slips import LEAST, beginnings, meant

_LANE = 32
_HALF = 1 << (_LANE - 1)
_WHOLE = (1 << _LANE) - 1
_HEAVIEST = 1 << 15
"""No weight is larger: tens of thousands must add up before a lane could run over into the next."""
_SHIFT = 20
"""Bits of a word's number: a pair is known by both numbers side by side."""
_SIZES = (1, 4, 13, 20, 35, 38, 42, 60, 90, 150, 400)
"""Numbers count by their size: months and doses, ages, fevers, pulses, pressures."""
CUT = 6
"""Letters of a word that count: endings seldom change what is meant, and slips are often in them."""


class View(NamedTuple):
    """What one head thinks: how far above its bar the strongest window is (from 0 on it is raised), and its words."""

    head: str
    above: int
    start: int
    end: int


class Reading(NamedTuple):
    """A text as the opinion reads it: its folded words, and what the rules' lexicon found on them."""

    words: Sequence[str]
    hits: Sequence[Hit] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Opinion:
    """The model: for each known word and pair of words its weights for all heads, packed."""

    heads: tuple[str, ...]
    start: int
    """What every window begins with: the heads' biases less their bars, packed."""
    brief: tuple[int, ...]
    """By how much each head's bar is higher for a text of no words than for one that fills a window: in between, the
    nearer. Of a headline or a question in one line the few words must say it more plainly."""
    lift: int
    """Half of every lane: added, no lane is below zero, and each can be read by itself."""
    layout: Struct = field(repr=False)
    """How the lanes stand in the bytes of a whole number."""
    reach: int
    """Words in a window; a window begins every half of it."""
    ordinary: Sequence[str] = field(repr=False)
    """Words so usual that none is a slip of another: the lexicon need not ask."""
    beginnings: Mapping[str, tuple[str, ...]] = field(repr=False)
    """The same by first letter and end, to find the one that was meant."""
    numbers: Mapping[str, int] = field(repr=False)
    words: Sequence[int] = field(repr=False)
    """Packed weights by a word's number; number 0 is any other word."""
    pairs: Mapping[int, int] = field(repr=False)
    named: Mapping[str, int] = field(repr=False)
    """Packed weights of the rules' concepts, by name."""
    concepts: Mapping[int, int] = field(default_factory=dict, repr=False)
    """The same by the numbers of a ruleset."""

    def views(self, text: Reading) -> list[View]:
        """Each head's strongest window; nothing for a text without words. Linear in the text."""
        if not text.words:
            return []
        step, length = self.reach // 2, len(text.words)
        weights = self._weights(text.words)
        steps = [
            sum(chain.from_iterable(filter(None, one[at : at + step]) for one in weights))
            for at in range(0, length, step)
        ]
        for concept, start, _ in text.hits:
            steps[start // step] += self.concepts.get(concept, 0)
        before = self.start + self.lift
        rows = [self.lanes(before + one + other) for one, other in pairwise(steps)] or [self.lanes(before + steps[0])]
        short = max(self.reach - length, 0)
        out: list[View] = []
        for head, higher, values in zip(self.heads, self.brief, zip(*rows, strict=True), strict=True):
            best = max(values)
            at = step * values.index(best)
            above = best - _HALF - higher * short // self.reach
            out.append(View(head, above, at, min(at + self.reach, length)))
        return out

    def because(self, text: Reading, view: View, most: int = 3) -> list[int]:
        """Places of the words that weigh most for a view: at most `most`, the heaviest first, no bare marks."""
        shift = _LANE * self.heads.index(view.head)
        near = zip_longest(*self._weights(text.words[view.start : view.end + 1]))  # the last pair reaches over the end
        told = [sum(filter(None, one)) for one in near][: view.end - view.start]
        for concept, start, _ in text.hits:
            if view.start <= start < view.end:
                told[start - view.start] += self.concepts.get(concept, 0)
        said = text.words[view.start : view.end]
        heavy = sorted(
            (_HALF - (one + self.lift >> shift & _WHOLE), place)
            for place, (one, word) in enumerate(zip(told, said, strict=True))
            if one and word[0].isalnum()
        )
        return [view.start + place for weight, place in heavy[:most] if weight < 0] or [view.start]

    def bound(self, numbers: Mapping[str, int]) -> "Opinion":
        """The same opinion, knowing the rules' concepts by their numbers; of concepts without one it says nothing."""
        concepts = {numbers[name]: weights for name, weights in self.named.items() if name in numbers}
        return replace(self, concepts=concepts)

    def _weights(self, words: Sequence[str]) -> tuple[list[int | None], list[int | None]]:
        """The packed weights of each word, and of the pair that begins with it; None for none."""
        known = self.numbers.get
        table = {word: known(word[:CUT] if word[0] > "9" else token(word), 0) for word in set(words)}
        for word, number in table.items():
            if not number and len(word) >= LEAST:
                table[word] = self._meant(word)
        ids = list(map(table.__getitem__, words))
        first = [one << _SHIFT for one in ids]
        pairs = list(map(self.pairs.get, map(or_, first, ids[1:])))
        return list(map(self.words.__getitem__, ids)), pairs

    def _meant(self, word: str) -> int:
        """The number of the word that an unknown one is a slip of; 0 where it is none."""
        other = meant(word, self.beginnings)
        return self.numbers.get(token(other), 0) if other else 0

    def lanes(self, packed: int) -> tuple[int, ...]:
        """The heads' sums that stand side by side in one whole number, each lifted so that none is below zero."""
        return self.layout.unpack(packed.to_bytes(self.layout.size, "little"))


def token(word: str) -> str:
    """What the model knows a folded word as: its first letters, or the size of a number."""
    if word[0] > "9" or word[0] < "0":
        return word[:CUT]
    try:
        value = float(word.replace(",", "."))
    except ValueError:  # digits of other scripts beside our own
        return "#"
    return f"#{max((size for size in _SIZES if size <= value), default=0)}"


def load(content: bytes) -> Opinion:
    """The model as it ships: JSON, its weights as whole numbers by the numbers of its heads.

    Raises ValueError or KeyError where it is none.
    """
    told: dict[str, Any] = json.loads(content)
    heads, reach = tuple(told["heads"]), int(told["reach"])
    brief = tuple(map(int, told["brief"]))
    if not heads or not len(heads) == len(told["start"]) == len(brief) or reach < 2 or reach % 2:
        raise ValueError("heads, their starts and briefs, and an even reach of two words or more")
    numbers = {word: number for number, word in enumerate(told["words"], start=1)}
    return Opinion(
        heads=heads, start=_packed(told["start"]), brief=brief, lift=_packed([_HALF] * len(heads)),
        layout=Struct(f"<{len(heads)}I"), reach=reach, numbers=numbers,
        ordinary=tuple(told["ordinary"]), beginnings=beginnings(told["ordinary"]),
        words=[0, *(_unsparse(weights, len(heads)) for weights in told["words"].values())],
        pairs=_bound(told["pairs"], numbers, len(heads)),
        named={name: _unsparse(weights, len(heads)) for name, weights in told["concepts"].items()},
    )  # fmt: skip


def _bound(told: dict[str, str], numbers: Mapping[str, int], heads: int) -> dict[int, int]:
    """The weights of pairs, by the numbers of their two words; what is read is not kept beside what is made of it."""
    out: dict[int, int] = {}
    while told:
        names, weights = told.popitem()
        first, second = names.split(" ")
        out[numbers[first] << _SHIFT | numbers[second]] = _unsparse(weights, heads)
    return out


def _unsparse(told: str, heads: int) -> int:
    """Weights written as `0:51 4:-20`, a head's number and its weight, side by side in one whole number."""
    weights = [0] * heads
    for one in told.split():
        head, _, weight = one.partition(":")
        if not 0 <= int(head) < heads or abs(int(weight)) > _HEAVIEST:
            raise ValueError("a weight of a head that there is not, or out of all bounds")
        weights[int(head)] = int(weight)
    return _packed(weights)


def _packed(weights: Iterable[int]) -> int:
    return sum(weight << (_LANE * lane) for lane, weight in enumerate(weights))
