"""Which requirements do the tests cite? Run as `python -m tests.house.coverage` (`--open` lists what no test cites).

The table is made from `docs/requirements.tsv` and from the docstrings of the tests, never typed. A citation says that a
test is about a requirement; it does not say that the requirement is whole.
"""

import ast
import csv
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

ROOT = Path(__file__).parents[2]
LIST = ROOT / "docs" / "requirements.tsv"
AREAS = {
    "CON": "consent gate", "SEN": "sensitive topics", "TRI": "triage queues", "ACK": "acknowledgement, emergency",
    "EIN": "e-mail in", "EOU": "e-mail out", "DIR": "directory", "SMS": "texts", "REC": "record archive",
    "IDN": "identity", "AUD": "audit", "TRN": "transparency", "BRD": "broadcast", "ETQ": "etiquette",
    "MIS": "misuse", "SVC": "clinical services", "MET": "metrics", "SUP": "support, training",
    "GOV": "governance, devices", "SEC": "security", "ACC": "accessibility, language", "RET": "retention, breach",
    "T": "traps",
}  # fmt: skip
IDENTIFIER = re.compile(rf"(?<![\w-])(?:{'|'.join(AREAS)})-\d\d(?![\w-])")
LEVELS = ("MUST", "SHOULD", "TRAP")


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """One line of the list: what the product must or should do, and the lines of the source that say so."""

    id: str
    level: str
    wording: str
    source: str

    @property
    def area(self) -> str:
        """The letters before the number."""
        return self.id.rpartition("-")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """A test and what its docstring says, if anything."""

    where: str
    text: str


def requirements(path: Path = LIST) -> tuple[Requirement, ...]:
    """The list in its own order. Raises TypeError for a line whose columns are not the four."""
    with path.open(encoding="utf-8", newline="") as lines:
        rows = csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
        return tuple(Requirement(**row) for row in rows)


def sentences(folder: Path = ROOT / "tests") -> Iterator[Sentence]:
    """Every test of a folder with its docstring."""
    for path in sorted(folder.rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
                yield Sentence(where=f"{path.relative_to(folder)}::{node.name}", text=ast.get_docstring(node) or "")


def cited(said: Iterable[Sentence]) -> Mapping[str, tuple[str, ...]]:
    """For each identifier, the tests that cite it."""
    found: dict[str, list[str]] = {}
    for sentence in said:
        for identifier in sorted(set(IDENTIFIER.findall(sentence.text))):
            found.setdefault(identifier, []).append(sentence.where)
    return {identifier: tuple(where) for identifier, where in found.items()}


def table(known: Iterable[Requirement], found: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
    """For each area and for all: how many are cited, of how many, at each level."""
    rows = tuple(known)
    yield f"{'area':<32}" + "".join(f"{level:>16}" for level in LEVELS)
    for area, group in groupby(rows, key=lambda row: row.area):
        yield _line(f"{area:<4} {AREAS[area]}", tuple(group), found)
    yield _line("all", rows, found)


def _line(name: str, rows: tuple[Requirement, ...], found: Mapping[str, tuple[str, ...]]) -> str:
    cells = []
    for level in LEVELS:
        ids = [row.id for row in rows if row.level == level]
        cells.append(f"{sum(one in found for one in ids):>4} of {len(ids):>3}" if ids else "")
    return f"{name:<32}" + "".join(f"{cell:>16}" for cell in cells)


def main(arguments: list[str]) -> None:
    """Print the table, or what no test cites yet."""
    known, found = requirements(), cited(sentences())
    lines = (
        (f"{row.id}\t{row.level}\t{row.wording}" for row in known if row.id not in found)
        if "--open" in arguments
        else table(known, found)
    )
    sys.stdout.write("".join(f"{line}\n" for line in lines))


if __name__ == "__main__":
    main(sys.argv[1:])
