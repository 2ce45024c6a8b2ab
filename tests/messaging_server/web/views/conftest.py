"""Pages as a browser meets them: rendered from view models, served on loopback under the real policy, seen by axe."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Literal

import pytest
from aiohttp import web
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

from messaging_server.texts import TEMPLATES, Language, Texts
from messaging_server.web.views.frame import Audience, Chrome, Nav, Signed
from tests.clinic.chromium import ARGUMENTS, CHROMIUM, JUDGE, SCRIPT, need_chromium, told

STATIC = TEMPLATES.parent / "messaging_server" / "web" / "static"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'; require-trusted-types-for 'script'"
)
PLACES = {
    Audience.NONE: (),
    Audience.PATIENT: (Nav.INBOX, Nav.WRITE, Nav.CHOICES, Nav.READERS),
    Audience.STAFF: (Nav.BOARD, Nav.PEOPLE, Nav.SUPERVISOR, Nav.POLICY, Nav.TEAM),
}


def frame(language: Language, audience: Audience, **changes: object) -> Chrome:
    """The frame of a page of an invented clinic."""
    name = {Audience.PATIENT: "Jean Tremblay", Audience.STAFF: "Marie Gagnon"}.get(audience)
    given: dict[str, object] = {
        "language": language,
        "path": "/",
        "csrf": "abc123",
        "clinic": "Clinique de l’Érablière",
        "clinic_phone": "+15145550142",
        "privacy_contact": "Louise Roy, 514 555-0143",
        "signed": Signed(name=name, audience=audience) if name else None,
        "nav": PLACES[audience],
        "current": PLACES[audience][0] if name else None,
        "static_version": "1",
        "timeout": 900 if name else None,
    }
    return Chrome(**(given | changes))  # type: ignore[arg-type]  # the fields of a frame, by name


@pytest.fixture(scope="session")
def texts() -> Texts:
    return Texts.load()


@pytest.fixture
def chrome() -> Callable[..., Chrome]:
    return frame


@dataclass
class Site:
    """A loopback server that shows whatever page was put on it last, and notes what the pages posted."""

    url: str = ""
    html: str = ""
    posts: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    events: list[str] = field(default_factory=list)


def _application(site: Site) -> web.Application:
    async def page(_: web.Request) -> web.Response:
        return web.Response(text=site.html, content_type="text/html", headers={"Content-Security-Policy": POLICY})

    async def post(request: web.Request) -> web.Response:
        site.posts.append((request.path, {k: str(v) for k, v in (await request.post()).items()}))
        if request.path == "/staff/hint":
            return web.json_response({"remarks": [{"text": "<b>Longue phrase</b>"}]})
        return await page(request)

    async def events(_: web.Request) -> web.Response:
        body = "retry: 60000\n\n" + "".join(f"event: task\ndata: {one}\n\n" for one in site.events)
        return web.Response(text=body, content_type="text/event-stream")

    application = web.Application()
    application.router.add_static("/static", STATIC)
    application.router.add_get("/staff/events", events)
    application.router.add_get("/{path:.*}", page)
    application.router.add_post("/{path:.*}", post)
    return application


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    """The server runs on a loop and a thread of its own: the browser's driver keeps the test's thread busy."""
    made = Site()
    ready = threading.Event()
    stopping: list[Callable[[], object]] = []

    async def serve() -> None:
        runner = web.AppRunner(_application(made), access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        made.url = f"http://127.0.0.1:{runner.addresses[0][1]}/"
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        stopping.append(lambda: loop.call_soon_threadsafe(stop.set))
        ready.set()
        await stop.wait()
        await runner.cleanup()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    assert ready.wait(timeout=10)
    yield made
    stopping[0]()
    thread.join(timeout=20)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    need_chromium()
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield started
        started.close()


@dataclass
class Windows:
    """Open windows by size and scheme, used again from page to page, and what the browser complained of in them."""

    browser: Browser
    open: dict[tuple[int, str], Page] = field(default_factory=dict)
    complaints: list[str] = field(default_factory=list)

    def of(self, width: int, scheme: Literal["light", "dark"]) -> Page:
        """The window of this size and scheme, opened when first asked for."""
        if (width, scheme) not in self.open:
            context = self.browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
            page = context.new_page()
            page.on("console", self._note)
            page.on("pageerror", lambda error: self.complaints.append(str(error)))
            page.on("dialog", lambda dialog: dialog.accept())
            self.open[width, scheme] = page
        return self.open[width, scheme]

    def _note(self, said: ConsoleMessage) -> None:
        if said.type in {"error", "warning"}:
            self.complaints.append(said.text)


@pytest.fixture(scope="module")
def windows(browser: Browser) -> Windows:
    return Windows(browser)


@pytest.fixture
def visit(windows: Windows, site: Site) -> Iterator[Callable[..., Page]]:
    """Open a page; any complaint of the browser, above all a breach of the content policy, fails the test."""
    site.posts.clear()
    site.events.clear()
    windows.complaints.clear()

    def go(html: str, *, width: int = 1280, scheme: Literal["light", "dark"] = "light") -> Page:
        site.html = html
        page = windows.of(width, scheme)
        page.goto(site.url)
        return page

    yield go
    assert windows.complaints == []


@pytest.fixture
def judge(visit: Callable[..., Page]) -> Callable[..., Page]:
    """Open a page and let axe judge it; below 321 px it may not scroll sideways either (ACC-06)."""

    def go(html: str, name: str, *, width: int, scheme: Literal["light", "dark"]) -> Page:
        page = visit(html, width=width, scheme=scheme)
        page.evaluate(SCRIPT)
        found = page.evaluate(JUDGE)
        assert found == [], f"{name} ({scheme}, {width} px): {told(found)}"
        if width <= 320:
            assert page.evaluate("document.documentElement.scrollWidth") <= width, f"{name} scrolls sideways"
        return page

    return go
