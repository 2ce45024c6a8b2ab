"""PostgreSQL: several server processes on one database; SERIALIZABLE, and the unit runs again when it must."""

import asyncio
import random
from collections.abc import Callable
from typing import Any, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.ext.asyncio import create_async_engine

from messaging_server.errors import UnavailableError

T = TypeVar("T")
RETRYABLE = {"40001", "40P01"}
"""serialization_failure and deadlock_detected: PostgreSQL asks for the whole transaction again."""
ATTEMPTS = 20
TAKEN, TAKEN_ATTEMPTS = "23505", 3
"""unique_violation: what a unit saw free was taken by a transaction that ran beside it; the next run sees that."""
GONE = (OperationalError, InterfaceError, OSError)
"""The server is away, starting, stopping or full."""


class PostgresDatabase:
    """A pool of asyncpg connections to one database; `url` begins with `postgresql+asyncpg://`."""

    def __init__(self, url: str, *, pool_size: int = 10) -> None:
        self._writers = create_async_engine(
            url, pool_size=pool_size, isolation_level="SERIALIZABLE", hide_parameters=True, pool_pre_ping=True
        )
        self._readers = self._writers.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        self._under_way: set[asyncio.Task[Any]] = set()
        self._closed = False

    async def write(self, unit: Callable[[Connection], T]) -> T:
        if self._closed:
            raise UnavailableError("the database is closed")
        task = asyncio.ensure_future(self._write(unit))
        # The event loop itself holds a task only weakly: a caller that gives up must not take the write with it.
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        return await asyncio.shield(task)

    async def _write(self, unit: Callable[[Connection], T]) -> T:
        for attempt in range(ATTEMPTS):
            try:
                async with self._writers.begin() as connection:
                    return await connection.run_sync(unit)
            except (DBAPIError, OSError) as error:
                _refuse_unless_retryable(error, attempt)
            await asyncio.sleep(random.uniform(0, 0.002 * 2 ** min(attempt, 7)))
        raise UnavailableError("the database kept asking for the transaction again")

    async def read(self, query: Callable[[Connection], T]) -> T:
        if self._closed:
            raise UnavailableError("the database is closed")
        try:
            async with self._readers.connect() as connection:
                return await connection.run_sync(query)
        except GONE as error:
            raise UnavailableError("the database cannot be read now") from error

    async def close(self) -> None:
        self._closed = True
        await asyncio.gather(*self._under_way, return_exceptions=True)
        await self._writers.dispose()


def _refuse_unless_retryable(error: Exception, attempt: int) -> None:
    """Pass over what PostgreSQL wants run again; anything else goes to the caller, in our words if it is an outage."""
    state = getattr(getattr(error, "orig", None), "sqlstate", None)
    if state in RETRYABLE or (state == TAKEN and attempt + 1 < TAKEN_ATTEMPTS):
        return
    if isinstance(error, GONE):
        raise UnavailableError("the database cannot write now") from error
    raise error
