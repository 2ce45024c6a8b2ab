"""The statements that every message runs, worked out once and then handed to SQLite's own driver as text.

What SQLAlchemy's Core does for an execution costs several times what SQLite does for it, and is the same each time:
the text, the order of the values, and how each type is converted. A `Prepared` statement keeps these three. On
PostgreSQL Core runs it as it is, because there the way to the server costs more than the way through Core.

Errors are SQLAlchemy's on both, without the values: they may be what somebody said.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import CompoundSelect, Connection, Dialect, Insert, Select, Table, Update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import TypeEngine

from messaging_server.storage import driver

import sqlite3  # isort: skip  # after the driver, which puts the mended library in its place

Convert = Callable[[Any], Any] | None
Core = Select[Any] | CompoundSelect[Any] | Insert | Update
assert driver.SQLITE_VERSION


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """A statement as SQLite's driver takes it."""

    statement: str
    given: tuple[tuple[str, Convert], ...]
    """The values in the order of the text's question marks, each with its conversion."""
    fixed: Mapping[str, Any]
    """Values that stand in the statement itself."""
    names: tuple[str, ...]
    found: tuple[Convert, ...]

    def values(self, given: Mapping[str, Any]) -> list[Any]:
        """What the driver binds. Raises KeyError when a value is missing."""
        fixed = self.fixed
        return [
            convert(value) if convert is not None and value is not None else value
            for convert, value in (
                (convert, given[name] if name in given else fixed[name]) for name, convert in self.given
            )
        ]

    def row(self, row: Sequence[Any]) -> tuple[Any, ...]:
        """A row of the driver with its types put back."""
        return tuple(
            convert(value) if convert is not None and value is not None else value
            for convert, value in zip(self.found, row, strict=True)
        )


class Prepared:
    """A Core statement of fixed shape: named values, no list of changing length."""

    __slots__ = ("_columns", "_core", "_plan")

    def __init__(self, core: Core, columns: Sequence[str] | None = None) -> None:
        """`columns` are those of an INSERT that is given no others."""
        self._core = core
        self._columns = columns
        self._plan: _Plan | None = None

    def rows(self, connection: Connection, given: Mapping[str, Any]) -> tuple[tuple[str, ...], Sequence[Sequence[Any]]]:
        """The names of the columns, and the rows."""
        if connection.dialect.name != "sqlite":
            result = connection.execute(self._core, given)
            return tuple(result.keys()), result.all()
        plan = self._plan or self._planned(connection.dialect)
        return plan.names, [plan.row(row) for row in execute(connection, plan.statement, plan.values(given)).fetchall()]

    def first(self, connection: Connection, given: Mapping[str, Any]) -> Sequence[Any] | None:
        """The first row, or None."""
        return next(iter(self.rows(connection, given)[1]), None)

    def run(self, connection: Connection, *given: Mapping[str, Any]) -> None:
        """Run a change once for each set of values."""
        if connection.dialect.name != "sqlite":
            if given:
                connection.execute(self._core, given)
            return
        plan = self._plan or self._planned(connection.dialect)
        for one in given:
            execute(connection, plan.statement, plan.values(one))

    def _planned(self, dialect: Dialect) -> _Plan:
        self._plan = _plan(self._core, dialect, self._columns)
        return self._plan


def insertion(table: Table, columns: Sequence[str]) -> Prepared:
    """The INSERT of a row with these columns."""
    return Prepared(table.insert(), columns)


def _plan(core: Core, dialect: Dialect, columns: Sequence[str] | None) -> _Plan:
    compiled = core.compile(dialect=dialect, column_keys=columns)
    assert isinstance(compiled, SQLCompiler)
    if compiled.post_compile_params or (isinstance(core, Insert) and compiled.insert_prefetch):
        raise TypeError("a prepared statement holds no IN, and a prepared row names every column that has a default")
    types = {name: bind.type for bind, name in compiled.bind_names.items()}
    order = compiled.positiontup or []
    fixed = {name: value for name, value in compiled.params.items() if value is not None}
    selected = [] if isinstance(core, Insert | Update) else list(core.selected_columns)
    return _Plan(
        statement=compiled.string,
        given=tuple((name, _bound(types[name], dialect)) for name in order),
        fixed=fixed,
        names=tuple(column.key or "" for column in selected),
        found=tuple(column.type.dialect_impl(dialect).result_processor(dialect, None) for column in selected),
    )


def _bound(kind: TypeEngine[Any], dialect: Dialect) -> Convert:
    return kind.dialect_impl(dialect).bind_processor(dialect)


def execute(connection: Connection, text: str, values: Sequence[Any] = ()) -> "sqlite3.Cursor":
    """Hand a text with its values to SQLite's driver. Raises SQLAlchemy's errors, without the values."""
    raw: Any = connection.connection.dbapi_connection
    try:
        cursor: sqlite3.Cursor = raw.execute(text, values)
    except sqlite3.Error as error:
        raise DBAPIError.instance(
            text, None, error, sqlite3.Error, hide_parameters=True, dialect=connection.dialect
        ) from error
    return cursor
