"""A whole running clinic with the outside world around it: every door open on loopback, people with browsers."""

import asyncio
import base64
import re
import secrets
import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from html import unescape
from pathlib import Path

import aiosmtplib
from aiohttp import ClientSession, CookieJar, web

from keys import totp
from messaging_server.app import wiring
from messaging_server.app.wiring import Running
from messaging_server.broker.clinic import Means
from messaging_server.demo import mailbox, provider
from messaging_server.demo.founding import Cast, found
from messaging_server.demo.mailbox import Mail, Postbox
from messaging_server.demo.people import CLINIC_ADDRESS, CLINIC_NUMBER, DOMAIN
from messaging_server.demo.provider import Provider
from messaging_server.demo.running import ACCOUNT, settings_of
from messaging_server.runners import escalation, outbox
from messaging_server.settings import Settings
from messaging_server.storage.opening import open_database
from messaging_server.texts import Texts
from tests.clinic.world import CHEAP

MONDAY = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)
FOUNDED = MONDAY - timedelta(days=7)
HIDDEN = re.compile(r'<input type="hidden" name="([a-z_]+)" value="([^"]*)"')
FORM = re.compile(r'<form\b[^>]*action="([^"]*)"[^>]*>(.*?)</form>', re.DOTALL)


@dataclass(slots=True)
class Clock:
    """Stands still until told."""

    now: datetime = MONDAY

    def __call__(self) -> datetime:
        """The present of the town."""
        return self.now


@dataclass(slots=True)
class Page:
    """What a browser shows: where it ended up, the status, the words."""

    path: str
    status: int
    html: str

    @property
    def words(self) -> str:
        """The text without tags, white space folded."""
        return " ".join(unescape(re.sub(r"<[^>]+>", " ", self.html)).split())

    def links(self, start: str) -> list[str]:
        """Every link of this page into a place of ours."""
        return [unescape(href) for href in re.findall(r'href="([^"]+)"', self.html) if href.startswith(start)]

    def hidden(self, action: str) -> dict[str, str]:
        """The hidden fields of the form that goes to `action`."""
        bodies = [body for where, body in FORM.findall(self.html) if unescape(where) == action]
        assert bodies, f"no form to {action} on {self.path}"
        return {name: unescape(value) for name, value in HIDDEN.findall(bodies[0])}


@dataclass(slots=True)
class Person:
    """Somebody with a browser that keeps its cookies."""

    town: "Town"
    http: ClientSession

    async def get(self, path: str) -> Page:
        """Look at a page."""
        async with self.http.get(self.town.base + path) as answer:
            return Page(answer.url.path, answer.status, await answer.text())

    async def send(self, page: Page, to: str, **fields: str) -> Page:
        """Send a form of a page, with its hidden fields and what was typed."""
        data = page.hidden(to) | fields
        async with self.http.post(self.town.base + to, data=data) as answer:
            return Page(answer.url.path, answer.status, await answer.text())

    async def sign_in(self, login: str) -> Page:
        """Sign in as a person does, second factor and all."""
        ready = next(one for one in self.town.cast.ready if one.login == login)
        page = await self.send(await self.get("/sign-in"), "/sign-in", login=login, password=ready.password)
        if ready.totp_seed:
            seed = base64.b32decode(ready.totp_seed + "=" * (-len(ready.totp_seed) % 8))
            self.town.clock.now += timedelta(seconds=60)
            code = totp.code_at(seed, self.town.clock.now)
            page = await self.send(page, "/sign-in/code", code=code)
        assert page.status == 200, page.words
        return page

    async def write(self, text: str, subject: str = "Question", reason: str = "question") -> Page:
        """A patient's new request, through its two pages."""
        await self.send(await self.get("/write"), "/write", not_urgent="yes")
        page = await self.get("/write/message")
        return await self.send(page, "/write/message", reason=reason, subject=subject, message=text)


