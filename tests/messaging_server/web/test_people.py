"""Patients and colleagues over the real pages: finding, enrolling, hearing a consent, inviting and admitting."""

import re
from html import unescape
from uuid import UUID

import pytest

from consent.model import Act, Category, Channel, Method
from messaging_server.broker import admission
from messaging_server.broker.directory import word_fingerprints
from messaging_server.storage import accounts, consents, people
from messaging_server.storage.accounts import AccountRole, AccountState
from messaging_server.storage.queries import people as queries
from messaging_server.texts import Language
from tests.clinic.pages import Browser, Pages, hidden
from tests.clinic.world import PASSWORD, TEXTS, World

LEO = {
    "given_name": "Léo", "family_name": "Gagnon-Roy", "birth_day": "7", "birth_month": "2", "birth_year": "1988",
    "language": "fr", "email": "leo@exemple.test", "phone": "", "personal": "yes", "document": "passport",
}  # fmt: skip


def word(key: str, language: Language = Language.FR) -> str:
    """A text of the pages."""
    return TEXTS.gettext(language, key)


async def desk(pages: Pages, role: AccountRole = AccountRole.RECEPTION) -> Browser:
    """A colleague's browser."""
    return await pages.browser(pages.world.staff(role))


async def find(browser: Browser, words: str) -> str:
    """Search; gives the page."""
    status, page = await browser.post("/staff/people", {"q": words})
    assert status == 200
    return unescape(page)


async def patients(world: World) -> int:
    """How many patients a birth date or name of the tests finds."""
    fps = word_fingerprints(world.means.keys, world.clinic.id, ["gagnon"])
    return len(await world.means.database.read(lambda c: people.find(c, world.clinic.id, fps)))


def consent_form(page: str, *channels: Channel, answer: str = "accept") -> dict[str, str]:
    """A filled-in form of a consent given by word."""
    cells = {f"consent.{channel}.{category}": answer for channel in channels for category in Category}
    return cells | {
        "text_version": hidden(page, "text_version"), "method": "verbal", "note": "Tout a été expliqué au comptoir.",
        "explained": "yes",
    }  # fmt: skip


@pytest.mark.parametrize("words", ["Lavigne", "lav", "ROSE", "1951-03-09", "rose.lavigne@exemple.test", "514 555-0123"])
async def test_a_patient_is_found_by_name_date_or_address(pages: Pages, words: str) -> None:
    """Names from three letters, whatever case and accents; a birth date, an address or a number whole [DIR-01]."""
    page = await find(await desk(pages), words)

    assert "Rose Lavigne" in page
    assert str(pages.world.rose.person) in page


@pytest.mark.parametrize("words", ["", "la", "Nobody", "Marchand", "<script>", "x" * 5_000])
async def test_a_search_that_finds_nobody_says_so(pages: Pages, words: str) -> None:
    """Too short, unknown, a colleague, markup: the same calm sentence [PAGES People]."""
    page = await find(await desk(pages), words)

    assert word("people.nobody") in page
    assert "<script>alert" not in page


async def test_a_patients_page_shows_addresses_consents_and_what_waits(pages: Pages) -> None:
    """All of it at a glance, and nothing that was said [CON-27, TRI-10]."""
    world = pages.world
    await world.consent()
    await world.write("Bonjour, mes urines sont bleu cobalt.")
    browser = await desk(pages, AccountRole.NURSE)
    status, page = await browser.get(f"/staff/people/{world.rose.person}")
    text = unescape(page)

    assert status == 200
    assert "rose.lavigne@exemple.test" in text
    assert word("address.verified") in text
    assert text.count("data-row") == 1
    assert "cobalt" not in text


async def test_the_front_desk_sees_no_clinical_item_on_a_patients_page(pages: Pages) -> None:
    """Only the items of queues that it serves stand there [TRI-10]."""
    world = pages.world
    await world.consent()
    await world.write("Bonjour, ma plaie est rouge.")
    _, page = await (await desk(pages)).get(f"/staff/people/{world.rose.person}")

    assert "data-row" not in page


