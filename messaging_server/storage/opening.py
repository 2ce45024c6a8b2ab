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
        await asyncio.to_thread(_make, path)
        await asyncio.to_thread(upgrade, url)
        return SqliteDatabase(path)
    if url.startswith("postgresql+asyncpg://"):
        await asyncio.to_thread(upgrade, url)
        return PostgresDatabase(url)
    raise ValueError("the database is sqlite:///PATH or postgresql+asyncpg://…")


def _make(path: Path) -> None:
    """The file, for the server's own user; its log and index take its mode: nobody else looks at any of them."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.touch(mode=0o600, exist_ok=True)
