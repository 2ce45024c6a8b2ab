"""The staff's queries walk no whole table: their cost does not grow with what the clinic has stored."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Connection, event

from messaging_server.storage.queries import board, people
from messaging_server.storage.tasks import TaskKind
from tests.clinic.answering import answer, waiting
from tests.clinic.world import World
from triage.model import QueueName

GROWING = ("tasks", "exchanges", "threads", "entries", "records", "people", "blobs", "deliveries", "consents",
           "activations", "accounts", "task_events", "person_words", "addresses")  # fmt: skip
QUEUES = tuple(QueueName)
Query = Callable[[Connection, World, UUID], object]
QUERIES: dict[str, Query] = {
    "tallies": lambda c, w, _: board.tallies(c, w.clinic.id, QUEUES, w.now),
    "pinned": lambda c, w, _: board.pinned(c, w.clinic.id, QUEUES, w.now, 10),
    "rows": lambda c, w, _: board.rows(c, w.clinic.id, board.Wanted(queues=QUEUES, most=10), w.now),
    "held": lambda c, w, _: board.rows(
        c, w.clinic.id, board.Wanted(queues=QUEUES, kinds=(TaskKind.HELD,), most=10), w.now
    ),
    "news": lambda c, w, _: board.news(c, w.clinic.id, QUEUES, w.now - timedelta(hours=1), w.now),
    "answered": lambda c, w, _: board.answered(c, w.clinic.id, w.now - timedelta(days=1)),
    "overrides": lambda c, w, _: board.overrides(c, w.clinic.id, w.now - timedelta(days=1)),
    "one": lambda c, w, task: board.one(c, w.clinic.id, task),
    "events": lambda c, _, task: board.events(c, task),
    "patient": lambda c, w, _: people.patient(c, w.clinic.id, w.rose.person, w.now),
    "find": lambda c, w, _: people.find(c, w.clinic.id, [b"one", b"two"]),
    "team": lambda c, w, _: people.team(c, w.clinic.id),
}  # fmt: skip


def plans(connection: Connection, run: Callable[[], object]) -> list[str]:
    """How SQLite goes about every statement of a query."""
    said: list[tuple[str, Any]] = []

    def note(_c: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        said.append((statement, parameters))

    event.listen(connection, "before_cursor_execute", note)
    run()
    event.remove(connection, "before_cursor_execute", note)
    return [
        str(row[3])
        for statement, parameters in said
        for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
    ]


@pytest.mark.parametrize("name", sorted(QUERIES))
async def test_no_query_walks_a_whole_table(world: World, name: str) -> None:
    """Every step searches by an index, never scans a table that grows with the clinic [PERFORMANCE]."""
    await world.consent()
    first = await world.write("Bonjour, une question.")
    task = await waiting(world, first.thread)
    await answer(world, first.thread)
    found = await world.means.database.read(lambda c: plans(c, lambda: QUERIES[name](c, world, task.id)))

    assert found
    assert [step for step in found if walks(step)] == []


def walks(step: str) -> bool:
    """A scan, or a search by nothing but the clinic, which is the whole table of a clinic's own server."""
    scanned = any(step.partition(" USING")[0] == f"SCAN {table}" for table in GROWING)
    return scanned or step.endswith("(clinic_id=?)")


@pytest.mark.parametrize("step", ["SCAN tasks", "SCAN tasks USING INDEX x", "SEARCH tasks USING INDEX x (clinic_id=?)"])
def test_a_walk_is_known_when_it_is_seen(step: str) -> None:
    """The measure of the test above can fail [PERFORMANCE]."""
    assert walks(step)
