"""The triage queues: what waits, whose it is, by when, and every change of it with its history.

Two people never both take an item (TRI-08): each change names the version that its author saw.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from consent.model import Category
from messaging_server.broker.clinic import Clinic, Means
from messaging_server.broker.filing import Filing, MovedError, TaskChange, write
from messaging_server.errors import ConflictError, InvalidError, NotAllowedError, NotFoundError
from messaging_server.message import new_id
from messaging_server.record import ledger
from messaging_server.record.entry import EntryKind, Fact
from messaging_server.record.reading import Reader
from messaging_server.storage import tasks
from messaging_server.storage.accounts import STAFF, AccountRole
from messaging_server.storage.database import Connection
from messaging_server.storage.tasks import RANK, TaskEventRow, TaskKind, TaskRow, TaskStatus
from triage.model import Assessment, Priority, QueueName

STAT_STEP = timedelta(minutes=10)
"""How often the alert of an emergency is repeated until a person acknowledges it (TRI-09)."""
DISPOSITIONS = frozenset(
    {"answered", "phoned", "seen", "booked", "referred", "policy_reminder", "no_reply_needed", "filed", "refused"}
)
CLINICAL = frozenset({AccountRole.PHYSICIAN, AccountRole.NURSE, AccountRole.OTHER_PROFESSIONAL})


def new_task(
    clinic: Clinic, kind: TaskKind, assessment: Assessment, place: tuple[UUID, UUID, UUID], now: datetime
) -> TaskRow:
    """A task for an exchange at `place` = (record, thread, exchange), with its due time and first escalation point."""
    record, thread, exchange = place
    due = due_time(clinic, kind, assessment, now)
    return TaskRow(
        id=new_id(now), clinic_id=clinic.id, record_id=record, thread_id=thread, exchange_id=exchange, kind=kind,
        queue=assessment.queue, priority=assessment.priority, rank=RANK[assessment.priority],
        status=TaskStatus.REQUESTED, received_at=now, due_at=due,
        next_step_at=next_step(clinic, now, due, 0, assessment.priority),
    )  # fmt: skip


def due_time(clinic: Clinic, kind: TaskKind, assessment: Assessment, received: datetime) -> datetime:
    """The latest time for a person's answer: at once for an emergency, the queue's fixed delay else (TRI-03)."""
    if assessment.priority is Priority.STAT:
        return received
    if kind in {TaskKind.HELD, TaskKind.FAILED, TaskKind.CALL, TaskKind.UNDELIVERED, TaskKind.UNREAD}:
        return clinic.calendar.end_of_business_day(received)
    if assessment.priority is Priority.URGENT:
        return clinic.calendar.end_of_business_day(received)
    return clinic.calendar.due(received, clinic.policy.queues[assessment.queue])


def next_step(clinic: Clinic, received: datetime, due: datetime, steps: int, priority: Priority) -> datetime | None:
    """When the next escalation point comes (TRI-04).

    An emergency's first is at once, and it is repeated until somebody acknowledges it (TRI-09).
    """
    if priority is Priority.STAT:
        return received + STAT_STEP * steps
    return clinic.calendar.escalation_point(received, due, clinic.policy.escalation, steps)


def raised(
    clinic: Clinic, waiting: TaskRow, found: Assessment, now: datetime, *, few: bool = False
) -> TaskChange:
    """The open task of a thread, after one more message: never later, never less urgent, back in view.

    A message for `few` takes it to the clinical queue: a desk that opens the thread would not see that more was said.
    """
    graver = min((waiting.priority, found.priority), key=RANK.__getitem__)
    due = min(waiting.due_at, due_time(clinic, waiting.kind, found, now))
    queue = found.queue if RANK[found.priority] < RANK[waiting.priority] else waiting.queue
    if few and not clinic.reads_records(clinic.team_of(queue)):
        queue = QueueName.CLINICAL
    values: dict[str, object] = {"priority": graver, "rank": RANK[graver], "due_at": due, "queue": queue}
    if graver is Priority.STAT and waiting.priority is not Priority.STAT:
        values |= {"acknowledged_at": None, "next_step_at": now, "steps": 0}
    line = event(clinic.id, waiting.id, "new_message", None, now, before=waiting.priority, after=graver)
    return TaskChange(task=waiting.id, version=waiting.version, values=values, event=line, due_at=due)


def event(
    clinic: UUID, task: UUID, act: str, actor: UUID | None, now: datetime, *, before: str | None = None,
    after: str | None = None,
) -> TaskEventRow:  # fmt: skip
    """One line of a task's history."""
    return TaskEventRow(
        id=new_id(now), clinic_id=clinic, task_id=task, act=act, actor_id=actor, before=before, after=after, at=now
    )


