"""What rests of a clinic's exchanges, as digests of ciphertext: for verification, never for pages."""

import hashlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import Connection, Table, select

from messaging_server.storage import tables

BATCH = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Resting:
    """One exchange with the SHA-256 of each ciphertext that belongs to it; files in the order of their numbers."""

    exchange: UUID
    content: bytes = field(repr=False)
    files: tuple[bytes, ...] = field(repr=False)
    deliveries: Mapping[UUID, bytes] = field(repr=False)


def resting(connection: Connection, clinic: UUID) -> Iterator[Resting]:
    """Every exchange of a clinic, a bounded number in memory at a time."""
    x = tables.exchanges.c
    after = UUID(int=0)
    query = select(x.id, x.content).where(x.clinic_id == clinic).order_by(x.id).limit(BATCH)
    while rows := connection.execute(query.where(x.id > after)).all():
        ids = [row.id for row in rows]
        files, deliveries = _parts(connection, tables.blobs, ids), _parts(connection, tables.deliveries, ids)
        for row in rows:
            yield Resting(
                exchange=row.id, content=_digest(row.content), files=tuple(files.get(row.id, {}).values()),
                deliveries=deliveries.get(row.id, {}),
            )  # fmt: skip
        after = ids[-1]


def _parts(connection: Connection, table: Table, exchanges: Collection[UUID]) -> Mapping[UUID, dict[UUID, bytes]]:
    c = table.c
    order = c.number if "number" in c else c.id
    query = select(c.exchange_id, c.id, c.content).where(c.exchange_id.in_(exchanges)).order_by(order)
    found: dict[UUID, dict[UUID, bytes]] = {}
    for row in connection.execute(query):
        found.setdefault(row.exchange_id, {})[row.id] = _digest(row.content)
    return found


def _digest(ciphertext: bytes) -> bytes:
    return hashlib.sha256(ciphertext).digest()
