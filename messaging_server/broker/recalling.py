"""Taking a reply back while it has not left yet (EOU-16): the queue has the item again, the record keeps both acts."""

from datetime import datetime
from uuid import UUID

from messaging_server.broker.clinic import Clinic, Means
from messaging_server.broker.worklist import event
from messaging_server.errors import ConflictError, NotFoundError
from messaging_server.record import ledger
from messaging_server.record.entry import EntryKind, Fact
from messaging_server.record.reading import Reader
from messaging_server.storage import outbox, tasks, threads
from messaging_server.storage.database import Connection
from messaging_server.storage.tasks import TaskStatus


async def cancel(means: Means, clinic: Clinic, who: Reader, exchange_id: UUID, now: datetime) -> UUID:
    """Take one's own reply back; gives the task that waits again. Raises ConflictError once it has left."""

    def unit(connection: Connection) -> UUID:
        row = threads.exchange(connection, clinic.id, exchange_id)
        if row is None or row.author_id != who.account:
            raise NotFoundError(str(exchange_id))
        if row.visible_at <= now or row.state != threads.ExchangeState.FILED:
            raise ConflictError("left")
        task = take_back(connection, clinic, row, "taken_back", who.account, now)
        if task is None:
            raise ConflictError("nothing_to_reopen")
        return task

    task = await means.database.write(unit)
    means.wake("board")
    return task


def take_back(
    connection: Connection, clinic: Clinic, row: threads.ExchangeRow, act: str, actor: UUID | None, now: datetime
) -> UUID | None:
    """Let a reply not leave, inside somebody's transaction; gives the task that waits again, where there is one.

    `actor` is None where nobody took it back by hand: the consent that it stood on ended (CON-26).
    """
    threads.set_state(connection, row.id, threads.ExchangeState.CANCELLED)
    outbox.stop_queued(connection, row.id, now)
    fact = Fact(
        kind=EntryKind.CANCELLED, at=now, exchange=row.id, parties={"account": actor} if actor else {},
        details={} if actor else {"code": act},
    )  # fmt: skip
    ledger.append(connection, clinic.id, row.record_id, [fact], now)
    return _reopen(connection, clinic, row, act, actor, now)


def _reopen(
    connection: Connection, clinic: Clinic, row: threads.ExchangeRow, act: str, actor: UUID | None, now: datetime
) -> UUID | None:
    tasks.cancel_watch(connection, row.id, now)
    answered = tasks.answered_by(connection, row.thread_id)
    if answered is None:
        return None
    tasks.change(
        connection, answered.id, answered.version, status=TaskStatus.IN_PROGRESS, closed_at=None, disposition=None,
        owner_id=actor or answered.owner_id, next_step_at=max(now, answered.due_at),
    )  # fmt: skip
    tasks.add_event(connection, event(clinic.id, answered.id, act, actor, now))
    return answered.id
