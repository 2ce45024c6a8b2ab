"""Read a message and say what it is about, how grave it may be, whose work it is, and why (SEN, TRI-02, ACK-07).

Pure: the same parts and the same ruleset always give the same assessment. The screening may raise; it never hides,
delays or reassures.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from triage.combine import Found, applicable, holding
from triage.context import Mention, Places, gather, mentions
from triage.fold import Folded, Spans, fold
from triage.grammar import measures
from triage.match import Hit
from triage.model import Assessment, Certainty, Direction, Part, Priority, QueueName, Reason, Topic
from triage.opinion import Reading
from triage.raising import Place, raised
from triage.rule import Role, Ruleset

LIMIT = 500_000
"""Characters of one part that are read: of a longer one both ends are, and its middle is said not to be screened."""
TOTAL = 2_000_000
"""Characters of all parts together after which no further part is read; it is said not to be screened."""
_BREAK = "\n.\n"
"""What stands for a middle left out: it ends a sentence, so that the two ends are never read as one."""
_MOST = 3
"""Places shown for one rule: more would explain nothing more."""
_ORDER = (Priority.ROUTINE, Priority.URGENT, Priority.STAT)
_SPOKEN_OF_ANYHOW = frozenset({"suicide", "violence"})
"""Families told even when denied or supposed: they choose safer words for the answer, never stronger ones (ACK-08)."""
_QUEUES = (QueueName.RENEWALS, QueueName.DOCUMENTS, QueueName.RESULTS, QueueName.APPOINTMENTS)


@dataclass(frozen=True, slots=True)
class Cuts:
    """What was left out of some parts: where the rest of each goes on, how many letters later, and how it is named."""

    places: Mapping[str, tuple[int, int]]
    names: tuple[str, ...]

    def whole(self, reasons: Iterable[Reason]) -> tuple[Reason, ...]:
        """Findings in what is left as findings in the whole texts: those behind a cut are where they were."""
        return tuple(_moved(reason, *self.places.get(reason.part, (0, 0))) for reason in reasons)


def assess(
    parts: Sequence[Part],
    *,
    direction: Direction,
    language: str | None,  # noqa: ARG001  # told by callers; both languages are always tried, people mix them
    ruleset: Ruleset,
    chosen: QueueName | None = None,
    not_screened: Sequence[str] = (),
    limit: int = LIMIT,
) -> Assessment:
    """The judgement on one message: all its parts together, both languages always tried (SEN-03, SEN-10).

    `chosen` is the queue of the reason that the patient picked: it routes what is routine, and never hides an
    emergency (TRI-06). `not_screened` names what could not be read, and is handed on.
    """
    read, cuts = bounded(parts, limit)
    folded = [fold(part.text, ruleset.shorthand) for part in read]
    hits = [hits_of(text.words, ruleset) for text in folded]
    found = _found(folded, hits, direction, ruleset)
    spans = Spans(folded)
    reasons = _reasons(found, read, spans, direction)
    texts = [Reading(text.words, named) for text, named in zip(folded, hits, strict=True)]
    more = raised(ruleset.opinion, read, texts, spans, direction, reasons, _spared(found, direction))
    reasons = (*reasons, *more.reasons)
    priority = max((reason.priority for reason in reasons), key=_ORDER.index, default=Priority.ROUTINE)
    named = {reason.topic for reason in reasons}
    judged = Assessment(
        topics=tuple(topic for topic in Topic if topic in named),
        priority=priority,
        queue=_queue(found, priority, chosen),
        flags=_families(found, _flags(found, direction), more.families),
        reasons=reasons,
        ruleset=ruleset.version,
        not_screened=tuple(not_screened),
    )
    return restored(judged, cuts) if cuts.names else judged


def bounded(parts: Sequence[Part], limit: int = LIMIT, total: int = TOTAL) -> tuple[list[Part], Cuts]:
    """The parts to read, and what is left out: the end of a long text is read as well as its beginning."""
    read: list[Part] = []
    places: dict[str, tuple[int, int]] = {}
    names: list[str] = []
    for part in parts:
        if sum(len(one.text) for one in read) > total:
            names.append(part.name)
        elif len(part.text) > limit + len(_BREAK):
            half = limit // 2
            read.append(Part(part.name, part.text[:half] + _BREAK + part.text[-half:]))
            places[part.name] = (half + len(_BREAK), len(part.text) - 2 * half - len(_BREAK))
            names.append(f"{part.name}:middle")
        else:
            read.append(part)
    return read, Cuts(places, tuple(names))


def restored(found: Assessment, cuts: Cuts) -> Assessment:
    """A judgement on bounded parts as one on the whole: findings behind a cut are where they were, and it is named."""
    return replace(found, reasons=cuts.whole(found.reasons), not_screened=(*found.not_screened, *cuts.names))


def _moved(reason: Reason, after: int, by: int) -> Reason:
    """A finding that stands or ends behind a cut, as many letters later."""
    start, end = (place + by if place >= after else place for place in (reason.start, reason.end))
    return replace(reason, start=start, end=end)


def _found(
    folded: Sequence[Folded], hits: Sequence[list[Hit]], direction: Direction, ruleset: Ruleset
) -> list[Found]:
    """The rules that hold on all parts together; sentences are numbered over the whole message."""
    rules = applicable({hit.concept for part in hits for hit in part}, direction, ruleset)
    wanted = {concept for rule in rules for need in (*rule.needs, rule.unless) for concept in need}
    out: list[Mention] = []
    sentence = clause = 0
    for number, text in enumerate(folded):
        places = Places(text.words, sentence, clause)
        covered = _covered(hits[number], len(text.words), ruleset)
        told = [hit for hit in hits[number] if hit.concept in wanted]
        cues = [hit for hit in hits[number] if hit.concept in ruleset.roles]
        out.extend(mentions(told, gather(cues, places, ruleset.roles, covered), places, number))
        sentence, clause = places.after()
    return holding(out, rules, direction)


def hits_of(words: Sequence[str], ruleset: Ruleset) -> list[Hit]:
    """What the words of one part name, idioms and exceptions taken away."""
    hits = ruleset.lexicon.find(words)
    hits.extend(_gauged(words, ruleset))
    return _without_exceptions(hits, len(words), ruleset)


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
        if concept in ruleset.aside:
            marks = taken.setdefault(concept, bytearray(length))
            marks[start:end] = b"\1" * (end - start)
    if not taken:
        return hits
    taken_from = ruleset.exceptions
    kept: list[Hit] = []
    for hit in hits:
        if hit.concept not in ruleset.aside:
            for exception in taken_from.get(hit.concept, ()):
                if exception in taken and taken[exception].find(1, hit.start, hit.end) >= 0:
                    break
            else:
                kept.append(hit)
    return kept


def _covered(hits: Iterable[Hit], length: int, ruleset: Ruleset) -> bytearray:
    """The words inside longer terms and pseudo-negations, whose own « pas » denies nothing that follows."""
    marks = bytearray(length)
    for concept, start, end in hits:
        if ruleset.roles.get(concept) is Role.PSEUDO_NEGATION or (concept in ruleset.asked and end - start > 1):
            marks[start:end] = b"\1" * (end - start)
    return marks


def _reasons(
    found: Sequence[Found], parts: Sequence[Part], spans: Spans, direction: Direction
) -> tuple[Reason, ...]:
    """One reason for each mention of each rule that holds, the surest places first, at most three a rule."""
    own = {one.rule.topic for one in found if one.certainty is Certainty.AFFIRMED}
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


def _spared(found: Iterable[Found], direction: Direction) -> dict[Topic, list[Place]]:
    """Outbound, for each topic, where a direction, a visit or a receipt stands: its sentence is not held for it."""
    out: dict[Topic, list[Place]] = {}
    if direction is Direction.OUTBOUND:
        for one in found:
            for topic in one.rule.spares:
                out.setdefault(topic, []).extend((mention.part, mention.start) for mention in one.mentions)
    return out


def _priority(one: Found, own: set[Topic | None]) -> Priority:
    """A rule's priority where affirmed; lowered otherwise, to routine where denied and nothing else is said."""
    if one.certainty is Certainty.AFFIRMED:
        return one.rule.priority
    if one.certainty is Certainty.NEGATED and one.rule.topic not in own:
        return Priority.ROUTINE
    return one.rule.lowered


