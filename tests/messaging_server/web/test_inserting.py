"""Prepared replies in the composer: put behind what is typed, in the patient's language, and never sent with a gap."""

import re
from dataclasses import replace
from html import unescape

import pytest

from consent.model import Category
from messaging_server.broker import library
from messaging_server.broker.prepared import Prepared
from messaging_server.storage.accounts import AccountRole
from messaging_server.texts import Language
from tests.clinic.answering import waiting
from tests.clinic.composing import BODY, composing, look
from tests.clinic.pages import Pages
from tests.clinic.world import TEXTS

SMEAR = Prepared(
    key="own_smear", category=Category.NORMAL_RESULT, result="pathology",
    title={"fr": "Frottis normal", "en": "Normal smear"},
    body={"fr": ("Le frottis du [date] est tout à fait normal.",), "en": ("The smear of [date] is entirely normal.",)},
)  # fmt: skip


def word(key: str) -> str:
    """A sentence of the pages, in French."""
    return TEXTS.gettext(Language.FR, key)


def typed(page: str) -> str:
    """What stands in the box of the message."""
    found = re.search(r'<textarea id="body"[^>]*>\n(.*?)</textarea>', page, re.DOTALL)
    assert found
    return unescape(found[1])


def chosen_kind(page: str) -> str:
    """The kind of content that is selected."""
    select = page[page.index('<select id="category"') :]
    found = re.search(r'value="(\w+)" selected', select[: select.index("</select>")])
    return found[1] if found else ""


async def test_a_prepared_text_comes_behind_what_is_typed(pages: Pages) -> None:
    """In the patient's language, the clinic's number in place, and the writing goes on in the box [ETQ-11]."""
    browser, task = await composing(pages)
    status, page = await look(browser, task, action="insert_model", model="call_us", category="")

    assert status == 200
    assert typed(page).startswith(f"{BODY}\n\nNous aimerions vous parler de vive voix.")
    assert "Appelez-nous au 514\N{NO-BREAK SPACE}555-0100 (" in typed(page)
    assert "{" not in typed(page)
    assert 'name="subject" type="text" value="Votre question"' in page
    assert chosen_kind(page) == "general_advice"
    assert "autofocus" in page


async def test_the_other_language_is_offered(pages: Pages) -> None:
    """A second button puts the same text in the other language [ETQ-11]."""
    browser, task = await composing(pages)
    _, page = await look(browser, task, action="insert_other", model="call_us", body="")

    assert typed(page).startswith("We would like to talk with you. Call us at 514-555-0100")


async def test_a_choice_that_was_not_made_keeps_what_is_typed(pages: Pages) -> None:
    """The button without a choice, and a text that does not exist, say so at the field [ACC-05, ETQ-11]."""
    browser, task = await composing(pages)
    for model, code in (("", "choose_one"), ("nothing", "text_not_offered")):
        status, page = await look(browser, task, action="insert_model", model=model)

        assert status == 422
        assert 'href="#model"' in page
        assert word(f"error.{code}") in unescape(page)
        assert typed(page) == BODY


async def test_the_texts_of_the_queue_come_first(pages: Pages) -> None:
    """Then those for every queue, then the others: forty items before noon leave no time to search [ETQ-11]."""
    browser, task = await composing(pages)
    _, page = await browser.get(f"/staff/items/{task.id}")
    shelves = re.findall(r'<optgroup label="([^"]+)">', page)

    assert task.queue == "clinical"
    assert [unescape(one) for one in shelves] == [word(f"shelf.{one}") for one in ("queue", "every", "other")]
    assert page.index('value="walk_in"') < page.index('value="call_us"') < page.index('value="form_ready"')


