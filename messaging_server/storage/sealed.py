"""The columns that rest under the server's directory key, for sealing them anew."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from uuid import UUID

from sqlalchemy import Connection, select

from messaging_server.storage import tables


class Place(Enum):
    """A column that holds a seal of the directory key."""

    PERSON_NAME = (tables.people, tables.people.c.sealed_name)
    PERSON_PROFILE = (tables.people, tables.people.c.sealed_profile)
    ADDRESS = (tables.addresses, tables.addresses.c.sealed_value)
    SECOND_FACTOR = (tables.accounts, tables.accounts.c.sealed_totp)
    COUNT = (tables.screening_counts, tables.screening_counts.c.sealed_cell)


@dataclass(frozen=True, slots=True)
class SealedRow:
    """One value, by the id of its row."""

    id: UUID
    blob: bytes = field(repr=False)


def batch(connection: Connection, place: Place, clinic: UUID, after: UUID, most: int) -> Sequence[SealedRow]:
    """Some values of a clinic behind an id, in the order of ids."""
    table, column = place.value
    where = (table.c.clinic_id == clinic, table.c.id > after, column.is_not(None))
    query = select(table.c.id, column.label("blob")).where(*where).order_by(table.c.id).limit(most)
    return [SealedRow(row.id, row.blob) for row in connection.execute(query)]


def replace(connection: Connection, place: Place, row: SealedRow, blob: bytes) -> int:
    """Put a new seal where the old one still is; 0 when somebody changed it meanwhile."""
    table, column = place.value
    where = (table.c.id == row.id, column == row.blob)
    return int(connection.execute(table.update().where(*where).values({column.name: blob})).rowcount)
