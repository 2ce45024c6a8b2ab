"""What the staff's board asks of the database: what waits, counted and a page at a time.

Every query is bounded by the open work and by a page's length; nothing grows with what the clinic has stored.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, case, func, or_, select, tuple_

from messaging_server.storage import tables
from messaging_server.storage.keyring import KeyKind
from messaging_server.storage.people import PersonRow
from messaging_server.storage.rows import as_rows
from messaging_server.storage.tasks import OPEN, TaskEventRow, TaskKind, TaskRow, typed
from messaging_server.storage.threads import Role
from triage.model import QueueName

__all__ = [
    "Answered", "FileRow", "Place", "Tally", "TaskEventRow", "TaskKind", "TaskRow", "Waiting", "Wanted", "answered",
    "events", "files", "neighbours", "news", "of_record", "one", "overrides", "pinned", "policy_since", "rows",
    "tallies",
]  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """One task with what stands in clear around it; `person` is None until somebody has confirmed who wrote."""

    task: TaskRow
    person: PersonRow | None = field(repr=False)
    private: bool
    author: Role
    files: bool
    wrapped: bool = False
    """A team that holds no record key was given a way to the message (DESIGN section 5)."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page of rows ends: the next one begins behind it."""

    rank: int
    due_at: datetime
    task: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How many open tasks of one queue and kind wait."""

    queue: QueueName
    kind: TaskKind
    open: int
    urgent: int
    unowned: int
    late: int
    emergencies: int
    oldest: datetime


def tallies(
    connection: Connection, clinic: UUID, queues: Collection[QueueName], now: datetime
) -> tuple[Tally, ...]:
    """The open work of some queues, counted by queue and kind."""
    k = tables.tasks.c
    query = (
        select(
            k.queue, k.kind, func.count().label("open"), _sum(k.rank < 2, "urgent"),
            _sum(k.owner_id.is_(None), "unowned"), _sum(k.due_at < now, "late"), _sum(k.rank == 0, "emergencies"),
            func.min(k.received_at).label("oldest"),
        ).where(*_waiting(clinic, queues, now)).group_by(k.queue, k.kind)
    )  # fmt: skip
    return tuple(
        Tally(
            queue=QueueName(row.queue), kind=TaskKind(row.kind), open=row.open, urgent=int(row.urgent),
            unowned=int(row.unowned), late=int(row.late), emergencies=int(row.emergencies), oldest=row.oldest,
        )
        for row in connection.execute(query)
    )  # fmt: skip


def _sum(condition: ColumnElement[bool], name: str) -> ColumnElement[Any]:
    return func.sum(case((condition, 1), else_=0)).label(name)


def _waiting(clinic: UUID, queues: Collection[QueueName], now: datetime) -> tuple[ColumnElement[bool], ...]:
    """Open, in these queues, and to be seen by now: a watch over an unopened reply waits unseen until its time."""
    k = tables.tasks.c
    names = [queue.value for queue in queues]
    return (k.clinic_id == clinic, k.status.in_(OPEN), k.queue.in_(names), k.received_at <= now)


def _unacknowledged() -> ColumnElement[bool]:
    k = tables.tasks.c
    return and_(k.rank == 0, k.acknowledged_at.is_(None))


def pinned(
    connection: Connection, clinic: UUID, queues: Collection[QueueName], now: datetime, most: int
) -> tuple[Waiting, ...]:
    """Emergencies that nobody has taken note of yet, oldest first (TRI-09)."""
    where = (*_waiting(clinic, queues, now), _unacknowledged())
    return _rows(connection, _joined().where(*where).order_by(tables.tasks.c.received_at).limit(most))


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which rows of the board."""

    queues: tuple[QueueName, ...]
    kinds: tuple[TaskKind, ...] = ()
    late: bool = False
    after: Place | None = None
    most: int


def rows(connection: Connection, clinic: UUID, wanted: Wanted, now: datetime) -> tuple[Waiting, ...]:
    """Rows of the board, most pressing first; what is pinned is not shown twice."""
    k = tables.tasks.c
    where = [*_waiting(clinic, wanted.queues, now), ~_unacknowledged()]
    if wanted.kinds:
        where.append(k.kind.in_([kind.value for kind in wanted.kinds]))
    if wanted.late:
        where.append(k.due_at < now)
    if wanted.after:
        where.append(_behind(wanted.after))
    return _rows(connection, _joined().where(*where).order_by(k.rank, k.due_at, k.id).limit(wanted.most))


def _behind(place: Place) -> ColumnElement[bool]:
    k = tables.tasks.c
    same = and_(k.rank == place.rank, k.due_at == place.due_at, k.id > place.task)
    return or_(k.rank > place.rank, and_(k.rank == place.rank, k.due_at > place.due_at), same)


