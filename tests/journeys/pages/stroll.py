"""Walking through the real pages in a real browser: one window, one visitor, one language."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol

from playwright.async_api import Page, Response

from messaging_server.texts import Language
from tests.clinic.chromium import JUDGE, SCRIPT, Violation
from tests.journeys.pages.filling import Place
from tests.journeys.pages.house import House

OPEN: Final = "() => document.querySelectorAll('details').forEach((one) => { one.open = true; })"
WIDE: Final = "() => document.documentElement.scrollWidth"
REFUSED: Final = "Failed to load resource: the server responded with a status of"
"""What the browser itself notes of a page with such a status; every other complaint counts."""
FILL: Final = """([to, fields, button, stale]) => {
  const [name, value] = button.split("=");
  const named = `button[name="${CSS.escape(name)}"][value="${CSS.escape(value)}"]`;
  const press = (form) => form.querySelector(button ? named : "button:not([type=button]):not([name])");
  const forms = [...document.forms].filter((one) => one.getAttribute("action") === to);
  const form = forms.find(press) ?? (button ? undefined : forms[0]);
  if (!form) throw new Error(`no form to ${to} ${button}`);
  for (const [field, text] of Object.entries(fields)) {
    const found = [...form.querySelectorAll(`[name="${CSS.escape(field)}"]`)];
    if (!found.length) throw new Error(`no field ${field} in the form to ${to}`);
    for (const one of found) {
      if (one.type === "radio" || one.type === "checkbox") one.checked = one.value === text;
      else {
        const offered = [...(one.options ?? [])].map((option) => option.value);
        if (one.options && !offered.includes(text)) one.append(new Option(text));
        one.value = text;
      }
    }
  }
  if (stale) form.querySelector("[name=csrf]").value = "old";
  form.noValidate = true;
  setTimeout(() => form.requestSubmit(press(form)), 0);
}"""


@dataclass(slots=True, kw_only=True)
class Stroll:
    """A visitor on the way: where they are, and what was answered last."""

    house: House
    place: Place
    page: Page
    language: Language
    folder: Path
    names: dict[str, str]
    """What the addresses and the fields of the walks call by name, this visitor's own things among them."""
    complaints: list[str] = field(default_factory=list)
    status: int = 0
    kind: str = ""
    asked: tuple[str, str] = ("", "")
    """The method and the path of the last request that the visitor made, wherever it led."""

    def url(self, path: str) -> str:
        """A page of this clinic."""
        return f"http://{self.place.world.clinic.host}:{self.house.port}{path.format_map(self.names)}"

    def note(self, kind: str, words: str) -> None:
        """Keep what the browser complains of."""
        if kind in {"error", "warning"} and not words.startswith(REFUSED):
            self.complaints.append(words)

    def arrived(self, response: Response | None) -> None:
        """Take down what was asked and what was answered."""
        assert response is not None
        first = response.request
        while first.redirected_from is not None:
            first = first.redirected_from
        path = first.url.removeprefix(self.url("")).partition("?")[0].partition("#")[0]
        self.asked = (first.method, path)
        self.status, self.kind = response.status, response.headers.get("content-type", "")

    async def words(self) -> str:
        """What the page says, for a walk that ended elsewhere."""
        return (await self.page.inner_text("main"))[:1000]

    async def found_at(self, width: int) -> list[Violation]:
        """Everything that axe finds in this page at a width, its folded parts opened."""
        await self.page.set_viewport_size({"width": width, "height": 900})
        await self.page.evaluate(OPEN)
        await self.page.evaluate(SCRIPT)
        found: list[Violation] = await self.page.evaluate(JUDGE)
        return found

    async def width_at(self, width: int) -> int:
        """How wide the page is in a window of this width (ACC-06)."""
        await self.page.set_viewport_size({"width": width, "height": 900})
        return int(await self.page.evaluate(WIDE))


class Step(Protocol):
    """One step of a walk."""

    async def take(self, stroll: Stroll) -> None:
        """Take it."""


@dataclass(frozen=True, slots=True)
class Look:
    """Ask for an address."""

    path: str

    async def take(self, stroll: Stroll) -> None:
        """Go there."""
        stroll.arrived(await stroll.page.goto(stroll.url(self.path)))


@dataclass(frozen=True, slots=True)
class Send:
    """Fill in a form of the page that is open, and send it."""

    to: str
    fields: Mapping[str, str] = field(default_factory=dict)
    button: str = ""
    stale: bool = False

    async def take(self, stroll: Stroll) -> None:
        """Send it, and wait for the answer."""
        fields = {name: text.format_map(stroll.names) for name, text in self.fields.items()}
        to = self.to.format_map(stroll.names)
        async with stroll.page.expect_navigation() as answer:
            await stroll.page.evaluate(FILL, [to, fields, self.button.format_map(stroll.names), self.stale])
        stroll.arrived(await answer.value)


@dataclass(frozen=True, slots=True)
class Save:
    """Follow a link whose page is saved, and open it as whoever saved it does."""

    path: str

    async def take(self, stroll: Stroll) -> None:
        """Save, and open."""
        path = self.path.format_map(stroll.names)
        async with stroll.page.expect_download() as started:
            await stroll.page.click(f'a[href="{path}"]')
        saved = stroll.folder / "saved.html"
        await (await started.value).save_as(saved)
        await stroll.page.goto(saved.as_uri())
        stroll.asked, stroll.status, stroll.kind = ("GET", path), 200, "text/html"


@dataclass(frozen=True, slots=True)
class Do:
    """Something that happens meanwhile."""

    act: Callable[[Stroll], Awaitable[None]]

    async def take(self, stroll: Stroll) -> None:
        """Let it happen."""
        await self.act(stroll)
