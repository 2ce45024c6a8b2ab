"""`doctor`: what it sees of an installation and of what is around it."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import encode_basic_auth, web
from aiohttp.test_utils import TestServer

from messaging_server import settings
from messaging_server.channels.email.dmarc import DnsUnavailableError
from messaging_server.channels.email.incoming import Mailbox
from messaging_server.channels.email.receive import Door, start
from messaging_server.cli import doctoring, probing
from messaging_server.cli.diagnosis import Found, Level
from messaging_server.clock import utc_now
from messaging_server.message import IncomingMessage
from messaging_server.settings import Settings
from tests.clinic.world import World
from tests.messaging_server.channels.email.conftest import certificate, server_tls
from tests.messaging_server.cli.conftest import Run

__all__ = ["certificate", "server_tls"]  # the fixtures of the mail door's own tests

SECRET = "xyzzy-never-print-me"


def levels(found: list[Found]) -> dict[str, Level]:
    """How each thing is."""
    return {line.what: line.level for line in found}


def settings_of(**given: Any) -> Settings:
    """Settings, as a file would give them."""
    return Settings.model_validate(given)


@pytest.fixture
async def door() -> AsyncIterator[Callable[..., Awaitable[int]]]:
    """Opens a mail door on loopback; gives its port."""
    servers: list[asyncio.Server] = []

    async def nobody(_address: str) -> Mailbox | None:
        return None

    async def never(_message: IncomingMessage) -> None:
        raise AssertionError("a diagnosis sends no mail")

    async def opened(tls: ssl.SSLContext | None = None) -> int:
        here = Door(host="127.0.0.1", port=0, hostname="porte.example", tls_context=tls)
        servers.append(await start(here, resolve=nobody, accept=never, clock=utc_now))
        return int(servers[-1].sockets[0].getsockname()[1])

    yield opened
    for server in servers:
        server.close()
        await server.wait_closed()


async def test_an_installation_in_order_has_no_failure_on_its_own_machine(world: World, settings_file: Path) -> None:
    """Settings, cryptography, keys, clock, database and disk are looked at [GOV-02]."""
    chosen = settings.load(settings_file)
    found = levels(await asyncio.to_thread(doctoring.local, chosen, world.now))
    for what in ("settings", "cryptography", "key file", "database", "disk"):
        assert found[what] is Level.OK
    assert Level.FAIL not in found.values()


async def test_a_key_file_that_others_can_read_is_a_failure_with_its_remedy(world: World, run: Run) -> None:
    """The line says what to type [SEC-04]."""
    world.settings.key_file.chmod(0o644)
    result = await run("doctor", "--offline")
    assert result.exit_code == 1
    assert f"chmod 600 {world.settings.key_file}" in result.stdout


async def test_a_damaged_key_file_and_a_missing_one_are_told_apart(world: World, run: Run) -> None:
    """Nothing can replace a key file: the remedy is its backup [SEC-04]."""
    world.settings.key_file.write_bytes(b"nonsense")
    assert "restore it from its backup" in (await run("doctor", "--offline")).stdout
    world.settings.key_file.unlink()
    assert "run `messaging-server init`, or restore it" in (await run("doctor", "--offline")).stdout


def test_a_database_that_is_not_there_is_neither_made_nor_hidden(tmp_path: Path) -> None:
    """A diagnosis changes nothing [GOV-02]."""
    chosen = settings_of(database=f"sqlite:///{tmp_path}/none.sqlite3", key_file=tmp_path / "none")
    found = doctoring.local(chosen, utc_now())
    assert levels(found)["database"] is Level.FAIL
    assert list(tmp_path.iterdir()) == []


def test_a_database_that_cannot_be_reached_is_told_without_its_password() -> None:
    """Neither the password nor the driver's own words are printed [SEC-04]."""
    chosen = settings_of(database=f"postgresql+asyncpg://anna:{SECRET}@127.0.0.1:1/none")
    found = doctoring.local(chosen, utc_now())
    assert levels(found)["database"] is Level.FAIL
    assert SECRET not in "\n".join(map(str, found))


