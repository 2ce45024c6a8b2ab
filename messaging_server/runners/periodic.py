"""A loop that does one piece of work when woken, or after a while, and never dies of a fault."""

import asyncio
from collections.abc import Awaitable, Callable

from messaging_server.logs import log


async def repeat(name: str, work: Callable[[], Awaitable[object]], wake: asyncio.Event, seconds: float) -> None:
    """Do `work` now, then each time `wake` is set or `seconds` have passed; ends when cancelled."""
    while True:
        wake.clear()
        try:
            again = await work()
        except asyncio.CancelledError:
            raise
        except Exception as error:  # noqa: BLE001  # the next round may find the database back
            log.error("runner_fault", runner=name, fault=type(error).__name__)
            again = None
        if again:
            continue
        try:
            async with asyncio.timeout(seconds):
                await wake.wait()
        except TimeoutError:
            continue
