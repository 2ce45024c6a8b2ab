"""Tasks: the work that an exchange makes, with its due time, its owner and its history (TRI-02, TRI-08, TRI-14)."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, bindparam, or_, select

from messaging_server.storage import tables
from messaging_server.storage.rows import as_rows, found_rows, insert
from messaging_server.storage.statements import Prepared
from triage.model import Priority, QueueName

RANK = {Priority.STAT: 0, Priority.URGENT: 1, Priority.ROUTINE: 2}
"""The order on the board: emergencies first, whatever their due time (TRI-09)."""


class TaskKind(StrEnum):
    """What has to be done."""

    ANSWER = "answer"
    HELD = "held"
    FAILED = "failed"
    UNDELIVERED = "undelivered"
    UNREAD = "unread"
    CALL = "call"


class TaskStatus(StrEnum):
    """FHIR R4 Task.status, the part that we use."""

    REQUESTED = "requested"
    RECEIVED = "received"
    IN_PROGRESS = "in-progress"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


OPEN = (TaskStatus.REQUESTED.value, TaskStatus.RECEIVED.value, TaskStatus.IN_PROGRESS.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRow:
    """One item of a queue. `version` counts its changes; `steps` the escalation points passed."""

    id: UUID
    clinic_id: UUID
    record_id: UUID
    thread_id: UUID
    exchange_id: UUID
    kind: TaskKind
    queue: QueueName
    priority: Priority
    rank: int
    status: TaskStatus
    owner_id: UUID | None = None
    claimed_at: datetime | None = None
    version: int = 1
    received_at: datetime
    due_at: datetime
    next_step_at: datetime | None
    steps: int = 0
    acknowledged_at: datetime | None = None
    closed_at: datetime | None = None
    disposition: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskEventRow:
    """One change of a task: who, when, from, to."""

    id: UUID
    clinic_id: UUID
    task_id: UUID
    act: str
    actor_id: UUID | None
    before: str | None = None
    after: str | None = None
    at: datetime


def add_task(connection: Connection, row: TaskRow) -> None:
    """Put a task in its queue."""
    insert(connection, tables.tasks, row)


def add_event(connection: Connection, row: TaskEventRow) -> None:
    """Write down a change."""
    insert(connection, tables.task_events, row)


def task(connection: Connection, clinic: UUID, task_id: UUID) -> TaskRow | None:
    """One task of this clinic, or None."""
    c = tables.tasks.c
    return _one(connection, c.clinic_id == clinic, c.id == task_id)


def open_task_of_thread(connection: Connection, thread_id: UUID) -> TaskRow | None:
    """The task that waits in a thread, if any: a thread has at most one of the answering kinds."""
    row = next(iter(found_rows(connection, _WAITING, TaskRow, {"thread": thread_id})), None)
    return None if row is None else typed(row)


_K = tables.tasks.c
_WAITING = Prepared(
    select(tables.tasks)
    .where(
        _K.thread_id == bindparam("thread"), or_(*(_K.status == status for status in OPEN)),
        or_(*(_K.kind == kind.value for kind in (TaskKind.ANSWER, TaskKind.HELD, TaskKind.FAILED))),
    )
    .limit(1)
)  # fmt: skip


def open_tasks_of_exchange(connection: Connection, exchange_id: UUID, kinds: Collection[TaskKind]) -> bool:
    """Whether such a task waits already for this exchange."""
    c = tables.tasks.c
    return _one(connection, c.exchange_id == exchange_id, c.status.in_(OPEN), c.kind.in_(kinds)) is not None


def was_task_of_exchange(connection: Connection, exchange_id: UUID, kind: TaskKind) -> bool:
    """Whether such a task was ever made for this exchange, open or closed."""
    c = tables.tasks.c
    return _one(connection, c.exchange_id == exchange_id, c.kind == kind.value) is not None


def _one(connection: Connection, *where: ColumnElement[bool]) -> TaskRow | None:
    found = connection.execute(select(tables.tasks).where(*where).limit(1)).all()
    row = next(iter(as_rows(TaskRow, found)), None)
    return None if row is None else typed(row)


def typed(row: TaskRow) -> TaskRow:
    """The row with its words as enums."""
    return replace(
        row, kind=TaskKind(row.kind), queue=QueueName(row.queue), priority=Priority(row.priority),
        status=TaskStatus(row.status),
    )  # fmt: skip


def change(connection: Connection, task_id: UUID, version: int, **values: object) -> bool:
    """Change a task that is still at `version`; False when somebody was faster (TRI-08)."""
    c = tables.tasks.c
    plain = {name: value.value if isinstance(value, StrEnum) else value for name, value in values.items()}
    done = connection.execute(
        tables.tasks.update().where(c.id == task_id, c.version == version).values(version=version + 1, **plain)
    )
    return done.rowcount == 1


def owned(connection: Connection, clinic: UUID, account: UUID) -> tuple[TaskRow, ...]:
    """The open tasks that an account has taken."""
    c = tables.tasks.c
    query = select(tables.tasks).where(c.clinic_id == clinic, c.status.in_(OPEN), c.owner_id == account)
    return tuple(typed(row) for row in as_rows(TaskRow, connection.execute(query).all()))


def open_of_record(connection: Connection, record: UUID, kind: TaskKind) -> tuple[TaskRow, ...]:
    """The open tasks of a record that are of one kind."""
    c = tables.tasks.c
    query = select(tables.tasks).where(c.record_id == record, c.status.in_(OPEN), c.kind == kind.value)
    return tuple(typed(row) for row in as_rows(TaskRow, connection.execute(query).all()))


def due_for_step(connection: Connection, now: datetime, most: int = 100) -> tuple[TaskRow, ...]:
    """Open tasks whose next escalation point has come."""
    c = tables.tasks.c
    query = select(tables.tasks).where(c.status.in_(OPEN), c.next_step_at <= now).order_by(c.next_step_at).limit(most)
    return tuple(typed(row) for row in as_rows(TaskRow, connection.execute(query).all()))


def events_of(connection: Connection, task_id: UUID) -> tuple[TaskEventRow, ...]:
    """The history of a task, oldest first."""
    c = tables.task_events.c
    query = select(tables.task_events).where(c.task_id == task_id).order_by(c.at, c.id)
    return as_rows(TaskEventRow, connection.execute(query).all())


def cancel_watch(connection: Connection, exchange_id: UUID, now: datetime) -> None:
    """Cancel the call task that watches whether an exchange is opened."""
    _cancel(connection, exchange_id, TaskKind.UNREAD, now, *OPEN)


def cancel_unclaimed(connection: Connection, exchange_id: UUID, kind: TaskKind, now: datetime) -> None:
    """Cancel such a task of an exchange, unless somebody has taken it on."""
    _cancel(connection, exchange_id, kind, now, TaskStatus.REQUESTED.value)


def _cancel(connection: Connection, exchange_id: UUID, kind: TaskKind, now: datetime, *while_it_is: str) -> None:
    c = tables.tasks.c
    where = (c.exchange_id == exchange_id, c.kind == kind.value, c.status.in_(while_it_is))
    connection.execute(
        tables.tasks.update().where(*where)
        .values(status=TaskStatus.CANCELLED.value, closed_at=now, next_step_at=None, version=c.version + 1)
    )  # fmt: skip


def answered_by(connection: Connection, thread_id: UUID) -> TaskRow | None:
    """The task of a thread that was closed last by an answer."""
    c = tables.tasks.c
    query = (
        select(tables.tasks)
        .where(c.thread_id == thread_id, c.status == TaskStatus.COMPLETED.value, c.disposition == "answered")
        .order_by(c.closed_at.desc()).limit(1)
    )  # fmt: skip
    row = next(iter(as_rows(TaskRow, connection.execute(query).all())), None)
    return None if row is None else typed(row)


def newest(connection: Connection, clinic: UUID) -> TaskRow | None:
    """The task that was made last in a clinic."""
    c = tables.tasks.c
    query = select(tables.tasks).where(c.clinic_id == clinic, c.kind == TaskKind.ANSWER.value).order_by(c.id.desc())
    row = next(iter(as_rows(TaskRow, connection.execute(query.limit(1)).all())), None)
    return None if row is None else typed(row)
