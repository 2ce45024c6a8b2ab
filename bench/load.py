"""The same load for every server: so many workers at a time, timed, with the CPU of both sides per message."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bench.process import cpu_of, peak_of

Send = Callable[[int], Awaitable[None]]
"""Sends the message of that number, and returns when the server has answered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """One measurement: messages a second, CPU milliseconds a message on each side, the server's peak memory in MiB."""

    each_second: float
    server_ms: float
    client_ms: float
    peak: float


async def drive(send: Send, numbers: range, workers: int) -> float:
    """Send every message over so many workers; gives the seconds it took."""
    waiting = list(reversed(numbers))

    async def work() -> None:
        while waiting:
            await send(waiting.pop())

    started = time.perf_counter()
    await asyncio.gather(*(work() for _ in range(workers)))
    return time.perf_counter() - started


async def rate(send: Send, pid: int, count: int, workers: int, warm: int = 20) -> Rate:
    """Warm the server with `warm` messages, then measure `count` others."""
    await drive(send, range(warm), 1)
    before, mine = cpu_of(pid), time.process_time()
    seconds = await drive(send, range(warm, warm + count), workers)
    return Rate(
        each_second=count / seconds, server_ms=1000 * (cpu_of(pid) - before) / count,
        client_ms=1000 * (time.process_time() - mine) / count, peak=peak_of(pid),
    )  # fmt: skip


def show(workers: int, name: str, found: Rate, base: float) -> None:
    """One line of the table."""
    print(
        f"{workers:>11} {name:>10} {found.each_second:>9.0f} {found.each_second / base:>6.2f} "
        f"{found.server_ms:>10.2f} {found.client_ms:>10.2f} {found.peak:>9.0f}",
        flush=True,
    )


def head(unit: str) -> None:
    """The table's head."""
    print(
        f"{'connections':>11} {'server':>10} {unit:>9} {'ratio':>6} {'server ms':>10} {'client ms':>10} {'peak MiB':>9}"
    )
