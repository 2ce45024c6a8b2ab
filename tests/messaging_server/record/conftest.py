"""What the record's tests share: a way to meddle with what rests, as somebody with the disk could."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from sqlalchemy import NullPool, create_engine, text

from tests.clinic.world import World

Meddle = Callable[..., Awaitable[int]]


@pytest.fixture
def meddle(world: World) -> Meddle:
    """Run a statement on the world's database file behind the application's back; gives how many rows it changed."""
    url = world.settings.database.get_secret_value()

    def meddling(statement: str, given: dict[str, object]) -> int:
        engine = create_engine(url, poolclass=NullPool)
        with engine.begin() as connection:
            return connection.execute(text(statement), given).rowcount

    async def run(statement: str, **given: object) -> int:
        return await asyncio.to_thread(meddling, statement, given)

    return run
