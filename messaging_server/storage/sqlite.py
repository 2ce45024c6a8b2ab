"""SQLite: one writer thread that commits in groups, and readers that never wait for it.

All units that wait when the writer is free run in one transaction, each in its own savepoint, and are answered after
one fsync (WAL, synchronous=FULL). The default mode of the Python driver opens no transaction before a SELECT and so
loses updates silently; here every transaction is begun by hand (DEPENDENCIES finding 1).
"""

import asyncio
import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.exc import OperationalError

from messaging_server.errors import UnavailableError
from messaging_server.storage.driver import SQLITE_VERSION  # the mended library takes its place first
from messaging_server.storage.readers import Readers, prepare
from messaging_server.storage.statements import execute

T = TypeVar("T")
GROUP = 64
"""At most so many units share a commit: enough to hide the fsync, few enough that none waits long."""


@dataclass(slots=True)
class _Job:
    unit: Callable[[Connection], Any]
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Any]
    result: Any = None
    error: BaseException | None = None


class SqliteDatabase:
    """One file; opening it creates it, closing it waits for the writes under way."""

    def __init__(self, path: Path) -> None:
        self.version = SQLITE_VERSION
        self._engine = _write_engine(path)
        self._writer = self._engine.connect()
        self._readers = Readers(path)
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="sqlite-writer", daemon=True)
        self._closed = False
        self._thread.start()

    async def write(self, unit: Callable[[Connection], T]) -> T:
        if self._closed:
            raise UnavailableError("the database is closed")
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._jobs.put(_Job(unit, loop, future))
        try:
            return await asyncio.shield(future)
        except OperationalError as error:
            raise UnavailableError("the database cannot write now") from error

    async def read(self, query: Callable[[Connection], T]) -> T:
        try:
            return await self._readers.run(query)
        except OperationalError as error:
            raise UnavailableError("the database cannot be read now") from error

    async def close(self) -> None:
        if not self._closed:
            self._closed = True
            self._jobs.put(None)
            await asyncio.to_thread(self._thread.join)
            await self._readers.close()

    def _work(self) -> None:
        with self._writer as connection:
            while (group := self._next_group()) is not None:
                _run_group(connection, group)
                _answer(group)
        self._engine.dispose()

    def _next_group(self) -> list[_Job] | None:
        job = self._jobs.get()
        if job is None:
            return None
        group = [job]
        while len(group) < GROUP:
            try:
                job = self._jobs.get_nowait()
            except queue.Empty:
                break
            if job is None:
                self._jobs.put(None)
                break
            group.append(job)
        return group


def _run_group(connection: Connection, group: Sequence[_Job]) -> None:
    """Run the units in one transaction; if the transaction itself is lost, run each alone: one harms no other."""
    try:
        transaction = connection.begin()
    except Exception as error:  # noqa: BLE001  # told to each waiting caller below
        # Another program holds the file. No unit was at fault, and each waiting alone would wait as long again.
        for job in group:
            job.error = error
        return
    try:
        with transaction:
            for job in group:
                _run_in_savepoint(connection, job)
                _check_in_transaction(connection)
    except Exception as error:  # noqa: BLE001  # whatever ended the group is told to each waiting caller below
        if len(group) == 1:
            group[0].error = group[0].error or error
            return
        for job in group:
            job.result, job.error = None, None
            _run_group(connection, [job])


def _run_in_savepoint(connection: Connection, job: _Job) -> None:
    try:
        with _savepoint(connection):
            job.result = job.unit(connection)
    except StopIteration as error:
        # A future cannot carry this one, and its caller would wait for ever.
        job.error = RuntimeError("a unit ran out of what it iterates over")
        job.error.__cause__ = error
    except Exception as error:  # noqa: BLE001  # carried to the caller, whose unit it is
        job.error = error


@contextmanager
def _savepoint(connection: Connection) -> Iterator[None]:
    """What is done inside stands whole, or not at all; Core's own costs as much as two inserts."""
    execute(connection, "SAVEPOINT unit")
    try:
        yield
    except BaseException:
        if _in_transaction(connection):
            execute(connection, "ROLLBACK TO unit")
            execute(connection, "RELEASE unit")
        raise
    execute(connection, "RELEASE unit")


def _check_in_transaction(connection: Connection) -> None:
    """SQLITE_FULL and a few others roll everything back by themselves; only the driver knows."""
    if not _in_transaction(connection):
        raise UnavailableError("the transaction was rolled back by the database")


def _in_transaction(connection: Connection) -> bool:
    return bool(connection.connection.driver_connection.in_transaction)  # type: ignore[union-attr]


def _answer(group: Sequence[_Job]) -> None:
    loops = {job.loop for job in group}
    for loop in loops:
        jobs = [job for job in group if job.loop is loop]
        if not loop.is_closed():
            loop.call_soon_threadsafe(_settle, jobs)


def _settle(jobs: Sequence[_Job]) -> None:
    for job in jobs:
        if job.future.done():
            continue
        if job.error is None:
            job.future.set_result(job.result)
        else:
            job.future.set_exception(job.error)


def _write_engine(path: Path) -> Engine:
    engine = create_engine(
        f"sqlite:///{path}", pool_size=1, max_overflow=0, connect_args={"check_same_thread": False},
        hide_parameters=True,
    )  # fmt: skip
    prepare(engine, read_only=False)
    return engine
