"""What the pages fetch and where they lead: nothing from anybody else, and no address that tells of anybody."""

import re
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID

import pytest

from consent.model import Channel
from messaging_server.record.reading import Reader
from messaging_server.storage.accounts import AccountRole
from messaging_server.web import site
from tests.clinic.pages import Pages
from tests.clinic.trespass import SECRETS, Things, table_of_routes, things_of
from tests.clinic.world import MEMBERS

STATIC = Path(site.__file__).parent / "static"
FETCHED = {"src", "srcset", "data", "poster", "action", "formaction", "background", "manifest", "ping"}
"""Attributes by which a page fetches or sends something; `href` does so in a `link` only."""
QUERIES = {
    "v": r"[0-9a-f]{12}|test", "next": r"/[a-z/-]*", "thread": r"[0-9a-f-]{36}", "receipt": r"[0-9a-f-]{36}",
    "channel": "|".join(Channel), "after": r"[0-9a-f.-]+", "before": r"[0-9]+",
    "period": r"[0-9]{4}(-(Q[1-4]|[01][0-9]))?",
}  # fmt: skip
"""All that may stand behind the question mark of an address of ours, and what it may look like."""
ASKING = {"/staff/screening"}
"""Forms that only choose what a page shows, among values that stand in it, and therefore lead to an address."""
PARTS = {"thread", "exchange", "number", "task", "person", "address", "account", "name", "key"}
"""All that may vary in the path: ids, the number of a file, the name of a queue, the key of a prepared text."""
WHO = (None, AccountRole.PATIENT, *(one.role for one in MEMBERS))


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag with its attributes."""

    name: str
    given: dict[str, str]


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[Tag] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep it."""
        self.found.append(Tag(tag, {name: value or "" for name, value in attrs}))


def tags(html: str) -> list[Tag]:
    """Every tag of a page."""
    reader = _Tags()
    reader.feed(html)
    return reader.found


def reader_of(pages: Pages, role: AccountRole | None) -> Reader | None:
    """Somebody of this role."""
    if role is None:
        return None
    return pages.world.rose if role is AccountRole.PATIENT else pages.world.staff(role)


async def served(pages: Pages, role: AccountRole | None, things: Things) -> list[tuple[str, str]]:
    """Every page that somebody of this role gets, by its address; what streams on and on apart."""
    assert pages.server.app is not None
    browser, found = await pages.browser(reader_of(pages, role)), []
    for method, pattern in table_of_routes(pages.server.app):
        if method == "GET" and pattern not in {"/staff/events", "/static"}:
            answer = await browser.client.get(things.paths(pattern))
            if answer.content_type == "text/html":
                found.append((things.paths(pattern), await answer.text()))
    return found


@pytest.mark.parametrize("role", WHO)
async def test_no_page_fetches_anything_from_anybody_else(pages: Pages, role: AccountRole | None) -> None:
    """Scripts, styles, fonts, pictures, forms: all from this server, on every page of every role [SEC-17]."""
    shown = await served(pages, role, await things_of(pages.world))
    fetched = {
        (path, value) for path, html in shown for tag in tags(html) for name, value in tag.given.items()
        if name in FETCHED or (name == "href" and tag.name in {"link", "base", "use", "image"})
    }  # fmt: skip

    assert len(shown) > 5
    assert len(fetched) > 5
    assert {one for one in fetched if not re.match(r"/(?!/)|data:", one[1])} == set()
    assert not [path for path, html in shown for tag in tags(html) if tag.name in {"iframe", "object", "embed"}]
    assert not [path for path, html in shown if re.search(r"http-equiv|@import|url\(", html)]


def test_no_style_and_no_script_fetches_anything_from_anybody_else() -> None:
    """No address of another host stands in what the pages bring along; no font is fetched at all [SEC-17]."""
    files = [path for path in STATIC.rglob("*") if path.is_file()]
    texts = {path.name: path.read_text(encoding="utf-8") for path in files if path.suffix in {".css", ".js", ".svg"}}
    namespace = "http://www.w3.org/2000/svg"

    assert {".css", ".js"} <= {path.suffix for path in files}
    for name, text in texts.items():
        assert re.findall(r"(?:https?:)?//[a-z0-9-]+\.[a-z]", text.replace(namespace, "")) == [], name
        assert re.findall(r"@import|@font-face|importScripts|sendBeacon|WebSocket", text) == [], name


def test_no_address_has_room_for_words(pages: Pages) -> None:
    """In the path of a page only ids, the number of a file and the name of a queue vary [SEC-18]."""
    assert pages.server.app is not None
    patterns = [pattern for _, pattern in table_of_routes(pages.server.app)]

    assert len(patterns) > 50
    assert {part for pattern in patterns for part in re.findall(r"\{([^}]+)\}", pattern)} == PARTS


@pytest.mark.parametrize("role", WHO)
async def test_no_link_tells_of_anybody(pages: Pages, role: AccountRole | None) -> None:
    """Every link and form of every page leads to a bare address: ids, no word, no name, no token [SEC-18]."""
    things = await things_of(pages.world)
    shown = await served(pages, role, things)
    leading = {"href", "action"}
    links = {tag.given[name] for _, html in shown for tag in tags(html) for name in leading & tag.given.keys()}
    ours = {link for link in links if link.startswith("/")}

    assert len(ours) > 5
    assert {link for link in links if not re.match(r"[/#]|tel:\+?[0-9-]+|sms:[0-9]+|https://|data:,$", link)} == set()
    for link in ours:
        assert not [word for word in SECRETS if word in link], link
        for name, value in parse_qsl(urlsplit(link).query, keep_blank_values=True):
            assert re.fullmatch(QUERIES.get(name, "(?!)"), value), link
    forms = [tag.given for _, html in shown for tag in tags(html) if tag.name == "form"]
    shapes = {(form.get("method"), form.get("action")) for form in forms}
    assert {method for method, action in shapes if action not in ASKING} <= {"post", "dialog"}


async def test_a_page_that_answers_a_form_leads_to_a_bare_address(pages: Pages) -> None:
    """What was typed into a form stands in no address afterwards, as in a search [SEC-18, AUD-02]."""
    browser = await pages.browser(pages.world.staff(AccountRole.RECEPTION))
    status, found = await browser.post("/staff/people", {"q": "lavigne"})
    links = [tag.given["href"] for tag in tags(found) if tag.given.get("href", "").startswith("/staff/people/")]

    assert status == 200
    assert f"/staff/people/{pages.world.rose.person}" in links
    assert all(UUID(link.rpartition("/")[2]) for link in links if not link.endswith("/new"))
    assert not [link for link in links if "lavigne" in link.lower()]


async def test_the_directory_is_given_out_in_no_form(pages: Pages) -> None:
    """No role gets the patients as cards, as a table or over CardDAV: only pages, one person at a time [DIR-04]."""
    assert pages.server.app is not None
    things = await things_of(pages.world)
    for role in WHO[1:]:
        browser = await pages.browser(reader_of(pages, role))
        for method, pattern in table_of_routes(pages.server.app):
            if method == "GET" and "people" in pattern:
                for wanted in ("text/vcard", "text/csv", "application/json"):
                    answer = await browser.client.get(things.paths(pattern), headers={"Accept": wanted})
                    assert answer.content_type == "text/html", (role, pattern)
                    assert "Content-Disposition" not in answer.headers
        for method in ("PROPFIND", "REPORT", "OPTIONS"):
            answer = await browser.client.request(method, "/staff/people")
            assert answer.status >= 400
        status, all_of_them = await browser.get("/staff/people")
        assert str(pages.world.rose.person) not in all_of_them, (role, status)
