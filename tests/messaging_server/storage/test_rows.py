"""Rows and column types: what comes back is what went in, and what must be sealed is."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import LargeBinary, Uuid
from sqlalchemy.dialects import sqlite

from keys.envelope import Sealed
from messaging_server.storage import tables, threads
from messaging_server.storage.database import Database
from messaging_server.storage.rows import values
from messaging_server.storage.types import Instant
from tests.clinic.rows import DOTS, Place

INSTANT = Instant()
DIALECT = sqlite.dialect()
ZONES = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(st.datetimes(min_value=datetime(1800, 1, 1), max_value=datetime(2300, 1, 1), timezones=ZONES))  # noqa: DTZ001
def test_an_instant_comes_back_to_the_microsecond_in_utc(at: datetime) -> None:
    """Whatever zone it was given in, before 1970 too [REC-13]."""
    back = INSTANT.process_result_value(INSTANT.process_bind_param(at, DIALECT), DIALECT)
    assert back == at
    assert back is not None
    assert back.tzinfo is UTC


@given(st.lists(st.datetimes(timezones=ZONES, min_value=datetime(1900, 1, 1)), min_size=2, max_size=2))  # noqa: DTZ001
def test_stored_instants_sort_as_time_does(two: list[datetime]) -> None:
    """An index on a time is an index on the instant, not on how it is written [REC-13]."""
    kept = [INSTANT.process_bind_param(at, DIALECT) for at in two]
    assert (cast("int", kept[0]) < cast("int", kept[1])) == (two[0] < two[1])


def test_a_time_without_its_zone_is_refused() -> None:
    """Nobody guesses what clock a naive time was read from [REC-13]."""
    with pytest.raises(ValueError, match="time zone"):
        INSTANT.process_bind_param(datetime(2026, 11, 24, 12, 0), DIALECT)  # noqa: DTZ001  # the point


@pytest.mark.parametrize("plain", ["un mot du patient", b"un mot du patient", 7])
def test_a_plaintext_never_becomes_a_content_column(plain: Any) -> None:
    """Where the types were got round, the row itself refuses, without repeating the words [SEC-01]."""
    for name in ("content", "staff_content"):
        row = replace(Place().exchange_row(), **{name: plain})
        with pytest.raises(TypeError, match=name) as caught:
            values(row)
        assert "mot" not in str(caught.value)


def test_a_row_without_an_optional_sealed_field_passes() -> None:
    """No judgement beside an exchange is not a plaintext."""
    found = values(Place().exchange_row())
    assert (found["content"], found["staff_content"]) == (DOTS.blob, None)


async def test_rows_come_back_as_they_were_added(database: Database, place: Place) -> None:
    """A thread and an exchange survive the way through either database, seals and times included."""
    thread = await database.read(lambda c: threads.thread(c, place.clinic, place.thread))
    exchange = await database.read(lambda c: threads.exchange(c, place.clinic, place.exchange))
    assert thread is not None
    assert exchange is not None
    assert thread == replace(place.thread_row(), subject_key_id=thread.subject_key_id)
    assert exchange.content == Sealed(blob=DOTS.blob)
    assert exchange.created_at == place.exchange_row().created_at


async def test_another_clinic_does_not_see_a_row_by_its_id(database: Database, place: Place) -> None:
    """Knowing an id is not enough: two clinics on one server never mix [REC-05]."""
    other = Place()
    await database.write(other.make)
    assert await database.read(lambda c: threads.thread(c, other.clinic, place.thread)) is None
    assert await database.read(lambda c: threads.exchange(c, other.clinic, place.exchange)) is None


def test_every_table_but_a_few_belongs_to_a_clinic() -> None:
    """A row without a clinic could mix two; only the clinics themselves and leases of work have none [REC-05]."""
    without = {name for name, table in tables.metadata.tables.items() if "clinic_id" not in table.c}
    assert without == {"clinics", "leases"}


def test_what_is_named_sealed_or_a_content_is_kept_as_bytes_and_ids_as_ids() -> None:
    """No column that holds content could hold a text [SEC-01]."""
    for table in tables.metadata.tables.values():
        for column in table.columns:
            if column.name.startswith("sealed_") or column.name in {"content", "staff_content", "subject", "payload"}:
                assert isinstance(column.type, LargeBinary), f"{table.name}.{column.name}"
            if column.name == "id" or column.name.endswith(("clinic_id", "person_id", "record_id", "exchange_id")):
                assert isinstance(column.type, Uuid), f"{table.name}.{column.name}"
