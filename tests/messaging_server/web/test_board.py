"""The board over the real pages: what waits, in whose sight, in which order, and the news while it is open."""

import asyncio
import re
from html import unescape
from uuid import UUID

import pytest

from consent.model import Act
from messaging_server.storage import accounts, tasks
from messaging_server.storage.accounts import AccountRole
from messaging_server.storage.queries.board import overrides
from messaging_server.storage.tasks import TaskKind
from messaging_server.texts import Language
from messaging_server.web import board
from messaging_server.web.events import HUB
from tests.clinic.answering import answer, waiting
from tests.clinic.pages import Browser, Pages, form_token
from tests.clinic.world import TEXTS, World

SUICIDE = "Je veux mourir, je pense à me suicider ce soir."
BOOKING = "Bonjour, je voudrais prendre un rendez-vous pour mon suivi annuel."


def items(page: str) -> list[str]:
    """The items of a board, in order."""
    return re.findall(r'href="/staff/items/([0-9a-f-]{36})" data-open', page)


async def staff(pages: Pages, role: AccountRole = AccountRole.PHYSICIAN, language: str = "fr") -> Browser:
    """A colleague's browser."""
    return await pages.browser(pages.world.staff(role), language)


async def task_of(world: World, thread: UUID | None) -> str:
    """The id of the item that waits in a thread."""
    return str((await waiting(world, thread)).id)


async def test_an_empty_board_says_so_in_both_languages(pages: Pages) -> None:
    """With nothing to do the page explains itself and still has its lists [TRI-21, ACC-07]."""
    for language, word in (("fr", "Aucun"), ("en", "No")):
        status, page = await (await staff(pages, language=language)).get("/staff")

        assert status == 200
        assert word in page
        assert not items(page)


async def test_the_most_pressing_item_stands_first(pages: Pages) -> None:
    """A routine question that came earlier stands below an urgent matter, and below it what is due later [TRI-02]."""
    world = pages.world
    await world.consent()
    first = await world.write("Bonjour, puis-je prendre mon sirop avec mes vitamines ?")
    world.later(minutes=5)
    second = await world.write("Bonjour, une autre question sur mes vitamines.")
    status, page = await (await staff(pages)).get("/staff")

    assert status == 200
    assert [await task_of(world, first.thread), await task_of(world, second.thread)] == items(page)
    assert "Rose Lavigne" in page


async def test_an_emergency_is_pinned_until_somebody_takes_note(pages: Pages) -> None:
    """It stands apart with its button; once acknowledged it stays first among the rows, once [TRI-09]."""
    world = pages.world
    await world.consent()
    await world.write("Bonjour, une question sur mes vitamines.")
    world.later(minutes=1)
    grave = await world.write(SUICIDE)
    task = await task_of(world, grave.thread)
    browser = await staff(pages)
    _, page = await browser.get("/staff")

    assert 'class="pinned"' in page
    assert task == items(page)[0]
    assert items(page).count(task) == 1

    await browser.post(f"/staff/items/{task}/acknowledge", {"version": "1"}, page="/staff")
    _, page = await browser.get("/staff")

    assert 'class="pinned"' not in page
    assert task == items(page)[0]


async def test_reception_sees_only_the_queues_that_it_serves(pages: Pages) -> None:
    """A clinical question is in no list of the front desk, and its queue does not exist there [TRI-05, TRI-10]."""
    world = pages.world
    await world.consent()
    clinical = await world.write("Bonjour, ma plaie au pied est rouge et chaude.")
    desk = await staff(pages, AccountRole.RECEPTION)
    _, page = await desk.get("/staff")
    status, _ = await desk.get("/staff/queue/clinical")

    assert await task_of(world, clinical.thread) not in page
    assert status == 404
    assert (await desk.get("/staff/queue/appointments"))[0] == 200


async def test_a_board_is_no_place_for_a_patient_or_an_administrator(pages: Pages) -> None:
    """There is no such page for a patient, an administrator is led to the team, a stranger to the sign-in [IDN-22]."""
    admin = await staff(pages, AccountRole.ADMINISTRATOR)
    led = await admin.client.get("/staff")

    assert (await (await pages.browser(pages.world.rose)).get("/staff"))[0] == 404
    assert led.url.path == "/staff/team"
    assert (await admin.get("/staff/late"))[0] == 404
    answer_ = await (await pages.browser()).client.get("/staff", allow_redirects=False)

    assert answer_.status == 303
    assert answer_.headers["Location"].startswith("/sign-in")


