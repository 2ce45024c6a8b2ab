"""A working day in which every field of every door holds a word that no other text has."""

import re
import secrets
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from email.message import EmailMessage

from aiohttp import web

from consent.model import Category
from messaging_server.clock import utc_now
from messaging_server.demo import mailbox, provider
from messaging_server.demo.people import DOMAIN
from messaging_server.demo.running import ACCOUNT
from tests.clinic.process import TOKEN, Premises
from tests.clinic.visitor import Page, Visitor, hand_in, text_in

NO = {"new_diagnosis": "no", "new_treatment": "no", "abnormal_result": "no"}
PHONE, BIRTH = "+15145550177", ("1961", "02", "17")
CODE = re.compile(r"\b(?:[0-9A-Z]{5}-){3}[0-9A-Z]{5}\b")


@dataclass(slots=True)
class Canaries:
    """The words by the name of their field: a stem that stands nowhere else, and the field's own letters."""

    stem: str = field(default_factory=lambda: "zq" + "".join(secrets.choice("bcdfghjkmnprstvw") for _ in range(8)))
    words: dict[str, str] = field(default_factory=dict)

    def __call__(self, name: str) -> str:
        """The word for a field."""
        return self.words.setdefault(name, self.stem + re.sub(r"[^a-z]", "", name))

    def told(self, name: str, word: str) -> str:
        """Note a secret that the server made and showed once."""
        self.words[name] = word
        return word


@dataclass(slots=True)
class Outside:
    """The relay and the provider of texts, which keep what left the clinic in memory."""

    postbox: mailbox.Postbox
    texts: provider.Provider

    def left(self) -> bytes:
        """Everything that left the clinic, as it was on the wire."""
        return b"\n".join([*(mail.raw for mail in self.postbox.mails), *(t.body.encode() for t in self.texts.sent)])


async def outside(premises: Premises, stack: AsyncExitStack) -> Outside:
    """Open the pretend outside world."""
    settings = premises.settings
    postbox = mailbox.Postbox(clock=utc_now)
    relay = await mailbox.start(postbox, host="127.0.0.1", port=settings.relay.port)
    stack.callback(relay.close)
    texts = provider.Provider(account_sid=ACCOUNT, auth_token=TOKEN, clock=utc_now)
    runner = web.AppRunner(provider.application(texts), access_log=None)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    await web.TCPSite(runner, "127.0.0.1", int((settings.sms.base_url or "").rpartition(":")[2])).start()
    return Outside(postbox, texts)


async def live(premises: Premises, word: Canaries) -> None:
    """The whole day."""
    code, login = await _counter(premises, word)
    await _first_sign_in(premises, word, code)
    await _ask(premises, word, login)
    await _write_from_outside(premises, word)
    await _answer(premises, word)
    await _knock(premises, word)


async def _counter(premises: Premises, word: Canaries) -> tuple[str, str]:
    """The receptionist seeks and enrols somebody, and notes what was explained; gives the code and the name on it."""
    year, month, day = BIRTH
    async with Visitor.at(premises) as desk:
        await desk.sign_in(premises.one("Inès"))
        await desk.send(await desk.get("/staff/people"), "/staff/people", q=word("words sought"))
        letter = await desk.send(
            await desk.get("/staff/people/new"), "/staff/people/new", given_name=word("first name"),
            family_name=word("family name"), birth_year=year, birth_month=month, birth_day=day, language="fr",
            email=f"{word('address')}@patients.invalid", phone=PHONE, personal="yes", document="health_card",
        )  # fmt: skip
        found = CODE.search(letter.html)
        assert found, letter.html
        person = await desk.get(letter.link("/staff/people/"))
        path = f"{person.path}/consent"
        cells = {f"consent.web.{category.value}": "accept" for category in Category}
        form = {"method": "verbal", "note": word("consent note"), "explained": "yes"} | cells
        noted = await desk.send(await desk.get(path), path, **form)
        assert noted.path == person.path, noted.html
    word.told("activation code", found[0])
    word.told("telephone", PHONE.removeprefix("+1"))
    word.told("birth date", "-".join(BIRTH))
    return found[0], f"{word('address')}@patients.invalid"


async def _first_sign_in(premises: Premises, word: Canaries, code: str) -> None:
    """The code becomes an account."""
    year, month, day = BIRTH
    async with Visitor.at(premises) as browser:
        born = {"birth_year": year, "birth_month": month, "birth_day": day}
        page = await browser.send(await browser.get("/activate"), "/activate", code=code, **born)
        password = word("password") + " Trois7 oiseaux"
        page = await browser.send(page, "/activate/password", password=password, again=password)
        word.told("recovery code", page.form("/activate/recovery-code")["code"])
        page = await browser.send(page, "/activate/recovery-code", kept="yes")
        word.told("seed of the second factor", re.sub(r"\s", "", _seed(page)))
        page = await browser.send(page, "/activate/totp", skip="yes")
        assert page.status == 200, page.html


def _seed(page: Page) -> str:
    found = re.search(r"\b(?:[A-Z2-7]{4} ){7}[A-Z2-7]{4}\b", page.html)
    assert found, page.html
    return found[0]


