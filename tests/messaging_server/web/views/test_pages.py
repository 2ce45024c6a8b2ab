"""Every page, empty, full and in error, in both languages: it renders; a browser judges the most crowded of them.

What each route of the running server shows is judged in `tests/journeys/pages`.
"""

import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from playwright.sync_api import Page

from messaging_server.texts import TEMPLATES, Language, Texts
from messaging_server.web.views.frame import Chrome, Flash, FlashCode, FlashKind, Outage
from tests.messaging_server.web.views import sample_account, sample_patient, sample_prepared, sample_staff

CASES = sample_account.CASES | sample_patient.CASES | sample_staff.CASES | sample_prepared.CASES
SHOWN = pytest.mark.parametrize("name", CASES)
ALL = CASES | sample_staff.MORE

Frame = Callable[..., Chrome]
CROWDED = [
    "patient: choices", "patient: choices stopped", "patient: inbox", "patient: inbox of forty",
    "patient: inbox empty while texts rest", "patient: sent in danger", "patient: sent while texts rest",
    "patient: thread", "patient: write refused",
    "staff: board", "staff: board of forty", "staff: held searched", "staff: item", "staff: item refused",
    "staff: leave, last and blocked", "staff: people found", "staff: person", "staff: reply blocked by consent",
    "staff: team",
]  # fmt: skip
"""Fuller than any clinic gets in a test: forty rows, every mark at once, names of 60 letters, everything in error."""


def rendered(texts: Texts, chrome: Frame, name: str, language: Language, **changes: object) -> str:
    audience, template, view = ALL[name]
    return texts.page(template, language, view, chrome=chrome(language, audience, **changes))


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("name", ALL)
def test_every_page_renders_in_both_languages(texts: Texts, chrome: Frame, name: str, language: Language) -> None:
    """Each page, empty, full and in error, comes out whole and names its language [ACC-07]."""
    html = rendered(texts, chrome, name, language)
    assert f'<html lang="{language}-CA">' in html
    assert html.rstrip().endswith("</html>")


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("name", ALL)
def test_no_page_has_an_inline_script_or_style(texts: Texts, chrome: Frame, name: str, language: Language) -> None:
    """Nothing in a page would need the content policy to be loosened, and nothing comes from a third party."""
    html = rendered(texts, chrome, name, language)
    tags = re.findall(r"<[a-z][^>]*>", html)
    assert not [tag for tag in tags if re.search(r"\s(on[a-z]+|style)\s*=", tag)]
    assert "<style" not in html
    assert all("src=" in tag for tag in tags if tag.startswith("<script"))
    assert not [tag for tag in tags if re.search(r'\s(src|action)="(https?:)?//', tag)]


@SHOWN
def test_every_form_that_changes_something_carries_its_token(texts: Texts, chrome: Frame, name: str) -> None:
    """Each posting form holds the token that shows that the page is ours."""
    html = rendered(texts, chrome, name, Language.FR)
    forms = re.findall(r'<form[^>]*method="post".*?</form>', html, flags=re.DOTALL)
    assert forms
    assert all('name="csrf" value="abc123"' in form for form in forms)


@SHOWN
def test_every_error_leads_to_its_field(texts: Texts, chrome: Frame, name: str) -> None:
    """Each line of the error summary points at an element that exists and that is described by its error [ACC-05]."""
    _, _, view = CASES[name]
    html = rendered(texts, chrome, name, Language.EN)
    for error in getattr(view, "errors", ()):
        assert f'href="#{error.field}"' in html
        assert f'id="{error.field}"' in html
        assert f'id="{error.field}-error"' in html


@SHOWN
def test_no_identifier_stands_twice_in_a_page(texts: Texts, chrome: Frame, name: str) -> None:
    """Element ids are unique, so that labels and errors meet the right field [ACC-05]."""
    found = re.findall(r'\sid="([^"]+)"', rendered(texts, chrome, name, Language.FR))
    assert len(found) == len(set(found))


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("code", FlashCode)
def test_every_flash_has_its_words(texts: Texts, chrome: Frame, code: FlashCode, language: Language) -> None:
    """What just happened is said in words, with a word for its kind beside the colour [ACC-05]."""
    for kind in FlashKind:
        html = rendered(texts, chrome, "patient: inbox", language, flash=Flash(kind=kind, code=code))
        assert texts.gettext(language, f"flash.{code}") in html
        assert texts.gettext(language, f"flash_kind.{kind}") in html


