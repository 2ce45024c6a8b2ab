"""Every door × every role × somebody else's things: what is not theirs does not exist (SEC-09).

The doors are those of the running application: one that is in none of the lists below fails the first test.
"""

from html import unescape

import pytest

from messaging_server.broker import admission
from messaging_server.broker.admission import NewColleague
from messaging_server.broker.directory import Name
from messaging_server.broker.enrolment import NewPatient
from messaging_server.errors import NotFoundError
from messaging_server.record.reading import Reader
from messaging_server.storage import accounts
from messaging_server.storage.accounts import AccountRole, AccountState, SessionState
from messaging_server.texts import Language
from messaging_server.web.sessions import begin
from messaging_server.web.visit import Visit
from tests.clinic.entering import account_of
from tests.clinic.pages import Browser, Pages, open_pages
from tests.clinic.trespass import SECRETS, Things, knock, state_of, table_of_routes, things_of
from tests.clinic.world import World, found_beside

ANYBODY = {
    "/", "/sign-in", "/sign-in/code", "/sign-out", "/language", "/worried", "/recover", "/activate",
    "/activate/password", "/activate/recovery-code", "/activate/totp", "/activate/about", "/activate/consent",
    "/healthz", "/readyz", "/metrics", "/static",
}  # fmt: skip
"""Doors that lead in, and the machine's own; each looks after itself, and none shows anybody's things."""
SIGNED_IN = {"/account", "/account/password", "/account/totp"}
PATIENT = {
    "/inbox", "/threads/{thread}", "/threads/{thread}/download", "/threads/{thread}/reply",
    "/files/{exchange}/{number}", "/files/{exchange}/{number}/picture", "/files/{exchange}/{number}/shown",
    "/readers", "/sent/{exchange}", "/write", "/write/message", "/choices",
    "/choices/withdraw", "/choices/words",
    "/choices/addresses/{address}", "/choices/addresses/{address}/code", "/activate/consent/copy",
}  # fmt: skip
STAFF = {
    "/staff", "/staff/team", "/staff/policy", "/staff/policy/texts", "/staff/policy/texts/{key}", "/account/profile",
}  # fmt: skip
"""For everybody who works here; no patient is named there."""
ADMINISTRATOR = {"/staff/team/{account}/leave"}
"""For those who invite and let go."""
LEADS = {"/staff/screening", "/staff/screening/file"}
"""For physicians and administrators: numbers, and nobody in them."""
CARE = {
    "/staff/all", "/staff/held", "/staff/undelivered", "/staff/unread", "/staff/failed", "/staff/late",
    "/staff/queue/{name}", "/staff/events", "/staff/supervisor", "/staff/hint", "/staff/files/{exchange}/{number}",
    "/staff/files/{exchange}/{number}/picture", "/staff/files/{exchange}/{number}/shown",
    "/staff/items/{task}", "/staff/items/{task}/claim", "/staff/items/{task}/release",
    "/staff/items/{task}/acknowledge", "/staff/items/{task}/assign", "/staff/items/{task}/close",
    "/staff/items/{task}/finding", "/staff/items/{task}/reply", "/staff/items/{task}/confirm",
    "/staff/items/{task}/search", "/staff/deliveries/{exchange}", "/staff/deliveries/{exchange}/cancel",
    "/staff/people", "/staff/people/new", "/staff/people/{person}", "/staff/people/{person}/letter",
    "/staff/people/{person}/consent", "/staff/people/{person}/withdrawal", "/staff/people/{person}/addresses",
    "/staff/people/{person}/addresses/{address}",
    "/staff/people/{person}/addresses/{address}/code", "/staff/people/{person}/addresses/{address}/remove",
}  # fmt: skip
"""For those whom a team has admitted."""
GIVES_WORDS_BACK = {("POST", "/write/message"), ("POST", "/threads/{thread}/reply"), ("POST", "/choices/words")}
"""Whose session ended while writing gets the words back on the page that refuses them (ACC-03)."""
SHUT_TO = {
    "patient": STAFF | CARE | ADMINISTRATOR | LEADS, "administrator": PATIENT | CARE,
    "waiting": PATIENT | CARE | ADMINISTRATOR | LEADS, "reception": PATIENT | ADMINISTRATOR | LEADS,
    "nurse": PATIENT | ADMINISTRATOR | LEADS, "physician": PATIENT | ADMINISTRATOR,
}  # fmt: skip


def doors(pages: Pages, among: set[str]) -> list[tuple[str, str]]:
    """The doors of the running application among these, and all others that no list knows."""
    assert pages.server.app is not None
    return [(method, pattern) for method, pattern in table_of_routes(pages.server.app) if pattern in among]


def with_ids(pages: Pages, among: set[str]) -> list[tuple[str, str]]:
    """The doors that lead to one thing."""
    return [(method, pattern) for method, pattern in doors(pages, among) if "{" in pattern]


