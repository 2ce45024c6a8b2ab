"""What stands before every page: whose form, how large, which host, and what a stranger is told when things break."""

import re
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from typing import Any

import pytest
from aiohttp import FormData, web
from aiohttp.test_utils import TestClient, TestServer

from messaging_server.errors import UnavailableError
from messaging_server.storage.database import Connection
from messaging_server.web import site
from messaging_server.web.events import Hub
from messaging_server.web.middleware import HEADERS, MOST_FIELDS
from tests.clinic.entering import sign_in
from tests.clinic.pages import Pages, form_token

SIGN_IN = {"login": "hmarchand", "password": "deviner"}


class Away:
    """A database that cannot be reached."""

    async def read(self, query: Callable[[Connection], Any]) -> Any:
        """Nothing is read."""
        raise UnavailableError("away")

    async def write(self, unit: Callable[[Connection], Any]) -> Any:
        """Nothing is written."""
        raise UnavailableError("away")

    async def close(self) -> None:
        """Nothing to close."""


async def test_every_answer_carries_the_security_headers(pages: Pages) -> None:
    """Pages, refusals, files and what does not exist alike [SEC-08]."""
    browser = await pages.browser()
    for path in ("/sign-in", "/no-such-page", "/inbox", "/healthz", "/static/no-such-file"):
        answer = await browser.client.get(path, allow_redirects=False)

        assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS, path


async def test_a_form_in_parts_is_refused_before_its_files_are_written_anywhere(pages: Pages) -> None:
    """No form of ours has parts; taking one apart would put each file on the disk in clear [SEC-11, SEC-13]."""
    browser = await pages.browser()
    form = FormData({"csrf": "x"})
    form.add_field("note", b"words", filename="note.txt")
    answer = await browser.client.post("/sign-in", data=form)

    assert answer.status == 415


@pytest.mark.parametrize("path", ["/sign-in", "/no-such-page", "/inbox"])
async def test_a_form_of_endless_fields_is_refused_unread(pages: Pages, path: str) -> None:
    """A megabyte of ampersands holds nobody up, known page or not, signed in or not [SEC-13]."""
    browser = await pages.browser()
    answer = await browser.client.post(
        path, data="a&" * MOST_FIELDS, headers={"Content-Type": "application/x-www-form-urlencoded"}
    )

    assert answer.status == 413


async def test_a_body_beyond_a_megabyte_is_refused(pages: Pages) -> None:
    """Forms only: files have their own door [SEC-11]."""
    browser = await pages.browser()
    answer = await browser.client.post(
        "/sign-in", data=BytesIO(b"password=" + b"x" * 1_100_000),
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )  # fmt: skip

    assert answer.status == 413


@pytest.mark.parametrize("kind", ["cross-site", "same-site"])
async def test_a_form_that_another_site_sends_is_refused_even_with_the_token(pages: Pages, kind: str) -> None:
    """A sibling host of ours is another site too [SEC-08]."""
    browser = await pages.browser(pages.world.rose)
    _, page = await browser.get("/account")
    answer = await browser.client.post(
        "/sign-out", data={"csrf": form_token(page)}, headers={"Sec-Fetch-Site": kind}, allow_redirects=False
    )
    status, _ = await browser.get("/inbox", allow_redirects=False)

    assert answer.status == 403
    assert status == 200


async def test_the_token_of_one_session_is_worth_nothing_in_another(pages: Pages) -> None:
    """A form token belongs to one cookie [SEC-08]."""
    rose, physician = await pages.browser(pages.world.rose), await pages.browser(pages.world.staff())
    _, page = await physician.get("/account")
    answer = await rose.client.post("/sign-out", data={"csrf": form_token(page)}, allow_redirects=False)

    assert answer.status == 403


async def test_a_session_token_planted_before_the_sign_in_is_never_taken_over(pages: Pages) -> None:
    """Whoever sets a victim's cookie beforehand does not know the session that begins [IDN-10]."""
    browser = await pages.browser()
    planted = "planted-by-somebody-else-0123456789abcdef"
    jar, url = browser.client.session.cookie_jar, pages.server.make_url("/")
    jar.update_cookies({"session": planted, "visit": planted}, url)
    answer = await sign_in(browser, "rose.lavigne@exemple.test")
    held = {cookie.key: cookie.value for cookie in jar}

    assert answer.status == 303
    assert held["session"] != planted
    assert len(held["session"]) == 43


