"""A consistent copy of a SQLite database while the server goes on writing, and whether a copy is sound."""

from contextlib import closing
from pathlib import Path

from messaging_server.storage import driver

import sqlite3  # isort: skip  # after the driver, which puts the mended library in its place

PAGES = 4_000
"""Copied at a time; the server may write in between, and the copy begins again where it must."""
assert driver.SQLITE_VERSION


def copy(source: Path, target: Path) -> None:
    """Copy by SQLite's own online backup. Raises OSError when the source is not there."""
    if not source.is_file():
        raise FileNotFoundError(source)
    with closing(sqlite3.connect(source)) as live, closing(sqlite3.connect(target)) as made:
        live.backup(made, pages=PAGES)
        made.execute("PRAGMA journal_mode=DELETE")


def sound(path: Path) -> bool:
    """Whether SQLite finds nothing wrong with a file, its references between tables included."""
    with closing(sqlite3.connect(path)) as connection:
        try:
            whole = connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            return whole and connection.execute("PRAGMA foreign_key_check").fetchone() is None
        except sqlite3.DatabaseError:
            return False
