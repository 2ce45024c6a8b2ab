"""Counts of a month on both databases."""

import asyncio
from collections.abc import Callable
from uuid import uuid4

from sqlalchemy import select

from messaging_server.storage import counts, tables
from messaging_server.storage.counts import CountRow
from messaging_server.storage.database import Connection, Database
from tests.clinic.rows import Place


def row(place: Place, by: int, *, cell: bytes = b"one", month: str = "2026-11") -> CountRow:
    """A change of an invented number."""
    return CountRow(
        id=uuid4(), clinic_id=place.clinic, month=month, cell_fp=cell, sealed_cell=b"sealed " + cell, total=by
    )


def stored(connection: Connection) -> dict[tuple[str, bytes], int]:
    """Every number."""
    c = tables.screening_counts.c
    found = connection.execute(select(c.month, c.cell_fp, c.total))
    return {(one.month, one.cell_fp): one.total for one in found}


def adding(*rows: CountRow) -> Callable[[Connection], None]:
    """The unit that adds them."""
    return lambda connection: counts.add(connection, rows)


async def test_a_number_rises_and_falls_and_never_below_zero(database: Database, place: Place) -> None:
    """Each month and each cell has its own number [MET-04]."""
    for by in (2, 3, -1):
        await database.write(adding(row(place, by)))
    await database.write(adding(row(place, 1, cell=b"two"), row(place, -1, cell=b"three")))
    await database.write(adding(row(place, 1, month="2026-12"), row(place, -9, cell=b"two")))

    assert await database.read(stored) == {("2026-11", b"one"): 4, ("2026-11", b"two"): 0, ("2026-12", b"one"): 1}


async def test_many_at_once_lose_nothing(database: Database, place: Place) -> None:
    """Messages that come together each count [MET-04]."""
    cells = (b"one", b"two", b"three")

    def both(number: int) -> tuple[CountRow, ...]:
        return tuple(row(place, 1, cell=cell) for cell in (cells if number % 2 else cells[::-1]))

    given = [both(number) for number in range(12)]
    await asyncio.gather(*(database.write(adding(*rows)) for rows in given))

    assert await database.read(stored) == {("2026-11", cell): 12 for cell in cells}
