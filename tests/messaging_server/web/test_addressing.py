"""A patient's addresses at the counter: added, proven, agreed to, stopped, removed; the old ones are told."""

import asyncio
import re
from html import unescape
from uuid import UUID

import pytest

from consent.model import Act, Channel, Method
from messaging_server.broker import addressing, permission, verification
from messaging_server.broker.addressing import NewAddress
from messaging_server.broker.case import Disposition
from messaging_server.broker.directory import open_address, word_fingerprints
from messaging_server.broker.notices import Notice
from messaging_server.broker.saying import read_payload
from messaging_server.errors import InvalidError, NotAllowedError, NotFoundError
from messaging_server.message import Keyword
from messaging_server.record.entry import EntryKind, read_body
from messaging_server.record.verifying import verify_clinic
from messaging_server.storage import consents, outbox, people, records, tasks
from messaging_server.storage.accounts import AccountRole
from messaging_server.storage.database import Connection
from messaging_server.storage.outbox import DeliveryRow
from messaging_server.storage.people import AddressRow, AddressStatus
from messaging_server.storage.tasks import TaskKind
from messaging_server.texts import Language
from tests.clinic.answering import answer, waiting
from tests.clinic.pages import Browser, Pages
from tests.clinic.world import PASSWORD, TEXTS, World

NEW = {"channel": "email", "value": "rose@ailleurs.test", "personal": "yes", "current": PASSWORD}


def word(key: str, language: Language = Language.FR) -> str:
    """A text of the pages."""
    return TEXTS.gettext(language, key)


def page_of(world: World) -> str:
    """The patient's page."""
    return f"/staff/people/{world.rose.person}"


async def desk(pages: Pages, role: AccountRole = AccountRole.RECEPTION, language: str = "fr") -> Browser:
    """A colleague's browser."""
    return await pages.browser(pages.world.staff(role), language)


async def known(world: World) -> dict[str, AddressRow]:
    """The patient's addresses as they are kept."""
    rows = await world.means.database.read(lambda c: people.addresses_of(c, world.rose.person))
    return {open_address(world.means.keys, row): row for row in rows}


async def queued(world: World) -> list[tuple[str, Notice]]:
    """What waits to leave: where to, and what it is."""
    later = world.now.replace(year=world.now.year + 1)

    def unit(connection: Connection) -> list[tuple[AddressRow | None, DeliveryRow]]:
        rows = outbox.lease(connection, holder=UUID(int=9), now=later, until=later, most=50)
        return [(people.address(connection, row.clinic_id, row.address_id), row) for row in rows if row.address_id]

    found = await world.means.database.write(unit)
    return [
        (open_address(world.means.keys, address), read_payload(world.means.keys, row).notice)
        for address, row in found if address
    ]  # fmt: skip


async def add(world: World, value: str = "rose@ailleurs.test", channel: Channel = Channel.EMAIL) -> UUID:
    """Add an address behind the pages' back."""
    new = NewAddress(channel=channel, value=value, personal=True)
    desk = world.staff(AccountRole.RECEPTION)
    return await addressing.add(world.means, world.clinic, desk, world.rose.person, new, world.now)


async def verify(world: World, address: UUID) -> None:
    """Mark one address as proven."""
    await world.means.database.write(lambda c: people.change_address(c, address, verified_at=world.now))


async def remove(world: World, value: str) -> None:
    """Remove an address behind the pages' back."""
    row = (await known(world))[value]
    await addressing.remove(world.means, world.clinic, world.staff(AccountRole.RECEPTION), row.id, world.now)


async def test_an_address_is_added_at_the_counter_and_the_old_ones_are_told(pages: Pages) -> None:
    """It waits for its proof; the addresses in use learn that something changed, without a word of what [IDN-11]."""
    world, browser = pages.world, await desk(pages)
    status, page = await browser.post(f"{page_of(world)}/addresses", NEW)
    row = (await known(world))["rose@ailleurs.test"]
    found = await world.means.database.read(
        lambda c: people.find(c, world.clinic.id, word_fingerprints(world.means.keys, world.clinic.id, [NEW["value"]]))
    )

    assert status == 200
    assert word("flash.address_added") in unescape(page)
    assert word("address_means.to_verify") in unescape(page)
    assert row.verified_at is None
    assert row.personal
    assert [one.id for one in found] == [world.rose.person]
    assert sorted(await queued(world)) == [
        (world.patient_phone, Notice.SECURITY_ALERT), (world.patient_email, Notice.SECURITY_ALERT),
    ]  # fmt: skip
    assert (await verify_clinic(world.means.database, world.clinic.id, None)).faults == ()


