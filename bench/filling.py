"""A clinic with a past: many exchanges that were closed long ago, behind the few that wait today.

What waits is received through the whole path and really sealed. The past is rows copied from it, ciphertext and all,
moved back over two years: nothing on the measured pages opens those.
"""

import asyncio
import json
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from bench.clinic import settings_of
from bench.mails import words
from consent.model import Channel
from messaging_server.app.clinics import Directory
from messaging_server.broker import inbound
from messaging_server.broker.clinic import Clinic, Means
from messaging_server.cli.founding import ensure_keys
from messaging_server.clock import utc_now
from messaging_server.message import AccountId, IncomingMessage, new_id
from messaging_server.storage import tables
from messaging_server.storage.driver import SQLITE_VERSION
from messaging_server.storage.opening import open_database
from messaging_server.texts import Texts

import sqlite3  # isort: skip  # after the driver, which puts the mended library in its place

THREADS_EACH = 4
BUSY, THREADS_BUSY = 3, 31
"""The patients whose inbox is measured have a whole page of it really sealed."""
EXCHANGES = 4
"""Exchanges of a thread of the past: two messages, each with its acknowledgement."""
YEARS = timedelta(days=730) // timedelta(microseconds=1)
assert SQLITE_VERSION

_THREAD = "printf('%016x%016x', n.i, 0)"
_COPY = "printf('%016x%016x', n.i, 2 * s.rowid + twice.j)"
_BACK = "s.{0} - 3600000000 - (:threads - n.i) * :step"
_FROM = """FROM n JOIN pick ON pick.k = n.i % (SELECT count(*) FROM pick) JOIN {}, twice"""
_NUMBERS = """WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :threads),
twice(j) AS (SELECT 0 UNION ALL SELECT 1 WHERE :twice)"""
_OF_THREAD = "{0} s ON s.thread_id = pick.thread_id"
_OF_EXCHANGE = "attested ON attested.thread_id = pick.thread_id JOIN entries s ON s.id = attested.entry"
_SAMPLES = """
CREATE TEMP TABLE pick AS SELECT row_number() OVER (ORDER BY id) - 1 AS k, id AS thread_id FROM threads
    WHERE category = 'message';
CREATE UNIQUE INDEX temp.by_k ON pick (k);
CREATE TEMP TABLE attested AS SELECT x.thread_id, e.id AS entry FROM entries e JOIN exchanges x ON x.id = e.exchange_id;
CREATE INDEX temp.by_thread ON attested (thread_id);
"""


def _moved(*names: str) -> dict[str, str]:
    return {name: _BACK.format(name) for name in names}


PAST: tuple[tuple[str, str, int, dict[str, str]], ...] = (
    ("threads", "threads s ON s.id = pick.thread_id", 0,
     {"id": _THREAD, "state": "'closed'"} | _moved("created_at", "last_at")),
    ("exchanges", _OF_THREAD.format("exchanges"), 1,
     {"id": _COPY, "thread_id": _THREAD} | _moved("created_at", "visible_at", "opened_at")),
    ("tasks", _OF_THREAD.format("tasks"), 0,
     {"id": _THREAD, "thread_id": _THREAD, "status": "'completed'", "disposition": "'answered'",
      "next_step_at": "NULL", "closed_at": _BACK.format("due_at")} | _moved("received_at", "due_at")),
    ("entries", _OF_EXCHANGE, 1,
     {"id": _COPY, "seq": "1000000 + 2 * (8 * n.i + s.seq % 8) + twice.j", "leaf": "NULL"} | _moved("created_at")),
)  # fmt: skip
"""Table, which sample rows, whether twice, and what differs in the copies."""


def receive(folder: Path) -> None:
    """Give every patient a few open requests, the measured ones a page and more."""
    asyncio.run(_receive(folder))


async def _receive(folder: Path) -> None:
    settings = settings_of(folder)
    database = await open_database(settings.database.get_secret_value())
    try:
        means = Means(database=database, keys=ensure_keys(settings), texts=Texts.load(), wake=lambda _name: None)
        clinics = Directory(settings)
        await clinics.refresh(database)
        (clinic,) = clinics.values()
        patients = [one["account"] for one in _people(folder) if one["role"] == "patient"]
        for place, account in enumerate(patients):
            many = THREADS_BUSY if place < BUSY else THREADS_EACH
            await asyncio.gather(*(_one(means, clinic, account, number) for number in range(many)))
    finally:
        await database.close()


def _people(folder: Path) -> list[dict[str, str]]:
    found: list[dict[str, str]] = json.loads((folder / "people.json").read_text(encoding="utf-8"))["people"]
    return found


async def _one(means: Means, clinic: Clinic, account: str, number: int) -> None:
    now = utc_now()
    message = IncomingMessage(
        clinic=clinic.id, channel=Channel.WEB, received_at=now, subject=f"Question {number}",
        new_text=words(1_000, number), idempotency=new_id(now).bytes, account=AccountId(UUID(account)),
        reason="question",
    )  # fmt: skip
    await inbound.receive(means, clinic, message)


def fill(folder: Path, exchanges: int) -> int:
    """Put so many exchanges of the past behind what waits; gives how many there are then."""
    with closing(sqlite3.connect(folder / "clinic.sqlite3", isolation_level=None)) as connection:
        for pragma in ("journal_mode=WAL", "synchronous=OFF", "cache_size=-200000"):
            connection.execute(f"PRAGMA {pragma}")
        connection.executescript(_SAMPLES)
        threads = exchanges // EXCHANGES
        connection.execute("BEGIN IMMEDIATE")
        for table, where, twice, other in PAST:
            given = {"threads": threads, "step": YEARS // max(threads, 1), "twice": twice}
            connection.execute(_copy(table, where, other), given)
        connection.execute("COMMIT")
        connection.execute("ANALYZE")
        return int(connection.execute("SELECT count(*) FROM exchanges").fetchone()[0])


def _copy(table: str, where: str, other: dict[str, str]) -> str:
    columns = [column.name for column in tables.metadata.tables[table].columns]
    said = ", ".join(other.get(name, f"s.{name}") for name in columns)
    into = f"INSERT INTO {table} ({', '.join(columns)})"
    return f"{_NUMBERS} {into} SELECT {said} {_FROM.format(where)}"
