"""Copies of a clinic: as the database itself makes one, and as the command makes a backup that shares open."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from messaging_server.cli.keeping import unpacked
from tests.clinic.process import Premises, command


def copy_database(database: Path, to: Path) -> None:
    """Copy every page, whatever is being written meanwhile."""
    with closing(sqlite3.connect(database)) as source, closing(sqlite3.connect(to)) as copy:
        source.backup(copy)


def back_up(premises: Premises, to: Path, temporary: Path) -> str:
    """Run `messaging-server backup`, whatever is being written meanwhile; gives all that it said."""
    done = command(premises, "backup", to, TMPDIR=str(temporary), MESSAGING_SERVER_LOG_LEVEL="debug")
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def unpack(backup: Path, shares: Sequence[str], into: Path) -> Path:
    """The folder with the files of a backup, opened with recovery shares."""
    into.mkdir()
    assert set(unpacked(backup, shares, into)) == {"server.keys", "database.sqlite3"}
    return into
