"""My sensitive words over the real pages: kept, taken away, and what they do to what is written."""

import re
from html import unescape

import pytest

from messaging_server.broker import own_words
from messaging_server.storage.accounts import AccountRole
from messaging_server.texts import Language
from tests.clinic.answering import waiting
from tests.clinic.composing import BODY, composing, look
from tests.clinic.pages import Browser, Pages
from tests.clinic.world import TEXTS

PATH = "/choices/words"
BOOKING = "Bonjour, je voudrais prendre un rendez-vous. Marc viendra avec moi."


def word(key: str) -> str:
    """A sentence of the pages, in French."""
    return TEXTS.gettext(Language.FR, key)


@pytest.fixture
async def rose(pages: Pages) -> Browser:
    """The patient's browser."""
    return await pages.browser(pages.world.rose)


async def add(rose: Browser, phrase: str) -> tuple[int, str]:
    """Fill in the box and send it."""
    status, page = await rose.post(PATH, {"phrase": phrase})
    return status, unescape(page)


async def test_my_choices_lead_to_an_empty_list_that_says_so(rose: Browser) -> None:
    """With what it does and what it cannot do, before anything is kept [SEN-09, SEN-15]."""
    _, choices = await rose.get("/choices")
    status, page = await rose.get(PATH)
    assert f'href="{PATH}"' in choices
    assert status == 200
    assert word("words.empty") in unescape(page)
    assert word("words.not_recognised") in unescape(page)


async def test_a_word_is_kept_shown_and_taken_away(rose: Browser) -> None:
    """The line at the top says what was done; a second click changes nothing [SEN-09]."""
    _, page = await add(rose, "<b>Marc</b>")
    assert word("flash.phrase_added") in page
    assert "<strong><b>Marc</b></strong>" in page
    assert "<b>Marc</b>" not in (await rose.get(PATH))[1]
    found = re.search(r'name="remove" value="([0-9a-f-]+)"', page)
    assert found
    for _ in range(2):
        status, after = await rose.post(PATH, {"remove": found[1]})
        assert status == 200
        assert word("words.empty") in unescape(after)


@pytest.mark.parametrize(
    ("phrase", "code"),
    [("", "required"), ("é", "too_short"), ("x" * 61, "phrase_too_long"), ("!!", "phrase_without_word"),
     ("MARC", "phrase_listed")],
)  # fmt: skip
async def test_what_cannot_be_kept_is_given_back_as_it_was_typed(rose: Browser, phrase: str, code: str) -> None:
    """The error stands at the box, the words in it [ACC-03, ACC-05]."""
    await add(rose, "Marc")
    status, page = await add(rose, phrase)
    assert status == 422
    assert word(f"error.{code}") in page
    assert f'name="phrase" type="text" value="{phrase}"' in page


async def test_a_full_list_says_so_and_still_takes_away(pages: Pages, rose: Browser) -> None:
    """There is no box for what could not be kept; an older page that still has one is answered at the box."""
    world = pages.world
    for number in range(own_words.MOST):
        await own_words.add(world.means, world.clinic, world.rose, f"mot {number}", world.now)
    _, page = await rose.get(PATH)
    assert 'name="phrase"' not in page
    assert page.count('name="remove"') == own_words.MOST
    status, late = await add(rose, "encore")
    assert status == 422
    assert word("error.too_many_phrases") in late


async def test_an_ended_session_gives_the_typed_words_back(pages: Pages, rose: Browser) -> None:
    """Nothing was kept, and nothing that was typed is lost [ACC-03]."""
    stranger = await pages.browser()
    status, page = await stranger.post(PATH, {"phrase": "mon divorce"}, page="/sign-in")
    assert status == 403
    assert "mon divorce" in page
    assert word("words.empty") in unescape((await rose.get(PATH))[1])


async def test_nobody_else_has_this_page(pages: Pages) -> None:
    """It is the patient's own [IDN-22]."""
    for role in (AccountRole.PHYSICIAN, AccountRole.RECEPTION, AccountRole.ADMINISTRATOR):
        browser = await pages.browser(pages.world.staff(role))
        assert (await browser.get(PATH))[0] == 404