def unread_task(clinic: Clinic, answered: TaskRow, exchange: UUID, category: Category, leaves: datetime) -> TaskRow:
    """The call task that comes up when a clinical reply stays unopened past its kind's limit (DESIGN section 4).

    It waits unseen until then, and is cancelled when the patient opens the thread.
    """
    days = clinic.policy.unread_days(category)
    shown = clinic.calendar.add_business_days(leaves, days)
    due = clinic.calendar.end_of_business_day(shown)
    return TaskRow(
        id=new_id(leaves), clinic_id=clinic.id, record_id=answered.record_id, thread_id=answered.thread_id,
        exchange_id=exchange, kind=TaskKind.UNREAD, queue=QueueName.CLINICAL, priority=Priority.ROUTINE,
        rank=RANK[Priority.ROUTINE], status=TaskStatus.REQUESTED, received_at=shown, due_at=due,
        next_step_at=clinic.calendar.escalation_point(shown, due, clinic.policy.escalation, 0),
    )  # fmt: skip


def may_work(clinic: Clinic, role: AccountRole, queue: QueueName) -> bool:
    """Whether a role serves a queue: clinical roles all of them, others those of their own team (TRI-05, TRI-10)."""
    return role in CLINICAL or role in clinic.roles_of(clinic.team_of(queue))


async def change(
    means: Means, clinic: Clinic, who: Reader, task_id: UUID, act: str, now: datetime,
    decide: Callable[[TaskRow], dict[str, object]], *, version: int | None = None, note: Filing | None = None,
) -> None:  # fmt: skip
    """Change an open task with its history. Raises ConflictError when somebody was faster, NotAllowedError else.

    `version` is the one that its author saw: anything newer means that something came since (T-38). `note` is filed
    in the same write.
    """

    def unit(connection: Connection) -> None:
        task = workable(connection, clinic, who, task_id)
        if version not in {None, task.version}:
            raise ConflictError("changed")
        values = decide(task)
        if note is not None:
            write(connection, note)
        if not tasks.change(connection, task_id, task.version, **values):
            raise ConflictError(act)
        after = next((str(value) for value in values.values() if value is not None), None)
        tasks.add_event(connection, event(clinic.id, task_id, act, who.account, now, after=after))
        if act == "close":
            fact = Fact(
                kind=EntryKind.CLOSED, at=now, exchange=task.exchange_id, parties={"account": who.account},
                details={"disposition": str(values["disposition"])},
            )  # fmt: skip
            ledger.append(connection, clinic.id, task.record_id, [fact], now)

    try:
        await means.database.write(unit)
    except MovedError as error:
        raise ConflictError(act) from error
    means.wake("board")


def workable(connection: Connection, clinic: Clinic, who: Reader, task_id: UUID) -> TaskRow:
    """An open task that this colleague may work on. Raises NotFoundError, NotAllowedError or ConflictError."""
    task = tasks.task(connection, clinic.id, task_id)
    if task is None or who.role not in STAFF:
        raise NotFoundError(str(task_id))
    if not may_work(clinic, who.role, task.queue):
        raise NotAllowedError("not_your_queue")
    if task.status.value not in tasks.OPEN:
        raise ConflictError("closed")
    return task


def refuse_others(task: TaskRow, who: Reader) -> None:
    """Raise ConflictError when a colleague has the item (TRI-08)."""
    if task.owner_id not in {None, who.account}:
        raise ConflictError("taken")


async def claim(means: Means, clinic: Clinic, who: Reader, task_id: UUID, now: datetime) -> None:
    """Take an item that nobody has; a second taker gets ConflictError."""

    def take(task: TaskRow) -> dict[str, object]:
        refuse_others(task, who)
        return {
            "owner_id": who.account, "claimed_at": now, "status": TaskStatus.IN_PROGRESS,
            "acknowledged_at": task.acknowledged_at or now,
        }  # fmt: skip

    await change(means, clinic, who, task_id, "claim", now, take)


async def release(means: Means, clinic: Clinic, who: Reader, task_id: UUID, now: datetime) -> None:
    """Give an item back to its queue."""

    def give_back(task: TaskRow) -> dict[str, object]:
        if task.owner_id != who.account:
            raise ConflictError("not_yours")
        return {"owner_id": None, "claimed_at": None, "status": TaskStatus.RECEIVED}

    await change(means, clinic, who, task_id, "release", now, give_back)


async def acknowledge(means: Means, clinic: Clinic, who: Reader, task_id: UUID, now: datetime) -> None:
    """Say that a person has seen an emergency: the repeated alert stops, the task stays (TRI-09)."""
    await change(
        means, clinic, who, task_id, "acknowledge", now,
        lambda _task: {"acknowledged_at": now, "next_step_at": None},
    )  # fmt: skip


async def close(
    means: Means, clinic: Clinic, who: Reader, task_id: UUID, disposition: str, now: datetime, *,
    version: int | None = None, note: Filing | None = None,
) -> None:  # fmt: skip
    """Close an item with a disposition, attested in the record, and with a note where one is given (TRI-13)."""
    if disposition not in DISPOSITIONS:
        raise InvalidError("disposition", "unknown")

    def finish(task: TaskRow) -> dict[str, object]:
        refuse_others(task, who)
        return {
            "status": TaskStatus.COMPLETED, "closed_at": now, "disposition": disposition, "next_step_at": None,
        }  # fmt: skip

    await change(means, clinic, who, task_id, "close", now, finish, version=version, note=note)