@pytest.mark.parametrize("cookie", ["session=\xff\xfe", "visit=\xed\xa0\x80", "session=" + "x" * 4_000, "session=;;=="])
async def test_a_cookie_that_can_be_none_of_ours_is_nobody(pages: Pages, cookie: str) -> None:
    """Bytes, floods and rubbish lead to the sign-in page and to no fault [SEC-12]."""
    browser = await pages.browser()
    reader, writer = await _connect(pages)
    writer.write(b"GET /sign-in HTTP/1.1\r\nHost: x\r\nConnection: close\r\nCookie: " + cookie.encode("latin-1"))
    writer.write(b"\r\n\r\n")
    said = await reader.read()
    writer.close()

    assert b" 200 " in said.splitlines()[0]
    assert await browser.get("/sign-in")


async def _connect(pages: Pages) -> Any:
    import asyncio  # noqa: PLC0415  # for this one raw connection

    return await asyncio.open_connection("127.0.0.1", pages.server.port)


async def test_a_forged_host_shows_up_in_no_link_and_no_cookie(pages: Pages) -> None:
    """The one clinic answers under any name, but what it says of itself comes from its settings [SEC-14]."""
    forged = {"Host": "voleur.invalid", "X-Forwarded-Host": "voleur.invalid"}
    browser = await pages.browser(pages.world.staff())
    for path in ("/sign-in", "/staff/people/new", "/recover"):
        answer = await browser.client.get(path, headers=forged)
        text = await answer.text()

        assert "voleur" not in text
        assert "voleur" not in str(answer.headers)
        assert not re.search(r"(?i)domain=", ";".join(answer.headers.getall("Set-Cookie", ())))


async def test_cookies_of_an_https_site_are_bound_to_their_host(pages: Pages) -> None:
    """`__Host-`, Secure, HttpOnly, SameSite, the whole path and no domain; https for two years [IDN-10, SEC-07]."""
    server = TestServer(site.application(replace(pages.site, secure=True), Hub(), []))
    async with TestClient(server) as client:
        answer = await client.get("/sign-in")
        [cookie] = answer.headers.getall("Set-Cookie")

    assert cookie.startswith("__Host-visit=")
    assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))
    assert "max-age=63072000" in answer.headers["Strict-Transport-Security"]


async def test_a_database_that_is_away_has_its_page_too(pages: Pages) -> None:
    """Whoever is signed in when it goes is told in plain words, with every header, not what broke [SEC-12]."""
    broken = replace(pages.site, means=replace(pages.world.means, database=Away()))
    server = TestServer(site.application(broken, Hub(), []))
    async with TestClient(server) as client:
        answer = await client.get("/inbox", headers={"Cookie": "session=" + "a" * 43})
        text = await answer.text()

    assert answer.status == 503
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert "Traceback" not in text


async def test_a_fault_tells_the_visitor_a_reference_and_nothing_else(pages: Pages) -> None:
    """No class, no path, no words of what broke [SEC-12]."""

    async def break_down(_request: web.Request) -> web.Response:
        raise KeyError("the patient's words")

    server = TestServer(site.application(pages.site, Hub(), [web.get("/broken", break_down)]))
    async with TestClient(server) as client:
        answer = await client.get("/broken")
        text = await answer.text()

    assert answer.status == 500
    assert "words" not in text
    assert "KeyError" not in text


async def test_a_production_site_has_no_page_of_the_demonstration(pages: Pages) -> None:
    """The pretend outside world and its codes are served by the demonstration alone [SEC-20]."""
    browser = await pages.browser(pages.world.staff())
    for path in ("/demo/outbox", "/demo/codes"):
        status, _ = await browser.get(path)

        assert status == 404


@pytest.mark.parametrize(
    "path",
    [
        "/static/../visit.py", "/static/..%2fvisit.py", "/static/%2e%2e/visit.py", "/static//etc/passwd",
        "/static/..%5cvisit.py", "/static/",
    ],
)  # fmt: skip
async def test_nothing_but_its_own_files_comes_out_of_the_static_folder(pages: Pages, path: str) -> None:
    """No way up, however it is written, and no list of what is there [SEC-11]."""
    reader, writer = await _connect(pages)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    said = await reader.read()
    writer.close()

    assert said.split(b" ", 2)[1] in {b"403", b"404"}
    assert b"import" not in said