async def test_a_colleague_is_no_patient(pages: Pages) -> None:
    """The page of a colleague's id does not exist, nor one of an invented id [IDN-04]."""
    browser = await desk(pages)

    assert (await browser.get(f"/staff/people/{pages.world.staff().person}"))[0] == 404
    assert (await browser.get(f"/staff/people/{UUID(int=9)}"))[0] == 404


async def test_enrolling_prints_a_letter_with_a_code_that_signs_in(pages: Pages) -> None:
    """The letter has the bare address, the sign-in name and the code; the code opens the account [IDN-01, IDN-03]."""
    world, browser = pages.world, await desk(pages)
    status, page = await browser.post("/staff/people/new", LEO)
    code = re.search(r"<code>([^<]+)</code>", page)
    assert code
    opened = await admission.check_code(world.means, world.clinic, code[1], "1988-02-07", world.now)

    assert status == 200
    assert "leo@exemple.test" in page
    assert opened.profile.seen_document == "passport"
    assert "Léo Gagnon-Roy" in await find(browser, "gag")


async def test_a_second_click_enrols_nobody_twice(pages: Pages) -> None:
    """The same form again leads to the patient who is there already [EIN-06]."""
    browser = await desk(pages)
    form = LEO | {"email": ""}
    await browser.post("/staff/people/new", form)
    status, page = await browser.post("/staff/people/new", form)

    assert status == 200
    assert word("flash.person_added") in unescape(page)
    assert await patients(pages.world) == 1


@pytest.mark.parametrize(
    ("field", "value", "leads_to"),
    [
        ("given_name", "", "given_name"), ("family_name", " ", "family_name"), ("birth_day", "31", "birth_day"),
        ("birth_year", "1066", "birth_day"), ("birth_year", "2999", "birth_day"), ("language", "", "language"),
        ("document", "copy", "document"), ("email", "leo@", "email"), ("phone", "12", "phone"),
        ("email", "rose.lavigne@exemple.test", "email"), ("given_name", "L" * 101, "given_name"),
    ],
)  # fmt: skip
async def test_an_error_leads_to_its_field_and_keeps_the_rest(
    pages: Pages, field: str, value: str, leads_to: str
) -> None:
    """What was typed stays, nobody is enrolled; an address of another patient is refused [CON-20, ACC-05]."""
    browser = await desk(pages)
    status, page = await browser.post("/staff/people/new", LEO | {field: value})

    assert status == 422
    assert f'href="#{leads_to}"' in page
    assert 'value="1988"' in page or field == "birth_year"
    assert await patients(pages.world) == 0


async def test_a_new_code_wants_the_patient_to_be_recognised(pages: Pages) -> None:
    """Without the tick there is no code; with it a letter, and only where the record's key is held [IDN-04, IDN-08]."""
    path = f"/staff/people/{pages.world.rose.person}"
    nurse = await desk(pages, AccountRole.NURSE)
    bare, error = await nurse.post(f"{path}/letter", {}, page=path)
    status, letter = await nurse.post(f"{path}/letter", {"identity": "yes"}, page=path)
    refused, _ = await (await desk(pages)).post(f"{path}/letter", {"identity": "yes"}, page=path)

    assert bare == 422
    assert 'href="#identity"' in error
    assert status == 200
    assert "<code>" in letter
    assert refused == 403


