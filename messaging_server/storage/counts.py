"""Counts of a month without any person in them: each under a keyed fingerprint, its meaning sealed (SEN-13, MET-04)."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import Connection, bindparam, select

from messaging_server.storage import tables
from messaging_server.storage.rows import insert
from messaging_server.storage.statements import Prepared


@dataclass(frozen=True, slots=True, kw_only=True)
class CountRow:
    """One number of a clinic's month; what it counts is sealed under the directory key."""

    id: UUID
    clinic_id: UUID
    month: str
    """Clinic time, as `2026-11`."""
    cell_fp: bytes = field(repr=False)
    sealed_cell: bytes = field(repr=False)
    total: int


def add(connection: Connection, rows: Iterable[CountRow]) -> None:
    """Change numbers by what the rows hold, in the same transaction as what they count. None falls below zero.

    Always in one order: two writers then wait for each other, and never in a circle.
    """
    for row in sorted(rows, key=lambda row: row.cell_fp):
        known = _KNOWN.first(connection, {"clinic": row.clinic_id, "month": row.month, "fp": row.cell_fp})
        if known is not None:
            _CHANGE.run(connection, {"wanted": known[0], "now": max(0, known[1] + row.total)})
        elif row.total > 0:
            insert(connection, tables.screening_counts, row)


_C = tables.screening_counts.c
_KNOWN = Prepared(
    select(_C.id, _C.total).where(
        _C.clinic_id == bindparam("clinic"), _C.month == bindparam("month"), _C.cell_fp == bindparam("fp")
    )
)
_CHANGE = Prepared(
    tables.screening_counts.update().where(_C.id == bindparam("wanted")).values(total=bindparam("now"))
)  # fmt: skip