async def test_a_clock_behind_the_record_is_a_failure(world: World) -> None:
    """Ledgers and due times stand on it [REC-13]."""
    chosen = world.settings
    found = await asyncio.to_thread(doctoring.local, chosen, world.now - timedelta(days=1))
    assert levels(found)["clock"] is Level.FAIL
    found = await asyncio.to_thread(doctoring.local, chosen, world.now)
    assert levels(found)["clock"] is not Level.FAIL


def test_an_address_without_tls_is_right_on_this_machine_only() -> None:
    """Cookies must not travel in clear [SEC-08]."""
    for url, level in (("http://127.0.0.1:8080", Level.WARN), ("http://clinic.example", Level.FAIL),
                       ("https://clinic.example", Level.OK)):  # fmt: skip
        chosen = settings_of(database="sqlite:///none", web={"public_url": url})
        assert levels(doctoring.local(chosen, utc_now()))["public address"] is level


async def test_a_relay_that_answers_is_ok_and_one_that_does_not_is_a_failure(
    door: Callable[..., Awaitable[int]],
) -> None:
    """Nothing is sent to find out [EOU-13]."""
    port = await door()
    assert levels(await probing.relay(settings_of(relay={"port": port, "tls": "none_loopback"}))) == {"relay": Level.OK}
    (line,) = await probing.relay(settings_of(relay={"port": port, "tls": "starttls"}))
    assert (line.level, "relay.tls" in line.mend) == (Level.FAIL, True)
    (line,) = await probing.relay(settings_of(relay={"port": 1, "tls": "none_loopback"}))
    assert line.level is Level.FAIL


async def test_a_relay_that_refuses_us_is_told_without_the_password(
    door: Callable[..., Awaitable[int]], tmp_path: Path
) -> None:
    """The door of the test offers no sign-in, which a password does not mend and must not show [SEC-04]."""
    path = tmp_path / "password"
    path.write_text(SECRET)
    given = {"port": await door(), "tls": "none_loopback", "username": "clinic", "password_file": str(path)}
    (line,) = await probing.relay(settings_of(relay=given))
    assert line.level is Level.FAIL
    assert SECRET not in str(line)


async def test_the_mail_door_s_certificate_is_looked_at(
    door: Callable[..., Awaitable[int]], certificate: Path, server_tls: ssl.SSLContext
) -> None:
    """A certificate of one day is said to end soon, and one that is not the door's does not pass [EIN-04]."""
    port = await door(server_tls)
    own = {"port": port, "tls_certificate": str(certificate), "tls_key": str(certificate)}
    assert levels(await probing.mail_door(settings_of(smtp=own), utc_now())) == {
        "mail door": Level.OK, "mail certificate": Level.WARN,
    }  # fmt: skip
    assert levels(await probing.mail_door(settings_of(smtp={"port": port}), utc_now())) == {"mail door": Level.WARN}
    assert levels(await probing.mail_door(settings_of(smtp={"port": 1}), utc_now())) == {"mail door": Level.FAIL}


async def test_a_page_certificate_that_nobody_signed_is_a_failure(server_tls: ssl.SSLContext) -> None:
    """The pages are looked at as a browser would [SEC-14]."""
    server = await asyncio.start_server(lambda _r, w: w.close(), "127.0.0.1", 0, ssl=server_tls)
    port = server.sockets[0].getsockname()[1]
    try:
        found = await probing.pages(settings_of(web={"public_url": f"https://127.0.0.1:{port}"}), utc_now())
    finally:
        server.close()
        await server.wait_closed()
    assert levels(found) == {"pages' certificate": Level.FAIL}


GOOD = {
    ("clinic.ca", "MX"): ("10 mx.clinic.ca.",),
    ("clinic.ca", "TXT"): ("google-site-verification=1", "v=spf1 include:relay.ca -all"),
    ("_dmarc.clinic.ca", "TXT"): ("v=DMARC1; p=reject",),
    ("s1._domainkey.clinic.ca", "TXT"): ("v=DKIM1; p=MIIB",),
}


