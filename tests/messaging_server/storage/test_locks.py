"""Another program holds the file: whoever waits is told together, not one after the other."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import Connection, event, text

from messaging_server.errors import UnavailableError
from messaging_server.storage.opening import open_database
from messaging_server.storage.sqlite import SqliteDatabase


def note(connection: Connection) -> None:
    """Something small to write."""
    connection.execute(text("INSERT INTO leases VALUES (lower(hex(randomblob(8))), :holder, 0)"), {"holder": "0" * 32})


async def test_a_group_that_cannot_begin_is_told_at_once(tmp_path: Path) -> None:
    """Nobody's unit was at fault, so none waits for the lock again alone; with the lock gone all write [SEC-22]."""
    path = tmp_path / "test.sqlite3"
    opened = await open_database(f"sqlite:///{path}")
    assert isinstance(opened, SqliteDatabase)
    begun: list[Connection] = []
    await opened.write(lambda c: c.execute(text("PRAGMA busy_timeout=50")).all())
    event.listen(opened._engine, "begin", begun.append, insert=True)
    try:
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            answers = await asyncio.gather(*(opened.write(note) for _ in range(8)), return_exceptions=True)
        assert {type(answer) for answer in answers} == {UnavailableError}
        assert len(begun) <= 2

        assert await asyncio.gather(*(opened.write(note) for _ in range(8))) == [None] * 8
    finally:
        await opened.close()
