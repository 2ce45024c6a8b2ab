"""A report as tables of words, alike on a page, in a file for a spreadsheet and at the terminal (MET-05). Pure."""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import StringIO
from itertools import chain

_LEADS = ("=", "+", "-", "@", "\t", "\r", "\n")
"""With what a spreadsheet takes a cell for a formula (OWASP, CSV injection)."""
_MARK = "\N{ZERO WIDTH NO-BREAK SPACE}"
"""Without it Excel takes UTF-8 for something else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One table; the first column names the row."""

    key: str
    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...] = ()
    words: int = 1
    """How many columns hold words; the others hold numbers."""
    empty: str = ""
    """What is said where there is no row."""
    foot: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A report in one language."""

    title: str
    period: str
    about: tuple[str, ...]
    """What must be read with it."""
    tables: tuple[Table, ...]

    def lines(self) -> Iterator[tuple[str, ...]]:
        """Every line, an empty one between the tables."""
        yield from ((self.title,), (self.period,), *((sentence,) for sentence in self.about))
        for table in self.tables:
            yield from ((), (table.caption,))
            yield from (table.head, *table.rows) if table.rows else ((table.empty,),)
            yield from ((table.foot,),) if table.foot else ()


def for_spreadsheet(sheet: Sheet, separator: str) -> str:
    """The file to save (RFC 4180): every cell quoted, none of them a formula."""
    out = StringIO()
    writer = csv.writer(out, delimiter=separator, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerows([harmless(cell) for cell in line] for line in sheet.lines())
    return _MARK + out.getvalue()


def harmless(cell: str) -> str:
    """A cell that no spreadsheet runs: what could be taken for a formula begins with an apostrophe."""
    return f"'{cell}" if cell.lstrip(" \N{NO-BREAK SPACE}").startswith(_LEADS) or cell.startswith(_LEADS) else cell


def for_terminal(sheet: Sheet) -> str:
    """The same with its columns under each other."""
    head = (sheet.title, sheet.period, *sheet.about)
    return "\n".join(chain(head, *(("", *_lines(table)) for table in sheet.tables)))


def _lines(table: Table) -> Iterator[str]:
    yield table.caption
    if table.rows:
        yield from _columns((table.head, *table.rows), table.words)
    else:
        yield f"  {table.empty}"
    if table.foot:
        yield f"  {table.foot}"


def _columns(rows: Sequence[tuple[str, ...]], words: int) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = [
            cell.ljust(width) if at < words else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        yield f"  {'  '.join(cells)}".rstrip()
