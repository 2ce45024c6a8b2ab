"""Readers of SQLite: a few connections that cannot write and never wait for the writer.

Each connection lives on its own aiosqlite thread. A whole query function is handed to that thread at once: one hop for
a page, not one for each statement, which costs more than the statements themselves.
"""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.pool import StaticPool

from messaging_server.errors import UnavailableError
from messaging_server.storage import driver

import aiosqlite  # isort: skip  # after the driver, which puts the mended library in place of the system's

T = TypeVar("T")
COUNT = 4
assert driver.SQLITE_VERSION


class _Reader:
    """One aiosqlite connection, seen through SQLAlchemy on that connection's own thread."""

    def __init__(self, connection: aiosqlite.Connection) -> None:
        self._connection = connection
        self._engine = create_engine(
            "sqlite://", creator=lambda: connection._conn, poolclass=StaticPool, hide_parameters=True,  # noqa: SLF001
        )  # fmt: skip
        prepare(self._engine, read_only=True)

    async def run(self, query: Callable[[Connection], T]) -> T:
        """Run the whole query on the connection's thread."""
        on_thread: Callable[..., Any] = self._connection._execute  # noqa: SLF001  # the library's one way to its thread
        found: T = await on_thread(self._read, query)
        return found

    def _read(self, query: Callable[[Connection], T]) -> T:
        with self._engine.connect() as connection, connection.begin():
            return query(connection)

    async def close(self) -> None:
        await self._connection.close()


class Readers:
    """The readers of one database file; each is opened when it is first needed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._free: asyncio.LifoQueue[_Reader | None] = asyncio.LifoQueue()
        for _ in range(COUNT):
            self._free.put_nowait(None)
        self._open: list[_Reader] = []
        self._closed = False

    async def run(self, query: Callable[[Connection], T]) -> T:
        """Run a query on a free reader, on one consistent snapshot. Raises UnavailableError once closed."""
        reader = await self._free.get()
        try:
            if reader is None and not self._closed:
                reader = _Reader(await aiosqlite.connect(self._path, check_same_thread=False))
                self._open.append(reader)
            if self._closed or reader is None:
                await self.close()  # of what was opened meanwhile: its thread would outlive the process
                raise UnavailableError("the database is closed")
            return await reader.run(query)
        finally:
            self._free.put_nowait(reader)

    async def close(self) -> None:
        """Let every connection go; aiosqlite's threads would keep the process alive otherwise."""
        self._closed = True
        while self._open:
            await self._open.pop().close()


def _pragmas(*, read_only: bool) -> tuple[str, ...]:
    common = ("busy_timeout=10000", "foreign_keys=ON", "temp_store=MEMORY", "cache_size=-16000")
    if read_only:
        return (*common, "query_only=ON")
    return ("journal_mode=WAL", "synchronous=FULL", "secure_delete=ON", *common)


def prepare(engine: Engine, *, read_only: bool) -> None:
    """Give every connection its pragmas, and begin every transaction by hand."""

    @event.listens_for(engine, "connect")
    def _connect(dbapi_connection: Any, _record: Any) -> None:
        dbapi_connection.isolation_level = None
        cursor = dbapi_connection.cursor()
        for pragma in _pragmas(read_only=read_only):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")
