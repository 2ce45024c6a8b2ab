"""My choices, over the real pages: what is in force, taking it back at once, and proving an address."""

import re
from html import unescape
from uuid import UUID

from consent.model import Act, Category, Channel, ConsentEvent, Scope
from consent.register import ChannelState, standing
from messaging_server.broker.saying import read_payload
from messaging_server.storage import consents, outbox, people
from messaging_server.storage.accounts import AccountRole
from messaging_server.storage.database import Connection
from messaging_server.storage.outbox import DeliveryRow, DeliveryState
from tests.clinic.answering import answer
from tests.clinic.pages import Browser, Pages
from tests.clinic.world import World


async def agree(world: World) -> None:
    """Agree to everything, a minute ago."""
    await world.consent()
    world.later(minutes=1)


async def register(world: World) -> tuple[ConsentEvent, ...]:
    """Every act of the patient."""
    return await world.means.database.read(lambda c: consents.consents_of(c, world.rose.person))


async def state(world: World, channel: Channel) -> ChannelState:
    """How a channel stands now."""
    return standing(await register(world), world.now).channels[channel]


async def withdraw(browser: Browser, **named: str) -> tuple[int, str]:
    """Take consent back as the page does."""
    query = "&".join(f"{name}={value}" for name, value in named.items())
    form = {"channel": "", "category": ""} | named
    return await browser.post("/choices/withdraw", form, page=f"/choices/withdraw?{query}")


async def unverified(world: World, channel: Channel = Channel.EMAIL) -> UUID:
    """Make one of the patient's addresses one that still has to be proven."""

    def unit(connection: Connection) -> UUID:
        row = next(a for a in people.addresses_of(connection, world.rose.person) if a.channel == channel)
        people.change_address(connection, row.id, verified_at=None)
        return row.id

    return await world.means.database.write(unit)


async def queued(world: World) -> list[DeliveryRow]:
    """What waits to leave."""
    later = world.now.replace(year=world.now.year + 1)

    def unit(connection: Connection) -> list[DeliveryRow]:
        return list(outbox.lease(connection, holder=UUID(int=9), now=later, until=later, most=50))

    return await world.means.database.write(unit)


async def code_sent(world: World) -> str:
    """The six digits that are on their way."""
    [row] = [one for one in await queued(world) if one.channel is Channel.EMAIL]
    found = re.search(r"^\d{6}$", read_payload(world.means.keys, row).body, re.MULTILINE)
    assert found
    return found[0]


async def test_before_any_choice_nothing_is_agreed_and_nothing_can_be_stopped(pages: Pages) -> None:
    """A patient who was not asked sees that, for every way, and the way to begin [CON-15, CON-16]."""
    status, page = await (await pages.browser(pages.world.rose)).get("/choices")

    assert status == 200
    assert page.count("Pas encore demandé") == len(Category) * len(pages.world.clinic.policy.channels)
    assert "/choices/withdraw" not in page
    assert 'href="/activate/consent"' in page


async def test_each_choice_stands_with_its_date_and_its_address(pages: Pages) -> None:
    """What was agreed shows by channel and content with the day, and where each way leads [CON-15, DIR-03]."""
    world = pages.world
    await world.consent(scope=frozenset({Scope(Channel.EMAIL, Category.APPOINTMENTS)}))
    _, page = await (await pages.browser(world.rose)).get("/choices")
    page = unescape(page)

    assert page.count("Accepté<") == 1
    assert "24 novembre 2026" in page
    assert world.patient_email in page
    assert "/choices/withdraw?channel=email" in page
    assert "/choices/withdraw?channel=sms" not in page


async def test_the_effect_is_said_before_the_click(pages: Pages) -> None:
    """The page counts what will be stopped and names the ways that stay open [CON-13]."""
    world = pages.world
    await agree(world)
    receipt = await world.write("Bonjour, une question.")
    await answer(world, receipt.thread)
    _, page = await (await pages.browser(world.rose)).get("/choices/withdraw?channel=email")

    assert "1 message" in unescape(page)
    assert "Messagerie protégée" in page
    assert await state(world, Channel.EMAIL) is ChannelState.ACTIVE


async def test_a_withdrawn_way_stops_what_was_queued_and_leaves_the_others(pages: Pages) -> None:
    """One click takes a way back: what waits by it will not leave, the other ways stand [CON-13]."""
    world = pages.world
    await agree(world)
    receipt = await world.write("Bonjour, une question.")
    sent = await answer(world, receipt.thread)
    world.later(seconds=1)
    status, page = await withdraw(await pages.browser(world.rose), channel="email")
    rows = await world.means.database.read(lambda c: outbox.deliveries_of(c, [sent.exchange]))

    assert status == 200
    assert "Retiré" in unescape(page)
    assert await state(world, Channel.EMAIL) is ChannelState.WITHDRAWN
    assert await state(world, Channel.WEB) is ChannelState.ACTIVE
    assert {row.channel: row.state for row in rows} == {
        Channel.EMAIL: DeliveryState.STOPPED, Channel.SMS: DeliveryState.QUEUED
    }  # fmt: skip


