"""How a frozen row becomes an INSERT, and a database row a frozen one again.

Content columns take `Sealed` only: a plaintext write does not type-check, and would not pass `values` either.
"""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from enum import StrEnum
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import Connection, Row, Table

from keys.envelope import Sealed
from messaging_server.storage.statements import Prepared, insertion

T = TypeVar("T")


def values(row: Any) -> dict[str, Any]:
    """The columns of a row dataclass; sealed content becomes its ciphertext, an enum its word.

    Raises TypeError for anything but `Sealed` in a field of that type.
    """
    guarded = _sealed_fields(type(row))  # type: ignore[arg-type]  # a class is hashable
    names = _names(type(row))  # type: ignore[arg-type]
    return {name: _plain(name, getattr(row, name), guarded) for name in names}


def _plain(name: str, value: Any, guarded: frozenset[str]) -> Any:
    if isinstance(value, Sealed):
        return value.blob
    if name in guarded and value is not None:
        # The value is not named: it may be what somebody said.
        raise TypeError(f"{name} takes sealed content only, not {type(value).__name__}")
    return value.value if isinstance(value, StrEnum) else value


def insert(connection: Connection, table: Table, *rows: Any) -> None:
    """Add rows whose dataclass fields are named as the table's columns."""
    for row in rows:
        _insert(table, type(row)).run(connection, values(row))  # type: ignore[arg-type]  # a class is hashable


@cache
def _insert(table: Table, kind: type[Any]) -> Prepared:
    """One statement a table: building and naming it anew costs more than running it."""
    return insertion(table, _names(kind))  # type: ignore[arg-type]  # a class is hashable


def as_rows(kind: type[T], found: Sequence[Row[Any]]) -> tuple[T, ...]:
    """Database rows as frozen rows of `kind`, by column name; blobs of `Sealed` fields are put back in their type."""
    return _typed(kind, found[0]._fields, found) if found else ()


def found_rows(connection: Connection, statement: Prepared, kind: type[T], given: Mapping[str, Any]) -> tuple[T, ...]:
    """The same for a prepared statement and its values."""
    names, found = statement.rows(connection, given)
    return _typed(kind, names, found)


def _typed(kind: type[T], names: Sequence[str], found: Sequence[Sequence[Any]]) -> tuple[T, ...]:
    sealed = _sealed_fields(kind)  # type: ignore[arg-type]  # a class is hashable
    return tuple(
        kind(**{name: _sealed(name, value, sealed) for name, value in zip(names, row, strict=True)}) for row in found
    )


@cache
def _names(kind: type[Any]) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind))


@cache
def _sealed_fields(kind: type[Any]) -> frozenset[str]:
    return frozenset(field.name for field in fields(kind) if "Sealed" in str(field.type))


def _sealed(name: str, value: Any, sealed: frozenset[str]) -> Any:
    return Sealed(blob=value) if name in sealed and value is not None else value
