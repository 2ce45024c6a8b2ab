"""A look at the database that changes nothing: no migration, no file made, no mode set. For a diagnosis."""

import asyncio
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, func, select, text
from sqlalchemy.exc import SQLAlchemyError

from messaging_server.storage import driver, tables
from messaging_server.storage.migrating import config
from messaging_server.storage.opening import SQLITE
from messaging_server.storage.postgres import PostgresDatabase


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspected:
    """What was seen; nothing in it comes from the URL, which may hold a password."""

    fault: str | None = None
    version: str = ""
    safe: bool = True
    """False for a SQLite that can damage a database in WAL mode."""
    journal: str | None = None
    schema: str | None = None
    newest_schema: str | None = None
    newest: datetime | None = None
    """The latest instant that a record's entry was written at."""


async def inspect(url: str) -> Inspected:
    """Look at the database that the settings name; a fault is told, never raised."""
    known = ScriptDirectory.from_config(config(url)).get_current_head()
    if url.startswith(SQLITE):
        path = Path(url.removeprefix(SQLITE))
        seen = await asyncio.to_thread(_sqlite, path)
    elif url.startswith("postgresql+asyncpg://"):
        seen = await _postgres(url)
    else:
        seen = Inspected(fault="neither sqlite:///PATH nor postgresql+asyncpg://…")
    return replace(seen, newest_schema=known)


def _sqlite(path: Path) -> Inspected:
    if not path.is_file():
        return Inspected(fault=f"{path} is not there yet: run `messaging-server init`")
    engine = create_engine(f"sqlite:///file:{path}?mode=ro&uri=true")
    version = f"SQLite {'.'.join(map(str, driver.SQLITE_VERSION))}"
    try:
        with closing(engine.connect()) as connection:
            journal = str(connection.execute(text("PRAGMA journal_mode")).scalar_one())
            seen = _seen(connection)
    except SQLAlchemyError as error:
        return Inspected(fault=f"{path} cannot be read ({type(error).__name__})")
    finally:
        engine.dispose()
    return replace(seen, version=version, journal=journal, safe=driver.SQLITE_VERSION >= driver.OLDEST_SAFE)


async def _postgres(url: str) -> Inspected:
    database = PostgresDatabase(url, pool_size=1)
    try:
        return await database.read(_described)
    except Exception as error:  # noqa: BLE001  # a driver may fail in any way; its words may hold the password
        return Inspected(fault=f"PostgreSQL cannot be reached ({type(error).__name__})")
    finally:
        await database.close()


def _described(connection: Connection) -> Inspected:
    version = str(connection.execute(text("SHOW server_version")).scalar_one())
    return replace(_seen(connection), version=f"PostgreSQL {version}")


def _seen(connection: Connection) -> Inspected:
    schema = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    newest = connection.execute(select(func.max(tables.entries.c.created_at))).scalar()
    return Inspected(schema=schema, newest=newest)
