"""The real pages of the invented clinic, and browsers (http clients) that are signed in."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from html import unescape

from aiohttp import ClientResponse, CookieJar
from aiohttp.test_utils import TestClient, TestServer

from messaging_server.broker import directory
from messaging_server.record.reading import Reader
from messaging_server.storage import accounts, people
from messaging_server.storage.accounts import SessionState
from messaging_server.texts import Language
from messaging_server.web import site
from messaging_server.web.events import Hub
from messaging_server.web.sessions import begin
from messaging_server.web.views.frame import Audience
from messaging_server.web.visit import Site, Visit
from tests.clinic.world import World


@dataclass(slots=True)
class Browser:
    """An http client with its cookies; `token` is what a form of ours carries."""

    client: TestClient  # type: ignore[type-arg]

    async def get(self, path: str, **more: object) -> tuple[int, str]:
        """The status and the text of a page, redirections followed."""
        answer: ClientResponse = await self.client.get(path, **more)  # type: ignore[arg-type]
        return answer.status, await answer.text()

    async def post(self, path: str, data: dict[str, str], page: str | None = None) -> tuple[int, str]:
        """Send a form as its page would: with the token found on `page` (or on the path itself)."""
        _, text = await self.get(page or path)
        answer = await self.client.post(path, data={"csrf": form_token(text)} | data)
        return answer.status, await answer.text()


def form_token(page: str) -> str:
    """The hidden token of a page's forms."""
    found = re.search(r'name="csrf" value="([^"]+)"', page)
    assert found, "the page has no form"
    return unescape(found.group(1))


def hidden(page: str, name: str) -> str:
    """The value of a hidden field of a page."""
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found, f"the page has no field {name}"
    return unescape(found.group(1))


@dataclass(slots=True)
class Pages:
    """The running application of a world."""

    world: World
    server: TestServer
    site: Site
    browsers: list[TestClient]  # type: ignore[type-arg]

    async def browser(self, who: Reader | None = None, language: str = "fr") -> Browser:
        """A browser, signed in when `who` is given."""
        client = TestClient(self.server, cookie_jar=CookieJar(unsafe=True))
        self.browsers.append(client)
        cookies = {"language": language}
        if who is not None:
            cookies["session"] = await self._token(who, language)
        client.session.cookie_jar.update_cookies(cookies, self.server.make_url("/"))
        return Browser(client)

    async def _token(self, who: Reader, language: str) -> str:
        world = self.world
        account = await world.means.database.read(lambda c: accounts.account(c, who.clinic, who.account))
        assert account is not None
        here = Visit(
            site=self.site, clinic=world.clinic, now=world.now, language=Language(language), path="/", csrf=""
        )
        begun = begin(here, account, who.private, SessionState.SIGNED_IN)
        await world.means.database.write(lambda c: accounts.add_session(c, begun.row))
        return begun.token


@asynccontextmanager
async def open_pages(world: World) -> AsyncIterator[Pages]:
    """Serve a world's pages on loopback."""
    here = Site(
        means=world.means, clinics_by_host=lambda _host: world.clinic, clock=world.clock, secure=False,
        static_version="test", idle_minutes=dict.fromkeys(Audience, 30),
    )  # fmt: skip
    server = TestServer(site.application(here, Hub(), []))
    await server.start_server()
    made = Pages(world, server, here, [])
    try:
        yield made
    finally:
        for client in made.browsers:
            await client.close()
        await server.close()


async def name_of(world: World, who: Reader) -> str:
    """How somebody is called on the pages."""
    row = await world.means.database.read(lambda c: people.person(c, who.clinic, who.person))
    assert row is not None
    return directory.open_name(world.means.keys, row).full
