"""`doctor`: what is wrong with an installation, and how to mend it; changes nothing and prints no secret (SEC-04)."""

import asyncio
import shutil
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Final

import typer

from keys.suite import KeysError, require_suite
from messaging_server.app.clinics import builtin_lines
from messaging_server.app.wiring import load_keys
from messaging_server.cli import probing
from messaging_server.cli.diagnosis import Found, Level, fail, ok, warn
from messaging_server.cli.serving import SettingsFile, read_settings
from messaging_server.clock import utc_now
from messaging_server.settings import Settings
from messaging_server.storage.inspecting import Inspected, inspect
from messaging_server.storage.opening import SQLITE
from triage.helplines import stale

GIGABYTE: Final = 1_000_000_000
SKEW: Final = timedelta(minutes=1)
SYNCHRONISED: Final = (Path("/run/systemd/timesync/synchronized"), Path("/run/chrony"), Path("/run/chronyd.pid"))
"""What a time daemon leaves where it runs."""

Offline = Annotated[bool, typer.Option("--offline", help="Look at this machine only; connect to nothing.")]
Selector = Annotated[str | None, typer.Option("--dkim-selector", help="The relay's DKIM selector, to look it up.")]


def doctor(settings_file: SettingsFile = None, selector: Selector = None, *, offline: Offline = False) -> None:
    """Look at settings, keys, clock, database and disk, then at mail, names, certificates and the provider of texts.

    Each line says ok, warn or fail, and how to mend it. Exit code 1 when anything failed.
    """
    chosen = read_settings(settings_file)
    now = utc_now()
    lines = local(chosen, now)
    if not offline:
        lines += asyncio.run(probing.outside(chosen, selector, now))
    for line in lines:
        typer.echo(line)
    if any(line.level is Level.FAIL for line in lines):
        raise typer.Exit(1)


def local(chosen: Settings, now: datetime) -> list[Found]:
    """What this machine alone tells."""
    inside = asyncio.run(inspect(chosen.database.get_secret_value()))
    return [
        ok("settings", "read"), _suite(), *_secrets(chosen), _clock(inside, now), *_database(inside), _disk(chosen),
        _web(chosen), _help_lines(now),
    ]  # fmt: skip


def _suite() -> Found:
    try:
        require_suite()
    except KeysError as error:
        return fail("cryptography", str(error), "install the versions of pyproject.toml")
    return ok("cryptography", "everything needed is there")


def _secrets(chosen: Settings) -> list[Found]:
    paths = {
        "key file": chosen.key_file, "relay password file": chosen.relay.password_file,
        "sms token file": chosen.sms.auth_token_file if chosen.sms.enabled else None,
        "tls key file": chosen.smtp.tls_key,
    }  # fmt: skip
    found = [_readable(what, path) for what, path in paths.items() if path is not None]
    if found[0].level is Level.OK:
        try:
            load_keys(chosen)
        except KeysError as error:
            found[0] = fail("key file", str(error), "restore it from its backup: nothing can replace it")
    return found


def _readable(what: str, path: Path) -> Found:
    try:
        mode = path.stat().st_mode
        path.read_bytes()
    except OSError as error:
        mend = "run `messaging-server init`, or restore it" if what == "key file" else "name a file that is there"
        return fail(what, f"{path}: {error.strerror}", mend)
    if mode & 0o077:
        return fail(what, f"{path} can be read by others", f"chmod 600 {path}")
    return ok(what, f"{path}, readable by its owner alone")


def _clock(inside: Inspected, now: datetime) -> Found:
    """Due times, ledgers and second-factor codes stand on the clock."""
    if inside.newest is not None and inside.newest > now + SKEW:
        return fail("clock", "behind what the database has already seen", "set it, and keep it right with chrony")
    if any(path.exists() for path in SYNCHRONISED):
        return ok("clock", now.isoformat(timespec="seconds"))
    return warn("clock", f"{now.isoformat(timespec='seconds')}, no time daemon seen", "run chrony or systemd-timesyncd")


def _database(inside: Inspected) -> list[Found]:
    if inside.fault is not None:
        return [fail("database", inside.fault, "see that it runs, and that the setting `database` names it")]
    found = [ok("database", inside.version)]
    if not inside.safe:
        found.append(fail("database", "this version of SQLite can damage a database in WAL mode", "install pysqlite3"))
    if inside.journal not in {None, "wal"}:
        found.append(warn("database", f"journal mode is {inside.journal}", "start the server once: it sets WAL"))
    if inside.schema != inside.newest_schema:
        said = f"{inside.schema or 'none'}, where the code knows {inside.newest_schema}"
        found.append(warn("schema", said, "start the server once: it brings it up to date"))
    return found


def _disk(chosen: Settings) -> Found:
    url = chosen.database.get_secret_value()
    place = Path(url.removeprefix(SQLITE)).parent if url.startswith(SQLITE) else chosen.key_file.parent
    while not place.exists():
        place = place.parent
    usage = shutil.disk_usage(place)
    said = f"{usage.free / GIGABYTE:.1f} GB free of {usage.total / GIGABYTE:.1f}"
    if usage.free < GIGABYTE:
        return fail("disk", said, "make room: a full disk refuses mail")
    if usage.free < max(5 * GIGABYTE, usage.total // 20):
        return warn("disk", said, "make room soon")
    return ok("disk", said)


def _web(chosen: Settings) -> Found:
    url = chosen.web.public_url
    if url.startswith("https://"):
        return ok("public address", url)
    if probing.is_loopback(probing.host_of(url)):
        return warn("public address", f"{url}, this machine only", "put a TLS proxy before it, with an https address")
    return fail("public address", f"{url} is not https: cookies would travel in clear", "put a TLS proxy before it")


def _help_lines(now: datetime) -> Found:
    old = stale(builtin_lines(), now.date())
    if old:
        return warn("help lines", f"{len(old)} were not verified lately", "verify the numbers, or update this program")
    return ok("help lines", "verified")
