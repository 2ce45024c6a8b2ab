"""Read a message and say what it is about, how grave it may be, whose work it is, and why (SEN, TRI-02, ACK-07).

Pure: the same parts and the same ruleset always give the same assessment. The screening may raise; it never hides,
delays or reassures.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from triage.context import Mention, Places, mentions
from triage.fold import Folded, fold
from triage.grammar import measures
from triage.match import Hit
from triage.model import Assessment, Certainty, Direction, Part, Priority, QueueName, Reason, Topic
from triage.rule import Role, Rule, Ruleset, Within

LIMIT = 1_000_000
"""Characters of one part that are read: of a longer one both ends are, and its middle is said not to be screened."""
_MOST = 3
"""Places shown for one rule: more would explain nothing more."""
_ORDER = (Priority.ROUTINE, Priority.URGENT, Priority.STAT)
_SPOKEN_OF_ANYHOW = frozenset({"suicide", "violence"})
"""Families told even when denied or supposed: they choose safer words for the answer, never stronger ones (ACK-08)."""
_QUEUES = (QueueName.RENEWALS, QueueName.DOCUMENTS, QueueName.RESULTS, QueueName.APPOINTMENTS)


class _Found(NamedTuple):
    """A rule that holds, the mentions that make it hold, and how the least certain of them stands."""

    rule: Rule
    mentions: tuple[Mention, ...]
    certainty: Certainty


def assess(
    parts: Sequence[Part],
    *,
    direction: Direction,
    language: str | None,  # noqa: ARG001  # told by callers; both languages are always tried, people mix them
    ruleset: Ruleset,
    chosen: QueueName | None = None,
    not_screened: Sequence[str] = (),
) -> Assessment:
    """The judgement on one message: all its parts together, both languages always tried (SEN-03, SEN-10).

    `chosen` is the queue of the reason that the patient picked: it routes what is routine, and never hides an
    emergency (TRI-06). `not_screened` names what could not be read, and is handed on.
    """
    read, cut = _bounded(parts)
    folded = [fold(part.text, ruleset.shorthand) for part in read]
    found = _holding(_mentions(folded, ruleset), direction, ruleset)
    reasons = _reasons(found, read, folded, direction)
    priority = max((reason.priority for reason in reasons), key=_ORDER.index, default=Priority.ROUTINE)
    named = {reason.topic for reason in reasons}
    return Assessment(
        topics=tuple(topic for topic in Topic if topic in named),
        priority=priority,
        queue=_queue(found, priority, chosen),
        flags=_flags(found, direction),
        reasons=reasons,
        ruleset=ruleset.version,
        not_screened=(*not_screened, *cut),
    )


def _bounded(parts: Sequence[Part]) -> tuple[list[Part], list[str]]:
    """The parts to read, and the names of what is left out: the end of a long text is read as well as its beginning."""
    read: list[Part] = []
    cut: list[str] = []
    for part in parts:
        read.append(part)
        if len(part.text) > LIMIT:
            half = LIMIT // 2
            gap = " " * (len(part.text) - LIMIT)  # spaces keep every later place where it was
            read[-1] = Part(part.name, part.text[:half] + gap + part.text[-half:])
            cut.append(f"{part.name}:middle")
    return read, cut


def _mentions(folded: Sequence[Folded], ruleset: Ruleset) -> list[Mention]:
    """What all parts mention, idioms and exceptions taken away; sentences are numbered over the whole message."""
    out: list[Mention] = []
    sentence = clause = 0
    for number, text in enumerate(folded):
        words = text.words
        hits = ruleset.lexicon.find(words)
        hits.extend(_gauged(words, ruleset))
        hits = _without_exceptions(hits, len(words), ruleset)
        places = Places(words, sentence, clause)
        covered = _covered(hits, len(words), ruleset)
        out.extend(mentions(hits, places, part=number, roles=ruleset.roles, covered=covered))
        sentence, clause = places.after()
    return out


def _gauged(words: Sequence[str], ruleset: Ruleset) -> Iterable[Hit]:
    """The concepts that are quantities."""
    for measure in measures(words):
        for gauge in ruleset.gauges.get(measure.kind, ()):
            if gauge.low <= measure.value <= gauge.high:
                yield Hit(gauge.concept, measure.start, measure.end)


def _without_exceptions(hits: list[Hit], length: int, ruleset: Ruleset) -> list[Hit]:
    """The hits that no exception of theirs, and no idiom, overlaps."""
    taken: dict[int, bytearray] = {}
    for concept, start, end in hits:
        for away in ruleset.exceptions.get(concept, ()):
            marks = taken.setdefault(away, bytearray(length))
            marks[start:end] = b"\1" * (end - start)
    if not taken:
        return hits
    clean = bytearray(length)
    return [
        hit
        for hit in hits
        if hit.concept not in ruleset.exceptions and not any(taken.get(hit.concept, clean)[hit.start : hit.end])
    ]


def _covered(hits: Iterable[Hit], length: int, ruleset: Ruleset) -> bytearray:
    """The words inside longer terms and pseudo-negations, whose own « pas » denies nothing that follows."""
    marks = bytearray(length)
    for concept, start, end in hits:
        role = ruleset.roles.get(concept)
        if role is Role.PSEUDO_NEGATION or (role is None and end - start > 1):
            marks[start:end] = b"\1" * (end - start)
    return marks


class _Index:
    """The mentions by concept and place: the surest one of each place is enough."""

    def __init__(self, found: Iterable[Mention]) -> None:
        """Gather `found`; the first affirmed mention of a place wins."""
        self._by: dict[Within, dict[int, dict[int, Mention]]] = {
            Within.CLAUSE: {}, Within.SENTENCE: {}, Within.MESSAGE: {}
        }  # fmt: skip
        self._last: dict[tuple[int, int], Mention] = {}
        for mention in found:
            self._last[mention.concept, mention.sentence] = mention
            self._add(Within.CLAUSE, mention, mention.clause)
            self._add(Within.SENTENCE, mention, mention.sentence)
            self._add(Within.MESSAGE, mention, 0)

    def _add(self, within: Within, mention: Mention, place: int) -> None:
        places = self._by[within].setdefault(mention.concept, {})
        kept = places.get(place)
        if kept is None or (kept.certainty is not Certainty.AFFIRMED and mention.certainty is Certainty.AFFIRMED):
            places[place] = mention

    def concepts(self) -> Iterable[int]:
        """All concepts mentioned."""
        return self._by[Within.MESSAGE]

    def matches(self, rule: Rule) -> Iterable[tuple[Mention, ...]]:
        """For each place where the rule holds, the mentions that make it hold."""
        within = Within.SENTENCE if rule.within is Within.NEAR else rule.within
        by = self._by[within]
        steps = (0, 1, -1) if rule.within is Within.NEAR else (0,)
        for first in rule.needs[0]:
            for place, mention in by.get(first, {}).items():
                if rule.weak:  # a second word of the same rule is company too
                    yield (self._last[first, mention.sentence],)
                others = [self._any(by, need, place, steps) for need in rule.needs[1:]]
                if all(others) and self._any(by, rule.unless, place, (0,)) is None:
                    yield (mention, *(other for other in others if other))

    @staticmethod
    def _any(
        by: dict[int, dict[int, Mention]], concepts: tuple[int, ...], place: int, steps: tuple[int, ...]
    ) -> Mention | None:
        """A mention of one of the concepts at the place or a step away, an affirmed one before others."""
        best: Mention | None = None
        for step in steps:
            for concept in concepts:
                mention = by.get(concept, {}).get(place + step)
                if mention is not None and (best is None or mention.certainty is Certainty.AFFIRMED):
                    best = mention
                    if best.certainty is Certainty.AFFIRMED:
                        return best
        return best


def _holding(found: Sequence[Mention], direction: Direction, ruleset: Ruleset) -> list[_Found]:
    """All rules that hold, in the order of the ruleset; weak ones only in company; freed ones taken away."""
    index = _Index(found)
    numbers = sorted({number for concept in index.concepts() for number in ruleset.by_concept.get(concept, ())})
    holding: list[_Found] = []
    for number in numbers:
        rule = ruleset.rules[number]
        if rule.direction in {None, direction}:
            holding.extend(_Found(rule, match, _weakest(match)) for match in index.matches(rule))
    holding = _in_company(holding)
    return _unspared(holding) if direction is Direction.OUTBOUND else _own(holding)


def _weakest(match: tuple[Mention, ...]) -> Certainty:
    """How the least certain mention of a combination stands."""
    return next((m.certainty for m in match if m.certainty is not Certainty.AFFIRMED), Certainty.AFFIRMED)


def _in_company(holding: list[_Found]) -> list[_Found]:
    """Without the weak mentions that stand alone of their topic in their sentence."""
    bounds: dict[tuple[Topic | None, int], tuple[int, int]] = {}
    for rule, match, _ in holding:
        for mention in match:
            key = (rule.topic, mention.sentence)
            first_end, last_start = bounds.get(key, (mention.end, mention.start))
            bounds[key] = (min(first_end, mention.end), max(last_start, mention.start))
    kept: list[_Found] = []
    for one in holding:
        first_end, last_start = bounds[one.rule.topic, one.mentions[0].sentence]
        if not one.rule.weak or first_end <= last_start:
            kept.append(one)
    return kept


def _own(holding: list[_Found]) -> list[_Found]:
    """Inbound: without the illnesses of the family's past, which are not the patient's (DETECTION section 3)."""
    return [one for one in holding if one.rule.topic is None or one.certainty is not Certainty.RELATIVE]


def _unspared(holding: list[_Found]) -> list[_Found]:
    """Outbound: without the topics that a direction, a visit or a receipt frees in its own sentence."""
    spared = {(topic, m.sentence) for rule, match, _ in holding for m in match for topic in rule.spares}
    return [one for one in holding if (one.rule.topic, one.mentions[0].sentence) not in spared]


def _reasons(
    found: Sequence[_Found], parts: Sequence[Part], folded: Sequence[Folded], direction: Direction
) -> tuple[Reason, ...]:
    """One reason for each mention of each rule that holds, the surest places first, at most three a rule."""
    own = {one.rule.topic for one in found if one.certainty is Certainty.AFFIRMED}
    spans = [text.spans() for text in folded] if found else []
    shown: dict[str, set[tuple[int, int, int]]] = {}
    out: list[Reason] = []
    for one in sorted(found, key=lambda one: one.certainty is not Certainty.AFFIRMED):
        seen = shown.setdefault(one.rule.id, set())
        if len(seen) >= _MOST * len(one.mentions):
            continue
        priority = _priority(one, own) if direction is Direction.INBOUND else Priority.ROUTINE
        for mention in one.mentions:
            if mention[1:4] not in seen:
                seen.add(mention[1:4])
                out.append(_reason(one, mention, priority, parts, spans))
    return tuple(out)


def _priority(one: _Found, own: set[Topic | None]) -> Priority:
    """A rule's priority where it is affirmed; lowered otherwise, to routine where it is denied and nothing else is said."""
    if one.certainty is Certainty.AFFIRMED:
        return one.rule.priority
    if one.certainty is Certainty.NEGATED and one.rule.topic not in own:
        return Priority.ROUTINE
    return one.rule.lowered


