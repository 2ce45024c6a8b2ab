"""The clinic's prepared replies over the real pages: read by everybody, worded by some, never with a gap."""

import re
from html import unescape

import pytest

from messaging_server.broker import library, prepared
from messaging_server.broker.prepared import Prepared
from messaging_server.storage import prepared as stored
from messaging_server.storage.accounts import AccountRole
from messaging_server.texts import Language
from tests.clinic.pages import Browser, Pages, hidden
from tests.clinic.world import TEXTS
from tests.messaging_server.web.test_matrix import not_admitted

ALL = "/staff/policy/texts"
NEW = f"{ALL}/new"
FORM = {
    "version": "0", "action": "save", "label_fr": "Vaccin arrivé", "label_en": "Vaccine is here", "queue": "clinical",
    "category": "appointments", "result": "",
    "body_fr": "Votre vaccin est arrivé.\n\nAppelez au {phone} avant le [date].",
    "body_en": "Your vaccine has arrived.\n\nCall {phone} before [date].",
}  # fmt: skip


def word(key: str) -> str:
    """A sentence of the pages, in French."""
    return TEXTS.gettext(Language.FR, key)


async def editor(pages: Pages, role: AccountRole = AccountRole.NURSE) -> Browser:
    """A colleague's browser."""
    return await pages.browser(pages.world.staff(role))


async def held(pages: Pages) -> dict[str, Prepared]:
    """The texts as they are offered now, by their French name."""
    found = await pages.world.means.database.read(lambda c: library.library(c, pages.world.clinic))
    return {text.title["fr"]: text for text in found.texts}


async def test_everybody_who_works_here_reads_the_texts(pages: Pages) -> None:
    """The list, and each text as patients of both languages will read it [ETQ-11]."""
    for role in (AccountRole.RECEPTION, AccountRole.ADMINISTRATOR, AccountRole.PHYSICIAN):
        browser = await editor(pages, role)
        status, page = await browser.get(ALL)
        one, text = await browser.get(f"{ALL}/call_us")

        assert (status, one) == (200, 200)
        assert all(f'href="{ALL}/{text.key}"' in page for text in prepared.builtin().texts)
        assert "appelez-nous au 514" in unescape(text).casefold()
        assert "call us at 514-555-0100" in unescape(text).casefold()
        assert ('name="body_fr"' in text) is (role is not AccountRole.RECEPTION)


async def test_a_new_text_is_offered_from_then_on(pages: Pages) -> None:
    """Saved in both languages, with its queue and kind [ETQ-11]."""
    browser = await editor(pages)
    status, page = await browser.post(NEW, FORM)
    text = (await held(pages))["Vaccin arrivé"]

    assert status == 200
    assert word("flash.text_saved") in unescape(page)
    assert text.queue == "clinical"
    assert text.category == "appointments"
    assert text.body["en"] == ("Your vaccine has arrived.", "Call {phone} before [date].")


async def test_the_clinic_words_a_text_that_ships_and_goes_back(pages: Pages) -> None:
    """Its own version holds until it is withdrawn; both stay to be read below [ETQ-11, SEN-02]."""
    browser, path = await editor(pages), f"{ALL}/call_us"
    await browser.post(path, FORM)
    worded = (await held(pages))["Vaccin arrivé"]
    _, page = await browser.get(path)
    await browser.post(path, {"action": "withdraw", "version": hidden(page, "version")})
    _, after = await browser.get(path)

    assert worded.key == "call_us"
    assert hidden(page, "version") == "1"
    assert "Vaccin arrivé" not in await held(pages)
    assert "Votre vaccin est arrivé." in unescape(after)
    assert "Marc Ouellet" in unescape(after)
    assert word("prepared.withdrawn") in unescape(after)


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"label_en": ""}, "label_en", "required"),
        ({"body_fr": "Votre dépistage du VIH est arrivé : {phone}, [date]."}, "body_fr", "sensitive_text"),
        ({"label_en": "Your HIV test"}, "label_en", "sensitive_text"),
        ({"body_en": "Call {telephone} before [date]."}, "body_en", "unknown_fact"),
        ({"body_en": "Call {phone}."}, "body_en", "different_blanks"),
        ({"body_fr": "{phone} [date]\n\nOui.\n\nOui."}, "body_fr", "repeated"),
        ({"category": "everything"}, "category", "category_needed"),
    ],
)
async def test_a_text_that_could_not_be_sent_is_not_saved(
    pages: Pages, change: dict[str, str], field: str, code: str
) -> None:
    """The page says what and where, everything typed stays, and nothing is offered [SEN-17, ETQ-12, ACC-05]."""
    browser = await editor(pages)
    status, page = await browser.post(NEW, FORM | change)
    text = unescape(page)

    assert status == 422
    assert f'href="#{field}"' in page
    assert word(f"error.{code}") in text
    assert FORM["body_en"] in text or "body_en" in change
    assert change.get(field, "") in text or field == "category"
    assert len(await held(pages)) == len(prepared.builtin().texts)


