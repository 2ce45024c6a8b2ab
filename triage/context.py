"""How each mention stands: affirmed, denied, past, supposed, or of the family (DETECTION section 3, SEN-16).

Sentences are cut into clauses, because « pas de fièvre, mais j'ai mal » denies one thing and affirms the other.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from triage.fold import ENDS, word_set
from triage.match import Hit
from triage.model import Certainty
from triage.rule import Role

_CONTRAST = word_set(
    "mais sauf cependant pourtant toutefois par but however except although though yet sinon otherwise"
)
_JOINTS = word_set("et and pis puis so donc alors then or ou because car parce since plus also aussi")
_CUTTERS = _CONTRAST | _JOINTS
_SUBJECTS = word_set(
    "je j i il elle on nous vous ils elles he she we they it c ca my mon ma mes his her your votre there y this "
    "maintenant now depuis today aujourd juste just le la les the"
)
_NARROW = 4
"""Words that a bare negation reaches."""
_WIDE = 9
_AFTER = 4


class Mention(NamedTuple):
    """A concept found in a part, with its sentence and clause (numbered over the whole message) and how it stands."""

    concept: int
    part: int
    start: int
    end: int
    sentence: int
    clause: int
    certainty: Certainty


@dataclass(slots=True)
class Cues:
    """Where the cues of one part stand, sorted, so that a mention finds the nearest by bisection."""

    narrow: list[int] = field(default_factory=list)
    wide: list[int] = field(default_factory=list)
    gone: list[int] = field(default_factory=list)
    supposed: dict[int, int] = field(default_factory=dict)
    """For a clause, the end of its first « si »."""
    asked: dict[int, int] = field(default_factory=dict)
    """For a sentence, the end of its first general question."""
    past: set[int] = field(default_factory=set)
    now: set[int] = field(default_factory=set)
    family: set[int] = field(default_factory=set)


class Places:
    """Sentences and clauses of one part; numbers go on from the part before."""

    def __init__(self, words: Sequence[str], sentence: int, clause: int) -> None:
        """Cut `words`; the first sentence and clause get the numbers given."""
        distinct = set(words)
        ends = {word for word in distinct if word[0] in ENDS}
        cutters = ends | (distinct & _CUTTERS) | {word for word in distinct if word[0] == ","}
        places = [place for place, word in enumerate(words) if word in cutters]
        self._sentences = [place for place in places if words[place] in ends]
        self._clauses = [place for place in places if _cuts(words, place, words[place])]
        self._from = (sentence, clause)

    def sentence(self, place: int) -> int:
        """The number of the sentence that holds the word at `place`."""
        return self._from[0] + bisect_left(self._sentences, place)

    def clause(self, place: int) -> int:
        """The number of the clause that holds the word at `place`."""
        return self._from[1] + bisect_right(self._clauses, place)

    def after(self) -> tuple[int, int]:
        """The numbers with which the next part begins."""
        return self._from[0] + len(self._sentences) + 1, self._from[1] + len(self._clauses) + 1


def _cuts(words: Sequence[str], place: int, word: str) -> bool:
    """Whether a new clause begins at this word."""
    if word[0] in ENDS or word in _CONTRAST:
        return True
    if word in _JOINTS or word[0] == ",":
        return place + 1 < len(words) and words[place + 1] in _SUBJECTS
    return False


def gather(hits: Iterable[Hit], places: Places, roles: Mapping[int, Role], covered: bytearray) -> Cues:
    """All cues of a part, each where its kind is looked for.

    `covered` marks the words inside a longer term or a pseudo-negation: a cue there negates nothing else.
    """
    cues = Cues()
    ends = {Role.NEGATION: cues.narrow, Role.WIDE_NEGATION: cues.wide}
    clauses = {Role.PAST: cues.past, Role.FAMILY_HISTORY: cues.family}
    for concept, start, end in hits:
        role = roles[concept]
        if role in ends and not covered[start]:
            ends[role].append(end)
        elif role in clauses:
            clauses[role].add(places.clause(start))
        elif role is Role.GONE:
            cues.gone.append(start)
        elif role is Role.HYPOTHETICAL and not covered[start]:
            cues.supposed.setdefault(places.clause(start), end)
        elif role is Role.INFORMATION:
            cues.asked.setdefault(places.sentence(start), end)
        elif role is Role.NOW:
            cues.now.add(places.sentence(start))
    for found in (cues.narrow, cues.wide, cues.gone):
        found.sort()
    return cues


def mentions(hits: Iterable[Hit], cues: Cues, places: Places, part: int) -> list[Mention]:
    """The hits, each with its place and how it stands."""
    out: list[Mention] = []
    for concept, start, end in hits:
        sentence, clause = places.sentence(start), places.clause(start)
        certainty = _stands(cues, places, start, end, sentence=sentence, clause=clause)
        out.append(Mention(concept, part, start, end, sentence, clause, certainty))
    return out


def _stands(cues: Cues, places: Places, start: int, end: int, *, sentence: int, clause: int) -> Certainty:
    """The certainty of one mention; family before denial, denial before past, past before supposition."""
    if clause in cues.family:
        return Certainty.RELATIVE
    if _denied(cues, places, start, end, clause):
        return Certainty.NEGATED
    if sentence in cues.now:
        return Certainty.AFFIRMED
    if clause in cues.past:
        return Certainty.PAST
    if start >= cues.asked.get(sentence, end) or start >= cues.supposed.get(clause, end):
        return Certainty.HYPOTHETICAL
    return Certainty.AFFIRMED


def _denied(cues: Cues, places: Places, start: int, end: int, clause: int) -> bool:
    """Whether a negation just before reaches the mention, or a word just after says that it is over."""
    for ends, reach in ((cues.narrow, _NARROW), (cues.wide, _WIDE)):
        nearest = bisect_right(ends, start) - 1
        if nearest >= 0 and start - ends[nearest] < reach and places.clause(ends[nearest] - 1) == clause:
            return True
    nearest = bisect_left(cues.gone, end)
    if nearest == len(cues.gone) or cues.gone[nearest] - end >= _AFTER:
        return False
    return places.clause(cues.gone[nearest]) == clause
