"""The way in, on a real database: what is filed, queued, acknowledged and attested."""

import asyncio
from dataclasses import replace

import pytest

from consent.model import Channel
from messaging_server.broker.case import Disposition
from messaging_server.broker.inbound import assess_message, receive, screened
from messaging_server.broker.notices import Notice
from messaging_server.broker.screening import FileWords
from messaging_server.errors import NotFoundError
from messaging_server.message import Attachment, Authentication, IncomingMessage
from messaging_server.record.reading import open_thread
from messaging_server.storage import outbox, records, tasks
from messaging_server.storage.tasks import TaskKind
from tests.clinic.answering import answer
from tests.clinic.outside import Outside
from tests.clinic.world import PASSED, World
from triage.model import Priority, QueueName


async def test_a_web_message_is_queued_acknowledged_and_readable_by_its_team(world: World) -> None:
    """One question makes one exchange, one task with its due time, one acknowledgement, all in the record [TRI-02]."""
    await world.consent()
    receipt = await world.write("Bonjour, est-ce que je peux prendre mon sirop avec mes vitamines? Merci.")

    assert receipt.disposition is Disposition.ACCEPTED
    assert receipt.notice is Notice.ACKNOWLEDGEMENT
    assert receipt.thread is not None
    opened = await open_thread(world.means.database, world.staff(), receipt.thread, world.now)
    assert [e.row.automatic for e in opened.exchanges] == [False, True]
    assert "sirop" in opened.exchanges[0].content.text
    assert "2" in opened.exchanges[1].content.text
    task = await world.means.database.read(lambda c: tasks.open_task_of_thread(c, receipt.thread))  # type: ignore[arg-type]
    assert task is not None
    assert (task.queue, task.kind, task.due_at) == (QueueName.CLINICAL, TaskKind.ANSWER, receipt.due)


async def test_the_same_message_twice_is_stored_once(world: World) -> None:
    """A second coming gives the first one's exchange and writes nothing [EIN-06]."""
    await world.consent()
    first = await world.mail("Bonjour", idempotency=b"same")
    second = await world.mail("Bonjour", idempotency=b"same")

    assert second.disposition is Disposition.DUPLICATE
    assert second.exchange == first.exchange


async def test_a_mail_without_consent_is_held_and_answered_without_content(world: World) -> None:
    """Writing is not consenting: held, shown to staff, told how to consent [CON-01, CON-02, CON-03, CON-04]."""
    receipt = await world.mail("J'ai une question sur mes comprimés.")

    assert receipt.disposition is Disposition.HELD
    assert receipt.notice is Notice.NOT_YET
    intake = await world.means.database.read(lambda c: records.intake_record(c, world.clinic.id))
    task = await world.means.database.read(lambda c: tasks.open_task_of_thread(c, receipt.thread))  # type: ignore[arg-type]
    assert task is not None
    assert (task.record_id, task.kind) == (intake.id, TaskKind.HELD)
    sent = await world.means.database.read(lambda c: outbox.deliveries_of(c, [receipt.notice_exchange]))  # type: ignore[list-item]
    assert [row.channel for row in sent] == [Channel.EMAIL]


async def test_an_emergency_from_a_stranger_tops_the_queue_and_is_redirected(world: World) -> None:
    """Danger is looked for before identity and consent are settled [ACK-07, TRI-09]."""
    receipt = await world.mail("I have crushing chest pain going down my left arm right now", sender="who@exemple.test")

    assert receipt.notice is Notice.NOT_YET
    assert receipt.assessment.priority is Priority.STAT
    task = await world.means.database.read(lambda c: tasks.open_task_of_thread(c, receipt.thread))  # type: ignore[arg-type]
    assert task is not None
    assert task.rank == 0


async def test_a_forged_sender_gets_no_answer(world: World) -> None:
    """No backscatter: an unauthenticated mail is held and nothing leaves [ACK-10, EIN-08]."""
    await world.consent()
    receipt = await world.mail("Bonjour", authentication=Authentication())

    assert receipt.disposition is Disposition.HELD
    due = await world.means.database.read(outbox.next_due)
    assert due is None


@pytest.mark.parametrize(("letters", "aside"), [(200, False), (60_000, True)])
async def test_a_long_text_is_screened_beside_everybody_else_s_pages(world: World, letters: int, aside: bool) -> None:
    """A mail of many pages does not hold up the loop that serves the others; a short one costs no thread [SEC-13]."""
    text = ("Je ne dors plus depuis le printemps. " * letters)[:letters]
    message = IncomingMessage(
        clinic=world.clinic.id, channel=Channel.EMAIL, received_at=world.now, idempotency=b"long", new_text=text
    )
    screening, turns = asyncio.ensure_future(screened(world.means, world.clinic, message)), 0
    while not screening.done():
        await asyncio.sleep(0)
        turns += 1

    assert (turns > 10) is aside
    assert screening.result() == assess_message(world.clinic, message)


