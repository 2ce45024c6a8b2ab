"""What the patient's pages ask of the database: a page of threads, where each request stands, who has read what.

Every query is bounded by one patient's record and a page's length; none grows with the clinic. Content stays sealed.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Select, and_, case, func, or_, select

from consent.model import Channel
from messaging_server.storage import tables
from messaging_server.storage.people import PersonRow
from messaging_server.storage.rows import as_rows
from messaging_server.storage.tasks import OPEN, TaskKind, TaskRow, typed
from messaging_server.storage.threads import ExchangeRow, ExchangeState, Role, ThreadRow, Way

__all__ = [
    "Colleague", "Cursor", "ExchangeRow", "InboxPage", "LastLine", "Leaving", "ReadingRow", "TaskRow", "ThreadRow",
    "colleagues", "deliveries", "last_lines", "newest_tasks", "own_exchange", "own_record", "own_thread",
    "page_of_threads", "readings",
]  # fmt: skip

SHOWN = (ExchangeState.FILED.value, ExchangeState.HELD.value)
ANSWERING = (TaskKind.ANSWER.value, TaskKind.HELD.value, TaskKind.FAILED.value)
UNSEEN_CATEGORIES = ("address_check",)
"""Threads that hold a code on its way to an address: read there or not at all (DIR-03)."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page of threads ends: the next one begins behind it."""

    last_at: datetime
    thread: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class LastLine:
    """The newest exchange of a thread that the patient may see, and how many they have not opened."""

    thread: UUID
    author_id: UUID | None
    author_role: Role
    at: datetime
    unread: int


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxPage:
    """A page of threads, newest first, with what stands in clear about each."""

    threads: tuple[ThreadRow, ...]
    lines: Mapping[UUID, LastLine]
    tasks: Mapping[UUID, TaskRow]
    more: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Colleague:
    """Who is behind a staff account; the name is still sealed."""

    person: PersonRow = field(repr=False)
    role: str


def own_record(connection: Connection, clinic: UUID, person: UUID) -> UUID | None:
    """The record of a patient in this clinic."""
    c = tables.records.c
    return connection.execute(select(c.id).where(c.clinic_id == clinic, c.person_id == person)).scalar()


def page_of_threads(
    connection: Connection, record: UUID, now: datetime, after: Cursor | None, most: int
) -> InboxPage:
    """The threads of a record that have anything to show, behind a cursor, with their state."""
    t = tables.threads.c
    where = [t.record_id == record, t.category.not_in(UNSEEN_CATEGORIES), _has_visible(now)]
    if after is not None:
        where.append(or_(t.last_at < after.last_at, and_(t.last_at == after.last_at, t.id < after.thread)))
    query = select(tables.threads).where(*where).order_by(t.last_at.desc(), t.id.desc()).limit(most + 1)
    found = as_rows(ThreadRow, connection.execute(query).all())
    shown = found[:most]
    ids = [row.id for row in shown]
    return InboxPage(
        threads=shown, lines=last_lines(connection, ids, now), tasks=newest_tasks(connection, ids),
        more=len(found) > most,
    )  # fmt: skip


def _has_visible(now: datetime) -> ColumnElement[bool]:
    e = tables.exchanges.c
    return select(e.id).where(e.thread_id == tables.threads.c.id, *_visible(now)).exists()


def _visible(now: datetime) -> tuple[ColumnElement[bool], ...]:
    e = tables.exchanges.c
    return (e.direction != Way.NOTE.value, e.visible_at <= now, e.state.in_(SHOWN))


def last_lines(connection: Connection, ids: Collection[UUID], now: datetime) -> Mapping[UUID, LastLine]:
    """The newest visible exchange of each of these threads, with the number of unopened ones."""
    e = tables.exchanges.c
    unread = case((and_(e.direction == Way.OUT.value, e.opened_at.is_(None)), 1), else_=0)
    newest_first = (e.created_at.desc(), e.id.desc())
    ranked = (
        select(
            e.thread_id, e.author_id, e.author_role, e.visible_at,
            func.row_number().over(partition_by=e.thread_id, order_by=newest_first).label("place"),
            func.sum(unread).over(partition_by=e.thread_id).label("unread"),
        ).where(e.thread_id.in_(ids), *_visible(now)).subquery()
    )  # fmt: skip
    found = connection.execute(select(ranked).where(ranked.c.place == 1))
    return {
        row.thread_id: LastLine(
            thread=row.thread_id, author_id=row.author_id, author_role=Role(row.author_role), at=row.visible_at,
            unread=int(row.unread),
        )
        for row in found
    }  # fmt: skip


def newest_tasks(connection: Connection, ids: Collection[UUID]) -> Mapping[UUID, TaskRow]:
    """The task that says where each of these threads stands: the open one, else the one that was closed last."""
    k = tables.tasks.c
    still_open = case((k.status.in_(OPEN), 0), else_=1)
    query = (
        select(tables.tasks).where(k.thread_id.in_(ids), k.kind.in_(ANSWERING))
        .order_by(still_open.desc(), k.received_at, k.id)
    )  # fmt: skip
    return {row.thread_id: typed(row) for row in as_rows(TaskRow, connection.execute(query).all())}


