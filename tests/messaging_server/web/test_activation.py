"""A first sign-in over the real pages, from the letter to the inbox, and a new code after a forgotten password."""

import base64
import re
from dataclasses import dataclass
from html import unescape

import pytest

from keys import totp
from keys.accounts import unlock
from messaging_server.broker import admission
from messaging_server.broker.directory import Name
from messaging_server.broker.enrolment import Issued, NewPatient
from messaging_server.storage import accounts
from messaging_server.storage.accounts import AccountRole, AccountRow
from messaging_server.web.limits import TRIES_PER_SOURCE
from messaging_server.web.second_factor import open_seed
from tests.clinic.entering import account_of, acts_of, give_second_factor, login_of, send, sign_in
from tests.clinic.pages import Browser, Pages, hidden
from tests.clinic.world import World

NEW = NewPatient(
    name=Name(first="Ovide", last="Cormier"), birth_date="1940-07-01", language="fr",
    email="ovide.cormier@exemple.test", email_is_personal=True, seen_document="passport",
)  # fmt: skip
BIRTH = {"birth_day": "1", "birth_month": "7", "birth_year": "1940"}
WORDS = "quatre canards traversent lentement"
BLOCKS = ("intended_use", "texts", "risks", "procedure", "access", "retention", "content_kinds")


@dataclass(frozen=True, slots=True)
class Arrived:
    """Somebody with a letter, before their browser."""

    browser: Browser
    issued: Issued


async def arrive(pages: Pages, language: str = "fr") -> Arrived:
    """Enrol Ovide and open a browser."""
    return Arrived(await pages.browser(language=language), await pages.world.enrol(NEW))


async def account_after(world: World, issued: Issued) -> AccountRow | None:
    """The account that a code became, if it did."""
    found = await world.means.database.read(lambda c: accounts.accounts_of(c, issued.person))
    return max(found, key=lambda row: row.created_at, default=None)


async def choose_password(who: Arrived, password: str = WORDS, again: str | None = None) -> str:
    """Steps one and two; the text of the page that comes out."""
    first = await send(who.browser, "/activate", {"code": who.issued.code} | BIRTH)
    carried = {name: hidden(first.text, name) for name in ("code", "birth_date")}
    answer = await send(
        who.browser, "/activate/password", carried | {"password": password, "again": again or password}
    )
    return answer.text


async def test_a_letter_becomes_an_account_and_leads_to_the_inbox(pages: Pages) -> None:
    """Code, password, recovery code, second factor put off, what this is, the texts, the inbox [IDN-03]."""
    world, who = pages.world, await arrive(pages)

    page = await choose_password(who)
    recovery = re.search(r"<code>([0-9A-Z-]{23})</code>", page)
    kept = await send(who.browser, "/activate/recovery-code", {"kept": "yes"})
    skipped = await send(who.browser, kept.to, {"skip": "yes"})
    status, about = await who.browser.get(skipped.to)

    assert recovery
    assert (kept.to, skipped.to) == ("/activate/totp", "/activate/about")
    assert status == 200
    assert "/activate/consent" in about
    assert (await who.browser.client.get("/inbox", allow_redirects=False)).status == 303
    await refuse_everything(who.browser)
    assert (await who.browser.get("/inbox"))[0] == 200
    assert await acts_of(world, who.issued.person) == ["refused"]


async def refuse_everything(browser: Browser) -> None:
    """Say no to the first text, and confirm."""
    _, page = await browser.get("/activate/consent")
    version = hidden(page, "text_version")
    page = (await send(
        browser, "/activate/consent", {"block": BLOCKS[0], "text_version": version, "answer": "refuse"}
    )).text  # fmt: skip
    carried = dict(re.findall(r'name="(said\.[^"]+)" value="([^"]+)"', page))
    await send(browser, "/activate/consent", carried | {
        "block": "summary", "text_version": version, "answer": "accept",
    })  # fmt: skip


async def test_the_code_and_the_birth_date_must_both_be_right(pages: Pages) -> None:
    """A wrong code and a wrong date look alike, keep what was typed, and make no account [IDN-04]."""
    who = await arrive(pages)
    wrong_date = await send(who.browser, "/activate", {"code": who.issued.code} | BIRTH | {"birth_day": "2"})
    wrong_code = await send(who.browser, "/activate", {"code": "ABCDE-FGH12-34567-89ABC"} | BIRTH)

    assert wrong_date.status == wrong_code.status == 422
    assert 'id="code-error"' in wrong_date.text
    assert 'id="code-error"' in wrong_code.text
    assert f'value="{who.issued.code}"' in wrong_date.text
    assert await account_after(pages.world, who.issued) is None


async def test_a_date_that_does_not_exist_is_said_at_the_date(pages: Pages) -> None:
    """The error stands at the field that it is about, and no try of the code is lost [ACC-05]."""
    who = await arrive(pages)

    never = {"birth_day": "31", "birth_month": "2"}
    answer = await send(who.browser, "/activate", {"code": who.issued.code} | BIRTH | never)

    assert answer.status == 422
    assert 'id="birth_day-error"' in answer.text
    assert (await send(who.browser, "/activate", {"code": who.issued.code} | BIRTH)).status == 200


async def test_a_code_opens_nothing_after_five_wrong_dates(pages: Pages) -> None:
    """Somebody who found the letter cannot try every birthday [IDN-04, IDN-09]."""
    who = await arrive(pages)
    for day in range(2, 7):
        await send(who.browser, "/activate", {"code": who.issued.code} | BIRTH | {"birth_day": str(day)})

    answer = await send(who.browser, "/activate", {"code": who.issued.code} | BIRTH)

    assert answer.status == 422


