"""What the record holds of a day: the acknowledgement and its fate, the raw mail, one subject apart from another."""

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Table, select

from keys.envelope import Sealed
from messaging_server.record.entry import files_digest, read_body
from messaging_server.record.reading import open_blob
from messaging_server.record.verifying import verify_clinic
from messaging_server.storage import tables
from messaging_server.storage.accounts import AccountRole
from tests.journeys.test_answering import open_item, reply
from tests.journeys.town import Town

THOMAS = "thomas.okafor@patients.demo.invalid"


async def rows_of(town: Town, table: Table) -> list[Any]:
    """Every row of a table, oldest first."""
    return list(await town.running.means.database.read(lambda c: c.execute(select(table).order_by(table.c.id)).all()))


async def told_of(town: Town, exchange: object, record: object) -> list[tuple[str, str]]:
    """What a record's ledger says of an exchange: kinds, and the code of a delivery."""
    entries = [row for row in await rows_of(town, tables.entries) if row.record_id == record]
    bodies: list[Any] = [read_body(row.body) for row in sorted(entries, key=lambda row: row.seq)]
    return [(b["kind"], b.get("details", {}).get("code", "")) for b in bodies if b.get("exchange") == str(exchange)]


@pytest.mark.parametrize(
    ("refusal", "ends"),
    [(None, ("delivery-done", "2.0.0")), ("550 5.1.1 unknown", ("delivery-failed", "5.1.1"))],
)
async def test_an_acknowledgement_and_what_became_of_it_are_in_the_record(
    town: Town, refusal: str | None, ends: tuple[str, str]
) -> None:
    """The automatic answer is an exchange of the patient's record, with its delivery's result [ACK-15]."""
    if refusal:
        town.postbox.refused[THOMAS] = refusal
    await town.mail(THOMAS, "Hello, may I take both?")
    await town.work()
    asked, answered = sorted(await rows_of(town, tables.exchanges), key=lambda row: row.direction)

    assert (asked.direction, answered.direction, answered.automatic) == ("in", "out", True)
    assert answered.in_reply_to == asked.id
    assert answered.record_id == asked.record_id
    told = await told_of(town, answered.id, answered.record_id)
    assert [kind for kind, _ in told[:2]] == ["notice", "delivery-queued"]
    assert told[-1] == ends
    thomas = await town.person(THOMAS)
    thread = await thomas.get((await thomas.get("/inbox")).links("/threads/")[0])
    assert "may I take both?" in thread.words
    assert thread.words.count("911") > 1


async def test_the_raw_mail_rests_sealed_and_hashed_beside_its_reading(town: Town) -> None:
    """Byte for byte, under the key of what was read from it; a changed byte is found by its hash [EIN-12]."""
    await town.mail(THOMAS, "Hello, a tangerine question.", more="X-Own: kept-as-it-came\r\n")
    [raw] = await rows_of(town, tables.blobs)
    [asked] = [row for row in await rows_of(town, tables.exchanges) if row.direction == "in"]
    database, doctor = town.running.means.database, town.cast.staff[AccountRole.PHYSICIAN]

    assert (raw.kind, raw.exchange_id, raw.content_key_id) == ("raw", asked.id, asked.content_key_id)
    assert b"tangerine" not in raw.content
    opened = await open_blob(database, doctor, asked.id, raw.number, town.clock())
    assert b"X-Own: kept-as-it-came\r\n" in opened
    assert opened.endswith(b"\r\n\r\nHello, a tangerine question.\r\n")
    entries: list[Any] = [read_body(row.body) for row in await rows_of(town, tables.entries)]
    [received] = [entry for entry in entries if entry["kind"] == "received"]
    assert received["details"]["files"] == files_digest([Sealed(blob=raw.content).digest])

    assert (await verify_clinic(database, doctor.clinic, None)).faults == ()
    spoilt = raw.content[:-1] + bytes([raw.content[-1] ^ 1])
    await database.write(lambda c: c.exec_driver_sql("UPDATE blobs SET content = ?", (spoilt,)))
    assert (await verify_clinic(database, doctor.clinic, None)).faults != ()