async def _ask(premises: Premises, word: Canaries, login: str) -> None:
    """The new patient signs in again and asks; keeps the page's words through an error."""
    async with Visitor.at(premises) as browser:
        password = word("password") + " Trois7 oiseaux"
        page = await browser.send(await browser.get("/sign-in"), "/sign-in", login=login, password=password)
        await browser.send(await browser.get("/write"), "/write", not_urgent="yes")
        words = {"subject": word("subject"), "message": f"Bonjour, {word('body')}. Merci."}
        page = await browser.send(await browser.get("/write/message"), "/write/message", **words)
        assert page.status == 422
        page = await browser.send(page, "/write/message", reason="question", private="yes", **words)
        assert page.path.startswith(("/sent/", "/threads/")), page.html
        word.told("session", next(one.value for one in browser.http.cookie_jar if one.key == "session"))


async def _write_from_outside(premises: Premises, word: Canaries) -> None:
    """Mail with a file from a patient and from a stranger, and a text."""
    port = premises.settings.smtp.port
    for author, envelope in ((premises.one("Rose").email, "rose"), (f"{word('stranger')}@patients.invalid", "nobody")):
        mail = EmailMessage()
        mail["From"], mail["To"] = f"{word('name in the mail')} <{author}>", f"messages@{DOMAIN}"
        mail["Subject"], mail["Message-ID"] = word("mail subject"), f"<{word('mail id')}.{envelope}@patients.invalid>"
        mail["X-Mailer"] = word("header")
        mail.set_content(f"Bonjour, {word('mail body')}.\n\n> {word('quoted words')}\n")
        mail.add_attachment(word("file's words"), filename=f"{word('file name')}.txt")
        proof = f"Authentication-Results: {DOMAIN}; dmarc=pass header.from={author.rpartition('@')[2]}\r\n"
        data = proof.encode() + mail.as_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
        said = await hand_in(port, f"{word('reverse path')}.{envelope}@patients.invalid", data)
        assert said.startswith("250 "), said
    broken = b'From: x\r\nContent-Type: multipart/mixed; boundary=""\r\n\r\n' + word("unreadable mail").encode()
    await hand_in(port, "broken@patients.invalid", broken + b"\r\n")
    assert await text_in(premises, premises.one("Rose").phone, f"Allo {word('text message')}") == 200


async def _answer(premises: Premises, word: Canaries) -> None:
    """The physician answers one item in the exceptional way, and closes another."""
    async with Visitor.at(premises) as doctor:
        await doctor.sign_in(premises.one("Hélène"))
        board = await doctor.get("/staff")
        items = list(dict.fromkeys(re.findall(r'href="(/staff/items/[0-9a-f-]+)"', board.html)))
        answered = closed = False
        for path in items:
            page = await _claimed(doctor, path)
            if not answered and f"{path}/reply" in page.html:
                answered = await _reply(doctor, page, word)
            elif not closed and f"{path}/close" in page.html:
                done = await doctor.send(page, f"{path}/close", disposition="phoned", note=word("closing note"))
                closed = done.status == 200
        assert (answered, closed) == (True, True), board.html


async def _claimed(doctor: Visitor, path: str) -> Page:
    page = await doctor.get(path)
    if f"{path}/claim" in page.html:
        await doctor.send(page, f"{path}/claim")
        page = await doctor.get(path)
    return page


async def _reply(doctor: Visitor, page: Page, word: Canaries) -> bool:
    """A sensitive reply is stopped; a physician sends it all the same, with a reason."""
    path = page.path
    draft = {
        "subject": word("reply's subject"), "greeting": f"Bonjour {word('greeting')},", "closing": "Cordialement,",
        "body": f"Votre test de dépistage du VIH est revenu. {word('reply')}", "category": "general_advice",
    } | NO  # fmt: skip
    await doctor.http.post(doctor.base + "/staff/hint", data=draft | {"csrf": doctor.token})
    page = await doctor.send(page, f"{path}/reply", action="preview", **draft)
    reason = {"override_reason": word("reason to override")}
    page = await doctor.send(page, f"{path}/reply", action="override", **draft, **reason)
    page = await doctor.send(page, f"{path}/confirm", action="send", right_person="yes")
    return page.path.startswith("/staff/deliveries/")


async def _knock(premises: Premises, word: Canaries) -> None:
    """Somebody who has no business here: wrong names and words, in every place that takes some."""
    async with Visitor.at(premises) as browser:
        await browser.send(
            await browser.get("/sign-in"), "/sign-in", login=word("name of nobody"), password=word("wrong password")
        )
        await browser.send(await browser.get("/activate"), "/activate", code=word("wrong code"))
        await browser.send(await browser.get("/worried"), "/worried", login=word("worried name"), password="x" * 12)
        await browser.get(f"/{word('path')}?next={word('question in an address')}")
        headers = {"User-Agent": word("user agent"), "Referer": f"http://127.0.0.1/{word('referer')}"}
        await browser.http.get(browser.base + "/inbox", headers=headers)
        await browser.http.post(browser.base + "/sms/incoming", data={"Body": word("unsigned text")})
    said = await hand_in(premises.settings.smtp.port, f"{word('relay from')}@patients.invalid", b"")
    assert said[:1] in "245"
