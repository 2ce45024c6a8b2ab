"""Our commit against the bare sqlite3 module: eleven statements a unit, in groups of 1, 8 and 32 that wait together.

Both run the same statements on the same tables with the same pragmas, and both are durable when they answer. The bare
one commits each group in one transaction by hand, with neither savepoints nor threads.
"""

import asyncio
import os
import tempfile
import time
from datetime import datetime
from pathlib import Path
from uuid import UUID

from sqlalchemy import bindparam, select

from bench.process import fdatasyncs
from messaging_server.clock import utc_now
from messaging_server.message import new_id
from messaging_server.storage import clinics, tables
from messaging_server.storage.database import Connection, Database
from messaging_server.storage.driver import SQLITE_VERSION
from messaging_server.storage.opening import open_database
from messaging_server.storage.statements import Prepared, insertion
from messaging_server.storage.types import EPOCH, MICROSECOND

import sqlite3  # isort: skip  # after the driver, which puts the mended library in its place

GROUPS = (1, 8, 32)
INSERTS = 9
DOCUMENT = "x" * 1_000
PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "secure_delete=ON", "foreign_keys=ON", "cache_size=-16000")
assert SQLITE_VERSION

ADD = "INSERT INTO policies (id, clinic_id, version, document, created_at) VALUES (?, ?, ?, ?, ?)"
READ = "SELECT version, document FROM policies WHERE id = ?"
CHANGE = "UPDATE policies SET document = ? WHERE id = ?"
_P = tables.policies
_ADD = insertion(_P, _P.c.keys())
_READ = Prepared(select(_P.c.version, _P.c.document).where(_P.c.id == bindparam("wanted")))
_CHANGE = Prepared(_P.update().where(_P.c.id == bindparam("wanted")).values(document=bindparam("said")))


def _ours(connection: Connection, clinic: UUID, number: int, now: datetime) -> None:
    ids = [new_id(now) for _ in range(INSERTS)]
    for place, one in enumerate(ids):
        version = number * INSERTS + place
        row = {"id": one, "clinic_id": clinic, "version": version, "document": DOCUMENT, "created_at": now}
        _ADD.run(connection, row)
    _READ.first(connection, {"wanted": ids[0]})
    _CHANGE.run(connection, {"wanted": ids[-1], "said": "changed"})


def _bare(cursor: "sqlite3.Cursor", clinic: str, number: int, now: datetime) -> None:
    ids = [new_id(now).hex for _ in range(INSERTS)]
    at = (now - EPOCH) // MICROSECOND
    for place, one in enumerate(ids):
        cursor.execute(ADD, (one, clinic, number * INSERTS + place, DOCUMENT, at))
    cursor.execute(READ, (ids[0],)).fetchone()
    cursor.execute(CHANGE, ("changed", ids[-1]))


async def _measure_ours(database: Database, clinic: UUID, first: int, count: int, group: int) -> float:
    waiting = list(range(first, first + count))

    async def one(number: int) -> None:
        await database.write(lambda c: _ours(c, clinic, number, utc_now()))

    async def work() -> None:
        while waiting:
            await one(waiting.pop())

    started = time.perf_counter()
    await asyncio.gather(*(work() for _ in range(group)))
    return count / (time.perf_counter() - started)


def _measure_bare(path: Path, clinic: UUID, first: int, count: int, group: int) -> float:
    connection = sqlite3.connect(path, isolation_level=None)
    cursor = connection.cursor()
    for pragma in PRAGMAS:
        cursor.execute(f"PRAGMA {pragma}")
    started = time.perf_counter()
    for start in range(first, first + count, group):
        cursor.execute("BEGIN IMMEDIATE")
        for number in range(start, min(start + group, first + count)):
            _bare(cursor, clinic.hex, number, utc_now())
        cursor.execute("COMMIT")
    rate = count / (time.perf_counter() - started)
    connection.close()
    return rate


async def _table(path: Path, count: int) -> None:
    database = await open_database(f"sqlite:///{path}")
    clinic, now = new_id(utc_now()), utc_now()
    await database.write(lambda c: clinics.add_clinic(c, clinic, "bench.invalid", now))
    first = 1
    try:
        for group in GROUPS:
            bare = _measure_bare(path, clinic, first, count, group)
            ours = await _measure_ours(database, clinic, first + count, count, group)
            first += 2 * count
            print(f"{group:>11} {bare:>10.0f} {ours:>10.0f} {ours / bare:>6.2f}", flush=True)
    finally:
        await database.close()


def main() -> None:
    """Print the table."""
    count = int(os.environ.get("UNITS", "1000"))
    print(f"\nCommits: {count} units of 11 statements a cell; fdatasync {fdatasyncs():.0f} a second")
    print(f"{'group':>11} {'bare/s':>10} {'ours/s':>10} {'ratio':>6}")
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        asyncio.run(_table(Path(folder) / "units.sqlite3", count))


if __name__ == "__main__":
    main()
