"""What the patient's pages ask, on both databases: the right rows, and no walk through a whole table."""

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import Connection, Engine, event

from consent.model import Channel
from messaging_server.record.reading import open_thread
from messaging_server.storage.accounts import AccountRole
from messaging_server.storage.queries import choices, inbox
from messaging_server.storage.threads import Role
from tests.clinic.answering import answer
from tests.clinic.world import World, open_world


@pytest.fixture
async def both(database_url: str, tmp_path: Path) -> AsyncIterator[World]:
    """An invented clinic on either database, whose patient has asked twice and was answered once."""
    async with open_world(database_url, tmp_path) as made:
        await made.consent()
        first = await made.write("Bonjour, une question.", subject="Première")
        made.later(minutes=1)
        await made.write("Bonjour, une autre question.", subject="Deuxième")
        await answer(made, first.thread)
        yield made


async def record_of(world: World) -> UUID:
    """The patient's record."""
    found = await world.means.database.read(lambda c: inbox.own_record(c, world.clinic.id, world.rose.person))
    assert found is not None
    return found


async def page(world: World, after: inbox.Cursor | None = None, most: int = 10) -> inbox.InboxPage:
    """A page of the patient's threads."""
    record = await record_of(world)
    return await world.means.database.read(lambda c: inbox.page_of_threads(c, record, world.now, after, most))


async def test_a_page_holds_the_newest_threads_with_their_last_visible_line(both: World) -> None:
    """The reply counts only once it can be seen; until then the acknowledgement is the last line [EOU-16, TRN-03]."""
    before = await page(both)
    both.later(minutes=2)
    after = await page(both)
    answered = after.threads[0].id

    assert len(before.threads) == len(after.threads) == 2
    assert (before.lines[answered].author_role, before.lines[answered].unread) == (Role.SYSTEM, 1)
    assert (after.lines[answered].author_role, after.lines[answered].unread) == (Role.STAFF, 2)
    assert after.tasks[answered].disposition == "answered"


async def test_pages_follow_each_other_without_gap_or_repetition(both: World) -> None:
    """Each thread is on one page, and the last page says that it is the last."""
    first = await page(both, most=1)
    row = first.threads[0]
    second = await page(both, inbox.Cursor(row.last_at, row.id), most=1)

    assert (first.more, second.more) == (True, False)
    assert {row.id, second.threads[0].id} == {one.id for one in (await page(both)).threads}


async def test_an_opening_speaks_of_what_the_patient_could_see(both: World) -> None:
    """While a reply is on its way, an opening by the team is one of the patient's own message [EOU-16, TRN-01]."""
    threads = (await page(both)).threads
    both.later(seconds=10)
    await open_thread(both.means.database, both.staff(AccountRole.NURSE), threads[0].id, both.now)
    both.later(minutes=2)
    await open_thread(both.means.database, both.staff(AccountRole.NURSE), threads[0].id, both.now)
    record = await record_of(both)
    rows = await both.means.database.read(
        lambda c: inbox.readings(c, record, before=None, thread=threads[0].id, most=10)
    )
    older = await both.means.database.read(
        lambda c: inbox.readings(c, record, before=rows[0].seq, thread=None, most=10)
    )

    assert [row.from_clinic for row in rows] == [True, False]
    assert [row.seq for row in older] == [rows[1].seq]


async def test_what_is_somebody_elses_is_not_there(both: World) -> None:
    """A thread, an exchange, an address or an account is found for its own clinic and person alone [REC-05]."""
    row, nobody = (await page(both)).threads[0], UUID(int=4)
    clinic, rose = both.clinic.id, both.rose

    def look(connection: Connection) -> tuple[object, ...]:
        own = choices.addresses(connection, rose.person)[0]
        return (
            inbox.own_thread(connection, clinic, rose.person, row.id),
            inbox.own_thread(connection, clinic, nobody, row.id),
            inbox.own_thread(connection, nobody, rose.person, row.id),
            choices.own_address(connection, clinic, rose.person, own.id),
            choices.own_address(connection, clinic, nobody, own.id),
            inbox.own_record(connection, nobody, rose.person),
            inbox.colleagues(connection, nobody, {rose.account}) or None,
        )

    found = await both.means.database.read(look)

    assert [one is not None for one in found] == [True, False, False, True, False, False, False]


async def test_what_waits_to_leave_is_counted_by_way(both: World) -> None:
    """The notices of the reply wait by mail and by text, one each [CON-13]."""
    rose = both.rose.person

    def count(connection: Connection) -> list[int]:
        ways = ([Channel.EMAIL], list(Channel), [Channel.WEB])
        return [choices.waiting(connection, rose, channels) for channels in ways]

    assert await both.means.database.read(count) == [1, 2, 0]


async def test_no_question_of_the_patients_pages_walks_through_a_table(world: World) -> None:
    """Each query takes an index: its cost follows the patient's record and not the clinic [DESIGN 7]."""
    await world.consent()
    receipt = await world.write("Bonjour, une question.")
    record, now = await record_of(world), world.now
    thread = receipt.thread or UUID(int=0)
    asked: list[tuple[str, object]] = []

    def note(_c: object, _cursor: object, statement: str, given: object, _x: object, _many: bool) -> None:
        asked.append((statement, given))

    def ask(connection: Connection) -> list[str]:
        engine: Engine = connection.engine
        event.listen(engine, "before_cursor_execute", note)
        try:
            inbox.page_of_threads(connection, record, now, inbox.Cursor(now, thread), 30)
            inbox.readings(connection, record, before=9, thread=thread, most=50)
            inbox.deliveries(connection, [receipt.exchange])
            inbox.own_thread(connection, world.clinic.id, world.rose.person, thread)
            inbox.colleagues(connection, world.clinic.id, [world.rose.account])
            choices.waiting(connection, world.rose.person, list(Channel))
        finally:
            event.remove(engine, "before_cursor_execute", note)
        plans = [
            connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", given).all()  # type: ignore[arg-type]
            for statement, given in list(asked)
        ]
        return [str(row[3]) for plan in plans for row in plan]

    plan = await world.means.database.read(ask)
    walks = [line.split()[1] for line in plan if line.startswith("SCAN")]

    assert any(line.startswith("SEARCH entries") for line in plan)
    # A constant, and the small result of a window, are no tables.
    assert [name for name in walks if name not in {"CONSTANT", "anon_1"} and not name.startswith("(")] == []
