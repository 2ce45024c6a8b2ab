"""Verifying what rests, with no key but the public one of the checkpoints (REC-03, DESIGN section 6)."""

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from keys.signing import verify
from messaging_server.record.attested import Attested
from messaging_server.record.checkpoint import Frontier, leaf_hash, read_note, statement
from messaging_server.record.entry import faults
from messaging_server.storage import records
from messaging_server.storage.database import Connection, Database
from messaging_server.storage.queries.resting import resting

BATCH = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """What was found: faults in words, and how many entries were looked at."""

    faults: tuple[str, ...]
    entries: int


async def verify_clinic(database: Database, clinic: UUID, public: bytes | None) -> Verified:
    """Check every ledger of a clinic, that each exchange has its entry, the log's tree and every checkpoint."""
    return await database.read(lambda c: _verify(c, clinic, public))


def _verify(connection: Connection, clinic: UUID, public: bytes | None) -> Verified:
    found: list[str] = []
    count = 0
    attested = Attested()
    for row in records.all_records(connection, clinic):
        entries, wrong = [], []
        for entry in _entries(connection, row.id):
            entries.append((entry.seq, entry.body, entry.hash))
            wrong += attested.learn(entry)
        count += len(entries)
        wrong += faults(entries, record=row.id, head=(row.head_seq, row.head_hash))
        found += [f"record {row.id}: {fault}" for fault in wrong]
    found += attested.faults(resting(connection, clinic))
    found += _log_faults(connection, clinic, public)
    return Verified(faults=tuple(found), entries=count)


def _entries(connection: Connection, record: UUID) -> Iterator[records.EntryRow]:
    after = 0
    while rows := records.entries_of(connection, record, after, BATCH):
        yield from rows
        after = rows[-1].seq


def _log_faults(connection: Connection, clinic: UUID, public: bytes | None) -> list[str]:
    """Grow the tree again from its leaves and hold every checkpoint against it."""
    found: list[str] = []
    tree, after = Frontier(), -1
    for size, root, note in records.checkpoints(connection, clinic):
        while tree.size < size and (batch := records.leaves(connection, clinic, after, min(BATCH, size - tree.size))):
            if [number for number, _ in batch] != list(range(after + 1, after + 1 + len(batch))):
                return [*found, f"the log has a gap after leaf {after}"]
            tree, after = tree.grow(leaf_hash(digest) for _, digest in batch), batch[-1][0]
        if tree.size != size or tree.root != root:
            found.append(f"the checkpoint of {size} leaves does not fit the log")
        found += _note_faults(clinic, size, root, note, public)
    return found


def _note_faults(clinic: UUID, size: int, root: bytes, note: str, public: bytes | None) -> list[str]:
    try:
        text, signature = read_note(note)
    except ValueError:
        return [f"the checkpoint of {size} leaves cannot be read"]
    if text != statement(clinic, size, root):
        return [f"the checkpoint of {size} leaves states something else"]
    if public is not None and not verify(public, text, signature):
        return [f"the checkpoint of {size} leaves is not signed by this server"]
    return []
