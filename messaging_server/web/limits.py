"""How often somebody may guess: per source and per sign-in name, with waits that grow and never become a lock (IDN-09).

What is counted here lives in this process and treats every name alike, whether an account has it or not. An account's
own count rests in the database beside it, so that a restart or a second process does not begin anew.
"""

import asyncio
import ipaddress
from collections import OrderedDict
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

FREE: Final = 4
"""Wrong tries in a row that cost no wait: fingers slip."""
FIRST_WAIT: Final = timedelta(seconds=15)
LONGEST_WAIT: Final = timedelta(minutes=15)
TRIES_PER_SOURCE: Final = 30
REFILL: Final = timedelta(seconds=10)
"""A source wins one try back in this time: a whole clinic behind one address still gets in at eight o'clock."""
REMEMBERED: Final = 20_000
AT_ONCE: Final = 2
"""Password stretchings at a time: each takes 64 MiB and most of a core."""


def wait_after(failures: int) -> timedelta:
    """How long nothing is looked at after the n-th wrong try in a row: not at all, then doubling to a quarter hour."""
    if failures <= FREE:
        return timedelta(0)
    doublings = min(failures - FREE - 1, 10)
    return min(LONGEST_WAIT, FIRST_WAIT * (1 << doublings))


@dataclass(slots=True)
class _Left:
    tries: float
    at: datetime


class Sources:
    """A token bucket for each source of requests."""

    def __init__(
        self, *, most: int = TRIES_PER_SOURCE, refill: timedelta = REFILL, remembered: int = REMEMBERED
    ) -> None:
        self._most, self._refill, self._remembered = most, refill, remembered
        self._left: OrderedDict[str, _Left] = OrderedDict()

    def take(self, source: str, now: datetime) -> bool:
        """Use up one try; False when none is left."""
        left = self._now(source, now)
        if left.tries < 1:
            return False
        left.tries -= 1
        return True

    def give_back(self, source: str, now: datetime) -> None:
        """A try that succeeded was no guess."""
        left = self._now(source, now)
        left.tries = min(self._most, left.tries + 1)

    def _now(self, source: str, now: datetime) -> _Left:
        left = self._left.pop(source, None) or _Left(self._most, now)
        # A clock that steps back wins nobody a try.
        won = max(0.0, (now - left.at) / self._refill)
        self._left[source] = _Left(min(self._most, left.tries + won), max(now, left.at))
        while len(self._left) > self._remembered:
            self._left.popitem(last=False)
        return self._left[source]


@dataclass(frozen=True, slots=True)
class _Failed:
    times: int
    until: datetime


class Names:
    """Wrong tries in a row for each name that was tried, known to us or not."""

    def __init__(self, remembered: int = REMEMBERED) -> None:
        self._remembered = remembered
        self._failed: OrderedDict[bytes, _Failed] = OrderedDict()

    def charge(self, name: bytes, now: datetime) -> bool:
        """Count a try before it is looked at, so that a hundred at once are a hundred; False while the name waits."""
        before = self._failed.get(name, _Failed(0, now))
        if before.until > now:
            return False
        self._failed[name] = _Failed(before.times + 1, now + wait_after(before.times + 1))
        self._failed.move_to_end(name)
        while len(self._failed) > self._remembered:
            self._failed.popitem(last=False)
        return True

    def clear(self, name: bytes) -> None:
        """The try was right: the count begins anew."""
        self._failed.pop(name, None)


@dataclass(frozen=True, slots=True)
class Guard:
    """What one process remembers of tries, and how many it weighs at a time."""

    sources: Sources = field(default_factory=Sources)
    names: Names = field(default_factory=Names)
    room: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))


def source_of(peer: str | None, forwarded: str, trusted: Collection[str]) -> str:
    """Where a request comes from: the peer, or behind our own proxy the last address that the proxy did not add itself.

    `forwarded` is the X-Forwarded-For header; nobody but a trusted proxy is believed. An IPv6 client owns a whole /64.
    """
    hops = [hop.strip() for hop in forwarded.split(",") if hop.strip()]
    source = _plain(peer or "")
    while source in trusted and hops:
        source = _plain(hops.pop())
    try:
        address = ipaddress.ip_address(source)
    except ValueError:
        return "unknown"
    if address.version == 6:
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)


def _plain(source: str) -> str:
    """An address as IPv4 where it is one: a socket of both kinds calls it `::ffff:…`, one /64 for the whole world."""
    try:
        address = ipaddress.ip_address(source)
    except ValueError:
        return source
    mapped = address.ipv4_mapped if address.version == 6 else None
    return str(mapped or address)
