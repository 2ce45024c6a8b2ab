"""The time of a report."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messaging_server.broker.period import offered, read


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("2026-11", "2026-11", "2026-11"), ("2026-12", "2026-12", "2026-12"), ("2026-Q1", "2026-01", "2026-03"),
        ("2026-Q4", "2026-10", "2026-12"), ("2026", "2026-01", "2026-12"),
    ],
)  # fmt: skip
def test_a_period_is_read_by_its_name(name: str, first: str, last: str) -> None:
    """Month, quarter or year [MET-04]."""
    found = read(name)

    assert found is not None
    assert (found.name, found.first, found.last) == (name, first, last)


@pytest.mark.parametrize(
    "name", ["", "2026-13", "2026-00", "2026-Q5", "2026-1", "1999", "2026-11-01", "٢٠٢٦", "2026\n"]
)  # fmt: skip
def test_what_is_no_period_is_none(name: str) -> None:
    """Nothing else is taken for one."""
    assert read(name) is None


def test_a_month_begins_and_ends_at_the_clinic() -> None:
    """Midnight is the clinic's, on both sides of the change of the clocks [REC-13]."""
    found = read("2026-11")
    assert found is not None
    start, end = found.bounds(ZoneInfo("America/Toronto"))

    assert start.astimezone(UTC) == datetime(2026, 11, 1, 4, tzinfo=UTC)
    assert end.astimezone(UTC) == datetime(2026, 12, 1, 5, tzinfo=UTC)


@given(st.dates(date(2001, 1, 1), date(2090, 12, 31)))
def test_this_month_comes_first_and_no_offer_lies_ahead(today: date) -> None:
    """The present month, the last, quarters and years, each of them begun, each read back by its name [MET-04]."""
    found = offered(today)
    last_month = today.replace(day=1) - timedelta(days=1)

    assert [one.name for one in found[:2]] == [f"{today:%Y-%m}", f"{last_month:%Y-%m}"]
    assert [one.months for one in found] == [1, 1, 3, 3, 3, 3, 3, 12, 12]
    assert found[2].days[0] <= today < found[2].days[1]
    assert all(one.days[0] <= today for one in found)
    assert [read(one.name) for one in found] == list(found)
    assert len(set(found)) == len(found)
