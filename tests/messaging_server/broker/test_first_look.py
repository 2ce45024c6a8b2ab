"""What came while no key was at hand: kept to few, and the patient's own words are looked for at its first opening."""

import asyncio
from uuid import UUID

import pytest

from messaging_server.broker import first_look, outbound, own_words, refiling, routing
from messaging_server.broker.receipt import Receipt
from messaging_server.errors import NotFoundError
from messaging_server.message import Attachment, Authentication
from messaging_server.record.entry import EntryKind
from messaging_server.record.opened import OpenedThread
from messaging_server.record.reading import Reader, open_thread
from messaging_server.storage import records, threads
from messaging_server.storage.accounts import AccountRole
from messaging_server.web.findings import findings_of, not_screened
from tests.clinic.answering import reply_to, waiting
from tests.clinic.world import World
from triage.model import QueueName, Topic
from triage.own_words import RULE

BOOKING = "Bonjour, je voudrais prendre un rendez-vous pour mon suivi annuel."
WITH_MARC = "Bonjour, je voudrais prendre un rendez-vous. Marc viendra avec moi."


@pytest.fixture
async def listed(world: World) -> World:
    """A clinic whose patient has agreed and keeps a word."""
    await world.consent()
    await own_words.add(world.means, world.clinic, world.rose, "marc", world.now)
    return world


async def opened(world: World, receipt: Receipt, role: AccountRole = AccountRole.NURSE) -> OpenedThread:
    """The thread as it rests, for a colleague."""
    return await open_thread(world.means.database, world.staff(role), UUID(str(receipt.thread)), world.now)


async def looked(world: World, receipt: Receipt, role: AccountRole = AccountRole.NURSE) -> OpenedThread:
    """The thread, opened as the pages open it."""
    world.later(seconds=5)
    found = await opened(world, receipt, role)
    return await first_look.look(world.means, world.clinic, world.staff(role), found, world.now)


async def kinds(world: World) -> list[str]:
    """The kinds of the entries of the patient's record."""
    record = await world.means.database.read(
        lambda c: records.record_of_person(c, world.clinic.id, world.rose.person)
    )
    assert record is not None
    return [entry.kind for entry in await world.means.database.read(lambda c: records.entries_of(c, record.id))]


@pytest.mark.parametrize("text", [BOOKING, WITH_MARC])
@pytest.mark.parametrize("door", ["mail", "text"])
async def test_unopened_mail_of_somebody_with_own_words_is_for_few(listed: World, door: str, text: str) -> None:
    """In reception's queue like any other booking, and reception has no way to it [SEN-08, SEN-09]."""
    receipt = await getattr(listed, door)(text)
    task = await waiting(listed, receipt.thread)
    assert task.queue == QueueName.APPOINTMENTS
    with pytest.raises(NotFoundError):
        await opened(listed, receipt, AccountRole.RECEPTION)
    assert (await opened(listed, receipt)).exchanges[0].row.unmatched


async def test_mail_of_somebody_without_own_words_goes_where_it_always_went(listed: World) -> None:
    """An empty list keeps nothing from reception; neither does what is written signed in."""
    assert not (await looked(listed, await listed.write(BOOKING))).exchanges[0].row.unmatched
    for phrase in await own_words.own(listed.means, listed.clinic, listed.rose):
        await own_words.remove(listed.means, listed.clinic, listed.rose, phrase, listed.now)
    receipt = await listed.mail(BOOKING)
    assert not (await opened(listed, receipt, AccountRole.RECEPTION)).exchanges[0].row.unmatched


async def test_the_first_opening_marks_what_it_finds(listed: World) -> None:
    """The finding stands beside the message, is kept, and the thread is private from then on [SEN-09, SEN-13]."""
    receipt = await listed.mail(WITH_MARC)
    seen = await looked(listed, receipt)
    again = await looked(listed, receipt)
    for one in (seen, again):
        found = [finding for finding in findings_of(one.exchanges) if finding.reason.rule == RULE]
        assert [(f.exchange, f.reason.words, f.reason.topic) for f in found] == [
            (receipt.exchange, "Marc", Topic.PATIENT_MARKED)
        ]
        assert one.row.private
    assert [one.row for one in seen.exchanges] == [one.row for one in again.exchanges]
    with pytest.raises(NotFoundError):
        await opened(listed, receipt, AccountRole.RECEPTION)
    assert (await listed.write("Merci", thread=receipt.thread)).assessment.topics == (Topic.PATIENT_MARKED,)


