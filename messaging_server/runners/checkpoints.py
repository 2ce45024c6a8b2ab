"""The sequencer of the clinic-wide log: numbers new entries, grows the tree, signs a checkpoint.

One process at a time holds the lease. Entries are taken because they have no number yet, never by id or time, for on
PostgreSQL an older id may commit after a younger one (DESIGN section 6).
"""

from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from uuid import UUID, uuid4

from keys.signing import sign
from messaging_server.broker.clinic import Clinics, Means
from messaging_server.clock import Clock
from messaging_server.message import new_id
from messaging_server.record.checkpoint import Frontier, leaf_hash, note
from messaging_server.storage import clinics, records
from messaging_server.storage.database import Connection

BATCH = 2_000
LEASE = timedelta(seconds=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sequencer:
    """What the runner works with."""

    means: Means
    clinics: Clinics
    clock: Clock
    holder: UUID = field(default_factory=uuid4)


async def run_once(work: Sequencer) -> int:
    """Number what is new in every clinic, and sign; gives how many entries that was."""
    done = 0
    for clinic in work.clinics:
        done += await work.means.database.write(partial(_sequence, work=work, clinic=clinic))
    return done if done >= BATCH else 0


def _sequence(connection: Connection, work: Sequencer, clinic: UUID) -> int:
    now = work.clock()
    if not clinics.take_lease(connection, f"sequencer:{clinic}", work.holder, now, now + LEASE):
        return 0
    fresh = records.unnumbered(connection, clinic, BATCH)
    if not fresh:
        return 0
    grown = _frontier(connection, clinic).grow(leaf_hash(digest) for _, digest in fresh)
    records.number_leaves(connection, grown.size - len(fresh), [entry for entry, _ in fresh])
    text = note(clinic, grown.size, grown.root, partial(sign, work.means.keys))
    row = records.CheckpointRow(
        id=new_id(now), clinic_id=clinic, size=grown.size, root=grown.root, note=text,
        peaks=b"".join(grown.peaks), created_at=now,
    )  # fmt: skip
    records.add_checkpoint(connection, row)
    return len(fresh)


def _frontier(connection: Connection, clinic: UUID) -> Frontier:
    """The log as the last checkpoint left it."""
    last = records.last_checkpoint(connection, clinic)
    if last is None:
        return Frontier()
    return Frontier(last.size, tuple(last.peaks[i : i + 32] for i in range(0, len(last.peaks), 32)))
