"""Migrations: from nothing to exactly the tables that the code knows, on both databases."""

import asyncio
import sys
from pathlib import Path
from typing import Any

import pytest
from alembic import command, op
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect

from messaging_server.storage import migrating, tables
from messaging_server.storage.database import Database
from messaging_server.storage.opening import SQLITE, open_database
from messaging_server.storage.postgres import PostgresDatabase
from messaging_server.storage.sqlite import SqliteDatabase
from tests.clinic.rows import Place


def differences(connection: Connection) -> list[Any]:
    """What alembic would still change."""
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    return list(compare_metadata(context, tables.metadata))


def as_it_is(url: str) -> Database:
    """A database opened without bringing it up to date."""
    return SqliteDatabase(Path(url.removeprefix(SQLITE))) if url.startswith(SQLITE) else PostgresDatabase(url)


async def test_the_migrations_lead_to_the_tables_that_the_code_knows(database: Database) -> None:
    """Nothing is left to change after an upgrade from nothing (DESIGN section 7)."""
    assert await database.read(differences) == []


async def test_a_missing_column_would_be_seen(database: Database) -> None:
    """The comparison above can fail: a table that is not migrated shows up."""
    extra = tables.metadata.tables["leases"].to_metadata(tables.metadata, name="forgotten")
    try:
        found = await database.read(differences)
    finally:
        tables.metadata.remove(extra)
    assert [difference[0] for difference in found] == ["add_table"]


async def test_upgrading_again_changes_nothing_and_keeps_what_is_there(
    database: Database, database_url: str, place: Place
) -> None:
    """Every start of the server upgrades; on a database that is up to date it does nothing."""
    again = await open_database(database_url)
    try:
        assert await again.read(lambda c: c.execute(tables.clinics.select()).scalar()) == place.clinic
        assert await again.read(differences) == []
    finally:
        await again.close()


async def test_a_migration_that_is_cut_short_leaves_nothing_behind(
    database: Database, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All or nothing on both databases: the next start begins at the same place again."""
    await database.close()
    await asyncio.to_thread(command.downgrade, migrating.config(database_url), "base")

    def fail(*_given: object, **_named: object) -> None:
        raise RuntimeError("the power went")

    monkeypatch.setattr(op, "create_index", fail)
    with pytest.raises(RuntimeError):
        await asyncio.to_thread(migrating.upgrade, database_url)
    found = as_it_is(database_url)
    there = await found.read(lambda c: set(inspect(c).get_table_names()))
    await found.close()
    assert there <= {"alembic_version"}


async def test_two_processes_that_start_at_once_migrate_once(database: Database, database_url: str) -> None:
    """One waits for the other, and both find the tables."""
    await database.close()
    await asyncio.to_thread(command.downgrade, migrating.config(database_url), "base")
    start = [sys.executable, "-c", f"from messaging_server.storage.migrating import upgrade; upgrade({database_url!r})"]
    both = [await asyncio.create_subprocess_exec(*start) for _ in range(2)]
    assert [await one.wait() for one in both] == [0, 0]
    again = await open_database(database_url)
    try:
        assert await again.read(differences) == []
    finally:
        await again.close()


async def test_the_way_back_leaves_nothing(database: Database, database_url: str) -> None:
    """A downgrade undoes every table, so that a failed upgrade can be taken back."""
    await database.close()
    await asyncio.to_thread(command.downgrade, migrating.config(database_url), "base")
    await asyncio.to_thread(migrating.upgrade, database_url)
    again = await open_database(database_url)
    try:
        there = await again.read(lambda c: set(inspect(c).get_table_names()))
    finally:
        await again.close()
    assert there == set(tables.metadata.tables) | {"alembic_version"}


def test_the_migrations_are_one_line_of_numbers() -> None:
    """One head, each migration behind the one before it, its file named by its number."""
    script = ScriptDirectory.from_config(migrating.config("sqlite://"))
    revisions = [one.revision for one in reversed(list(script.walk_revisions()))]
    assert script.get_heads() == revisions[-1:]
    assert revisions == [f"{number:04}" for number in range(1, len(revisions) + 1)]
    files = sorted(path.name[:4] for path in (Path(migrating.FOLDER) / "versions").glob("*.py"))
    assert files == revisions
