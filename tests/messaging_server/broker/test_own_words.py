"""A patient's own sensitive words: kept sealed, looked for where somebody is signed in, told by nothing else."""

import asyncio
import json
from uuid import UUID

import pytest

from consent.model import Channel
from messaging_server.broker import exporting, outbound, own_words, reviewing
from messaging_server.broker.notices import Notice
from messaging_server.broker.receipt import Receipt
from messaging_server.errors import ConflictError, InvalidError, NotAllowedError, NotFoundError
from messaging_server.message import Attachment
from messaging_server.record.entry import EntryKind, read_body
from messaging_server.record.opened import OpenedThread
from messaging_server.record.reading import open_own_words, open_thread
from messaging_server.storage import own_words as rows
from messaging_server.storage import records, tables, threads
from messaging_server.storage.accounts import AccountRole
from messaging_server.storage.own_words import OwnWordsRow
from messaging_server.storage.records import RecordRow
from messaging_server.storage.threads import ThreadRow
from tests.clinic.answering import KIND_WORDS, answer, reply_to, waiting
from tests.clinic.outside import Outside
from tests.clinic.world import World
from triage.model import QueueName, Topic
from triage.own_words import RULE

CALM = "Bonjour, puis-je prendre mon sirop avec mes vitamines ?"
ABOUT_MARC = "Bonjour, MARC m'a demandé si je peux prendre mon sirop."


async def keep(world: World, *phrases: str) -> None:
    """The patient's list, one phrase after the other."""
    for phrase in phrases:
        await own_words.add(world.means, world.clinic, world.rose, phrase, world.later(seconds=1))


async def listed(world: World) -> list[str]:
    """The list as the patient sees it."""
    return list((await own_words.own(world.means, world.clinic, world.rose)).values())


async def record_of(world: World) -> RecordRow:
    """The patient's record."""
    found = await world.means.database.read(
        lambda c: records.record_of_person(c, world.clinic.id, world.rose.person)
    )
    assert found is not None
    return found


async def resting(world: World) -> tuple[OwnWordsRow, ...]:
    """What the database holds of the list."""
    record = await record_of(world)
    return await world.means.database.read(lambda c: rows.of_record(c, record.id))


async def tell(world: World, text: str, **given: object) -> Receipt:
    """A message of the patient by the web, with the list that the page hands on."""
    return await world.write(text, own_words=tuple(await listed(world)), **given)  # type: ignore[arg-type]


async def thread_of(world: World, receipt: Receipt) -> ThreadRow:
    """The conversation as it stands."""
    found = await world.means.database.read(lambda c: threads.thread(c, world.clinic.id, UUID(str(receipt.thread))))
    assert found is not None
    return found


async def opened(world: World, receipt: Receipt) -> OpenedThread:
    """The conversation, opened by the physician."""
    return await open_thread(world.means.database, world.staff(), UUID(str(receipt.thread)), world.now)


# --- the list --------------------------------------------------------------------------------------------------------


async def test_a_list_is_kept_for_its_owner_and_taken_away_again(world: World) -> None:
    """Oldest first, as they were typed but for the blanks; what is taken away is gone with its key [SEN-09]."""
    await keep(world, "Marc", "  mon   divorce ")
    assert await listed(world) == ["Marc", "mon divorce"]
    assert (await record_of(world)).own_words

    known, keys = await own_words.own(world.means, world.clinic, world.rose), await resting(world)
    for phrase in [*known, *known]:
        await own_words.remove(world.means, world.clinic, world.rose, phrase, world.now)
    assert await listed(world) == []
    assert await resting(world) == ()
    assert not (await record_of(world)).own_words
    wraps = tables.wraps.c.content_key_id.in_([row.content_key_id for row in keys])
    assert not await world.means.database.read(lambda c: c.execute(tables.wraps.select().where(wraps)).all())


async def test_what_rests_tells_no_word_and_no_length(world: World) -> None:
    """Sealed rows of one size, and a ledger that names the act and who did it [SEN-09, SEC-01]."""
    await keep(world, "Jo", "x" * 60)
    held = await resting(world)
    assert len({len(row.content.blob) for row in held}) == 1
    assert not [row for row in held if b"Jo" in row.content.blob]

    await own_words.remove(world.means, world.clinic, world.rose, held[0].id, world.now)
    record = await record_of(world)
    entries = await world.means.database.read(lambda c: records.entries_of(c, record.id))
    said = [read_body(entry.body) for entry in entries if entry.kind == EntryKind.OWN_WORDS]
    assert [one["details"] for one in said] == [{"act": "added"}, {"act": "added"}, {"act": "removed"}]
    assert {str(one["parties"]) for one in said} == {str({"account": str(world.rose.account)})}
    assert not [one for one in said if {"ciphertext", "commitment", "exchange"} & one.keys()]


