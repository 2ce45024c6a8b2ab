"""`backup`, `restore` and `keys`: rehearsed on a machine where nothing is left but the file and the paper."""

import json
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import tomli_w
from typer.testing import CliRunner, Result

from keys import server as server_keys
from keys.signing import verifying_key
from messaging_server import cli
from messaging_server.broker import directory
from messaging_server.record.reading import open_thread
from messaging_server.record.verifying import verify_clinic
from messaging_server.storage import people
from messaging_server.storage.opening import open_database
from tests.clinic.world import World
from tests.messaging_server.cli.conftest import Run

WORD = "tangerine"


@pytest.fixture
def shares(world: World, tmp_path: Path) -> Path:
    """Two of the three printed shares, as a file."""
    return written(tmp_path / "shares.toml", world.founded.shares[:2])


def written(path: Path, given: Sequence[str]) -> Path:
    """Shares as a file of answers."""
    path.write_text(tomli_w.dumps({"shares": list(given)}), encoding="utf-8")
    return path


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """The settings of an empty machine."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    own = {"database": f"sqlite:///{folder}/data/clinic.sqlite3", "key_file": f"{folder}/keys/server.keys"}
    (folder / "settings.toml").write_text(tomli_w.dumps(own), encoding="utf-8")
    return folder


def files(folder: Path) -> set[str]:
    """Every file below a folder, by its name in it."""
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def folders(folder: Path) -> set[str]:
    """The folders in a folder."""
    return {path.name for path in folder.iterdir() if path.is_dir()}


def alive(folder: Path) -> Path:
    """The key file of a machine that is not empty."""
    (folder / "keys").mkdir()
    path = folder / "keys/server.keys"
    path.write_bytes(b"alive")
    return path


def damage(path: Path, *, cut: bool) -> None:
    """Lose the end of a file, or change one byte of it."""
    data = bytearray(path.read_bytes())
    data[-3] ^= 1
    path.write_bytes(data[:-9] if cut else data)


def is_private(path: Path) -> bool:
    """Whether nobody but its owner can read a file."""
    return not path.stat().st_mode & 0o077


def there(folder: Path, *arguments: str | Path) -> Result:
    """Run a command on the other machine."""
    return CliRunner().invoke(cli.app, [*map(str, arguments), "--settings", f"{folder}/settings.toml"])


async def test_a_lost_machine_is_restored_from_a_backup_and_two_shares(
    world: World, run: Run, shares: Path, elsewhere: Path, tmp_path: Path
) -> None:
    """Database and key file come back; every message opens, every ledger verifies, every name reads [SEC-16]."""
    await world.consent()
    receipt = await world.write(f"Bonjour, {WORD}.")
    made = await run("backup", tmp_path / "one.backup")
    assert made.exit_code == 0, made.output
    await world.write("Après la copie.")

    result = there(elsewhere, "restore", tmp_path / "one.backup", "--answers", shares)
    assert result.exit_code == 0, result.output
    keys = server_keys.load((elsewhere / "keys/server.keys").read_bytes())
    database = await open_database(f"sqlite:///{elsewhere}/data/clinic.sqlite3")
    try:
        assert receipt.thread is not None
        opened = await open_thread(database, world.rose, receipt.thread, world.now)
        assert opened.exchanges[0].content.text == f"Bonjour, {WORD}."
        found = await verify_clinic(database, world.clinic.id, verifying_key(keys))
        assert found.faults == ()
        row = await database.read(lambda c: people.person(c, world.clinic.id, world.rose.person))
        assert row is not None
        assert directory.open_name(keys, row).full == "Rose Lavigne"
    finally:
        await database.close()


async def test_a_backup_shows_nothing_and_is_its_owner_s_alone(world: World, run: Run, tmp_path: Path) -> None:
    """Neither keys, nor names of tables, nor a word: it may lie where thieves come [SEC-04, SEC-16]."""
    await world.write(WORD)
    target = tmp_path / "one.backup"
    await run("backup", target)
    data = target.read_bytes()
    for secret in (WORD, "SQLite format", "messaging-server keys", world.means.keys.index.hex()):
        assert secret.encode() not in data
    assert is_private(target)
    assert folders(tmp_path) == set()


async def test_a_backup_that_is_there_is_never_overwritten(run: Run, tmp_path: Path) -> None:
    """Yesterday's backup is worth more than a mistake of today."""
    target = tmp_path / "one.backup"
    target.write_bytes(b"yesterday")
    result = await run("backup", target)
    assert result.exit_code == 1
    assert target.read_bytes() == b"yesterday"


