"""The computed holidays against the lists of the law and against an independent library."""

from datetime import date

import holidays as oracle
import pytest

from triage.holidays import RULES, dates_of, easter, holidays_of, statutory

YEARS = range(2024, 2064)


def library(province: str, year: int) -> set[date]:
    return set(oracle.country_holidays("CA", subdiv=province, years=year, observed=False))


@pytest.mark.parametrize("year", YEARS)
def test_ontario_agrees_with_the_library(year: int) -> None:
    """Ontario's nine statutory days are those of the library, without its observed days [TRI-03]."""
    assert set(holidays_of("ON", year)) == library("ON", year)


@pytest.mark.parametrize("year", YEARS)
def test_quebec_differs_from_the_library_by_the_first_of_july_alone(year: int) -> None:
    """Québec's days are the library's, but 2 July stands for a 1 July on a Sunday [TRI-03]."""
    ours, theirs = set(holidays_of("QC", year)), library("QC", year)
    sunday = date(year, 7, 1).weekday() == 6
    assert ours ^ theirs == ({date(year, 7, 1), date(year, 7, 2)} if sunday else set())


@pytest.mark.parametrize("year", [2024, 2026, 2029, 2038])
def test_a_quebec_employer_may_choose_easter_monday(year: int) -> None:
    """The other choice moves one day, from Good Friday to Easter Monday [TRI-03]."""
    friday, monday = holidays_of("QC", year), holidays_of("QC", year, "easter_monday")
    moved = dict(friday.items() ^ monday.items())
    assert sorted(moved.values()) == ["easter_monday", "good_friday"]
    assert (max(moved) - min(moved)).days == 3


@pytest.mark.parametrize(
    ("year", "month", "day"), [(1818, 3, 22), (1943, 4, 25), (2026, 4, 5), (2038, 4, 25), (2049, 4, 18), (2076, 4, 19)]
)
def test_easter_falls_on_its_known_dates(year: int, month: int, day: int) -> None:
    """The earliest, the latest and the two moved full moons of the reckoning come out right [TRI-03]."""
    assert easter(year) == date(year, month, day)


def test_easter_keeps_to_its_bounds_for_a_thousand_years() -> None:
    """Always a Sunday from 22 March to 25 April [TRI-03]."""
    for year in range(1583, 2600):
        assert easter(year).weekday() == 6
        assert date(year, 3, 22) <= easter(year) <= date(year, 4, 25)


def test_quebec_has_no_holiday_on_30_september_nor_11_november() -> None:
    """Neither day is on the CNESST list; a clinic may still add it to its policy [TRI-03]."""
    for year in YEARS:
        days = holidays_of("QC", year)
        assert date(year, 9, 30) not in days
        assert date(year, 11, 11) not in days
        assert date(year, 6, 24) in days
    assert dates_of("QC", {"remembrance_day"}, 2026) == {date(2026, 11, 11): "remembrance_day"}


def test_ontario_keeps_easter_monday_and_the_civic_holiday_as_working_days() -> None:
    """They may be chosen, but the law does not name them [TRI-03]."""
    assert not statutory("ON") & {"easter_monday", "civic_holiday", "truth_and_reconciliation", "remembrance_day"}
    assert dates_of("ON", {"civic_holiday"}, 2026) == {date(2026, 8, 3): "civic_holiday"}


def test_no_observed_day_is_added_for_a_weekend() -> None:
    """When Christmas 2027 is a Saturday, Monday 27 December stays a working day unless the clinic closes [TRI-03]."""
    assert date(2027, 12, 27) not in holidays_of("QC", 2027)
    assert date(2028, 1, 3) not in holidays_of("QC", 2028)


def test_only_the_two_easter_days_may_be_chosen() -> None:
    """Another choice is an error, and so is a holiday that no rule knows [TRI-03]."""
    with pytest.raises(ValueError, match="christmas"):
        statutory("QC", "christmas")
    with pytest.raises(KeyError):
        dates_of("ON", {"national_holiday"}, 2026)


@pytest.mark.parametrize("province", ["QC", "ON"])
def test_every_named_day_can_be_computed(province: str) -> None:
    """Each name of a province gives one day of each year, and its statutory days are among them [TRI-03]."""
    assert statutory(province) <= RULES[province].keys()
    for name, rule in RULES[province].items():
        assert all(rule(year).year == year for year in YEARS), name