async def test_looking_is_no_second_reading(listed: World) -> None:
    """The ledger has the opening once, and what was set beside the message [AUD-04, REC-01]."""
    receipt = await listed.mail(WITH_MARC)
    before = await kinds(listed)
    await looked(listed, receipt)
    assert (await kinds(listed))[len(before) :] == [EntryKind.READ, EntryKind.NOTE]


async def test_where_nothing_is_found_reception_gets_its_booking(listed: World) -> None:
    """A clinician's opening gives reception the way that it would have had at once [SEN-09, TRI-10]."""
    receipt = await listed.mail(BOOKING)
    assert not (await looked(listed, receipt)).row.private
    said = (await opened(listed, receipt, AccountRole.RECEPTION)).exchanges
    assert said[0].content.text == BOOKING
    assert not said[0].row.unmatched


async def test_handing_it_on_unopened_takes_no_words_along(listed: World) -> None:
    """To reception goes the line, not what nobody has looked through [SEN-09, TRI-14]."""
    receipt = await listed.mail("Bonjour, ma toux ne passe pas. Marc s'inquiète.")
    task = await waiting(listed, receipt.thread)
    await routing.assign(listed.means, listed.clinic, listed.staff(), task.id, QueueName.APPOINTMENTS, listed.now)
    with pytest.raises(NotFoundError):
        await opened(listed, receipt, AccountRole.RECEPTION)


async def test_what_stands_beside_a_message_is_never_handed_to_reception(listed: World) -> None:
    """Whoever hands a marked message on gives its words, not what the screening said of it [TRI-10, REC-16]."""
    receipt = await listed.mail("Bonjour, ma toux ne passe pas. Marc s'inquiète.")
    await looked(listed, receipt)
    task = await waiting(listed, receipt.thread)
    await routing.assign(listed.means, listed.clinic, listed.staff(), task.id, QueueName.APPOINTMENTS, listed.now)
    said = (await opened(listed, receipt, AccountRole.RECEPTION)).exchanges
    assert {one.row.direction for one in said} == {threads.Way.IN, threads.Way.OUT}
    assert not [one for one in said if one.judgement]


async def test_two_who_open_it_at_once_mark_it_once(listed: World) -> None:
    """The second finds it done [TRI-08]."""
    receipt = await listed.mail(WITH_MARC)
    readers = [AccountRole.NURSE, AccountRole.PHYSICIAN]
    seen = [await opened(listed, receipt, role) for role in readers]
    who: list[Reader] = [listed.staff(role) for role in readers]
    await asyncio.gather(
        *(first_look.look(listed.means, listed.clinic, w, s, listed.now) for w, s in zip(who, seen, strict=True))
    )
    rows = [one.row for one in (await opened(listed, receipt)).exchanges]
    assert [row.direction for row in rows].count(threads.Way.NOTE) == 1


async def test_the_patient_s_own_opening_looks_for_nothing(listed: World) -> None:
    """It is the team that it must be kept from until one of those who hold the record has looked [SEN-09]."""
    receipt = await listed.mail(WITH_MARC)
    own = await open_thread(listed.means.database, listed.rose, UUID(str(receipt.thread)), listed.now)
    assert await first_look.look(listed.means, listed.clinic, listed.rose, own, listed.now) == own
    assert (await opened(listed, receipt)).exchanges[0].row.unmatched


async def test_what_a_file_says_is_called_not_screened(listed: World) -> None:
    """Its name is looked through; its text was read at the door, where nobody had the list [SEN-10, SEN-15]."""
    file = Attachment(filename="lettre.txt", media_type="text/plain", content=b"selon Marc", text="selon Marc")
    seen = await looked(listed, await listed.mail(BOOKING, attachments=(file,)))
    assert not_screened(seen.exchanges) == ("attachment:0",)


async def test_held_mail_is_looked_through_once_it_is_filed(listed: World) -> None:
    """Whose it is shows first; then it is like any mail of theirs [SEN-09, TRI-16]."""
    receipt = await listed.mail(WITH_MARC, authentication=Authentication())
    task = await waiting(listed, receipt.thread)
    nurse = listed.staff(AccountRole.NURSE)
    await refiling.file_held(listed.means, listed.clinic, nurse, task.id, listed.rose.person, listed.now)
    assert (await looked(listed, receipt)).row.private


async def test_an_answer_to_it_is_for_few_as_well(listed: World) -> None:
    """A clinician's words in a private thread reach no desk [SEN-08]."""
    receipt = await listed.mail(WITH_MARC)
    await looked(listed, receipt)
    task = await waiting(listed, receipt.thread)
    await outbound.send(listed.means, listed.clinic, listed.staff(), reply_to(task), listed.now)
    with pytest.raises(NotFoundError):
        await opened(listed, receipt, AccountRole.RECEPTION)
