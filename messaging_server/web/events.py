"""News for open pages: whoever waits is woken, and asks the database itself what is new for them.

Nothing travels here but the name of what moved. A slow reader holds nobody up and piles nothing up: being woken twice
before looking is being woken once.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from aiohttp import web

from messaging_server.errors import UnavailableError

MOST: Final = 2_000
"""Open pages that one process keeps informed."""


class Subscription:
    """One page that waits for news."""

    def __init__(self) -> None:
        self._event = asyncio.Event()
        self.closed = False

    async def wait(self, seconds: float) -> bool:
        """Wait for news, at most so long; whether any came."""
        try:
            async with asyncio.timeout(seconds):
                await self._event.wait()
        except TimeoutError:
            return False
        self._event.clear()
        return True

    def wake(self) -> None:
        """There is news."""
        self._event.set()

    def close(self) -> None:
        """The server stops: the page is let go."""
        self.closed = True
        self.wake()


class Hub:
    """Everybody who waits for news, by the name of what they wait for."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._waiting: dict[Subscription, frozenset[str]] = {}
        self._closed = False

    def __repr__(self) -> str:
        return f"Hub({len(self._waiting)} waiting)"

    def publish(self, name: str) -> None:
        """Tell everybody who waits for `name` that it moved."""
        for one, names in self._waiting.items():
            if name in names:
                one.wake()

    @contextmanager
    def subscribe(self, *names: str) -> Iterator[Subscription]:
        """Wait for news of these names. Raises UnavailableError when too many wait, or the server stops."""
        if self._closed or len(self._waiting) >= self._most:
            raise UnavailableError("too many open pages")
        one = Subscription()
        self._waiting[one] = frozenset(names)
        try:
            yield one
        finally:
            del self._waiting[one]

    def close(self) -> None:
        """Let everybody go, so that the server can stop."""
        self._closed = True
        for one in self._waiting:
            one.close()


HUB: Final = web.AppKey("hub", Hub)
