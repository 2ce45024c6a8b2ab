"""How alembic reaches the database: synchronously on SQLite, through asyncpg on PostgreSQL under a lock.

On both, all that is missing is applied in one transaction: a migration that is cut short leaves nothing behind.
"""

import asyncio

from alembic import context
from sqlalchemy import Connection, Engine, create_engine, event, pool, text
from sqlalchemy.ext.asyncio import create_async_engine

from messaging_server.storage.tables import metadata

LOCK = 0x6D6573736167
"""The advisory lock that lets one process at a time migrate."""


def migrate(connection: Connection) -> None:
    context.configure(
        connection=connection, target_metadata=metadata, render_as_batch=connection.dialect.name == "sqlite",
        transactional_ddl=True,
    )  # fmt: skip
    with context.begin_transaction():
        if connection.dialect.name == "postgresql":
            connection.execute(text(f"SELECT pg_advisory_xact_lock({LOCK})"))
        context.run_migrations()


def begin_by_hand(engine: Engine) -> None:
    """Python's driver begins no transaction before a CREATE TABLE, and one process at a time may migrate."""
    event.listen(engine, "connect", lambda raw, _record: setattr(raw, "isolation_level", None))
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))


async def migrate_async(url: str) -> None:
    engine = create_async_engine(url, poolclass=pool.NullPool)
    async with engine.connect() as connection:
        await connection.run_sync(migrate)
        await connection.commit()
    await engine.dispose()


url = context.config.get_main_option("sqlalchemy.url") or ""
if url.startswith("sqlite"):
    engine = create_engine(url, poolclass=pool.NullPool, connect_args={"timeout": 30})
    begin_by_hand(engine)
    with engine.connect() as connection:
        migrate(connection)
        connection.commit()
    engine.dispose()
else:
    asyncio.run(migrate_async(url))
