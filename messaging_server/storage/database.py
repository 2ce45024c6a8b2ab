"""The two databases behind one shape: `write(unit)` and `read(query)`.

A unit is a synchronous function of a SQLAlchemy Core connection, safe to run twice. `write` answers only after the
commit is durable, and a caller that gives up waiting does not undo it. Source: DESIGN section 7.
"""

from collections.abc import Callable
from typing import Protocol, TypeVar

from sqlalchemy import Connection

__all__ = ["Connection", "Database", "Unit"]

T = TypeVar("T")
Unit = Callable[[Connection], T]


class Database(Protocol):
    """Where everything rests; one of `SqliteDatabase` and `PostgresDatabase`."""

    async def write(self, unit: Unit[T]) -> T:
        """Run `unit` in a durable transaction and give its result; raise what it raised, with nothing written."""
        ...

    async def read(self, query: Unit[T]) -> T:
        """Run `query` on a consistent snapshot that cannot write."""
        ...

    async def close(self) -> None:
        """Finish what waits, then let go of every connection."""
        ...