@pytest.mark.parametrize(
    ("changes", "leads_to"),
    [
        ({"channel": ""}, "channel"), ({"channel": "web"}, "channel"), ({"value": ""}, "value"),
        ({"value": "rose@"}, "value"), ({"channel": "sms", "value": "12"}, "value"), ({"personal": ""}, "personal"),
        ({"value": "rose.lavigne@exemple.test"}, "value"), ({"current": ""}, "current"),
        ({"current": "pas le bon mot de passe"}, "current"),
    ],
)  # fmt: skip
async def test_an_error_leads_to_its_field_and_keeps_what_was_typed(
    pages: Pages, changes: dict[str, str], leads_to: str
) -> None:
    """Kind, address, attestation and the colleague's own password are asked for [CON-18, IDN-11, ACC-05]."""
    world, browser = pages.world, await desk(pages)
    form = NEW | changes
    status, page = await browser.post(f"{page_of(world)}/addresses", form)

    assert status == 422
    assert f'href="#{leads_to}"' in page
    assert f'value="{form["value"]}"' in page
    assert PASSWORD not in page
    assert len(await known(world)) == 2
    assert await queued(world) == []


async def test_an_address_of_another_patient_is_refused(world: World) -> None:
    """One address for two patients would send one's notices to the other [CON-20]."""
    with pytest.raises(InvalidError) as refused:
        await add(world, world.patient_email)

    assert (refused.value.field, refused.value.code) == ("value", "already_used")


async def test_a_new_address_is_proven_at_the_counter(pages: Pages) -> None:
    """A code goes there, the patient reads it out, and the colleague types it [DIR-03, SMS-21]."""
    world, browser = pages.world, await desk(pages)
    path = f"{page_of(world)}/addresses/{await add(world)}"
    _, sent = await browser.post(f"{path}/code", {}, page=path)
    again, _ = await browser.post(f"{path}/code", {}, page=path)
    codes = [to for to, notice in await queued(world) if notice is Notice.ADDRESS_CHECK]
    status, wrong = await browser.post(path, {"code": "nothing"}, page=path)

    assert word("flash.code_sent") in unescape(sent)
    assert 'id="code"' in sent
    assert again == 200
    assert codes == ["rose@ailleurs.test"]
    assert status == 422
    assert 'href="#code"' in wrong


async def test_an_old_consent_does_not_cover_a_new_address_and_both_sides_see_it(pages: Pages) -> None:
    """The page says so and offers to record a consent; nothing is sent there before [CON-15, CON-24]."""
    world = pages.world
    await world.consent()
    await verify(world, await add(world))
    _, staff = await (await desk(pages)).get(page_of(world))
    _, own = await (await pages.browser(world.rose)).get("/choices")

    for page in (unescape(staff), unescape(own)):
        assert word("coverage.not_covered") in page
    assert word("person.not_covered") in unescape(staff)
    assert f'href="{page_of(world)}/consent"' in staff
    assert word("choices.not_covered") in unescape(own)


async def test_a_reply_is_announced_at_the_agreed_address_and_not_at_the_new_one(world: World) -> None:
    """Until the patient agrees anew the new address is silent, then it is used [CON-01, CON-24]."""
    await world.consent()
    world.later(minutes=1)
    await verify(world, await add(world))
    world.later(minutes=1)
    first = await world.write("Bonjour, puis-je prendre les deux?")
    await answer(world, first.thread)
    before = [to for to, notice in await queued(world) if notice is Notice.NOTIFICATION]
    await world.consent()
    world.later(minutes=1)
    second = await world.write("Et le soir?")
    await answer(world, second.thread)
    after = [to for to, notice in await queued(world) if notice is Notice.NOTIFICATION]

    assert "rose@ailleurs.test" not in before
    assert before
    assert "rose@ailleurs.test" in after


async def test_mail_from_a_new_address_waits_for_the_consent(world: World) -> None:
    """The channel rests for an address that nobody agreed to: held for staff, and answered with the way [CON-24]."""
    await world.consent()
    await verify(world, await add(world))
    held = await world.mail("Bonjour, une question.", sender="rose@ailleurs.test")
    filed = await world.mail("Bonjour, une autre.")

    assert held.disposition is Disposition.HELD
    assert filed.disposition is not Disposition.HELD
    assert ("rose@ailleurs.test", Notice.NOT_YET) in await queued(world)


