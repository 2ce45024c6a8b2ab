"""A new patient's way, from the counter to a conversation: every field of every form on it holds a word."""

import re

from consent.model import Category
from messaging_server.storage.accounts import AccountRole
from tests.clinic.process import Premises
from tests.clinic.visitor import Page
from tests.journeys.faults.canaries import Canaries, Writer

PHONE, BIRTH = "+15145550177", {"birth_year": "1961", "birth_month": "02", "birth_day": "17"}
CODE = re.compile(r"\b(?:[0-9A-Z]{5}-){3}[0-9A-Z]{5}\b")
MORE = " Trois7 oiseaux"
"""What makes a password of a word."""


async def counter(premises: Premises, word: Canaries) -> str:
    """The receptionist seeks and enrols somebody, and notes what was explained; gives the code of the letter."""
    word.told("telephone", PHONE.removeprefix("+1"))
    word.told("birth date", "-".join(BIRTH.values()))
    async with Writer.of(premises, word) as desk:
        await desk.sign_in(premises.one("Inès"))
        await desk.send(await desk.get("/staff/people"), "/staff/people", q=word("words sought"))
        letter = await desk.send(
            await desk.get("/staff/people/new"), "/staff/people/new", given_name=word("first name"),
            family_name=word("family name"), language="fr", email=login_of(word), personal="yes",
            phone=PHONE, document="health_card", **BIRTH,
        )  # fmt: skip
        found = CODE.search(letter.html)
        assert found, letter.html
        person = await desk.get(letter.link("/staff/people/"))
        path = f"{person.path}/consent"
        cells = {f"consent.web.{category.value}": "accept" for category in Category}
        form = {"method": "verbal", "note": word("consent note"), "explained": "yes"} | cells
        page = await desk.get(path)
        noted = await desk.send_with_file(page, path, "attachment", "scan of a form", b"%PDF-1.7\n", **form)
        assert noted.path == person.path, noted.html
        await _take_back(desk, person.path, word)
        await _addresses(desk, word, person.path)
    return word.told("activation code", found[0])


async def _take_back(desk: Writer, person: str, word: Canaries) -> None:
    """One kind of content is taken back at once, with a note."""
    path = f"{person}/withdrawal"
    form = {"channel": "web", "category": "broadcast", "method": "verbal", "note": word("withdrawal note")}
    done = await desk.send(await desk.get(path), path, **form)
    assert done.path == person, done.html


async def _addresses(desk: Writer, word: Canaries, person: str) -> None:
    """One more address is refused for the password, one is not proven, and none is removed."""
    to, password = f"{person}/addresses", {"current": word("receptionist password")}
    form = {"channel": "email", "value": f"{word('second address')}@patients.invalid", "personal": "yes"} | password
    page = await desk.send(await desk.get(to), to, **form)
    assert page.status == 422, page.html
    one = (await desk.get(person)).link(f"{to}/")
    page = await desk.send(await desk.get(one), f"{one}/code")
    page = await desk.send(page, one, code=word("code at the counter"))
    assert page.status == 422, page.html
    page = await desk.send(await desk.get(f"{one}/remove"), f"{one}/remove", **password)
    assert page.status == 422, page.html


def login_of(word: Canaries) -> str:
    """The new patient's address, which is the name to sign in with too."""
    return f"{word('address')}@patients.invalid"


async def first_sign_in(premises: Premises, word: Canaries, code: str) -> None:
    """The code becomes an account; the first number of the second factor is wrong, and it is put off."""
    async with Writer.of(premises, word) as browser:
        page = await browser.send(await browser.get("/activate"), "/activate", code=code, **BIRTH)
        first = word("password") + MORE
        page = await browser.send(page, "/activate/password", password=first, again=first)
        word.told("recovery code", page.form("/activate/recovery-code")["code"])
        page = await browser.send(page, "/activate/recovery-code", kept="yes")
        word.told("seed of the second factor", re.sub(r"\s", "", _seed(page)))
        page = await browser.send(page, "/activate/totp", code=word("first number"))
        assert page.status == 422, page.html
        page = await browser.send(page, "/activate/totp", skip="yes")
        assert page.status == 200, page.html


def _seed(page: Page) -> str:
    found = re.search(r"\b(?:[A-Z2-7]{4} ){7}[A-Z2-7]{4}\b", page.html)
    assert found, page.html
    return found[0]


async def forget(premises: Premises, word: Canaries) -> None:
    """The password is forgotten, and the recovery code of the first day makes another."""
    second = word("password after recovery") + MORE
    form = {"recovery_code": word.words["recovery code"], "password": second, "again": second}
    async with Writer.of(premises, word) as browser:
        page = await browser.send(
            await browser.get("/recover"), "/recover", login=login_of(word), code=word("number for nothing"), **form
        )
        word.told("second recovery code", page.form("/activate/recovery-code")["code"])


