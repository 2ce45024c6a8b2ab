"""What is particular to PostgreSQL: transactions that must run again, and a server that goes away."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import Connection, text

from messaging_server.errors import UnavailableError
from messaging_server.storage.opening import open_database
from messaging_server.storage.postgres import ATTEMPTS, PostgresDatabase
from tests.clinic import databases

pytestmark = pytest.mark.postgres


@pytest.fixture
async def url(postgres: databases.Server) -> AsyncIterator[str]:
    """A fresh migrated database on the test server."""
    async with databases.fresh(postgres) as made:
        yield made


@pytest.fixture
async def database(url: str) -> AsyncIterator[PostgresDatabase]:
    """That database, open."""
    opened = await open_database(url)
    assert isinstance(opened, PostgresDatabase)
    try:
        yield opened
    finally:
        await opened.close()


def refuse(connection: Connection, state: str) -> None:
    """Let the server itself raise an error of this SQLSTATE."""
    connection.execute(text(f"DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '{state}'; END $$"))


@pytest.mark.parametrize("state", ["40001", "40P01", "23505"])
async def test_a_unit_that_the_server_wants_again_runs_again_from_the_start(
    database: PostgresDatabase, state: str
) -> None:
    """A serialization failure or a deadlock is not the caller's business; nothing of the first run stays [REC-02]."""
    runs: list[int] = []

    def unit(connection: Connection) -> int:
        runs.append(connection.execute(text("SELECT count(*) FROM leases")).scalar_one())
        connection.execute(text("INSERT INTO leases VALUES ('a', gen_random_uuid(), 0)"))
        if len(runs) < 3:
            refuse(connection, state)
        return len(runs)

    assert await database.write(unit) == 3
    assert runs == [0, 0, 0]


async def test_a_unit_that_can_never_be_serialised_ends_as_unavailable(database: PostgresDatabase) -> None:
    """It is not tried for ever, and the caller may try again later."""
    runs: list[int] = []

    def unit(connection: Connection) -> None:
        runs.append(1)
        refuse(connection, "40001")

    with pytest.raises(UnavailableError):
        await database.write(unit)
    assert len(runs) == ATTEMPTS


async def test_writes_are_serialisable_and_reads_are_snapshots_that_cannot_write(database: PostgresDatabase) -> None:
    """The isolation is the server's own word, not ours (DESIGN section 7)."""

    def ask(connection: Connection) -> tuple[str, str]:
        shown = (connection.execute(text(f"SHOW transaction_{name}")).scalar() for name in ("isolation", "read_only"))
        return tuple(map(str, shown))  # type: ignore[return-value]

    assert await database.write(ask) == ("serializable", "off")
    assert await database.read(ask) == ("repeatable read", "on")


async def test_a_connection_that_the_server_dropped_is_replaced_unseen(
    database: PostgresDatabase, postgres: databases.Server, url: str
) -> None:
    """After a restart of the server the first message is taken like any other (DESIGN section 11)."""
    await database.write(lambda c: c.execute(text("SELECT 1")))
    name = url.rpartition("/")[2]
    everybody = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname ="
    await postgres.tell(f"{everybody} '{name}'")
    assert await database.write(lambda c: c.execute(text("SELECT 2")).scalar()) == 2


async def test_a_server_that_is_away_is_told_in_our_words() -> None:
    """Doors know one error for "try again later", whatever the driver raised."""
    nowhere = PostgresDatabase("postgresql+asyncpg://clinic@127.0.0.1:1/clinic")
    for ask in (nowhere.read, nowhere.write):
        with pytest.raises(UnavailableError):
            await ask(lambda c: c.execute(text("SELECT 1")))
    await nowhere.close()
