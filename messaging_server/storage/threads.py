"""Threads, exchanges and their files: what was said, sealed."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Connection, bindparam, select

from consent.model import Channel
from keys.envelope import Sealed
from messaging_server.storage import tables
from messaging_server.storage.rows import as_rows, found_rows, insert
from messaging_server.storage.statements import Prepared, insertion


class Way(StrEnum):
    """Which way an exchange went; a note is for staff only (REC-16)."""

    IN = "in"
    OUT = "out"
    NOTE = "note"


class Role(StrEnum):
    """Who wrote, as a kind of person."""

    PATIENT = "patient"
    STAFF = "staff"
    SYSTEM = "system"
    UNKNOWN = "unknown"


class ExchangeState(StrEnum):
    """Where an exchange stands; delivery by a channel is the delivery's own state."""

    HELD = "held"
    FILED = "filed"
    CANCELLED = "cancelled"
    FAILED = "failed"
    """It could not be understood and waits, sealed, for a person (TRI-18)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadRow:
    """One subject in one record."""

    id: UUID
    clinic_id: UUID
    record_id: UUID
    state: str
    category: str
    subject: Sealed
    subject_key_id: UUID
    private: bool = False
    created_at: datetime
    last_at: datetime
    last_by: Role
    unread: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeRow:
    """One message or notice; `content` is for the record's people, `staff_content` for its clinical teams alone."""

    id: UUID
    clinic_id: UUID
    record_id: UUID
    thread_id: UUID
    direction: Way
    channel: Channel
    automatic: bool
    author_id: UUID | None
    author_role: Role
    state: ExchangeState
    content: Sealed
    content_key_id: UUID
    staff_content: Sealed | None = None
    staff_key_id: UUID | None = None
    size: int
    created_at: datetime
    visible_at: datetime
    """When the patient may see it: later than `created_at` while a reply can still be taken back (EOU-16)."""
    opened_at: datetime | None = None
    in_reply_to: UUID | None = None
    unmatched: bool = False
    """It came while no key was at hand, to a patient with words of their own: nobody has looked for them (SEN-09)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BlobRow:
    """A file or the raw original of an exchange, sealed under the exchange's content key."""

    id: UUID
    clinic_id: UUID
    exchange_id: UUID
    kind: str
    number: int
    content: Sealed
    content_key_id: UUID
    size: int


def add_thread(connection: Connection, row: ThreadRow) -> None:
    """Open a thread."""
    insert(connection, tables.threads, row)


def add_exchange(connection: Connection, row: ExchangeRow, blobs: Collection[BlobRow] = ()) -> None:
    """Add an exchange with its files and move its thread's last line."""
    insert(connection, tables.exchanges, row)
    insert(connection, tables.blobs, *blobs)


def touch_thread(connection: Connection, thread: UUID, *, at: datetime, by: Role, unread: bool) -> None:
    """Note who wrote last; `unread` says whether the patient has something new to read."""
    _TOUCH.run(connection, {"wanted": thread, "at": at, "by": by.value, "new": unread})


def mark_private(connection: Connection, thread_id: UUID) -> None:
    """The patient holds what the thread is about to be sensitive: so is what follows in it (SEN-09)."""
    c = tables.threads.c
    connection.execute(tables.threads.update().where(c.id == thread_id).values(private=True))


def set_unmatched(connection: Connection, exchanges: Collection[UUID], *, unmatched: bool) -> int:
    """Note that the patient's own words are still to be looked for, or were; gives how many rows that changed."""
    c = tables.exchanges.c
    which = (c.id.in_(exchanges), c.unmatched.is_(not unmatched))
    return connection.execute(tables.exchanges.update().where(*which).values(unmatched=unmatched)).rowcount


def thread(connection: Connection, clinic: UUID, thread_id: UUID) -> ThreadRow | None:
    """One thread of this clinic, or None."""
    return next(iter(found_rows(connection, _THREAD, ThreadRow, {"clinic": clinic, "wanted": thread_id})), None)


def exchange(connection: Connection, clinic: UUID, exchange_id: UUID) -> ExchangeRow | None:
    """One exchange of this clinic, or None."""
    return next(iter(found_rows(connection, _EXCHANGE, ExchangeRow, {"clinic": clinic, "wanted": exchange_id})), None)


def exchanges_of_thread(connection: Connection, thread_id: UUID, most: int = 200) -> tuple[ExchangeRow, ...]:
    """The newest exchanges of a thread, oldest first."""
    c = tables.exchanges.c
    query = select(tables.exchanges).where(c.thread_id == thread_id).order_by(c.created_at.desc(), c.id.desc())
    return as_rows(ExchangeRow, connection.execute(query.limit(most)).all())[::-1]


def newest_note(connection: Connection, thread_id: UUID, about: UUID) -> UUID | None:
    """What staff noted last about an exchange of this thread, a word on a finding among it."""
    c = tables.exchanges.c
    where = (c.thread_id == thread_id, c.direction == Way.NOTE.value, c.in_reply_to == about)
    query = select(c.id).where(*where).order_by(c.created_at.desc(), c.id.desc()).limit(1)
    return connection.execute(query).scalar()