async def test_what_is_agreed_covers_the_addresses_of_its_day(world: World) -> None:
    """The act names them; one that grants nothing names none [CON-15]."""
    act = await world.consent()
    rows = await known(world)
    await add(world)

    def query(connection: Connection) -> frozenset[UUID]:
        return next(one.addresses for one in consents.consents_of(connection, world.rose.person) if one.id == act)

    assert await world.means.database.read(query) == {row.id for row in rows.values()}
    no = permission.Given(
        act=Act.REFUSED, method=Method.ONLINE, channels=frozenset(Channel), scope=frozenset(), language="fr"
    )
    assert permission.covered(tuple(rows.values()), no) == frozenset()


async def test_a_removed_address_is_told_and_then_never_used(pages: Pages) -> None:
    """What waited for it stops, it finds nobody any more, and what comes from it is a stranger's [IDN-11, TRI-16]."""
    world, browser = pages.world, await desk(pages)
    await world.consent()
    receipt = await world.write("Bonjour")
    await answer(world, receipt.thread)
    world.later(minutes=1)
    row = (await known(world))[world.patient_email]
    path = f"{page_of(world)}/addresses/{row.id}/remove"
    _, asked = await browser.get(path)
    refused, _ = await browser.post(path, {"current": "pas le bon mot de passe"})
    status, page = await browser.post(path, {"current": PASSWORD})
    waits = await queued(world)
    mail = await world.mail("Bonjour, c’est moi.")
    task = await waiting(world, mail.thread)

    assert TEXTS.gettext(Language.FR, "remove_address.last", channel=word("channel.email")) in unescape(asked)
    assert refused == 422
    assert status == 200
    assert word("flash.address_removed") in unescape(page)
    assert world.patient_email not in await known(world)
    assert [notice for to, notice in waits if to == world.patient_email] == [Notice.SECURITY_ALERT]
    assert task.kind == "held"
    assert (await browser.get(path))[0] == 404


async def test_a_reply_that_nobody_is_told_of_any_more_becomes_a_call(world: World) -> None:
    """With the last way removed while the word waits, a person calls, and the ledger says why [IDN-11, EOU-13]."""
    await world.consent()
    sent = await answer(world, (await world.write("Bonjour")).thread)
    world.later(minutes=2)

    def calls(connection: Connection) -> bool:
        return tasks.open_tasks_of_exchange(connection, sent.exchange, [TaskKind.CALL])

    await remove(world, world.patient_email)
    told_by_text = not await world.means.database.read(calls)
    await remove(world, world.patient_phone)

    def stopped(connection: Connection) -> int:
        record = records.record_of_person(connection, world.clinic.id, world.rose.person)
        entries = records.entries_of(connection, record.id) if record else ()
        return [read_body(row.body)["kind"] for row in entries].count(EntryKind.STOPPED)

    assert told_by_text
    assert await world.means.database.read(calls)
    assert await world.means.database.read(stopped) == 2


async def test_a_stop_outlives_the_removal_of_its_number(world: World) -> None:
    """The number comes back as it left: stopped, until its holder starts it again [SMS-14]."""
    await world.consent()
    await world.text("STOP", keyword=Keyword.STOP)
    await remove(world, world.patient_phone)
    await add(world, world.patient_phone, Channel.SMS)

    assert (await known(world))[world.patient_phone].state == AddressStatus.OPTED_OUT


@pytest.mark.parametrize("language", Language)
async def test_after_a_stop_both_sides_see_it_and_how_to_start_again(pages: Pages, language: Language) -> None:
    """The consent stays as it was, and nothing looks as if texts were sent [SMS-14, CON-27]."""
    world = pages.world
    await world.consent()
    await world.text("STOP", keyword=Keyword.STOP)
    _, own = await (await pages.browser(world.rose, language)).get("/choices")
    row = (await known(world))[world.patient_phone]
    _, staff = await (await desk(pages, language=language)).get(f"{page_of(world)}/addresses/{row.id}")
    text = unescape(own)

    assert word("choices.stopped_kept", language) in text
    assert word("choices.start_again", language) in text
    assert word("choice.stopped", language) in text
    assert word("address_means.opted_out", language) in unescape(staff)
    assert f"addresses/{row.id}/code" not in staff
    await world.text("START", keyword=Keyword.START)
    _, again = await (await pages.browser(world.rose, language)).get("/choices")
    assert word("choice.stopped", language) not in unescape(again)


