"""A copy of a SQLite database while it is written to."""

import asyncio
from pathlib import Path
from uuid import uuid4

import pytest

from messaging_server.storage import clinics, copying
from messaging_server.storage.opening import open_database
from messaging_server.storage.sqlite import SqliteDatabase
from tests.clinic.rows import NOON, Place


async def test_a_copy_made_while_others_write_is_whole_and_holds_what_was_committed(tmp_path: Path) -> None:
    """Nothing that was answered before the copy began is missing, and no half of a write is in it [SEC-16]."""
    database = await open_database(f"sqlite:///{tmp_path}/live.sqlite3")
    before = Place()
    await database.write(before.make)
    writes = [asyncio.create_task(database.write(Place().make)) for _ in range(40)]
    await asyncio.to_thread(copying.copy, tmp_path / "live.sqlite3", tmp_path / "copy.sqlite3")
    await asyncio.gather(*writes)
    await database.close()

    assert copying.sound(tmp_path / "copy.sqlite3")
    copied = SqliteDatabase(tmp_path / "copy.sqlite3")
    try:
        assert before.clinic in {clinic for clinic, _ in await copied.read(clinics.clinics)}
    finally:
        await copied.close()


async def test_a_damaged_file_is_not_sound(tmp_path: Path) -> None:
    """Pages that were overwritten, or a file that is none, are noticed before anything is restored [SEC-16]."""
    path = tmp_path / "live.sqlite3"
    database = await open_database(f"sqlite:///{path}")
    for number in range(50):
        await database.write(lambda c, host=f"{number}.test": clinics.add_clinic(c, uuid4(), host, NOON))  # type: ignore[misc]
    await database.close()
    assert copying.sound(path)
    data = bytearray(path.read_bytes())
    data[4096 : 4096 * 3] = b"\xff" * 8192
    path.write_bytes(data)
    assert not copying.sound(path)
    path.write_bytes(b"nothing of the kind" * 500)
    assert not copying.sound(path)


def test_a_file_that_is_not_there_makes_no_empty_copy(tmp_path: Path) -> None:
    """A wrong path is an error and not an empty backup."""
    with pytest.raises(FileNotFoundError):
        copying.copy(tmp_path / "nowhere.sqlite3", tmp_path / "copy.sqlite3")
    assert list(tmp_path.iterdir()) == []
