"""Playing the scenes through the real doors, with a clock that starts days ago and ends now."""

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from html import unescape
from uuid import UUID
from zoneinfo import ZoneInfo

import aiosmtplib
from aiohttp import ClientSession, CookieJar

from messaging_server.app.wiring import Running
from messaging_server.broker import outbound, worklist
from messaging_server.broker.reviewing import QUESTIONS, Reply
from messaging_server.clock import utc_now
from messaging_server.demo.founding import Cast
from messaging_server.demo.people import CLINIC_ADDRESS, CLINIC_NUMBER, DOMAIN, PATIENTS
from messaging_server.demo.provider import Provider
from messaging_server.demo.scenes import SCENES, Scene
from messaging_server.errors import MessagingError
from messaging_server.record.reading import open_thread
from messaging_server.runners import escalation
from messaging_server.storage import tasks
from messaging_server.storage.accounts import AccountRole
from messaging_server.storage.database import Connection


@dataclass(slots=True)
class PlayClock:
    """The present, less what is left to play; in the end it is the present."""

    behind: timedelta = timedelta(0)

    def __call__(self) -> datetime:
        """The instant of the play."""
        return utc_now() - self.behind

    def set(self, to: datetime) -> None:
        """Stand at an instant, and never in the future."""
        self.behind = max(utc_now() - to, timedelta(0))


@dataclass(slots=True, kw_only=True)
class Stage:
    """What the play needs."""

    running: Running
    cast: Cast
    clock: PlayClock
    provider: Provider


async def play(stage: Stage, show: Callable[[str], None]) -> None:
    """Play every scene, oldest first."""
    zone = ZoneInfo(stage.cast.clinic.policy.timezone)
    now = utc_now()
    today = now.astimezone(zone).date()
    for number, scene in enumerate(SCENES, 1):
        at = datetime.combine(today - timedelta(days=scene.days), time.fromisoformat(scene.at), zone)
        stage.clock.set(min(at, now - timedelta(minutes=3 * (len(SCENES) - number))))
        show(f"scene {number} of {len(SCENES)}")
        await _enter(stage, scene)
        await _react(stage, scene)
    stage.clock.set(utc_now())
    late = escalation.Escalation(means=stage.running.means, clinics=stage.running.clinics, clock=stage.clock)
    while await escalation.run_once(late):
        continue


async def _enter(stage: Stage, scene: Scene) -> None:
    match scene.door:
        case "web":
            await _by_web(stage, scene)
        case "mail":
            await _by_mail(stage, scene)
        case "sms":
            await _by_text(stage, scene)


async def _by_web(stage: Stage, scene: Scene) -> None:
    """The patient signs in with the password and sends the page's form."""
    ready = next(one for one in stage.cast.ready if one.account == str(stage.cast.patients[scene.who].account))
    base = f"http://127.0.0.1:{stage.running.web_port}"
    async with ClientSession(cookie_jar=CookieJar(unsafe=True)) as browser:

        async def fill(path: str, **fields: str) -> None:
            async with browser.get(base + path) as page:
                text = await page.text()
            hidden = {name: unescape(value) for name, value in _HIDDEN.findall(text)}
            async with browser.post(base + path, data=hidden | fields) as answer:
                if answer.status >= 400:
                    raise MessagingError(f"the page {path} answered {answer.status}")

        await fill("/sign-in", login=ready.login, password=ready.password)
        await fill("/write", not_urgent="yes")
        await fill("/write/message", reason=scene.reason, subject=scene.subject, message=scene.text)


_HIDDEN = re.compile(r'<input type="hidden" name="([a-z_]+)" value="([^"]*)"')


async def _by_mail(stage: Stage, scene: Scene) -> None:
    """A mail as the patient's provider hands it to the clinic's relay, which vouches for its author."""
    patient = next((one for one in PATIENTS if one.key == scene.who), None)
    sender = patient.address if patient else scene.who
    domain = sender.rpartition("@")[2]
    text = (
        f"Authentication-Results: {DOMAIN}; dmarc=pass header.from={domain}\r\n"
        f"From: <{sender}>\r\nTo: <{CLINIC_ADDRESS}>\r\nSubject: {scene.subject}\r\n"
        f"Message-ID: <{secrets.token_hex(8)}@{domain}>\r\nMIME-Version: 1.0\r\n"
        "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
    )
    data = text.encode() + scene.text.replace("\n", "\r\n").encode() + b"\r\n"
    await aiosmtplib.send(
        data, sender=sender, recipients=[CLINIC_ADDRESS], hostname="127.0.0.1", port=stage.running.smtp_port or 0,
        start_tls=False,
    )  # fmt: skip


async def _by_text(stage: Stage, scene: Scene) -> None:
    """A text, as the provider's signed webhook brings it."""
    patient = next(one for one in PATIENTS if one.key == scene.who)
    url = f"{stage.running.settings.web.public_url}/sms/incoming"
    await stage.provider.text_in(url, to=CLINIC_NUMBER, sender=patient.phone, body=scene.text)


_ROLES = {"nurse": AccountRole.NURSE, "physician": AccountRole.PHYSICIAN, "reception": AccountRole.RECEPTION}


async def _react(stage: Stage, scene: Scene) -> None:
    """What the clinic does about it, in the hours after."""
    if not scene.then:
        return
    means, clinic = stage.running.means, stage.cast.clinic
    who = stage.cast.staff[_ROLES[scene.by]]
    task = await means.database.read(lambda c: tasks.newest(c, clinic.id))
    if task is None:
        return
    stage.clock.set(stage.clock() + timedelta(minutes=50))
    await worklist.claim(means, clinic, who, task.id, stage.clock())
    if scene.then == "claim":
        return
    await open_thread(means.database, who, task.thread_id, stage.clock())
    claimed = await means.database.read(lambda c: _task(c, clinic.id, task.id))
    reply = Reply(
        task=claimed.id, version=claimed.version, subject=scene.subject, text=scene.answer,
        category=scene.category, questions=dict.fromkeys(QUESTIONS, False),
    )  # fmt: skip
    sent = await outbound.send(means, clinic, who, reply, stage.clock())
    stage.clock.set(sent.leaves_at + timedelta(minutes=30))
    if scene.then == "read":
        await open_thread(means.database, stage.cast.patients[scene.who], task.thread_id, stage.clock())


def _task(connection: Connection, clinic: UUID, task_id: UUID) -> tasks.TaskRow:
    found = tasks.task(connection, clinic, task_id)
    if found is None:
        raise MessagingError("the task is gone")
    return found

