"""What pages gain where scripts run, seen in a real browser under the real content policy."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from playwright.sync_api import Page, expect

from messaging_server.texts import Language, Texts
from messaging_server.web.views.frame import Chrome
from tests.messaging_server.web.views import sample_patient, sample_staff
from tests.messaging_server.web.views.conftest import Site, Windows

pytestmark = pytest.mark.browser
ALL = sample_patient.CASES | sample_staff.CASES

Show = Callable[..., Page]


@pytest.fixture
def show(texts: Texts, chrome: Callable[..., Chrome], visit: Callable[..., Page]) -> Show:
    """Open one of the invented pages, in English."""

    def go(name: str, *, width: int = 1280, page_changes: dict[str, object] | None = None, **frame: object) -> Page:
        audience, template, view = ALL[name]
        changed = replace(view, **(page_changes or {}))  # type: ignore[type-var]  # every view is a dataclass
        html = texts.page(template, Language.EN, changed, chrome=chrome(Language.EN, audience, **frame))
        return visit(html, width=width)

    return go


def test_news_is_announced_without_moving_anything(show: Show, site: Site) -> None:
    """New rows are said in the live region, with a way to see them; what one reads stays in its place [TRI-09]."""
    site.events = ["{}"]
    page = show("staff: board")
    expect(page.locator("#live")).to_contain_text("One new item has arrived.")
    expect(page.locator("#live a")).to_be_visible()
    assert page.locator(".board > .row").count() == len(sample_staff.ROWS) + 2
    site.events = ["{}", "{}"]
    page = show("staff: board empty")
    expect(page.locator("#live")).to_contain_text("2 new items have arrived.")


def test_the_board_is_walked_by_keys(show: Show, site: Site) -> None:
    """`j` and `k` move, `c` claims the row one stands on, `/` leads to the search and `?` lists the keys [ACC-02]."""
    page = show("staff: board of forty")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    expect(page.locator(".row.here")).to_have_count(1)
    assert page.evaluate("document.activeElement.getAttribute('href')") == f"/staff/items/{sample_staff.row(0).task}"
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    expect(page.locator("#q")).to_be_focused()
    page.keyboard.press("Escape")
    page.locator("#main").focus()
    page.keyboard.press("c")
    page.wait_for_url("**/claim")
    assert site.posts[0][1]["csrf"] == "abc123"


def test_keys_are_silent_while_one_writes(show: Show) -> None:
    """A letter typed in a field is a letter."""
    page = show("staff: item", page_changes={"row": replace(sample_staff.ITEM.row, owner=None, mine=False)})
    page.locator("#body").focus()
    page.keyboard.type("chere")
    expect(page.locator("#body")).to_have_value("chere")


def test_shortcuts_can_be_switched_off(show: Show) -> None:
    """Without its consent a single letter does nothing, and the button still does [ACC-01]."""
    page = show("staff: board", shortcuts=False)
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_hidden()
    page.get_by_role("button", name="Keyboard shortcuts").click()
    expect(page.locator("#keys")).to_be_visible()
    expect(page.get_by_role("button", name="Turn the shortcuts on")).to_be_visible()


def test_an_item_is_closed_and_handed_over_by_keys(show: Show) -> None:
    """`e` opens the closing, `h` the hand-over, each with its first field focused [ACC-02]."""
    page = show("staff: item")
    page.keyboard.press("e")
    expect(page.locator("#disposition")).to_be_focused()
    page.locator("#main").focus()
    page.keyboard.press("h")
    expect(page.locator("#queue")).to_be_focused()


def test_a_reply_is_begun_by_a_key(show: Show) -> None:
    """`r` leads into the message's box, with whom it goes to still in sight [ACC-02]."""
    page = show("staff: item")
    page.keyboard.press("r")
    expect(page.locator("#body")).to_be_focused()
    expect(page.locator(".composer .to")).to_be_in_viewport()


def test_an_item_is_claimed_by_a_key(show: Show, site: Site) -> None:
    """`c` takes an item that is nobody's, as its button does [ACC-02]."""
    page = show("staff: item", page_changes={"row": replace(sample_staff.ITEM.row, owner=None, mine=False)})
    page.keyboard.press("c")
    page.wait_for_url("**/claim")
    assert len(site.posts) == 1


@pytest.mark.parametrize("name", ["staff: item", "staff: item refused"])
def test_enter_in_a_line_does_the_harmless_thing(show: Show, site: Site, name: str) -> None:
    """It asks for the second look: it neither inserts a text nor gives an appointment by itself [EOU-16, SEN-05]."""
    page = show(name)
    page.locator("#subject").press("Enter")
    page.wait_for_url("**/reply")
    assert site.posts[0][1]["action"] == "preview"