async def test_no_subject_and_no_word_of_a_message_stands_on_the_board(pages: Pages) -> None:
    """The list opens nothing, so it shows nothing that was said [AUD-04, TRI-10]."""
    world = pages.world
    await world.consent()
    await world.write("Mes urines sont bleu cobalt.", subject="Couleur inhabituelle")
    _, page = await (await staff(pages)).get("/staff")

    assert "bleu cobalt" not in page
    assert "Couleur inhabituelle" not in page


async def test_what_is_held_is_listed_without_a_name(pages: Pages) -> None:
    """A stranger's mail waits in the held list, and no patient is shown beside it [TRI-16]."""
    world = pages.world
    receipt = await world.mail("Bonjour, avez-vous mon résultat ?", sender="inconnue@exemple.test")
    _, page = await (await staff(pages)).get("/staff/held")

    assert [await task_of(world, receipt.thread)] == items(page)
    assert "Rose Lavigne" not in page


async def test_a_watch_over_an_unopened_reply_waits_unseen_until_its_time(pages: Pages) -> None:
    """The call about an unread reply comes into view only when the reply has stayed unopened for its limit [EOU-22]."""
    world = pages.world
    await world.consent()
    receipt = await world.write("Bonjour, une question sur mes vitamines.")
    await answer(world, receipt.thread)
    browser = await staff(pages)
    _, before = await browser.get("/staff/unread")
    world.later(days=3)
    _, after = await (await staff(pages)).get("/staff/unread")

    assert not items(before)
    assert len(items(after)) == 1


async def test_late_items_have_a_list_of_their_own(pages: Pages) -> None:
    """Once its time has passed an item stands in the late list too [TRI-04]."""
    world = pages.world
    await world.consent()
    receipt = await world.write("Bonjour, une question sur mes vitamines.")
    task = await task_of(world, receipt.thread)
    _, before = await (await staff(pages)).get("/staff/late")
    world.later(days=5)
    _, after = await (await staff(pages)).get("/staff/late")

    assert not items(before)
    assert [task] == items(after)


async def test_a_long_board_comes_in_pages_that_lose_nothing(pages: Pages, monkeypatch: pytest.MonkeyPatch) -> None:
    """Following the link to more shows every item once, however many there are [TRI-02]."""
    monkeypatch.setattr(board, "ROWS", 2)
    world = pages.world
    await world.consent()
    wanted = []
    for number in range(5):
        world.later(seconds=1)
        receipt = await world.write(f"Bonjour, question numéro {number} sur mes vitamines.")
        wanted.append(await task_of(world, receipt.thread))
    browser, path, seen = await staff(pages), "/staff", []
    for _ in range(4):
        _, page = await browser.get(path)
        seen += items(page)
        more = re.search(r'href="(/staff\?after=[^"]+)"', page)
        if more is None:
            break
        path = unescape(more[1])

    assert wanted == seen


@pytest.mark.parametrize("mark", ["x", "0-1-2", "9-1-" + "0" * 32, "1-99999999999999999-" + "0" * 32])
async def test_an_invented_place_is_the_first_page(pages: Pages, mark: str) -> None:
    """A damaged address never breaks the board [SEC-12]."""
    status, _ = await (await staff(pages)).get("/staff", params={"after": mark})

    assert status == 200


async def test_the_supervisor_counts_what_waits_and_what_was_answered_in_time(pages: Pages) -> None:
    """Open, unowned, held and answered stand a queue a line, with the share in time as a number too [TRI-21]."""
    world = pages.world
    await world.consent()
    done = await world.write("Bonjour, une question sur mes vitamines.")
    await answer(world, done.thread)
    await world.write("Bonjour, une autre question.")
    await world.mail("Bonjour", sender="inconnue@exemple.test")
    status, page = await (await staff(pages)).get("/staff/supervisor")
    line = re.search(r'href="/staff/queue/clinical".*?</tr>', page, re.DOTALL)

    assert status == 200
    assert line
    numbers = re.findall(r'<td class="num">(?:<strong[^>]*>.*?</span> )?(\d+)', line[0])
    assert numbers[:6] == ["2", "2", "0", "0", "0", "1"]
    assert re.search(r"\b100\b", line[0])


