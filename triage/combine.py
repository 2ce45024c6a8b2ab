"""Which rules hold on a message: combinations close together, company, what is freed and what is not ours."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from triage.context import Mention
from triage.model import Certainty, Direction, Topic
from triage.rule import Rule, Ruleset, Within


class Found(NamedTuple):
    """A rule that holds, the mentions that make it hold, and how the least certain of them stands."""

    rule: Rule
    mentions: tuple[Mention, ...]
    certainty: Certainty


class _Index:
    """The mentions by concept, and by place where a combination asks for it: the surest one of each place is enough."""

    def __init__(self, found: Iterable[Mention]) -> None:
        """Gather `found`."""
        self._all: dict[int, list[Mention]] = {}
        for mention in found:
            self._all.setdefault(mention.concept, []).append(mention)
        self._placed: dict[tuple[int, Within], dict[int, Mention]] = {}

    def matches(self, rule: Rule) -> Iterable[tuple[Mention, ...]]:
        """For each place where the rule holds, the mentions that make it hold."""
        others = rule.needs[1:]
        steps = (0, 1, -1) if rule.within is Within.NEAR else (0,)
        for first in rule.needs[0]:
            if rule.weak:  # a second word of the same rule is company too
                yield from ((mention,) for mention in self._ends(first))
            for place, mention in self._by_place(first, rule.within).items():
                beside = [self._any(need, rule.within, place, steps) for need in others]
                if None not in beside and self._any(rule.unless, rule.within, place, (0,)) is None:
                    yield (mention, *(other for other in beside if other))

    def _by_place(self, concept: int, within: Within) -> dict[int, Mention]:
        """The mention of a concept for each place; the first affirmed one wins."""
        places = self._placed.get((concept, within))
        if places is None:
            places = self._placed[concept, within] = {}
            for mention in self._all.get(concept, ()):
                place = _place(mention, within)
                kept = places.get(place)
                if kept is None or (not _sure(kept) and _sure(mention)):
                    places[place] = mention
        return places

    def _ends(self, concept: int) -> Iterable[Mention]:
        """The last mention of a concept in each of its sentences."""
        return {mention.sentence: mention for mention in self._all.get(concept, ())}.values()

    def _any(
        self, concepts: tuple[int, ...], within: Within, place: int, steps: tuple[int, ...]
    ) -> Mention | None:
        """A mention of one of the concepts at the place or a step away, an affirmed one before others."""
        best: Mention | None = None
        for concept in concepts:
            if concept not in self._all:
                continue
            places = self._by_place(concept, within)
            for step in steps:
                mention = places.get(place + step)
                if mention is not None and (best is None or _sure(mention)):
                    best = mention
                    if _sure(best):
                        return best
        return best


def _sure(mention: Mention) -> bool:
    return mention.certainty is Certainty.AFFIRMED


def _place(mention: Mention, within: Within) -> int:
    """Where a mention stands, as coarsely as the rule asks."""
    if within is Within.CLAUSE:
        return mention.clause
    return 0 if within is Within.MESSAGE else mention.sentence


def applicable(present: set[int], direction: Direction, ruleset: Ruleset) -> list[Rule]:
    """The rules of this direction all of whose needs are named somewhere, in the order of the ruleset."""
    numbers = sorted({number for concept in present for number in ruleset.by_concept.get(concept, ())})
    rules = (ruleset.rules[number] for number in numbers)
    return [
        rule
        for rule in rules
        if rule.direction in {None, direction} and not any(present.isdisjoint(need) for need in rule.needs[1:])
    ]


def holding(found: Sequence[Mention], rules: Iterable[Rule], direction: Direction) -> list[Found]:
    """Those of the rules that hold; weak ones only in company; freed ones taken away."""
    index = _Index(found)
    held = [Found(rule, match, _weakest(match)) for rule in rules for match in index.matches(rule)]
    held = _in_company(held)
    return _unspared(held) if direction is Direction.OUTBOUND else _own(held)


def _weakest(match: tuple[Mention, ...]) -> Certainty:
    """How the least certain mention of a combination stands."""
    return next((m.certainty for m in match if m.certainty is not Certainty.AFFIRMED), Certainty.AFFIRMED)


def _in_company(held: list[Found]) -> list[Found]:
    """Without the weak mentions that stand alone of their topic in their sentence."""
    bounds: dict[tuple[Topic | None, int], tuple[int, int]] = {}
    for rule, match, _ in held:
        for mention in match:
            key = (rule.topic, mention.sentence)
            first_end, last_start = bounds.get(key, (mention.end, mention.start))
            bounds[key] = (min(first_end, mention.end), max(last_start, mention.start))
    kept: list[Found] = []
    for one in held:
        first_end, last_start = bounds[one.rule.topic, one.mentions[0].sentence]
        if not one.rule.weak or first_end <= last_start:
            kept.append(one)
    return kept


def _own(held: list[Found]) -> list[Found]:
    """Inbound: without the illnesses of the family's past, which are not the patient's (DETECTION section 3)."""
    return [one for one in held if one.rule.topic is None or one.certainty is not Certainty.RELATIVE]


def _unspared(held: list[Found]) -> list[Found]:
    """Outbound: without the topics that a direction, a visit or a receipt frees in its own sentence."""
    spared = {(topic, m.sentence) for rule, match, _ in held for m in match for topic in rule.spares}
    return [one for one in held if (one.rule.topic, one.mentions[0].sentence) not in spared]


