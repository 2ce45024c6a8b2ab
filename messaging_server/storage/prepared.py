"""The clinic's own versions of prepared replies: the clinic's words, no patient's, so they stand in clear (ETQ-11)."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, func, select

from messaging_server.storage import tables
from messaging_server.storage.rows import as_rows, insert


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedRow:
    """One version of one text; versions never change, and the newest of a key holds."""

    id: UUID
    clinic_id: UUID
    key: str
    version: int
    document: str | None
    """JSON; None from when on the text is the one that ships, or no text at all."""
    author_id: UUID
    created_at: datetime


def add_prepared(connection: Connection, row: PreparedRow) -> None:
    """Add a version."""
    insert(connection, tables.prepared_texts, row)


def newest(connection: Connection, clinic: UUID) -> tuple[PreparedRow, ...]:
    """The version in force of each text that a clinic has ever made its own, in the order of their first making."""
    c = tables.prepared_texts.c
    last = (
        select(c.key, func.max(c.version).label("version"), func.min(c.created_at).label("first"))
        .where(c.clinic_id == clinic).group_by(c.key).subquery()
    )  # fmt: skip
    query = select(tables.prepared_texts).join(last, (c.key == last.c.key) & (c.version == last.c.version))
    return as_rows(PreparedRow, connection.execute(query.where(c.clinic_id == clinic).order_by(last.c.first)).all())


def versions(connection: Connection, clinic: UUID, key: str) -> tuple[PreparedRow, ...]:
    """Every version of one text, newest first."""
    c = tables.prepared_texts.c
    query = select(tables.prepared_texts).where(c.clinic_id == clinic, c.key == key).order_by(c.version.desc())
    return as_rows(PreparedRow, connection.execute(query).all())