async def test_an_exceptional_send_is_counted_for_the_medical_lead(pages: Pages) -> None:
    """The week's overrides stand on the supervisor's page [SEN-06]."""
    world = pages.world
    await world.consent()
    receipt = await world.write("Bonjour, avez-vous mon résultat ?")
    words = "Bonjour Rose,\n\nVotre test de dépistage du VIH est revenu.\n\nCordialement,"
    await answer(world, receipt.thread, text=words, override="La patiente est à l’étranger et l’a demandé.")
    found = await world.means.database.read(
        lambda c: overrides(c, world.clinic.id, world.now.replace(hour=0))
    )

    assert found == 1


async def follow(pages: Pages, browser: Browser) -> "asyncio.StreamReader":
    """The news of an open board, from its first line on."""
    response = await browser.client.get("/staff/events")
    assert response.status == 200
    assert response.content_type == "text/event-stream"
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    await response.content.readuntil(b"\n\n")
    return response.content  # type: ignore[return-value]


async def test_an_open_board_hears_of_each_new_item_and_of_nothing_else(pages: Pages) -> None:
    """A message is announced when it has come; that somebody took an item is not news of an item [PAGES Board]."""
    world, hub = pages.world, pages.server.app[HUB]
    await world.consent()
    stream = await follow(pages, await staff(pages))
    hub.publish("board")
    nothing = await stream.readuntil(b"\n\n")
    world.later(seconds=1)
    await world.write("Bonjour, une question sur mes vitamines.")
    hub.publish("board")
    news = await stream.readuntil(b"\n\n")

    assert nothing == b": still here\n\n"
    assert news.startswith(b"event: task\n")
    hub.close()


async def test_news_end_with_the_session(pages: Pages) -> None:
    """A stream does not outlive the sign-in that opened it [IDN-10]."""
    world, hub = pages.world, pages.server.app[HUB]
    nurse = world.staff(AccountRole.NURSE)
    stream = await follow(pages, await staff(pages, AccountRole.NURSE))
    await world.means.database.write(lambda c: accounts.end_sessions(c, nurse.account))
    hub.publish("board")

    assert await stream.read() == b""


async def test_an_open_board_does_not_keep_an_idle_session_alive(pages: Pages) -> None:
    """When nothing else was done for the idle time the stream ends too [IDN-10]."""
    hub = pages.server.app[HUB]
    stream = await follow(pages, await staff(pages))
    pages.world.later(minutes=31)
    hub.publish("board")

    assert await stream.read() == b""


async def test_a_second_taker_is_told_that_somebody_was_faster(pages: Pages) -> None:
    """Two colleagues never both take an item [TRI-08]."""
    world = pages.world
    await world.consent()
    receipt = await world.write("Bonjour, une question sur mes vitamines.")
    task = await task_of(world, receipt.thread)
    physician, nurse = await staff(pages), await staff(pages, AccountRole.NURSE)
    _, mine = await physician.post(f"/staff/items/{task}/claim", {"version": "1"}, page="/staff")
    _, theirs = await nurse.post(f"/staff/items/{task}/claim", {"version": "1"}, page="/staff")
    row = await world.means.database.read(lambda c: tasks.task(c, world.clinic.id, UUID(task)))

    assert TEXTS.gettext(Language.FR, "flash.claimed") in unescape(mine)
    assert TEXTS.gettext(Language.FR, "flash.changed_meanwhile") in unescape(theirs)
    assert row is not None
    assert row.owner_id == world.staff().account


async def test_a_form_without_its_token_changes_nothing(pages: Pages) -> None:
    """Another site's form takes no item [SEC-08]."""
    world = pages.world
    await world.consent()
    receipt = await world.write("Bonjour, une question sur mes vitamines.")
    task = await task_of(world, receipt.thread)
    browser = await staff(pages)
    refused = await browser.client.post(f"/staff/items/{task}/claim", data={"version": "1"})
    row = await world.means.database.read(lambda c: tasks.task(c, world.clinic.id, UUID(task)))

    assert refused.status == 403
    assert row is not None
    assert row.owner_id is None


async def test_a_refused_patient_message_says_why_it_is_held(pages: Pages) -> None:
    """After a withdrawal a mail from the patient's own address waits, marked as without consent [CON-03]."""
    world = pages.world
    await world.consent()
    world.later(minutes=1)
    await world.consent(act=Act.WITHDRAWN)
    receipt = await world.mail("Bonjour, une question.")
    row = await waiting(world, receipt.thread)
    _, page = await (await staff(pages, language="en")).get("/staff/held")

    assert row.kind == TaskKind.HELD
    assert "No consent" in page
    assert form_token(page)