@pytest.mark.parametrize(
    ("changed", "what", "level"),
    [
        ({}, None, Level.OK),
        ({("clinic.ca", "MX"): ()}, "mx", Level.FAIL),
        ({("clinic.ca", "TXT"): ()}, "spf", Level.FAIL),
        ({("clinic.ca", "TXT"): ("v=spf1 -all", "v=spf1 a -all")}, "spf", Level.FAIL),
        ({("clinic.ca", "TXT"): ("v=spf1 +all",)}, "spf", Level.FAIL),
        ({("_dmarc.clinic.ca", "TXT"): ()}, "dmarc", Level.FAIL),
        ({("_dmarc.clinic.ca", "TXT"): ("v=DMARC1; p=none",)}, "dmarc", Level.WARN),
        ({("s1._domainkey.clinic.ca", "TXT"): ("v=DKIM1; p=",)}, "dkim", Level.FAIL),
    ],
)
async def test_what_the_dns_says_of_the_mail_domain_is_judged(
    changed: dict[tuple[str, str], tuple[str, ...]], what: str | None, level: Level
) -> None:
    """Who takes our mail, and who may send in our name [EOU-05, EIN-08]."""
    records = GOOD | changed

    async def query(name: str, kind: str) -> tuple[str, ...]:
        return records.get((name, kind), ())

    found = levels(await probing.names("clinic.ca", "s1", query))
    assert found == dict.fromkeys(("mx", "spf", "dmarc", "dkim"), Level.OK) | ({what: level} if what else {})


async def test_name_servers_that_do_not_answer_are_no_verdict() -> None:
    """Nothing is called missing that could not be looked up [EIN-26]."""

    async def query(_name: str, _kind: str) -> tuple[str, ...]:
        raise DnsUnavailableError

    assert levels(await probing.names("clinic.ca", None, query)) == {"dns": Level.WARN}
    assert levels(await probing.names("clinic.test", None, query)) == {"dns": Level.WARN}


@pytest.mark.parametrize(("status", "level"), [(200, Level.OK), (401, Level.FAIL), (503, Level.WARN)])
async def test_the_provider_of_texts_is_asked_whether_it_knows_us(tmp_path: Path, status: int, level: Level) -> None:
    """Account and token are tried, no text is sent, no token is shown [SMS-09, SEC-04]."""
    seen: list[tuple[str, str, str]] = []

    async def answer(request: web.Request) -> web.Response:
        seen.append((request.method, request.path, request.headers["Authorization"]))
        return web.json_response({}, status=status)

    application = web.Application()
    application.router.add_route("*", "/{path:.*}", answer)
    path = tmp_path / "token"
    path.write_text(SECRET)
    async with TestServer(application) as server:
        place = str(server.make_url(""))
        given = {"enabled": True, "account_sid": "AC1", "auth_token_file": str(path), "base_url": place}
        (line,) = await probing.provider(settings_of(sms=given))
    assert seen == [("GET", "/2010-04-01/Accounts/AC1.json", encode_basic_auth("AC1", SECRET))]
    assert line.level is level
    assert SECRET not in str(line)


async def test_everything_outside_is_looked_at_side_by_side() -> None:
    """Nothing there to answer: every probe tells it, none raises [GOV-02]."""

    async def query(_name: str, _kind: str) -> tuple[str, ...]:
        return ()

    chosen = settings_of(
        relay={"port": 1, "tls": "none_loopback"}, smtp={"port": 1, "domain": "clinic.ca"},
        web={"public_url": "https://127.0.0.1:1"},
        sms={"enabled": True, "account_sid": "AC1", "auth_token_file": "/nowhere", "base_url": "http://127.0.0.1:1"},
    )  # fmt: skip
    found = await probing.outside(chosen, None, utc_now(), query)
    assert {line.what for line in found if line.level is Level.FAIL} == {
        "relay", "mail door", "mx", "spf", "dmarc", "pages", "texts",
    }  # fmt: skip
    assert all(line.mend for line in found if line.level is not Level.OK)
