"""The core of the broker on PostgreSQL: the same decisions and the same record, with several servers at once."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest

from consent.model import Act
from keys.signing import verifying_key
from messaging_server.broker import outbound
from messaging_server.broker.case import Disposition
from messaging_server.broker.worklist import claim
from messaging_server.errors import ConflictError, NotAllowedError
from messaging_server.record.reading import open_thread
from messaging_server.record.verifying import verify_clinic
from messaging_server.runners import checkpoints
from messaging_server.storage import outbox
from messaging_server.storage.accounts import AccountRole
from messaging_server.storage.opening import open_database
from messaging_server.storage.outbox import DeliveryState
from messaging_server.storage.tasks import TaskKind
from tests.clinic import databases
from tests.clinic.answering import answer, reply_to, waiting
from tests.clinic.outside import Outside
from tests.clinic.world import World, open_world

pytestmark = pytest.mark.postgres


@pytest.fixture
async def world(postgres: databases.Server, tmp_path: Path) -> AsyncIterator[World]:
    """The invented clinic, founded on a fresh PostgreSQL database."""
    async with databases.fresh(postgres) as url, open_world(url, tmp_path) as made:
        yield made


async def faults(world: World) -> tuple[str, ...]:
    """What a verification of the whole clinic finds."""
    numbers = checkpoints.Sequencer(means=world.means, clinics={world.clinic.id: world.clinic}, clock=world.clock)
    await checkpoints.run_once(numbers)
    found = await verify_clinic(world.means.database, world.clinic.id, verifying_key(world.means.keys))
    return found.faults


async def test_a_question_its_answer_and_its_notifications_are_in_one_record(world: World) -> None:
    """Written, screened, acknowledged, opened, answered, announced and read [REC-01, TRI-02, EOU-01]."""
    await world.consent()
    asked = await world.write("Bonjour, est-ce que je peux prendre mon sirop avec mes vitamines?")
    sent = await answer(world, asked.thread)
    world.now = sent.leaves_at
    outside = Outside(world)
    await outside.run()
    assert {out.to for out in outside.taken} == {world.patient_email, world.patient_phone}

    assert asked.thread is not None
    opened = await open_thread(world.means.database, world.rose, asked.thread, world.now)
    assert [one.row.automatic for one in opened.exchanges] == [False, True, False]
    assert await faults(world) == ()


async def test_one_message_that_comes_ten_times_at_once_is_stored_once(world: World) -> None:
    """The provider tries again while the first try is still being written [EIN-06, SMS-11]."""
    await world.consent()
    receipts = await asyncio.gather(*(world.mail("Bonjour", idempotency=b"same") for _ in range(10)))
    stored = [r for r in receipts if r.disposition is not Disposition.DUPLICATE]
    assert len(stored) == 1
    assert {r.exchange for r in receipts} == {stored[0].exchange}
    assert await faults(world) == ()


async def test_many_messages_of_one_patient_at_once_all_land_in_an_unbroken_ledger(world: World) -> None:
    """Writers that meet in one ledger run again until each has its own place [REC-02, REC-03]."""
    await world.consent()
    second = await open_database(world.settings.database.get_secret_value())
    elsewhere = replace(world, means=replace(world.means, database=second))
    try:
        receipts = await asyncio.gather(
            *((world, elsewhere)[number % 2].write(f"Question {number}") for number in range(12))
        )
    finally:
        await second.close()
    assert len({receipt.exchange for receipt in receipts}) == 12
    assert await faults(world) == ()


async def test_only_one_of_two_colleagues_takes_a_task(world: World) -> None:
    """Both click at the same time: one has it, the other is told [TRI-08]."""
    await world.consent()
    asked = await world.write("Bonjour")
    task = await waiting(world, asked.thread)
    pair = [world.staff(), world.staff(AccountRole.NURSE)]
    answers = await asyncio.gather(
        *(claim(world.means, world.clinic, who, task.id, world.now) for who in pair),
        return_exceptions=True,
    )
    assert sorted(isinstance(one, ConflictError) for one in answers) == [False, True]


async def test_a_withdrawal_and_an_answer_at_the_same_moment_cannot_both_have_it_their_way(world: World) -> None:
    """Whichever comes second sees the first: no notification of the answer leaves after the withdrawal [CON-13]."""
    await world.consent()
    asked = await world.write("Bonjour")
    task = await waiting(world, asked.thread)
    world.later(seconds=30)
    results = await asyncio.gather(
        outbound.send(world.means, world.clinic, world.staff(), reply_to(task), world.now),
        world.consent(act=Act.WITHDRAWN), return_exceptions=True,
    )  # fmt: skip
    assert isinstance(results[0], (outbound.Sent, ConflictError, NotAllowedError))
    assert isinstance(results[1], UUID)
    world.later(minutes=5)
    outside = Outside(world)
    await outside.run()
    if isinstance(results[0], outbound.Sent):
        sent = results[0].exchange
        rows = await world.means.database.read(lambda c: outbox.deliveries_of(c, [sent]))
        assert {row.state for row in rows} == {DeliveryState.STOPPED}
    assert await faults(world) == ()


async def test_two_outbox_runners_send_each_text_once(world: World) -> None:
    """Two servers on one database share the outbox [EOU-13]."""
    await world.consent()
    for number in range(4):
        await world.mail(f"Question {number}")
    world.later(minutes=1)
    outsides = [Outside(world), Outside(world)]
    for _ in range(3):
        await asyncio.gather(*(one.run() for one in outsides))
    taken = [out.delivery for one in outsides for out in one.taken]
    assert len(taken) == len(set(taken)) > 0
    assert await faults(world) == ()


async def test_a_held_message_waits_in_the_intake_record(world: World) -> None:
    """Writing is not consenting, on either database [CON-01, CON-04]."""
    receipt = await world.mail("J'ai une question.")
    task = await waiting(world, receipt.thread)
    assert (receipt.disposition, task.kind) == (Disposition.HELD, TaskKind.HELD)
    assert await faults(world) == ()
