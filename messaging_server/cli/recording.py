"""`record verify`: every ledger, the clinic's log and its checkpoints, with no key."""

import asyncio
from pathlib import Path

import typer

from keys.signing import verifying_key
from messaging_server.app.wiring import load_keys
from messaging_server.cli.serving import SettingsFile, read_settings
from messaging_server.record.verifying import verify_clinic
from messaging_server.storage.clinics import clinics
from messaging_server.storage.opening import open_database

app = typer.Typer(no_args_is_help=True, help="The patient record: verify, export.")


@app.command()
def verify(settings_file: SettingsFile = None) -> None:
    """Verify every record's ledger, the clinic-wide log and its signed checkpoints. Exit code 1 on any fault."""
    faults, entries = asyncio.run(_verify(settings_file))
    for fault in faults:
        typer.echo(fault, err=True)
    if faults:
        raise typer.Exit(1)
    typer.echo(f"{entries} entries verified, no fault.")


async def _verify(settings_file: Path | None) -> tuple[list[str], int]:
    chosen = read_settings(settings_file)
    database = await open_database(chosen.database.get_secret_value())
    public = verifying_key(load_keys(chosen)) if chosen.key_file.is_file() else None
    faults, entries = [], 0
    try:
        for clinic, host in await database.read(clinics):
            found = await verify_clinic(database, clinic, public)
            faults += [f"{host}: {fault}" for fault in found.faults]
            entries += found.entries
    finally:
        await database.close()
    return faults, entries


