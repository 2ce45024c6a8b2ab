"""Find the terms of all concepts in a list of folded words, in one pass.

A tree of words, walked from every word that can begin a term. The work per word is bounded by the tree, whatever the
text: no regular expression is involved, hence no backtracking (SEN-21).
"""

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from triage.fold import ENDS, unrepeated, word_set
from triage.terms import GAPS, Phrase, keys

_STEM = 4
_ELIDED = frozenset("jldmnst")
"""What French elides before a vowel, and a hurried thumb writes without its apostrophe: « jarrive », « danxiété »."""
_VOWELS = frozenset("aeiouyh")
_TYPO = 7
"""Letters a word must have before one slip is forgiven: shorter words have too many neighbours."""
_LONG = 8
"""Letters a word must have before a changed letter is: « soigner » is not « saigner »."""
_LONGEST = 20
_NONE: tuple[str, ...] = ()
_STOP: tuple[str, ...] = ("",)
_UNSKIPPED = word_set("pas jamais aucun aucune sans ni non not never no without none cannot nor")
"""A gap never leaps over a negation: « je veux pas mourir » is not « je veux mourir »."""


class Hit(NamedTuple):
    """A term of a concept, found on the words from `start` up to, not including, `end`."""

    concept: int
    start: int
    end: int


@dataclass(slots=True, eq=False)
class Node:
    """A place in the tree of terms: where each next word leads, and what ends here."""

    next: dict[str, tuple["Node", ...]] = field(default_factory=dict)
    ends: tuple[int, ...] = ()
    gaps: list[tuple[int, "Node"]] = field(default_factory=list)
    joins: list["Node"] = field(default_factory=list)
    """Places that one is at as well, without a further word: where the choices of a slot meet again."""
    open: bool = False
    """Whether a term may end or leap from here, so that one must look whatever word comes next."""


Entry = tuple[tuple[str, ...], tuple[Node, ...]]
"""Under which keys a word may be looked up, and where they lead from the root."""
_NOWHERE: Entry = (_NONE, ())


@dataclass(frozen=True, slots=True)
class Lexicon:
    """All terms of a ruleset, ready to be looked up."""

    root: Node = field(repr=False)
    known: Mapping[str, tuple[str, ...]] = field(repr=False)
    """For each word that some term names: itself, its stems and its classes."""
    stems: Mapping[str, tuple[str, ...]] = field(repr=False)
    """Stems by their first four letters."""
    slips: Mapping[str, str] = field(repr=False)
    """Known words by themselves less one letter, to forgive one wrong letter."""
    plain: frozenset[str] = field(repr=False)
    """Ordinary words that look like a slip of a known word, and are none."""
    entries: Mapping[str, Entry] = field(default_factory=dict, repr=False)
    """What is looked up for each known and each ordinary word, worked out beforehand."""

    def find(self, words: Sequence[str]) -> list[Hit]:
        """All terms in these words, in order of their first word."""
        known = self.entries.get
        table = {word: known(word) or self.entry(word) for word in set(words)}
        present = {key for keys, _ in table.values() for key in keys}
        entries = list(map(table.__getitem__, words))
        options = [keys for keys, _ in entries]
        options.append(_NONE)  # so that the last word, too, has one after it
        out: dict[Hit, None] = {}
        for start, (_, nodes) in enumerate(entries):
            for node in nodes:
                if node.open or not node.next.keys().isdisjoint(options[start + 1]):
                    _walk(node, words, options, present, start, out)
        return list(out)

    def entry(self, word: str) -> Entry:
        """The keys of a word, and the places in the tree to which it leads from the root."""
        keys = self.keys_of(word)
        first = self.root.next
        nodes = tuple(node for key in keys if key in first for node in first[key])
        return (keys, nodes) if keys else _NOWHERE

    def keys_of(self, word: str) -> tuple[str, ...]:
        """Under which keys of the tree a word may be looked up."""
        keys = self.known.get(word)
        if keys is not None:
            return keys
        if word[0] in ENDS:
            return _STOP
        if len(word) < _STEM:
            return _NONE
        stems = self._stems(word)
        if stems or word in self.plain:
            return stems
        if word[0] in _ELIDED and word[1] in _VOWELS and len(word) > _TYPO - 1 and (keys := self.known.get(word[1:])):
            return keys
        return self._forgiven(word)

    def _stems(self, word: str) -> tuple[str, ...]:
        options = self.stems.get(word[:_STEM])
        return tuple(f"{stem}*" for stem in options if word.startswith(stem)) if options else _NONE

    def _forgiven(self, word: str) -> tuple[str, ...]:
        """The keys of the known word that this one is a slip of: letters held down, or one letter wrong."""
        for shorter in unrepeated(word):
            keys = self.known.get(shorter) or self._stems(shorter)
            if keys:
                return keys
        if len(word) < _TYPO or len(word) > _LONGEST:
            return _NONE
        for short in (word, *_shortened(word)):
            meant = self.slips.get(short)
            if meant is not None and _is_slip(word, meant):
                return self.known[meant]
        return _NONE