def own_thread(connection: Connection, clinic: UUID, person: UUID, thread: UUID) -> ThreadRow | None:
    """A thread of this person's record, or None: what is not theirs does not exist."""
    t, r = tables.threads.c, tables.records.c
    query = (
        select(tables.threads).join(tables.records, r.id == t.record_id)
        .where(t.clinic_id == clinic, t.id == thread, r.person_id == person)
    )  # fmt: skip
    return next(iter(as_rows(ThreadRow, connection.execute(query).all())), None)


def colleagues(connection: Connection, clinic: UUID, account_ids: Collection[UUID]) -> Mapping[UUID, Colleague]:
    """The people behind some accounts of this clinic."""
    a, p = tables.accounts.c, tables.people.c
    query = (
        select(a.id.label("account"), a.role, *(column.label(f"p_{column.name}") for column in tables.people.c))
        .join(tables.people, p.id == a.person_id).where(a.clinic_id == clinic, a.id.in_(account_ids))
    )  # fmt: skip
    return {
        row.account: Colleague(
            role=row.role, person=PersonRow(**{c.name: getattr(row, f"p_{c.name}") for c in tables.people.c})
        )
        for row in connection.execute(query)
    }  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaving:
    """How far one text of an exchange has come on its way to an address."""

    exchange: UUID
    channel: Channel
    state: str
    at: datetime


def deliveries(connection: Connection, exchanges: Collection[UUID]) -> tuple[Leaving, ...]:
    """The deliveries of some exchanges, oldest first (REC-10)."""
    d = tables.deliveries.c
    query = select(d.exchange_id, d.channel, d.state, d.created_at, d.done_at).where(d.exchange_id.in_(exchanges))
    return tuple(
        Leaving(
            exchange=row.exchange_id, channel=Channel(row.channel), state=row.state, at=row.done_at or row.created_at
        )
        for row in connection.execute(query.order_by(d.created_at))
    )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingRow:
    """One opening: the ledger's own words, and the newest exchange that the patient can see among what was opened."""

    seq: int
    body: bytes = field(repr=False)
    thread: UUID
    message_at: datetime
    from_clinic: bool


def readings(
    connection: Connection, record: UUID, *, before: int | None, thread: UUID | None, most: int
) -> tuple[ReadingRow, ...]:
    """Who opened what in a record, newest first, before a place in the ledger (TRN-01)."""
    entry, opened, shown = tables.entries, tables.exchanges.alias("opened"), tables.exchanges.alias("shown")
    newest = _newest_shown(opened.c.thread_id, entry.c.created_at)
    query = (
        select(
            entry.c.seq, entry.c.body, opened.c.thread_id, opened.c.created_at.label("opened_created"),
            shown.c.created_at.label("shown_created"),
            func.coalesce(shown.c.direction, opened.c.direction).label("direction"),
        )
        .join(opened, opened.c.id == entry.c.exchange_id)
        .outerjoin(shown, shown.c.id == newest)
        .where(entry.c.record_id == record, entry.c.kind.in_(("read", "downloaded")))
        .order_by(entry.c.seq.desc()).limit(most)
    )  # fmt: skip
    if before is not None:
        query = query.where(entry.c.seq < before)
    if thread is not None:
        query = query.where(opened.c.thread_id == thread)
    return tuple(
        ReadingRow(
            seq=row.seq, body=row.body, thread=row.thread_id, message_at=row.shown_created or row.opened_created,
            from_clinic=row.direction == Way.OUT.value,
        )
        for row in connection.execute(query)
    )  # fmt: skip


def _newest_shown(thread: ColumnElement[UUID], at: ColumnElement[datetime]) -> ColumnElement[UUID]:
    """The newest words of a person that the patient could see of a thread at an instant.

    That a staff note or a reply on its way exists is not theirs to see, and an automatic text is nobody's message.
    """
    seen = tables.exchanges.alias("seen")
    where = (
        seen.c.thread_id == thread, seen.c.direction != Way.NOTE.value, seen.c.visible_at <= at,
        seen.c.state.in_(SHOWN), seen.c.automatic.is_(False),
    )  # fmt: skip
    query: Select[tuple[UUID]] = select(seen.c.id).where(*where).order_by(seen.c.created_at.desc()).limit(1)
    return query.scalar_subquery()


def own_exchange(connection: Connection, clinic: UUID, account: UUID, exchange: UUID) -> ExchangeRow | None:
    """An exchange that this account wrote, or None."""
    e = tables.exchanges.c
    where = (e.clinic_id == clinic, e.id == exchange, e.author_id == account, e.direction == Way.IN.value)
    return next(iter(as_rows(ExchangeRow, connection.execute(select(tables.exchanges).where(*where)).all())), None)
