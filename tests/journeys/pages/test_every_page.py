"""Every route of the running server in a browser: each page empty, full and in error, in both languages, under axe.

The routes are asked of the application itself: one that the tables beside this file do not name fails the first test.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final, Literal

import pytest
import pytest_asyncio
from aiohttp import ClientSession, web
from playwright.async_api import ConsoleMessage, Error, Page, async_playwright

from messaging_server.texts import Language
from messaging_server.web.sessions import csrf_of
from messaging_server.web.views.frame import PageFault
from tests.clinic.chromium import ARGUMENTS, CHROMIUM, JUDGE, SCRIPT, need_chromium, told
from tests.clinic.databases import copied
from tests.clinic.trespass import table_of_routes
from tests.journeys.pages import anybody, frame, patients, team
from tests.journeys.pages.house import BROKEN, House, open_house
from tests.journeys.pages.stroll import Stroll
from tests.journeys.pages.table import Case, Door, NoPage, State, cases_of, walks_of

DOORS: Final[Mapping[str, Door]] = anybody.DOORS | patients.DOORS | team.DOORS
NO_PAGES: Final[Mapping[str, NoPage]] = anybody.NO_PAGES | patients.NO_PAGES | team.NO_PAGES
CASES: Final = cases_of(DOORS)
PHONE, DESK, NARROWEST = 360, 1280, 320
SIGHT: Final[Mapping[Language, tuple[int, Literal["light", "dark"]]]] = {
    Language.FR: (PHONE, "light"), Language.EN: (DESK, "dark")
}  # fmt: skip
"""Each language at its own width and in its own light; French, the longer of the two, on the phone."""
MISSING: Final = (
    "This route is new and nobody looks at its page. Add a line to DOORS in tests/journeys/pages/anybody.py, "
    "patients.py or team.py: who visits it, and a walk to it empty, full and in error, or the reason why there is no "
    "such state. A route that answers no page goes to NO_PAGES with its reason."
)
GONE: Final = "No such route any more. Take its line out of DOORS or NO_PAGES in tests/journeys/pages/."

BARRIERS: Final = """<!doctype html><title>Bonjour</title><main><h1>Bonjour</h1><img src="data:,">
<p style="color: #666; background: #fff">Gris</p><button aria-label="Fermer">Ouvrir la fenêtre</button>
<button style="all: unset; width: 9px; height: 9px">a</button><button style="all: unset">b</button></main>"""

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory, migrated: Path) -> AsyncIterator[House]:
    """The server with its two clinics."""
    folder = tmp_path_factory.mktemp("house")
    async with open_house(copied(migrated, folder), folder) as made:
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def windows() -> AsyncIterator[dict[Language, Page]]:
    """One Chromium with a window for each language."""
    need_chromium()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        opened = {}
        for language, (width, scheme) in SIGHT.items():
            context = await browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
            opened[language] = await context.new_page()
            opened[language].on("dialog", lambda asked: asked.accept())
        yield opened
        await browser.close()


@asynccontextmanager
async def strolling(house: House, page: Page, case: Case, language: Language, folder: Path) -> AsyncIterator[Stroll]:
    """The window in the hands of whoever visits; what the browser complains of is kept."""
    furnished = case.state is not State.EMPTY or case.walk.furnished
    place = house.full if furnished else house.empty
    stroll = Stroll(house=house, place=place, page=page, language=language, folder=folder, names=dict(place.names))
    await page.context.clear_cookies()
    cookies = await house.cookies(place, case.who, language)
    await page.context.add_cookies(
        [{"name": name, "value": value, "url": stroll.url("")} for name, value in cookies.items()]
    )

    def note(said: ConsoleMessage) -> None:
        stroll.note(said.type, said.text)

    def broke(error: Error) -> None:
        stroll.note("error", str(error))

    page.on("console", note)
    page.on("pageerror", broke)
    yield stroll
    page.remove_listener("console", note)
    page.remove_listener("pageerror", broke)


def leads_to(app: web.Application, door: str, asked: tuple[str, str]) -> bool:
    """Whether a request came to a door."""
    method, path = asked
    for resource in app.router.resources():
        info = resource.get_info()
        found = info["pattern"].fullmatch(path) if "pattern" in info else info.get("path") == path
        if found and f"{method} {resource.canonical}" == door:
            return True
    return False


def declared_wrongly(routes: list[str]) -> dict[str, str]:
    """Every route that no table names, and every line whose route does not exist."""
    named = DOORS.keys() | NO_PAGES.keys()
    return {one: MISSING for one in routes if one not in named} | {one: GONE for one in named if one not in routes}


async def test_every_route_is_looked_at(house: House) -> None:
    """A new route says who visits its page and what it shows, and a line without a route is taken out [ACC-01]."""
    routes = [f"{method} {path}" for method, path in table_of_routes(house.app) if path not in BROKEN]

    assert declared_wrongly(routes) == {}
    assert DOORS.keys() & NO_PAGES.keys() == set()


async def test_a_route_that_no_table_names_is_found_missing(house: House) -> None:
    """The comparison with the running server does see a new route, and one that is gone [ACC-01]."""
    assert declared_wrongly(["GET /new", *DOORS, *NO_PAGES]) == {"GET /new": MISSING}
    assert declared_wrongly([*list(DOORS)[1:], *NO_PAGES]) == {next(iter(DOORS)): GONE}


async def test_every_page_that_can_refuse_is_looked_at_refusing() -> None:
    """A form in error, and what does not exist, is walked to: no reason stands in their place [ACC-05]."""
    refusing = {name: door for name, door in DOORS.items() if name.startswith("POST") or "{" in name}

    assert [name for name, door in refusing.items() if not walks_of(door.error)] == []
    assert [name for name, door in DOORS.items() if not any(walks_of(given) for _, given in door.states())] == []
    assert frame.FAULTS.keys() | frame.ELSEWHERE.keys() == set(PageFault)
    assert set(frame.ELSEWHERE.values()) <= DOORS.keys()


@pytest.mark.parametrize("name", NO_PAGES)
async def test_what_answers_no_page_is_no_html(house: House, name: str) -> None:
    """A route that is called no page answers in another media type, or leads elsewhere [ACC-01]."""
    one, place = NO_PAGES[name], house.full
    cookies = await house.cookies(place, one.who, Language.FR)
    host = {"Host": f"{place.world.clinic.host}:{house.port}"}
    url = f"http://127.0.0.1:{house.port}{one.path.format_map(place.names)}"
    form = {"csrf": csrf_of(cookies.get("session", "")), **one.form}
    method = name.partition(" ")[0]
    async with (
        ClientSession(cookies=cookies, headers=host) as visitor,
        visitor.request(method, url, data=form if method == "POST" else None, allow_redirects=False) as answer,
    ):
        assert (answer.status, answer.headers.get("Content-Type", "").partition(";")[0]) == (
            one.status, one.kind or "",
        )  # fmt: skip
        assert "html" not in answer.headers.get("Content-Type", "")


@pytest.mark.browser
async def test_axe_looks_with_every_rule(windows: dict[Language, Page]) -> None:
    """Also with the rules that it leaves off by itself, and it does find what is wrong [ACC-01]."""
    page = windows[Language.FR]
    await page.goto("about:blank")
    await page.set_content(BARRIERS)
    await page.evaluate(SCRIPT)
    found = {one["id"] for one in await page.evaluate(JUDGE)}

    assert found >= {"image-alt", "color-contrast-enhanced", "target-size", "label-content-name-mismatch"}


@pytest.mark.browser
@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("case", [*CASES, *frame.CASES], ids=str)
async def test_axe_finds_nothing_wrong(
    house: House, windows: dict[Language, Page], tmp_path: Path, case: Case, language: Language
) -> None:
    """No visitor of a page meets a barrier: no violation of any rule, no sideways scroll [ACC-01, ACC-06, ACC-07]."""
    async with strolling(house, windows[language], case, language, tmp_path) as stroll:
        for step in case.walk.steps:
            await step.take(stroll)
        assert (stroll.status, stroll.kind.partition(";")[0]) == (case.walk.status, "text/html"), await stroll.words()
        assert case.door not in DOORS or leads_to(house.app, case.door, stroll.asked), f"{stroll.asked} is elsewhere"
        lang = await stroll.page.evaluate("document.documentElement.lang")
        found = await stroll.found_at(SIGHT[language][0])

        assert lang == f"{case.walk.speaks or language}-CA"
        assert found == [], told(found)
        assert await stroll.width_at(NARROWEST) <= NARROWEST, "the page scrolls sideways"
        assert stroll.complaints == []
