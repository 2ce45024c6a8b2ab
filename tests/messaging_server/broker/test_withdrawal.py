"""What follows when consent ends: a receipt, nothing on its way any more, and calls in the place of letters."""

from consent.model import Act, Category, Channel, Method, Scope
from messaging_server.broker import permission
from messaging_server.broker.notices import Notice
from messaging_server.message import Keyword
from messaging_server.record import reading
from messaging_server.record.entry import EntryKind, read_body
from messaging_server.record.opened import OpenedThread
from messaging_server.record.reading import Reader
from messaging_server.storage import records, tasks, threads
from messaging_server.storage.accounts import AccountRole
from messaging_server.storage.database import Connection
from messaging_server.storage.queries import inbox
from messaging_server.storage.tasks import TaskKind, TaskRow, TaskStatus
from messaging_server.storage.threads import ExchangeState
from tests.clinic.answering import answer, waiting
from tests.clinic.outside import Outside
from tests.clinic.world import EVERYTHING, World

MAIL = frozenset(cell for cell in EVERYTHING if cell.channel is Channel.EMAIL)
INBOX = frozenset(cell for cell in EVERYTHING if cell.channel is Channel.WEB)


async def agree(world: World) -> None:
    """Agree to everything, a minute ago."""
    await world.consent()
    world.later(minutes=1)


async def take_back(world: World, scope: frozenset[Scope] = EVERYTHING) -> None:
    """Withdraw as the patient's own page does."""
    await world.consent(scope=scope, act=Act.WITHDRAWN)


async def hear(
    world: World, act: Act, scope: frozenset[Scope] = frozenset(), who: Reader | None = None, **given: object
) -> None:
    """Record as staff what the patient says at the counter."""
    said = {"method": Method.VERBAL, "channels": frozenset(Channel), "language": "fr", "note": "Dit au comptoir."}
    act_said = permission.Given(act=act, scope=scope, **(said | given))  # type: ignore[arg-type]
    who = who or world.staff(AccountRole.RECEPTION)
    await permission.record(world.means, world.clinic, who, world.rose.person, act_said, world.now)


async def receipts(world: World) -> list[OpenedThread]:
    """The receipts in the patient's inbox, newest first, opened."""

    def shown(connection: Connection) -> list[threads.ThreadRow]:
        record = inbox.own_record(connection, world.clinic.id, world.rose.person)
        assert record is not None
        page = inbox.page_of_threads(connection, record, world.later(milliseconds=2), None, 50)
        return [row for row in page.threads if row.category == "withdrawal"]

    found = await world.means.database.read(shown)
    return [await reading.open_thread(world.means.database, world.rose, row.id, world.now) for row in found]


async def words(world: World) -> str:
    """The one receipt that there is."""
    [found] = await receipts(world)
    [said] = found.exchanges
    return said.content.text


async def task_of(world: World, row: TaskRow) -> TaskRow:
    """A task as it stands now."""
    found = await world.means.database.read(lambda c: tasks.task(c, world.clinic.id, row.id))
    assert found is not None
    return found


async def kinds_in_ledger(world: World) -> list[str]:
    """What the record's ledger attests, in order."""

    def read(connection: Connection) -> list[str]:
        record = records.record_of_person(connection, world.clinic.id, world.rose.person)
        assert record is not None
        return [str(read_body(row.body)["kind"]) for row in records.entries_of(connection, record.id)]

    return await world.means.database.read(read)


async def test_a_withdrawal_leaves_a_receipt_in_the_record(world: World) -> None:
    """What was taken back, when, and what still works stand in the inbox, and the ledger has it [CON-13]."""
    await agree(world)
    await take_back(world, MAIL)
    said = await words(world)

    assert "par courriel\N{NO-BREAK SPACE}: tout." in said
    assert "- par texto" not in said
    assert "la messagerie web, le texto" in said
    assert "mardi 24 novembre, 10\N{NO-BREAK SPACE}h\N{NO-BREAK SPACE}01" in said
    assert (await kinds_in_ledger(world))[-4:-1] == [EntryKind.CONSENT, EntryKind.NOTICE, EntryKind.DELIVERY]


async def test_a_receipt_is_announced_without_content_by_what_is_still_open(world: World) -> None:
    """The way that was taken back stays silent; the other says that a message waits, no more [CON-13, EOU-01]."""
    await agree(world)
    await take_back(world, MAIL)
    outside = Outside(world)
    await outside.run()

    assert [out.to for out in outside.taken] == [world.patient_phone]
    assert [out.payload.notice for out in outside.taken] == ["notification"]
    assert "retrait" not in outside.taken[0].payload.body


async def test_a_part_taken_back_is_named_in_the_receipt(world: World) -> None:
    """One kind of content on one way is told as such [CON-10, CON-13]."""
    await agree(world)
    await take_back(world, frozenset({Scope(Channel.EMAIL, Category.BROADCAST)}))

    assert "par courriel\N{NO-BREAK SPACE}: avis à tous les patients." in await words(world)


async def test_what_was_said_at_the_counter_is_receipted_alike(world: World) -> None:
    """Staff record a withdrawal without a note being asked of them, and the patient finds its receipt [CON-13]."""
    await agree(world)
    await hear(world, Act.WITHDRAWN, note="")

    assert "par texto\N{NO-BREAK SPACE}: tout." in await words(world)


