"""Verifying a whole clinic without a key: what was altered behind the application's back is named."""

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest

from keys.server import ServerKeys
from keys.signing import sign, verifying_key
from messaging_server.message import Attachment
from messaging_server.record import ledger
from messaging_server.record.checkpoint import note
from messaging_server.record.entry import EntryKind, Fact, canonical, entry_hash
from messaging_server.record.verifying import Verified, verify_clinic
from messaging_server.runners import checkpoints
from messaging_server.runners.checkpoints import Sequencer
from messaging_server.storage import records
from messaging_server.storage.database import Connection
from messaging_server.storage.opening import open_database
from tests.clinic.answering import answer
from tests.clinic.world import World

LETTER = Attachment(filename="lettre.txt", media_type="text/plain", content=b"the letter itself")


def sequencer(world: World) -> Sequencer:
    """A sequencer as a process of its own would have one."""
    return Sequencer(means=world.means, clinics={world.clinic.id: world.clinic}, clock=world.clock)


async def verified(world: World) -> Verified:
    """What a verification finds, with the public key of the checkpoints."""
    return await verify_clinic(world.means.database, world.clinic.id, verifying_key(world.means.keys))


@pytest.fixture
async def lived(world: World) -> World:
    """A clinic where something happened, in two checkpoints."""
    await world.consent()
    first = await world.write("Bonjour, une question.", attachments=(LETTER,))
    numbers = sequencer(world)
    await checkpoints.run_once(numbers)
    await answer(world, first.thread)
    await checkpoints.run_once(numbers)
    return world


async def test_a_clinic_that_nobody_meddled_with_has_no_fault(lived: World) -> None:
    """Every ledger, every exchange, the tree and each checkpoint hold together [REC-03, AUD-03]."""
    found = await verified(lived)
    assert found.faults == ()
    assert found.entries > 10


async def test_without_the_public_key_all_but_the_signatures_is_verified(lived: World, meddle: Any) -> None:
    """The chain and the tree need no key at all [REC-03]."""
    assert (await verify_clinic(lived.means.database, lived.clinic.id, None)).faults == ()
    await meddle("UPDATE exchanges SET content = x'00' WHERE direction = 'in'")
    assert (await verify_clinic(lived.means.database, lived.clinic.id, None)).faults != ()


TAMPERINGS = [
    ("UPDATE exchanges SET content = zeroblob(99) WHERE direction = 'in'", "is not what its entry attests"),
    ("DELETE FROM exchanges WHERE direction = 'out' AND automatic = 0", "is gone"),
    ("UPDATE blobs SET content = CAST(content || ' ' AS BLOB)", "the files of exchange"),
    ("DELETE FROM blobs", "the files of exchange"),
    ("UPDATE deliveries SET content = CAST(content || ' ' AS BLOB)", "is not what its entry attests"),
    ("DELETE FROM deliveries", "is gone"),
    ("DELETE FROM entries WHERE kind = 'received'", "has no entry"),
    ("DELETE FROM entries WHERE kind = 'received'", "it is out of order"),
    ("UPDATE entries SET exchange_id = NULL WHERE kind = 'received'", "its row says something else"),
    ("UPDATE entries SET kind = 'note' WHERE kind = 'received'", "its row says something else"),
    ("UPDATE entries SET body = CAST(body || ' ' AS BLOB) WHERE kind = 'received'", "its hash is not that of its body"),
    ("UPDATE records SET head_seq = head_seq + 1 WHERE kind = 'patient'", "does not name its last entry"),
    ("UPDATE entries SET leaf = 9000 WHERE leaf = 3", "the log has a gap after leaf"),
    ("UPDATE checkpoints SET root = zeroblob(32)", "leaves does not fit the log"),
    ("UPDATE checkpoints SET note = 'nothing'", "leaves cannot be read"),
    ("UPDATE checkpoints SET note = replace(note, 'v1', 'v2')", "leaves states something else"),
]  # fmt: skip


@pytest.mark.parametrize(("statement", "fault"), TAMPERINGS)
async def test_tampering_with_what_rests_is_found(lived: World, meddle: Any, statement: str, fault: str) -> None:
    """Altered, dropped, renumbered or cut off, files and deliveries as well: said in words [REC-01, REC-03, AUD-03]."""
    assert await meddle(statement) > 0
    found = (await verified(lived)).faults
    assert any(fault in one for one in found), found


