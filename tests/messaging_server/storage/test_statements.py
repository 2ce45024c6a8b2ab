"""Prepared statements do what Core does, on both databases, and say no more than it does when they fail."""

from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import bindparam, create_engine, select
from sqlalchemy.exc import IntegrityError

from messaging_server.storage import tables
from messaging_server.storage.database import Connection, Database
from messaging_server.storage.statements import Prepared, insertion
from tests.clinic.rows import NOON, Place

_T = tables.threads
_STATED = select(_T).where(_T.c.id == bindparam("wanted"), _T.c.state == "open")
_TOUCH = _T.update().where(_T.c.id == bindparam("wanted")).values(last_at=bindparam("at"), unread=bindparam("new"))


async def test_a_prepared_question_gives_what_core_gives(database: Database, place: Place) -> None:
    """Names, types and values: ids, instants, booleans, ciphertext and NULL come back as Core brings them."""
    given = {"wanted": place.thread}
    names, rows = await database.read(lambda c: Prepared(_STATED).rows(c, given))
    told = await database.read(lambda c: c.execute(_STATED, given).mappings().one())
    assert [dict(zip(names, row, strict=True)) for row in rows] == [dict(told)]
    exchange = select(tables.exchanges)
    names, rows = await database.read(lambda c: Prepared(exchange).rows(c, {}))
    told = await database.read(lambda c: c.execute(exchange).mappings().one())
    assert [dict(zip(names, row, strict=True)) for row in rows] == [dict(told)]


async def test_a_prepared_change_is_seen_by_core(database: Database, place: Place) -> None:
    """What it writes is stored as Core stores it."""

    def change(connection: Connection) -> None:
        Prepared(_TOUCH).run(connection, {"wanted": place.thread, "at": NOON, "new": True})

    await database.write(change)
    row = await database.read(lambda c: c.execute(_STATED, {"wanted": place.thread}).one())
    assert (row.last_at, row.unread) == (NOON, True)


async def test_no_rows_to_write_is_no_statement(database: Database) -> None:
    """A message without files adds none."""
    seen = insertion(tables.seen, tables.seen.c.keys())
    await database.write(seen.run)
    assert await database.read(lambda c: c.execute(select(tables.seen)).all()) == []


async def test_nothing_found_is_nothing(database: Database) -> None:
    """No row gives no rows and no first."""
    assert await database.read(lambda c: Prepared(_STATED).first(c, {"wanted": uuid4()})) is None


async def test_a_refused_row_is_cores_error_without_its_values(database: Database, place: Place) -> None:
    """The words of an error never carry what was to be written."""
    seen = insertion(tables.seen, tables.seen.c.keys())
    row = {"clinic_id": place.clinic, "message_fp": b"canary-7731", "exchange_id": place.exchange, "at": NOON}
    await database.write(lambda c: seen.run(c, row))
    with pytest.raises(IntegrityError) as refused:
        await database.write(lambda c: seen.run(c, row))
    assert "canary" not in str(refused.value)


async def test_a_naive_instant_is_refused_as_by_core(database: Database, place: Place) -> None:
    """The conversions of the types are the same ones (REC-13)."""
    naive = {"wanted": place.thread, "at": NOON.replace(tzinfo=None), "new": True}
    with pytest.raises(Exception, match="time zone"):
        await database.write(lambda c: Prepared(_TOUCH).run(c, naive))


def test_what_cannot_be_worked_out_once_is_refused(migrated: Path) -> None:
    """A list of changing length, and a row that leaves a default to Core."""
    engine = create_engine(f"sqlite:///{migrated}")
    wanted = Prepared(select(_T.c.id).where(_T.c.state.in_(["open", "closed"])))
    partial = insertion(tables.accounts, ["id"])
    with engine.connect() as connection:
        for statement in (wanted, partial):
            with pytest.raises(TypeError, match="prepared"):
                statement.run(connection, {"id": uuid4()})
    engine.dispose()
