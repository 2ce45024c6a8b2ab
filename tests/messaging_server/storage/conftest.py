"""What the storage tests share: an open database of either kind."""

from collections.abc import AsyncIterator

import pytest

from messaging_server.storage.database import Database
from messaging_server.storage.opening import open_database
from tests.clinic.rows import Place


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """A migrated, empty database; the test runs once on SQLite and once on PostgreSQL."""
    opened = await open_database(database_url)
    try:
        yield opened
    finally:
        await opened.close()


@pytest.fixture
async def place(database: Database) -> Place:
    """A clinic with one exchange in that database."""
    made = Place()
    await database.write(made.make)
    return made
