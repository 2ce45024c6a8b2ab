"""Public holidays, computed: the statutory lists of Québec and Ontario and a few days that a clinic may add.

They are what the built-in policies propose; the calendar belongs to the clinic (T-31). Source: the CNESST list for
Québec, the Ontario list, both in REQUIREMENTS 5.2. The statutory dates are given as they fall: no "observed" day is
added for a Saturday or a Sunday, except the one that Québec's list names itself, 2 July for a 1 July on a Sunday.
"""

from collections.abc import Callable, Collection, Mapping
from datetime import date, timedelta
from functools import lru_cache
from types import MappingProxyType
from typing import Final

MONDAY, SUNDAY = 0, 6


def easter(year: int) -> date:
    """Easter Sunday of the Gregorian calendar: the Sunday after the ecclesiastical full moon of the reform of 1582."""
    golden, century = year % 19, year // 100
    leap_days_skipped = century - century // 4
    epact = (leap_days_skipped - (8 * century + 13) // 25 + 19 * golden + 15) % 30
    # Days from 21 March to the full moon; the two highest values were moved by the reform, so that none repeats.
    full_moon = epact - (epact // 28) * (1 - (29 // (epact + 1)) * ((21 - golden) // 11))
    weekday = (year + year // 4 + full_moon + 2 - leap_days_skipped) % 7
    return date(year, 3, 28) + timedelta(days=full_moon - weekday)


def _nth(year: int, month: int, weekday: int, number: int) -> date:
    """The nth given weekday of a month."""
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (number - 1))


def _monday_before_25_may(year: int) -> date:
    last = date(year, 5, 24)
    return last - timedelta(days=last.weekday())


def _canada_day_of_quebec(year: int) -> date:
    """1 July, or 2 July when 1 July is a Sunday (CNESST)."""
    day = date(year, 7, 1)
    return day + timedelta(days=1) if day.weekday() == SUNDAY else day


Rule = Callable[[int], date]

_EVERYWHERE: Final[Mapping[str, Rule]] = {
    "new_year": lambda year: date(year, 1, 1),
    "good_friday": lambda year: easter(year) - timedelta(days=2),
    "easter_monday": lambda year: easter(year) + timedelta(days=1),
    "victoria_day": _monday_before_25_may,
    "canada_day": lambda year: date(year, 7, 1),
    "labour_day": lambda year: _nth(year, 9, MONDAY, 1),
    "truth_and_reconciliation": lambda year: date(year, 9, 30),
    "thanksgiving": lambda year: _nth(year, 10, MONDAY, 2),
    "remembrance_day": lambda year: date(year, 11, 11),
    "christmas_eve": lambda year: date(year, 12, 24),
    "christmas": lambda year: date(year, 12, 25),
    "boxing_day": lambda year: date(year, 12, 26),
    "new_years_eve": lambda year: date(year, 12, 31),
    "day_after_new_year": lambda year: date(year, 1, 2),
}
RULES: Final[Mapping[str, Mapping[str, Rule]]] = MappingProxyType({
    "QC": MappingProxyType({
        **_EVERYWHERE,
        "patriots_day": _monday_before_25_may,
        "national_holiday": lambda year: date(year, 6, 24),
        "canada_day": _canada_day_of_quebec,
    }),
    "ON": MappingProxyType({
        **_EVERYWHERE,
        "family_day": lambda year: _nth(year, 2, MONDAY, 3),
        "civic_holiday": lambda year: _nth(year, 8, MONDAY, 1),
    }),
})
"""By province: every day that a clinic may choose to close, by the name that a policy uses."""

EASTER_CHOICES: Final = frozenset({"good_friday", "easter_monday"})
"""In Québec the employer chooses one of these two (CNESST, T-31)."""
_STATUTORY: Final = MappingProxyType({
    "QC": frozenset(
        {"new_year", "patriots_day", "national_holiday", "canada_day", "labour_day", "thanksgiving", "christmas"}
    ),
    "ON": frozenset(
        {"new_year", "family_day", "good_friday", "victoria_day", "canada_day", "labour_day", "thanksgiving",
         "christmas", "boxing_day"}
    ),
})  # fmt: skip


def statutory(province: str, choice: str = "good_friday") -> frozenset[str]:
    """The names of a province's statutory holidays; `choice` is Québec's, Good Friday or Easter Monday.

    Raises KeyError for a province that is not known and ValueError for another choice.
    """
    if choice not in EASTER_CHOICES:
        raise ValueError(f"{choice} is neither good_friday nor easter_monday")
    return _STATUTORY[province] | ({choice} if province == "QC" else frozenset())


def holidays_of(province: str, year: int, choice: str = "good_friday") -> Mapping[date, str]:
    """A province's statutory holidays of a year: the name of each by its date. Raises as `statutory` does."""
    return dates_of(province, statutory(province, choice), year)


def dates_of(province: str, names: Collection[str], year: int) -> Mapping[date, str]:
    """The dates of the named holidays in a year. Raises KeyError for a name that is not in `RULES`."""
    return _dates(province, frozenset(names), year)


@lru_cache(maxsize=512)
def _dates(province: str, names: frozenset[str], year: int) -> Mapping[date, str]:
    rules = RULES[province]
    return MappingProxyType({rules[name](year): name for name in sorted(names)})
