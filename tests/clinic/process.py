"""A whole server as a process of its own, on a founded clinic: started, killed, and started again on the same files.

The clinic is the demonstration's, with its invented people; everything it listens on or speaks to is on loopback.
"""

import base64
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from messaging_server.broker.clinic import Means
from messaging_server.clock import utc_now
from messaging_server.demo.founding import Cast, found
from messaging_server.demo.people import Ready
from messaging_server.demo.running import settings_of
from messaging_server.settings import Settings
from messaging_server.storage.opening import open_database
from messaging_server.texts import Texts
from tests.clinic.databases import _free_port
from tests.clinic.world import CHEAP

ROOT = Path(__file__).parents[2]
TOKEN = "an invented webhook token"
SECONDS = 60
"""A server that is not ready by then does not start at all."""
READY = b'"event": "ready"'


@dataclass(slots=True, kw_only=True)
class Premises:
    """A founded clinic in a folder: its settings, its people, and what the outside world must know."""

    folder: Path
    settings: Settings
    cast: Cast

    @property
    def database(self) -> Path:
        """The database's file."""
        return self.folder / "clinic.sqlite3"

    @property
    def base(self) -> str:
        """Where the pages are."""
        return self.settings.web.public_url

    @property
    def log(self) -> Path:
        """Everything that the server said on its two outputs, of all its lives."""
        return self.folder / "server.log"

    @property
    def patients(self) -> list[Ready]:
        """Those who have an address and have agreed to everything by web and e-mail."""
        return [one for one in self.cast.ready if one.role == "patient" and one.email]

    def one(self, first: str) -> Ready:
        """Somebody by first name."""
        return next(one for one in self.cast.ready if one.name.startswith(first))


def seed_of(one: Ready) -> bytes | None:
    """The second factor's seed as the authenticator holds it."""
    letters = one.totp_seed
    return base64.b32decode(letters + "=" * (-len(letters) % 8)) if letters else None


async def settle(folder: Path, url: str | None = None) -> Premises:
    """Found the clinic on new files, or on another database, on ports that are free now."""
    from messaging_server.cli.founding import ensure_keys  # noqa: PLC0415  # the commands are the heaviest room

    settings = free_settings(folder)
    if url is not None:
        settings = settings.model_copy(update={"database": type(settings.database)(url)})
    database = await open_database(settings.database.get_secret_value())
    try:
        keys = ensure_keys(settings)
        means = Means(database=database, keys=keys, texts=Texts.load(), wake=lambda _name: None, cost=CHEAP)
        return Premises(folder=folder, settings=settings, cast=await found(means, settings, utc_now()))
    finally:
        await database.close()


def free_settings(folder: Path) -> Settings:
    folder.mkdir(exist_ok=True)
    (folder / "webhook.token").write_text(TOKEN, encoding="utf-8")
    return settings_of(folder, ports=(_free_port(), _free_port(), _free_port(), _free_port()))


def environment(settings: Settings) -> dict[str, str]:
    """The settings as a service manager would hand them over."""
    document = settings.model_dump(mode="json", exclude_unset=True)
    document["database"] = settings.database.get_secret_value()
    return dict(_flat("MESSAGING_SERVER", document))


def _flat(name: str, value: Any) -> Iterator[tuple[str, str]]:
    if not isinstance(value, Mapping):
        yield name, str(value)
        return
    for key, inner in value.items():
        glue = "_" if name == "MESSAGING_SERVER" else "__"
        yield from _flat(f"{name}{glue}{key.upper()}", inner)


@dataclass(slots=True, kw_only=True)
class Server:
    """One life of the server; `before` is a program that runs it, such as a tracer."""

    premises: Premises
    before: Sequence[str] = ()
    more: Mapping[str, str] = field(default_factory=dict)
    running: "subprocess.Popen[bytes] | None" = None
    _reader: threading.Thread | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_error: object) -> None:
        if self.running is not None and self.running.poll() is None:
            self.kill()

    @property
    def pid(self) -> int:
        """The server's own process."""
        assert self.running is not None
        return self.running.pid

    def start(self) -> None:
        """Return when both doors are open."""
        settings = environment(self.premises.settings) | dict(self.more)
        self.running = subprocess.Popen(
            [*self.before, sys.executable, "-m", "messaging_server", "serve"], cwd=ROOT, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=dict(os.environ) | settings,
        )  # fmt: skip
        heard = threading.Event()
        self._reader = threading.Thread(target=self._listen, args=(heard,), daemon=True)
        self._reader.start()
        assert heard.wait(SECONDS), "the server did not get ready"
        assert self.running.poll() is None, self.premises.log.read_text(encoding="utf-8")

    def _listen(self, heard: threading.Event) -> None:
        """Keep every line; the end of the output is an answer too."""
        assert self.running is not None
        assert self.running.stdout is not None
        with self.premises.log.open("ab") as log, self.running.stdout as said:
            for line in said:
                log.write(line)
                log.flush()
                if READY in line:
                    heard.set()
        heard.set()

    def kill(self) -> None:
        """End it as a power cut would: no handler runs, nothing is written any more."""
        self._end(signal.SIGKILL)

    def stop(self) -> int:
        """Ask it to stop, as a service manager does; gives its exit code."""
        return self._end(signal.SIGTERM)

    def _end(self, how: signal.Signals) -> int:
        assert self.running is not None
        assert self._reader is not None
        if self.running.poll() is None:
            os.kill(self.running.pid, how)
        code = self.running.wait(SECONDS)
        self._reader.join(SECONDS)
        return code


def command(premises: Premises, *arguments: object, **more: str) -> "subprocess.CompletedProcess[str]":
    """Run one of the commands on the same settings; `more` goes into its environment."""
    return subprocess.run(
        [sys.executable, "-m", "messaging_server", *map(str, arguments)], cwd=ROOT, check=False, capture_output=True,
        env=dict(os.environ) | environment(premises.settings) | more, stdin=subprocess.DEVNULL, timeout=SECONDS * 5,
        text=True,
    )  # fmt: skip
