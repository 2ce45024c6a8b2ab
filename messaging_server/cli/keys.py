"""`keys`: the server's own keys in new versions, and new recovery shares (SEC-03, SEC-04)."""

import asyncio
import json
import os
import tempfile
from pathlib import Path
from typing import Annotated, Any

import typer

from keys import server as server_keys
from keys.suite import KeysError, WrongSecretError
from messaging_server.broker import resealing, resharing
from messaging_server.cli.accounts import shares_of
from messaging_server.cli.keeping import KEYS, Source, place, unpacked
from messaging_server.cli.serving import SettingsFile, read_settings
from messaging_server.cli.signing_in import Answers, read_answers
from messaging_server.cli.standing import Host, refuse, standing
from messaging_server.clock import utc_now
from messaging_server.errors import ConflictError

app = typer.Typer(no_args_is_help=True, help="The server's own keys, and the recovery shares.")
Needed = Annotated[int, typer.Option("--needed", help="So many shares open everything together.", min=1, max=9)]
Total = Annotated[int, typer.Option("--total", help="So many shares are printed.", min=1, max=9)]


@app.command()
def rotate(settings_file: SettingsFile = None) -> None:
    """Give the key file a new directory key and a new delivery key; old versions stay in it, and still open.

    Then restart every server process, so that all know the new keys, and run `keys reseal`.
    """
    chosen = read_settings(settings_file)
    try:
        keys = server_keys.load(chosen.key_file.read_bytes())
    except (OSError, KeysError) as error:
        raise refuse(f"The key file {chosen.key_file} cannot be used: {error}", 2) from error
    newer = server_keys.rotate_delivery(server_keys.rotate_directory(keys))
    with tempfile.TemporaryDirectory(dir=chosen.key_file.resolve().parent) as folder:
        written = Path(folder) / KEYS
        with os.fdopen(os.open(written, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(server_keys.dump(newer))
            file.flush()
            os.fsync(file.fileno())
        place(written, chosen.key_file)
    typer.echo("The key file has new keys. Restart every server process, then run `messaging-server keys reseal`.")


@app.command()
def reseal(host: Host = None, settings_file: SettingsFile = None) -> None:
    """Seal names, addresses and second factors anew under the newest directory key; the server may be running."""
    done = asyncio.run(_reseal(settings_file, host))
    typer.echo(f"{done} values sealed anew.")


async def _reseal(settings_file: Path | None, host: str | None) -> int:
    async with standing(settings_file, host) as here:
        return await resealing.reseal(here.means, here.clinic.id)


@app.command()
def reshare(
    needed: Needed = 2, total: Total = 3, answers: Answers = None, host: Host = None, settings_file: SettingsFile = None
) -> None:
    """Print new recovery shares; asks for enough of the old ones, which open nothing afterwards.

    Run it when the clinic is closed: it takes about a millisecond for each record. Backups made before still need the
    old shares: keep those apart until the last such backup is destroyed.
    """
    if needed > total:
        raise refuse("No more shares can be needed than there are.", 2)
    printed = asyncio.run(_reshare(settings_file, host, read_answers(answers), (needed, total)))
    typer.echo(json.dumps({"recovery_shares": printed}, indent=2))


async def _reshare(
    settings_file: Path | None, host: str | None, given: dict[str, Any], wanted: tuple[int, int]
) -> list[str]:
    async with standing(settings_file, host) as here:
        try:
            return list(await resharing.reshare(here.means, here.clinic, shares_of(given), wanted, utc_now()))
        except WrongSecretError as error:
            raise refuse(f"{error}.".capitalize()) from error
        except ConflictError as error:
            raise refuse("A record was opened or rotated meanwhile; nothing was changed. Run it again.") from error


@app.command()
def recover(source: Source, answers: Answers = None, settings_file: SettingsFile = None) -> None:
    """Put a lost key file back from a backup, with enough recovery shares; the database stays as it is."""
    chosen = read_settings(settings_file)
    if chosen.key_file.exists():
        raise refuse(f"{chosen.key_file} is there; nothing was touched.", 2)
    chosen.key_file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.TemporaryDirectory(dir=chosen.key_file.resolve().parent) as folder:
        found = unpacked(source, shares_of(read_answers(answers)), Path(folder))
        if KEYS not in found:
            raise refuse("There is no key file in this backup.")
        place(found[KEYS], chosen.key_file)
    typer.echo(f"{chosen.key_file} is back. Keys made after this backup are not in it: run `messaging-server doctor`.")
