"""What many tests share: an invented clinic on a real database, and people who can sign in to it."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.clinic import databases
from tests.clinic.world import World, found_once, open_copy

if TYPE_CHECKING:
    from tests.clinic.pages import Pages


@pytest.fixture(scope="session")
def postgres() -> Iterator[databases.Server]:
    """A PostgreSQL server, started by the first test that asks for one."""
    with databases.running() as server:
        yield server


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty, migrated SQLite file to copy: migrating is the slow part of an empty database."""
    return databases.migrated_file(tmp_path_factory.mktemp("migrated"))


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
async def database_url(request: pytest.FixtureRequest, tmp_path: Path, migrated: Path) -> AsyncIterator[str]:
    """A fresh database of either kind: what asks for it runs on both."""
    if request.param == "sqlite":
        yield databases.copied(migrated, tmp_path)
        return
    async with databases.fresh(request.getfixturevalue("postgres")) as url:
        yield url


@pytest.fixture(scope="session")
def founded(tmp_path_factory: pytest.TempPathFactory, migrated: Path) -> tuple[World, Path]:
    """A founded clinic whose database is closed, and its file: founding one costs more than most tests do."""
    folder = tmp_path_factory.mktemp("founded")
    return asyncio.run(found_once(databases.copied(migrated, folder), folder)), folder / "clinic.sqlite3"


@pytest.fixture
async def world(tmp_path: Path, founded: tuple[World, Path]) -> AsyncIterator[World]:
    """A founded clinic on SQLite, with a physician, a nurse, a receptionist and an enrolled patient, no door open."""
    pattern, file = founded
    async with open_copy(pattern, databases.copied(file, tmp_path), tmp_path) as made:
        yield made


@pytest.fixture
async def pages(world: World) -> AsyncIterator["Pages"]:
    """The pages of that clinic, served on loopback."""
    from tests.clinic.pages import open_pages  # noqa: PLC0415  # only tests of pages need the whole site

    async with open_pages(world) as made:
        yield made