async def test_a_consent_given_by_word_is_in_the_register_with_its_note(pages: Pages) -> None:
    """Who obtained it, how and under which text; a channel not spoken of stays as it was [CON-08, CON-12, CON-14]."""
    world, browser = pages.world, await desk(pages, AccountRole.NURSE)
    path = f"/staff/people/{world.rose.person}/consent"
    _, page = await browser.get(path)
    form = consent_form(page, Channel.WEB) | {"consent.web.broadcast": "refuse"}
    status, after = await browser.post(path, form)
    acts = await world.means.database.read(lambda c: consents.consents_of(c, world.rose.person))
    accepted = next(act for act in acts if act.act is Act.ACCEPTED)

    assert status == 200
    assert word("flash.consent_recorded") in unescape(after)
    assert (accepted.method, accepted.has_note) == (Method.VERBAL, True)
    assert {Channel.WEB} == set(accepted.channels)
    assert len(accepted.scope) == 7
    assert world.staff(AccountRole.NURSE).account == accepted.obtained_by
    assert "Marc Ouellet" in unescape(after)


async def test_refusing_everything_is_a_refusal(pages: Pages) -> None:
    """A channel without any yes is recorded as refused [CON-15]."""
    world, browser = pages.world, await desk(pages, AccountRole.NURSE)
    path = f"/staff/people/{world.rose.person}/consent"
    _, page = await browser.get(path)
    await browser.post(path, consent_form(page, Channel.EMAIL, answer="refuse"))
    acts = await world.means.database.read(lambda c: consents.consents_of(c, world.rose.person))

    assert {Act.INFORMED, Act.REFUSED} == {act.act for act in acts}


@pytest.mark.parametrize(
    ("field", "leads_to"),
    [
        ("note", "note"), ("method", "method"), ("explained", "explained"),
        ("consent.web.receipt", "consent.web.receipt"),
    ],
)  # fmt: skip
async def test_a_consent_without_its_parts_is_not_recorded(pages: Pages, field: str, leads_to: str) -> None:
    """The note of the explanations, the way it was given and every yes or no are asked for [CON-08, CON-16]."""
    world, browser = pages.world, await desk(pages)
    path = f"/staff/people/{world.rose.person}/consent"
    _, page = await browser.get(path)
    form = consent_form(page, Channel.WEB)
    del form[field]
    status, again = await browser.post(path, form)

    assert status == 422
    assert f'href="#{leads_to}"' in again
    assert await world.means.database.read(lambda c: consents.consents_of(c, world.rose.person)) == ()


async def test_a_consent_to_a_text_that_was_replaced_is_not_recorded(pages: Pages) -> None:
    """The explanations were of another text: they are shown again [CON-07]."""
    world, browser = pages.world, await desk(pages)
    path = f"/staff/people/{world.rose.person}/consent"
    _, page = await browser.get(path)
    status, again = await browser.post(path, consent_form(page, Channel.WEB) | {"text_version": "99"})

    assert status == 200
    assert word("flash.changed_meanwhile") in unescape(again)
    assert await world.means.database.read(lambda c: consents.consents_of(c, world.rose.person)) == ()


INVITED = {
    "action": "invite", "name": "Anne-Marie Côté", "login": "amcote", "role": "nurse",
    "title_fr": "Infirmière clinicienne", "title_en": "Nurse clinician", "phone": "514 555-0104",
}  # fmt: skip


async def test_an_administrator_invites_and_a_member_admits(pages: Pages) -> None:
    """The code carries no key: after the first sign-in a nurse of the team lets the colleague in [IDN-03]."""
    world = pages.world
    admin = await desk(pages, AccountRole.ADMINISTRATOR)
    status, letter = await admin.post("/staff/team", INVITED)
    code = re.search(r"<code>([^<]+)</code>", letter)
    assert code
    opened = await admission.check_code(world.means, world.clinic, code[1], "", world.now)
    made = await admission.activate(world.means, world.clinic, opened, code[1], PASSWORD, world.now)
    nurse = await desk(pages, AccountRole.NURSE)
    _, page = await nurse.post("/staff/team", {"action": "admit", "account": str(made.account.id)})
    row = await world.means.database.read(lambda c: accounts.account(c, world.clinic.id, made.account.id))

    assert status == 200
    assert 'href="/staff/team"' in letter
    assert word("letter.type_code_only") in unescape(letter)
    assert word("flash.admitted") in unescape(page)
    assert row is not None
    assert row.state == AccountState.ACTIVE


