"""What the report on the screening asks, on both databases."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

from messaging_server.storage import counts, tasks
from messaging_server.storage.counts import CountRow
from messaging_server.storage.database import Connection, Database
from messaging_server.storage.queries import quality
from messaging_server.storage.tasks import RANK, TaskEventRow, TaskKind, TaskRow, TaskStatus
from tests.clinic.rows import NOON, Place
from triage.model import Priority, QueueName

DAY = timedelta(days=1)


def task(place: Place, priority: Priority = Priority.STAT) -> TaskRow:
    """A task of noon."""
    return TaskRow(
        id=uuid4(), clinic_id=place.clinic, record_id=place.record, thread_id=place.thread, exchange_id=place.exchange,
        kind=TaskKind.ANSWER, queue=QueueName.CLINICAL, priority=priority, rank=RANK[priority],
        status=TaskStatus.REQUESTED, received_at=NOON, due_at=NOON, next_step_at=None,
    )  # fmt: skip


def happened(row: TaskRow, act: str, actor: UUID | None) -> TaskEventRow:
    """Something that happened to it."""
    return TaskEventRow(id=uuid4(), clinic_id=row.clinic_id, task_id=row.id, act=act, actor_id=actor, at=NOON)


async def test_only_emergencies_that_were_open_then_are_looked_at(database: Database, place: Place) -> None:
    """Closed before or come after is another report's; who acted is told as "a person" and no more [MET-04, MET-05]."""
    still, calm = task(place), task(place, Priority.ROUTINE)
    closed = replace(task(place), closed_at=NOON + DAY, status=TaskStatus.COMPLETED)

    def fill(connection: Connection) -> None:
        for row in (still, calm, closed):
            tasks.add_task(connection, row)
        for row, act, actor in ((still, "escalated", None), (still, "claim", uuid4()), (calm, "claim", uuid4())):
            tasks.add_event(connection, happened(row, act, actor))

    await database.write(fill)
    now = await database.read(lambda c: quality.emergencies(c, place.clinic, NOON, NOON + DAY))
    later = await database.read(lambda c: quality.emergencies(c, place.clinic, NOON + 2 * DAY, NOON + 3 * DAY))
    before = await database.read(lambda c: quality.emergencies(c, place.clinic, NOON - DAY, NOON))
    events = await database.read(lambda c: quality.events(c, place.clinic, NOON, NOON + DAY))

    assert {one.task for one in now} == {still.id, closed.id}
    assert {one.task for one in later} == {still.id}
    assert before == ()
    assert {(one.act, one.by_person) for one in events} == {("escalated", False), ("claim", True)}
    assert await database.read(lambda c: quality.emergencies(c, uuid4(), NOON, NOON + DAY)) == ()


async def test_the_counts_of_a_time_are_those_of_its_months_and_its_clinic(database: Database, place: Place) -> None:
    """From the first to the last month, over the turn of a year [MET-04, REC-05]."""
    months = ("2026-09", "2026-10", "2026-12", "2027-01")
    rows = [
        CountRow(
            id=uuid4(), clinic_id=place.clinic, month=month, cell_fp=b"one", sealed_cell=month.encode(), total=1
        )
        for month in months
    ]  # fmt: skip
    await database.write(lambda c: counts.add(c, rows))
    found = await database.read(lambda c: quality.counted(c, place.clinic, "2026-10", "2026-12"))

    assert {row.month for row in found} == {"2026-10", "2026-12"}
    assert await database.read(lambda c: quality.counted(c, uuid4(), "2026-10", "2026-12")) == ()
    assert await database.read(lambda c: quality.overrides(c, place.clinic, NOON, NOON + DAY)) == 0
