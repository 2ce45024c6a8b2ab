"""What staff write for their colleagues alone: sealed to them, in the ledger, and never the patient's."""

from messaging_server.broker import labels
from messaging_server.broker.labels import Label, labels_of
from messaging_server.record import reading
from messaging_server.record.entry import EntryKind
from messaging_server.record.opened import OpenedExchange
from messaging_server.record.reading import Reader
from messaging_server.storage import records, threads
from messaging_server.storage.accounts import AccountRole
from messaging_server.storage.tasks import TaskRow
from tests.clinic.answering import waiting
from tests.clinic.world import World

SAD = "Bonjour, je suis en dépression depuis le printemps."


async def item(world: World) -> TaskRow:
    """An item of a consenting patient."""
    await world.consent()
    return await waiting(world, (await world.write(SAD)).thread)


async def opened(world: World, task: TaskRow) -> tuple[OpenedExchange, ...]:
    """The thread of an item as the physician sees it now."""
    found = await reading.open_thread(world.means.database, world.staff(), task.thread_id, world.now)
    return found.exchanges


async def say(world: World, task: TaskRow, said: Label, who: Reader | None = None) -> None:
    """Say something of a finding, on the thread as it is."""
    seen = await opened(world, task)
    await labels.label(world.means, world.clinic, who or world.staff(), task.id, said, seen, world.now)


def about(task: TaskRow, *, confirmed: bool) -> Label:
    """A word on a finding of an item."""
    return Label(
        exchange=task.exchange_id, rule="invented_rule", ruleset="invented@1", part="new_text", start=3, end=9,
        confirmed=confirmed,
    )  # fmt: skip


async def test_a_label_is_read_back_by_the_team_as_it_was_said(world: World) -> None:
    """Rule, version, place and word survive the sealing, in the order in which they were said [SEN-13]."""
    task = await item(world)
    for confirmed in (True, False):
        world.later(seconds=1)
        said = about(task, confirmed=confirmed)
        await say(world, task, said, world.staff(AccountRole.NURSE))

    assert labels_of(await opened(world, task)) == (about(task, confirmed=True), about(task, confirmed=False))


async def test_no_rule_stands_in_clear(world: World) -> None:
    """Neither the ledger nor the exchange tells a thief of the database which rule was meant [DESIGN section 5]."""
    task = await item(world)
    await say(world, task, about(task, confirmed=True))
    entries = await world.means.database.read(lambda c: records.entries_of(c, task.record_id))
    rows = await world.means.database.read(lambda c: threads.exchanges_of_thread(c, task.thread_id))
    notes = [row for row in rows if row.direction == threads.Way.NOTE]

    assert entries[-1].kind == EntryKind.NOTE
    assert b"invented" not in b"".join(entry.body for entry in entries)
    assert len(notes) == 1
    assert notes[0].staff_content is not None
    assert b"invented" not in notes[0].content.blob + notes[0].staff_content.blob


async def test_a_label_is_not_among_what_the_patient_opens(world: World) -> None:
    """A staff note is sealed to the clinic's key, which no patient holds [REC-16]."""
    task = await item(world)
    await say(world, task, about(task, confirmed=True))
    seen = await reading.open_thread(world.means.database, world.rose, task.thread_id, world.now)

    assert all(one.row.direction != threads.Way.NOTE for one in seen.exchanges)


async def test_a_note_is_filed_only_with_the_write_that_it_belongs_to(world: World) -> None:
    """Preparing a note writes nothing: it stands or falls with the closing of the item [REC-02]."""
    task = await item(world)
    before = await world.means.database.read(lambda c: records.entries_of(c, task.record_id))
    filing = await labels.note(world.means, world.clinic, world.staff(), task.id, "Vue ce matin.", world.now)
    after = await world.means.database.read(lambda c: records.entries_of(c, task.record_id))

    assert before == after
    assert b"Vue ce matin" not in filing.exchanges[0].content.blob
