"""The demonstration as a newcomer meets it: one start, three doors, people who can sign in, a second start."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import aiosmtplib
from aiohttp import ClientSession, CookieJar
from twilio.request_validator import RequestValidator

from messaging_server.demo.people import CLINIC_ADDRESS, DOMAIN
from messaging_server.demo.running import run
from messaging_server.settings import Settings
from tests.clinic.process import free_settings


@asynccontextmanager
async def demonstration(folder: Path, settings: Settings, *, reset: bool) -> AsyncIterator[list[str]]:
    """Started, and ready when `/readyz` says so, as whoever runs `make demo` would wait for it."""
    said: list[str] = []
    task = asyncio.create_task(run(folder, reset=reset, show=said.append, settings=settings))
    try:
        async with ClientSession() as asking:
            while not await _ready(asking, settings.web.public_url):
                assert not task.done(), task.exception()
                await asyncio.wait([task], timeout=0.1)
        yield said
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _ready(asking: ClientSession, base: str) -> bool:
    try:
        async with asking.get(f"{base}/readyz") as answer:
            return answer.status == 200
    except OSError:
        return False


def people(folder: Path) -> dict[str, Any]:
    """Who can sign in, as the demonstration wrote it."""
    written: dict[str, Any] = json.loads((folder / "people.json").read_text(encoding="utf-8"))
    return written


async def test_one_start_opens_three_doors_and_a_second_one_continues(tmp_path: Path) -> None:
    """Ready means ready: people can sign in, a mail is taken and answered, a text is believed [DESIGN 10]."""
    folder = tmp_path / "demo"
    settings = free_settings(folder)
    async with demonstration(folder, settings, reset=False) as said:
        told = people(folder)
        assert any("Ready" in line for line in said)
        assert (folder / "people.json").stat().st_mode & 0o077 == 0
        patient = next(one for one in told["people"] if one["role"] == "patient" and one["email"] and one["phone"])
        assert "/inbox" in await signed_in(settings, patient)
        await mailed(settings, patient["email"])
        assert await texted(settings, told["sms"], patient["phone"]) == 200
        assert any(patient["email"] in path.read_text() for path in (folder / "outbox" / "mail").iterdir())
    async with demonstration(folder, settings, reset=False):
        assert people(folder) == told
        assert "/inbox" in await signed_in(settings, patient)


async def signed_in(settings: Settings, one: dict[str, Any]) -> str:
    """Where a patient is after the sign-in page."""
    base = settings.web.public_url
    async with ClientSession(cookie_jar=CookieJar(unsafe=True)) as browser:
        async with browser.get(f"{base}/sign-in") as page:
            csrf = re.search(r'name="csrf" value="([0-9a-f]+)"', await page.text())
        assert csrf
        form = {"csrf": csrf[1], "login": one["login"], "password": one["password"], "next": ""}
        async with browser.post(f"{base}/sign-in", data=form) as answer:
            return str(answer.url)


async def mailed(settings: Settings, sender: str) -> None:
    """A mail of a patient, vouched for by the pretend relay; aiosmtplib raises unless it is taken."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender, CLINIC_ADDRESS, "Question"
    mail["Authentication-Results"] = f"{DOMAIN}; dmarc=pass header.from={sender.rpartition('@')[2]}"
    mail["Message-ID"] = "<newcomer@patients.demo.invalid>"
    mail.set_content("Bonjour, à quelle heure ouvrez-vous?")
    await aiosmtplib.send(mail, hostname="127.0.0.1", port=settings.smtp.port, start_tls=False)


async def texted(settings: Settings, sms: dict[str, str], number: str) -> int:
    """The answer to a signed webhook."""
    form = {"MessageSid": "SM" + "7" * 32, "AccountSid": sms["account_sid"], "From": number, "To": sms["number"],
            "Body": "Bonjour", "NumMedia": "0"}  # fmt: skip
    signed = RequestValidator(sms["webhook_token"]).compute_signature(sms["incoming"], form)
    async with ClientSession() as door, door.post(
        f"{settings.web.public_url}/sms/incoming", data=form, headers={"X-Twilio-Signature": signed}
    ) as answer:  # fmt: skip
        return answer.status
