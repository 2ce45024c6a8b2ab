"""An opened item over the real pages: what is seen, by whom, and every act on it."""

import re
from html import unescape
from uuid import UUID

from messaging_server.message import Attachment
from messaging_server.record.entry import EntryKind
from messaging_server.storage import records, tasks
from messaging_server.storage.accounts import AccountRole
from messaging_server.storage.tasks import TaskRow, TaskStatus
from messaging_server.texts import Language
from tests.clinic.answering import waiting
from tests.clinic.pages import Browser, Pages
from tests.clinic.world import TEXTS, World

SAD = "Bonjour, je suis en dépression depuis le printemps. Je ne dors plus."
BOOKING = "Bonjour, je voudrais prendre un rendez-vous pour mon suivi annuel."


def said(code: str) -> str:
    """The line at the top of a page, in French."""
    return TEXTS.gettext(Language.FR, f"flash.{code}")


async def opened(
    pages: Pages, text: str = SAD, role: AccountRole = AccountRole.PHYSICIAN, **given: object
) -> tuple[Browser, TaskRow]:
    """A colleague's browser, and the item of a message that the patient just wrote."""
    world = pages.world
    await world.consent()
    receipt = await world.write(text, **given)  # type: ignore[arg-type]
    return await pages.browser(world.staff(role)), await waiting(world, receipt.thread)


async def now_of(world: World, task: TaskRow) -> TaskRow:
    """The item as it stands now."""
    found = await world.means.database.read(lambda c: tasks.task(c, world.clinic.id, task.id))
    assert found is not None
    return found


async def kinds_in_record(world: World) -> list[str]:
    """The kinds of the entries of the patient's record."""
    record = await world.means.database.read(
        lambda c: records.record_of_person(c, world.clinic.id, world.rose.person)
    )
    assert record is not None
    found = await world.means.database.read(lambda c: records.entries_of(c, record.id))
    return [entry.kind for entry in found]


async def act(browser: Browser, task: TaskRow, name: str, **form: str) -> tuple[int, str]:
    """Press one of the item's buttons, as its page would."""
    path = f"/staff/items/{task.id}"
    status, page = await browser.post(f"{path}/{name}", {"version": str(task.version)} | form, page=path)
    return status, unescape(page)


async def test_opening_an_item_shows_the_message_and_writes_the_reading_down(pages: Pages) -> None:
    """The words are shown with the patient's name, age and consents, and the ledger has a reading [AUD-04, CON-27]."""
    browser, task = await opened(pages)
    before = await kinds_in_record(pages.world)
    status, page = await browser.get(f"/staff/items/{task.id}")
    after = await kinds_in_record(pages.world)

    assert status == 200
    assert "Je ne dors plus" in unescape(page)
    assert "Rose Lavigne" in page
    assert "75 ans" in unescape(page)
    assert after[len(before) :] == [EntryKind.READ]


async def test_the_words_of_a_finding_are_marked_in_the_text(pages: Pages) -> None:
    """Each finding has its number, its rule and its version, and the text leads to it [SEN-13]."""
    browser, task = await opened(pages)
    _, page = await browser.get(f"/staff/items/{task.id}")
    marked = re.search(r"<mark>(.*?)<a class=\"ref\" href=\"#finding-(\d+)\"", page, re.DOTALL)

    assert marked
    assert "pression" in marked[1]
    assert f'id="finding-{marked[2]}"' in page
    assert pages.world.clinic.ruleset.version in page


async def test_a_page_without_findings_does_not_say_that_nothing_is_sensitive(pages: Pages) -> None:
    """It says that no rule matched, which is less [SEN-15]."""
    browser, task = await opened(pages, "Bonjour, le stationnement était fermé hier.")
    _, page = await browser.get(f"/staff/items/{task.id}")

    assert TEXTS.gettext(Language.FR, "finding.none") in unescape(page)


async def test_a_finding_is_refuted_and_stays_to_be_seen(pages: Pages) -> None:
    """The word of a clinician is kept in the record, shown, and no rule id stands in clear in the ledger [SEN-13]."""
    browser, task = await opened(pages)
    status, page = await act(browser, task, "finding", finding="1", answer="refuted")

    assert status == 200
    assert said("finding_refuted") in page
    assert TEXTS.gettext(Language.FR, "finding_state.refuted") in page
    assert EntryKind.NOTE in await kinds_in_record(pages.world)


async def test_the_last_word_on_a_finding_holds(pages: Pages) -> None:
    """Confirmed by one and by nobody else, a finding stays open for none but its own number [SEN-13]."""
    browser, task = await opened(pages)
    _, page = await act(browser, task, "finding", finding="1", answer="confirmed")

    assert TEXTS.gettext(Language.FR, "finding_state.confirmed") in page
    assert (await act(browser, task, "finding", finding="99", answer="confirmed"))[0] == 404
    assert (await act(browser, task, "finding", finding="1", answer="perhaps"))[0] == 400


async def test_a_patient_never_sees_the_word_of_a_clinician_on_a_finding(pages: Pages) -> None:
    """A staff note is in no thread that the patient opens [REC-16]."""
    browser, task = await opened(pages)
    await act(browser, task, "finding", finding="1", answer="refuted")
    await act(browser, task, "close", disposition="no_reply_needed", note="Vue ce matin à la marche.")
    rose = await pages.browser(pages.world.rose)
    _, page = await rose.get(f"/threads/{task.thread_id}")

    assert "Je ne dors plus" in unescape(page)
    assert "marche" not in unescape(page)


