"""Leases that a wrong clock took: they end when the clock is right again."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from messaging_server.storage import clinics, outbox
from messaging_server.storage.database import Database
from tests.clinic.rows import NOON, Place

LASTS = timedelta(minutes=2)
WORK = "some work"


async def take_work(database: Database, holder: UUID, ahead: timedelta) -> bool:
    """Ask for the work with a clock that is wrong by so much."""
    now = NOON + ahead
    return await database.write(lambda c: clinics.take_lease(c, WORK, holder, now, now + LASTS))


async def take_deliveries(database: Database, holder: UUID, ahead: timedelta) -> int:
    """Lease what is due with a clock that is wrong by so much."""
    now = NOON + ahead
    return len(await database.write(lambda c: outbox.lease(c, holder=holder, now=now, until=now + LASTS, most=5)))


@pytest.mark.parametrize(("ahead", "free"), [(400 * 24 * 60, True), (5, True), (1, False), (0, False)])
async def test_a_lease_of_a_clock_far_ahead_holds_nobody_up(
    database: Database, place: Place, ahead: int, *, free: bool
) -> None:
    """Another process takes over at once when a lease cannot be right, and respects one that can [EOU-13, SEC-22]."""
    await database.write(lambda c: place.queue(c, 1))
    wrong, right = uuid4(), uuid4()
    assert await take_work(database, wrong, timedelta(minutes=ahead))
    assert await take_deliveries(database, wrong, timedelta(minutes=ahead)) == 1

    assert await take_work(database, right, timedelta(0)) is free
    assert await take_deliveries(database, right, timedelta(0)) == int(free)
