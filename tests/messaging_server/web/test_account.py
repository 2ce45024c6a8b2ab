"""My account over the real pages: sessions, another password, another second factor, a forgotten password, worry."""

import base64
import re
from datetime import timedelta
from html import unescape

from hypothesis import given, settings
from hypothesis import strategies as st

from consent.model import Channel
from keys import totp
from keys.accounts import new_recovery_code
from messaging_server.record.reading import Reader
from messaging_server.storage import accounts, tasks
from messaging_server.storage.accounts import AccountRole, AccountState
from messaging_server.storage.queries import choices
from messaging_server.storage.tasks import TaskKind
from messaging_server.texts import Language
from messaging_server.web.posted import Fields
from messaging_server.web.second_factor import open_seed
from messaging_server.web.views.frame import ErrorCode
from tests.clinic.entering import account_of, give_second_factor, login_of, send, sign_in
from tests.clinic.pages import Pages, hidden
from tests.clinic.world import PASSWORD, TEXTS, World

NEW = "sept nuages sur une colline mauve"


async def sessions(world: World, who: Reader) -> int:
    """How many places somebody is signed in at."""
    return len(await world.means.database.read(lambda c: accounts.sessions_of(c, who.account)))


async def recovery_code_of(world: World, who: Reader) -> str:
    """Give somebody a recovery code that the test knows."""
    account = await account_of(world, who)
    keys, code = new_recovery_code(
        who.private, world.means.keys.pepper, account.keys, account.id, world.clinic.id
    )
    await world.means.database.write(
        lambda c: accounts.change_account(c, account.id, by_recovery=keys.by_recovery)
    )
    return code


async def warned(world: World) -> int:
    """How many texts wait to leave."""
    return await world.means.database.read(lambda c: choices.waiting(c, world.rose.person, list(Channel)))


async def test_other_sessions_are_listed_and_can_be_ended(pages: Pages) -> None:
    """Somebody who forgot to sign out elsewhere does it from here [IDN-10]."""
    world = pages.world
    here, there = await pages.browser(world.rose), await pages.browser(world.rose)
    _, page = await here.get("/account")

    answer = await send(here, "/account", {"end": "others"})

    assert page.count('name="end"') == 2
    assert answer.to == "/account"
    assert await sessions(world, world.rose) == 1
    assert (await here.get("/account"))[1].count('name="end"') == 0
    assert (await there.client.get("/inbox", allow_redirects=False)).status == 303


async def test_nobody_ends_the_session_of_somebody_else(pages: Pages) -> None:
    """A session is named only to its owner [IDN-10]."""
    world, nurse = pages.world, pages.world.staff(AccountRole.NURSE)
    mine = await pages.browser(world.rose)
    await pages.browser(nurse)
    other = await world.means.database.read(lambda c: accounts.sessions_of(c, nurse.account))

    await send(mine, "/account", {"end": other[0].token_fp.hex()})

    assert await sessions(world, nurse) == 1


async def test_a_new_password_needs_the_old_one_and_ends_every_other_session(pages: Pages) -> None:
    """A browser left open is not enough to take an account over; the new password signs in [IDN-07, IDN-10]."""
    world = pages.world
    await world.consent()
    browser = await pages.browser(world.rose)
    await pages.browser(world.rose)
    form = {"password": NEW, "again": NEW}

    wrong = await send(browser, "/account/password", form | {"current": "pas le bon"})
    right = await send(browser, "/account/password", form | {"current": PASSWORD})

    login = await login_of(world, world.rose)
    assert wrong.status == 422
    assert 'id="current-error"' in wrong.text
    assert right.to == "/account"
    assert await sessions(world, world.rose) == 1
    assert (await browser.get("/account"))[0] == 200
    assert (await sign_in(await pages.browser(), login, NEW)).to == "/inbox"
    assert (await sign_in(await pages.browser(), login, PASSWORD)).status == 422


async def test_staff_choose_longer_passwords_than_patients(pages: Pages) -> None:
    """One password of a colleague opens many records: fifteen characters at least [IDN-07]."""
    browser = await pages.browser(pages.world.staff(AccountRole.NURSE))

    short = "xkq9!vhw3"
    answer = await send(browser, "/account/password", {"password": short, "again": short, "current": PASSWORD})

    assert answer.status == 422
    assert 'id="password-error"' in answer.text


