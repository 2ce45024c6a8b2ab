"""What a clinic's files hold, opened with a colleague's key: from beside the server, without asking it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Select, func, select, true

from keys.envelope import ContentKey, Context, Wrap, open_sealed
from messaging_server.record.content import read_content
from messaging_server.record.reading import CONTENT, Keyring, Reader
from messaging_server.storage import keyring, tables, threads
from messaging_server.storage.opening import open_database
from messaging_server.storage.readers import Readers
from messaging_server.storage.rows import as_rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """One message of a patient as it rests, with what must rest beside it."""

    exchange: UUID
    text: str = field(repr=False)
    entries: int
    """Ledger entries that say that it was received."""
    tasks: int
    originals: int
    """Raw mails kept beside it."""
    answers: int
    """Acknowledgements that name it."""


async def messages(database: Path | str, reader: Reader) -> list[Kept]:
    """Every message that came in and that the reader can open; those that nobody opened count too, as empty text.

    The database is a file, or the address of one that is none.
    """
    if isinstance(database, str):
        opened = await open_database(database)
        try:
            return await opened.read(lambda c: _messages(c, reader))
        finally:
            await opened.close()
    readers = Readers(database)
    try:
        return await readers.run(lambda c: _messages(c, reader))
    finally:
        await readers.close()


def _messages(connection: Connection, reader: Reader) -> list[Kept]:
    x = tables.exchanges.c
    came_in = select(tables.exchanges).where(x.clinic_id == reader.clinic, x.direction == threads.Way.IN.value)
    rows = as_rows(threads.ExchangeRow, connection.execute(came_in).all())
    opened = content_keys(connection, reader)
    counts = [_by_exchange(connection, query) for query in _counts()]
    return [
        Kept(
            exchange=row.id, text=_text(reader, row, opened.get(row.content_key_id)),
            entries=counts[0].get(row.id, 0), tasks=counts[1].get(row.id, 0), originals=counts[2].get(row.id, 0),
            answers=counts[3].get(row.id, 0),
        )
        for row in rows
    ]  # fmt: skip


def _by_exchange(connection: Connection, query: Select[Any, int]) -> dict[UUID, int]:
    return {row[0]: row[1] for row in connection.execute(query)}


def _counts() -> Iterable[Select[Any, int]]:
    e, t, b, x = tables.entries.c, tables.tasks.c, tables.blobs.c, tables.exchanges.c
    yield _count(e.exchange_id, e.kind == "received")
    yield _count(t.exchange_id, true())
    yield _count(b.exchange_id, b.kind == "raw")
    yield _count(x.in_reply_to, x.automatic)


def _count(by: ColumnElement[Any], where: ColumnElement[bool]) -> Select[Any, int]:
    return select(by, func.count()).where(where).group_by(by)


def content_keys(connection: Connection, reader: Reader) -> dict[UUID, ContentKey]:
    """Every content key that a reader's own key leads to, over every grant and wrap that there is."""
    ring = Keyring(reader)
    ring.learn(keyring._grants(connection, true()))
    return ring.content_keys(all_wraps(connection))


def all_wraps(connection: Connection) -> list[Wrap]:
    """Every wrap that there is."""
    return [
        Wrap(content_key=row.content_key_id, holder=row.holder_id, version=row.holder_version, blob=row.sealed_key)
        for row in connection.execute(select(tables.wraps))
    ]


def _text(reader: Reader, row: threads.ExchangeRow, key: ContentKey | None) -> str:
    if key is None:
        return ""
    place = Context(clinic=reader.clinic, subject=row.id, field=CONTENT)
    return read_content(open_sealed(row.content, key, place).content).text


async def count_rows(database: Path) -> dict[str, int]:
    """How many rows each table has."""
    readers = Readers(database)
    try:
        return await readers.run(_count_rows)
    finally:
        await readers.close()


def _count_rows(connection: Connection) -> dict[str, int]:
    named = tables.metadata.tables.items()
    return {name: connection.scalar(select(func.count()).select_from(table)) or 0 for name, table in named}
