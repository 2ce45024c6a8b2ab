"""A working day in which every field of every door holds a word that no other text has."""

from contextlib import AsyncExitStack
from dataclasses import dataclass
from email.message import EmailMessage

from aiohttp import web

from messaging_server.clock import utc_now
from messaging_server.demo import mailbox, provider
from messaging_server.demo.people import CLINIC_NUMBER, DOMAIN
from messaging_server.demo.running import ACCOUNT
from tests.clinic.process import TOKEN, Premises
from tests.clinic.visitor import hand_in
from tests.journeys.faults import desk, enrolled
from tests.journeys.faults.canaries import Canaries, Writer


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
    code = await enrolled.counter(premises, word)
    await enrolled.first_sign_in(premises, word, code)
    await enrolled.forget(premises, word)
    await enrolled.ask(premises, word)
    await enrolled.invite(premises, word)
    await enrolled.present(premises, word)
    await _mail(premises, word)
    await _text(premises, word)
    await desk.answer(premises, word)
    await _knock(premises, word)


async def _mail(premises: Premises, word: Canaries) -> None:
    """Mail with files from a patient and from a stranger, and one that nobody can read."""
    port = premises.settings.smtp.port
    for author, envelope in ((premises.one("Rose").email, "rose"), (f"{word('stranger')}@patients.invalid", "nobody")):
        proof = f"Authentication-Results: {DOMAIN}; dmarc=pass header.from={author.rpartition('@')[2]}\r\n"
        data = proof.encode() + _letter(author, envelope, word).replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
        reverse = f"{word('reverse path')}.{envelope}@patients.invalid"
        said = await hand_in(port, reverse, data, greeting=word("greeting of a machine"))
        assert said.startswith("250 "), said
    broken = b'From: x\r\nContent-Type: multipart/mixed; boundary=""\r\n\r\n' + word("unreadable mail").encode()
    await hand_in(port, "broken@patients.invalid", broken + b"\r\n")


def _letter(author: str, envelope: str, word: Canaries) -> bytes:
    """A mail of many parts."""
    mail = EmailMessage()
    mail["From"], mail["To"] = f"{word('name in the mail')} <{author}>", f"messages@{DOMAIN}"
    mail["Cc"] = f"{word('name in copy')} <{word('address in copy')}@patients.invalid>"
    mail["Reply-To"] = f"{word('name for answers')} <{word('address for answers')}@patients.invalid>"
    mail["Subject"], mail["Message-ID"] = word("mail subject"), f"<{word('mail id')}.{envelope}@patients.invalid>"
    mail["In-Reply-To"] = mail["References"] = f"<{word('mail before')}@patients.invalid>"
    mail["X-Mailer"], mail["Received"] = word("header"), f"from {word('relay before')} by relay.invalid"
    mail.set_content(f"Bonjour, {word('mail body')}.\n\n> {word('quoted words')}\n")
    far = "<img src='http://203.0.113.9/pixel.gif'><link rel=stylesheet href='http://203.0.113.9/far.css'>"
    mail.add_alternative(f"{far}<p title='{word('title in hypertext')}'>{word('hypertext')}</p>", subtype="html")
    mail.add_attachment(word("file's words"), filename=f"{word('file name')}.txt")
    inner = EmailMessage()
    inner["Subject"] = word("subject of a mail within")
    inner.set_content(word("mail within"))
    mail.add_attachment(inner)
    return mail.as_bytes()


async def _text(premises: Premises, word: Canaries) -> None:
    """A text with everything that the provider may tell of it, and news of one with an error's words."""
    world, base = provider.Provider(account_sid=ACCOUNT, auth_token=TOKEN, clock=utc_now), premises.base
    said = {
        "Body": f"Allo {word('text message')}", "ProfileName": word("name of a profile"), "FromCity": word("city"),
        "NumMedia": "1", "MediaUrl0": f"https://media.invalid/{word('address of a picture')}",
        "MediaContentType0": f"image/{word('kind of picture')}",
    }  # fmt: skip
    known = {"MessageSid": "SM" + "7" * 32, "AccountSid": ACCOUNT, "From": premises.one("Rose").phone}
    form = known | {"To": CLINIC_NUMBER, "SmsStatus": "received"} | said
    assert await world.post(base + "/sms/incoming", list(form.items())) == 200
    news = {"MessageSid": "SM" + "8" * 32, "AccountSid": ACCOUNT, "MessageStatus": "failed", "ErrorCode": "30005"}
    await world.post(base + "/sms/status", list((news | {"ErrorMessage": word("words of an error")}).items()))


async def _knock(premises: Premises, word: Canaries) -> None:
    """Somebody who has no business here: wrong names and words, in every place that takes some."""
    async with Writer.of(premises, word) as browser:
        nurse = premises.one("Marc")
        page = await browser.send(await browser.get("/sign-in"), "/sign-in", login=nurse.login, password=nurse.password)
        await browser.send(page, "/sign-in/code", code=word("wrong number"))
        await browser.http.post(browser.base + "/write/message", data={"message": word("words without a session")})
    async with Writer.of(premises, word) as browser:
        await browser.send(
            await browser.get("/sign-in"), "/sign-in", login=word("name of nobody"), password=word("wrong password")
        )
        await browser.send(await browser.get("/activate"), "/activate", code=word("wrong code"))
        name, password = word("worried name"), word("worried password")
        await browser.send(await browser.get("/worried"), "/worried", login=name, password=password)
        await browser.send(
            await browser.get("/recover"), "/recover", login=word("forgetful name"), code=word("wrong last number"),
            recovery_code=word("wrong recovery code"),
        )  # fmt: skip
        await browser.get(f"/{word('path')}?next={word('question in an address')}")
        names = ("User-Agent", "Referer", "X-Forwarded-For", "X-Request-Id", "Accept-Language", "Origin", "Cookie")
        headers = {name: word(f"{name} of a browser") for name in names}
        await browser.http.get(browser.base + "/inbox", headers=headers)
        await browser.http.post(browser.base + "/sms/incoming", data={"Body": word("unsigned text")})
    said = await hand_in(premises.settings.smtp.port, f"{word('relay from')}@patients.invalid", b"")
    assert said[:1] in "245"
