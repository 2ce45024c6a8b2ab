"""The one place that reads the clock; everything else takes `now` as an argument."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""A function that gives the present instant, always in UTC."""


def utc_now() -> datetime:
    """The present instant in UTC (REC-13: times are stored in UTC)."""
    return datetime.now(UTC)