async def test_no_code_goes_to_a_number_that_was_stopped(pages: Pages) -> None:
    """Neither staff nor the patient send one [SMS-14]."""
    world = pages.world
    row = (await known(world))[world.patient_phone]
    await world.text("STOP", keyword=Keyword.STOP)
    path = f"{page_of(world)}/addresses/{row.id}"
    staff, _ = await (await desk(pages)).post(f"{path}/code", {}, page=path)
    own, _ = await (await pages.browser(world.rose)).post(f"/choices/addresses/{row.id}/code", {}, page="/choices")

    assert (staff, own) == (403, 403)
    assert (await known(world))[world.patient_phone].state == AddressStatus.OPTED_OUT


async def code_of(world: World, address: UUID) -> str:
    """The six digits that are on their way to an address."""

    def query(connection: Connection) -> DeliveryRow:
        later = world.now.replace(year=world.now.year + 1)
        rows = outbox.lease(connection, holder=UUID(int=9), now=later, until=later, most=50)
        return next(row for row in rows if row.address_id == address)

    row = await world.means.database.write(query)
    found = re.search(r"\b\d{6}\b", read_payload(world.means.keys, row).body)
    assert found
    return found[0]


async def test_the_code_that_the_patient_reads_out_proves_the_address(pages: Pages) -> None:
    """The colleague types it, and the address is in use from then on [DIR-03]."""
    world, browser = pages.world, await desk(pages)
    address = await add(world)
    path = f"{page_of(world)}/addresses/{address}"
    await browser.post(f"{path}/code", {}, page=path)
    status, page = await browser.post(path, {"code": await code_of(world, address)}, page=path)

    assert status == 200
    assert word("flash.address_verified") in unescape(page)
    assert (await known(world))["rose@ailleurs.test"].verified_at == world.now


async def test_a_code_that_was_under_way_lifts_no_stop(pages: Pages) -> None:
    """The number is proven, and stays stopped until its holder starts it again [SMS-14, SMS-21]."""
    world, browser = pages.world, await desk(pages)
    address = await add(world, "514 555-0188", Channel.SMS)
    path = f"{page_of(world)}/addresses/{address}"
    await browser.post(f"{path}/code", {}, page=path)
    code = await code_of(world, address)
    await world.text("STOP", sender="+15145550188", keyword=Keyword.STOP)
    await verification.confirm(world.means, world.clinic, world.staff(), address, code, world.now)
    row = (await known(world))["+15145550188"]

    assert row.verified_at == world.now
    assert row.state == AddressStatus.OPTED_OUT


async def test_only_who_enrols_changes_addresses(world: World) -> None:
    """Not an administrator, not the patient behind the page's back, and nothing of nobody [IDN-22]."""
    row = (await known(world))[world.patient_email]
    for who in (world.staff(AccountRole.ADMINISTRATOR), world.rose):
        with pytest.raises(NotAllowedError):
            await addressing.remove(world.means, world.clinic, who, row.id, world.now)
    with pytest.raises(NotFoundError):
        await addressing.remove(world.means, world.clinic, world.staff(), UUID(int=9), world.now)


async def test_another_patient_s_address_is_not_found_through_this_one(pages: Pages) -> None:
    """The path names whose it is, and both must agree [SEC-09]."""
    world, browser = pages.world, await desk(pages)
    row = (await known(world))[world.patient_email]
    path = f"/staff/people/{world.staff().person}/addresses/{row.id}"

    assert (await browser.get(path))[0] == 404
    assert (await browser.get(f"{page_of(world)}/addresses/{UUID(int=9)}"))[0] == 404


async def test_eight_clicks_at_once_send_one_code(world: World) -> None:
    """Each code more would be five guesses more, and one more text to a number that asked for none [DIR-03]."""
    address, desk = await add(world), world.staff(AccountRole.RECEPTION)
    await asyncio.gather(
        *(verification.send_code(world.means, world.clinic, desk, address, world.now) for _ in range(8))
    )

    assert [notice for _, notice in await queued(world)].count(Notice.ADDRESS_CHECK) == 1