async def test_restoring_touches_nothing_that_is_there(
    world: World, run: Run, shares: Path, elsewhere: Path, tmp_path: Path
) -> None:
    """A restore over a living clinic is refused before anything is read."""
    await run("backup", tmp_path / "one.backup")
    kept = alive(elsewhere)
    result = there(elsewhere, "restore", tmp_path / "one.backup", "--answers", shares)
    assert result.exit_code == 2
    assert kept.read_bytes() == b"alive"
    assert files(elsewhere) == {"settings.toml", "keys/server.keys"}


@pytest.mark.parametrize("harm", ["one share", "cut", "changed", "another file"])
async def test_what_does_not_open_whole_restores_nothing(
    world: World, run: Run, shares: Path, elsewhere: Path, tmp_path: Path, harm: str
) -> None:
    """Too few shares, a file cut short or damaged: a clear sentence, and no half of a clinic [SEC-16]."""
    source = tmp_path / "one.backup"
    await run("backup", source)
    if harm == "one share":
        written(shares, world.founded.shares[:1])
    elif harm == "another file":
        source = shares
    else:
        damage(source, cut=harm == "cut")
    result = there(elsewhere, "restore", source, "--answers", shares)
    assert result.exit_code == 1
    assert "Traceback" not in result.output
    assert files(elsewhere) == {"settings.toml"}


async def test_a_lost_key_file_comes_back_from_a_backup(
    world: World, run: Run, shares: Path, tmp_path: Path
) -> None:
    """The database is left alone; only the key file is put back, and only where there is none [SEC-04]."""
    await run("backup", tmp_path / "one.backup")
    path = world.settings.key_file
    assert (await run("keys", "recover", tmp_path / "one.backup", "--answers", shares)).exit_code == 2
    kept = path.read_bytes()
    shutil.move(path, tmp_path / "lost.keys")
    result = await run("keys", "recover", tmp_path / "one.backup", "--answers", shares)
    assert result.exit_code == 0, result.output
    assert path.read_bytes() == kept
    assert is_private(path)


async def test_the_server_s_keys_are_rotated_and_everything_is_sealed_anew(world: World, run: Run) -> None:
    """Two commands, a restart in between; afterwards no row needs the old key [SEC-03]."""
    assert (await run("keys", "rotate")).exit_code == 0
    newer = server_keys.load(world.settings.key_file.read_bytes())
    assert [key.version for key in newer.directory] == [2, 1]
    assert [key.version for key in newer.delivery] == [2, 1]
    assert is_private(world.settings.key_file)
    result = await run("keys", "reseal")
    assert result.exit_code == 0, result.output
    only_new = replace(newer, directory=newer.directory[:1])
    row = await world.means.database.read(lambda c: people.person(c, world.clinic.id, world.rose.person))
    assert row is not None
    assert directory.open_name(only_new, row).full == "Rose Lavigne"


async def test_new_shares_take_the_place_of_the_old_ones(
    world: World, run: Run, shares: Path, elsewhere: Path, tmp_path: Path
) -> None:
    """A backup made afterwards opens with the new shares and with none of the old [SEC-03, SEC-16]."""
    result = await run("keys", "reshare", "--needed", "1", "--total", "2", "--answers", shares)
    assert result.exit_code == 0, result.output
    fresh = json.loads(result.stdout)["recovery_shares"]
    await run("backup", tmp_path / "one.backup")
    assert there(elsewhere, "restore", tmp_path / "one.backup", "--answers", shares).exit_code == 1
    written(shares, fresh[:1])
    assert there(elsewhere, "restore", tmp_path / "one.backup", "--answers", shares).exit_code == 0
    assert (await run("keys", "reshare", "--needed", "3", "--total", "2", "--answers", shares)).exit_code == 2
