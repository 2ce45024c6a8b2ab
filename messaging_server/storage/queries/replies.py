"""What the pages ask about a clinician's own replies: which they are, when they leave, what they answer."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, select

from messaging_server.storage import tables
from messaging_server.storage.tasks import TaskKind


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnReply:
    """A reply that an account wrote: where it belongs and when it leaves."""

    exchange: UUID
    thread: UUID
    record: UUID
    answers: UUID | None
    state: str
    written_at: datetime
    leaves_at: datetime


def own_replies(connection: Connection, clinic: UUID, account: UUID, exchange: UUID) -> tuple[OwnReply, ...]:
    """A reply of this account, by its own id."""
    x = tables.exchanges.c
    return _replies(connection, x.clinic_id == clinic, x.author_id == account, x.id == exchange)


def own_replies_in(connection: Connection, thread: UUID, account: UUID, since: datetime) -> tuple[OwnReply, ...]:
    """The replies of this account in a thread since an instant, newest first."""
    x = tables.exchanges.c
    return _replies(connection, x.thread_id == thread, x.author_id == account, x.created_at >= since)


def _replies(connection: Connection, *where: ColumnElement[bool]) -> tuple[OwnReply, ...]:
    x = tables.exchanges.c
    query = select(tables.exchanges).where(*where, x.direction == "out").order_by(x.created_at.desc()).limit(20)
    return tuple(
        OwnReply(
            exchange=row.id, thread=row.thread_id, record=row.record_id, answers=row.in_reply_to, state=row.state,
            written_at=row.created_at, leaves_at=row.visible_at,
        )
        for row in connection.execute(query)
    )  # fmt: skip


def task_of_reply(connection: Connection, thread: UUID, exchange: UUID | None) -> UUID | None:
    """The task that a reply to an exchange has answered."""
    k = tables.tasks.c
    where = (k.thread_id == thread, k.exchange_id == exchange, k.kind != TaskKind.UNREAD.value)
    return connection.execute(select(k.id).where(*where).order_by(k.received_at.desc()).limit(1)).scalar()
