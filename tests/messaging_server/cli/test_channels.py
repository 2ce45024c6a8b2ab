"""`channel pause` and `channel resume`."""

from datetime import timedelta

import pytest

from consent.model import Channel
from messaging_server.broker import pausing
from messaging_server.clock import utc_now
from messaging_server.errors import InvalidError
from messaging_server.storage import pauses
from tests.clinic.answering import answer
from tests.clinic.outside import Outside
from tests.clinic.world import World
from tests.messaging_server.cli.conftest import Run


async def waiting(world: World) -> Outside:
    """An answer whose announcements by e-mail and by text are due now."""
    await world.consent()
    asked = await world.write("Bonjour")
    world.now = (await answer(world, asked.thread)).leaves_at
    return Outside(world)


async def test_nothing_leaves_by_a_resting_channel_and_nothing_is_lost(world: World) -> None:
    """The other channel goes on; when the pause is over what waited leaves [EOU-13, TRI-22]."""
    outside = await waiting(world)
    await pausing.pause(world.means, world.clinic, Channel.EMAIL, world.now, world.now + timedelta(hours=1), world.now)
    await outside.run()
    assert [out.to for out in outside.taken] == [world.patient_phone]
    world.later(minutes=61)
    await outside.run()
    assert [out.to for out in outside.taken] == [world.patient_phone, world.patient_email]
    assert outside.taken[-1].attempt == 0


async def test_a_pause_without_an_end_lasts_until_it_is_ended(world: World) -> None:
    """Ending it lets go at once what waited [EOU-13]."""
    outside = await waiting(world)
    await pausing.pause(world.means, world.clinic, Channel.SMS, world.now, None, world.now)
    await outside.run()
    world.later(days=3)
    await outside.run()
    assert [out.to for out in outside.taken] == [world.patient_email]
    assert await pausing.resume(world.means, world.clinic, Channel.SMS, world.now) == 1
    await outside.run()
    assert [out.to for out in outside.taken] == [world.patient_email, world.patient_phone]


async def test_a_pause_to_come_stops_nothing_yet(world: World) -> None:
    """From–to means from then on [TRI-22]."""
    outside = await waiting(world)
    later = world.now + timedelta(hours=1)
    await pausing.pause(world.means, world.clinic, Channel.EMAIL, later, None, world.now)
    await outside.run()
    assert {out.to for out in outside.taken} == {world.patient_email, world.patient_phone}


async def test_what_comes_in_is_taken_as_ever(world: World) -> None:
    """A pause closes no ear: a mail is kept and has its task [EIN-05]."""
    await world.consent()
    await pausing.pause(world.means, world.clinic, Channel.EMAIL, world.now, None, world.now)
    receipt = await world.mail("Bonjour")
    assert receipt.due is not None


async def test_the_inbox_cannot_rest_and_an_end_must_be_one(world: World) -> None:
    """What makes no sense is refused and nothing is stored [TRI-22]."""
    for channel, ends in ((Channel.WEB, None), (Channel.EMAIL, world.now)):
        with pytest.raises(InvalidError):
            await pausing.pause(world.means, world.clinic, channel, world.now, ends, world.now)
    resting = await world.means.database.read(lambda c: pauses.paused(c, world.clinic.id, Channel.EMAIL, world.now))
    assert resting is None


async def test_a_channel_is_paused_and_resumed_from_the_terminal(world: World, run: Run) -> None:
    """Moments without an offset are in clinic time; both acts can be read back [TRI-22]."""
    result = await run("channel", "pause", "email", "--to", "2099-01-04T08:00")
    assert "until 2099-01-04T08:00-05:00" in result.stdout
    row = await world.means.database.read(lambda c: pauses.paused(c, world.clinic.id, Channel.EMAIL, utc_now()))
    assert row is not None
    assert row.ends_at is not None
    assert (await run("channel", "resume", "email")).stdout == "email goes on; 0 waiting deliveries leave now.\n"
    again = await run("channel", "resume", "email")
    assert (again.exit_code, again.stderr) == (1, "email was not paused.\n")


@pytest.mark.parametrize("arguments", [("web",), ("email", "--to", "2001-01-01"), ("email", "--from", "demain")])
async def test_a_pause_that_makes_no_sense_is_refused(run: Run, arguments: tuple[str, ...]) -> None:
    """The inbox, an end in the past, a moment that is none [TRI-22]."""
    assert (await run("channel", "pause", *arguments)).exit_code == 2