@pytest.mark.parametrize(
    ("phrase", "code"),
    [
        (" ", "required"), ("é", "too_short"), ("x" * 61, "too_long"), ("?!", "no_word"), ("MARC", "repeated"),
        ("l’usine", "repeated"),
    ],
)  # fmt: skip
async def test_what_cannot_be_looked_for_is_not_kept(world: World, phrase: str, code: str) -> None:
    """Each refusal has its own name, so that the page can say how to put it right [ACC-05]."""
    await keep(world, "Marc", "usine")
    with pytest.raises(InvalidError) as refused:
        await keep(world, phrase)
    assert refused.value.code == code
    assert await listed(world) == ["Marc", "usine"]


async def test_a_list_ends_at_twenty(world: World) -> None:
    """As many as its owner still knows by heart; the write itself counts, whatever two open pages believed."""
    await keep(world, *(f"mot {number}" for number in range(own_words.MOST - 1)))
    both = [own_words.add(world.means, world.clinic, world.rose, phrase, world.now) for phrase in ("ici", "là-bas")]
    said = await asyncio.gather(*both, return_exceptions=True)
    assert [str(one) for one in said if one] == ["phrase: too_many"]
    with pytest.raises(InvalidError, match="too_many"):
        await keep(world, "encore un")
    assert len(await listed(world)) == own_words.MOST


async def test_a_list_belongs_to_a_patient(world: World) -> None:
    """Staff have none; the clinical keys open it to look for its words, reception's do not [SEN-09, TRI-10]."""
    await keep(world, "Marc")
    record, staff = await record_of(world), world.staff()
    with pytest.raises(NotFoundError):
        await own_words.own(world.means, world.clinic, staff)
    with pytest.raises(NotFoundError):
        await own_words.add(world.means, world.clinic, staff, "Paul", world.now)
    desk = world.staff(AccountRole.RECEPTION)
    assert await own_words.of_record(world.means, staff, record) == ("Marc",)
    assert await own_words.of_record(world.means, desk, record) is None
    assert await open_own_words(world.means.database, desk, record.id) == {}


async def test_an_export_holds_the_list(world: World) -> None:
    """What a patient gave is theirs to take along, in open files [REC-10]."""
    await keep(world, "Marc")
    record = await record_of(world)
    made = await exporting.export(world.means, world.clinic, world.rose, record.id, world.now)
    assert json.loads(made.files["record.json"])["own_words"] == ["Marc"]


# --- what the patient writes -----------------------------------------------------------------------------------------


async def test_a_message_with_an_own_word_is_marked_like_any_sensitive_one(world: World) -> None:
    """Topic, rule, words and place as of any finding, and the whole thread from then on [SEN-09].

    The acknowledgement in the inbox is the one for sensitive messages (SEN-08).
    """
    await world.consent()
    await keep(world, "marc")
    receipt = await tell(world, ABOUT_MARC, reason="appointment")
    found = receipt.assessment
    assert found.topics == (Topic.PATIENT_MARKED,)
    assert [(one.rule, one.part, one.words, one.start) for one in found.reasons if one.topic] == [
        (RULE, "new_text", "MARC", 9)
    ]
    said = await opened(world, receipt)
    assert said.row.private
    notice = said.exchanges[1].judgement
    assert notice is not None
    assert notice.notice == Notice.SENSITIVE_ACKNOWLEDGEMENT

    assert (await tell(world, CALM)).assessment.topics == ()
    assert (await tell(world, CALM, thread=receipt.thread)).assessment.topics == (Topic.PATIENT_MARKED,)


async def test_subject_and_file_names_are_looked_through_too(world: World) -> None:
    """All that the author typed or named [SEN-10]."""
    await keep(world, "Marc")
    file = Attachment(filename="lettre de marc.txt", media_type="text/plain", content=b"Marc", text="selon Marc")
    found = (await tell(world, CALM, subject="Marc", attachments=(file,))).assessment
    assert [one.part for one in found.reasons if one.rule == RULE] == ["subject", "filename:0", "attachment:0"]


@pytest.mark.parametrize("given", [{"private": True}, {"own_words": ("sirop",)}])
async def test_what_a_patient_marks_stays_shut_to_reception(world: World, given: dict[str, object]) -> None:
    """Marked by hand or by words, a request in reception's own queue is for those who hold the record [SEN-08, SEN-09].

    So are the answers of the clinical team to it.
    """
    await world.consent()
    desk, nurse = world.staff(AccountRole.RECEPTION), world.staff(AccountRole.NURSE)
    receipt = await world.write(CALM, reason="appointment", **given)  # type: ignore[arg-type]
    task = await waiting(world, receipt.thread)
    assert task.queue == QueueName.APPOINTMENTS
    await outbound.send(world.means, world.clinic, nurse, reply_to(task), world.later(minutes=1))
    with pytest.raises(NotFoundError):
        await open_thread(world.means.database, desk, UUID(str(receipt.thread)), world.now)
    assert len((await opened(world, receipt)).exchanges) == 3


