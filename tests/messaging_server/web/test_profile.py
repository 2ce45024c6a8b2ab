"""A colleague's own profile over the real pages: the signature as patients read it, and what may be changed of it."""

from html import unescape

import pytest

from messaging_server.broker import directory, presenting
from messaging_server.broker.presenting import Presented
from messaging_server.errors import InvalidError
from messaging_server.record.reading import Reader, open_thread
from messaging_server.storage import people, tables
from messaging_server.storage.accounts import AccountRole
from messaging_server.storage.database import Connection
from messaging_server.storage.people import PersonRow
from messaging_server.texts import Language
from tests.clinic.answering import answer
from tests.clinic.pages import Browser, Pages
from tests.clinic.world import PASSWORD, TEXTS, World

PATH = "/account/profile"
NURSE = {
    "title_fr": "Infirmier praticien spécialisé", "title_en": "Nurse practitioner", "phone": "514 555-0199",
    "language": "en", "current": PASSWORD,
}  # fmt: skip


async def row_of(world: World, who: Reader) -> PersonRow:
    """A colleague as the directory has them."""
    row = await world.means.database.read(lambda c: people.person(c, world.clinic.id, who.person))
    assert row is not None
    return row


async def mine(pages: Pages, role: AccountRole = AccountRole.NURSE) -> Browser:
    """A colleague's browser."""
    return await pages.browser(pages.world.staff(role))


@pytest.mark.parametrize(
    ("role", "first", "title"),
    [
        (AccountRole.NURSE, "Marc Ouellet\n", "Nurse clinician"),
        (AccountRole.PHYSICIAN, "Hélène Marchand, M.D.\n", "Family physician"),
    ],
)
async def test_a_colleague_sees_the_signature_in_both_languages(
    pages: Pages, role: AccountRole, first: str, title: str
) -> None:
    """Line by line as a patient of each language reads it; only the physician's has the letters [ETQ-08, ETQ-09]."""
    browser = await mine(pages, role)
    _, account = await browser.get("/account")
    status, page = await browser.get(PATH)

    assert f'href="{PATH}"' in account
    assert status == 200
    assert unescape(page).count(first) == 2
    assert f"{first}{title}\n" in unescape(page)


async def test_what_is_changed_stands_under_the_next_reply(pages: Pages) -> None:
    """Titles by language and the telephone; the name, the sign-in name and the second identifier stay [ETQ-08]."""
    world, nurse = pages.world, pages.world.staff(AccountRole.NURSE)
    before = directory.open_profile(world.means.keys, await row_of(world, nurse))
    status, page = await (await mine(pages)).post(PATH, NURSE)
    after = await row_of(world, nurse)
    await world.consent()
    asked = await world.write("Bonjour")
    sent = await answer(world, asked.thread, nurse)
    assert asked.thread is not None
    opened = await open_thread(world.means.database, world.staff(), asked.thread, sent.leaves_at)

    assert status == 200
    assert TEXTS.gettext(Language.EN, "flash.profile_changed") in unescape(page)
    assert directory.open_profile(world.means.keys, after).login == before.login
    assert after.language == "en"
    assert any("Marc Ouellet\nInfirmier praticien spécialisé\n514 555-0199" in one.content.text
               for one in opened.exchanges)  # fmt: skip


async def test_a_change_is_in_the_log(pages: Pages) -> None:
    """Who, and that it changed; never the words [AUD-02, AUD-08]."""
    world, nurse = pages.world, pages.world.staff(AccountRole.NURSE)
    await (await mine(pages)).post(PATH, NURSE)

    def query(connection: Connection) -> list[tuple[object, str]]:
        found = connection.execute(tables.audit.select().where(tables.audit.c.action == "profile"))
        return [(row.actor_id, row.result) for row in found]

    assert await world.means.database.read(query) == [(nurse.account, "changed")]


@pytest.mark.parametrize(
    ("changes", "leads_to"),
    [
        ({"title_fr": ""}, "title_fr"), ({"title_en": "Nurse, M.D."}, "title_en"), ({"phone": ""}, "phone"),
        ({"language": "de"}, "language"), ({"current": ""}, "current"), ({"current": "un autre mot"}, "current"),
    ],
)  # fmt: skip
async def test_an_error_leads_to_its_field_and_changes_nothing(
    pages: Pages, changes: dict[str, str], leads_to: str
) -> None:
    """A title in both languages, nobody else's letters, and the present password [ETQ-09, SEC-15, ACC-05]."""
    world, nurse = pages.world, pages.world.staff(AccountRole.NURSE)
    before = await row_of(world, nurse)
    status, page = await (await mine(pages)).post(PATH, NURSE | changes)

    assert status == 422
    assert f'href="#{leads_to}"' in page
    assert ("Nurse practitioner" in page) is (leads_to != "title_en")
    assert PASSWORD not in page
    assert await row_of(world, nurse) == before


async def test_nobody_but_a_physician_takes_the_letters_behind_the_page_either(world: World) -> None:
    """The rule stands where the profile is kept, not only on the page [ETQ-09]."""
    said = Presented(titles={"fr": "Infirmier, M.D.", "en": "Nurse"}, phone="514 555-0102", language=Language.FR)
    with pytest.raises(InvalidError):
        await presenting.present(world.means, world.clinic, world.staff(AccountRole.NURSE), said, world.now)


async def test_an_administrator_has_a_language_and_no_signature(pages: Pages) -> None:
    """They sign nothing; the language can be changed by itself [ETQ-08]."""
    world, admin = pages.world, pages.world.staff(AccountRole.ADMINISTRATOR)
    browser = await mine(pages, AccountRole.ADMINISTRATOR)
    _, page = await browser.get(PATH)
    status, _ = await browser.post(PATH, {"language": "en", "current": PASSWORD, "title_fr": "Médecin, M.D."})
    row = await row_of(world, admin)

    assert 'name="title_fr"' not in page
    assert status == 200
    assert row.language == "en"
    assert directory.open_profile(world.means.keys, row).titles == {}


async def test_a_patient_has_no_such_page(pages: Pages) -> None:
    """A patient's account has the password, the second factor, the language and the sessions [IDN-10, SEC-09]."""
    rose = await pages.browser(pages.world.rose)
    _, account = await rose.get("/account")

    assert (await rose.get(PATH))[0] == 404
    assert PATH not in account
    for path in ("/account/password", "/account/totp"):
        assert f'href="{path}"' in account
