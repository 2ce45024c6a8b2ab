"""One write: everything that a decision brings about, in one transaction, or nothing of it (REC-02)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from keys.envelope import HolderKey, Wrap
from messaging_server.errors import MessagingError
from messaging_server.record import ledger
from messaging_server.record.entry import EntryKind, Fact
from messaging_server.storage import counts, keyring, outbox, people, tasks, threads
from messaging_server.storage.database import Connection


class MovedError(MessagingError):
    """What the decision stood on changed before the write: decide again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskChange:
    """A change of a task that is still at `version`."""

    task: UUID
    version: int
    values: dict[str, object]
    event: tasks.TaskEventRow
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Filing:
    """Rows and ledger facts that stand or fall together."""

    clinic: UUID
    record: UUID
    now: datetime
    sealed_to: tuple[HolderKey, ...] = ()
    wraps: tuple[Wrap, ...] = ()
    new_thread: threads.ThreadRow | None = None
    touch: tuple[UUID, threads.Role, bool] | None = None
    """(thread, who wrote last, whether the patient has something new)."""
    marks: UUID | None = None
    """The thread that is private from now on (SEN-09)."""
    exchanges: tuple[threads.ExchangeRow, ...] = ()
    blobs: tuple[threads.BlobRow, ...] = ()
    deliveries: tuple[outbox.DeliveryRow, ...] = ()
    new_task: tasks.TaskRow | None = None
    task_changes: tuple[TaskChange, ...] = ()
    addresses: tuple[people.AddressRow, ...] = ()
    facts: tuple[Fact, ...] = ()
    counted: tuple[counts.CountRow, ...] = ()
    """What this adds to the month's numbers (MET-04)."""
    remembered: tuple[bytes, UUID] | None = field(default=None, repr=False)
    """(fingerprint, exchange) by which a second coming of the message is known."""


def write(connection: Connection, filing: Filing) -> None:
    """Write it all. Raises MovedError when a key was rotated or a task changed meanwhile."""
    if filing.sealed_to and not keyring.unchanged(connection, filing.sealed_to):
        raise MovedError("a key was rotated")
    if filing.new_thread:
        threads.add_thread(connection, filing.new_thread)
    for exchange in filing.exchanges:
        own = [blob for blob in filing.blobs if blob.exchange_id == exchange.id]
        threads.add_exchange(connection, exchange, own)
    keyring.add_wraps(connection, filing.clinic, filing.wraps)
    if filing.touch:
        thread, by, unread = filing.touch
        threads.touch_thread(connection, thread, at=filing.now, by=by, unread=unread)
    if filing.marks:
        threads.mark_private(connection, filing.marks)
    _write_tasks(connection, filing)
    for address in filing.addresses:
        people.add_address(connection, address)
    outbox.add_deliveries(connection, filing.deliveries)
    ledger.append(connection, filing.clinic, filing.record, filing.facts, filing.now)
    counts.add(connection, filing.counted)
    if filing.remembered:
        fingerprint, exchange_id = filing.remembered
        threads.remember(connection, filing.clinic, fingerprint, exchange_id, filing.now)


def _write_tasks(connection: Connection, filing: Filing) -> None:
    if filing.new_task:
        tasks.add_task(connection, filing.new_task)
    for change in filing.task_changes:
        if not tasks.change(connection, change.task, change.version, **change.values):
            raise MovedError("a task changed")
        tasks.add_event(connection, change.event)


def delivery_facts(rows: Sequence[outbox.DeliveryRow], commitments: Sequence[bytes]) -> tuple[Fact, ...]:
    """The ledger's word for queued deliveries: each is an outbound exchange of its own (REC-01)."""
    return tuple(
        Fact(
            kind=EntryKind.DELIVERY, at=row.created_at, exchange=row.exchange_id, channel=row.channel,
            ciphertext=row.content.digest, commitment=commitment, details={"delivery": str(row.id)},
        )
        for row, commitment in zip(rows, commitments, strict=True)
    )  # fmt: skip
