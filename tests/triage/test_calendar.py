"""Opening hours, due times and business days, across nights, weekends, holidays and changes of the clock."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.triage.clinics import document, policy, responding
from triage.calendar import Calendar
from triage.model import QueueName
from triage.policy import Escalation, Policy

TORONTO = ZoneInfo("America/Toronto")
FAST = settings(max_examples=100, deadline=None)


def at(text: str, fold: int = 0) -> datetime:
    """A moment on a wall in Toronto, e.g. `2026-11-24 17:00`."""
    return datetime.fromisoformat(text).replace(tzinfo=TORONTO, fold=fold)


def wall(moment: datetime | None) -> str:
    assert moment is not None
    assert moment.tzinfo is UTC
    return f"{moment.astimezone(TORONTO):%Y-%m-%d %H:%M}"


def due(found: Policy, received: str) -> str:
    return wall(Calendar(found).due(at(received), found.queues[QueueName.CLINICAL]))


@pytest.mark.parametrize(
    ("received", "expected"),
    [
        ("2026-11-24 10:00", "2026-11-26 17:00"),
        ("2026-11-24 00:05", "2026-11-26 17:00"),
        ("2026-11-24 16:59", "2026-11-26 17:00"),
        ("2026-11-24 17:00", "2026-11-27 17:00"),
        ("2026-11-26 09:00", "2026-11-30 17:00"),
        ("2026-11-27 18:00", "2026-12-02 17:00"),
        ("2026-11-28 12:00", "2026-12-02 17:00"),
        ("2026-12-23 10:00", "2026-12-28 17:00"),
        ("2026-12-25 10:00", "2026-12-30 17:00"),
        ("2026-06-22 10:00", "2026-06-25 17:00"),
        ("2026-04-02 12:00", "2026-04-07 17:00"),
    ],
)
def test_two_business_days_end_at_the_closing_of_the_second(received: str, expected: str) -> None:
    """By day, by night, over a weekend, Christmas, 24 June and Good Friday [TRI-03, ACK-03]."""
    assert due(responding(2), received) == expected


@pytest.mark.parametrize(
    ("received", "expected"),
    [
        ("2026-11-24 10:00", "2026-11-24 14:00"),
        ("2026-11-24 13:00", "2026-11-24 17:00"),
        ("2026-11-24 15:00", "2026-11-25 10:00"),
        ("2026-11-27 16:30", "2026-11-30 11:30"),
        ("2026-11-28 09:00", "2026-11-30 12:00"),
    ],
)
def test_business_hours_count_only_while_the_clinic_is_open(received: str, expected: str) -> None:
    """Four hours pass over nights and weekends without counting; the last may be the closing [TRI-03]."""
    assert due(responding(4, "business_hours"), received) == expected


def test_a_pause_at_noon_does_not_count() -> None:
    """Hours stop at lunch, and a message at lunch counts from the afternoon [TRI-03]."""
    hours = {"tuesday": ["08:00-12:00", "13:00-17:00"]}
    found = responding(2, "business_hours", hours=hours)
    assert due(found, "2026-11-24 11:00") == "2026-11-24 14:00"
    assert due(found, "2026-11-24 12:30") == "2026-11-24 15:00"
    assert due(found, "2026-11-24 16:00") == "2026-12-01 09:00"


def test_an_evening_and_a_saturday_clinic_count_their_own_days() -> None:
    """A business day is any day with opening hours, a Saturday too [TRI-03]."""
    found = responding(1, hours={"friday": ["12:00-20:00"], "saturday": ["09:00-12:00"]})
    assert due(found, "2026-11-27 19:00") == "2026-11-28 12:00"
    assert due(found, "2026-11-28 11:00") == "2026-12-04 20:00"


def test_a_closure_overrides_the_week_and_the_holidays() -> None:
    """Closed days do not count; hours given for a day hold even on a holiday [TRI-03, ACK-24]."""
    words = {"fr": "Fêtes", "en": "Holidays"}
    closures = [
        {"first": "2026-12-25", "last": "2026-12-25", "reason": words, "hours": ["09:00-11:00"]},
        {"first": "2026-12-28", "last": "2026-12-30", "reason": words},
    ]
    found = responding(2, closures=closures)
    assert due(found, "2026-12-24 10:00") == "2026-12-31 17:00"
    assert Calendar(found).is_open(at("2026-12-25 10:00"))
    assert not Calendar(found).is_open(at("2026-12-25 12:00"))
    assert not Calendar(found).is_open(at("2026-12-29 10:00"))


def test_the_clock_springs_forward_between_receipt_and_due() -> None:
    """Over 14 March 2027 the deadline stays at 17:00 on the wall, an hour earlier in UTC [TRI-03]."""
    calendar, queue = Calendar(responding(1)), responding(1).queues[QueueName.CLINICAL]
    before, after = calendar.due(at("2027-03-11 10:00"), queue), calendar.due(at("2027-03-12 10:00"), queue)
    assert (wall(before), wall(after)) == ("2027-03-12 17:00", "2027-03-15 17:00")
    assert (before.hour, after.hour) == (22, 21)


def test_hours_are_real_hours_on_the_two_days_when_the_clock_changes() -> None:
    """Open from midnight to six on a Sunday, five real hours pass in spring and seven in autumn [TRI-03]."""
    hours = {"sunday": ["00:00-06:00"]}
    calendar = Calendar(policy(hours=hours))
    spring, autumn, plain = (
        calendar.opens(date(*day))[0].length for day in ((2027, 3, 14), (2026, 11, 1), (2026, 11, 8))
    )
    assert (spring, autumn, plain) == (timedelta(hours=5), timedelta(hours=7), timedelta(hours=6))
    found = responding(4, "business_hours", hours=hours)
    assert due(found, "2027-03-14 00:00") == "2027-03-14 05:00"
    assert due(found, "2026-11-01 00:00") == "2026-11-01 03:00"


def test_the_hour_that_comes_twice_is_told_apart() -> None:
    """On 1 November 2026 half past one comes twice; both are in the opening, an hour apart [TRI-03]."""
    calendar = Calendar(policy(hours={"sunday": ["01:00-03:00"]}))
    first, second = at("2026-11-01 01:30"), at("2026-11-01 01:30", fold=1)
    assert calendar.is_open(first)
    assert calendar.is_open(second)
    assert calendar.business_time(first, second) == timedelta(hours=1)


def test_an_opening_in_the_hour_that_does_not_exist_is_no_opening() -> None:
    """From 02:00 to 02:45 on the Sunday of spring nobody is there; the next Sunday counts [TRI-03]."""
    calendar = Calendar(policy(hours={"sunday": ["02:30-03:00"]}))
    assert calendar.opens(date(2027, 3, 14)) == ()
    assert wall(calendar.next_opening(at("2027-03-14 00:00"))) == "2027-03-21 02:30"


def test_the_magdalen_islands_close_an_hour_before_montreal() -> None:
    """The same policy in America/Halifax gives a deadline one hour earlier [TRI-03]."""
    islands = responding(1, timezone="America/Halifax")
    queue = islands.queues[QueueName.CLINICAL]
    received = at("2026-11-24 09:30")
    assert Calendar(responding(1)).due(received, queue) - Calendar(islands).due(received, queue) == timedelta(hours=1)
    assert wall(Calendar(islands).due(at("2026-11-24 16:30"), queue)) == "2026-11-26 16:00"


@pytest.mark.parametrize(
    ("moment", "reopens"),
    [
        ("2026-11-24 10:00", None),
        ("2026-11-24 08:00", None),
        ("2026-11-24 17:00", "2026-11-25 08:00"),
        ("2026-11-27 20:00", "2026-11-30 08:00"),
        ("2026-12-24 17:30", "2026-12-28 08:00"),
        ("2026-06-24 10:00", "2026-06-25 08:00"),
    ],
)
def test_the_acknowledgement_knows_when_the_clinic_reopens(moment: str, reopens: str | None) -> None:
    """Open, it says nothing; at night, on weekends and holidays it names the next opening [ACK-17]."""
    calendar = Calendar(policy())
    found = calendar.reopens(at(moment))
    assert (wall(found) if found else None) == reopens
    assert calendar.closed_now(at(moment)) is (reopens is not None)


def test_an_item_rises_at_three_quarters_at_its_due_time_and_a_day_later() -> None:
    """75 % of the business time, then the due moment, then one business day after, then no more [TRI-04]."""
    found = responding(1)
    calendar = Calendar(found)
    received = at("2026-11-26 08:00")
    ends = calendar.due(received, found.queues[QueueName.CLINICAL])
    steps = [calendar.escalation_point(received, ends, found.escalation, number) for number in range(4)]
    assert [wall(step) for step in steps[:3]] == ["2026-11-27 12:30", "2026-11-27 17:00", "2026-11-30 17:00"]
    assert steps[3] is None


def test_a_clinic_open_until_midnight_is_raised_the_next_day() -> None:
    """A deadline at midnight belongs to the day that ends with it [TRI-04]."""
    days = ("monday", "tuesday", "wednesday", "thursday", "friday")
    found = responding(1, hours={day: ["08:00-24:00"] for day in days})
    calendar = Calendar(found)
    ends = calendar.due(at("2026-11-23 10:00"), found.queues[QueueName.CLINICAL])
    assert wall(ends) == "2026-11-25 00:00"
    assert wall(calendar.escalation_point(at("2026-11-23 10:00"), ends, Escalation(), 2)) == "2026-11-26 00:00"


def test_what_is_held_is_due_at_the_end_of_its_business_day() -> None:
    """The same day while open, else that of the next opening [CON-03]."""
    calendar = Calendar(policy())
    assert wall(calendar.end_of_business_day(at("2026-11-24 10:00"))) == "2026-11-24 17:00"
    assert wall(calendar.end_of_business_day(at("2026-11-24 07:00"))) == "2026-11-24 17:00"
    assert wall(calendar.end_of_business_day(at("2026-11-24 17:00"))) == "2026-11-25 17:00"


@pytest.mark.parametrize(
    ("start", "days", "expected"),
    [
        ("2026-11-24 10:00", 0, "2026-11-24 17:00"),
        ("2026-11-24 17:00", 1, "2026-11-25 17:00"),
        ("2026-11-27 17:00", 1, "2026-11-30 17:00"),
        ("2026-11-28 10:00", 0, "2026-11-30 17:00"),
        ("2026-11-28 10:00", 1, "2026-11-30 17:00"),
        ("2026-12-23 10:00", 3, "2026-12-29 17:00"),
    ],
)
def test_business_days_are_added_from_the_date(start: str, days: int, expected: str) -> None:
    """One day after a closing is the next closing; a Saturday's next day is Monday [TRI-04]."""
    assert wall(Calendar(policy()).add_business_days(at(start), days)) == expected


