"""An installation as it stands, for a command that works on one of its clinics while the server may be running."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import typer

from keys.suite import KeysError
from messaging_server.app.clinics import Directory
from messaging_server.app.wiring import load_keys
from messaging_server.broker.clinic import Clinic, Means
from messaging_server.cli.serving import read_settings
from messaging_server.settings import Settings
from messaging_server.storage.opening import open_database
from messaging_server.texts import Texts

Host = Annotated[str | None, typer.Option("--clinic", help="Host name of the clinic, where there are several.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What a command works with."""

    settings: Settings
    means: Means = field(repr=False)
    clinic: Clinic


def refuse(sentence: str, code: int = 1) -> typer.Exit:
    """Say on the error stream why the command ends; gives what is to be raised."""
    typer.echo(sentence, err=True)
    return typer.Exit(code)


@asynccontextmanager
async def standing(settings_file: Path | None, host: str | None) -> AsyncIterator[Standing]:
    """Open the installation's database and find the clinic; ends the command with code 2 where there is none."""
    chosen = read_settings(settings_file)
    try:
        keys = load_keys(chosen)
    except (OSError, KeysError) as error:
        raise refuse(f"The key file {chosen.key_file} cannot be used: {error}", 2) from error
    database = await open_database(chosen.database.get_secret_value())
    try:
        clinics = Directory(chosen)
        await clinics.refresh(database)
        means = Means(database=database, keys=keys, texts=Texts.load(), wake=lambda _name: None)
        yield Standing(settings=chosen, means=means, clinic=_one(clinics, host))
    finally:
        await database.close()


def _one(clinics: Directory, host: str | None) -> Clinic:
    found = [clinic for clinic in clinics.values() if host is None or clinic.host == host.casefold()]
    if len(found) == 1:
        return found[0]
    if not clinics:
        raise refuse("There is no clinic here yet. Run `messaging-server init` first.", 2)
    known = ", ".join(sorted(clinic.host for clinic in clinics.values()))
    raise refuse(f"Name the clinic with --clinic; there are: {known}", 2)
