"""Records and their ledger's rows. Entries are only ever added (REC-03)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Connection, bindparam, func, select

from messaging_server.errors import NotFoundError
from messaging_server.storage import tables
from messaging_server.storage.rows import as_rows, found_rows, insert
from messaging_server.storage.statements import Prepared


class RecordKind(StrEnum):
    """A patient's record, or the clinic's place for what is not anybody's yet."""

    PATIENT = "patient"
    INTAKE = "intake"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordRow:
    """One record: its two keys, and the head of its ledger."""

    id: UUID
    clinic_id: UUID
    kind: RecordKind
    person_id: UUID | None
    shared_key_id: UUID
    clinic_key_id: UUID
    head_seq: int
    head_hash: bytes = field(repr=False)
    created_at: datetime
    own_words: bool = False
    """The patient keeps a list of words that they hold to be sensitive; which ones, no row says (SEN-09)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryRow:
    """One line of a ledger: its canonical body and its hash; `leaf` is its place in the clinic's log, once numbered."""

    id: UUID
    clinic_id: UUID
    record_id: UUID
    seq: int
    kind: str
    exchange_id: UUID | None
    body: bytes = field(repr=False)
    hash: bytes = field(repr=False)
    leaf: int | None = None
    created_at: datetime


def add_record(connection: Connection, row: RecordRow) -> None:
    """Open a record."""
    insert(connection, tables.records, row)


def record(connection: Connection, clinic: UUID, record_id: UUID) -> RecordRow | None:
    """One record of this clinic, or None."""
    c = tables.records.c
    found = connection.execute(select(tables.records).where(c.clinic_id == clinic, c.id == record_id)).all()
    return next(iter(as_rows(RecordRow, found)), None)


def record_of_person(connection: Connection, clinic: UUID, person: UUID) -> RecordRow | None:
    """The record of a patient: one per patient per place of practice (REC-05)."""
    return next(iter(found_rows(connection, _OF_PERSON, RecordRow, {"clinic": clinic, "person": person})), None)


def intake_record(connection: Connection, clinic: UUID) -> RecordRow:
    """The clinic's intake record."""
    return found_rows(connection, _INTAKE, RecordRow, {"clinic": clinic})[0]


def head(connection: Connection, record_id: UUID) -> tuple[int, bytes]:
    """Sequence number and hash of the last entry of a ledger, which nobody else moves before this transaction ends."""
    found = _HEAD.first(connection, {"wanted": record_id})
    if found is None:
        raise NotFoundError("no such record")
    return found[0], found[1]


_R = tables.records.c
_OF_PERSON = Prepared(
    select(tables.records).where(_R.clinic_id == bindparam("clinic"), _R.person_id == bindparam("person"))
)
_INTAKE = Prepared(
    select(tables.records).where(_R.clinic_id == bindparam("clinic"), _R.kind == RecordKind.INTAKE.value)
)
# key_share: rows that merely refer to the record must not wait, or two writers could wait for each other.
_HEAD = Prepared(select(_R.head_seq, _R.head_hash).where(_R.id == bindparam("wanted")).with_for_update(key_share=True))
_MOVE_HEAD = Prepared(
    tables.records.update().where(_R.id == bindparam("wanted"))
    .values(head_seq=bindparam("seq"), head_hash=bindparam("last"))
)  # fmt: skip


def add_entries(connection: Connection, rows: Sequence[EntryRow]) -> None:
    """Append entries of one record, in order, and move its head."""
    if rows:
        insert(connection, tables.entries, *rows)
        last = rows[-1]
        _MOVE_HEAD.run(connection, {"wanted": last.record_id, "seq": last.seq, "last": last.hash})


def entries_of(connection: Connection, record_id: UUID, after: int = 0, most: int = 10_000) -> tuple[EntryRow, ...]:
    """Entries of a record after a sequence number, in order."""
    c = tables.entries.c
    query = select(tables.entries).where(c.record_id == record_id, c.seq > after).order_by(c.seq).limit(most)
    return as_rows(EntryRow, connection.execute(query).all())


def unnumbered(connection: Connection, clinic: UUID, most: int) -> Sequence[tuple[UUID, bytes]]:
    """Entries that have no leaf number yet, oldest id first: the number, not the id, is what counts afterwards."""
    c = tables.entries.c
    query = select(c.id, c.hash).where(c.clinic_id == clinic, c.leaf.is_(None)).order_by(c.id).limit(most)
    return [(row.id, row.hash) for row in connection.execute(query)]


def number_leaves(connection: Connection, first: int, ids: Sequence[UUID]) -> None:
    """Give consecutive leaf numbers to entries, from `first` on."""
    for leaf, entry in enumerate(ids, first):
        connection.execute(tables.entries.update().where(tables.entries.c.id == entry).values(leaf=leaf))


def leaf_count(connection: Connection, clinic: UUID) -> int:
    """How many leaves the clinic's log has."""
    c = tables.entries.c
    highest = connection.execute(select(func.max(c.leaf)).where(c.clinic_id == clinic)).scalar()
    return 0 if highest is None else int(highest) + 1


def leaves(connection: Connection, clinic: UUID, after: int = -1, most: int = 10_000) -> Sequence[tuple[int, bytes]]:
    """Numbered leaves in order, as (number, entry hash)."""
    c = tables.entries.c
    query = select(c.leaf, c.hash).where(c.clinic_id == clinic, c.leaf > after).order_by(c.leaf).limit(most)
    return [(row.leaf, row.hash) for row in connection.execute(query)]


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckpointRow:
    """A signed statement of what the clinic's log held: its size, its root, and the note that carries the signature."""

    id: UUID
    clinic_id: UUID
    size: int
    root: bytes = field(repr=False)
    peaks: bytes = field(repr=False)
    """The roots of the log's perfect subtrees, 32 bytes each: where the next growth begins."""
    note: str
    created_at: datetime


def add_checkpoint(connection: Connection, row: CheckpointRow) -> None:
    """Keep a signed checkpoint."""
    insert(connection, tables.checkpoints, row)


def last_checkpoint(connection: Connection, clinic: UUID) -> CheckpointRow | None:
    """The newest checkpoint."""
    c = tables.checkpoints.c
    query = select(tables.checkpoints).where(c.clinic_id == clinic).order_by(c.size.desc()).limit(1)
    return next(iter(as_rows(CheckpointRow, connection.execute(query).all())), None)


def checkpoints(connection: Connection, clinic: UUID) -> Sequence[tuple[int, bytes, str]]:
    """Every checkpoint as (size, root, note), smallest first."""
    c = tables.checkpoints.c
    query = select(c.size, c.root, c.note).where(c.clinic_id == clinic).order_by(c.size)
    return [(row.size, row.root, row.note) for row in connection.execute(query)]


def all_records(connection: Connection, clinic: UUID) -> tuple[RecordRow, ...]:
    """Every record of a clinic: for verification, not for pages."""
    c = tables.records.c
    query = select(tables.records).where(c.clinic_id == clinic).order_by(c.id)
    return as_rows(RecordRow, connection.execute(query).all())
