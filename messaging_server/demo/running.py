"""The demonstration: an invented clinic on this machine, with a pretend outside world that can be looked at.

Everything stays on loopback. Outgoing mail and texts are kept as files and shown on a page; nothing leaves.
"""

import asyncio
import json
import os
import secrets
import shutil
import signal
from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

from aiohttp import web

from keys import server as server_keys
from messaging_server.app import wiring
from messaging_server.broker.clinic import Means
from messaging_server.demo import mailbox, provider
from messaging_server.demo.founding import Cast, found, write_people
from messaging_server.demo.pages import Outside, routes
from messaging_server.demo.people import CLINIC_ADDRESS, CLINIC_NUMBER, DOMAIN
from messaging_server.demo.playing import PlayClock, Stage, play
from messaging_server.settings import Settings
from messaging_server.storage.opening import open_database
from messaging_server.texts import Texts

WEB, SMTP, RELAY, PROVIDER = 8080, 8025, 8026, 8027
ACCOUNT = "AC" + "0" * 32
BEFORE = timedelta(days=12)
"""The clinic was founded, and its patients agreed, before the first of the days that are played."""
Show = Callable[[str], None]


def settings_of(folder: Path, *, ports: tuple[int, int, int, int] = (WEB, SMTP, RELAY, PROVIDER)) -> Settings:
    """The demonstration's settings: loopback only, its own relay and its own provider of texts."""
    web_port, smtp_port, relay_port, provider_port = ports
    return Settings.model_validate({
        "database": f"sqlite:///{folder}/clinic.sqlite3",
        "key_file": folder / "server.keys",
        "web": {"port": web_port, "public_url": f"http://127.0.0.1:{web_port}"},
        "smtp": {"port": smtp_port, "hostname": "demo.invalid", "domain": DOMAIN, "authserv_id": DOMAIN},
        "relay": {"port": relay_port, "tls": "none_loopback"},
        "sms": {
            "enabled": True, "account_sid": ACCOUNT, "number": CLINIC_NUMBER,
            "auth_token_file": folder / "webhook.token", "base_url": f"http://127.0.0.1:{provider_port}",
        },
    })  # fmt: skip


async def run(folder: Path, *, reset: bool, show: Show, settings: Settings | None = None) -> None:
    """Start the demonstration and stay until asked to stop; the first start founds the clinic and plays its days.

    `/readyz` says yes only when the play is over and the list of people is written.
    """
    fresh, played = _prepare(folder, reset=reset), asyncio.Event()
    chosen = settings or settings_of(folder)
    clock = PlayClock()
    async with AsyncExitStack() as stack:
        outside = await _outside(folder, chosen, clock, stack)
        clock.behind = BEFORE if fresh else timedelta(0)
        cast = await _found(chosen, clock) if fresh else None
        running = await stack.enter_async_context(
            wiring.running(chosen, clock, routes(outside, folder), prepared=played.is_set)
        )
        if cast is not None:
            show("playing the last days of an invented clinic, about half a minute")
            await play(Stage(running=running, cast=cast, clock=clock, provider=outside.provider), show)
            write_people(folder, cast, _contacts(folder, chosen, cast))
        played.set()
        _greet(folder, chosen, show)
        await _until_asked_to_stop()


def _prepare(folder: Path, *, reset: bool) -> bool:
    """Make the folder and its webhook token; True when the clinic has still to be founded.

    A first start that was cut short left no list of people: it begins anew, for half a play is no clinic.
    """
    unfinished = folder.exists() and not (folder / "people.json").exists()
    if folder.exists() and (reset or unfinished):
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    token = folder / "webhook.token"
    if not token.exists():
        token.touch(mode=0o600)
        token.write_text(secrets.token_hex(16), encoding="utf-8")
    return not (folder / "people.json").exists()


async def _outside(folder: Path, chosen: Settings, clock: PlayClock, stack: AsyncExitStack) -> Outside:
    """The relay and the provider of texts that keep what they are given."""
    kept = folder / "outbox"
    postbox = mailbox.Postbox(clock=clock, folder=kept / "mail")
    relay = await mailbox.start(postbox, host="127.0.0.1", port=chosen.relay.port)
    stack.callback(relay.close)
    token = (folder / "webhook.token").read_text(encoding="utf-8")
    texts = provider.Provider(account_sid=ACCOUNT, auth_token=token, clock=clock, folder=kept / "sms")
    runner = web.AppRunner(provider.application(texts), access_log=None)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    base = chosen.sms.base_url or ""
    await web.TCPSite(runner, "127.0.0.1", int(base.rpartition(":")[2])).start()
    return Outside(postbox=postbox, provider=texts)


async def _found(chosen: Settings, clock: PlayClock) -> Cast:
    keys = server_keys.ServerKeys.generate()
    handle = os.open(chosen.key_file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(server_keys.dump(keys))
    database = await open_database(chosen.database.get_secret_value())
    try:
        means = Means(database=database, keys=keys, texts=Texts.load(), wake=lambda _name: None)
        return await found(means, chosen, clock())
    finally:
        await database.close()


def _contacts(folder: Path, chosen: Settings, cast: Cast) -> dict[str, Any]:
    token = (folder / "webhook.token").read_text(encoding="utf-8")
    return {
        "web": chosen.web.public_url,
        "smtp": {"host": "127.0.0.1", "port": chosen.smtp.port, "address": CLINIC_ADDRESS, "authserv_id": DOMAIN},
        "sms": {
            "incoming": f"{chosen.web.public_url}/sms/incoming", "status": f"{chosen.web.public_url}/sms/status",
            "account_sid": ACCOUNT, "number": CLINIC_NUMBER, "webhook_token": token,
        },
        "recovery_shares": list(cast.shares),
        "pages": {"outbox": "/demo/outbox", "codes": "/demo/codes"},
    }  # fmt: skip


def _greet(folder: Path, chosen: Settings, show: Show) -> None:
    document = json.loads((folder / "people.json").read_text(encoding="utf-8"))
    show(f"\nReady: {chosen.web.public_url}   mail: 127.0.0.1:{chosen.smtp.port} to {CLINIC_ADDRESS}")
    show(f"What left (mail and texts): {chosen.web.public_url}/demo/outbox   kept in {folder / 'outbox'}")
    show(f"Codes of the second factor: {chosen.web.public_url}/demo/codes\n")
    for one in document["people"]:
        show(f"{one['role']:20} {one['name']:20} {one['login']:42} {one['password']}")
    show(f"\nThe same, with seeds and numbers, in {folder / 'people.json'}. Ctrl-C stops; RESET=1 begins anew.")


async def _until_asked_to_stop() -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stop.set)
    await stop.wait()
