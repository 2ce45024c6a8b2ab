"""Escalation: nothing late goes unseen, and an emergency is told to the colleagues on duty until one takes note."""

from dataclasses import replace

from messaging_server.broker import worklist
from messaging_server.broker.notices import Notice
from messaging_server.runners.escalation import Escalation, run_once
from messaging_server.storage import tasks
from tests.clinic.answering import waiting
from tests.clinic.outside import Outside
from tests.clinic.world import World

PAIN = "J'ai un gros serrement dans la poitrine qui descend dans le bras gauche."


def on_duty(world: World) -> Escalation:
    """The runner of a clinic that names somebody on duty."""
    policy = replace(world.clinic.policy, alerts=frozenset({"garde@clinique.test"}))
    world.clinic = replace(world.clinic, policy=policy)
    return Escalation(means=world.means, clinics={world.clinic.id: world.clinic}, clock=world.clock)


async def test_an_emergency_alerts_the_colleagues_on_duty_until_one_takes_note(world: World) -> None:
    """At once, then every ten minutes, without a word of the message; taking note ends it [TRI-09]."""
    await world.consent()
    asked = await world.write(PAIN)
    runner, outside = on_duty(world), Outside(world)
    for _ in range(3):
        await run_once(runner)
        await outside.run()
        world.later(minutes=10)
    assert [out.to for out in outside.taken] == ["garde@clinique.test"] * 3
    assert {out.payload.notice for out in outside.taken} == {Notice.STAFF_ALERT}
    assert all("poitrine" not in out.payload.body for out in outside.taken)

    task = await waiting(world, asked.thread)
    await worklist.acknowledge(world.means, world.clinic, world.staff(), task.id, world.now)
    world.later(minutes=30)
    await run_once(runner)
    await outside.run()
    assert len(outside.taken) == 3


async def test_hours_of_standstill_are_not_made_up_for_with_a_burst_of_alerts(world: World) -> None:
    """A server that slept sends one alert when it wakes, and the next ten minutes later [TRI-09]."""
    await world.consent()
    await world.write(PAIN)
    runner, outside = on_duty(world), Outside(world)
    world.later(hours=6)
    for _ in range(5):
        await run_once(runner)
    await outside.run()
    assert len(outside.taken) == 1

    world.later(minutes=10)
    await run_once(runner)
    await outside.run()
    assert len(outside.taken) == 2


async def test_an_old_question_that_turns_grave_alerts_once(world: World) -> None:
    """Days of waiting count for nothing: the alert is about the words of now [TRI-09]."""
    await world.consent()
    asked = await world.write("Bonjour, une question toute simple.")
    world.later(days=2)
    await world.write(PAIN, thread=asked.thread)
    runner, outside = on_duty(world), Outside(world)
    for _ in range(5):
        await run_once(runner)
    await outside.run()

    assert len(outside.taken) == 1


async def test_a_routine_question_alerts_nobody(world: World) -> None:
    """Only an emergency wakes people [TRI-09]."""
    await world.consent()
    await world.write("Bonjour, une question toute simple.")
    runner, outside = on_duty(world), Outside(world)
    await run_once(runner)
    await outside.run()

    assert outside.taken == []


async def test_every_point_of_a_late_item_leaves_its_line(world: World) -> None:
    """Three quarters, the deadline, a business day after: no item is late without an escalation event [TRI-04]."""
    await world.consent()
    asked = await world.write("Bonjour, une question toute simple.")
    runner = Escalation(means=world.means, clinics={world.clinic.id: world.clinic}, clock=world.clock)
    for _ in range(40):
        await run_once(runner)
        world.later(hours=4)
    task = await waiting(world, asked.thread)
    history = await world.means.database.read(lambda c: tasks.events_of(c, task.id))

    assert [line.after for line in history if line.act == "escalated"] == ["soon_due", "late", "late"]