@pytest.mark.parametrize(
    ("moment", "until"),
    [
        ("2026-11-24 20:59", "2026-11-24 20:59"),
        ("2026-11-24 21:00", "2026-11-25 08:00"),
        ("2026-11-25 07:59", "2026-11-25 08:00"),
        ("2026-11-25 08:00", "2026-11-25 08:00"),
        ("2026-10-31 23:00", "2026-11-01 08:00"),
    ],
)
def test_a_text_that_can_wait_waits_for_the_morning(moment: str, until: str) -> None:
    """From 21:00 to 08:00 clinic time a text is put off to the end of the quiet hours [SMS-17]."""
    assert wall(Calendar(policy()).quiet_until(at(moment))) == until


def test_quiet_hours_may_lie_within_one_day() -> None:
    """A pause at noon is quiet at noon only [SMS-17]."""
    calendar = Calendar(policy(quiet_hours="12:00-13:30"))
    assert wall(calendar.quiet_until(at("2026-11-24 12:30"))) == "2026-11-24 13:30"
    assert wall(calendar.quiet_until(at("2026-11-24 23:30"))) == "2026-11-24 23:30"


def test_a_moment_without_a_time_zone_is_an_error() -> None:
    """A naive time would silently mean another hour [TRI-03]."""
    with pytest.raises(ValueError, match="time zone"):
        Calendar(policy()).next_opening(datetime(2026, 11, 24, 10))  # noqa: DTZ001  # the very mistake under test


