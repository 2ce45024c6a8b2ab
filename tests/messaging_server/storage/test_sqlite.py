"""What is particular to SQLite: its promises of durability, its groups, and a full disk."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, event, select, text

from messaging_server.errors import UnavailableError
from messaging_server.storage import tables
from messaging_server.storage.driver import OLDEST_SAFE
from messaging_server.storage.opening import open_database
from messaging_server.storage.sqlite import GROUP, SqliteDatabase

MEGABYTE = 1_000_000


@pytest.fixture
async def sqlite(tmp_path: Path) -> AsyncIterator[SqliteDatabase]:
    """A migrated SQLite file."""
    opened = await open_database(f"sqlite:///{tmp_path}/test.sqlite3")
    assert isinstance(opened, SqliteDatabase)
    try:
        yield opened
    finally:
        await opened.close()


def pragma(connection: Connection, name: str) -> Any:
    """The value of a setting."""
    return connection.execute(text(f"PRAGMA {name}")).scalar()


def note(connection: Connection, host: str) -> None:
    """Write a lease called `host`, the smallest row there is."""
    connection.execute(text("INSERT INTO leases VALUES (:name, :holder, 0)"), {"name": host, "holder": "0" * 32})


def names(connection: Connection) -> set[str]:
    """What was written."""
    return set(connection.execute(select(tables.leases.c.name)).scalars())


@contextmanager
def commits(database: SqliteDatabase) -> Iterator[list[set[str]]]:
    """What was there at each commit of the writer, while this is open."""
    seen: list[set[str]] = []

    def remember(connection: Connection) -> None:
        seen.append(names(connection))

    event.listen(database._engine, "commit", remember)
    try:
        yield seen
    finally:
        event.remove(database._engine, "commit", remember)


async def test_every_commit_is_fsynced_and_what_is_deleted_is_overwritten(sqlite: SqliteDatabase) -> None:
    """WAL, synchronous=FULL and secure_delete are in force on the writer itself [REC-02, REC-09]."""
    wanted = {"journal_mode": "wal", "synchronous": 2, "secure_delete": 1, "foreign_keys": 1, "temp_store": 2}
    found = await sqlite.write(lambda c: {name: pragma(c, name) for name in wanted})
    assert found == wanted


async def test_readers_are_told_to_ask_only(sqlite: SqliteDatabase) -> None:
    """The reading engine cannot write even by mistake (DESIGN section 7)."""
    assert await sqlite.read(lambda c: pragma(c, "query_only")) == 1
    with pytest.raises(UnavailableError):
        await sqlite.read(lambda c: note(c, "a"))


async def test_the_library_is_one_without_the_wal_reset_bug(sqlite: SqliteDatabase) -> None:
    """The library that really runs is young enough not to corrupt a database in WAL mode (DESIGN section 7)."""
    running = await sqlite.write(lambda c: c.execute(text("SELECT sqlite_version()")).scalar_one())
    assert tuple(map(int, running.split("."))) >= OLDEST_SAFE


async def test_units_that_wait_while_the_writer_is_busy_share_one_commit(sqlite: SqliteDatabase) -> None:
    """One fsync answers the whole group, and never more than the group's size (DESIGN section 7)."""
    busy, go_on = threading.Event(), threading.Event()

    def hold(_connection: Connection) -> None:
        busy.set()
        go_on.wait(10)

    with commits(sqlite) as seen:
        holding = asyncio.create_task(sqlite.write(hold))
        await asyncio.to_thread(busy.wait, 10)
        waiting = [
            asyncio.create_task(sqlite.write(lambda c, n=number: note(c, f"{n}")))  # type: ignore[misc]
            for number in range(GROUP + 6)
        ]
        await asyncio.sleep(0)
        go_on.set()
        await asyncio.gather(holding, *waiting)
    assert [len(there) for there in seen] == [0, GROUP, GROUP + 6]


async def test_nobody_is_answered_before_the_commit(sqlite: SqliteDatabase) -> None:
    """The result reaches its caller after the commit, not after the unit [REC-02, EIN-05]."""
    answered_at_commit: list[bool] = []
    event.listen(sqlite._engine, "commit", lambda _connection: answered_at_commit.append(write.done()))
    write = asyncio.ensure_future(sqlite.write(lambda c: note(c, "a")))
    await write
    assert answered_at_commit == [False]


async def test_a_full_disk_is_an_answer_nothing_is_half_written_and_small_writes_go_on(sqlite: SqliteDatabase) -> None:
    """SQLITE_FULL rolls a whole group back by itself; the units that fit are run again and kept [REC-02]."""
    pages = await sqlite.write(lambda c: pragma(c, "page_count"))
    await sqlite.write(lambda c: pragma(c, f"max_page_count={pages + 20}"))

    def large(connection: Connection) -> None:
        note(connection, "before the large one")
        note(connection, "x" * MEGABYTE)

    units = [lambda c: note(c, "small one"), large, lambda c: note(c, "small two")]
    answers = await asyncio.gather(*map(sqlite.write, units), return_exceptions=True)

    assert [type(answer) for answer in answers] == [type(None), UnavailableError, type(None)]
    assert await sqlite.read(names) == {"small one", "small two"}
    await sqlite.write(lambda c: pragma(c, f"max_page_count={pages + 10_000}"))
    await sqlite.write(large)
    assert len(await sqlite.read(names)) == 4


def everything_in(folder: Path) -> bytes:
    """All the bytes that rest there."""
    return b"".join(path.read_bytes() for path in folder.iterdir())


async def test_what_was_deleted_is_in_no_page_of_the_file(tmp_path: Path) -> None:
    """secure_delete: after a checkpoint neither the file nor the log holds a deleted word [REC-09]."""
    opened = await open_database(f"sqlite:///{tmp_path}/test.sqlite3")
    word = "nobody shall find this again"
    await opened.write(lambda c: note(c, word))
    assert word.encode() in everything_in(tmp_path)
    await opened.write(lambda c: c.execute(tables.leases.delete()))
    await opened.close()
    assert word.encode() not in everything_in(tmp_path)


async def test_an_error_shows_no_value_that_was_being_written(sqlite: SqliteDatabase) -> None:
    """What a driver's error says can reach a log, so it repeats no value [AUD-02]."""
    await sqlite.write(lambda c: note(c, "rose"))
    with pytest.raises(Exception, match="UNIQUE") as caught:
        await sqlite.write(lambda c: note(c, "rose"))
    assert "rose" not in str(caught.value)