async def test_claim_and_release_move_the_item_and_its_history(pages: Pages) -> None:
    """Taking, then giving back: the item is nobody's again and both acts are told [TRI-08, TRI-14]."""
    browser, task = await opened(pages)
    _, mine = await act(browser, task, "claim")
    assert said("claimed") in mine
    _, back = await act(browser, task, "release")
    _, page = await browser.get(f"/staff/items/{task.id}")

    assert said("released") in back
    assert (await now_of(pages.world, task)).owner_id is None
    assert TEXTS.gettext(Language.FR, "history.claim") in unescape(page)
    assert TEXTS.gettext(Language.FR, "history.release") in unescape(page)


async def test_closing_wants_to_know_how_it_ended(pages: Pages) -> None:
    """Without a disposition nothing is closed, and the error leads to the choice [TRI-13, ACC-05]."""
    browser, task = await opened(pages)
    status, page = await act(browser, task, "close", note="Appelée.")

    assert status == 422
    assert 'href="#disposition"' in page
    assert "Appelée." in page
    assert (await now_of(pages.world, task)).status == TaskStatus.REQUESTED


async def test_no_reply_needed_wants_a_reason(pages: Pages) -> None:
    """The one disposition that leaves a patient without an answer says why [TRI-13]."""
    browser, task = await opened(pages)
    status, page = await act(browser, task, "close", disposition="no_reply_needed")

    assert status == 422
    assert 'href="#note"' in page


async def test_a_closed_item_keeps_its_disposition_and_its_note(pages: Pages) -> None:
    """The note is in the record, sealed to the team, and in the item's history [TRI-13, REC-16]."""
    browser, task = await opened(pages)
    _, board = await act(browser, task, "close", disposition="phoned", note="Rappelée, tout va bien.")
    done = await now_of(pages.world, task)
    _, page = await browser.get(f"/staff/items/{task.id}")

    assert said("closed") in board
    assert (done.status, done.disposition) == (TaskStatus.COMPLETED, "phoned")
    assert "Rappelée, tout va bien." in unescape(page)
    assert {EntryKind.NOTE, EntryKind.CLOSED} <= set(await kinds_in_record(pages.world))


async def test_a_closed_item_has_nothing_left_to_press(pages: Pages) -> None:
    """It says that it is closed and keeps its history, without buttons that would be refused [TRI-13]."""
    browser, task = await opened(pages)
    await act(browser, task, "close", disposition="phoned")
    _, page = await browser.get(f"/staff/items/{task.id}")

    assert TEXTS.gettext(Language.FR, "item.closed") in unescape(page)
    assert f'action="/staff/items/{task.id}' not in page


async def test_an_item_is_not_closed_over_a_message_that_its_reader_has_not_seen(pages: Pages) -> None:
    """When the patient wrote again meanwhile, closing changes nothing and says so [T-38]."""
    browser, task = await opened(pages)
    await pages.world.write("Autre chose encore.", thread=task.thread_id)
    _, page = await act(browser, task, "close", disposition="seen")
    now = await now_of(pages.world, task)

    assert said("changed_meanwhile") in page
    assert now.status == TaskStatus.REQUESTED
    assert EntryKind.NOTE not in await kinds_in_record(pages.world)


async def test_an_item_handed_to_the_front_desk_can_be_opened_there(pages: Pages) -> None:
    """The message follows to the team that it is routed to; before, that team could not open it [TRI-10, TRI-14]."""
    browser, task = await opened(pages)
    desk = await pages.browser(pages.world.staff(AccountRole.RECEPTION))
    refused, calm = await desk.get(f"/staff/items/{task.id}")
    await act(browser, task, "assign", queue="appointments")
    status, page = await desk.get(f"/staff/items/{task.id}")

    assert refused == 403
    assert "dors plus" not in calm
    assert status == 200
    assert "Je ne dors plus" in unescape(page)


async def test_the_front_desk_sees_the_words_and_not_what_the_screening_made_of_them(pages: Pages) -> None:
    """Findings are sealed to the clinical teams; the front desk answers bookings without them [TRI-10]."""
    browser, task = await opened(pages)
    await act(browser, task, "assign", queue="appointments")
    desk = await pages.browser(pages.world.staff(AccountRole.RECEPTION))
    _, page = await desk.get(f"/staff/items/{task.id}")

    assert "<mark>" not in page


async def test_reception_opens_what_was_queued_to_it(pages: Pages) -> None:
    """A booking is opened by the desk as it came [TRI-10]."""
    browser, task = await opened(pages, BOOKING, AccountRole.RECEPTION, reason="appointment")
    status, page = await browser.get(f"/staff/items/{task.id}")

    assert status == 200
    assert "suivi annuel" in unescape(page)


async def test_an_item_that_does_not_exist_is_a_page_that_does_not_exist(pages: Pages) -> None:
    """An invented id and a word that is no id look alike [SEC-12]."""
    browser = await pages.browser(pages.world.staff())

    assert (await browser.get(f"/staff/items/{UUID(int=7)}"))[0] == 404
    assert (await browser.get("/staff/items/seven"))[0] == 404


async def test_a_file_is_saved_and_the_download_is_written_down(pages: Pages) -> None:
    """It comes as a download of no type that a browser would show; the ledger has it [AUD-01, SEN-11]."""
    photo = Attachment(filename="photo.png", media_type="image/png", content=b"\x89PNG invented")
    browser, task = await opened(pages, attachments=(photo,))
    _, page = await browser.get(f"/staff/items/{task.id}")
    link = re.search(r'href="(/staff/files/[^"/]+/0)"', page)
    assert link
    answer = await browser.client.get(link[1])

    assert await answer.read() == b"\x89PNG invented"
    assert answer.content_type == "application/octet-stream"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert EntryKind.DOWNLOADED in await kinds_in_record(pages.world)
    assert (await browser.get(f"{link[1][:-1]}7"))[0] == 404
