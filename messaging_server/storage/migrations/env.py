"""How alembic reaches the database: synchronously on SQLite, through asyncpg on PostgreSQL under a lock."""

import asyncio

from alembic import context
from sqlalchemy import Connection, create_engine, pool, text
from sqlalchemy.ext.asyncio import create_async_engine

from messaging_server.storage.tables import metadata

LOCK = 0x6D6573736167
"""The advisory lock that lets one process at a time migrate."""


def migrate(connection: Connection) -> None:
    context.configure(
        connection=connection, target_metadata=metadata, render_as_batch=connection.dialect.name == "sqlite"
    )
    with context.begin_transaction():
        if connection.dialect.name == "postgresql":
            connection.execute(text(f"SELECT pg_advisory_xact_lock({LOCK})"))
        context.run_migrations()


async def migrate_async(url: str) -> None:
    engine = create_async_engine(url, poolclass=pool.NullPool)
    async with engine.connect() as connection:
        await connection.run_sync(migrate)
        await connection.commit()
    await engine.dispose()


url = context.config.get_main_option("sqlalchemy.url") or ""
if url.startswith("sqlite"):
    engine = create_engine(url, poolclass=pool.NullPool)
    with engine.connect() as connection:
        migrate(connection)
        connection.commit()
    engine.dispose()
else:
    asyncio.run(migrate_async(url))