async def ask(premises: Premises, word: Canaries) -> None:
    """The new patient signs in again, takes a new password and asks; an error on the way keeps the page's words."""
    async with Writer.of(premises, word) as browser:
        password = word("password after recovery") + MORE
        page = await browser.send(
            await browser.get("/sign-in"), "/sign-in", login=login_of(word), password=password
        )
        third = word("third password") + MORE
        changing = await browser.get("/account/password")
        page = await browser.send(changing, "/account/password", current=password, password=third, again=third)
        assert page.path == "/account", page.html
        await _prove_address(browser, word)
        page = await browser.send(await browser.get("/choices/words"), "/choices/words", phrase=word("own words"))
        assert page.status == 200, page.html
        await browser.send(await browser.get("/write"), "/write", not_urgent="yes")
        words = {"subject": word("subject"), "message": f"Bonjour, {word('body')}. Merci."}
        page = await browser.send(await browser.get("/write/message"), "/write/message", **words)
        assert page.status == 422
        page = await browser.send(page, "/write/message", reason="question", private="yes", **words)
        assert page.path.startswith(("/sent/", "/threads/")), page.html
        await _add(browser, word)
        await _attach(browser, word)
        word.told("session", next(one.value for one in browser.http.cookie_jar if one.key == "session"))


async def _prove_address(browser: Writer, word: Canaries) -> None:
    """A code is sent to the address, and what is typed is another word."""
    choices = await browser.get("/choices")
    path = choices.link("/choices/addresses/")
    page = await browser.send(await browser.get(path), f"{path}/code")
    page = await browser.send(page, path, code=word("code of an address"))
    assert page.status == 422, page.html


async def _add(browser: Writer, word: Canaries) -> None:
    """A second message in the same conversation: first without the answer about urgency, then with it."""
    page = await browser.get((await browser.get("/inbox")).link("/threads/"))
    to, words = f"{page.path}/reply", {"message": word("second message")}
    page = await browser.send(page, to, **words)
    assert page.status == 422, page.html
    page = await browser.send_with_file(page, to, "attachment", "file in the conversation", not_urgent="yes", **words)
    assert page.status == 200, page.html


async def _attach(browser: Writer, word: Canaries) -> None:
    """A third message, with a file."""
    words = {"subject": word("subject of a file"), "message": word("message with a file"), "reason": "question"}
    page = await browser.get("/write/message")
    page = await browser.send_with_file(page, "/write/message", "attachment", "file from the page", **words)
    assert page.path.startswith(("/sent/", "/threads/")), page.html


async def present(premises: Premises, word: Canaries) -> None:
    """A colleague changes the own profile, first with a wrong password."""
    to = "/account/profile"
    said = {
        "title_fr": word("own title"), "title_en": word("own second title"), "phone": word("own telephone"),
        "language": "fr",
    }  # fmt: skip
    async with Writer.of(premises, word) as desk:
        one = premises.one("Marc")
        await desk.sign_in(one)
        page = await desk.send(await desk.get(to), to, current=word("own password"), **said)
        assert page.status == 422, page.html
        page = await desk.send(await desk.get(to), to, current=one.password, **said)
        assert page.status == 200, page.html


async def invite(premises: Premises, word: Canaries) -> None:
    """The administrator invites a colleague, and lets nobody go with a wrong password."""
    async with Writer.of(premises, word) as desk:
        await desk.sign_in(premises.one("Paul"))
        who = {"name": f"{word('colleague first')} {word('colleague last')}", "login": word("colleague login")}
        titles = {"title_fr": word("colleague title"), "title_en": word("colleague second title")}
        post = titles | {"phone": word("colleague telephone")}
        form = who | post | {"action": "invite", "role": AccountRole.NURSE.value}
        letter = await desk.send(await desk.get("/staff/team"), "/staff/team", **form)
        found = CODE.search(letter.html)
        assert found, letter.html
        word.told("colleague code", found[0])
        await _keep(desk, word)


async def _keep(desk: Writer, word: Canaries) -> None:
    """With a wrong password nobody is let go; the last of a team could not even be with the right one."""
    team = await desk.get("/staff/team")
    pages = [await desk.get(path) for path in re.findall(r'href="(/staff/team/[0-9a-f-]+/leave)"', team.html)]
    page = next(one for one in pages if 'name="current"' in one.html)
    page = await desk.send(page, page.path, departure="left", current=word("administrator password"))
    assert page.status == 422, page.html