def test_a_prepared_text_is_put_in_and_the_writing_goes_on(
    texts: Texts, chrome: Callable[..., Chrome], site: Site, windows: Windows
) -> None:
    """Without scripts too: a choice and a button send the form; the page that comes back waits in the box [ETQ-11]."""
    audience, template, _ = sample_staff.CASES["staff: item"]
    inserted = replace(sample_staff.ITEM, composer=replace(sample_staff.COMPOSER, body="Appelez-nous.", inserted=True))
    site.html = texts.page(template, Language.EN, inserted, chrome=chrome(Language.EN, audience))
    site.posts.clear()
    context = windows.browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(site.url)
    expect(page.locator("#body")).to_be_focused()
    page.locator("#model").select_option("call_us")
    page.get_by_role("button", name="Insert in English").press("Enter")
    page.wait_for_url("**/reply")
    context.close()
    posted = site.posts[0][1]
    assert (posted["action"], posted["model"], posted["body"]) == ("insert_other", "call_us", "Appelez-nous.")


def test_remarks_come_while_one_writes_and_stay_text(show: Show, site: Site) -> None:
    """The composer asks for remarks with its token, and shows them as text, never as markup [ETQ-06]."""
    page = show("staff: item")
    page.locator("#body").fill("Une phrase.")
    expect(page.locator("#remarks li")).to_have_text("! <b>Longue phrase</b>")
    path, posted = site.posts[0]
    assert path == "/staff/hint"
    assert (posted["csrf"], posted["body"]) == ("abc123", "Une phrase.")


def test_the_end_of_a_session_is_announced_and_put_off(show: Show) -> None:
    """A warning comes before the session ends, and one button keeps the session without losing the draft [ACC-03]."""
    page = show("patient: write refused", timeout=121)
    message = page.locator("#message")
    message.fill("Mon brouillon")
    warning = page.locator("#timeout")
    expect(warning).to_be_visible(timeout=5000)
    page.get_by_role("button", name="Stay signed in").click()
    expect(warning).to_be_hidden()
    expect(message).to_have_value("Mon brouillon")


def test_an_ended_session_says_so_and_keeps_the_draft(show: Show) -> None:
    """Once the session has ended the page says so, and what was written is still there to copy [ACC-03]."""
    page = show("patient: write refused", timeout=1)
    page.locator("#message").fill("Mon brouillon")
    expect(page.get_by_text("Your session has ended.")).to_be_visible(timeout=5000)
    expect(page.locator("#message")).to_have_value("Mon brouillon")


def test_errors_are_met_first(show: Show) -> None:
    """The summary of errors has the focus, and each of its lines leads to its field [ACC-05]."""
    page = show("patient: write refused")
    expect(page.locator("#summary")).to_be_focused()
    page.locator('#summary a[href="#subject"]').click()
    expect(page.locator("#subject")).to_be_focused()


def test_a_form_is_sent_once(show: Show, site: Site) -> None:
    """A second press while the first is on its way sends nothing more [TRI-08]."""
    page = show("patient: thread")
    page.locator("#message").fill("Merci")
    page.evaluate("() => { const b = document.querySelector('form[data-guard] button'); b.click(); b.click(); }")
    page.wait_for_url("**/reply")
    assert [path for path, _ in site.posts] == [f"/threads/{sample_patient.THREAD.id}/reply"]


def test_the_time_to_take_back_is_counted(show: Show) -> None:
    """The seconds left to take a reply back are counted down to the word that it has left [EOU-16]."""
    page = show("staff: sending", page_changes={"seconds": 2})
    expect(page.get_by_text("seconds left")).to_be_visible()
    expect(page.get_by_role("button", name="Undo the send")).to_be_visible()
    expect(page.get_by_text("The message has left.")).to_be_visible(timeout=5000)
    expect(page.get_by_role("button", name="Undo the send")).to_be_hidden()


def test_a_patient_page_works_without_scripts(
    texts: Texts, chrome: Callable[..., Chrome], site: Site, windows: Windows
) -> None:
    """Without scripts the form is whole, and sends what was written [ACC-02]."""
    audience, template, view = sample_patient.CASES["patient: write"]
    site.html = texts.page(template, Language.FR, view, chrome=chrome(Language.FR, audience))
    site.posts.clear()
    context = windows.browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(site.url)
    page.locator("#reason").check()
    page.locator("#subject").fill("Renouvellement")
    page.locator("#message").fill("Bonjour")
    page.get_by_role("button", name="Envoyer à la clinique").click()
    page.wait_for_url("**/write/message")
    context.close()
    path, posted = site.posts[0]
    assert path == "/write/message"
    assert posted["form_id"] == "f1"
    assert (posted["reason"], posted["subject"], posted["message"]) == ("appointment", "Renouvellement", "Bonjour")


def test_nothing_is_stored_on_the_device(show: Show) -> None:
    """No page leaves anything in the browser's stores [GOV-04]."""
    page = show("patient: thread")
    page.locator("#message").fill("Un mot")
    stored = page.evaluate(
        "async () => [localStorage.length, sessionStorage.length, (await indexedDB.databases()).length,"
        " (await navigator.serviceWorker.getRegistrations()).length]"
    )
    assert stored == [0, 0, 0, 0]