async def test_what_is_written_on_the_page_is_looked_through(pages: Pages, rose: Browser) -> None:
    """The conversation is private, and the page after sending says why to call [SEN-08, SEN-09]."""
    world = pages.world
    await world.consent()
    await add(rose, "marc")
    await rose.post("/write", {"not_urgent": "yes"})
    form = {"subject": "Ma visite", "message": BOOKING, "reason": "appointment"}
    _, page = await rose.post("/write/message", form)
    found = re.search(r"/threads/[0-9a-f-]{36}", page)
    assert found
    assert word("thread.private") in (await rose.get(found[0]))[1]


async def test_a_mail_shows_its_mark_at_its_first_opening(pages: Pages) -> None:
    """Reception sees the line, who opens it, and no link; the nurse sees the words marked and the flags [SEN-09]."""
    world = pages.world
    await world.consent()
    await own_words.add(world.means, world.clinic, world.rose, "marc", world.now)
    task = await waiting(world, (await world.mail(BOOKING)).thread)
    item = f"/staff/items/{task.id}"
    desk = await pages.browser(world.staff(AccountRole.RECEPTION))
    nurse = await pages.browser(world.staff(AccountRole.NURSE))
    _, board = await desk.get("/staff")
    assert word("step.team_opens") in unescape(board)
    assert item not in board
    assert (await desk.get(item))[0] == 403
    assert item in (await nurse.get("/staff"))[1]
    for _ in range(2):
        status, page = await nurse.get(item)
        assert status == 200
        assert re.search(r"<mark>Marc<", page)
        assert word("flag.private") in page
        assert word("flag.sensitive") in page
        assert word("topic.patient_marked") in unescape(page)
    assert (await desk.get(item))[0] == 403


async def test_what_was_found_at_the_opening_can_be_confirmed_or_refuted(pages: Pages) -> None:
    """Like any finding, although it stands beside the message; the thread stays private either way [SEN-09, SEN-13]."""
    world = pages.world
    await world.consent()
    await own_words.add(world.means, world.clinic, world.rose, "marc", world.now)
    task = await waiting(world, (await world.mail(BOOKING)).thread)
    item, nurse = f"/staff/items/{task.id}", await pages.browser(world.staff(AccountRole.NURSE))
    _, page = await nurse.get(item)
    found = re.search(r'<mark>Marc<a class="ref" href="#finding-(\d+)"', page)
    assert found
    status, page = await nurse.post(f"{item}/finding", {"finding": found[1], "answer": "refuted"}, page=item)
    assert status == 200
    assert word("finding_state.refuted") in unescape(page)
    assert word("flag.private") in page


async def test_the_composer_stops_at_an_own_word_and_quotes_it(pages: Pages) -> None:
    """What was found, and the easy ways on; what was typed stays [SEN-05, SEN-09]."""
    browser, task = await composing(pages, AccountRole.NURSE)
    world = pages.world
    await own_words.add(world.means, world.clinic, world.rose, "les deux", world.now)
    status, page = await look(browser, task)
    assert status == 422
    assert word("topic.patient_marked") in unescape(page)
    assert re.search(r"«\s*les deux\s*»", unescape(page))
    assert BODY in unescape(page)


async def test_reception_is_told_that_its_words_are_not_looked_through(pages: Pages) -> None:
    """Its keys do not open the list [SEN-09, SEN-15]."""
    world = pages.world
    await world.consent()
    task = await waiting(world, (await world.write("Un rendez-vous ?", reason="appointment")).thread)
    await own_words.add(world.means, world.clinic, world.rose, "marc", world.now)
    desk = await pages.browser(world.staff(AccountRole.RECEPTION))
    await desk.post(f"/staff/items/{task.id}/claim", {}, page=f"/staff/items/{task.id}")
    status, page = await look(desk, await waiting(world, task.thread_id))
    assert status == 200
    assert word("remark.own_words") in unescape(page)