def _joined() -> Select[Any]:
    k, r, t, x, b = (tables.tasks.c, tables.records.c, tables.threads.c, tables.exchanges.c, tables.blobs.c)
    files = select(b.id).where(b.exchange_id == k.exchange_id, b.kind == "attachment").exists()
    w, s = tables.wraps.c, tables.shared_keys.c
    wrapped = (
        select(w.holder_id).join(tables.shared_keys, s.id == w.holder_id)
        .where(w.content_key_id == x.content_key_id, s.kind == KeyKind.TEAM.value).exists()
    )  # fmt: skip
    person = (column.label(f"p_{column.name}") for column in tables.people.c)
    return (
        select(
            *tables.tasks.c, *person, t.private.label("t_private"), x.author_role.label("x_role"), files.label("files"),
            wrapped.label("wrapped"),
        )
        .join(tables.records, r.id == k.record_id)
        .join(tables.threads, t.id == k.thread_id)
        .join(tables.exchanges, x.id == k.exchange_id)
        .outerjoin(tables.people, tables.people.c.id == r.person_id)
    )


def _rows(connection: Connection, query: Select[Any]) -> tuple[Waiting, ...]:
    return tuple(_one(row) for row in connection.execute(query))


def _one(row: Row[Any]) -> Waiting:
    task = TaskRow(**{column.name: getattr(row, column.name) for column in tables.tasks.c})
    person = None
    if row.p_id is not None:
        person = PersonRow(**{column.name: getattr(row, f"p_{column.name}") for column in tables.people.c})
    return Waiting(
        task=typed(task), person=person, private=row.t_private, author=Role(row.x_role), files=row.files,
        wrapped=row.wrapped,
    )  # fmt: skip


def one(connection: Connection, clinic: UUID, task: UUID) -> Waiting | None:
    """One task of this clinic, open or closed."""
    k = tables.tasks.c
    return next(iter(_rows(connection, _joined().where(k.clinic_id == clinic, k.id == task))), None)


def of_record(connection: Connection, record: UUID, now: datetime, most: int) -> tuple[Waiting, ...]:
    """What waits for one patient."""
    k = tables.tasks.c
    where = (k.record_id == record, k.status.in_(OPEN), k.received_at <= now)
    return _rows(connection, _joined().where(*where).order_by(k.rank, k.due_at).limit(most))


def neighbours(
    connection: Connection, task: TaskRow, queues: Collection[QueueName], now: datetime
) -> tuple[UUID | None, UUID | None]:
    """The tasks before and after one on the board of its queue."""
    k = tables.tasks.c
    own = (task.rank, task.due_at, task.id)
    here, order = tuple_(k.rank, k.due_at, k.id), (k.rank, k.due_at, k.id)
    queue = [task.queue] if task.queue in queues else []
    query = select(k.id).where(*_waiting(task.clinic_id, queue, now)).limit(1)
    before = query.where(here < own).order_by(*(column.desc() for column in order))
    after = query.where(here > own).order_by(*order)
    return connection.execute(before).scalar(), connection.execute(after).scalar()


def events(connection: Connection, task: UUID, most: int = 100) -> tuple[TaskEventRow, ...]:
    """The history of a task, oldest first."""
    e = tables.task_events.c
    query = select(tables.task_events).where(e.task_id == task).order_by(e.at, e.id).limit(most)
    return as_rows(TaskEventRow, connection.execute(query).all())


def news(
    connection: Connection, clinic: UUID, queues: Collection[QueueName], since: datetime, now: datetime
) -> int:
    """How many tasks came into view since an instant."""
    query = select(func.count()).select_from(tables.tasks).where(
        *_waiting(clinic, queues, now), tables.tasks.c.received_at > since
    )  # fmt: skip
    return int(connection.execute(query).scalar_one())


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """How many tasks of a queue were closed since an instant, and how many of them before their deadline."""

    closed: int
    in_time: int


def answered(connection: Connection, clinic: UUID, since: datetime) -> Mapping[QueueName, Answered]:
    """What was brought to an end since an instant, by queue (TRI-21)."""
    k = tables.tasks.c
    query = (
        select(k.queue, func.count().label("closed"), _sum(k.closed_at <= k.due_at, "in_time"))
        .where(k.clinic_id == clinic, k.closed_at >= since, k.status == "completed").group_by(k.queue)
    )  # fmt: skip
    return {
        QueueName(row.queue): Answered(closed=row.closed, in_time=int(row.in_time))
        for row in connection.execute(query)
    }


def overrides(connection: Connection, clinic: UUID, since: datetime) -> int:
    """Exceptional sends since an instant (SEN-06)."""
    e = tables.entries.c
    query = select(func.count()).select_from(tables.entries).where(
        e.clinic_id == clinic, e.kind == "override", e.created_at >= since
    )  # fmt: skip
    return int(connection.execute(query).scalar_one())


def policy_since(connection: Connection, clinic: UUID, version: int) -> datetime | None:
    """Since when a version of the policy is in force."""
    p = tables.policies.c
    return connection.execute(select(p.created_at).where(p.clinic_id == clinic, p.version == version)).scalar()


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRow:
    """A file of an exchange, without its content."""

    exchange: UUID
    number: int
    kind: str
    size: int


def files(connection: Connection, clinic: UUID, exchanges: Collection[UUID]) -> tuple[FileRow, ...]:
    """The files of some exchanges of this clinic, and the raw originals."""
    b = tables.blobs.c
    own = (b.clinic_id == clinic, b.exchange_id.in_(exchanges))
    query = select(b.exchange_id, b.number, b.kind, b.size).where(*own).order_by(b.number)
    return tuple(
        FileRow(exchange=row.exchange_id, number=row.number, kind=row.kind, size=row.size)
        for row in connection.execute(query)
    )
