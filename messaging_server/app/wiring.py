"""The one wiring place: everything is made here, handed what it needs, started and stopped in order."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from importlib.resources import files
from pathlib import Path

from aiohttp import web

from consent.model import Channel
from keys import server as server_keys
from keys.suite import require_suite
from messaging_server.app import doors, senders
from messaging_server.app.clinics import Directory
from messaging_server.app.reader import Reader
from messaging_server.broker.clinic import Means
from messaging_server.clock import Clock, utc_now
from messaging_server.runners import checkpoints, escalation, outbox, retention
from messaging_server.runners.periodic import repeat
from messaging_server.settings import Settings
from messaging_server.storage.database import Database
from messaging_server.storage.opening import open_database
from messaging_server.texts import Texts
from messaging_server.web import site
from messaging_server.web.events import Hub
from messaging_server.web.uploads import FileLimits
from messaging_server.web.views.frame import Audience
from messaging_server.web.visit import Site

OUTBOX_POLL, ESCALATION_POLL, CHECKPOINT_POLL, RETENTION_POLL, POLICY_POLL = 3.0, 15.0, 5.0, 3600.0, 10.0


@dataclass(slots=True, kw_only=True)
class Running:
    """A server that runs: where its doors are, and what a test may look at."""

    settings: Settings
    means: Means
    clinics: Directory
    hub: Hub
    web_port: int
    smtp_port: int | None
    outbox: outbox.Outbox
    wakes: dict[str, asyncio.Event] = field(default_factory=dict)


def load_keys(settings: Settings) -> server_keys.ServerKeys:
    """The server's own keys from their file. Raises KeysError when it is damaged, OSError when it is missing."""
    return server_keys.load(settings.key_file.read_bytes())


@asynccontextmanager
async def running(
    settings: Settings, clock: Clock = utc_now, more: Sequence[web.RouteDef] = (), *, by_itself: bool = True,
    prepared: Callable[[], bool] = lambda: True,
) -> AsyncIterator[Running]:  # fmt: skip
    """Start everything; stop it in the reverse order, letting what is under way finish.

    `more` are further routes: the demonstration's look at its pretend outside world. With `by_itself` False no runner
    is started: whoever holds the clock then does the rounds. The server says that it is ready once `prepared` does.
    """
    require_suite()
    async with AsyncExitStack() as stack:
        database = await open_database(settings.database.get_secret_value())
        stack.push_async_callback(database.close)
        wakes = {name: asyncio.Event() for name in ("outbox", "board", "escalation")}
        hub = Hub()
        reader = Reader(settings.rules_folder, settings.screening_seconds)
        stack.push_async_callback(reader.close)
        means = _means(settings, database, wakes, hub, reader)
        clinics = Directory(settings)
        await clinics.refresh(database)
        runner = web.AppRunner(application(settings, means, clinics, hub, clock, more, prepared), access_log=None)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        listener = web.TCPSite(runner, settings.web.host, settings.web.port)
        await listener.start()
        smtp = await _mail(settings, means, clinics, clock, stack)
        box = _outbox(settings, means, clinics, clock)
        if by_itself:
            await _start_runners(means, clinics, box, wakes, clock, stack)
        yield Running(
            settings=settings, means=means, clinics=clinics, hub=hub, web_port=_port(runner), smtp_port=smtp,
            outbox=box, wakes=wakes,
        )  # fmt: skip


def _port(runner: web.AppRunner) -> int:
    return int(runner.addresses[0][1])


def _means(
    settings: Settings, database: Database, wakes: dict[str, asyncio.Event], hub: Hub, reader: Reader
) -> Means:
    def wake(name: str) -> None:
        if name in wakes:
            wakes[name].set()
        hub.publish(name)

    return Means(
        database=database, keys=load_keys(settings), texts=Texts.load(), wake=wake, read=reader.read,
        open_file=reader.open_file,
    )  # fmt: skip


async def _mail(
    settings: Settings, means: Means, clinics: Directory, clock: Clock, stack: AsyncExitStack
) -> int | None:
    if not settings.smtp.enabled:
        return None
    door = await doors.open_mail_door(settings, means, clinics, clock)

    async def shut() -> None:
        door.close()
        await door.wait_closed()

    stack.push_async_callback(shut)
    return int(door.sockets[0].getsockname()[1])


def application(
    settings: Settings, means: Means, clinics: Directory, hub: Hub, clock: Clock, more: Sequence[web.RouteDef] = (),
    prepared: Callable[[], bool] = lambda: True,
) -> web.Application:  # fmt: skip
    """The pages, the webhooks and the health answers as one application."""
    minutes = {
        Audience.NONE: settings.web.idle_minutes_patient, Audience.PATIENT: settings.web.idle_minutes_patient,
        Audience.STAFF: settings.web.idle_minutes_staff,
    }  # fmt: skip
    here = Site(
        means=means, clinics_by_host=clinics.by_host, clock=clock,
        secure=settings.web.public_url.startswith("https://"), static_version=static_version(), idle_minutes=minutes,
        trusted_proxies=frozenset(settings.web.trusted_proxies), files=FileLimits(**settings.files.model_dump()),
        prepared=prepared,
    )  # fmt: skip
    return site.application(here, hub, [*doors.sms_routes(settings, means, clinics, clock), *more])


def static_version() -> str:
    """Changes when any style or script does, so that a browser never mixes versions."""
    folder = Path(str(files("messaging_server"))) / "web" / "static"
    return sha256(b"".join(path.read_bytes() for path in sorted(folder.glob("*.*")))).hexdigest()[:12]


def _outbox(settings: Settings, means: Means, clinics: Directory, clock: Clock) -> outbox.Outbox:
    send_texts = senders.sms_sender(settings) if settings.sms.enabled else senders.no_sender
    by_channel = {Channel.EMAIL: senders.email_sender(settings, clock), Channel.SMS: send_texts}
    return outbox.Outbox(means=means, clinics=clinics, clock=clock, senders=by_channel)


async def _start_runners(
    means: Means, clinics: Directory, box: outbox.Outbox, wakes: dict[str, asyncio.Event], clock: Clock,
    stack: AsyncExitStack,
) -> None:  # fmt: skip
    late = escalation.Escalation(means=means, clinics=clinics, clock=clock)
    numbers = checkpoints.Sequencer(means=means, clinics=clinics, clock=clock)
    old = retention.Retention(means=means, clock=clock)
    works: list[tuple[str, Callable[[], Awaitable[object]], asyncio.Event, float]] = [
        ("outbox", lambda: outbox.run_once(box), wakes["outbox"], OUTBOX_POLL),
        ("escalation", lambda: escalation.run_once(late), wakes["escalation"], ESCALATION_POLL),
        ("checkpoints", lambda: checkpoints.run_once(numbers), asyncio.Event(), CHECKPOINT_POLL),
        ("retention", lambda: retention.run_once(old), asyncio.Event(), RETENTION_POLL),
        ("policies", lambda: clinics.refresh(means.database), asyncio.Event(), POLICY_POLL),
    ]
    for name, work, wake, seconds in works:
        task = asyncio.create_task(repeat(name, work, wake, seconds), name=name)
        stack.push_async_callback(_end, task)


async def _end(task: "asyncio.Task[None]") -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
