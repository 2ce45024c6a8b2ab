"""The limits on guessing: waits that grow, never a lock, and no way around by forging a header."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from messaging_server.web.limits import FREE, LONGEST_WAIT, Names, Sources, source_of, wait_after

NOON = datetime(2026, 11, 24, 17, 0, tzinfo=UTC)


def test_the_first_slips_cost_nothing_and_then_each_costs_more() -> None:
    """Waits double from a quarter minute to a quarter hour, and stay there [IDN-09]."""
    waits = [wait_after(failures) for failures in range(FREE + 9)]

    assert waits[: FREE + 1] == [timedelta(0)] * (FREE + 1)
    assert waits[FREE + 1] == timedelta(seconds=15)
    assert waits == sorted(waits)
    assert waits[-1] == LONGEST_WAIT


@given(st.integers(min_value=0, max_value=10**9))
@settings(max_examples=100)
def test_no_number_of_failures_locks_for_ever(failures: int) -> None:
    """However often somebody failed, a quarter hour later a try is looked at [IDN-09]."""
    assert timedelta(0) <= wait_after(failures) <= LONGEST_WAIT


@given(st.lists(st.integers(min_value=0, max_value=3600), max_size=60))
@settings(max_examples=100)
def test_a_name_that_waited_its_time_is_always_looked_at_again(gaps: list[int]) -> None:
    """After any history of tries there is a moment, at most a quarter hour away, when one counts again [IDN-09]."""
    names, now = Names(), NOON
    for gap in gaps:
        now += timedelta(seconds=gap)
        names.charge(b"rose", now)

    assert names.charge(b"rose", now + LONGEST_WAIT)


def test_a_right_try_begins_the_count_anew() -> None:
    """Somebody who gets in has not guessed [IDN-09]."""
    names = Names()
    for _ in range(FREE + 1):
        assert names.charge(b"rose", NOON)
    assert not names.charge(b"rose", NOON)

    names.clear(b"rose")

    assert names.charge(b"rose", NOON)


def test_one_name_s_wait_is_nobody_else_s() -> None:
    """The count is per name [IDN-09]."""
    names = Names()
    for _ in range(FREE + 1):
        names.charge(b"rose", NOON)

    assert names.charge(b"ovide", NOON)


def test_a_source_runs_dry_and_fills_again() -> None:
    """A source has so many tries, and wins them back one by one [IDN-09]."""
    sources = Sources(most=3, refill=timedelta(seconds=10))
    taken = [sources.take("198.51.100.7", NOON) for _ in range(4)]

    assert taken == [True, True, True, False]
    assert not sources.take("198.51.100.7", NOON + timedelta(seconds=9))
    assert sources.take("198.51.100.7", NOON + timedelta(seconds=10))
    assert sources.take("203.0.113.9", NOON)


def test_a_clock_that_steps_back_wins_nobody_a_try() -> None:
    """A corrected clock neither fills the bucket nor breaks it [IDN-09]."""
    sources = Sources(most=1, refill=timedelta(seconds=10))

    assert sources.take("198.51.100.7", NOON)
    assert not sources.take("198.51.100.7", NOON - timedelta(hours=1))


def test_what_is_remembered_stays_bounded() -> None:
    """A flood of names and sources does not fill the memory."""
    sources, names = Sources(remembered=10), Names(remembered=10)
    for number in range(100):
        sources.take(str(number), NOON)
        names.charge(bytes([number]), NOON)

    assert len(sources._left) == len(names._failed) == 10


@pytest.mark.parametrize(
    ("peer", "forwarded", "source"),
    [
        ("198.51.100.7", "", "198.51.100.7"),
        ("198.51.100.7", "10.0.0.1", "198.51.100.7"),
        ("127.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("127.0.0.1", "1.2.3.4, 203.0.113.9", "203.0.113.9"),
        ("127.0.0.1", "203.0.113.9, 127.0.0.1", "203.0.113.9"),
        ("127.0.0.1", "", "127.0.0.1"),
        ("127.0.0.1", "not an address", "unknown"),
        (None, "203.0.113.9", "unknown"),
        ("2001:db8:1:2:3:4:5:6", "", "2001:db8:1:2::/64"),
        ("::ffff:198.51.100.7", "10.0.0.1", "198.51.100.7"),
        ("::ffff:127.0.0.1", "::ffff:203.0.113.9", "203.0.113.9"),
    ],
)
def test_only_our_own_proxy_is_believed_about_the_source(peer: str | None, forwarded: str, source: str) -> None:
    """Whoever forges the header changes nothing about where they come from [IDN-09]."""
    assert source_of(peer, forwarded, {"127.0.0.1"}) == source
