"""The one way to plaintext: through the reader's own keys, and only after the reading is written down."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest

from keys.suite import new_private_key
from messaging_server.broker.enrolment import NewPatient
from messaging_server.broker.receipt import Receipt
from messaging_server.errors import NotFoundError, UnavailableError
from messaging_server.message import Attachment
from messaging_server.record import reading
from messaging_server.record.entry import EntryKind
from messaging_server.record.reading import Keyring, Reader, open_blob, open_own, open_thread, subjects
from messaging_server.storage import records, threads
from messaging_server.storage.accounts import AccountRole
from messaging_server.storage.database import Connection, Database, T, Unit
from messaging_server.storage.threads import ExchangeState
from tests.clinic.answering import answer
from tests.clinic.world import ROSE, World

WORDS = "Le tangérinois de ma grand-mère me chatouille."
LETTER = Attachment(filename="lettre.txt", media_type="text/plain", content=b"the letter itself")


class Deaf:
    """A database whose writes fail, as when the disk is full."""

    def __init__(self, real: Database) -> None:
        self._real = real
        self.read = real.read

    async def write(self, unit: Unit[T]) -> T:
        """Refuse."""
        raise UnavailableError("full")

    async def close(self) -> None:
        """Nothing to close."""


async def asked(world: World, **given: Any) -> Receipt:
    """A consenting patient's message."""
    await world.consent()
    return await world.write(WORDS, **given)


def thread_of(receipt: Receipt) -> UUID:
    """The thread that a message went to."""
    assert receipt.thread is not None
    return receipt.thread


async def entries(world: World, who: UUID | None = None) -> list[dict[str, Any]]:
    """The ledger of a person's record, Rose's unless told otherwise."""
    person = who or world.rose.person

    def query(connection: Connection) -> list[dict[str, Any]]:
        record = records.record_of_person(connection, world.clinic.id, person)
        assert record is not None
        return [json.loads(row.body) for row in records.entries_of(connection, record.id)]

    return await world.means.database.read(query)


async def other_patient(world: World) -> Reader:
    """A second patient of the same clinic."""
    new = replace(
        ROSE, name=replace(ROSE.name, first="Anaïs"), email="anais@exemple.test", phone="514 555-0177"
    )
    assert isinstance(new, NewPatient)
    return await world.sign_in_first(await world.enrol(new), new.birth_date)


async def test_a_reading_stands_in_the_ledger_with_who_and_which_thread(world: World) -> None:
    """The patient can see that it was opened, by whom, in which role [AUD-01, TRN-01]."""
    receipt = await asked(world)
    opened = await open_thread(world.means.database, world.staff(), thread_of(receipt), world.now)

    assert opened.exchanges[0].content.text == WORDS
    last = (await entries(world))[-1]
    assert last["kind"] == EntryKind.READ
    assert last["parties"] == {"account": str(world.staff().account), "person": str(world.staff().person)}
    assert last["details"] == {"role": "physician", "thread": str(receipt.thread)}