async def test_an_administrator_admits_nobody_and_a_member_invites_nobody(pages: Pages) -> None:
    """Whoever invites holds no key to give on; whoever holds keys names nobody [DESIGN section 5]."""
    world = pages.world
    nurse, admin = await desk(pages, AccountRole.NURSE), await desk(pages, AccountRole.ADMINISTRATOR)
    account = str(world.staff(AccountRole.NURSE).account)
    _, page = await nurse.get("/staff/team")

    assert 'value="invite"' not in page
    assert (await nurse.post("/staff/team", INVITED, page="/staff/people"))[0] == 403
    assert (await admin.post("/staff/team", {"action": "admit", "account": account}))[0] == 200


@pytest.mark.parametrize("field", ["name", "login", "role", "title_fr", "title_en", "phone"])
async def test_an_invitation_wants_what_a_signature_needs(pages: Pages, field: str) -> None:
    """Without a title and a telephone a colleague could not sign; what was typed stays [ETQ-08, ACC-05]."""
    admin = await desk(pages, AccountRole.ADMINISTRATOR)
    status, page = await admin.post("/staff/team", INVITED | {field: ""})

    assert status == 422
    assert f'href="#{field}"' in page
    assert ("amcote" in page) is (field != "login")


@pytest.mark.parametrize("field", ["name", "title_fr", "title_en"])
async def test_an_invitation_gives_the_letters_to_physicians_alone(pages: Pages, field: str) -> None:
    """A nurse's name or title with "M.D." is refused at the field, and a physician's is not [ETQ-09]."""
    admin = await desk(pages, AccountRole.ADMINISTRATOR)
    status, page = await admin.post("/staff/team", INVITED | {field: "Anne-Marie Côté, M.D."})
    allowed, _ = await admin.post("/staff/team", INVITED | {field: "Anne-Marie Côté, M.D.", "role": "physician"})

    assert (status, allowed) == (422, 200)
    assert f'href="#{field}"' in page
    assert word("error.physicians_only") in unescape(page)


async def test_nobody_is_invited_as_a_patient_or_under_a_name_that_is_taken(pages: Pages) -> None:
    """A form that was tampered with makes no patient account; a sign-in name is one person's [IDN-22]."""
    admin = await desk(pages, AccountRole.ADMINISTRATOR)
    tampered, _ = await admin.post("/staff/team", INVITED | {"role": "patient"})
    taken, page = await admin.post("/staff/team", INVITED | {"login": "hmarchand"})

    assert (tampered, taken) == (422, 422)
    assert 'href="#login"' in page


async def test_the_team_shows_who_works_here_and_who_waits(pages: Pages) -> None:
    """Every colleague by name and role; nobody's patients [IDN-22]."""
    status, page = await (await desk(pages, AccountRole.NURSE)).get("/staff/team")
    found = await pages.world.means.database.read(lambda c: queries.team(c, pages.world.clinic.id))

    assert status == 200
    assert "Hélène Marchand" in unescape(page)
    assert "Rose Lavigne" not in page
    assert len(found) == 4


@pytest.mark.parametrize("language", ["fr", "en"])
async def test_the_policy_in_force_can_be_read_by_everybody_who_works_here(pages: Pages, language: str) -> None:
    """Queues, response times, hours, holidays and help lines stand there in the reader's language [TRI-01, ACK-06]."""
    for role in (AccountRole.ADMINISTRATOR, AccountRole.RECEPTION):
        browser = await pages.browser(pages.world.staff(role), language)
        status, page = await browser.get("/staff/policy")
        text = unescape(page)

        assert status == 200
        assert {"fr": "2 jours ouvrables", "en": "2 business days"}[language] in text
        assert {"fr": "8\N{NO-BREAK SPACE}h – 17\N{NO-BREAK SPACE}h", "en": "8\N{NO-BREAK SPACE}a.m."}[language] in text
        assert pages.world.clinic.ruleset.version in text
