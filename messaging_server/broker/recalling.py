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
        threads.set_state(connection, exchange_id, threads.ExchangeState.CANCELLED)
        outbox.stop_queued(connection, exchange_id, now)
        fact = Fact(kind=EntryKind.CANCELLED, at=now, exchange=exchange_id, parties={"account": who.account})
        ledger.append(connection, clinic.id, row.record_id, [fact], now)
        return _reopen(connection, clinic, who, row, now)

    task = await means.database.write(unit)
    means.wake("board")
    return task


def _reopen(connection: Connection, clinic: Clinic, who: Reader, row: threads.ExchangeRow, now: datetime) -> UUID:
    tasks.cancel_watch(connection, row.id, now)
    answered = tasks.answered_by(connection, row.thread_id)
    if answered is None:
        raise ConflictError("nothing_to_reopen")
    tasks.change(
        connection, answered.id, answered.version, status=TaskStatus.IN_PROGRESS, closed_at=None, disposition=None,
        owner_id=who.account, next_step_at=max(now, answered.due_at),
    )  # fmt: skip
    tasks.add_event(connection, event(clinic.id, answered.id, "taken_back", who.account, now))
    return answered.id