async def test_a_marked_message_takes_a_thread_from_reception(world: World) -> None:
    """Reception would not see that more was said: the item goes to the clinical queue [SEN-08, SEN-09]."""
    await world.consent()
    await keep(world, "Marc")
    receipt = await tell(world, CALM, reason="appointment")
    await tell(world, ABOUT_MARC, thread=receipt.thread)
    assert (await waiting(world, receipt.thread)).queue == QueueName.CLINICAL
    assert (await thread_of(world, receipt)).private


@pytest.mark.parametrize("channel", [Channel.WEB, Channel.EMAIL])
async def test_the_mark_of_a_thread_holds_for_every_later_message(world: World, channel: Channel) -> None:
    """Whatever door it comes by, and although the message itself says nothing of it [SEN-09]."""
    await world.consent()
    first = await world.write(CALM, private=True)
    sent = await answer(world, first.thread)
    world.now, outside = sent.leaves_at, Outside(world)
    await outside.run()
    if channel is Channel.WEB:
        later = await world.write("Merci bien.", thread=first.thread)
    else:
        token = next(out.payload.token for out in outside.taken if out.to == world.patient_email)
        later = await world.mail("Merci bien.", reply_token=token)
    assert later.thread == first.thread
    assert later.assessment.topics == (Topic.PATIENT_MARKED,)
    said = (await opened(world, later)).exchanges
    judged = next(one.judgement for one in said if one.row.id == later.exchange)
    assert judged is not None
    assert judged.assessment == later.assessment


async def test_the_mark_of_a_thread_of_texts_holds_for_the_next_text(world: World) -> None:
    """Texts join the last thread of texts, and its mark [SEN-09]."""
    await world.consent()
    first = await world.text("Bonjour")
    await world.means.database.write(lambda c: threads.mark_private(c, UUID(str(first.thread))))
    assert (await world.text("Merci")).assessment.topics == (Topic.PATIENT_MARKED,)


# --- what is written to the patient ----------------------------------------------------------------------------------


async def test_a_reply_with_an_own_word_is_stopped_and_quoted(world: World) -> None:
    """It is as sensitive as any topic: it does not leave, and the words say why [SEN-05, SEN-09]."""
    await world.consent()
    await keep(world, "Marc")
    task, nurse = await waiting(world, (await tell(world, CALM)).thread), world.staff(AccountRole.NURSE)
    reply = reply_to(task, KIND_WORDS.replace("les deux ensemble", "avec ce que MARC apporte"))
    found = await reviewing.review(world.means, world.clinic, nurse, reply, world.now)
    assert found.topics == (Topic.PATIENT_MARKED,)
    assert found.assessment.reasons[0].words == "MARC"
    with pytest.raises(NotAllowedError, match="sensitive"):
        await outbound.send(world.means, world.clinic, nurse, reply, world.now)
    await outbound.send(world.means, world.clinic, nurse, reply_to(task), world.now)


async def test_what_reception_writes_is_never_called_looked_through(world: World) -> None:
    """Its keys do not open the list, and that is said instead of nothing [SEN-09, SEN-15]."""
    await world.consent()
    desk = world.staff(AccountRole.RECEPTION)
    task = await waiting(world, (await tell(world, CALM, reason="appointment")).thread)
    before = await reviewing.review(world.means, world.clinic, desk, reply_to(task), world.now)
    await keep(world, "Marc")
    after = await reviewing.review(world.means, world.clinic, desk, reply_to(task), world.now)
    told = [reviewing.OWN_WORDS in one.assessment.not_screened for one in (before, after)]
    assert (told, after.blocked) == ([False, True], False)


async def test_a_word_that_is_added_while_a_reply_is_sent_stops_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the reply was judged on is read again in the write; its author looks again [SEN-09]."""
    await world.consent()
    task = await waiting(world, (await tell(world, CALM)).thread)
    known = reviewing.whole_ground

    async def then_one_more(*given: object) -> reviewing.Ground:
        found = await known(*given)  # type: ignore[arg-type]
        await keep(world, "ensemble")
        return found

    monkeypatch.setattr(reviewing, "whole_ground", then_one_more)
    with pytest.raises(ConflictError):
        await outbound.send(world.means, world.clinic, world.staff(), reply_to(task), world.now)
