"""People at the doors of a server that runs elsewhere: browsers over http, a mail program, a telephone."""

import asyncio
import re
import secrets
from dataclasses import dataclass, field
from html import unescape
from typing import Self

from aiohttp import ClientSession, ClientTimeout, CookieJar

from keys import totp
from messaging_server.clock import utc_now
from messaging_server.demo.people import CLINIC_ADDRESS, CLINIC_NUMBER, DOMAIN, Ready
from messaging_server.demo.provider import Provider
from messaging_server.demo.running import ACCOUNT
from tests.clinic.process import TOKEN, Premises, seed_of

FORM = re.compile(r'<form\b[^>]*action="([^"]*)"[^>]*>(.*?)</form>', re.DOTALL)
HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')
PATIENCE = ClientTimeout(total=60)


@dataclass(frozen=True, slots=True)
class Page:
    """Where a browser ended up, and what it shows."""

    path: str
    status: int
    html: str

    def form(self, action: str) -> dict[str, str]:
        """The hidden fields of the form that goes to `action`."""
        found = [body for where, body in FORM.findall(self.html) if unescape(where) == action]
        assert found, f"no form to {action} on {self.path}: {self.status}"
        return {name: unescape(value) for name, value in HIDDEN.findall(found[0])}

    def link(self, start: str) -> str:
        """The first link into a place of ours."""
        found = re.search(rf'href="({re.escape(start)}[^"]*)"', self.html)
        assert found, f"no link to {start} on {self.path}: {self.status}"
        return unescape(found.group(1))


@dataclass(slots=True)
class Visitor:
    """A browser with its cookies."""

    base: str
    http: ClientSession
    token: str = ""
    """The form token of the session, once signed in."""

    @classmethod
    def at(cls, premises: Premises) -> Self:
        """A fresh browser; `async with` closes it."""
        return cls(premises.base, ClientSession(cookie_jar=CookieJar(unsafe=True), timeout=PATIENCE))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self.http.close()

    async def get(self, path: str) -> Page:
        """Look at a page, wherever it leads."""
        async with self.http.get(self.base + path) as answer:
            return Page(answer.url.path, answer.status, await answer.text())

    async def send(self, page: Page, to: str, /, **fields: str) -> Page:
        """Send a form of a page, with its hidden fields and what was typed."""
        async with self.http.post(self.base + to, data=page.form(to) | fields) as answer:
            return Page(answer.url.path, answer.status, await answer.text())

    async def sign_in(self, one: Ready) -> Page:
        """Sign in as a person does, second factor and all."""
        page = await self.send(await self.get("/sign-in"), "/sign-in", login=one.login, password=one.password)
        seed = seed_of(one)
        if seed is not None:
            page = await self.send(page, "/sign-in/code", code=totp.code_at(seed, utc_now()))
        assert page.status == 200, page.html
        self.token = re.findall(r'name="csrf" value="([^"]+)"', page.html)[0]
        return page

    async def write(self, form_id: str, text: str) -> int | str:
        """A request as the page's form sends it; gives where it led once it is kept, or the status of the refusal."""
        data = {
            "csrf": self.token, "form_id": form_id, "reason": "question", "subject": "Question", "message": text,
        }  # fmt: skip
        async with self.http.post(self.base + "/write/message", data=data, allow_redirects=False) as answer:
            to = answer.headers.get("Location", "")
            await answer.read()
            return to if answer.status == 303 and to.startswith(("/sent/", "/threads/")) else answer.status


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A mail as the clinic's relay hands it over: it vouches for the author."""

    author: str
    text: str
    envelope: str
    """The reverse-path: a bounce address of its own for each mail, as newsletters and many providers have it."""
    message_id: str = field(default_factory=lambda: f"<{secrets.token_hex(12)}@patients.invalid>")
    subject: str = "Bonjour"

    @property
    def data(self) -> bytes:
        """The mail on the wire."""
        domain = self.author.rpartition("@")[2]
        head = (
            f"Authentication-Results: {DOMAIN}; dmarc=pass header.from={domain}\r\n"
            f"From: <{self.author}>\r\nTo: <{CLINIC_ADDRESS}>\r\nSubject: {self.subject}\r\n"
            f"Message-ID: {self.message_id}\r\nMIME-Version: 1.0\r\n"
            "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
        )
        return head.encode() + self.text.replace("\n", "\r\n").encode() + b"\r\n"


async def post(port: int, letter: Letter) -> str:
    """Hand in a mail over a connection of its own; gives the answer to its data, `250 …` when it is kept.

    Raises ConnectionError when the server goes away.
    """
    return await hand_in(port, letter.envelope, letter.data)


async def hand_in(port: int, envelope: str, data: bytes, *, greeting: str = "patients.invalid") -> str:
    """The same for any bytes, from a machine that greets with any name."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        await _answer(reader)
        for line in (f"EHLO {greeting}", f"MAIL FROM:<{envelope}>", f"RCPT TO:<{CLINIC_ADDRESS}>", "DATA"):
            writer.write(line.encode() + b"\r\n")
            said = await _answer(reader)
            if said[:1] not in {"2", "3"}:
                return said
        writer.write(re.sub(rb"(?m)^\.", b"..", data) + b".\r\n")
        return await _answer(reader)
    finally:
        writer.close()


async def _answer(reader: asyncio.StreamReader) -> str:
    """The last line of an answer."""
    while True:
        line = (await reader.readline()).decode()
        if not line.endswith("\n"):
            raise ConnectionResetError("the server is gone")
        if line[3:4] != "-":
            return line.strip()


async def text_in(premises: Premises, number: str, body: str) -> int:
    """A text by the provider's signed webhook; gives the status."""
    world = Provider(account_sid=ACCOUNT, auth_token=TOKEN, clock=utc_now)
    return await world.text_in(premises.base + "/sms/incoming", to=CLINIC_NUMBER, sender=number, body=body)
