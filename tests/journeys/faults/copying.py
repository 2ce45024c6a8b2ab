"""A copy of a database as the database itself makes it: what a careful administrator keeps."""

import sqlite3
from contextlib import closing
from pathlib import Path


def back_up(database: Path, to: Path) -> None:
    """Copy every page, whatever is being written meanwhile."""
    with closing(sqlite3.connect(database)) as source, closing(sqlite3.connect(to)) as copy:
        source.backup(copy)
