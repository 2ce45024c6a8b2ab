"""The time of a report: a month, a quarter or a year of the calendar, in clinic time. Pure."""

import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

_NAME: Final = re.compile(r"(20\d\d)(?:-(?:(0[1-9]|1[0-2])|Q([1-4])))?", re.ASCII)
QUARTERS: Final = 5
"""How many quarters a report is offered for: this one, and the same of last year to compare."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """Some months in a row."""

    year: int
    month: int
    """The first one."""
    months: int

    @property
    def name(self) -> str:
        """How addresses, files and commands call it: `2026-11`, `2026-Q4` or `2026`."""
        if self.months == 1:
            return f"{self.year}-{self.month:02}"
        return f"{self.year}-Q{self.quarter}" if self.months == 3 else str(self.year)

    @property
    def quarter(self) -> int:
        """The quarter of the year in which it begins."""
        return (self.month + 2) // 3

    @property
    def first(self) -> str:
        """Its first month, as `2026-10`."""
        return f"{self.year}-{self.month:02}"

    @property
    def last(self) -> str:
        """Its last month."""
        return f"{self.year}-{self.month + self.months - 1:02}"

    @property
    def days(self) -> tuple[date, date]:
        """Its first day, and the first day behind it."""
        beyond = self.month + self.months
        return date(self.year, self.month, 1), date(self.year + (beyond > 12), beyond - 12 * (beyond > 12), 1)

    def bounds(self, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """The instants at which it begins and has ended, where the clinic is."""
        begins, ends = (datetime(day.year, day.month, day.day, tzinfo=zone) for day in self.days)
        return begins, ends


def read(name: str) -> Period | None:
    """The period of that name, or None."""
    found = _NAME.fullmatch(name)
    if found is None:
        return None
    year, month, quarter = found.groups()
    if month:
        return Period(year=int(year), month=int(month), months=1)
    return _quarter(int(year), int(quarter)) if quarter else _year(int(year))


def offered(today: date) -> tuple[Period, ...]:
    """What a report is offered for: this month and the last, some quarters, this year and the last."""
    this, before = _month(today.year * 12 + today.month - 1), _month(today.year * 12 + today.month - 2)
    quarters = (today.year * 4 + this.quarter - 1 - ago for ago in range(QUARTERS))
    return (
        this, before, *(_quarter(number // 4, number % 4 + 1) for number in quarters), _year(today.year),
        _year(today.year - 1),
    )  # fmt: skip


def _month(number: int) -> Period:
    return Period(year=number // 12, month=number % 12 + 1, months=1)


def _quarter(year: int, number: int) -> Period:
    return Period(year=year, month=3 * number - 2, months=3)


def _year(year: int) -> Period:
    return Period(year=year, month=1, months=12)