async def test_another_second_factor_needs_the_password_and_its_first_code(pages: Pages) -> None:
    """The one in force stays until the new one has shown a right code [IDN-05]."""
    world = pages.world
    before = await give_second_factor(world, world.rose)
    browser = await pages.browser(world.rose)
    _, page = await browser.get("/account/totp")
    letters = re.search(r"<code>([A-Z2-7 ]+)</code>", page)
    assert letters
    seed = base64.b32decode(letters.group(1).replace(" ", ""))
    form = {"pending": hidden(page, "pending"), "code": totp.code_at(seed, world.now)}

    wrong = await send(browser, "/account/totp", form | {"current": "pas le bon"})
    kept = open_seed(world.means.keys, await account_of(world, world.rose))
    right = await send(browser, "/account/totp", form | {"current": PASSWORD})

    assert wrong.status == 422
    assert kept == before
    assert right.to == "/account"
    assert open_seed(world.means.keys, await account_of(world, world.rose)) == seed


async def test_a_secret_of_another_session_s_page_is_not_taken(pages: Pages) -> None:
    """A prepared form cannot plant a second factor that somebody else knows [SEC-08]."""
    world = pages.world
    _, page = await (await pages.browser(world.rose)).get("/account/totp")
    other = await pages.browser(world.rose)

    answer = await send(
        other, "/account/totp", {"pending": hidden(page, "pending"), "code": "000000", "current": PASSWORD}
    )

    assert answer.to == "/account/totp"
    assert (await account_of(world, world.rose)).sealed_totp is None


async def test_the_recovery_code_gives_a_new_password_and_a_new_code(pages: Pages) -> None:
    """The key stays the same, every session ends, and the code that was used opens nothing more [IDN-08]."""
    world = pages.world
    await world.consent()
    code, login = await recovery_code_of(world, world.rose), await login_of(world, world.rose)
    await pages.browser(world.rose)
    form = {"login": login, "recovery_code": code, "password": NEW, "again": NEW}
    browser = await pages.browser()

    done = await send(browser, "/recover", form)
    kept = await send(browser, "/activate/recovery-code", {"kept": "yes"})
    again = await send(await pages.browser(), "/recover", form)

    assert done.status == 200
    assert re.search(r"<code>[0-9A-Z-]{23}</code>", done.text)
    assert kept.to == "/inbox"
    assert await sessions(world, world.rose) == 1
    assert again.status == 422
    assert (await sign_in(await pages.browser(), login, NEW)).to == "/inbox"


async def test_recovery_does_not_go_around_the_second_factor(pages: Pages) -> None:
    """The recovery code stands for the password only; without the telephone nothing changes [IDN-08]."""
    world = pages.world
    seed = await give_second_factor(world, world.rose)
    form = {
        "login": await login_of(world, world.rose), "recovery_code": await recovery_code_of(world, world.rose),
        "password": NEW, "again": NEW,
    }  # fmt: skip

    without = await send(await pages.browser(), "/recover", form)
    with_it = await send(await pages.browser(), "/recover", form | {"code": totp.code_at(seed, world.now)})

    assert without.status == 422
    assert 'id="code-error"' in without.text
    assert with_it.status == 200


async def test_a_wrong_recovery_code_answers_alike_for_everybody(pages: Pages) -> None:
    """Whether the name exists does not show [IDN-09]."""
    form = {"recovery_code": "ABCDE-FGH12-34567-89ABC", "password": NEW, "again": NEW}
    login = await login_of(pages.world, pages.world.rose)

    known = await send(await pages.browser(), "/recover", form | {"login": login})
    unknown = await send(await pages.browser(), "/recover", form | {"login": "personne.ici"})

    assert known.status == unknown.status == 422
    assert known.text.count('id="recovery_code-error"') == unknown.text.count('id="recovery_code-error"') == 1


