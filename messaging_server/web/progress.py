"""Where a request stands, in the patient's words, from the task that the clinic works on (TRN-03)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

from messaging_server.broker.clinic import Clinic
from messaging_server.storage.queries import inbox as queries
from messaging_server.web.views.patient import RequestState
from triage.model import Priority, QueueName

_CLOSED: Final[Mapping[str, RequestState]] = MappingProxyType({
    "answered": RequestState.ANSWERED,
    "phoned": RequestState.CONVERTED,
    "seen": RequestState.CONVERTED,
    "booked": RequestState.CONVERTED,
    "referred": RequestState.CONVERTED,
})


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """A request's state and, while something is waited for, the promised moment in clinic time."""

    state: RequestState
    due: datetime | None = None


def progress(clinic: Clinic, task: queries.TaskRow | None, now: datetime) -> Progress:
    """Where the request behind a task stands; a reply that can still be taken back is not an answer yet (EOU-16)."""
    if task is None:
        return Progress(state=RequestState.NONE)
    if task.closed_at is not None and not _may_come_back(clinic, task, now):
        return Progress(state=_CLOSED.get(task.disposition or "", RequestState.CLOSED))
    due = promised(clinic, task)
    if due <= now:
        return Progress(state=RequestState.LATE, due=clinic.local(due))
    state = RequestState.WITH if task.owner_id else RequestState.RECEIVED
    return Progress(state=state, due=clinic.local(due))


def _may_come_back(clinic: Clinic, task: queries.TaskRow, now: datetime) -> bool:
    delay = timedelta(seconds=clinic.policy.send_delay_seconds)
    return task.disposition == "answered" and task.closed_at is not None and now < task.closed_at + delay


def promised(clinic: Clinic, task: queries.TaskRow) -> datetime:
    """By when the patient was told to expect an answer: for an emergency the queue's own time, not "at once"."""
    if task.priority is Priority.STAT:
        return clinic.calendar.due(task.received_at, clinic.policy.queues[task.queue])
    return task.due_at


def promised_to(clinic: Clinic, task: queries.TaskRow | None, received: datetime) -> datetime:
    """What the acknowledgement of one message says: the task's due time, or the queue's when that has passed."""
    queue = task.queue if task else QueueName.CLINICAL
    fixed = clinic.calendar.due(received, clinic.policy.queues[queue])
    if task is None or task.closed_at is not None or task.due_at <= received:
        return fixed
    return min(task.due_at, fixed)