async def test_a_text_is_looked_at_before_it_is_saved(pages: Pages) -> None:
    """What patients will read stands beside the words, and nothing is kept yet [ETQ-13]."""
    browser = await editor(pages)
    status, page = await browser.post(NEW, FORM | {"action": "preview"})
    text = unescape(page)

    assert status == 200
    assert "Appelez au 514\N{NO-BREAK SPACE}555-0100 avant le [date]." in text
    assert "Call 514-555-0100 before [date]." in text
    assert len(await held(pages)) == len(prepared.builtin().texts)


async def test_what_a_colleague_saved_meanwhile_is_not_overwritten(pages: Pages) -> None:
    """The second editor is told, keeps every word, and saves knowingly or not at all [TRI-08, ACC-03]."""
    first, second, path = await editor(pages), await editor(pages, AccountRole.PHYSICIAN), f"{ALL}/call_us"
    await first.post(path, FORM)
    status, page = await second.post(path, FORM | {"body_fr": "Autre chose : {phone}, [date]."})
    kept = (await held(pages))["Vaccin arrivé"]
    again, _ = await second.post(path, FORM | {"version": hidden(page, "version"), "label_fr": "Le mien"})

    assert status == 409
    assert "Autre chose\N{NO-BREAK SPACE}: " in unescape(page) or "Autre chose : " in unescape(page)
    assert kept.body["fr"][0] == "Votre vaccin est arrivé."
    assert again == 200
    assert "Le mien" in await held(pages)


@pytest.mark.parametrize("role", [AccountRole.RECEPTION, None])
async def test_nobody_else_words_the_texts(pages: Pages, role: AccountRole | None) -> None:
    """Not the reception, and no colleague whom a team has not admitted yet [IDN-22, ETQ-11]."""
    world = pages.world
    who = world.staff(role) if role else await not_admitted(world)
    browser = await pages.browser(who)
    status, _ = await browser.post(NEW, FORM, page="/account")
    rows = await world.means.database.read(lambda c: stored.newest(c, world.clinic.id))

    assert status == 403
    assert rows == ()


@pytest.mark.parametrize("key", ["nothing", "%2e%2e", "NEW"])
async def test_a_text_that_does_not_exist_has_no_page(pages: Pages, key: str) -> None:
    """Neither to read nor to save [SEC-09]."""
    browser = await editor(pages)

    assert (await browser.get(f"{ALL}/{key}"))[0] == 404
    assert (await browser.post(f"{ALL}/{key}", FORM, page=NEW))[0] == 404


async def test_odd_signs_do_no_harm(pages: Pages) -> None:
    """Tabs and other unseen signs become spaces: what is stored can always be read again [ETQ-12]."""
    browser = await editor(pages)
    status, _ = await browser.post(NEW, FORM | {"label_fr": "Vaccin\tarrivé", "body_fr": "Un\u2028{phone}\x07 [date]."})
    text = (await held(pages))["Vaccin arrivé"]

    assert status == 200
    assert text.body["fr"] == ("Un {phone} [date].",)


async def test_the_policy_leads_to_the_texts(pages: Pages) -> None:
    """One finds them where the clinic's other rules stand [PAGES Policy]."""
    _, page = await (await editor(pages)).get("/staff/policy")

    assert re.search(rf'<a href="{ALL}">', page)
