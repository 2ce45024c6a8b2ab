"""How a frozen row becomes an INSERT, and a database row a frozen one again.

Content columns take `Sealed` only: a plaintext write does not type-check, and would not pass `values` either.
"""

from collections.abc import Sequence
from dataclasses import fields
from enum import StrEnum
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import Connection, Insert, Row, Table

from keys.envelope import Sealed

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
    if rows:
        connection.execute(_insert(table), [values(row) for row in rows])


@cache
def _insert(table: Table) -> Insert:
    """One statement a table: building and naming it anew costs more than running it."""
    return table.insert()


def as_rows(kind: type[T], found: Sequence[Row[Any]]) -> tuple[T, ...]:
    """Database rows as frozen rows of `kind`, by column name; blobs of `Sealed` fields are put back in their type."""
    if not found:
        return ()
    sealed = _sealed_fields(kind)  # type: ignore[arg-type]  # a class is hashable
    names = found[0]._fields
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