def test_ten_years_of_days_are_computed() -> None:
    """Each day of ten years has a deadline on a business day, never going back [TRI-03]."""
    found = responding(2)
    calendar, queue = Calendar(found), found.queues[QueueName.CLINICAL]
    first = at("2026-01-01 12:00").astimezone(UTC)
    moments = [calendar.due(first + timedelta(days=day), queue) for day in range(3653)]
    assert all(earlier <= later for earlier, later in pairwise(moments))
    assert all(calendar.is_business_day(calendar.day_of(moment)) for moment in moments)
    assert {f"{moment.astimezone(TORONTO):%H:%M}" for moment in moments} == {"17:00"}


instants = st.datetimes(datetime(2026, 1, 1), datetime(2031, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001  # made aware
weeks = st.sampled_from([
    document()["hours"],
    {"monday": ["08:00-12:00", "13:00-24:00"], "sunday": ["00:00-03:30"]},
    {"thursday": ["22:15-23:45"]},
    {"tuesday": ["02:15-02:45", "12:00-20:00"], "saturday": ["09:00-12:00"]},
])
zones = st.sampled_from(["America/Toronto", "America/Halifax", "America/Vancouver"])


@st.composite
def clinics(draw: st.DrawFn) -> Policy:
    first = draw(st.dates(date(2026, 1, 1), date(2030, 12, 1)))
    last = first + timedelta(days=draw(st.integers(0, 40)))
    closure = {"first": str(first), "last": str(last), "reason": {"fr": "x", "en": "y"}}
    unit = draw(st.sampled_from(["business_days", "business_hours"]))
    return responding(
        draw(st.integers(1, 12)), unit, hours=draw(weeks), timezone=draw(zones), closures=[closure],
    )  # fmt: skip


@FAST
@given(clinics(), instants)
def test_a_deadline_lies_within_opening_hours_or_at_their_end(found: Policy, received: datetime) -> None:
    """Never before receipt, never while the clinic is closed but at the minute of closing [TRI-03]."""
    calendar = Calendar(found)
    ends = calendar.due(received, found.queues[QueueName.CLINICAL])
    assert ends > received
    assert calendar.is_open(ends) or calendar.is_open(ends - timedelta(microseconds=1))


@FAST
@given(clinics(), instants, st.timedeltas(timedelta(0), timedelta(days=20)))
def test_who_writes_later_is_never_due_earlier(found: Policy, received: datetime, later: timedelta) -> None:
    """Deadlines keep the order of receipt [TRI-03]."""
    calendar, queue = Calendar(found), found.queues[QueueName.CLINICAL]
    assert calendar.due(received, queue) <= calendar.due(received + later, queue)


@FAST
@given(clinics(), instants)
def test_hours_due_are_hours_of_opening(found: Policy, received: datetime) -> None:
    """Between the receipt and a deadline in hours the clinic is open for exactly as many [TRI-03]."""
    calendar, queue = Calendar(found), found.queues[QueueName.CLINICAL]
    ends = calendar.due(received, queue)
    if queue.response.unit == "business_hours":
        assert calendar.business_time(received, ends) == timedelta(hours=queue.response.count)


@FAST
@given(clinics(), instants, st.floats(0, 1.5), st.floats(0, 1.5))
def test_shares_of_the_time_rise_from_receipt_to_due(found: Policy, received: datetime, one: float, two: float) -> None:
    """A larger share comes later; none before receipt, none after the deadline [TRI-04]."""
    calendar = Calendar(found)
    ends = calendar.due(received, found.queues[QueueName.CLINICAL])
    first, second = (calendar.point(received, ends, share) for share in sorted((one, two)))
    assert received <= first <= second <= ends
    assert calendar.point(received, ends, 1) == ends


@FAST
@given(clinics(), instants, instants)
def test_a_point_is_found_even_between_moments_of_another_policy(
    found: Policy, received: datetime, ends: datetime
) -> None:
    """When the hours changed since, the point still lies from receipt to the later of the two [TRI-04]."""
    point = Calendar(found).point(received, ends, 0.75)
    assert received <= point <= max(received, ends)


@FAST
@given(clinics(), instants)
def test_the_next_opening_is_the_first_open_instant(found: Policy, moment: datetime) -> None:
    """It is open then, and closed at every opening's start between [ACK-17]."""
    calendar = Calendar(found)
    opening = calendar.next_opening(moment)
    assert opening >= moment
    assert calendar.is_open(opening)
    assert calendar.business_time(moment, opening) == timedelta(0)
    assert (calendar.reopens(moment) is None) is calendar.is_open(moment)


@FAST
@given(clinics(), instants, st.integers(0, 30))
def test_every_item_overdue_has_been_raised(found: Policy, received: datetime, steps: int) -> None:
    """The points rise, one of them is the due moment itself, and after the last there is none [TRI-04]."""
    calendar, rises = Calendar(found), found.escalation
    ends = calendar.due(received, found.queues[QueueName.CLINICAL])
    count = len(rises.percent) + len(rises.days_after)
    points = [calendar.escalation_point(received, ends, rises, number) for number in range(count)]
    known = [point for point in points if point is not None]
    assert len(known) == count
    assert known == sorted(known)
    assert ends in known
    assert (calendar.escalation_point(received, ends, rises, steps) is None) is (steps >= count)
