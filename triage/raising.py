"""Where the second opinion raises what the rules found: a topic, a priority or a family; never the reverse.

A finding of the opinion names the head as its rule (`learned.oncology`) and points at the words that weighed most.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from triage.fold import ENDS, Spans
from triage.model import Certainty, Direction, Part, Priority, Reason, Topic
from triage.opinion import Opinion, Reading, View

FAMILIES = ("suicide", "overdose", "violence", "obstetric")
"""Heads that choose the help lines shown where something grave was found; they raise nothing by themselves."""
LEARNED = "learned."
"""With what the rule of every finding of the opinion begins."""
_TOPICS = MappingProxyType({topic.value: topic for topic in Topic})
_ACTS = frozenset({Topic.NEW_DIAGNOSIS, Topic.NEW_TREATMENT})
_PRIORITIES = MappingProxyType({"stat": Priority.STAT, "urgent": Priority.URGENT})
_NOTHING = "\0"
"""A word that the model does not know, and that no text holds: it weighs nothing."""
_CLOSE = 4
"""Words between two that weighed, so that they are shown as one finding."""
_ORDER = (Priority.ROUTINE, Priority.URGENT, Priority.STAT)

Place = tuple[int, int]
"""A part's number, and the place of a word in it."""
Spared = Mapping[Topic, Collection[Place]]
"""For a topic, places in the sentences that are never held back for it."""


@dataclass(frozen=True, slots=True)
class Raised:
    """What the second opinion adds."""

    reasons: tuple[Reason, ...] = ()
    families: tuple[str, ...] = ()


def raised(
    opinion: Opinion | None, parts: Sequence[Part], texts: Sequence[Reading], spans: Spans,
    direction: Direction, known: Collection[Reason], spared: Spared,
) -> Raised:  # fmt: skip
    """What the opinion raises beyond the reasons already known, in any part."""
    if opinion is None:
        return Raised()
    views = _strongest(opinion, texts)
    priority = max((reason.priority for reason in known), key=_ORDER.index, default=Priority.ROUTINE)
    named = {reason.topic for reason in known}
    reasons: list[Reason] = []
    for head, (number, view) in views.items():
        if view.above >= 0 and _adds(head, direction, priority, named):
            away = spared.get(_TOPICS[head], ()) if head in _TOPICS else ()
            if away:
                reasons.extend(_beside(opinion, parts, spans, head, _without(texts, away)))
            else:
                reasons.extend(_reasons(opinion, parts[number], spans[number], texts[number], view))
    return Raised(tuple(reasons), tuple(_families(views)) if direction is Direction.INBOUND else ())


def _beside(
    opinion: Opinion, parts: Sequence[Part], spans: Spans, head: str, texts: Sequence[Reading]
) -> Iterator[Reason]:
    """What weighed most for one head, if it is still raised on what is left of the texts."""
    number, view = _strongest(opinion, texts)[head]
    if view.above >= 0:
        yield from _reasons(opinion, parts[number], spans[number], texts[number], view)


def _reasons(
    opinion: Opinion, part: Part, spans: Sequence[tuple[int, int]], text: Reading, view: View
) -> Iterator[Reason]:
    """What weighed most for one head; words close together are one finding."""
    for first, last in _together(sorted(opinion.because(text, view))):
        yield _reason(view.head, part, spans[first][0], spans[min(last + 1, len(spans) - 1)][1])


def _strongest(opinion: Opinion, texts: Sequence[Reading]) -> dict[str, tuple[int, View]]:
    """For each head its strongest view over all parts, with the number of its part."""
    out: dict[str, tuple[int, View]] = {}
    for number, text in enumerate(texts):
        for view in opinion.views(text):
            if view.head not in out or view.above > out[view.head][1].above:
                out[view.head] = (number, view)
    return out


def _families(views: Mapping[str, tuple[int, View]]) -> Iterator[str]:
    return (head for head in FAMILIES if head in views and views[head][1].above >= 0)


def _without(texts: Sequence[Reading], places: Collection[Place]) -> Sequence[Reading]:
    """The texts with nothing for the words of some sentences, so that every other word keeps its place. Linear."""
    out = list(texts)
    for number in {number for number, _ in places}:
        words = list(texts[number].words)
        for place in (place for part, place in places if part == number):
            _blank(words, place)
        out[number] = Reading(words, [hit for hit in texts[number].hits if words[hit.start] != _NOTHING])
    return out


def _blank(words: list[str], place: int) -> None:
    """Leave nothing of the sentence around a word, nor of its end; a word that is blank already belongs to one done."""
    start = end = place
    while start > 0 and words[start - 1] != _NOTHING and words[start - 1][0] not in ENDS:
        start -= 1
    while end < len(words) and words[end] != _NOTHING and words[end][0] not in ENDS:
        end += 1
    end = min(end + 1, len(words))
    words[start:end] = [_NOTHING] * (end - start)


def _adds(head: str, direction: Direction, priority: Priority, named: Collection[Topic | None]) -> bool:
    """Whether a head that is raised says anything new of a message of this direction."""
    if head in _TOPICS:
        topic = _TOPICS[head]
        return topic not in named and (direction is Direction.OUTBOUND or topic not in _ACTS)
    if head in _PRIORITIES and direction is Direction.INBOUND:
        return _ORDER.index(_PRIORITIES[head]) > _ORDER.index(priority)
    return False


def _together(places: Sequence[int]) -> list[tuple[int, int]]:
    """Places that stand close together as one, from first to last: one finding for one thing said."""
    out: list[tuple[int, int]] = []
    for place in places:
        if out and place - out[-1][1] <= _CLOSE:
            out[-1] = (out[-1][0], place)
        else:
            out.append((place, place))
    return out


def _reason(head: str, part: Part, start: int, end: int) -> Reason:
    """A finding that points at some words, up to the one after the last that weighed: a pair weighs as a pair."""
    return Reason(
        rule=LEARNED + head, topic=_TOPICS.get(head), priority=_PRIORITIES.get(head, Priority.ROUTINE),
        part=part.name, start=start, end=end, words=part.text[start:end], context=Certainty.AFFIRMED,
    )  # fmt: skip