async def test_a_refusal_of_what_was_agreed_is_a_withdrawal_too(world: World) -> None:
    """Whatever the act is called, what ended is receipted, and nothing leaves by it [CON-13, CON-26]."""
    await agree(world)
    receipt = await world.write("Bonjour, une question.")
    sent = await answer(world, receipt.thread)
    await hear(world, Act.REFUSED, MAIL, channels=frozenset({Channel.EMAIL}))
    world.now = sent.leaves_at
    outside = Outside(world)
    await outside.run()

    assert {out.to for out in outside.taken} == {world.patient_phone}
    assert "par courriel\N{NO-BREAK SPACE}: tout." in await words(world)


async def test_a_narrower_acceptance_is_receipted(world: World) -> None:
    """A new choice that leaves something out took it back [CON-13, CON-15]."""
    await agree(world)
    await world.consent(scope=INBOX - {Scope(Channel.WEB, Category.BROADCAST)})

    assert "par la messagerie web\N{NO-BREAK SPACE}: avis à tous les patients." in await words(world)


async def test_what_takes_nothing_back_gives_no_receipt(world: World) -> None:
    """Agreeing, agreeing to more, and a refusal of what was never agreed are no withdrawals [CON-13]."""
    await hear(world, Act.REFUSED, frozenset(), channels=frozenset({Channel.SMS}))
    await world.consent(scope=INBOX)
    await agree(world)

    assert await receipts(world) == []


async def test_open_items_become_calls_when_nothing_may_be_written_any_more(world: World) -> None:
    """What waits for an answer waits for a call, by the same time; the history says why [CON-13, CON-28]."""
    await agree(world)
    asked = await world.write("Bonjour, une question.")
    before = await waiting(world, asked.thread)
    await take_back(world)
    after = await task_of(world, before)
    history = await world.means.database.read(lambda c: tasks.events_of(c, before.id))

    assert (after.kind, after.due_at, after.status) == (TaskKind.CALL, before.due_at, before.status)
    assert [line.act for line in history][-1] == "withdrawn"


async def test_open_items_stay_while_something_may_be_written(world: World) -> None:
    """Taking back e-mail leaves the answer to the inbox [CON-13]."""
    await agree(world)
    asked = await world.write("Bonjour, une question.")
    await take_back(world, MAIL)

    assert (await waiting(world, asked.thread)).kind is TaskKind.ANSWER


async def test_a_reply_that_has_not_left_comes_back(world: World) -> None:
    """Between writing and leaving consent ended: the patient never sees it, its author has the item again [CON-26]."""
    await agree(world)
    asked = await world.write("Bonjour, une question.")
    before = await waiting(world, asked.thread)
    sent = await answer(world, asked.thread)
    world.later(seconds=5)
    await take_back(world)
    world.now = sent.leaves_at
    outside = Outside(world)
    await outside.run()
    row = await world.means.database.read(lambda c: threads.exchange(c, world.clinic.id, sent.exchange))
    assert asked.thread is not None
    seen = await reading.open_thread(world.means.database, world.rose, asked.thread, world.now)
    after = await task_of(world, before)

    assert outside.taken == []
    assert row is not None
    assert row.state == ExchangeState.CANCELLED
    assert sent.exchange not in {one.row.id for one in seen.exchanges}
    assert (after.kind, after.status) == (TaskKind.CALL, TaskStatus.IN_PROGRESS)


async def test_a_reply_that_has_left_stays_and_its_silence_becomes_a_call(world: World) -> None:
    """What is in the inbox stays there; where nobody is told of it any more a person calls [CON-13, REC-01]."""
    await agree(world)
    asked = await world.write("Bonjour, une question.")
    sent = await answer(world, asked.thread)
    world.now = sent.leaves_at
    await take_back(world)
    calls = await world.means.database.read(
        lambda c: tasks.open_tasks_of_exchange(c, sent.exchange, [TaskKind.CALL])
    )
    ledger = await kinds_in_ledger(world)

    assert calls
    assert ledger.count(EntryKind.STOPPED) == 2
    assert EntryKind.CANCELLED not in ledger


async def test_a_stop_by_text_leaves_a_receipt_in_the_inbox(world: World) -> None:
    """Where the word came in, the patient reads what stopped and what still works [CON-13, SMS-14]."""
    await agree(world)
    kept = await world.text("STOP", keyword=Keyword.STOP)
    outside = Outside(world)
    await outside.run()
    assert kept.thread is not None
    seen = await reading.open_thread(world.means.database, world.rose, kept.thread, world.later(seconds=1))
    said = seen.exchanges[-1].content.text

    assert "- par texto\N{NO-BREAK SPACE}: tout." in said
    assert "la messagerie web, le courriel, pour ce que" in said
    assert {(out.to, out.payload.notice) for out in outside.taken} == {
        (world.patient_phone, "opt_out_confirmed"), (world.patient_email, "notification")
    }  # fmt: skip


async def test_a_second_stop_is_not_confirmed_again(world: World) -> None:
    """One word, one confirmation, one receipt; after a new start a stop counts again [SMS-14, CON-13]."""
    await agree(world)
    outside = Outside(world)
    for word in (Keyword.STOP, Keyword.STOP, Keyword.START, Keyword.STOP):
        world.later(minutes=1)
        await world.text(word.value, keyword=word)
        await outside.run()
    told = [out.payload.notice for out in outside.taken if out.to == world.patient_phone]

    assert told.count(Notice.OPT_OUT_CONFIRMED) == 2
    assert [out.payload.notice for out in outside.taken if out.to == world.patient_email] == [Notice.NOTIFICATION] * 2
