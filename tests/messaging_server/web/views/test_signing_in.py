"""The pages of signing in as a password manager and a hand that pastes meet them."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from messaging_server.texts import Language, Texts
from messaging_server.web.views.frame import Chrome
from tests.messaging_server.web.views import sample_account

FIELDS = {
    "account: sign in": {"login": "username", "password": "current-password"},
    "account: code": {"code": "one-time-code"},
    "account: password": {"password": "new-password", "again": "new-password"},
}
"""What each page asks, and the word by which a password manager knows it (WCAG 2.2, 1.3.5)."""
LONG = "correct horse battery staple 42, and then some"


def html_of(texts: Texts, chrome: Callable[..., Chrome], name: str) -> str:
    """The page."""
    audience, template, view = sample_account.CASES[name]
    return texts.page(template, Language.EN, view, chrome=chrome(Language.EN, audience))


@pytest.mark.browser
@pytest.mark.parametrize("name", FIELDS)
def test_what_is_asked_can_be_pasted_and_filled_in_by_a_program(
    texts: Texts, chrome: Callable[..., Chrome], visit: Callable[..., Page], name: str
) -> None:
    """Each field names its purpose, takes a paste whole, and is a plain field in a plain form [ACC-04]."""
    page = visit(html_of(texts, chrome, name))
    for field, purpose in FIELDS[name].items():
        assert page.get_attribute(f"#{field}", "autocomplete") == purpose
        page.fill(f"#{field}", "")
        page.evaluate("words => { const t = document.createElement('textarea'); t.id = 'aside'; t.value = words;"
                      " document.querySelector('main').append(t); t.focus(); t.select(); }", LONG)  # fmt: skip
        page.keyboard.press("Control+C")
        page.evaluate("document.getElementById('aside').remove()")
        page.focus(f"#{field}")
        page.keyboard.press("Control+V")
        assert page.input_value(f"#{field}") == LONG
        assert page.get_attribute(f"#{field}", "maxlength") is None


@pytest.mark.parametrize("name", FIELDS)
def test_nothing_else_is_asked(texts: Texts, chrome: Callable[..., Chrome], name: str) -> None:
    """No puzzle, no picture to read, no second box to tick stands between somebody and the door [ACC-04]."""
    html = html_of(texts, chrome, name)
    form = html.partition("<main")[2].partition("<form")[2].partition("</form>")[0]
    shown = [part for part in form.split("<input")[1:] if 'type="hidden"' not in part.partition(">")[0]]
    asked = {part.split('name="')[1].partition('"')[0] for part in shown} - {"login"}

    assert asked == FIELDS[name].keys() - {"login"}
    assert not [word for word in ("<img", "<canvas", "captcha", "onpaste", "<audio") if word in form]
