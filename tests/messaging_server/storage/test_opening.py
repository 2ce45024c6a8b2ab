"""Opening a database by its URL."""

from pathlib import Path

import pytest
from sqlalchemy import text

from messaging_server.storage.opening import open_database


def modes(folder: Path) -> list[int]:
    """Who may read what lies in a folder."""
    return [path.stat().st_mode & 0o777 for path in folder.glob("clinic.sqlite3*")]


async def test_nobody_else_on_the_machine_can_read_the_database(tmp_path: Path) -> None:
    """The file, its log and its index are the server's own, whatever the folder lets others do [SEC-04]."""
    database = await open_database(f"sqlite:///{tmp_path / 'clinic.sqlite3'}")
    try:
        await database.write(lambda c: c.execute(text("DELETE FROM leases")))

        assert modes(tmp_path) == [0o600] * 3
    finally:
        await database.close()


async def test_a_database_of_another_kind_is_refused() -> None:
    """Two kinds are known, and the message names them without repeating a password [AUD-02]."""
    with pytest.raises(ValueError, match="sqlite") as refused:
        await open_database("mysql://owner:secret@db/clinic")

    assert "secret" not in str(refused.value)
