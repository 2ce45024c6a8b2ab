"""A patient's own sensitive words: sealed rows, and the flag of the record that says there are any (SEN-09)."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, select

from keys.envelope import Sealed
from messaging_server.storage import tables
from messaging_server.storage.rows import as_rows, insert


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnWordsRow:
    """One phrase, sealed to the record; every row is as long as any other."""

    id: UUID
    clinic_id: UUID
    record_id: UUID
    content: Sealed
    content_key_id: UUID
    created_at: datetime


def of_record(connection: Connection, record: UUID) -> tuple[OwnWordsRow, ...]:
    """The phrases of a record, oldest first."""
    c = tables.own_words.c
    query = select(tables.own_words).where(c.record_id == record).order_by(c.created_at, c.id)
    return as_rows(OwnWordsRow, connection.execute(query).all())


def add(connection: Connection, row: OwnWordsRow) -> None:
    """Keep a phrase; the record says from now on that it has some."""
    insert(connection, tables.own_words, row)
    _flag(connection, row.record_id)


def remove(connection: Connection, row: OwnWordsRow) -> bool:
    """Forget a phrase with its key; False when it was not there any more."""
    w, k = tables.own_words.c, tables.wraps.c
    gone = connection.execute(tables.own_words.delete().where(w.id == row.id)).rowcount
    connection.execute(tables.wraps.delete().where(k.content_key_id == row.content_key_id))
    _flag(connection, row.record_id)
    return bool(gone)


def _flag(connection: Connection, record: UUID) -> None:
    """Set the record's flag to what is there."""
    left = connection.execute(select(tables.own_words.c.id).where(tables.own_words.c.record_id == record).limit(1))
    some = left.first() is not None
    connection.execute(tables.records.update().where(tables.records.c.id == record).values(own_words=some))
