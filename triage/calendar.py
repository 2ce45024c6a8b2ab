"""The clinic's time: when it is open, by when an answer is due, and the business days between (TRI-03, ACK-03).

Every moment goes in and comes out with a time zone; results are in UTC, so that adding and comparing them is safe
across the changes of the clock. A business day is any day with opening hours; an opening begins at its first instant
and ends just before its last, so that a message received at the very minute of closing counts from the next opening.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from triage.coherence import CLOSED_AT_MOST
from triage.holidays import dates_of
from triage.practice import Escalation, Policy, Queue, Span, Unit, Weekday

DAY: Final = timedelta(days=1)
_WEEK: Final = tuple(Weekday)
_LOOK_AHEAD: Final = 10 * CLOSED_AT_MOST
"""Days; even a clinic open one day a week that closes on each of them for years opens again within as many."""
_DAYS_KNOWN: Final = 2_000
_MINUTES_A_DAY: Final = 24 * 60


def _utc(at: datetime) -> datetime:
    """The instant in UTC: times of one zone compare by their walls, which errs in the hour that comes twice."""
    if at.utcoffset() is None:
        raise ValueError("a moment without a time zone")
    return at.astimezone(UTC)


@dataclass(frozen=True, slots=True, order=True)
class Opening:
    """A stretch of time in which the clinic is open, in UTC: `start` included, `end` excluded."""

    start: datetime
    end: datetime

    @property
    def length(self) -> timedelta:
        """How long it lasts in real time, whatever the clock on the wall does."""
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class Calendar:
    """The opening hours, closures and holidays of one policy, and what follows from them."""

    policy: Policy
    _zone: ZoneInfo = field(init=False, repr=False, compare=False)
    _known: dict[date, tuple[Opening, ...]] = field(default_factory=dict, init=False, repr=False, compare=False)
    """Days worked out already: the same few are asked for with every message, and a policy never changes."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "_zone", ZoneInfo(self.policy.timezone))

    def day_of(self, at: datetime) -> date:
        """The date in the clinic at an instant. Raises ValueError when the moment has no time zone, as all do here."""
        return _utc(at).astimezone(self._zone).date()

    def opens(self, day: date) -> tuple[Opening, ...]:
        """The openings of a day, in order; none when the clinic is closed."""
        found = self._known.get(day)
        if found is None:
            found = self._work_out(day)
            if len(self._known) >= _DAYS_KNOWN:
                self._known.clear()
            self._known[day] = found
        return found

    def _work_out(self, day: date) -> tuple[Opening, ...]:
        both = (Opening(self._at(day, span.start), self._at(day, span.end)) for span in self._spans(day))
        # Where the clock springs forward, an opening in the hour that does not exist is no opening.
        return tuple(opening for opening in both if opening.start < opening.end)

    def is_business_day(self, day: date) -> bool:
        """Whether the clinic opens at all on a day (REQUIREMENTS 5.2)."""
        return bool(self.opens(day))

    def is_open(self, at: datetime) -> bool:
        """Whether the clinic is open at an instant."""
        moment = _utc(at)
        return any(opening.start <= moment < opening.end for opening in self.opens(self.day_of(moment)))

    def closed_now(self, at: datetime) -> bool:
        """Whether the acknowledgement says that the clinic is closed (ACK-17)."""
        return not self.is_open(at)

    def next_opening(self, at: datetime) -> datetime:
        """The first instant from `at` on at which the clinic is open: `at` itself while it is open."""
        moment = _utc(at)
        return max(next(self._openings(moment)).start, moment)

    def reopens(self, at: datetime) -> datetime | None:
        """When the clinic opens again; None while it is open (ACK-17)."""
        return None if self.is_open(at) else self.next_opening(at)

    def add_business_days(self, at: datetime, days: int) -> datetime:
        """The closing of the nth business day after the date of `at`; with 0, of the first one from that date on."""
        day, left = self.day_of(at), days
        if days > 0:
            day += DAY
            left -= 1
        found = self._business_day(day)
        for _ in range(left):
            found = self._business_day(found + DAY)
        return self.opens(found)[-1].end

    def end_of_business_day(self, received: datetime) -> datetime:
        """The closing of the business day on which a message counts as received."""
        return self.add_business_days(self.next_opening(received), 0)

    def due(self, received: datetime, queue: Queue) -> datetime:
        """The latest moment of an answer under the queue's fixed response time (TRI-03, T-32).

        In business days: the closing of the Nth business day after that of receipt; in business hours: as many hours
        of opening later. What comes while the clinic is closed counts from the next opening.
        """
        start = self.next_opening(received)
        if queue.response.unit is Unit.BUSINESS_DAYS:
            return self.add_business_days(start, queue.response.count)
        return self._add_business_time(start, timedelta(hours=queue.response.count))

    def point(self, received: datetime, due: datetime, share: float) -> datetime:
        """The moment at which a share (0 to 1) of the business time from receipt to the due moment has passed.

        It never lies before receipt nor after `due`; without business time between them it is the later of the two.
        """
        total = self.business_time(received, due)
        if share >= 1 or not total:
            return max(_utc(received), _utc(due))
        return self._add_business_time(self.next_opening(received), total * max(share, 0))

    def business_time(self, start: datetime, end: datetime) -> timedelta:
        """How long the clinic is open between two instants; zero when `end` is not after `start`."""
        total, first, last = timedelta(0), _utc(start), _utc(end)
        for opening in self._openings(first):
            if opening.start >= last:
                break
            total += max(min(opening.end, last) - max(opening.start, first), timedelta(0))
        return total

    def escalation_point(
        self, received: datetime, due: datetime, escalation: Escalation, steps: int
    ) -> datetime | None:
        """When an item that has passed `steps` escalation points is raised next; None after the last (TRI-04)."""
        if steps < len(escalation.percent):
            return self.point(received, due, escalation.percent[steps] / 100)
        after = steps - len(escalation.percent)
        if after < len(escalation.days_after):
            # A clinic that closes at midnight is due on the date before it.
            return self.add_business_days(_utc(due) - timedelta(microseconds=1), escalation.days_after[after])
        return None

    def quiet_until(self, at: datetime) -> datetime:
        """The first instant from `at` on that lies outside the quiet hours: `at` itself outside them (SMS-17)."""
        moment, day, quiet = _utc(at), self.day_of(at), self.policy.quiet_hours
        for first in (day - DAY, day):
            end = quiet.end + (_MINUTES_A_DAY if quiet.end <= quiet.start else 0)
            if self._at(first, quiet.start) <= moment < self._at(first, end):
                return self._at(first, end)
        return moment

    def _spans(self, day: date) -> tuple[Span, ...]:
        for closure in self.policy.closures:
            if closure.first <= day <= closure.last:
                return closure.hours
        if day in dates_of(self.policy.province, self.policy.holidays, day.year):
            return ()
        return self.policy.hours.get(_WEEK[day.weekday()], ())

    def _at(self, day: date, minute: int) -> datetime:
        """A time on the clinic's wall as an instant; minutes beyond 24:00 lie on the next day."""
        days, rest = divmod(minute, _MINUTES_A_DAY)
        wall = datetime.combine(day + days * DAY, time(rest // 60, rest % 60), self._zone)
        return wall.astimezone(UTC)

    def _business_day(self, day: date) -> date:
        """The first business day from `day` on."""
        for ahead in range(_LOOK_AHEAD):
            if self.is_business_day(day + ahead * DAY):
                return day + ahead * DAY
        raise ValueError("the clinic never opens again: its policy is not coherent")

    def _openings(self, at: datetime) -> Iterator[Opening]:
        """The openings that are not over at an instant, in order, without end."""
        day = self._business_day(self.day_of(at))
        while True:
            yield from (opening for opening in self.opens(day) if opening.end > at)
            day = self._business_day(day + DAY)

    def _add_business_time(self, start: datetime, length: timedelta) -> datetime:
        """The instant at which the clinic has been open for `length` since `start`."""
        left = length
        for opening in self._openings(start):
            begins = max(opening.start, start)
            if left <= opening.end - begins:
                return begins + left
            left -= opening.end - begins
        raise AssertionError("openings never end")
