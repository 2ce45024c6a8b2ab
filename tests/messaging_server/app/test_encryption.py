"""What crosses a network crosses it under TLS 1.2 or newer, with certificates that are looked at."""

import re
import ssl
from pathlib import Path

import pytest
from aiohttp import web
from pydantic import ValidationError

from messaging_server.app import doors
from messaging_server.channels.email import send as email
from messaging_server.channels.sms import send as sms
from messaging_server.settings import Settings
from tests.clinic.process import ROOT
from tests.messaging_server.channels.email.conftest import certificate, server_tls

__all__ = ["certificate", "server_tls"]


def test_the_mail_door_speaks_no_old_tls(certificate: Path, tmp_path: Path) -> None:  # the fixture
    """STARTTLS begins at TLS 1.2; without a certificate there is none, and no half of it [SEC-07]."""
    files = {"tls_certificate": certificate, "tls_key": certificate}
    context = doors._tls(Settings.model_validate({"key_file": tmp_path / "k", "smtp": files}))

    assert context is not None
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2
    assert doors._tls(Settings(key_file=tmp_path / "k")) is None


def test_mail_leaves_under_tls_that_is_verified() -> None:
    """The relay's name and chain are checked, from TLS 1.2 on [SEC-07, EOU-11]."""
    context = email._verified(email.Relay(host="relay.example", port=587))

    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2


@pytest.mark.parametrize("url", ["http://provider.example", "http://192.0.2.1:80", "http://127.0.0.1.example/", "ftp://x"])
def test_no_setting_sends_texts_in_clear(url: str) -> None:
    """Token and numbers go over https, or stay on this machine [SEC-07]."""
    with pytest.raises(ValidationError, match="https"):
        Settings.model_validate({"sms": {"base_url": url}})
    for good in ("https://provider.example", "http://127.0.0.1:8027", "http://localhost:8027/"):
        assert Settings.model_validate({"sms": {"base_url": good}}).sms.base_url == good


async def test_texts_leave_under_tls_that_is_verified(server_tls: ssl.SSLContext) -> None:  # the fixture
    """A provider whose certificate nobody vouches for hears neither token, number nor words [SEC-07]."""
    heard: list[str] = []

    async def hear(request: web.Request) -> web.Response:
        heard.append(request.path)
        return web.json_response({})

    app = web.Application()
    app.router.add_route("*", "/{any:.*}", hear)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=server_tls).start()
    account = sms.SmsAccount(
        account_sid="AC" + "0" * 32, auth_token="token", number="+15145550199", timeout=5.0,
        base_url=f"https://localhost:{runner.addresses[0][1]}", status_callback="https://clinic.example/sms/status",
    )  # fmt: skip
    sent = await sms.send("+15145550123", "Bonjour", account)
    await runner.cleanup()

    assert sent.outcome is sms.Outcome.TEMPORARY
    assert heard == []


def test_the_pages_are_behind_a_proxy_that_ends_tls_and_says_so_for_a_year() -> None:
    """Only the proxy's ports are open beyond this machine; it asks browsers to stay with https [SEC-07]."""
    compose = (ROOT / "docker" / "compose.yaml").read_text(encoding="utf-8")
    opened = re.findall(r'^ +- "([0-9.:]+)"', compose, re.MULTILINE)
    caddy = (ROOT / "docker" / "Caddyfile").read_text(encoding="utf-8")
    [seconds] = re.findall(r'Strict-Transport-Security "max-age=(\d+)"', caddy)

    assert {port for port in opened if not port.startswith("127.0.0.1:")} == {"80:80", "443:443"}
    assert int(seconds) >= 365 * 24 * 3600
    assert not re.search(r"tls1\.[01]|auto_https", caddy)
