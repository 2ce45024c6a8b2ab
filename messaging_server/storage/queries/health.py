"""What the machine's own questions ask of the database: is it there, and does work pile up. No ids, no people."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Table, literal, select

from messaging_server.storage import tables
from messaging_server.storage.outbox import DeliveryState
from messaging_server.storage.tasks import OPEN

MOST = 10_000
"""Counting stops here: the answer is then alarming enough, and stays cheap."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """Work whose time has come and that nobody has done yet, each counted up to `MOST`."""

    deliveries: int
    escalations: int


def alive(connection: Connection) -> bool:
    """Whether the database answers and its tables are there."""
    connection.execute(select(tables.clinics.c.id).limit(1)).all()
    return True


def backlog(connection: Connection, now: datetime) -> Backlog:
    """What waits past its time."""
    d, t = tables.deliveries, tables.tasks
    return Backlog(
        deliveries=_count(connection, d, d.c.state == DeliveryState.QUEUED.value, d.c.next_at <= now),
        escalations=_count(connection, t, t.c.status.in_(OPEN), t.c.next_step_at <= now),
    )


def _count(connection: Connection, table: Table, *where: ColumnElement[bool]) -> int:
    return len(connection.execute(select(literal(1)).select_from(table).where(*where).limit(MOST)).all())
