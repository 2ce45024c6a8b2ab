"""Counts made ready for the write that they belong to, and opened again: no rule stands in clear (DESIGN section 5).

The server's own keys name a number, because a report is also made with nobody signed in. Its row tells neither person
nor message, and its id no time.
"""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID, uuid4

from keys.server import ServerKeys, fingerprint, open_directory, seal_directory
from messaging_server.broker.clinic import Clinic, Means
from messaging_server.broker.counting import Cell, Moves, read_cell
from messaging_server.storage.counts import CountRow

FIELD = "screening_count"


def rows_of(means: Means, clinic: Clinic, moves: Moves, at: datetime) -> tuple[CountRow, ...]:
    """The changes of the month in which `at` lies in clinic time."""
    month = f"{clinic.local(at):%Y-%m}"
    return tuple(_row(means.keys, clinic.id, month, cell, by) for cell, by in moves.items() if by)


def _row(keys: ServerKeys, clinic: UUID, month: str, cell: Cell, by: int) -> CountRow:
    row, written = uuid4(), cell.written
    return CountRow(
        id=row, clinic_id=clinic, month=month, cell_fp=fingerprint(keys, clinic, FIELD, written),
        sealed_cell=seal_directory(keys, written, clinic, row, FIELD), total=by,
    )  # fmt: skip


def cells_of(means: Means, rows: Iterable[CountRow]) -> tuple[tuple[Cell, int], ...]:
    """What the numbers count. Raises OpenError for one that is not where it was written."""
    return tuple(
        (read_cell(open_directory(means.keys, row.sealed_cell, row.clinic_id, row.id, FIELD)), row.total)
        for row in rows
    )