async def test_every_verified_address_is_told_of_a_change(pages: Pages) -> None:
    """Whoever did not change the password reads about it elsewhere, consent or not [IDN-08]."""
    world = pages.world
    browser = await pages.browser(world.rose)

    await send(browser, "/account/password", {"password": NEW, "again": NEW, "current": PASSWORD})

    assert await warned(world) == 2


async def test_the_button_of_worry_ends_everything_until_the_clinic_helps(pages: Pages) -> None:
    """Sessions end, the right password opens nothing, and the clinic has a call to make today [IDN-23]."""
    world = pages.world
    await world.consent()
    browser, other = await pages.browser(world.rose), await pages.browser(world.rose)

    answer = await send(browser, "/worried", {})

    assert answer.status == 200
    assert 'role="status"' in answer.text
    assert await sessions(world, world.rose) == 0
    assert (await other.client.get("/inbox", allow_redirects=False)).status == 303
    assert (await account_of(world, world.rose)).state == AccountState.BLOCKED
    assert (await sign_in(await pages.browser(), await login_of(world, world.rose))).status == 422
    tomorrow = world.now + timedelta(days=1)
    calls = await world.means.database.read(lambda c: tasks.due_for_step(c, tomorrow))
    assert [task.kind for task in calls] == [TaskKind.CALL]


async def test_a_colleague_who_worries_is_not_promised_a_call(pages: Pages) -> None:
    """The clinic has a call to make for a patient only: a colleague is told whom to tell, a stranger both [IDN-23]."""
    world = pages.world
    browsers = {
        "tells": await pages.browser(world.rose),
        "tells_staff": await pages.browser(world.staff(AccountRole.NURSE)),
        "tells_anybody": await pages.browser(),
    }
    for key, browser in browsers.items():
        _, page = await browser.get("/worried")
        said = {name for name in browsers if TEXTS.gettext(Language.FR, f"worried.{name}") in unescape(page)}
        assert said == {key}


async def test_the_keys_of_the_board_are_switched_off_and_on_again(pages: Pages) -> None:
    """Single letters do nothing once somebody has said so, and the page they were on comes back [ACC-01]."""
    nurse = await pages.browser(pages.world.staff(AccountRole.NURSE))
    for wanted, works in (("off", False), ("on", True)):
        answer = await send(nurse, "/account", {"shortcuts": wanted, "next": "/staff/late"})
        _, page = await nurse.get("/staff/late")
        assert answer.to == "/staff/late"
        assert (" data-shortcuts" in page) is works
    strange = await send(nurse, "/account", {"shortcuts": "off", "next": "//elsewhere.example"})
    assert strange.to == "/account"


async def test_worry_works_without_a_session_for_whoever_knows_the_password(pages: Pages) -> None:
    """Somebody on a borrowed telephone stops everything in one form [IDN-23]."""
    world = pages.world

    answer = await send(
        await pages.browser(), "/worried", {"login": await login_of(world, world.rose), "password": PASSWORD}
    )

    assert answer.status == 200
    assert (await account_of(world, world.rose)).state == AccountState.BLOCKED


async def test_a_name_alone_shuts_nobody_out(pages: Pages) -> None:
    """A stranger who knows a sign-in name cannot block it, and learns nothing of it [IDN-09, IDN-23]."""
    world, browser = pages.world, await pages.browser()
    login = await login_of(world, world.rose)

    answers = [
        await send(browser, "/worried", {"login": name, "password": "pas le bon"}) for name in (login, "personne.ici")
    ]

    assert [answer.status for answer in answers] == [422, 422]
    assert (await account_of(world, world.rose)).state == AccountState.ACTIVE


@given(st.dictionaries(st.sampled_from(["a", "b"]), st.text(max_size=600) | st.binary(max_size=5)))
@settings(max_examples=100)
def test_no_field_of_a_form_is_longer_than_its_limit(form: dict[str, object]) -> None:
    """Whatever is sent, a field is a short text, and one that was too long is named [ACC-05]."""
    fields = Fields(form)

    texts = [fields.text(name, 50) for name in ("a", "b")]

    assert max(map(len, texts)) <= 50
    long = {name for name, value in form.items() if isinstance(value, str) and len(value) > 50}
    assert {error.field for error in fields.errors if error.code is ErrorCode.TOO_LONG} == long