def blobs_of(connection: Connection, exchange_ids: Collection[UUID]) -> tuple[BlobRow, ...]:
    """The files of some exchanges."""
    c = tables.blobs.c
    query = select(tables.blobs).where(c.exchange_id.in_(exchange_ids)).order_by(c.exchange_id, c.number)
    return as_rows(BlobRow, connection.execute(query).all())


def mark_opened(connection: Connection, thread_id: UUID, until: datetime) -> None:
    """The patient has read what was visible by then: only that counts as seen (EOU-22, T-42).

    The call task that watched for an unread reply has nothing left to watch.
    """
    e, t = tables.exchanges.c, tables.threads.c
    connection.execute(
        tables.exchanges.update()
        .where(e.thread_id == thread_id, e.direction == Way.OUT.value, e.opened_at.is_(None), e.visible_at <= until)
        .values(opened_at=until)
    )
    connection.execute(tables.threads.update().where(t.id == thread_id).values(unread=False))
    k = tables.tasks.c
    connection.execute(
        tables.tasks.update()
        .where(k.thread_id == thread_id, k.kind == "unread", k.status == "requested")
        .values(status="cancelled", closed_at=until, next_step_at=None, version=k.version + 1)
    )


def move_thread(connection: Connection, thread_id: UUID, record: UUID) -> None:
    """File a held thread in the record where it belongs; ciphertexts and commitments stay as they are."""
    t, e, d = tables.threads.c, tables.exchanges.c, tables.deliveries.c
    connection.execute(tables.threads.update().where(t.id == thread_id).values(record_id=record))
    connection.execute(
        tables.exchanges.update().where(e.thread_id == thread_id)
        .values(record_id=record, state=ExchangeState.FILED.value)
    )  # fmt: skip
    moved = select(e.id).where(e.thread_id == thread_id)
    connection.execute(tables.deliveries.update().where(d.exchange_id.in_(moved)).values(record_id=record))


def set_state(connection: Connection, exchange_id: UUID, state: ExchangeState) -> None:
    """Change where an exchange stands."""
    c = tables.exchanges.c
    connection.execute(tables.exchanges.update().where(c.id == exchange_id).values(state=state.value))


def on_their_way(connection: Connection, record: UUID, now: datetime) -> tuple[ExchangeRow, ...]:
    """Replies of a record that are written and not to be seen yet: they can still be taken back (EOU-16)."""
    c = tables.exchanges.c
    waiting = (c.direction == Way.OUT.value, c.automatic.is_(False), c.state == ExchangeState.FILED.value)
    query = select(tables.exchanges).where(c.record_id == record, c.visible_at > now, *waiting)
    return as_rows(ExchangeRow, connection.execute(query.order_by(c.created_at)).all())


def remember(connection: Connection, clinic: UUID, message_fp: bytes, exchange_id: UUID, now: datetime) -> None:
    """Note that a message was accepted, so that its second coming is known (EIN-06)."""
    _REMEMBER.run(connection, {"clinic_id": clinic, "message_fp": message_fp, "exchange_id": exchange_id, "at": now})


def seen_before(connection: Connection, clinic: UUID, message_fp: bytes) -> UUID | None:
    """The exchange that this same message became when it first came, or None."""
    found = _SEEN.first(connection, {"clinic": clinic, "fp": message_fp})
    return None if found is None else found[0]


_T, _E, _S = tables.threads.c, tables.exchanges.c, tables.seen.c
_THREAD = Prepared(select(tables.threads).where(_T.clinic_id == bindparam("clinic"), _T.id == bindparam("wanted")))
_EXCHANGE = Prepared(select(tables.exchanges).where(_E.clinic_id == bindparam("clinic"), _E.id == bindparam("wanted")))
_TOUCH = Prepared(
    tables.threads.update().where(_T.id == bindparam("wanted"))
    .values(last_at=bindparam("at"), last_by=bindparam("by"), unread=bindparam("new"))
)  # fmt: skip
_REMEMBER = insertion(tables.seen, tables.seen.c.keys())
_SEEN = Prepared(select(_S.exchange_id).where(_S.clinic_id == bindparam("clinic"), _S.message_fp == bindparam("fp")))


def forget_seen(connection: Connection, before: datetime) -> None:
    """Let go of fingerprints older than `before` (30 days are kept)."""
    connection.execute(tables.seen.delete().where(tables.seen.c.at < before))


def newest_of_category(connection: Connection, record: UUID, category: str, since: datetime) -> ThreadRow | None:
    """The newest thread of a category in a record, when it is no older than `since`."""
    c = tables.threads.c
    where = (c.record_id == record, c.category == category, c.last_at >= since)
    found = connection.execute(select(tables.threads).where(*where).order_by(c.last_at.desc()).limit(1)).all()
    return next(iter(as_rows(ThreadRow, found)), None)
