"""`serve` and `check`."""

import asyncio
import logging
import signal
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from keys.suite import KeysError, require_suite
from messaging_server import logs, settings
from messaging_server.app import wiring
from messaging_server.app.clinics import builtin_lines
from messaging_server.app.rulebook import builtin_rules
from messaging_server.clock import utc_now
from messaging_server.logs import log
from triage.helplines import stale
from triage.proving import prove
from triage.rules import RuleError

SettingsFile = Annotated[Path | None, typer.Option("--settings", "-s", help="TOML file of settings.")]


def read_settings(path: Path | None) -> settings.Settings:
    """The settings, or a clear end: which field is wrong, without showing any value."""
    try:
        return settings.load(path)
    except ValidationError as error:
        for fault in error.errors(include_input=False, include_url=False):
            typer.echo(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}", err=True)
        raise typer.Exit(2) from error


def serve(settings_file: SettingsFile = None) -> None:
    """Run the server until it is asked to stop (Ctrl-C or SIGTERM)."""
    chosen = read_settings(settings_file)
    logs.configure(getattr(logging, chosen.log_level.upper()))
    if not chosen.key_file.is_file():
        typer.echo(f"There is no key file at {chosen.key_file}. Run `messaging-server init` first.", err=True)
        raise typer.Exit(2)
    _warn_stale()
    asyncio.run(_serve(chosen))


def _warn_stale() -> None:
    old = stale(builtin_lines(), utc_now().date())
    if old:
        log.warning("help_lines_to_verify", count=len(old))


async def _serve(chosen: settings.Settings) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stop.set)
    async with wiring.running(chosen) as running:
        log.info("ready", port=running.web_port, count=len(running.clinics))
        await stop.wait()
        log.info("stopping")


def check(settings_file: SettingsFile = None) -> None:
    """Validate settings, keys, cryptography and clinical rules; changes nothing."""
    chosen = read_settings(settings_file)
    faults = []
    try:
        require_suite()
    except KeysError as error:
        faults.append(str(error))
    try:
        faults += prove(builtin_rules(chosen.rules_folder))
    except RuleError as error:
        faults.append(str(error))
    if chosen.key_file.is_file():
        faults += _key_file_faults(chosen)
    for fault in faults:
        typer.echo(fault, err=True)
    if faults:
        raise typer.Exit(1)
    typer.echo("Settings, keys, cryptography and rules are in order.")


def _key_file_faults(chosen: settings.Settings) -> list[str]:
    faults = []
    if chosen.key_file.stat().st_mode & 0o077:
        faults.append(f"{chosen.key_file} can be read by others: set its mode to 600.")
    try:
        wiring.load_keys(chosen)
    except KeysError as error:
        faults.append(str(error))
    return faults
