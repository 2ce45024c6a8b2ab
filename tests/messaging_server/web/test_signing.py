"""Signing in and out over the real pages: who gets in, how far, and what a guesser learns."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keys import totp
from messaging_server.storage import accounts
from messaging_server.storage.accounts import AccountRole, AccountState, SessionState
from messaging_server.texts import Language
from messaging_server.web.entering import own_path
from messaging_server.web.limits import FREE
from tests.clinic.entering import account_of, give_second_factor, login_of, send, sign_in
from tests.clinic.pages import Pages, hidden
from tests.clinic.world import PASSWORD


async def session_states(pages: Pages, account: object) -> list[str]:
    """The states of an account's sessions."""
    found = await pages.world.means.database.read(lambda c: accounts.sessions_of(c, account))  # type: ignore[arg-type]
    return [row.state for row in found]


async def test_a_patient_who_answered_the_consent_pages_lands_in_the_inbox(pages: Pages) -> None:
    """Name and password lead home, under a session that only the cookie's token opens [IDN-10]."""
    world, browser = pages.world, await pages.browser()
    await world.consent()

    answer = await sign_in(browser, await login_of(world, world.rose))

    assert (answer.status, answer.to) == (303, "/inbox")
    assert await session_states(pages, world.rose.account) == [SessionState.SIGNED_IN]
    status, _ = await browser.get("/inbox")
    assert status == 200


async def test_a_patient_who_never_answered_is_led_to_the_consent_pages(pages: Pages) -> None:
    """Whoever stopped after the password comes back by signing in, and goes on there [PAGES]."""
    browser = await pages.browser()

    answer = await sign_in(browser, await login_of(pages.world, pages.world.rose))

    assert answer.to == "/activate/about"
    inside = await browser.client.get("/inbox", allow_redirects=False)
    assert inside.headers["Location"].startswith("/sign-in")


async def test_staff_without_a_second_factor_set_one_up_before_anything_else(pages: Pages) -> None:
    """A colleague's password alone opens no page [IDN-05]."""
    browser, nurse = await pages.browser(), pages.world.staff(AccountRole.NURSE)

    answer = await sign_in(browser, await login_of(pages.world, nurse))

    assert answer.to == "/activate/totp"
    inside = await browser.client.get("/staff", allow_redirects=False)
    assert inside.headers["Location"].startswith("/sign-in")


async def test_the_second_factor_is_asked_for_and_opens(pages: Pages) -> None:
    """The password leads to the code, the code leads in, and each step has a session of its own [IDN-05, IDN-10]."""
    world, browser, nurse = pages.world, await pages.browser(), pages.world.staff(AccountRole.NURSE)
    seed = await give_second_factor(world, nurse)

    first = await sign_in(browser, await login_of(world, nurse), next="/staff/people")
    cookie = browser.client.session.cookie_jar.filter_cookies(pages.server.make_url("/"))["session"].value
    second = await send(browser, "/sign-in/code", {"code": totp.code_at(seed, world.now), "next": "/staff/people"})
    after = browser.client.session.cookie_jar.filter_cookies(pages.server.make_url("/"))["session"].value

    assert first.to == "/sign-in/code?next=/staff/people"
    assert second.to == "/staff/people"
    assert cookie != after
    assert await session_states(pages, nurse.account) == [SessionState.SIGNED_IN]


async def test_a_code_that_was_used_opens_nothing_again(pages: Pages) -> None:
    """A code seen over a shoulder is worthless [IDN-05]."""
    world, nurse = pages.world, pages.world.staff(AccountRole.NURSE)
    code = totp.code_at(await give_second_factor(world, nurse), world.now)
    login = await login_of(world, nurse)
    answers = []
    for _ in range(2):
        browser = await pages.browser()
        await sign_in(browser, login)
        answers.append(await send(browser, "/sign-in/code", {"code": code}))

    assert [answer.status for answer in answers] == [303, 422]


async def test_a_wrong_password_and_an_unknown_name_answer_alike(pages: Pages) -> None:
    """Nobody learns who has an account: status and words are the same [IDN-09]."""
    login = await login_of(pages.world, pages.world.rose)
    known, unknown = [await sign_in(await pages.browser(), name, "pas le bon") for name in (login, "personne.ici")]

    assert known.status == unknown.status == 422
    assert error_of(known.text) == error_of(unknown.text) != ""


def error_of(page: str) -> str:
    """The words of the first error of a page."""
    return page.partition('class="error"')[2].partition("</p>")[0]


@pytest.mark.parametrize("exists", [True, False])
async def test_whoever_keeps_guessing_waits_and_is_never_locked_out(pages: Pages, exists: bool) -> None:
    """After a few wrong tries nothing is looked at for a while, known name or not; then the door opens [IDN-09]."""
    world = pages.world
    await world.consent()
    login = await login_of(world, world.rose) if exists else "personne.ici"
    browser = await pages.browser()

    tried = [(await sign_in(browser, login, "pas le bon")).status for _ in range(FREE + 3)]
    waiting = await sign_in(browser, login)
    world.later(minutes=20)
    afterwards = await sign_in(browser, login)

    assert tried == [422] * (FREE + 1) + [429, 429]
    assert waiting.status == 429
    assert afterwards.status == (303 if exists else 422)


async def test_an_account_remembers_wrong_tries_through_a_restart(pages: Pages) -> None:
    """The count lies in the database too: a process that begins anew still waits [IDN-09]."""
    world = pages.world
    for _ in range(FREE + 1):
        await sign_in(await pages.browser(), await login_of(world, world.rose), "pas le bon")
    pages.site.guard.names.clear(  # as after a restart
        (await account_of(world, world.rose)).login_fp
    )

    answer = await sign_in(await pages.browser(), await login_of(world, world.rose))

    assert answer.status == 429
    assert (await account_of(world, world.rose)).failures == FREE + 1


