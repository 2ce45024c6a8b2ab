"""Routing an item to another queue: the task moves, and with it the way to the words (DESIGN section 5, TRI-14).

A team without record keys, as the reception, gets a wrap of what is routed to it and loses it when it is routed away.
"""

from datetime import datetime
from uuid import UUID

from keys.envelope import HolderKey
from messaging_server.broker.clinic import Clinic, Means
from messaging_server.broker.rewrapping import wraps_for
from messaging_server.broker.worklist import event, workable
from messaging_server.errors import ConflictError
from messaging_server.record.reading import Reader
from messaging_server.storage import keyring, tasks, threads
from messaging_server.storage.database import Connection
from messaging_server.storage.keyring import KeyKind
from messaging_server.storage.tasks import TaskKind, TaskRow, TaskStatus
from triage.model import QueueName


async def assign(
    means: Means, clinic: Clinic, who: Reader, task_id: UUID, queue: QueueName, now: datetime, *,
    version: int | None = None,
) -> None:  # fmt: skip
    """Route an item to another queue. Raises ConflictError when somebody was faster, NotAllowedError without keys."""
    task, content, desk = await means.database.read(lambda c: _ground(c, clinic, who, task_id, queue))
    if version not in {None, task.version}:
        raise ConflictError("changed")
    wraps = await wraps_for(means, who, content, [desk]) if desk else ()

    def unit(connection: Connection) -> None:
        again = workable(connection, clinic, who, task_id)
        due = min(again.due_at, clinic.calendar.due(again.received_at, clinic.policy.queues[queue]))
        values: dict[str, object] = {"queue": queue, "owner_id": None, "status": TaskStatus.RECEIVED, "due_at": due}
        if again.version != task.version or not tasks.change(connection, task_id, task.version, **values):
            raise ConflictError("assign")
        line = event(clinic.id, task_id, "assign", who.account, now, before=task.queue, after=queue)
        tasks.add_event(connection, line)
        _take_wraps_back(connection, clinic, task, queue)
        keyring.add_missing_wraps(connection, clinic.id, wraps)

    await means.database.write(unit)
    means.wake("board")


def _ground(
    connection: Connection, clinic: Clinic, who: Reader, task_id: UUID, queue: QueueName
) -> tuple[TaskRow, set[UUID], HolderKey | None]:
    """The task, the content keys of its thread, and the desk team that must be given them, if it is one."""
    task = workable(connection, clinic, who, task_id)
    team = clinic.team_of(queue)
    teams = keyring.keys_of_clinic(connection, clinic.id, KeyKind.TEAM)
    needs = not clinic.reads_records(team) and team != clinic.team_of(task.queue) and task.kind is TaskKind.ANSWER
    said = threads.exchanges_of_thread(connection, task.thread_id)
    # Notes are for those who hold the record; so is a message in which the patient's own words are not looked for yet,
    # with the acknowledgement that shares its key.
    shut = {row.content_key_id for row in said if row.direction == threads.Way.NOTE or row.unmatched}
    content = {row.content_key_id for row in said} - shut
    return task, content, teams.get(team) if needs else None


def _take_wraps_back(connection: Connection, clinic: Clinic, task: TaskRow, queue: QueueName) -> None:
    """A team without record keys loses its way to a message that is routed away from it."""
    team = clinic.team_of(task.queue)
    if clinic.reads_records(team) or clinic.team_of(queue) == team:
        return
    holder = keyring.keys_of_clinic(connection, clinic.id, keyring.KeyKind.TEAM).get(team)
    if holder is not None:
        content = {row.content_key_id for row in threads.exchanges_of_thread(connection, task.thread_id)}
        keyring.drop_wraps(connection, content, holder.id)
