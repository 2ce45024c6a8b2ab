"""PostgreSQL: several server processes on one database; SERIALIZABLE, and the unit runs again when it must."""

import asyncio
import random
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine

from messaging_server.errors import UnavailableError

T = TypeVar("T")
RETRYABLE = {"40001", "40P01"}
"""serialization_failure and deadlock_detected: PostgreSQL asks for the whole transaction again."""
ATTEMPTS = 20


class PostgresDatabase:
    """A pool of asyncpg connections to one database; `url` begins with `postgresql+asyncpg://`."""

    def __init__(self, url: str, *, pool_size: int = 10) -> None:
        self._writers = create_async_engine(
            url, pool_size=pool_size, isolation_level="SERIALIZABLE", hide_parameters=True
        )
        self._readers = self._writers.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)

    async def write(self, unit: Callable[[Connection], T]) -> T:
        return await asyncio.shield(asyncio.ensure_future(self._write(unit)))

    async def _write(self, unit: Callable[[Connection], T]) -> T:
        for attempt in range(ATTEMPTS):
            try:
                async with self._writers.begin() as connection:
                    return await connection.run_sync(unit)
            except DBAPIError as error:
                if getattr(error.orig, "sqlstate", None) not in RETRYABLE:
                    raise
            await asyncio.sleep(random.uniform(0, 0.002 * 2 ** min(attempt, 7)))
        raise UnavailableError("the database kept asking for the transaction again")

    async def read(self, query: Callable[[Connection], T]) -> T:
        async with self._readers.connect() as connection:
            return await connection.run_sync(query)

    async def close(self) -> None:
        await self._writers.dispose()
