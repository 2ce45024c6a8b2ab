"""Opening the database that a URL names, with its schema brought up to date first."""

import asyncio
from pathlib import Path

from messaging_server.storage.database import Database
from messaging_server.storage.migrating import upgrade
from messaging_server.storage.postgres import PostgresDatabase
from messaging_server.storage.sqlite import SqliteDatabase

SQLITE = "sqlite:///"


async def open_database(url: str) -> Database:
    """Migrate, then open. Raises ValueError for a URL that is neither SQLite nor PostgreSQL."""
    if url.startswith(SQLITE):
        path = Path(url.removeprefix(SQLITE))
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        await asyncio.to_thread(upgrade, url)
        return SqliteDatabase(path)
    if url.startswith("postgresql+asyncpg://"):
        await asyncio.to_thread(upgrade, url)
        return PostgresDatabase(url)
    raise ValueError("the database is sqlite:///PATH or postgresql+asyncpg://…")