async def test_one_source_cannot_try_codes_for_ever(pages: Pages) -> None:
    """Codes are tried a few times from one place, then that place waits [IDN-09]."""
    browser = await pages.browser()
    statuses = [
        (await send(browser, "/activate", {"code": f"ABCDE-FGH12-34567-89A{n:02d}"} | BIRTH)).status
        for n in range(TRIES_PER_SOURCE + 1)
    ]

    assert statuses[-2:] == [422, 429]


@pytest.mark.parametrize(
    ("password", "again", "field"),
    [("ab12cd", None, "password"), ("ovidecormier", None, "password"), ("motdepasse", None, "password"),
     (WORDS, "quatre canards traversent vite", "again")],
)  # fmt: skip
async def test_a_weak_or_mistyped_password_is_refused_with_its_reason(
    pages: Pages, password: str, again: str | None, field: str
) -> None:
    """Too short, one's own name, everybody's first idea, two different ones: no account is made [IDN-07]."""
    who = await arrive(pages)

    page = await choose_password(who, password, again)

    assert f'id="{field}-error"' in page
    assert password not in unescape(page)
    assert await account_after(pages.world, who.issued) is None


async def test_the_code_stands_in_no_address(pages: Pages) -> None:
    """The code travels in forms only: an address ends up in histories and logs [IDN-03]."""
    who = await arrive(pages)

    answer = await send(who.browser, "/activate", {"code": who.issued.code} | BIRTH)

    assert answer.status == 200
    assert answer.to == ""
    assert not re.search(rf'(href|action)="[^"]*{who.issued.code}', answer.text)


async def test_the_password_opens_the_account_and_the_code_no_more(pages: Pages) -> None:
    """The account's key is under the password; a second use of the letter finds nothing [IDN-03]."""
    world, who = pages.world, await arrive(pages)
    await choose_password(who)
    account = await account_after(world, who.issued)

    again = await send(await pages.browser(), "/activate", {"code": who.issued.code} | BIRTH)

    assert account is not None
    private = unlock(WORDS, world.means.keys.pepper, account.keys, account.id, world.clinic.id)
    assert private.public() == account.keys.public
    assert again.status == 422


async def test_the_recovery_code_must_be_said_to_be_kept_and_comes_back_until_then(pages: Pages) -> None:
    """The code is shown again after an error, from the form itself: nothing keeps it [IDN-08]."""
    who = await arrive(pages)
    page = await choose_password(who)
    code = hidden(page, "code")

    answer = await send(who.browser, "/activate/recovery-code", {"code": code})

    assert answer.status == 422
    assert f"<code>{code}</code>" in answer.text


async def test_whoever_stops_after_the_password_goes_on_by_signing_in(pages: Pages) -> None:
    """A telephone that rings in the middle costs nothing [PAGES]."""
    who = await arrive(pages)
    await choose_password(who)

    answer = await sign_in(await pages.browser(), who.issued.login, WORDS)

    assert answer.to == "/activate/about"


async def test_a_second_factor_is_taken_once_its_first_code_is_right(pages: Pages) -> None:
    """A wrong code shows the same secret again; the right one puts it in force, sealed [IDN-05]."""
    world, who = pages.world, await arrive(pages)
    await choose_password(who)
    _, page = await who.browser.get("/activate/totp")
    pending, letters = hidden(page, "pending"), re.search(r"<code>([A-Z2-7 ]+)</code>", page)
    assert letters

    wrong = await send(who.browser, "/activate/totp", {"pending": pending, "code": "000000"})
    seed = base64.b32decode(letters.group(1).replace(" ", ""))
    right = await send(who.browser, "/activate/totp", {"pending": pending, "code": totp.code_at(seed, world.now)})

    account = await account_after(world, who.issued)
    assert wrong.status == 422
    assert letters.group(1) in wrong.text
    assert right.to == "/activate/about"
    assert account is not None
    assert open_seed(world.means.keys, account) == seed


async def test_a_colleague_cannot_put_the_second_factor_off(pages: Pages) -> None:
    """For staff there is no "later", on the page or behind it [IDN-05]."""
    world, nurse, browser = pages.world, pages.world.staff(AccountRole.NURSE), await pages.browser()
    await sign_in(browser, await login_of(world, nurse))
    _, page = await browser.get("/activate/totp")

    answer = await send(browser, "/activate/totp", {"skip": "yes", "pending": hidden(page, "pending")})

    assert 'name="skip"' not in page
    assert answer.status == 422
    assert (await account_of(world, nurse)).sealed_totp is None


async def test_a_new_code_keeps_the_second_factor(pages: Pages) -> None:
    """After a forgotten password the new letter leads to the code of the telephone, not around it [IDN-08]."""
    world = pages.world
    await world.consent()
    seed = await give_second_factor(world, world.rose)
    issued = await admission.new_code(world.means, world.clinic, world.staff(), world.rose.person, world.now)
    who = Arrived(await pages.browser(), issued)
    rose_s = {"birth_day": "9", "birth_month": "3", "birth_year": "1951"}
    first = await send(who.browser, "/activate", {"code": issued.code} | rose_s)
    carried = {name: hidden(first.text, name) for name in ("code", "birth_date")}
    await send(who.browser, "/activate/password", carried | {"password": WORDS, "again": WORDS})

    kept = await send(who.browser, "/activate/recovery-code", {"kept": "yes"})
    inside = await send(who.browser, "/sign-in/code", {"code": totp.code_at(seed, world.now)})

    assert kept.to == "/sign-in/code"
    assert inside.to == "/inbox"
