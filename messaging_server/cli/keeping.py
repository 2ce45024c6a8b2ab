"""`backup` and `restore`: one file with database and key file, which only enough recovery shares open (SEC-16).

The file is sealed to every clinic's recovery key, so that it may lie where the database may: without shares it is worth
nothing. Restoring needs an empty place and the shares, and nothing else of the lost machine.
"""

import asyncio
import os
import tarfile
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Annotated, BinaryIO, Final

import typer

from keys import server as server_keys
from keys.archive import OpeningFile, Recipient, SealingFile
from keys.suite import KeysError, OpenError, WrongSecretError
from messaging_server.cli.accounts import shares_of
from messaging_server.cli.serving import SettingsFile, read_settings
from messaging_server.cli.signing_in import Answers, read_answers
from messaging_server.cli.standing import refuse
from messaging_server.settings import Settings
from messaging_server.storage import copying, keyring
from messaging_server.storage.clinics import clinics
from messaging_server.storage.database import Connection
from messaging_server.storage.keyring import KeyKind
from messaging_server.storage.opening import SQLITE, open_database

KEYS, FILE, DUMP = "server.keys", "database.sqlite3", "database.dump"
CHUNK: Final = 1 << 20
Target = Annotated[Path, typer.Argument(metavar="FILE", help="Where the backup goes; must not be there yet.")]
Source = Annotated[Path, typer.Argument(metavar="FILE", help="A backup made by `backup`.")]
Dump = Annotated[
    Path | None, typer.Option("--dump", help="With PostgreSQL: the file that `pg_dump -Fc` just made.", exists=True)
]


def backup(target: Target, dump: Dump = None, settings_file: SettingsFile = None) -> None:
    """Write the database and the key file as one sealed file; the server may be running."""
    chosen = read_settings(settings_file)
    url = chosen.database.get_secret_value()
    if (dump is None) != url.startswith(SQLITE):
        raise refuse("With PostgreSQL, name a dump made by `pg_dump -Fc` with --dump; with SQLite there is none.", 2)
    try:
        recipients = asyncio.run(_recipients(url))
        with tempfile.TemporaryDirectory(dir=target.resolve().parent) as folder:
            database = dump or Path(folder) / FILE
            if dump is None:
                copying.copy(Path(url.removeprefix(SQLITE)), database)
            _seal(target, chosen.key_file, database, DUMP if dump else FILE, recipients)
    except (OSError, KeysError) as error:
        raise refuse(f"There is no backup: {error}") from error
    size = target.stat().st_size
    typer.echo(f"{target}: {size} bytes, opened by the recovery shares of {len(recipients)} clinic(s).")


async def _recipients(url: str) -> list[Recipient]:
    database = await open_database(url)
    try:
        return await database.read(_every_recovery_key)
    finally:
        await database.close()


def _every_recovery_key(connection: Connection) -> list[Recipient]:
    found = []
    for clinic, _host in clinics(connection):
        key = keyring.keys_of_clinic(connection, clinic, KeyKind.RECOVERY)["recovery"]
        subsets = keyring.recovery_of(connection, clinic)
        found.append(Recipient(clinic=clinic, key=key.id, public=key.public, subsets=subsets))
    return found


def _seal(target: Path, key_file: Path, database: Path, name: str, recipients: Sequence[Recipient]) -> None:
    """Write the whole archive and let it be durable, or leave no file."""
    server_keys.load(key_file.read_bytes())
    handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as raw:
            with SealingFile(raw, recipients) as sealing, tarfile.open(fileobj=sealing, mode="w|") as packed:
                packed.add(key_file, KEYS)
                packed.add(database, name)
            raw.flush()
            os.fsync(raw.fileno())
    except BaseException:
        target.unlink()
        raise


def restore(source: Source, answers: Answers = None, settings_file: SettingsFile = None) -> None:
    """Put back the database and the key file that the settings name, where neither is; asks for recovery shares.

    A PostgreSQL dump is put beside the key file, for `pg_restore`.
    """
    chosen = read_settings(settings_file)
    database = _database_path(chosen)
    for path in (chosen.key_file, database):
        if path.exists():
            raise refuse(f"{path} is there already; nothing was touched. Restore where nothing is.", 2)
    shares = shares_of(read_answers(answers))
    database.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    chosen.key_file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.TemporaryDirectory(dir=database.resolve().parent) as folder:
        found = unpacked(source, shares, Path(folder))
        if not {KEYS, _name(chosen)} <= found.keys():
            raise refuse("This backup is of another kind of database than the settings name.")
        if _name(chosen) == FILE and not copying.sound(found[FILE]):
            raise refuse("The database in this backup is damaged. Take another backup.")
        place(found[KEYS], chosen.key_file)
        place(found[_name(chosen)], database)
    typer.echo(f"Restored {database} and {chosen.key_file}. Now run `messaging-server record verify`.")


def _name(chosen: Settings) -> str:
    return FILE if chosen.database.get_secret_value().startswith(SQLITE) else DUMP


def _database_path(chosen: Settings) -> Path:
    url = chosen.database.get_secret_value()
    return Path(url.removeprefix(SQLITE)) if url.startswith(SQLITE) else chosen.key_file.parent / DUMP


def unpacked(source: Path, shares: Sequence[str], folder: Path) -> dict[str, Path]:
    """The files of a backup, in a folder, by their names; ends the command when it is not whole or does not open."""
    try:
        with source.open("rb") as raw:
            return _unpack(OpeningFile(raw, shares), folder)
    except WrongSecretError as error:
        raise refuse(f"{error}.".capitalize()) from error
    except (OpenError, tarfile.TarError, OSError) as error:
        raise refuse(f"The backup cannot be read: {error}") from error


def _unpack(opening: OpeningFile, folder: Path) -> dict[str, Path]:
    found: dict[str, Path] = {}
    with tarfile.open(fileobj=opening, mode="r|") as packed:
        for member in packed:
            content = packed.extractfile(member)
            if content is not None and member.name in {KEYS, FILE, DUMP}:
                found[member.name] = folder / member.name
                with (folder / member.name).open("xb") as file:
                    _pour(content, file)
    while opening.read(CHUNK):
        """Only the end of an archive proves that it is whole."""
    return found


def _pour(source: IO[bytes], target: BinaryIO) -> None:
    while chunk := source.read(CHUNK):
        target.write(chunk)
    target.flush()
    os.fsync(target.fileno())


def place(source: Path, target: Path) -> None:
    """Move a file where it belongs, readable by its owner alone, durably."""
    source.chmod(0o600)
    source.replace(target)
    folder = os.open(target.resolve().parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
