"""What both databases promise: the same tests run on SQLite and on PostgreSQL."""

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Connection, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from messaging_server.errors import UnavailableError
from messaging_server.storage import clinics, tables
from messaging_server.storage.database import Database
from messaging_server.storage.opening import open_database
from tests.clinic.rows import NOON


def adding(clinic: UUID) -> Callable[[Connection], UUID]:
    """A unit that adds a clinic and gives its id."""

    def unit(connection: Connection) -> UUID:
        clinics.add_clinic(connection, clinic, f"{clinic}.test", NOON)
        return clinic

    return unit


def adding_then_failing(clinic: UUID) -> Callable[[Connection], UUID]:
    """A unit that adds a clinic and then thinks better of it."""

    def unit(connection: Connection) -> UUID:
        adding(clinic)(connection)
        raise LookupError("no")

    return unit


@asynccontextmanager
async def reopened(url: str) -> AsyncIterator[Database]:
    """The same database as another process would open it."""
    opened = await open_database(url)
    try:
        yield opened
    finally:
        await opened.close()


async def stored(database: Database) -> set[UUID]:
    """The clinics that are there."""
    return {clinic for clinic, _ in await database.read(clinics.clinics)}


async def test_a_closed_database_is_asked_nothing_more(database: Database) -> None:
    """A reader opened after the end would be closed by nobody, and the process would never stop."""
    early = asyncio.ensure_future(database.read(lambda c: c.execute(text("SELECT 1")).scalar()))
    await database.close()
    with contextlib.suppress(UnavailableError):
        assert await early == 1
    with pytest.raises(UnavailableError):
        await database.read(lambda c: c.execute(text("SELECT 1")).scalar())


async def test_a_unit_gives_its_result_and_what_it_wrote_can_be_read_at_once(database: Database) -> None:
    """Nobody is answered before the commit: a reader sees the write as soon as it is answered [REC-02]."""
    clinic = uuid4()
    assert await database.write(adding(clinic)) == clinic
    assert await stored(database) == {clinic}


async def test_a_unit_that_raises_writes_nothing_and_its_caller_gets_the_error(database: Database) -> None:
    """Half a unit is never kept [REC-02]."""
    with pytest.raises(LookupError):
        await database.write(adding_then_failing(uuid4()))
    assert await stored(database) == set()


async def test_one_failing_unit_among_many_harms_no_other(database: Database) -> None:
    """Units that wait together share a commit and not a fate [REC-02]."""
    good, bad = [uuid4() for _ in range(30)], [uuid4() for _ in range(10)]
    units = [adding(c) for c in good] + [adding_then_failing(c) for c in bad] + [adding(good[0])]
    answers = await asyncio.gather(*map(database.write, units), return_exceptions=True)

    assert answers[:30] == good
    assert all(isinstance(answer, LookupError) for answer in answers[30:40])
    assert isinstance(answers[40], IntegrityError)
    assert await stored(database) == set(good)


async def test_a_caller_that_gives_up_does_not_undo_the_write(database_url: str) -> None:
    """A browser that goes away in the middle changes nothing: the unit commits [REC-02]."""
    first = await open_database(database_url)
    clinic, begun, go_on = uuid4(), asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    def unit(connection: Connection) -> None:
        loop.call_soon_threadsafe(begun.set)
        if threading.current_thread() is not threading.main_thread():
            go_on.wait(10)
        adding(clinic)(connection)

    waiting = asyncio.create_task(first.write(unit))
    await begun.wait()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    go_on.set()
    await first.close()
    with pytest.raises(UnavailableError):
        await first.write(unit)
    async with reopened(database_url) as again:
        assert await stored(again) == {clinic}


async def test_closing_waits_for_the_writes_under_way(database_url: str) -> None:
    """What was begun before the server stopped is there when it starts again [REC-02]."""
    first = await open_database(database_url)
    wanted = [uuid4() for _ in range(20)]
    writes = [asyncio.ensure_future(first.write(adding(clinic))) for clinic in wanted]
    await asyncio.sleep(0)
    await first.close()
    assert await asyncio.gather(*writes) == wanted
    async with reopened(database_url) as again:
        assert await stored(again) == set(wanted)


async def test_a_hundred_concurrent_counts_lose_none(database: Database) -> None:
    """Read, add one, write: a hundred at once count to a hundred (DEPENDENCIES finding 1)."""
    clinic = uuid4()
    c = tables.policies.c

    def count(connection: Connection) -> None:
        number = connection.execute(select(c.version).where(c.clinic_id == clinic)).scalar_one()
        connection.execute(tables.policies.update().where(c.clinic_id == clinic).values(version=number + 1))

    await database.write(adding(clinic))
    await database.write(
        lambda connection: clinics.add_policy(
            connection, row_id=uuid4(), clinic=clinic, version=0, document="{}", now=NOON
        )
    )
    await asyncio.gather(*(database.write(count) for _ in range(100)))
    version, _ = await database.read(lambda connection: clinics.current_policy(connection, clinic))
    assert version == 100


async def test_two_open_databases_never_both_pass_the_same_check(database_url: str) -> None:
    """Two server processes that each look first and then add: one adds, the other sees it [EIN-06, DESIGN 7]."""
    host = "one.test"

    def add_unless_there(connection: Connection) -> bool:
        if connection.execute(select(tables.clinics.c.id).where(tables.clinics.c.host == host)).first():
            return False
        clinics.add_clinic(connection, uuid4(), host, NOON)
        return True

    async with reopened(database_url) as first, reopened(database_url) as second:
        answers = await asyncio.gather(*(one.write(add_unless_there) for one in (first, second) * 10))
    assert sum(answers) == 1


async def test_a_reader_cannot_write(database: Database) -> None:
    """What a page asks with changes nothing, whatever it tries (DESIGN section 7)."""
    with pytest.raises((DBAPIError, UnavailableError)):
        await database.read(adding(uuid4()))
    assert await stored(database) == set()


async def test_one_read_sees_one_moment(database: Database, database_url: str) -> None:
    """A write that commits between two questions of one read is not seen by the second (DESIGN section 7)."""
    loop, clinic = asyncio.get_running_loop(), uuid4()
    between, go_on = asyncio.Event(), threading.Event()

    def twice(connection: Connection) -> tuple[int, int]:
        before = len(clinics.clinics(connection))
        loop.call_soon_threadsafe(between.set)
        go_on.wait(10)
        return before, len(clinics.clinics(connection))

    async def elsewhere() -> tuple[int, int]:
        async with reopened(database_url) as other:
            return await other.read(twice)

    # In a thread and a loop of its own, so that it can stop half-way while this one goes on writing.
    looking = asyncio.create_task(asyncio.to_thread(lambda: asyncio.run(elsewhere())))
    await between.wait()
    await database.write(adding(clinic))
    go_on.set()
    assert await looking == (0, 0)
    assert await stored(database) == {clinic}


async def test_a_unit_that_runs_out_of_rows_fails_and_does_not_hang(database: Database) -> None:
    """`next` on nothing raises what a future cannot carry; its caller still gets an error."""

    def unit(_connection: Connection) -> None:
        next(iter(()))

    async with asyncio.timeout(10):
        with pytest.raises(RuntimeError):
            await database.write(unit)