def test_an_outage_is_shown(texts: Texts, chrome: Frame) -> None:
    """A channel that is down is said at the top of the board, which goes on working [TRI-22]."""
    html = rendered(texts, chrome, "staff: board", Language.FR, outages=tuple(Outage))
    assert html.count("Panne.") == len(Outage)


def test_what_a_patient_wrote_is_never_markup(texts: Texts, chrome: Frame) -> None:
    """Words from outside come out as words [ETQ-12]."""
    for name in ("patient: thread", "patient: write refused", "staff: item", "staff: confirm"):
        html = rendered(texts, chrome, name, Language.EN)
        assert "<script>alert" not in html
        assert "<i>Merci" not in html


def test_consent_has_no_choice_made_beforehand(texts: Texts, chrome: Frame) -> None:
    """No box of the consent is ticked before the person ticks it [CON-16]."""
    html = rendered(texts, chrome, "account: consent choices", Language.FR)
    assert " checked" not in html
    assert html.count('value="accept"') == html.count('value="refuse"') > 0


def test_the_three_questions_are_unanswered_at_first(texts: Texts, chrome: Frame) -> None:
    """The clinician answers the questions before a send; the page answers none of them [SEN-04]."""
    html = rendered(texts, chrome, "staff: item", Language.FR)
    questions = html[html.index('class="questions"') :]
    assert " checked" not in questions
    assert questions.count('value="yes"') >= 3


def test_a_missing_consent_offers_no_way_round(texts: Texts, chrome: Frame) -> None:
    """Where consent is missing there is a call and a script, and no button that sends all the same [CON-28]."""
    html = rendered(texts, chrome, "staff: reply blocked by consent", Language.FR)
    assert 'value="override"' not in html
    assert 'value="convert_visit"' in html
    assert "data-print" in html


def test_a_page_that_no_rule_matched_never_reassures(texts: Texts, chrome: Frame) -> None:
    """An empty screening says that no rule matched, and that screening misses cases [SEN-15, ACK-25]."""
    html = rendered(texts, chrome, "staff: item not mine", Language.EN)
    assert "No rule matched any words." in html
    assert "misses cases" in html


def test_quick_exit_shows_only_with_violence(texts: Texts, chrome: Frame) -> None:
    """The way to leave at once stands with the direction for violence, and not otherwise [ACK-08]."""
    audience, template, view = CASES["patient: sent in danger"]
    frame = chrome(Language.FR, audience)
    assert "data-exit" in texts.page(template, Language.FR, view, chrome=frame)
    emergency = replace(sample_patient.CARD, directions=sample_patient.CARD.directions[:1])
    calm = replace(sample_patient.SENT, emergency=emergency)
    assert "data-exit" not in texts.page(template, Language.FR, calm, chrome=frame)


def test_every_template_of_a_page_is_seen_by_a_test() -> None:
    """No page escapes the browser: each template that is a page has its cases here."""
    pages = {
        str(path.relative_to(TEMPLATES / "pages").with_suffix(""))
        for path in (TEMPLATES / "pages").rglob("*.html")
        if not {"parts", "demo"} & set(path.parts) and path.stem != "layout"
    }
    assert pages == {template for _, template, _ in CASES.values()}


@pytest.mark.browser
@pytest.mark.parametrize("name", CROWDED)
def test_axe_finds_nothing_wrong(texts: Texts, chrome: Frame, judge: Callable[..., Page], name: str) -> None:
    """In French on a wide light screen and in English at 320 px in the dark, axe finds no fault [ACC-01, ACC-06]."""
    judge(rendered(texts, chrome, name, Language.FR), name, width=1280, scheme="light")
    judge(rendered(texts, chrome, name, Language.EN), name, width=320, scheme="dark")