@pytest.mark.parametrize("way", ["thread", "own", "file"])
async def test_when_the_reading_cannot_be_written_nothing_is_opened(
    world: World, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk closes the record: no word is decrypted before its entry is durable [AUD-04]."""
    receipt = await asked(world, attachments=(LETTER,))
    opened: list[object] = []
    monkeypatch.setattr(reading, "open_sealed", lambda *given: opened.append(given))
    deaf, now = Deaf(world.means.database), world.now
    ways: dict[str, Callable[[], Awaitable[object]]] = {
        "thread": lambda: open_thread(deaf, world.staff(), thread_of(receipt), now),
        "own": lambda: open_own(deaf, world.rose, receipt.exchange, now),
        "file": lambda: open_blob(deaf, world.staff(), receipt.exchange, 0, now),
    }
    with pytest.raises(UnavailableError):
        await ways[way]()
    assert opened == []


@pytest.mark.parametrize("role", [AccountRole.RECEPTION, AccountRole.ADMINISTRATOR])
async def test_who_holds_no_key_finds_nothing(world: World, role: AccountRole) -> None:
    """To reception and to an administrator a clinical thread looks as if it did not exist [SEC-09, TRI-10]."""
    receipt = await asked(world, attachments=(LETTER,))
    before = await entries(world)
    with pytest.raises(NotFoundError):
        await open_thread(world.means.database, world.staff(role), thread_of(receipt), world.now)
    with pytest.raises(NotFoundError):
        await open_blob(world.means.database, world.staff(role), receipt.exchange, 0, world.now)
    assert await entries(world) == before


async def test_reception_reads_what_waits_in_its_own_queue(world: World) -> None:
    """An appointment question is wrapped for the desk; the clinical team reads it as well [TRI-10]."""
    receipt = await asked(world, reason="appointment")
    for role in (AccountRole.RECEPTION, AccountRole.NURSE):
        opened = await open_thread(world.means.database, world.staff(role), thread_of(receipt), world.now)
        assert opened.exchanges[0].content.text == WORDS
        assert (opened.exchanges[0].judgement is None) == (role is AccountRole.RECEPTION)


async def test_another_patient_finds_nothing(world: World) -> None:
    """Neither the thread, nor the file, nor the subject, nor a message as one's own [SEC-09, REC-05]."""
    receipt = await asked(world, attachments=(LETTER,))
    other = await other_patient(world)
    with pytest.raises(NotFoundError):
        await open_thread(world.means.database, other, thread_of(receipt), world.now)
    with pytest.raises(NotFoundError):
        await open_blob(world.means.database, other, receipt.exchange, 0, world.now)
    with pytest.raises(NotFoundError):
        await open_own(world.means.database, other, receipt.exchange, world.now)
    row = await world.means.database.read(lambda c: threads.thread(c, world.clinic.id, thread_of(receipt)))
    assert row is not None
    assert await subjects(world.means.database, other, [row]) == {}


async def test_a_reader_with_another_clinic_or_another_key_finds_nothing(world: World) -> None:
    """A right id in the wrong clinic, or the right account with a forged key, opens nothing [REC-05, SEC-02]."""
    receipt = await asked(world)
    with pytest.raises(NotFoundError):
        await open_thread(
            world.means.database, replace(world.staff(), clinic=uuid4()), thread_of(receipt), world.now
        )
    forged = replace(world.staff(), private=new_private_key())
    with pytest.raises(Exception, match="does not open"):
        await open_thread(world.means.database, forged, thread_of(receipt), world.now)


async def test_the_patient_never_gets_the_judgement(world: World) -> None:
    """The screening is sealed to the clinic's teams: the patient's keys do not reach it [REC-16]."""
    receipt = await asked(world)
    for who, judged in ((world.rose, False), (world.staff(), True)):
        opened = await open_thread(world.means.database, who, thread_of(receipt), world.now)
        assert [one.judgement is not None for one in opened.exchanges] == [judged] * len(opened.exchanges)


async def test_the_patient_does_not_see_a_reply_before_it_leaves(world: World) -> None:
    """While it can still be taken back only the team sees it; afterwards both do [EOU-16]."""
    receipt = await asked(world)
    sent = await answer(world, receipt.thread)
    assert sent.exchange not in await seen(world, world.rose, receipt)
    assert sent.exchange in await seen(world, world.staff(), receipt)
    world.now = sent.leaves_at
    assert sent.exchange in await seen(world, world.rose, receipt)


@pytest.mark.parametrize("change", ["note", "cancelled", "failed"])
async def test_the_patient_does_not_see_notes_and_what_was_taken_back(
    world: World, meddle: Any, change: str
) -> None:
    """Staff notes and cancelled replies are the team's alone, in the list and as a file [REC-16, EOU-16]."""
    receipt = await asked(world)
    sent = await answer(world, receipt.thread)
    world.now = sent.leaves_at
    column = "direction" if change == "note" else "state"
    assert await meddle(f"UPDATE exchanges SET {column} = :it WHERE id = :id", it=change, id=sent.exchange.hex)  # noqa: S608
    assert sent.exchange not in await seen(world, world.rose, receipt)
    assert sent.exchange in await seen(world, world.staff(), receipt)


async def seen(world: World, who: Reader, receipt: Receipt) -> set[UUID]:
    """The exchanges that a reader is shown."""
    opened = await open_thread(world.means.database, who, thread_of(receipt), world.now)
    return {one.row.id for one in opened.exchanges}


async def test_opening_marks_a_reply_as_seen_for_the_patient_and_never_for_staff(world: World) -> None:
    """Only the patient's own opening counts, and only of what was visible [EOU-22, T-42]."""
    receipt = await asked(world)
    sent = await answer(world, receipt.thread)
    await seen(world, world.rose, receipt)
    assert await opened_at(world, sent.exchange) is None
    world.now = sent.leaves_at
    await seen(world, world.staff(), receipt)
    assert await opened_at(world, sent.exchange) is None
    await seen(world, world.rose, receipt)
    assert await opened_at(world, sent.exchange) == world.now


async def opened_at(world: World, exchange: UUID) -> object:
    """When an exchange was opened by the patient."""
    row = await world.means.database.read(lambda c: threads.exchange(c, world.clinic.id, exchange))
    assert row is not None
    return row.opened_at


async def test_a_file_comes_back_and_its_download_is_in_the_ledger(world: World) -> None:
    """The bytes as they were sent, and the download attested apart from the reading [AUD-01, REC-11]."""
    receipt = await asked(world, attachments=(LETTER,))
    assert await open_blob(world.means.database, world.staff(), receipt.exchange, 0, world.now) == LETTER.content
    last = (await entries(world))[-1]
    details = {"number": 0, "role": "physician", "thread": str(receipt.thread)}
    assert (last["kind"], last["exchange"], last["details"]) == ("downloaded", str(receipt.exchange), details)
    with pytest.raises(NotFoundError):
        await open_blob(world.means.database, world.staff(), receipt.exchange, 1, world.now)


async def test_one_s_own_message_opens_without_counting_the_thread_as_read(world: World) -> None:
    """Looking at what one wrote oneself does not stop the call that follows an unread reply [T-42]."""
    receipt = await asked(world)
    sent = await answer(world, receipt.thread)
    world.now = sent.leaves_at
    opened = await open_own(world.means.database, world.rose, receipt.exchange, world.now)
    assert [one.content.text for one in opened.exchanges] == [WORDS]
    assert await opened_at(world, sent.exchange) is None
    with pytest.raises(NotFoundError):
        await open_own(world.means.database, world.rose, sent.exchange, world.now)


async def test_a_ciphertext_that_was_moved_to_another_message_does_not_open(world: World, meddle: Any) -> None:
    """Each is bound to its clinic, its message and its field [SEC-02]."""
    receipt = await asked(world)
    other = await world.write("Une autre question")
    moved = "(SELECT content FROM exchanges WHERE id = :other)"
    keyed = "(SELECT content_key_id FROM exchanges WHERE id = :other)"
    await meddle(
        f"UPDATE exchanges SET content = {moved}, content_key_id = {keyed} WHERE id = :id",  # noqa: S608
        id=receipt.exchange.hex, other=other.exchange.hex,
    )  # fmt: skip
    with pytest.raises(Exception, match="does not open"):
        await open_thread(world.means.database, world.staff(), thread_of(receipt), world.now)


async def test_a_held_message_is_shown_to_its_author_only_when_signed_in(world: World) -> None:
    """What was held stays readable by the clinic, and is nobody's by guess [TRI-16]."""
    held = await world.mail(WORDS)
    opened = await open_thread(world.means.database, world.staff(), thread_of(held), world.now)
    assert opened.exchanges[0].row.state == ExchangeState.HELD
    with pytest.raises(NotFoundError):
        await open_thread(world.means.database, world.rose, thread_of(held), world.now)


def test_a_keyring_shows_no_key_when_it_is_printed() -> None:
    """Only how many it holds [AUD-02]."""
    private = new_private_key()
    reader = Reader(clinic=uuid4(), account=uuid4(), person=uuid4(), role=AccountRole.NURSE, private=private)
    assert repr(Keyring(reader)) == "Keyring(1 keys)"
    assert private.seed.hex() not in repr(reader)
