"""What the report on the screening is made of: a clinic's counts, its exceptional sends, its emergencies (MET-04)."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, func, or_, select

from messaging_server.storage import tables
from messaging_server.storage.counts import CountRow
from messaging_server.storage.rows import as_rows
from messaging_server.storage.tasks import RANK
from triage.model import Priority


def counted(connection: Connection, clinic: UUID, first: str, last: str) -> tuple[CountRow, ...]:
    """The numbers of the months from `first` to `last`, each as `2026-11`."""
    c = tables.screening_counts.c
    query = select(tables.screening_counts).where(c.clinic_id == clinic, c.month >= first, c.month <= last)
    return as_rows(CountRow, connection.execute(query).all())


def overrides(connection: Connection, clinic: UUID, start: datetime, end: datetime) -> int:
    """Exceptional sends of a time, its end left out (SEN-06)."""
    e = tables.entries.c
    where = (e.clinic_id == clinic, e.kind == "override", e.created_at >= start, e.created_at < end)
    return int(connection.execute(select(func.count()).select_from(tables.entries).where(*where)).scalar_one())


@dataclass(frozen=True, slots=True, kw_only=True)
class Emergency:
    """One emergency, by what happened to it: who it concerns is left out."""

    task: UUID
    received_at: datetime
    closed_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing that happened to an emergency."""

    task: UUID
    at: datetime
    act: str
    by_person: bool
    before: str | None
    after: str | None


def emergencies(connection: Connection, clinic: UUID, start: datetime, end: datetime) -> tuple[Emergency, ...]:
    """Every emergency that was open at some moment of a time."""
    k = tables.tasks.c
    query = select(k.id.label("task"), k.received_at, k.closed_at).where(*_open_within(clinic, start, end))
    return tuple(
        Emergency(task=row.task, received_at=row.received_at, closed_at=row.closed_at)
        for row in connection.execute(query)
    )


def events(connection: Connection, clinic: UUID, start: datetime, end: datetime) -> tuple[Event, ...]:
    """What happened to them, oldest first."""
    k, e = tables.tasks.c, tables.task_events.c
    query = (
        select(e.task_id.label("task"), e.at, e.act, e.actor_id.is_not(None).label("by_person"), e.before, e.after)
        .join(tables.tasks, k.id == e.task_id).where(*_open_within(clinic, start, end)).order_by(e.at, e.id)
    )  # fmt: skip
    return tuple(
        Event(task=row.task, at=row.at, act=row.act, by_person=row.by_person, before=row.before, after=row.after)
        for row in connection.execute(query)
    )


def _open_within(clinic: UUID, start: datetime, end: datetime) -> tuple[ColumnElement[bool], ...]:
    k = tables.tasks.c
    # The rank is written out, so that the partial index of emergencies is known to serve.
    emergency = k.rank == RANK[Priority.STAT]
    return (k.clinic_id == clinic, emergency, or_(k.closed_at.is_(None), k.closed_at >= start), k.received_at < end)