def _reason(
    one: Found, mention: Mention, priority: Priority, parts: Sequence[Part], spans: Spans
) -> Reason:
    part, places = parts[mention.part], spans[mention.part]
    start, end = places[mention.start][0], places[mention.end - 1][1]
    return Reason(
        rule=one.rule.id, topic=one.rule.topic, priority=priority, part=part.name,
        start=start, end=end, words=part.text[start:end], context=mention.certainty,
    )  # fmt: skip


def _flags(found: Sequence[Found], direction: Direction) -> tuple[str, ...]:
    """The families of red flags that are affirmed; suicide and violence even when they are not."""
    if direction is Direction.OUTBOUND:
        return ()
    told = (
        one.rule.flag
        for one in found
        if one.rule.flag and (one.certainty is Certainty.AFFIRMED or one.rule.flag in _SPOKEN_OF_ANYHOW)
    )
    return tuple(dict.fromkeys(told))


def _families(found: Sequence[Found], told: tuple[str, ...], more: tuple[str, ...]) -> tuple[str, ...]:
    """The families that the rules named; the second opinion's where they named none, or where they make words safer."""
    sure = any(one.rule.flag and one.certainty is Certainty.AFFIRMED for one in found)
    heard = (family for family in more if not sure or family in _SPOKEN_OF_ANYHOW)
    return tuple(dict.fromkeys((*told, *heard)))


def _queue(found: Sequence[Found], priority: Priority, chosen: QueueName | None) -> QueueName:
    """Where it waits: clinical when grave, else as the patient chose, else clinical unless only administrative."""
    if priority is not Priority.ROUTINE:
        return QueueName.CLINICAL
    if chosen is not None:
        return chosen
    named = {one.rule.queue for one in found if one.certainty is not Certainty.NEGATED}
    if QueueName.CLINICAL in named:
        return QueueName.CLINICAL
    return next((queue for queue in _QUEUES if queue in named), QueueName.CLINICAL)
