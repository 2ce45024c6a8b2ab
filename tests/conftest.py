"""What many tests share: an invented clinic on a real database, and people who can sign in to it."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.clinic import databases
from tests.clinic.world import World, open_world

if TYPE_CHECKING:
    from tests.clinic.pages import Pages


@pytest.fixture(scope="session")
def postgres() -> Iterator[databases.Server]:
    """A PostgreSQL server, started by the first test that asks for one."""
    with databases.running() as server:
        yield server


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
async def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    """A fresh database of either kind: what asks for it runs on both."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/test.sqlite3"
        return
    async with databases.fresh(request.getfixturevalue("postgres")) as url:
        yield url


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """A founded clinic on SQLite, with a physician, a nurse, a receptionist and an enrolled patient, no door open."""
    async with open_world(f"sqlite:///{tmp_path}/clinic.sqlite3", tmp_path) as made:
        yield made


@pytest.fixture
async def pages(world: World) -> AsyncIterator["Pages"]:
    """The pages of that clinic, served on loopback."""
    from tests.clinic.pages import open_pages  # noqa: PLC0415  # only tests of pages need the whole site

    async with open_pages(world) as made:
        yield made