def _reason(
    one: _Found, mention: Mention, priority: Priority, parts: Sequence[Part], spans: Sequence[list[tuple[int, int]]]
) -> Reason:
    part = parts[mention.part]
    start, end = spans[mention.part][mention.start][0], spans[mention.part][mention.end - 1][1]
    return Reason(
        rule=one.rule.id, topic=one.rule.topic, priority=priority, part=part.name,
        start=start, end=end, words=part.text[start:end], context=mention.certainty,
    )  # fmt: skip


def _flags(found: Sequence[_Found], direction: Direction) -> tuple[str, ...]:
    """The families of red flags that are affirmed; suicide and violence even when they are not."""
    if direction is Direction.OUTBOUND:
        return ()
    told = (
        one.rule.flag
        for one in found
        if one.rule.flag and (one.certainty is Certainty.AFFIRMED or one.rule.flag in _SPOKEN_OF_ANYHOW)
    )
    return tuple(dict.fromkeys(told))


def _queue(found: Sequence[_Found], priority: Priority, chosen: QueueName | None) -> QueueName:
    """Where it waits: clinical when grave, else as the patient chose, else clinical unless it is only administrative."""
    if priority is not Priority.ROUTINE:
        return QueueName.CLINICAL
    if chosen is not None:
        return chosen
    named = {one.rule.queue for one in found if one.certainty is not Certainty.NEGATED}
    if QueueName.CLINICAL in named:
        return QueueName.CLINICAL
    return next((queue for queue in _QUEUES if queue in named), QueueName.CLINICAL)