async def other_patient(world: World) -> Reader:
    """A patient of the same clinic, with an account and a consent of their own."""
    born = "1990-01-02"
    issued = await world.enrol(
        NewPatient(
            name=Name(first="Karim", last="Haddad"), birth_date=born, language="fr", email="karim@exemple.org",
            email_is_personal=True, seen_document="passport",
        )
    )  # fmt: skip
    reader = await world.sign_in_first(issued, born)
    await world.consent(reader)
    return reader


async def not_admitted(world: World) -> Reader:
    """A physician by invitation alone: the administrator knew the code, no team knows the person."""
    new = NewColleague(
        name=Name(first="Faux", last="Docteur"), role=AccountRole.PHYSICIAN, language="fr", login="fdocteur",
        phone="514 555-0199",
    )  # fmt: skip
    administrator = world.staff(AccountRole.ADMINISTRATOR)
    issued = await admission.invite(world.means, world.clinic, administrator, new, world.now)
    reader = await world.sign_in_first(issued, "")
    assert (await account_of(world, reader)).state == AccountState.WAITING
    return reader


async def somebody(pages: Pages, who: str) -> Browser:
    """A browser of whoever plays this part."""
    world = pages.world
    if who == "patient":
        return await pages.browser(world.rose)
    if who == "waiting":
        return await pages.browser(await not_admitted(world))
    return await pages.browser(world.staff(AccountRole(who)))


async def half_signed_in(pages: Pages, who: Reader, state: SessionState) -> Browser:
    """A browser whose owner gave the password and not yet the rest."""
    world, account = pages.world, await account_of(pages.world, who)
    here = Visit(site=pages.site, clinic=world.clinic, now=world.now, language=Language.FR, path="/", csrf="")
    begun = begin(here, account, who.private, state)
    await world.means.database.write(lambda c: accounts.add_session(c, begun.row))
    browser = await pages.browser()
    jar = browser.client.session.cookie_jar
    jar.update_cookies({"session": begun.token}, pages.server.make_url("/"))
    return browser


def assert_tells_nothing(page: str) -> None:
    """No word of the patient, and nothing about who they are."""
    text = unescape(page)

    assert [word for word in SECRETS if word in text] == []


async def test_every_door_is_in_one_list(pages: Pages) -> None:
    """A new page says here whom it is for, or is not built [SEC-09]."""
    assert pages.server.app is not None
    lists = (ANYBODY, SIGNED_IN, PATIENT, STAFF, ADMINISTRATOR, LEADS, CARE)
    known = {pattern: sum(pattern in one for one in lists) for _, pattern in table_of_routes(pages.server.app)}

    assert {pattern: times for pattern, times in known.items() if times != 1} == {}


@pytest.mark.parametrize("who", sorted(SHUT_TO))
async def test_a_role_finds_nothing_behind_the_doors_of_others(pages: Pages, who: str) -> None:
    """Not a word, not a change, and no difference from what does not exist [IDN-22, SEC-09]."""
    things = await things_of(pages.world)
    browser = await somebody(pages, who)
    before = await state_of(pages.world)
    for method, pattern in doors(pages, SHUT_TO[who]):
        status, _, text = await knock(browser, method, things.paths(pattern))

        assert status == 404, (method, pattern)
        if who != "patient":
            assert_tells_nothing(text)
    assert await state_of(pages.world) == before


@pytest.mark.parametrize("state", [None, SessionState.SECOND_FACTOR, SessionState.ENROLLING])
@pytest.mark.parametrize("role", [AccountRole.PATIENT, AccountRole.PHYSICIAN])
async def test_whoever_has_not_signed_in_wholly_gets_no_further_than_the_door(
    pages: Pages, role: AccountRole, state: SessionState | None
) -> None:
    """A right password without the second factor is worth as much as none [IDN-05, SEC-09]."""
    world, things = pages.world, await things_of(pages.world)
    who = world.rose if role is AccountRole.PATIENT else world.staff(role)
    browser = await half_signed_in(pages, who, state) if state else await pages.browser()
    before = await state_of(world)
    for method, pattern in doors(pages, SIGNED_IN | PATIENT | STAFF | ADMINISTRATOR | LEADS | CARE):
        status, to, text = await knock(browser, method, things.paths(pattern))
        refused = (403, "") if (method, pattern) in GIVES_WORDS_BACK else (303, "/sign-in")

        assert (status, to.partition("?")[0]) == refused, (method, pattern)
        assert_tells_nothing(text)
    assert await state_of(world) == before


async def test_a_patient_finds_nothing_of_another_patient(pages: Pages) -> None:
    """Threads, files, receipts and addresses of the neighbour in the waiting room do not exist [SEC-09]."""
    things = await things_of(pages.world)
    browser = await pages.browser(await other_patient(pages.world))
    before = await state_of(pages.world)
    tried = with_ids(pages, PATIENT)
    for method, pattern in tried:
        status, _, text = await knock(browser, method, things.paths(pattern))

        assert status == 404, (method, pattern)
        assert_tells_nothing(text)
    assert len(tried) >= 8
    assert await state_of(pages.world) == before


