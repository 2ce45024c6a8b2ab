"""`record verify`: every ledger, log and checkpoint, with no key. `record export`: one record as open files."""

import asyncio
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from keys.signing import verifying_key
from messaging_server.app.wiring import load_keys
from messaging_server.broker import exporting
from messaging_server.broker.exporting import Exported
from messaging_server.cli.accounts import by_shares
from messaging_server.cli.serving import SettingsFile, read_settings
from messaging_server.cli.signing_in import Answers, read_answers, sign_in
from messaging_server.cli.standing import Host, refuse, standing
from messaging_server.clock import utc_now
from messaging_server.errors import NotAllowedError, NotFoundError
from messaging_server.record.verifying import verify_clinic
from messaging_server.storage.clinics import clinics
from messaging_server.storage.opening import open_database

app = typer.Typer(no_args_is_help=True, help="The patient record: verify, export.")
Patient = Annotated[str, typer.Argument(metavar="PATIENT", help="The patient's sign-in name, or the record's id.")]
Folder = Annotated[Path, typer.Argument(metavar="FOLDER", help="A folder that is not there yet, or is empty.")]
Shares = Annotated[bool, typer.Option("--shares", help="Open it with recovery shares instead of a sign-in.")]


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


@app.command()
def export(
    patient: Patient, folder: Folder, answers: Answers = None, host: Host = None, settings_file: SettingsFile = None,
    *, shares: Shares = False,
) -> None:  # fmt: skip
    """Write one record, in clear, as a page for each conversation, JSON, and the files as they came.

    Asks for a colleague's sign-in, or for recovery shares, because nothing else opens a record. The patient sees it.
    Exit code 1 when anything is missing from the export.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise refuse(f"{folder} is there already, and not empty.", 2)
    made = asyncio.run(_export(patient, answers, settings_file, host, shares=shares))
    write(folder, made.files)
    typer.echo(f"{made.conversations} conversations, {len(made.files)} files in {folder}, in clear: keep them well.")
    for one in made.missing:
        typer.echo(f"missing: {one}", err=True)
    if made.missing:
        raise typer.Exit(1)


async def _export(
    patient: str, answers: Path | None, settings_file: Path | None, host: str | None, *, shares: bool
) -> Exported:
    async with standing(settings_file, host) as here:
        who = await (by_shares(here, read_answers(answers)) if shares else sign_in(here, answers))
        try:
            record = await exporting.find_record(here.means, here.clinic, patient)
            return await exporting.export(here.means, here.clinic, who, record, utc_now())
        except NotFoundError as error:
            raise refuse("There is no such record here.") from error
        except NotAllowedError as error:
            raise refuse("No key of yours opens this record.") from error


def write(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write an export, readable by its owner alone."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
