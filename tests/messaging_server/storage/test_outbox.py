"""Leases of the outbox on both databases: what must leave is taken by one sender at a time."""

import asyncio
from datetime import timedelta
from uuid import UUID, uuid4

from messaging_server.storage import clinics, outbox
from messaging_server.storage.database import Database
from messaging_server.storage.opening import open_database
from messaging_server.storage.outbox import DeliveryState
from tests.clinic.rows import NOON, Place

LATER = NOON + timedelta(minutes=2)


async def take(database: Database, holder: UUID, most: int, *, minutes: int = 0) -> list[UUID]:
    """Lease what is due so many minutes after noon, for two minutes."""
    now = NOON + timedelta(minutes=minutes)
    until = now + timedelta(minutes=2)
    found = await database.write(lambda c: outbox.lease(c, holder=holder, now=now, until=until, most=most))
    assert all(row.lease_id == holder and row.lease_until == until for row in found)
    return [row.id for row in found]


async def test_two_senders_never_get_the_same_delivery(database: Database, database_url: str, place: Place) -> None:
    """Two server processes that lease at the same time share the work out [EOU-13]."""
    due = await database.write(lambda c: place.queue(c, 30))
    other = await open_database(database_url)
    try:
        taken = await asyncio.gather(*(take(one, uuid4(), 4) for one in (database, other) * 8))
    finally:
        await other.close()
    got = [delivery for part in taken for delivery in part]
    assert len(got) == len(set(got))
    rest = await take(database, uuid4(), 100)
    assert sorted(got + rest) == sorted(due)


async def test_a_lease_that_ran_out_is_taken_over_and_the_late_sender_cannot_finish(
    database: Database, place: Place
) -> None:
    """A sender that died holds nothing back; one that comes too late changes nothing [EOU-13]."""
    (due,) = await database.write(lambda c: place.queue(c, 1))
    dead, heir = uuid4(), uuid4()
    assert await take(database, dead, 5) == [due]
    assert await take(database, heir, 5, minutes=1) == []
    assert await take(database, heir, 5, minutes=3) == [due]

    assert not await database.write(lambda c: outbox.finish(c, due, dead, state=DeliveryState.SENT))
    assert await database.write(lambda c: outbox.finish(c, due, heir, state=DeliveryState.SENT))
    assert await take(database, dead, 5, minutes=30) == []


async def test_what_is_not_due_yet_is_not_taken_and_the_longest_due_goes_first(
    database: Database, place: Place
) -> None:
    """A reply that can still be taken back stays, and nothing overtakes for ever [EOU-16]."""
    first, second, later = await database.write(lambda c: place.queue(c, 3))
    for delivery, minutes in ((first, -5), (second, -9), (later, 5)):
        at = NOON + timedelta(minutes=minutes)
        await database.write(lambda c, d=delivery, a=at: outbox.set_outcome(c, d, next_at=a))  # type: ignore[misc]
    assert await take(database, uuid4(), 1) == [second]
    assert await take(database, uuid4(), 9) == [first]


async def test_what_was_taken_back_never_leaves(database: Database, place: Place) -> None:
    """Stopped deliveries are not leased, and their text under the server's key is gone [EOU-16]."""
    await database.write(lambda c: place.queue(c, 2))
    assert await database.write(lambda c: outbox.stop_queued(c, place.exchange, NOON)) == 2
    assert await take(database, uuid4(), 5) == []
    rows = await database.read(lambda c: outbox.deliveries_of(c, [place.exchange]))
    assert {(row.state, row.payload) for row in rows} == {(DeliveryState.STOPPED, None)}


async def test_one_process_at_a_time_holds_a_named_lease(database: Database, database_url: str) -> None:
    """Of several that ask at once one gets the work, it may go on, and after its time another may [DESIGN 6]."""
    holders = [uuid4() for _ in range(6)]
    other = await open_database(database_url)

    async def ask(where: Database, holder: UUID, *, minutes: int = 0) -> bool:
        now = NOON + timedelta(minutes=minutes)
        return await where.write(lambda c: clinics.take_lease(c, "work", holder, now, now + timedelta(minutes=1)))

    try:
        got = await asyncio.gather(*(ask((database, other)[n % 2], holder) for n, holder in enumerate(holders)))
    finally:
        await other.close()
    assert got.count(True) == 1
    winner, loser = holders[got.index(True)], holders[got.index(False)]
    assert await ask(database, winner)
    assert not await ask(database, loser)
    assert await ask(database, loser, minutes=2)
