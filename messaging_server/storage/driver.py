"""Choosing the SQLite library before anybody imports one.

Debian's and Python's own SQLite before 3.51.3 can corrupt a database in WAL mode when a checkpoint meets a write;
`pysqlite3` brings a mended one. aiosqlite imports the name `sqlite3`, so the mended library takes that name first.
"""

import sys

OLDEST_SAFE = (3, 51, 3)


def install_sqlite() -> tuple[int, ...]:
    """Put the mended SQLite in place of `sqlite3` and give its version; keeps the system's where there is no wheel."""
    try:
        import pysqlite3  # noqa: PLC0415  # only where the platform has a wheel
    except ImportError:
        import sqlite3  # noqa: PLC0415

        return sqlite3.sqlite_version_info
    sys.modules["sqlite3"] = pysqlite3
    sys.modules["sqlite3.dbapi2"] = pysqlite3.dbapi2
    return tuple(int(part) for part in pysqlite3.sqlite_version.split("."))


SQLITE_VERSION = install_sqlite()
