"""How much mail one sender may hand in: token buckets in memory, answered with 4xx so that nothing is lost (EIN-21)."""

from dataclasses import dataclass
from datetime import datetime

_REMEMBERED = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """`burst` at once, then `per_minute` more each minute."""

    per_minute: float
    burst: int


class Buckets:
    """One bucket for each name; the fullest are forgotten first, which does them no harm."""

    def __init__(self, rate: Rate) -> None:
        self._rate = rate
        self._left: dict[str, tuple[float, datetime]] = {}

    def take(self, name: str, now: datetime) -> bool:
        """Whether one more is allowed now; takes it if so."""
        left, since = self._left.pop(name, (float(self._rate.burst), now))
        minutes = max(0.0, (now - since).total_seconds() / 60)
        filled = min(float(self._rate.burst), left + minutes * self._rate.per_minute)
        allowed = filled >= 1
        self._left[name] = (filled - 1 if allowed else filled, now)
        if len(self._left) > _REMEMBERED:
            # Dictionaries keep their order: the first was not seen for longest, so its bucket is the fullest.
            del self._left[next(iter(self._left))]
        return allowed