def _is_slip(word: str, meant: str) -> bool:
    """Whether a word is another with a letter lost, doubled or swapped, or, in long words, one letter changed."""
    if word[-1] != meant[-1] or abs(len(meant) - len(word)) > 1:
        return False
    return len(word) != len(meant) or len(word) >= _LONG or sorted(word) == sorted(meant)


def _walk(
    node: Node, words: Sequence[str], options: Sequence[tuple[str, ...]], present: set[str], start: int,
    out: dict[Hit, None],
) -> None:  # fmt: skip
    """Follow the tree from one place in the text; at most the tree's depth and its gaps are tried.

    `present` are all keys of the text: no gap is leapt towards words that are nowhere in it.
    """
    length = len(words)
    paths = [(node, start + 1)]
    for place, at in paths:
        for concept in place.ends:
            out[Hit(concept, start, at)] = None
        onward = place.next
        for key in options[at]:
            if key in onward:
                paths += [(child, at + 1) for child in onward[key]]
        for reach, after in place.gaps:
            if not present.isdisjoint(after.next):
                _leap(after, words, options, range(at, min(at + reach + 1, length)), paths)


def _leap(
    after: Node, words: Sequence[str], options: Sequence[tuple[str, ...]], places: range, paths: list[tuple[Node, int]]
) -> None:
    """Every way on from a gap, as far as it reaches; it stops at a sentence's end and at a negation."""
    onward = after.next
    for place in places:
        for key in options[place]:
            if key in onward:
                paths += [(child, place + 1) for child in onward[key]]
        if options[place] is _STOP or words[place] in _UNSKIPPED:
            return


def _shortened(word: str) -> list[str]:
    """A word less one letter after its first, in every way: the first letter is seldom the wrong one."""
    return [word[:place] + word[place + 1 :] for place in range(1, len(word))]


def build(
    terms: Iterable[tuple[Phrase, int]], classes: Mapping[str, Sequence[str]], plain: Iterable[str],
    usual: Iterable[str] = (),
) -> Lexicon:  # fmt: skip
    """The lexicon of some terms (each with its concept's number), with word classes and ordinary words.

    `usual` words only save the time of asking: those that would be read as a term's are left out.
    """
    root = Node()
    words: set[str] = set()
    stems: set[str] = set()
    for phrase, concept in terms:
        for whole in _from_a_word(phrase):
            last = _insert(root, whole)
            if concept not in last.ends:
                last.ends = (*last.ends, concept)
        for key in keys(phrase):
            if key.endswith("*"):
                stems.add(key[:-1])
            elif key not in GAPS and not key.startswith("<"):
                words.add(key)
    root = _Closing()(root)
    lexicon = Lexicon(root, *_vocabulary(words, stems, classes), frozenset(plain))
    lexicon = replace(lexicon, plain=lexicon.plain.union(word for word in usual if not lexicon.keys_of(word)))
    return replace(lexicon, entries={word: lexicon.entry(word) for word in (*lexicon.known, *lexicon.plain)})