async def test_one_kind_of_content_can_be_taken_back_on_one_way(pages: Pages) -> None:
    """Consent is withdrawn per channel and category too [CON-13, CON-10]."""
    world = pages.world
    await agree(world)
    await withdraw(await pages.browser(world.rose), channel="email", category="broadcast")
    agreed = standing(await register(world), world.now).agreed(Channel.EMAIL)

    assert agreed == frozenset(Category) - {Category.BROADCAST}


async def test_everything_can_be_taken_back_at_once(pages: Pages) -> None:
    """Nothing named means everything, and the page of choices says so with its line at the top [CON-13]."""
    world = pages.world
    await agree(world)
    _, page = await withdraw(await pages.browser(world.rose))

    assert 'role="status"' in page
    assert {await state(world, channel) for channel in Channel} == {ChannelState.WITHDRAWN}


async def test_a_second_click_takes_nothing_back_twice(pages: Pages) -> None:
    """A doubled withdrawal is one act of the register [CON-15]."""
    world = pages.world
    await agree(world)
    rose = await pages.browser(world.rose)
    await withdraw(rose, channel="sms")
    await withdraw(rose, channel="sms")

    assert [act.act for act in await register(world)] == [Act.ACCEPTED, Act.WITHDRAWN]


async def test_an_unknown_way_never_widens_a_withdrawal(pages: Pages) -> None:
    """A word that is no channel is refused; it never comes to mean everything [CON-13]."""
    world = pages.world
    await agree(world)
    rose = await pages.browser(world.rose)
    form = {"channel": "fax", "category": ""}
    status, _ = await rose.post("/choices/withdraw", form, page="/choices/withdraw")

    assert status == 404
    assert (await rose.get("/choices/withdraw?category=gossip"))[0] == 404
    assert await state(world, Channel.WEB) is ChannelState.ACTIVE


async def test_an_address_is_proven_by_the_code_that_went_there(pages: Pages) -> None:
    """The code is asked for, typed in, and the address is verified; the code is on no page [DIR-03]."""
    world = pages.world
    address = await unverified(world)
    rose = await pages.browser(world.rose)
    _, choices = await rose.get("/choices")
    path = f"/choices/addresses/{address}"
    _, page = await rose.post(f"{path}/code", {}, page=path)
    code = await code_sent(world)
    status, done = await rose.post(path, {"code": f" {code} "}, page=path)
    row = await world.means.database.read(lambda c: people.address(c, world.clinic.id, address))

    assert path in choices
    assert 'id="code"' in page
    assert code not in page
    assert status == 200
    assert 'role="status"' in done
    assert row is not None
    assert row.verified_at == world.now


async def test_the_code_of_an_address_is_not_in_the_inbox(pages: Pages) -> None:
    """A code proves an address only where it is read nowhere else [DIR-03]."""
    world = pages.world
    address = await unverified(world)
    rose = await pages.browser(world.rose)
    await rose.post(f"/choices/addresses/{address}/code", {}, page=f"/choices/addresses/{address}")
    _, page = await rose.get("/inbox")

    assert 'class="empty"' in page


async def test_a_wrong_code_leads_back_to_its_field(pages: Pages) -> None:
    """A wrong code is said beside its field; after a few of them even the right one is too late [DIR-03, IDN-09]."""
    world = pages.world
    address = await unverified(world)
    rose = await pages.browser(world.rose)
    path = f"/choices/addresses/{address}"
    await rose.post(f"{path}/code", {}, page=path)
    code = await code_sent(world)
    wrong = "000000" if code != "000000" else "111111"
    tries = [await rose.post(path, {"code": wrong}, page=path) for _ in range(5)]
    status, _ = await rose.post(path, {"code": code}, page=path)

    assert [one for one, _ in tries] == [422] * 5
    assert 'id="code-error"' in tries[0][1]
    assert "trop d’essais" in unescape(tries[4][1])
    assert status == 422


async def test_a_second_code_does_not_leave_at_once(pages: Pages) -> None:
    """Clicking again sends no second text before some minutes have passed [SMS-17]."""
    world = pages.world
    address = await unverified(world)
    rose = await pages.browser(world.rose)
    path = f"/choices/addresses/{address}"
    for _ in range(3):
        await rose.post(f"{path}/code", {}, page=path)
    soon = len(await queued(world))
    world.later(minutes=11)
    await rose.post(f"{path}/code", {}, page=path)

    assert (soon, len(await queued(world))) == (1, 2)


async def test_nobody_proves_the_address_of_somebody_else(pages: Pages) -> None:
    """An address of another person is no page; an address that is proven leads back [REC-05, DIR-03]."""
    world = pages.world
    own = await unverified(world)
    await world.verify_addresses(world.rose.person)
    rose, nurse = await pages.browser(world.rose), await pages.browser(world.staff(AccountRole.NURSE))

    assert (await rose.get(f"/choices/addresses/{UUID(int=3)}"))[0] == 404
    assert (await nurse.get(f"/choices/addresses/{own}"))[0] == 404
    answer = await rose.client.get(f"/choices/addresses/{own}", allow_redirects=False)
    assert answer.headers["Location"] == "/choices"