async def test_two_leaves_that_changed_places_are_found(lived: World, meddle: Any) -> None:
    """The order of the log is part of what was signed [AUD-03]."""
    await meddle("UPDATE entries SET leaf = CASE leaf WHEN 3 THEN 4 ELSE 3 END WHERE leaf IN (3, 4)")
    assert any("does not fit the log" in one for one in (await verified(lived)).faults)


async def test_a_ledger_that_was_rewritten_and_linked_again_does_not_fit_the_log(lived: World, meddle: Any) -> None:
    """Somebody with the whole database cannot make an old checkpoint agree with a new past [AUD-03, RET-10]."""
    record = await lived.means.database.read(
        lambda c: records.record_of_person(c, lived.clinic.id, lived.rose.person)
    )
    assert record is not None
    rows = await lived.means.database.read(lambda c: records.entries_of(c, record.id))
    before = rows[0].hash
    for row in rows[1:]:
        document = json.loads(row.body) | {"before": before.hex()}
        document["at"] = document["at"].replace("2026", "2025")
        body = canonical(document)
        before = entry_hash(body)
        await meddle("UPDATE entries SET body = :b, hash = :h WHERE id = :i", b=body, h=before, i=row.id.hex)
    await meddle("UPDATE records SET head_hash = :h WHERE id = :i", h=before, i=record.id.hex)
    found = (await verified(lived)).faults
    assert found
    assert all("does not fit the log" in one for one in found)


async def test_a_forged_checkpoint_is_found(lived: World, meddle: Any) -> None:
    """A note that fits the log and is signed by somebody else is not ours [AUD-03]."""
    last = await lived.means.database.read(lambda c: records.last_checkpoint(c, lived.clinic.id))
    assert last is not None
    forged = note(lived.clinic.id, last.size, last.root, lambda text: sign(ServerKeys.generate(), text))
    await meddle("UPDATE checkpoints SET note = :n WHERE size = :s", n=forged, s=last.size)
    found = (await verified(lived)).faults
    assert found == (f"the checkpoint of {last.size} leaves is not signed by this server",)


async def test_what_is_not_numbered_yet_is_no_fault(lived: World) -> None:
    """Entries since the last checkpoint are in their ledger, and in the log a few seconds later."""
    await lived.write("Encore une question.")
    assert (await verified(lived)).faults == ()


async def test_a_failing_write_leaves_the_ledger_as_it_was(lived: World) -> None:
    """An entry stands or falls with what it attests [REC-02]."""
    record = await lived.means.database.read(
        lambda c: records.record_of_person(c, lived.clinic.id, lived.rose.person)
    )
    assert record is not None

    def unit(connection: Connection) -> None:
        fact = Fact(kind=EntryKind.NOTE, at=lived.now)
        ledger.append(connection, lived.clinic.id, record.id, [fact, replace(fact, channel="web")], lived.now)
        raise LookupError

    with pytest.raises(LookupError):
        await lived.means.database.write(unit)
    assert (await verified(lived)).faults == ()
    again = await lived.means.database.read(lambda c: records.head(c, record.id))
    assert again == (record.head_seq, record.head_hash)


async def test_two_processes_number_every_leaf_once(world: World) -> None:
    """However many run, one holds the lease, and no entry is counted twice or left out [DESIGN 6, AUD-03]."""
    await world.consent()
    url = world.settings.database.get_secret_value()
    other = await open_database(url)
    second = replace(sequencer(world), means=replace(world.means, database=other))
    first = sequencer(world)
    try:
        for number in range(4):
            world.later(seconds=31)
            await asyncio.gather(
                world.write(f"Question {number}"), checkpoints.run_once(first), checkpoints.run_once(second)
            )
        world.later(seconds=31)
        await checkpoints.run_once(second)
    finally:
        await other.close()
    leaves = await world.means.database.read(lambda c: records.leaves(c, world.clinic.id))
    assert [number for number, _ in leaves] == list(range(len(leaves)))
    assert await world.means.database.read(lambda c: records.unnumbered(c, world.clinic.id, 10)) == []
    assert (await verified(world)).faults == ()
