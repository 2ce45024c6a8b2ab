"""Adding to a ledger inside somebody's transaction, so that nothing happens unattested."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from messaging_server.message import new_id
from messaging_server.record.entry import Fact, link
from messaging_server.storage import records
from messaging_server.storage.database import Connection


def append(connection: Connection, clinic: UUID, record: UUID, facts: Sequence[Fact], now: datetime) -> None:
    """Add facts to a record's ledger, in order, in the transaction of what they attest (REC-02)."""
    seq, before = records.head(connection, record)
    rows = []
    for fact in facts:
        seq += 1
        entry = link(fact, clinic=clinic, record=record, seq=seq, before=before)
        before = entry.hash
        rows.append(
            records.EntryRow(
                id=new_id(now), clinic_id=clinic, record_id=record, seq=seq, kind=fact.kind.value,
                exchange_id=fact.exchange, body=entry.body, hash=entry.hash, created_at=now,
            )
        )  # fmt: skip
    records.add_entries(connection, rows)
