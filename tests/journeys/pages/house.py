"""Two clinics on one running server, one in which nothing has happened yet and one in the middle of its week."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from messaging_server.app import wiring
from messaging_server.app.clinics import Directory
from messaging_server.demo.mailbox import Postbox
from messaging_server.demo.pages import Outside, routes
from messaging_server.demo.people import CLINIC_NUMBER
from messaging_server.demo.provider import Provider
from messaging_server.errors import UnavailableError
from messaging_server.record.reading import Reader
from messaging_server.settings import Settings, SmsSettings
from messaging_server.storage import accounts
from messaging_server.storage.accounts import SessionState
from messaging_server.texts import Language
from messaging_server.web.events import Hub
from messaging_server.web.sessions import begin
from messaging_server.web.visit import SITE, Handler, Visit
from tests.clinic.entering import account_of
from tests.clinic.world import World, found_beside, open_world
from tests.journeys.pages.filling import Place, Who, fill, furnish

BROKEN = ("/broken/error", "/broken/unavailable")
"""Two doors that only this house has: what a visitor sees when the server itself fails."""


@dataclass(slots=True)
class House:
    """The server."""

    app: web.Application
    port: int
    demo: Outside
    empty: Place
    full: Place

    async def cookies(self, place: Place, who: Who, language: Language) -> dict[str, str]:
        """The cookies of somebody who has just signed in, and of nobody else's session beside it."""
        self.app[SITE].guard.sources._left.clear()
        if who not in place.people:
            return {"language": language.value}
        reader, state = place.people[who]
        await place.world.means.database.write(lambda c: accounts.end_sessions(c, reader.account))
        return {"language": language.value, "session": await self.session(place, reader, state, language)}

    async def session(self, place: Place, who: Reader, state: SessionState, language: Language) -> str:
        """The token of a session that begins now."""
        world = place.world
        here = Visit(
            site=self.app[SITE], clinic=world.clinic, now=self.app[SITE].clock(), language=language, path="/", csrf=""
        )
        begun = begin(here, await account_of(world, who), who.private, state)
        await world.means.database.write(lambda c: accounts.add_session(c, begun.row))
        return begun.token


@asynccontextmanager
async def open_house(url: str, folder: Path) -> AsyncIterator[House]:
    """Found both clinics on the database at `url`, let the one live, and serve them on loopback."""
    async with open_world(url, folder, host="clinique.localhost") as world:
        beside = await found_beside(world, "vide.localhost")
        full, empty = await fill(world), await furnish(beside)
        beside.now = world.now
        demo = Outside(postbox=Postbox(clock=world.clock), provider=_provider(world))
        app = await _application(world, folder, demo)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            yield House(app, int(runner.addresses[0][1]), demo, empty, full)
        finally:
            await runner.cleanup()


def _provider(world: World) -> Provider:
    return Provider(account_sid="AC0", auth_token="token", clock=world.clock)


async def _application(world: World, folder: Path, demo: Outside) -> web.Application:
    """The application as the server itself puts it together, with the demonstration's pages and two broken doors."""
    token = folder / "sms.token"
    token.write_text("token", encoding="utf-8")
    sms = SmsSettings(enabled=True, account_sid="AC0", auth_token_file=token, number=CLINIC_NUMBER)
    settings: Settings = world.settings.model_copy(update={"sms": sms})
    clinics = Directory(settings)
    await clinics.refresh(world.means.database)
    broken = zip(BROKEN, (RuntimeError, UnavailableError), strict=True)
    more = [*routes(demo, folder), *(web.get(path, failing(error)) for path, error in broken)]
    return wiring.application(settings, world.means, clinics, Hub(), world.clock, more)


def failing(error: type[Exception]) -> Handler:
    """A door behind which something goes wrong."""

    async def fail(_request: web.Request) -> web.StreamResponse:
        raise error("broken on purpose")

    return fail
