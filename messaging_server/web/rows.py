"""A row of the board, the same shape wherever something waits."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import Final
from uuid import UUID

from messaging_server.broker.directory import open_name, open_profile
from messaging_server.broker.worklist import may_work
from messaging_server.storage.queries.board import TaskKind, TaskRow, Waiting
from messaging_server.web import names
from messaging_server.web.views.board import Flag, NextStep, Row
from messaging_server.web.views.patient import Author
from messaging_server.web.visit import Visit
from triage.model import Priority, QueueName

ADULT: Final = 18
STEPS: Final[Mapping[TaskKind, NextStep]] = MappingProxyType({
    TaskKind.ANSWER: NextStep.ANSWER,
    TaskKind.HELD: NextStep.IDENTIFY,
    TaskKind.FAILED: NextStep.READ_ORIGINAL,
    TaskKind.UNDELIVERED: NextStep.CALL,
    TaskKind.UNREAD: NextStep.CALL,
    TaskKind.CALL: NextStep.CALL,
})
_KIND_FLAGS: Final[Mapping[TaskKind, Flag]] = MappingProxyType({
    TaskKind.FAILED: Flag.UNREADABLE,
    TaskKind.UNDELIVERED: Flag.UNDELIVERED,
    TaskKind.UNREAD: Flag.UNREAD,
    TaskKind.CALL: Flag.CALL,
})


def queues_of(here: Visit) -> tuple[QueueName, ...]:
    """The queues that the visitor's role may work in, in the order of the board (TRI-05, TRI-10)."""
    return tuple(q for q in QueueName if q in here.clinic.policy.queues and may_work(here.clinic, here.who.role, q))


async def rows_of(here: Visit, found: Iterable[Waiting]) -> tuple[Row, ...]:
    """Rows with the names of those who have them."""
    waiting = tuple(found)
    owners = await names.people_behind(here, [one.task.owner_id for one in waiting])
    return tuple(row(here, one, owners) for one in waiting)


def row(here: Visit, found: Waiting, owners: Mapping[UUID, Author], *, subject: str = "") -> Row:
    """One row; without a subject unless the item was opened, which is written down."""
    task = found.task
    owner = owners.get(task.owner_id) if task.owner_id else None
    is_open = task.closed_at is None
    return Row(
        task=task.id, version=task.version, priority=task.priority, queue=task.queue, subject=subject,
        patient=open_name(here.means.keys, found.person).full if found.person else None,
        waiting=max(here.now - task.received_at, timedelta(0)),
        since=here.clinic.local(task.received_at), due=here.clinic.local(task.due_at),
        left=task.due_at - here.now if is_open else None,
        owner=names.in_words(owner) or None, mine=task.owner_id == here.who.account,
        flags=flags(here, found), next_step=_step(here, found), acknowledged=acknowledged(task),
        opens=_opens(here, found),
    )  # fmt: skip


def _opens(here: Visit, found: Waiting) -> bool:
    """Whether the reader's team has a key: it holds records, or was given a way (TRI-10, SEN-08, DESIGN section 5).

    What is held, what a patient marked, and unopened mail of a patient with own words is with those who hold records.
    """
    return found.wrapped or any(map(here.clinic.reads_records, here.clinic.teams_of(here.who.role)))


def _step(here: Visit, found: Waiting) -> NextStep:
    task = found.task
    if _opens(here, found):
        return STEPS[task.kind]
    if task.kind is TaskKind.HELD:
        return NextStep.TEAM_IDENTIFIES
    return NextStep.TEAM_OPENS if task.kind is TaskKind.ANSWER else STEPS[task.kind]


def acknowledged(task: TaskRow) -> bool:
    """False for an open emergency that nobody has taken note of (TRI-09)."""
    waits = task.closed_at is None and task.priority is Priority.STAT
    return not waits or task.acknowledged_at is not None


def flags(here: Visit, found: Waiting) -> tuple[Flag, ...]:
    """What a row says in words, from what stands in clear: never what a message is about."""
    task, person = found.task, found.person
    told = [_KIND_FLAGS.get(task.kind)]
    if task.kind is TaskKind.HELD:
        told.append(Flag.UNKNOWN_SENDER if found.author == "unknown" else Flag.NO_CONSENT)
    told += [Flag.PRIVATE if found.private else None, Flag.ATTACHMENT if found.files else None]
    told.append(Flag.ESCALATED if task.steps else None)
    if person is not None:
        told.append(Flag.OTHER_LANGUAGE if person.language != here.language else None)
        born = birth_date(open_profile(here.means.keys, person).birth_date)
        told.append(Flag.MINOR if born and age(born, today(here)) < ADULT else None)
    return tuple(flag for flag in told if flag is not None)


def birth_date(text: str) -> date | None:
    """A birth date as it is kept, or None where there is none."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def age(born: date, on: date) -> int:
    """Completed years."""
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))


def today(here: Visit) -> date:
    """The clinic's day."""
    return here.clinic.local(here.now).date()


def local(here: Visit, at: datetime | None) -> datetime | None:
    """An instant in clinic time, where there is one."""
    return here.clinic.local(at) if at else None
