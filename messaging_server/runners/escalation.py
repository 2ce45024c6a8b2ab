"""Escalation: nothing becomes overdue unseen, and an emergency is repeated until a person acknowledges it.

Source: TRI-04, TRI-09, TRI-19, promise 6 (one automatic text per event: received, converted, deadline missed).
"""

from dataclasses import dataclass
from datetime import datetime

from messaging_server.broker.clinic import Clinic, Clinics, Means
from messaging_server.broker.lateness import tell_patient
from messaging_server.broker.summoning import summon
from messaging_server.broker.worklist import STAT_STEP, event, next_step
from messaging_server.clock import Clock
from messaging_server.message import ClinicId
from messaging_server.storage import tasks
from messaging_server.storage.database import Connection
from messaging_server.storage.tasks import TaskKind, TaskRow
from triage.model import Priority


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalation:
    """What the runner works with."""

    means: Means
    clinics: Clinics
    clock: Clock


async def run_once(work: Escalation) -> int:
    """Take every task whose next point has come one step up; gives how many."""
    now = work.clock()
    rows = await work.means.database.read(lambda c: tasks.due_for_step(c, now))
    for row in rows:
        await _step(work, work.clinics[ClinicId(row.clinic_id)], row, now)
    if rows:
        work.means.wake("board")
    return len(rows)


async def _step(work: Escalation, clinic: Clinic, row: TaskRow, now: datetime) -> None:
    late = row.priority is not Priority.STAT and row.due_at <= now
    following = _following(clinic, row, now)
    after = "late" if late else "soon_due" if row.priority is not Priority.STAT else "alerted"

    def unit(connection: Connection) -> bool:
        changed = tasks.change(connection, row.id, row.version, steps=row.steps + 1, next_step_at=following)
        if changed:
            tasks.add_event(connection, event(clinic.id, row.id, "escalated", None, now, after=after))
        return changed

    changed = await work.means.database.write(unit)
    if changed and row.priority is Priority.STAT:
        await summon(work.means, clinic, row, now)
    if changed and late and row.kind is TaskKind.ANSWER and not await already_late(work, row):
        await tell_patient(work.means, clinic, row, now)


def _following(clinic: Clinic, row: TaskRow, now: datetime) -> datetime | None:
    """When the task is raised again; an emergency counts from this alert on, not from when it came.

    Else hours of standstill, or an old question that turns grave, would send all the alerts that were missed at once.
    """
    if row.priority is Priority.STAT:
        return now + STAT_STEP
    return next_step(clinic, row.received_at, row.due_at, row.steps + 1, row.priority)


async def already_late(work: Escalation, row: TaskRow) -> bool:
    """Whether the patient was told before that the deadline passed: once is enough."""
    history = await work.means.database.read(lambda c: tasks.events_of(c, row.id))
    return sum(1 for line in history if line.act == "escalated" and line.after == "late") > 1
