"""A way that rests: those who would be told by it are told so, on the pages and in the acknowledgement."""

import re
from datetime import timedelta
from html import unescape
from uuid import UUID

import pytest
from sqlalchemy import select

from consent.model import Channel
from messaging_server.broker import pausing
from messaging_server.record import reading
from messaging_server.storage import outbox, tables
from messaging_server.storage.accounts import AccountRole
from messaging_server.storage.outbox import DeliveryState
from messaging_server.storage.tasks import TaskKind
from tests.clinic.outside import Outside
from tests.clinic.pages import Pages
from tests.clinic.world import EVERYTHING, World

TEXTS = frozenset(cell for cell in EVERYTHING if cell.channel is Channel.SMS)
TOLD = "textos de la clinique sont suspendus jusqu’au mercredi 25 novembre, 8"


async def rest(world: World, channel: Channel = Channel.SMS, hours: int | None = 22) -> None:
    """Let a way rest, by default till tomorrow, 8 a.m."""
    ends = world.now + timedelta(hours=hours) if hours else None
    await pausing.pause(world.means, world.clinic, channel, world.now, ends, world.now)


async def acknowledged(world: World) -> str:
    """Write, and read the acknowledgement in the inbox."""
    kept = await world.write("Bonjour, une question.")
    assert kept.thread is not None
    seen = await reading.open_thread(world.means.database, world.rose, kept.thread, world.later(seconds=1))
    return seen.exchanges[-1].content.text


async def test_the_acknowledgement_says_that_texts_rest(world: World) -> None:
    """With the end of the pause, where the answer will be, and the deadline as ever [ACK-24, ACK-03]."""
    await world.consent()
    plain = await acknowledged(world)
    await rest(world)
    told = await acknowledged(world)

    assert TOLD not in plain
    assert TOLD in told
    assert re.search(r"Vous aurez une réponse le \w+ \d+ novembre avant", told)
    assert "Revenez voir la réponse dans votre messagerie" in told


async def test_who_gets_no_texts_is_told_nothing_of_them(world: World) -> None:
    """A pause concerns only those who would be told by that way [ACK-24]."""
    await world.consent(scope=EVERYTHING - TEXTS)
    await rest(world)

    assert TOLD not in await acknowledged(world)


async def test_a_pause_to_come_is_not_said_yet(world: World) -> None:
    """From–to means from then on [ACK-24, TRI-22]."""
    await world.consent()
    later = world.now + timedelta(hours=1)
    await pausing.pause(world.means, world.clinic, Channel.SMS, later, None, world.now)

    assert "suspendus" not in await acknowledged(world)


async def test_the_pages_of_a_patient_say_it_too(pages: Pages) -> None:
    """The inbox and the page after sending; with it the clinic's telephone [ACK-24, SUP-08]."""
    world = pages.world
    await world.consent()
    await rest(world)
    kept = await world.write("Bonjour, une question.")
    rose = await pages.browser(world.rose)
    for path in ("/inbox", f"/sent/{kept.exchange}"):
        _, page = await rose.get(path)
        assert unescape(page).count(TOLD) == 1, path


async def test_everybody_else_sees_it_at_the_top(pages: Pages) -> None:
    """Before signing in, and on the board, in either language; not once the pause is over [ACK-24, TRI-22]."""
    world = pages.world
    await rest(world)
    stranger, nurse = await pages.browser(language="en"), await pages.browser(world.staff(AccountRole.NURSE))
    _, entrance = await stranger.get("/sign-in")
    _, board = await nurse.get("/staff")
    world.later(hours=23)
    _, after = await stranger.get("/sign-in")

    assert "Text messages from the clinic are paused until Wednesday, November 25, 8" in unescape(entrance)
    assert TOLD in unescape(board)
    assert "Les avis aux patients attendent." in unescape(board)
    assert "paused" not in after


async def test_a_patient_whom_it_does_not_concern_sees_no_banner(pages: Pages) -> None:
    """Nothing agreed for texts, nothing said about texts [ACK-24]."""
    world = pages.world
    await world.consent(scope=EVERYTHING - TEXTS)
    await rest(world)
    _, page = await (await pages.browser(world.rose)).get("/inbox")

    assert "suspendus" not in unescape(page)


@pytest.mark.parametrize(("days", "leaves"), [(1, 1), (5, 0)])
async def test_an_acknowledgement_never_leaves_after_the_moment_that_it_promises(
    world: World, days: int, leaves: int
) -> None:
    """What waited for the end of a pause too long is true only in the record, and stays there [ACK-03, ACK-24]."""
    await world.consent()
    await rest(world, Channel.EMAIL, hours=24 * days)
    kept = await world.mail("Bonjour, une question.")
    outside = Outside(world)
    await outside.run()
    world.later(days=days, minutes=1)
    await outside.run()
    assert kept.notice_exchange is not None
    told = kept.notice_exchange
    [row] = await world.means.database.read(lambda c: outbox.deliveries_of(c, [told]))

    assert len(outside.taken) == leaves
    assert not any("suspendus" in out.payload.body for out in outside.taken), "the pause that it waited for is over"
    assert row.state is (DeliveryState.SENT if leaves else DeliveryState.STOPPED)


@pytest.mark.parametrize(("days", "calls"), [(1, []), (5, ["requested"])])
async def test_a_mail_whose_answer_rests_is_marked_for_a_call(world: World, days: int, calls: list[str]) -> None:
    """Its author hears nothing meanwhile, so staff do: until the answer has left after all [ACK-16, ACK-24]."""
    await world.consent()
    await rest(world, Channel.EMAIL, hours=24 * days)
    kept = await world.mail("Bonjour, une question.")
    outside = Outside(world)
    await outside.run()
    assert await marked(world, kept.notice_exchange) == ["requested"]
    world.later(days=days, minutes=1)
    await outside.run()

    assert [one for one in await marked(world, kept.notice_exchange) if one == "requested"] == calls


async def test_an_answer_that_the_server_was_down_for_is_marked_for_a_call(world: World) -> None:
    """Its moment has passed before anybody could send it [ACK-16]."""
    await world.consent()
    kept = await world.mail("Bonjour, une question.")
    world.later(days=6)
    await Outside(world).run()

    assert await marked(world, kept.notice_exchange) == ["requested"]


async def marked(world: World, exchange: UUID | None) -> list[str]:
    """Where the calls in place of an automatic answer stand."""
    c = tables.tasks.c
    query = select(c.status).where(c.exchange_id == exchange, c.kind == TaskKind.UNDELIVERED.value)
    return list(await world.means.database.read(lambda o: o.execute(query).scalars().all()))