async def test_reception_is_offered_no_clinical_text(pages: Pages) -> None:
    """Each team finds the texts of its own work, and a form that names another's gets nothing [TRI-10, ETQ-11]."""
    world = pages.world
    await world.consent()
    receipt = await world.write("Bonjour, je voudrais prendre un rendez-vous.", subject="Rendez-vous")
    browser, task = await pages.browser(world.staff(AccountRole.RECEPTION)), await waiting(world, receipt.thread)
    await browser.post(f"/staff/items/{task.id}/claim", {}, page=f"/staff/items/{task.id}")
    task = await waiting(world, receipt.thread)
    _, page = await browser.get(f"/staff/items/{task.id}")
    status, _ = await look(browser, task, action="insert_model", model="result_normal")

    assert task.queue == "appointments"
    assert 'value="appointment_confirmed"' in page
    assert 'value="result_normal"' not in page
    assert status == 422


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"body": "Rendez-vous le [date] à 9 h."}, "body"),
        ({"greeting": "Bonjour [nom],"}, "body"),
        ({"subject": "Votre [demande]"}, "subject"),
    ],
)
async def test_a_blank_that_nobody_filled_stops_the_reply(pages: Pages, changed: dict[str, str], field: str) -> None:
    """The error leads to the field, names the blank, and the words stay [ETQ-12]."""
    browser, task = await composing(pages)
    status, page = await look(browser, task, **changed)
    text = unescape(page)

    assert status == 422
    assert f'href="#{field}"' in page
    assert word("error.blank_left") in text
    assert word("remark.blank") in text
    assert next(iter(changed.values())) in text


async def test_a_reply_in_the_other_language_is_asked_about_once(pages: Pages) -> None:
    """A patient who reads French is not sent English by a slip; its author may say that they read it [ETQ-12]."""
    browser, task = await composing(pages)
    english = "You can take both of them with your meal, and we will call you with the rest."
    status, page = await look(browser, task, body=english)
    sent, second = await look(browser, task, body=english, other_language="yes")

    assert status == 422
    assert 'href="#other_language"' in page
    assert typed(page) == english
    assert sent == 200
    assert 'name="other_language" value="yes"' in second


async def test_a_result_goes_under_its_own_kind(pages: Pages) -> None:
    """The text brings its kind with it, and a kind that was changed afterwards is asked about [SEN-18]."""
    browser, task = await composing(pages)
    _, page = await look(browser, task, action="insert_model", model="result_normal", body="")
    filled = typed(page).replace("[examen]", "votre prise de sang").replace("[date]", "3 mars")
    status, other = await look(browser, task, body=filled)
    right, _ = await look(browser, task, body=filled, category="normal_result")

    assert chosen_kind(page) == "normal_result"
    assert status == 422
    assert 'href="#category"' in other
    assert right == 200


async def test_a_result_of_an_excluded_kind_is_neither_offered_nor_sent(pages: Pages) -> None:
    """Not in the list, not by a form that names it, not by its words typed or pasted [SEN-17]."""
    world = pages.world
    browser, task = await composing(pages)
    await library.save(world.means, world.clinic, world.staff(), SMEAR, 0, world.now)
    _, page = await browser.get(f"/staff/items/{task.id}")
    named, _ = await look(browser, task, action="insert_model", model=SMEAR.key)
    words = "Le frottis du 3 mars est tout à fait normal."
    pasted, stopped = await look(browser, task, body=words, category="normal_result")
    world.clinic = replace(world.clinic, policy=replace(world.clinic.policy, excluded_results=frozenset()))
    allowed, _ = await look(browser, task, body=words, category="normal_result")

    assert SMEAR.key not in page
    assert (named, pasted, allowed) == (422, 422, 200)
    assert word("error.result_excluded") in unescape(stopped)


@pytest.mark.parametrize("way", ["call", "visit"])
async def test_the_composer_recalls_the_visit_and_offers_it(pages: Pages, way: str) -> None:
    """The sentence stands beside the two buttons, and what was typed stays for the call [ETQ-07, TRI-11]."""
    browser, task = await composing(pages)
    _, before = await browser.get(f"/staff/items/{task.id}")
    recalled = unescape(before).split(word("composer.not_instead"))[1].split("</p>")[0]
    status, page = await look(browser, task, action=f"convert_{way}")

    assert 'value="convert_visit"' in recalled
    assert 'value="convert_call"' in recalled
    assert status == 200
    assert word("flash.converted") in unescape(page)
    assert typed(page) == BODY