async def test_a_receipt_of_another_patient_is_not_had_through_one_s_own_thread(pages: Pages) -> None:
    """An id in the query is looked at like one in the path [SEC-09]."""
    things = await things_of(pages.world)
    browser = await pages.browser(await other_patient(pages.world))
    for thread in (things.thread, things.exchange):
        status, text = await browser.get(f"/threads/{thread}/download?receipt={things.exchange}")

        assert status == 404
        assert_tells_nothing(text)


async def test_who_read_another_patient_s_thread_is_not_told(pages: Pages) -> None:
    """The list of readers is of one's own record, whatever thread is named [SEC-09, TRN-01]."""
    things = await things_of(pages.world)
    physician = await pages.browser(pages.world.staff())
    await physician.get(f"/staff/items/{things.task}")
    browser = await pages.browser(await other_patient(pages.world))
    status, text = await browser.get(f"/readers?thread={things.thread}")

    assert status == 200
    assert "Marchand" not in text


@pytest.mark.parametrize("who", ["patient", "reception", "nurse", "physician", "administrator"])
async def test_nothing_of_one_clinic_is_reached_from_another(pages: Pages, who: str) -> None:
    """Two clinics on one server: every id of the one is tried by every role of the other, and none exists [REC-05]."""
    things = await things_of(pages.world)
    beside = await found_beside(pages.world)
    await beside.consent()
    before = await state_of(pages.world)
    async with open_pages(beside) as next_door:
        browser = await somebody(next_door, who)
        among = PATIENT if who == "patient" else CARE | ADMINISTRATOR
        for method, pattern in [door for door in with_ids(next_door, among) if "{name}" not in door[1]]:
            status, _, text = await knock(browser, method, things.paths(pattern))

            assert status == 404, (method, pattern)
            assert [word for word in ("printemps", "calmement", "comprimes") if word in unescape(text)] == []
    assert await state_of(pages.world) == before


async def test_a_session_of_one_clinic_is_nobody_in_another(pages: Pages) -> None:
    """The cookie of one clinic's host, carried to another's, signs nobody in [REC-05, IDN-10]."""
    beside = await found_beside(pages.world)
    known = await pages.browser(pages.world.staff())
    token = next(one.value for one in known.client.session.cookie_jar if one.key == "session")
    async with open_pages(beside) as next_door:
        browser = await next_door.browser()
        jar = browser.client.session.cookie_jar
        jar.update_cookies({"session": token}, next_door.server.make_url("/"))
        answer = await browser.client.get("/staff", allow_redirects=False)

    assert answer.status == 303
    assert answer.headers["Location"].startswith("/sign-in")


async def test_the_same_people_of_two_clinics_are_found_in_each_alone(pages: Pages) -> None:
    """A name, an address and a sign-in name lead to each clinic's own row [REC-05, SEC-05]."""
    beside = await found_beside(pages.world)
    here = await pages.browser(pages.world.staff(AccountRole.RECEPTION))
    async with open_pages(beside) as next_door:
        there = await next_door.browser(beside.staff(AccountRole.RECEPTION))
        _, ours = await here.post("/staff/people", {"q": "lavigne"})
        _, theirs = await there.post("/staff/people", {"q": "rose.lavigne@exemple.test"})

    assert str(pages.world.rose.person) in ours
    assert str(beside.rose.person) not in ours
    assert str(beside.rose.person) in theirs
    assert str(pages.world.rose.person) not in theirs


async def test_a_mail_to_one_clinic_lands_in_no_record_of_another(world: World) -> None:
    """The same sender is known to both, and each clinic keeps what was sent to it [REC-05, EIN-11]."""
    beside = await found_beside(world)
    await world.consent()
    await beside.consent()
    before = await state_of(world, world.clinic.id)
    receipt = await beside.mail("Bonjour, une question.", reply_token="a" * 32)

    assert receipt.thread is not None
    assert await state_of(world, world.clinic.id) == before


async def test_reception_opens_no_clinical_message_and_none_of_its_files(pages: Pages) -> None:
    """The desk sees that something waits, and not a word of it [TRI-10, SEC-09]."""
    things: Things = await things_of(pages.world)
    browser = await pages.browser(pages.world.staff(AccountRole.RECEPTION))
    before = await state_of(pages.world)
    for method, pattern in with_ids(pages, {one for one in CARE if "{task}" in one or "files" in one}):
        status, _, text = await knock(browser, method, things.paths(pattern))

        assert status in {403, 404}, (method, pattern)
        assert "printemps" not in unescape(text)
        assert "comprimes" not in text
    assert await state_of(pages.world) == before


async def test_a_colleague_blocked_meanwhile_is_admitted_by_nobody(world: World) -> None:
    """Who has pressed the button of worry stays out, whoever had the page of the team open [IDN-23]."""
    reader = await not_admitted(world)
    await world.means.database.write(
        lambda c: accounts.change_account(c, reader.account, state=AccountState.BLOCKED)
    )
    with pytest.raises(NotFoundError):
        await admission.admit(world.means, world.clinic, world.staff(), reader.account, world.now)
