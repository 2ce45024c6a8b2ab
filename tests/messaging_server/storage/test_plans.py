"""Nothing that a day does walks through a whole table: the cost of a page does not grow with what is stored."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, create_engine, event

from messaging_server.broker import worklist
from messaging_server.message import Attachment
from messaging_server.record.reading import open_blob, open_thread
from messaging_server.runners import checkpoints, escalation
from messaging_server.storage import statements
from messaging_server.storage.database import Connection as Open
from messaging_server.storage.queries import board, choices, entering, inbox, people, quality
from messaging_server.storage.queries.board import Wanted
from tests.clinic.answering import answer, waiting
from tests.clinic.outside import Outside
from tests.clinic.world import World
from triage.model import QueueName

GROWING = {
    "people", "person_words", "addresses", "accounts", "shared_keys", "grants", "wraps", "records", "threads",
    "exchanges", "blobs", "entries", "checkpoints", "tasks", "task_events", "deliveries", "consents", "seen", "audit",
    "screening_counts",
    "opened", "shown", "holder",  # what queries call some of these
}  # fmt: skip
LETTER = Attachment(filename="lettre.txt", media_type="text/plain", content=b"the letter itself")

Asked = dict[str, Any]


@contextmanager
def listening() -> Iterator[Asked]:
    """Every statement that is run while this is open, by Core or prepared, with one set of its values."""
    asked: Asked = {}
    lock = threading.Lock()

    def note(_c: object, _cursor: object, statement: str, parameters: Any, _context: object, many: bool) -> None:
        with lock:
            asked[statement] = parameters[0] if many else parameters

    prepared = statements.execute

    def run(connection: Connection, text: str, values: Sequence[Any] = ()) -> Any:
        with lock:
            asked[text] = tuple(values)
        return prepared(connection, text, values)

    event.listen(Engine, "before_cursor_execute", note)
    statements.execute = run
    try:
        yield asked
    finally:
        event.remove(Engine, "before_cursor_execute", note)
        statements.execute = prepared


def walks(url: str, asked: Asked) -> dict[str, list[str]]:
    """The statements that read a growing table from one end to the other, with the lines of their plans."""
    found: dict[str, list[str]] = {}
    engine = create_engine(url)
    with engine.connect() as connection:
        for statement, parameters in asked.items():
            explained = statement.split()[0] in {"SELECT", "UPDATE", "DELETE", "INSERT", "WITH"}
            if explained and (lines := _scans(connection, statement, parameters)):
                found[statement] = lines
    engine.dispose()
    return found


def _scans(connection: Connection, statement: str, parameters: Any) -> list[str]:
    plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
    lines = [str(row[3]) for row in plan]
    return [line for line in lines if line.startswith("SCAN") and line.split()[1] in GROWING]


def pages(connection: Open, world: World) -> None:
    """What the pages of a board, an inbox, a patient and the choices ask."""
    clinic, rose, now, queues = world.clinic.id, world.rose, world.now, tuple(QueueName)
    board.tallies(connection, clinic, queues, now)
    board.pinned(connection, clinic, queues, now, 20)
    found = board.rows(connection, clinic, Wanted(queues=queues, most=20), now)
    for row in found:
        place = board.Place(row.task.rank, row.task.due_at, row.task.id)
        board.rows(connection, clinic, Wanted(queues=queues, late=True, after=place, most=20), now)
        board.neighbours(connection, row.task, queues, now)
        board.one(connection, clinic, row.task.id)
        board.events(connection, row.task.id)
        board.of_record(connection, row.task.record_id, now, 20)
        board.files(connection, clinic, [row.task.exchange_id])
    board.news(connection, clinic, queues, now, now)
    board.answered(connection, clinic, now)
    board.overrides(connection, clinic, now)
    quality.counted(connection, clinic, "2026-01", "2026-12")
    quality.overrides(connection, clinic, now, now)
    quality.emergencies(connection, clinic, now, now)
    quality.events(connection, clinic, now, now)
    record = inbox.own_record(connection, clinic, rose.person)
    assert record is not None
    page = inbox.page_of_threads(connection, record, now, None, 20)
    last = page.threads[-1]
    inbox.page_of_threads(connection, record, now, inbox.Cursor(last.last_at, last.id), 20)
    inbox.own_thread(connection, clinic, rose.person, last.id)
    inbox.readings(connection, record, before=None, thread=None, most=20)
    choices.waiting(connection, rose.person, [])
    people.patient(connection, clinic, rose.person, now)
    people.find(connection, clinic, [b"x" * 16])
    entering.entrant(connection, clinic, rose.person)


async def a_day(world: World) -> None:
    """Messages in by every door, an answer, what leaves, what escalates, what is numbered, and every page."""
    await world.consent()
    asked = await world.write("Bonjour, une question.", attachments=(LETTER,))
    await world.write("Et encore une chose.", thread=asked.thread)
    await world.mail("Un courriel")
    await world.mail("De quelqu'un d'autre", sender="inconnue@exemple.test")
    await world.text("Un texto")
    task = await waiting(world, asked.thread)
    await worklist.claim(world.means, world.clinic, world.staff(), task.id, world.now)
    assert asked.thread is not None
    await open_thread(world.means.database, world.staff(), asked.thread, world.now)
    await open_blob(world.means.database, world.staff(), asked.exchange, 0, world.now)
    sent = await answer(world, asked.thread)
    world.now = sent.leaves_at
    await Outside(world).run()
    await open_thread(world.means.database, world.rose, asked.thread, world.now)
    world.later(days=3)
    clinics = {world.clinic.id: world.clinic}
    await escalation.run_once(escalation.Escalation(means=world.means, clinics=clinics, clock=world.clock))
    await checkpoints.run_once(checkpoints.Sequencer(means=world.means, clinics=clinics, clock=world.clock))
    await world.means.database.read(lambda c: pages(c, world))


async def test_nothing_that_a_day_does_walks_through_a_growing_table(world: World) -> None:
    """Every statement of messages, pages and runners stands on an index [DESIGN 7, REC-14]."""
    with listening() as asked:
        await a_day(world)
    assert len(asked) > 80
    assert walks(world.settings.database.get_secret_value(), asked) == {}


@pytest.mark.parametrize("statement", ["SELECT id FROM exchanges WHERE size > 5", "UPDATE tasks SET steps = 1"])
def test_a_statement_without_an_index_would_be_seen(migrated: Any, statement: str) -> None:
    """The check above can fail."""
    assert walks(f"sqlite:///{migrated}", {statement: ()}) != {}
