"""The report on the screening's quality: what was found and judged, overrides, emergencies (SEN-13, MET-04, MET-05).

Pure: it is made of counts and of times of tasks, and holds no person, no message and no small number.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from messaging_server.broker.counting import Cell, Kind, Outcome
from messaging_server.broker.suppression import LEAST, Bound, Shown, halves, shown, thirds
from messaging_server.storage.queries.quality import Emergency, Event
from triage.model import Priority, Topic
from triage.raising import LEARNED

ASKED = tuple(topic for topic in Topic if topic is not Topic.PATIENT_MARKED)
"""The topics that the rules look for; the eighth is the patient's to mark."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """How often something was found, and what people said of it."""

    name: str
    topic: str = ""
    found: Shown
    confirmed: Shown
    refuted: Shown
    unjudged: Shown

    @property
    def learned(self) -> bool:
        """Whether the second opinion found it, and no written rule (decision 0013)."""
        return self.name.startswith(LEARNED)

    @property
    def share(self) -> int | None:
        """How many in a hundred were judged; None where that is hidden."""
        if {self.found.bound, self.unjudged.bound} != {Bound.EXACT}:
            return None
        return round(100 * (self.found.value - self.unjudged.value) / self.found.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One emergency: when it became one, and when the first person did anything about it."""

    raised_at: datetime
    seen_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Alerts:
    """How fast a person came to emergencies; an alert that nobody has seen counts with its time so far."""

    total: Shown
    in_time: Shown
    late: Shown
    target: int
    """Minutes that the clinic gives itself."""
    median: int | None = None
    """Minutes, as is what follows; None where there are too few."""
    ninetieth: int | None = None
    longest: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Everything that may be shown of a period."""

    messages: Line
    """Every message in which anything was found."""
    topics: tuple[Line, ...]
    families: tuple[Line, ...]
    rules: tuple[Line, ...]
    overrides: Shown
    overridden: tuple[tuple[str, Shown], ...]
    """The topics with which replies were sent all the same."""
    alerts: Alerts
    versions: tuple[str, ...]
    """The rules under which anything was found."""


def report(cells: Sequence[tuple[Cell, int]], overrides: int, alerts: Alerts) -> Report:
    """The report of a period. Of rules and families only those are named that spoke often enough."""
    tally = _tally(cells)
    held = {name: times[Outcome.FOUND] for (_, name, _), times in _of(tally, Kind.OVERRIDE).items()}
    return Report(
        messages=_line(("", ""), tally.get((Kind.MESSAGE, "", ""), Counter())),
        topics=tuple(_line((topic, ""), tally.get((Kind.TOPIC, topic, ""), Counter())) for topic in ASKED),
        families=_often(tally, Kind.FAMILY), rules=_often(tally, Kind.RULE),
        overrides=shown(overrides),
        overridden=tuple((topic, shown(held[topic])) for topic in Topic if held.get(topic, 0) >= LEAST),
        alerts=alerts, versions=tuple(sorted({cell.ruleset for cell, times in cells if times > 0})),
    )  # fmt: skip


Key = tuple[Kind, str, str]
Tally = Mapping[Key, Counter[Outcome]]


def _tally(cells: Iterable[tuple[Cell, int]]) -> Tally:
    """The numbers of all months and versions together."""
    out: dict[Key, Counter[Outcome]] = {}
    for cell, times in cells:
        out.setdefault((cell.kind, cell.name, cell.topic), Counter())[cell.outcome] += times
    return out


def _of(tally: Tally, kind: Kind) -> Tally:
    return {key: times for key, times in tally.items() if key[0] is kind}


def _often(tally: Tally, kind: Kind) -> tuple[Line, ...]:
    """Those that spoke in enough messages, the most frequent first."""
    often = [(key, times) for key, times in _of(tally, kind).items() if times[Outcome.FOUND] >= LEAST]
    often.sort(key=lambda one: (-one[1][Outcome.FOUND], one[0]))
    return tuple(_line(key[1:], times) for key, times in often)


def _line(named: tuple[str, str], times: Counter[Outcome]) -> Line:
    right, wrong = times[Outcome.CONFIRMED], times[Outcome.REFUTED]
    # Findings from before there were counts may be judged, and were never counted as found.
    left = max(0, times[Outcome.FOUND] - right - wrong)
    found, confirmed, refuted, unjudged = thirds(right, wrong, left)
    name, topic = named
    return Line(name=name, topic=topic, found=found, confirmed=confirmed, refuted=refuted, unjudged=unjudged)


def alerts_of(
    emergencies: Iterable[Emergency], events: Iterable[Event], start: datetime, end: datetime
) -> tuple[Alert, ...]:
    """The emergencies that began in a time. A question that turned grave later is one from then on."""
    history: dict[object, list[Event]] = {}
    for one in events:
        history.setdefault(one.task, []).append(one)
    found = (_alert(one, history.get(one.task, [])) for one in emergencies)
    return tuple(alert for alert in found if start <= alert.raised_at < end)


def _alert(one: Emergency, events: Sequence[Event]) -> Alert:
    raised = next((event.at for event in events if _turns_grave(event)), one.received_at)
    return Alert(
        raised_at=raised, seen_at=next((event.at for event in events if event.by_person and event.at >= raised), None)
    )


def _turns_grave(event: Event) -> bool:
    raised = event.act == "new_message" and event.after == Priority.STAT
    return raised and event.before != Priority.STAT


def timed(alerts: Sequence[Alert], target: int, now: datetime) -> Alerts:
    """How long they waited for the first person, up to `now`; `target` in minutes."""
    waits = sorted((alert.seen_at or max(now, alert.raised_at)) - alert.raised_at for alert in alerts)
    late = sum(wait > timedelta(minutes=target) for wait in waits)
    total, in_time, too_late = halves(len(waits) - late, late)
    if len(waits) < LEAST:
        return Alerts(total=total, in_time=in_time, late=too_late, target=target)
    return Alerts(
        total=total, in_time=in_time, late=too_late, target=target, median=_percentile(waits, 50),
        ninetieth=_percentile(waits, 90), longest=_percentile(waits, 100),
    )  # fmt: skip


def _percentile(waits: Sequence[timedelta], percent: int) -> int:
    """The shortest wait that so many in a hundred did not pass (nearest rank), in minutes, rounded up."""
    place = -(-len(waits) * percent // 100) - 1
    return -(-waits[place] // timedelta(minutes=1))