@dataclass(slots=True)
class Town:
    """The clinic and the outside."""

    running: Running
    cast: Cast
    clock: Clock
    postbox: Postbox
    provider: Provider
    stack: AsyncExitStack
    people: list[Person] = field(default_factory=list)

    @property
    def base(self) -> str:
        """Where the pages are."""
        return self.running.settings.web.public_url

    async def person(self, login: str | None = None) -> Person:
        """Somebody with a fresh browser, signed in when a name is given."""
        session = await self.stack.enter_async_context(ClientSession(cookie_jar=CookieJar(unsafe=True)))
        made = Person(self, session)
        if login is not None:
            await made.sign_in(login)
        return made

    def login(self, first: str) -> str:
        """The sign-in name of somebody by first name."""
        return next(one.login for one in self.cast.ready if one.name.startswith(first))

    async def mail(
        self, sender: str, text: str, *, to: str = CLINIC_ADDRESS, more: str = "", proof: bool = True
    ) -> None:
        """A mail by a real SMTP client, vouched for by the clinic's relay or not."""
        domain = sender.rpartition("@")[2]
        vouched = f"Authentication-Results: {DOMAIN}; dmarc=pass header.from={domain}\r\n" if proof else ""
        head = (
            f"{vouched}From: <{sender}>\r\nTo: <{to}>\r\nSubject: Bonjour\r\n{more}"
            f"Message-ID: <{secrets.token_hex(8)}@{domain}>\r\nMIME-Version: 1.0\r\n"
            "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
        )
        await self.post(sender, head.encode() + text.replace("\n", "\r\n").encode() + b"\r\n", to=to)

    async def mail_with(self, sender: str, text: str, *files: tuple[str, str, bytes]) -> None:
        """The same with files: name, media type and content of each."""
        domain, mail = sender.rpartition("@")[2], EmailMessage(policy=SMTP)
        mail["Authentication-Results"] = f"{DOMAIN}; dmarc=pass header.from={domain}"
        mail["From"], mail["To"], mail["Subject"] = f"<{sender}>", f"<{CLINIC_ADDRESS}>", "Bonjour"
        mail["Message-ID"] = f"<{secrets.token_hex(8)}@{domain}>"
        mail.set_content(text)
        for name, kind, content in files:
            main, _, sub = kind.partition("/")
            mail.add_attachment(content, maintype=main, subtype=sub, filename=name)
        await self.post(sender, mail.as_bytes(), to=CLINIC_ADDRESS)

    async def post(self, sender: str, mail: bytes, *, to: str) -> None:
        """A whole mail, as it is, by SMTP."""
        await aiosmtplib.send(
            mail, sender=sender, recipients=[to], hostname="127.0.0.1", port=self.running.smtp_port or 0,
            start_tls=False,
        )  # fmt: skip

    async def text(self, number: str, body: str) -> int:
        """A text by the provider's signed webhook."""
        return await self.provider.text_in(self.base + "/sms/incoming", to=CLINIC_NUMBER, sender=number, body=body)

    async def pass_time(self, **span: float) -> None:
        """Let time pass, and let the runners do what was due."""
        self.clock.now += timedelta(**span)
        await self.work()

    async def work(self) -> None:
        """One round of everything that works by itself."""
        means, clinics = self.running.means, self.running.clinics
        late = escalation.Escalation(means=means, clinics=clinics, clock=self.clock)
        while await escalation.run_once(late):
            continue
        while await outbox.run_once(self.running.outbox):
            continue
        await self.provider.settle()

    def mails_to(self, address: str) -> list[Mail]:
        """What the outside mailbox of somebody holds."""
        return self.postbox.to(address)

    def texts_to(self, number: str) -> list[str]:
        """What came to a telephone."""
        return [text.body for text in self.provider.sent if text.to == number]


def free_port() -> int:
    """A port that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True, slots=True)
class Pattern:
    """A founded clinic whose database is closed: founding one costs more than most journeys do."""

    folder: Path
    cast: Cast

    def copied(self, folder: Path) -> Cast:
        """Its files in another folder, and its people."""
        for name in ("clinic.sqlite3", "server.keys"):
            shutil.copyfile(self.folder / name, folder / name)
        cast = self.cast
        return replace(cast, ready=deepcopy(cast.ready), staff=dict(cast.staff), patients=dict(cast.patients))


def found_once(folder: Path) -> Pattern:
    """The pattern of the towns that run on SQLite."""
    settings = settings_of(folder, ports=(free_port(), free_port(), free_port(), free_port()))
    return Pattern(folder, asyncio.run(_found(settings, Clock(FOUNDED))))


@asynccontextmanager
async def open_town(folder: Path, url: str | None = None, pattern: Pattern | None = None) -> AsyncIterator[Town]:
    """Found the invented clinic of the demonstration, or copy a founded one, and open every door."""
    ports = (free_port(), free_port(), free_port(), free_port())
    settings = settings_of(folder, ports=ports)
    if url is not None:
        settings = settings.model_copy(update={"database": type(settings.database)(url)})
    (folder / "webhook.token").write_text("token-of-the-town", encoding="utf-8")
    clock = Clock()
    cast = pattern.copied(folder) if pattern else await _found(settings, Clock(FOUNDED))
    async with AsyncExitStack() as stack:
        postbox = mailbox.Postbox(clock=clock)
        relay = await mailbox.start(postbox, host="127.0.0.1", port=settings.relay.port)
        stack.callback(relay.close)
        texts = provider.Provider(account_sid=ACCOUNT, auth_token="token-of-the-town", clock=clock)
        runner = web.AppRunner(provider.application(texts), access_log=None)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        await web.TCPSite(runner, "127.0.0.1", ports[3]).start()
        running = await stack.enter_async_context(wiring.running(settings, clock, by_itself=False))
        yield Town(running, cast, clock, postbox, texts, stack)


async def _found(settings: Settings, clock: Clock) -> Cast:
    from messaging_server.cli.founding import ensure_keys  # noqa: PLC0415  # the commands are the heaviest room

    database = await open_database(settings.database.get_secret_value())
    try:
        keys = ensure_keys(settings)
        means = Means(database=database, keys=keys, texts=Texts.load(), wake=lambda _name: None, cost=CHEAP)
        return await found(means, settings, clock())
    finally:
        await database.close()