async def test_a_blocked_account_looks_like_a_wrong_password(pages: Pages) -> None:
    """Whoever has the password of a blocked account does not learn that it was right [IDN-09, IDN-23]."""
    world = pages.world
    await world.means.database.write(
        lambda c: accounts.change_account(c, world.rose.account, state=AccountState.BLOCKED)
    )

    right = await sign_in(await pages.browser(), await login_of(world, world.rose))
    wrong = await sign_in(await pages.browser(), await login_of(world, world.rose), "pas le bon")

    assert right.status == wrong.status == 422
    assert error_of(right.text) == error_of(wrong.text)


async def test_the_form_keeps_the_name_and_never_the_password(pages: Pages) -> None:
    """A mistyped password is typed again, the name is not; the page repeats no password [ACC-05, IDN-07]."""
    answer = await sign_in(await pages.browser(), "rose.lavigne", "ma-phrase-secrète")

    assert 'value="rose.lavigne"' in answer.text
    assert "ma-phrase-secrète" not in answer.text


async def test_a_form_of_another_site_changes_nothing(pages: Pages) -> None:
    """Without the page's token nothing is tried [SEC-08]."""
    world, browser = pages.world, await pages.browser()

    answer = await browser.client.post(
        "/sign-in", data={"login": await login_of(world, world.rose), "password": PASSWORD}, allow_redirects=False
    )

    assert answer.status == 403
    assert await session_states(pages, world.rose.account) == []


async def test_signing_out_ends_the_session_and_empties_the_cookie(pages: Pages) -> None:
    """Nothing stays on the device, and the old cookie opens nothing [IDN-10]."""
    browser = await pages.browser(pages.world.rose)

    answer = await send(browser, "/sign-out", {})

    assert answer.to == "/sign-in"
    assert await session_states(pages, pages.world.rose.account) == []
    cookies = browser.client.session.cookie_jar.filter_cookies(pages.server.make_url("/"))
    assert "session" not in cookies


async def test_a_session_that_timed_out_is_told(pages: Pages) -> None:
    """Whoever comes back late reads why they must sign in again [ACC-03, IDN-10]."""
    browser = await pages.browser(pages.world.rose)
    pages.world.later(minutes=31)

    _, page = await browser.get("/inbox")

    assert 'role="status"' in page
    assert 'name="password"' in page


async def test_whoever_had_to_sign_in_comes_back_to_the_page_they_wanted(pages: Pages) -> None:
    """A session that ended costs one form, not the way back [ACC-03]."""
    world, browser = pages.world, await pages.browser()
    await world.consent()

    _, page = await browser.get("/choices")
    answer = await sign_in(browser, await login_of(world, world.rose), next=hidden(page.partition("<main")[2], "next"))

    assert answer.to == "/choices"


async def test_the_patient_s_language_is_changed_for_pages_and_for_letters(pages: Pages) -> None:
    """One word switches the pages, and the clinic writes in that language from then on [ACC-08]."""
    browser = await pages.browser(pages.world.rose)

    answer = await send(browser, "/language", {"language": "en", "next": "/worried"})
    _, page = await browser.get("/worried")

    assert answer.to == "/worried"
    assert f'<html lang="{Language.EN}-CA">' in page


async def test_a_change_of_language_comes_back_to_the_very_same_page(pages: Pages) -> None:
    """Stopping one channel does not become stopping all of them because the words changed [ACC-08]."""
    browser = await pages.browser(pages.world.rose)
    _, page = await browser.get("/choices/withdraw?channel=sms")

    assert hidden(page, "next") == "/choices/withdraw?channel=sms"
    answer = await send(browser, "/language", {"language": "en", "next": "/choices/withdraw?channel=sms"})
    assert answer.to == "/choices/withdraw?channel=sms"


async def test_the_answer_to_a_form_changes_its_language_where_the_form_was(pages: Pages) -> None:
    """An address that only takes forms is never asked for: the page above it is [ACC-08]."""
    world = pages.world
    await world.consent()
    receipt = await world.write("Bonjour, quand sont les vaccins?")
    browser = await pages.browser(world.rose)
    thread = f"/threads/{receipt.thread}"

    status, refused = await browser.post(f"{thread}/reply", {"message": ""}, page=thread)

    assert status == 422
    assert hidden(refused, "next") == thread


async def test_the_account_page_tells_of_the_sign_in_before_and_of_failures_since(pages: Pages) -> None:
    """Somebody else's tries do not stay unseen [IDN-24]."""
    world = pages.world
    await world.consent()
    login, browser = await login_of(world, world.rose), await pages.browser(language="en")
    await sign_in(await pages.browser(), login)
    world.later(minutes=1)
    await sign_in(await pages.browser(), login, "pas le bon")

    await sign_in(browser, login)
    _, page = await browser.get("/account")

    assert "Last sign-in: Tuesday, November 24, 2026" in page
    assert "callout warn" in page


@given(st.text(max_size=40) | st.from_regex(r"(/|//|/\\|https:)[\w./:\\@?=&%-]{0,30}"))
@settings(max_examples=100)
def test_nobody_is_led_to_another_site(given_path: str) -> None:
    """What comes back as a place to go is a path of ours, or nothing [SEC-08]."""
    path = own_path(given_path)

    assert path == "" or (path == given_path and path.startswith("/"))
    assert not path.startswith(("//", "/\\"))
    assert not set(path) & set(" \\\r\n\t:@")
