"""Databases for tests: each test gets a fresh one, copied from one that is migrated already.

PostgreSQL is Debian's own program, on loopback, started once by whoever needs it first. It runs as an unprivileged user
on a folder of its own, with fsync on, and ends with the process that started it, however that ends.
"""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from threading import Event

import asyncpg
import pytest

from messaging_server.storage.migrating import upgrade

NOBODY = 65534
OWNER = "clinic"
PATTERN = "migrated"
SETTINGS = {"listen_addresses": "127.0.0.1", "unix_socket_directories": "", "fsync": "on", "max_connections": "60"}
_numbers = count(1)


@dataclass(frozen=True, slots=True)
class Server:
    """A running server on a port of loopback."""

    port: int

    def url(self, name: str) -> str:
        """The address of one of its databases, as the settings want it."""
        return f"postgresql+asyncpg://{OWNER}@127.0.0.1:{self.port}/{name}"

    async def tell(self, statement: str) -> None:
        """Run one statement beside every test's database."""
        connection = await asyncpg.connect(host="127.0.0.1", port=self.port, user=OWNER, database="postgres")
        try:
            await connection.execute(statement)
        finally:
            await connection.close()


def migrated_file(folder: Path) -> Path:
    """An empty SQLite file with every table."""
    _migrate(f"sqlite:///{folder}/{PATTERN}.sqlite3")
    return folder / f"{PATTERN}.sqlite3"


def copied(migrated: Path, folder: Path) -> str:
    """The address of a copy of that file, in a folder of its own."""
    shutil.copyfile(migrated, folder / "clinic.sqlite3")
    return f"sqlite:///{folder}/clinic.sqlite3"


def programs() -> Path | None:
    """The folder of the newest PostgreSQL on this machine, or None."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"), key=lambda path: int(path.parts[-3]))
    beside = shutil.which("pg_ctl")
    return found[-1].parent if found else Path(beside).resolve().parent if beside else None


def missing(what: str) -> None:
    """Skip for want of a system piece, or fail where every piece is required (`REQUIRE=all`)."""
    if os.environ.get("REQUIRE") == "all":
        pytest.fail(what)
    pytest.skip(what)


@contextmanager
def running() -> Iterator[Server]:
    """Start a server on an empty folder, migrate one database as the pattern of all, and stop it in the end."""
    folder = programs()
    if folder is None:
        missing("no PostgreSQL server program on this machine (Debian: postgresql)")
        return
    with tempfile.TemporaryDirectory(prefix="clinic-postgres-", ignore_cleanup_errors=True) as place:
        if os.geteuid() == 0:
            os.chown(place, NOBODY, NOBODY)
        data = f"{place}/data"
        _run(folder / "initdb", "--pgdata", data, "--username", OWNER, "--auth", "trust", "--encoding", "UTF8",
             "--locale", "C.UTF-8", "--no-sync")  # fmt: skip
        server = Server(_free_port())
        given = (f"--{name}={value}" for name, value in (SETTINGS | {"port": str(server.port)}).items())
        with Path(f"{place}/log").open("wb") as log, subprocess.Popen(
            _command(folder / "postgres", "-D", data, *given), cwd="/", stdin=subprocess.DEVNULL, stdout=log, stderr=log
        ) as process:  # fmt: skip
            try:
                _await(folder, server, process)
                where = ("--host", "127.0.0.1", "--port", str(server.port), "--username", OWNER)
                _run(folder / "createdb", *where, PATTERN)
                _migrate(server.url(PATTERN))
                yield server
            finally:
                process.send_signal(signal.SIGQUIT)


def _await(folder: Path, server: Server, process: "subprocess.Popen[bytes]") -> None:
    """Wait until the server answers."""
    ask = [str(folder / "pg_isready"), "--quiet", "--host", "127.0.0.1", "--port", str(server.port), "--timeout", "1"]
    for _ in range(600):
        if subprocess.run(ask, check=False).returncode == 0:
            return
        assert process.poll() is None, "the server ended while it started"
        Event().wait(0.05)
    raise AssertionError("the server does not answer")


def _command(program: Path, *arguments: str) -> list[str]:
    """PostgreSQL refuses to run as root: then it runs as nobody."""
    drop = (f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups") if os.geteuid() == 0 else ()
    return ["setpriv", *drop, "--pdeathsig", "QUIT", str(program), *arguments]


def _run(program: Path, *arguments: str) -> None:
    done = subprocess.run(
        _command(program, *arguments), cwd="/", check=False, timeout=60, stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def _migrate(url: str) -> None:
    """In a thread of its own, for migrating begins an event loop and the first test that asks has one already."""
    with ThreadPoolExecutor(1) as aside:
        aside.submit(upgrade, url).result()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@asynccontextmanager
async def fresh(server: Server, *, pattern: str = PATTERN) -> AsyncIterator[str]:
    """The address of a database that nobody used before; it is gone afterwards."""
    name = f"test_{os.getpid()}_{next(_numbers)}"
    await server.tell(f"CREATE DATABASE {name} TEMPLATE {pattern}")
    try:
        yield server.url(name)
    finally:
        await server.tell(f"DROP DATABASE {name} WITH (FORCE)")
