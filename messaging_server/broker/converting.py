"""Turning a message into a call or a visit: the patient is told, the record says so, the item waits for it (TRI-11)."""

from datetime import datetime
from uuid import UUID

from messaging_server.broker import lateness, worklist
from messaging_server.broker.clinic import Clinic, Means
from messaging_server.broker.notices import Conversion, Notice
from messaging_server.errors import NotFoundError
from messaging_server.record.reading import Reader
from messaging_server.storage import tasks
from messaging_server.storage.tasks import TaskKind, TaskRow, TaskStatus


async def convert(
    means: Means, clinic: Clinic, who: Reader, task_id: UUID, to: Conversion, version: int, now: datetime
) -> None:
    """Make an item one to call about, in its taker's hands, and tell the patient in the same write.

    Raises ConflictError when it changed since its author saw it, or is another's.
    """
    task = await means.database.read(lambda c: tasks.task(c, clinic.id, task_id))
    if task is None or who.is_patient:
        raise NotFoundError(str(task_id))
    told = await lateness.telling(means, clinic, task, Notice.CONVERTED, now, conversion=to)

    def decide(found: TaskRow) -> dict[str, object]:
        worklist.refuse_others(found, who)
        return {
            "kind": TaskKind.CALL, "owner_id": who.account, "claimed_at": found.claimed_at or now,
            "status": TaskStatus.IN_PROGRESS, "acknowledged_at": found.acknowledged_at or now,
        }  # fmt: skip

    act = f"convert_{to}"
    await worklist.change(means, clinic, who, task_id, act, now, decide, version=version, note=told)
    means.wake("outbox")
