"""When something cannot be delivered: silence is never mistaken for delivery (DESIGN section 4, EOU-13, ACK-16)."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from consent.model import Channel
from messaging_server.broker.clinic import Clinic
from messaging_server.broker.worklist import new_task
from messaging_server.record import ledger
from messaging_server.record.entry import EntryKind, Fact
from messaging_server.storage import outbox, people, tasks, threads
from messaging_server.storage.database import Connection
from messaging_server.storage.outbox import DeliveryRow, DeliveryState
from messaging_server.storage.people import AddressStatus
from messaging_server.storage.tasks import TaskKind
from triage.model import Assessment, Priority, QueueName

ANSWERED_WITHIN: Final = timedelta(minutes=1)
"""How soon after a message its automatic answer leaves (ACK-16)."""
STALE: Final = "stale"
"""Stopped because what it promises has passed: it never left (ACK-03, ACK-16)."""
HARD = frozenset({"bounced", "undeliverable"})
"""Codes that say the address itself is bad: it is suspended until somebody looks (EOU-14, SMS-21)."""


def fail(connection: Connection, clinic: Clinic, delivery_id: UUID, *, code: str, now: datetime) -> None:
    """Note a permanent failure and put a task in the queue; a second report of the same failure changes nothing."""
    row = outbox.delivery(connection, clinic.id, delivery_id)
    if row is None or row.state is DeliveryState.FAILED:
        return
    outbox.set_outcome(connection, row.id, state=DeliveryState.FAILED, last_code=code, done_at=now, payload=None)
    if code in HARD and row.address_id:
        people.change_address(connection, row.address_id, state=AddressStatus.BOUNCED, changed_at=now)
    fact = Fact(
        kind=EntryKind.UNDELIVERED, at=now, exchange=row.exchange_id, channel=row.channel,
        details={"delivery": str(row.id), "code": code},
    )  # fmt: skip
    ledger.append(connection, clinic.id, row.record_id, [fact], now)
    ask_to_call(connection, clinic, row.exchange_id, TaskKind.UNDELIVERED, now)


def ask_to_call(connection: Connection, clinic: Clinic, exchange_id: UUID, kind: TaskKind, now: datetime) -> None:
    """Put a call task in the clinical queue for an exchange that did not arrive or was not opened; once."""
    exchange = threads.exchange(connection, clinic.id, exchange_id)
    if exchange is None or tasks.open_tasks_of_exchange(connection, exchange_id, [kind]):
        return
    place = (exchange.record_id, exchange.thread_id, exchange_id)
    plain = Assessment(topics=(), priority=Priority.URGENT, queue=QueueName.CLINICAL, ruleset="none")
    tasks.add_task(connection, new_task(clinic, kind, plain, place, now))


def unanswered(connection: Connection, clinic: Clinic, row: DeliveryRow, *, again: datetime, now: datetime) -> None:
    """Mark the work when an automatic answer cannot leave within its minute, so that a person calls (ACK-16).

    Once: whoever has called and closed it is not asked again at every further try.
    """
    exchange = threads.exchange(connection, clinic.id, row.exchange_id)
    answers = exchange is not None and exchange.automatic and exchange.in_reply_to is not None
    late = again - row.created_at > ANSWERED_WITHIN
    if answers and late and not tasks.was_task_of_exchange(connection, row.exchange_id, TaskKind.UNDELIVERED):
        ask_to_call(connection, clinic, row.exchange_id, TaskKind.UNDELIVERED, now)


def left(connection: Connection, row: DeliveryRow, now: datetime) -> None:
    """Take the mark off again where the answer left after all and nobody has taken the call on (ACK-16)."""
    if row.automatic:
        tasks.cancel_unclaimed(connection, row.exchange_id, TaskKind.UNDELIVERED, now)


def stopped(connection: Connection, clinic: Clinic, row: DeliveryRow, *, code: str, now: datetime) -> None:
    """Note that a delivery was stopped: for want of consent (CON-26) or of an address, or because it came too late.

    A person calls instead; not where another way tells the patient of the same reply.
    """
    fact = Fact(
        kind=EntryKind.STOPPED, at=now, exchange=row.exchange_id, channel=row.channel,
        details={"delivery": str(row.id), "code": code},
    )  # fmt: skip
    ledger.append(connection, clinic.id, row.record_id, [fact], now)
    if not row.automatic and row.channel is not Channel.WEB and not _told_otherwise(connection, row):
        ask_to_call(connection, clinic, row.exchange_id, TaskKind.CALL, now)
    if code == STALE:
        unanswered(connection, clinic, row, again=now, now=now)


def _told_otherwise(connection: Connection, row: DeliveryRow) -> bool:
    told = {DeliveryState.QUEUED, DeliveryState.SENT}
    return any(one.id != row.id and one.state in told for one in outbox.deliveries_of(connection, [row.exchange_id]))