def _from_a_word(phrase: Phrase) -> Iterator[Phrase]:
    """The phrase, so that it begins with a word: one whose first slot may be absent is two."""
    first, rest = phrase[0], phrase[1:]
    if isinstance(first, str) or () not in first:
        yield phrase
        return
    yield (tuple(choice for choice in first if choice), *rest)
    yield from _from_a_word(rest)


def _insert(node: Node, phrase: Phrase) -> Node:
    """Grow the tree by a phrase; the node where it ends."""
    for slot in phrase:
        if not isinstance(slot, str):
            node = _meet([_insert(node, choice) for choice in slot])
        elif slot in GAPS:
            node.gaps.append((GAPS[slot], after := Node()))
            node = after
        else:
            known = node.next.get(slot)
            if known is None:
                known = node.next[slot] = (Node(),)
            node = known[0]
    return node


def _meet(ends: Sequence[Node]) -> Node:
    """Where the choices of a slot meet again."""
    if len(ends) == 1:
        return ends[0]
    meeting = Node()
    for end in ends:
        end.joins.append(meeting)
    return meeting


_NOTHING: list[Any] = []
_NOWHERE_ON: dict[str, tuple[Node, ...]] = {}
"""Shared by all finished nodes that have nothing to hold: most of them, and each empty list takes its place."""


class _Closing:
    """Give each node what the places hold that it is at as well, so that looking up needs no detour.

    Nodes from which the same follows become one: most terms of a concept end alike.
    """

    def __init__(self) -> None:
        """Nothing is closed yet."""
        self._met: dict[int, tuple[Node, Node]] = {}  # where choices meet: come upon several times
        self._alike: dict[Hashable, Node] = {}
        self._together: dict[tuple[Node, ...], tuple[Node, ...]] = {}

    def __call__(self, node: Node) -> Node:
        """The node that stands for this one."""
        onward = {key: self._same(tuple(map(self, children))) for key, children in node.next.items()}
        gaps = [(reach, self(after)) for reach, after in node.gaps]
        for join in map(self._meeting, node.joins):
            for key, children in join.next.items():
                onward[key] = self._same((*onward.get(key, ()), *children))
            node.ends = (*node.ends, *(end for end in join.ends if end not in node.ends))
            gaps += join.gaps
        same = (node.ends, tuple(gaps), *onward, *onward.values())
        if same not in self._alike:
            node.open, node.joins = bool(node.ends or gaps), _NOTHING
            node.next, node.gaps = onward or _NOWHERE_ON, gaps or _NOTHING
            self._alike[same] = node
        return self._alike[same]

    def _meeting(self, node: Node) -> Node:
        if id(node) not in self._met:
            self._met[id(node)] = node, self(node)
        return self._met[id(node)][1]

    def _same(self, nodes: tuple[Node, ...]) -> tuple[Node, ...]:
        return self._together.setdefault(nodes, nodes)


def _vocabulary(
    words: set[str], stems: set[str], classes: Mapping[str, Sequence[str]]
) -> tuple[dict[str, tuple[str, ...]], dict[str, tuple[str, ...]], dict[str, str]]:
    """The words with all keys they answer to, the stems by their beginning, and the slips."""
    beginnings: dict[str, tuple[str, ...]] = {}
    for stem in sorted(stems):
        beginnings[stem[:_STEM]] = (*beginnings.get(stem[:_STEM], ()), stem)
    member: dict[str, list[str]] = {}
    for name, members in classes.items():
        for word in members:
            member.setdefault(word, []).append(f"<{name}>")
    known: dict[str, tuple[str, ...]] = {}
    for word in words | member.keys():
        own = [f"{stem}*" for stem in beginnings.get(word[:_STEM], ()) if word.startswith(stem)]
        known[word] = (word, *own, *member.get(word, ()))
    slips: dict[str, str] = {}
    for word in sorted(known):
        if len(word) >= _TYPO - 1 and word.isalpha():
            for short in (word, *_shortened(word)):
                slips.setdefault(short, word)
    return known, beginnings, slips