async def test_one_subject_is_had_alone(town: Town) -> None:
    """A patient's record is ordered by conversation; each is shown and taken home without the others [REC-04]."""
    rose, thomas = await town.person(town.login("Rose")), await town.person(THOMAS)
    await rose.write("Combien de gouttes?", "Mes gouttes")
    await rose.write("Quand vient la note?", "Mon congé")
    await thomas.write("About my knee.", "My knee")
    inbox = await rose.get("/inbox")
    links = dict.fromkeys(link for link in inbox.links("/threads/"))
    exchanges = [row for row in await rows_of(town, tables.exchanges) if row.direction == "in"]

    assert len(links) == 2
    assert len({row.thread_id for row in exchanges}) == 3
    assert sorted(Counter(row.record_id for row in exchanges).values()) == [1, 2]
    for link in links:
        shown, taken = await rose.get(link), await rose.get(f"{link}/download")
        for page in (shown, taken):
            words = {"gouttes" in page.words, "congé" in page.words}
            assert words == {True, False}, link
            assert "knee" not in page.words


async def test_an_acknowledgement_leaves_at_once(town: Town) -> None:
    """It needs no clock to move: what came in is answered in the same moment's work [ACK-16]."""
    await town.mail(THOMAS, "Hello, may I take both?")
    await town.work()

    assert [mail.at - town.clock() for mail in town.mails_to(THOMAS)] == [timedelta(0)]


async def test_an_acknowledgement_that_cannot_leave_is_on_the_board_until_it_left(town: Town) -> None:
    """While the relay is away a person is asked to call, at the second try at the latest; once [ACK-16]."""
    town.postbox.faults.extend(["451 4.3.0 later"] * 3)
    await town.mail(THOMAS, "Hello, may I take both?")
    await town.work()
    nurse = await town.person("mouellet")
    await town.pass_time(seconds=75)
    calls = set((await nurse.get("/staff/undelivered")).links("/staff/items/"))
    assert len(calls) == 1
    await town.pass_time(minutes=8)
    assert set((await nurse.get("/staff/undelivered")).links("/staff/items/")) == calls
    await town.pass_time(minutes=20)

    assert len(town.mails_to(THOMAS)) == 1
    assert "Thomas Okafor" not in (await nurse.get("/staff/undelivered")).words


async def test_a_call_that_somebody_took_on_stays_theirs(town: Town) -> None:
    """The acknowledgement left in the end; whoever is on the telephone closes the call themselves [ACK-16]."""
    town.postbox.faults.extend(["451 4.3.0 later"] * 2)
    await town.mail(THOMAS, "Hello, may I take both?")
    await town.work()
    await town.pass_time(seconds=75)
    nurse = await town.person("mouellet")
    item = (await nurse.get("/staff/undelivered")).links("/staff/items/")[0]
    await nurse.send(await nurse.get(item), f"{item}/claim")
    await town.pass_time(minutes=20)

    assert len(town.mails_to(THOMAS)) == 1
    assert item in (await nurse.get("/staff/undelivered")).links("/staff/items/")


async def test_a_reply_that_waits_for_the_relay_is_no_missing_acknowledgement(town: Town) -> None:
    """Only an automatic answer must leave within a minute; a reply waits its two days as before [ACK-16, EOU-13]."""
    rose = await town.person(town.login("Rose"))
    await rose.write("Combien de gouttes?")
    nurse = await town.person("mouellet")
    await reply(nurse, await open_item(nurse, "Rose Lavigne"), "Dix gouttes.")
    town.postbox.faults.extend(["451 4.3.0 later"] * 3)
    await town.pass_time(minutes=2)
    await town.pass_time(minutes=2)

    assert "Rose Lavigne" not in (await nurse.get("/staff/undelivered")).words