@pytest.mark.parametrize(("whole", "unread"), [(True, ()), (False, ("attachment:1",))])
async def test_the_words_of_a_file_are_screened_with_the_message(
    world: World, whole: bool, unread: tuple[str, ...]
) -> None:
    """Danger in a letter that came as a file is danger; a picture beside it stays named as not screened [SEN-10]."""

    async def opening(kind: str, content: bytes) -> FileWords | None:
        assert (kind, content) == ("application/pdf", b"%PDF- sealed")
        return FileWords("Je veux mourir ce soir, j'ai les pilules devant moi.", whole)

    files = (
        Attachment(filename="bras.png", media_type="image/png", content=b"\x89PNG"),
        Attachment(filename="lettre.pdf", media_type="application/pdf", content=b"%PDF- sealed"),
    )
    message = IncomingMessage(
        clinic=world.clinic.id, channel=Channel.EMAIL, received_at=world.now, idempotency=b"pdf",
        new_text="Bonjour, voir ma lettre.", attachments=files,
    )  # fmt: skip
    found = await screened(replace(world.means, open_file=opening), world.clinic, message)

    assert found.priority is Priority.STAT
    assert {reason.part for reason in found.reasons if reason.priority is Priority.STAT} == {"attachment:1"}
    assert found.not_screened == ("attachment:0", *unread)


@pytest.mark.parametrize("letters", [40, 60_000])
@pytest.mark.parametrize("private", [False, True])
async def test_a_message_is_heard_even_where_the_screening_fails(world: World, letters: int, private: bool) -> None:
    """It is filed, waits as urgent, and all of it is named as not screened: never lost, never called clear [TRI-18]."""
    await world.consent()
    broken = replace(world.clinic, ruleset=replace(world.clinic.ruleset, lexicon=None))  # type: ignore[arg-type]
    message = IncomingMessage(
        clinic=world.clinic.id, channel=Channel.EMAIL, received_at=world.now, idempotency=b"kept", private=private,
        sender="rose.lavigne@exemple.test", authentication=PASSED, new_text=("J'ai mal. " * letters)[:letters],
    )  # fmt: skip
    receipt = await receive(world.means, broken, message)

    assert receipt.thread is not None
    opened = await open_thread(world.means.database, world.staff(), receipt.thread, world.now)
    assert opened.exchanges[0].content.text.startswith("J'ai mal. J'ai mal.")
    task = await world.means.database.read(lambda c: tasks.open_task_of_thread(c, receipt.thread))  # type: ignore[arg-type]
    assert task is not None
    assert (task.queue, receipt.assessment.priority) == (QueueName.CLINICAL, Priority.URGENT)
    assert {"subject", "new_text"} <= set(receipt.assessment.not_screened)
    assert bool(receipt.assessment.topics) is private


@pytest.mark.parametrize(
    ("sender", "proof"),
    [
        ("rose.lavigne@exemple.test", Authentication()),
        ("rose.lavigne@exemple.tést", PASSED),
        ("voleur@ailleurs.test", PASSED),
        (None, PASSED),
    ],
)
async def test_a_reply_address_in_other_hands_adds_nothing_to_its_thread(
    world: World, sender: str | None, proof: Authentication
) -> None:
    """The token proves nobody: an unproven, similar, foreign or unclear author is held [EIN-08, EIN-11, T-29]."""
    await world.consent()
    asked = await world.write("Bonjour, une question.")
    sent = await answer(world, asked.thread)
    world.now, outside = sent.leaves_at, Outside(world)
    await outside.run()
    token = next(out.payload.token for out in outside.taken if out.to == world.patient_email)
    message = IncomingMessage(
        clinic=world.clinic.id, channel=Channel.EMAIL, received_at=world.now, idempotency=b"forged", sender=sender,
        new_text="Envoyez tout à ma nouvelle adresse.", reply_token=token, authentication=proof,
    )  # fmt: skip
    receipt = await receive(world.means, world.clinic, message)

    assert receipt.disposition is Disposition.HELD
    assert receipt.thread != asked.thread
    with pytest.raises(NotFoundError):
        await open_thread(world.means.database, world.rose, receipt.thread, world.now)  # type: ignore[arg-type]
