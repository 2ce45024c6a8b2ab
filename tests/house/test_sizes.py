"""Files and functions keep the size of a thought; rooms are named for what happens in them."""

import ast
import statistics
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CODE = ("messaging_server", "triage", "consent", "keys")
MIGRATIONS = ROOT / "messaging_server" / "storage" / "migrations"
FUNCTION_LINES, FILE_LINES, TEST_LINES = 40, 300, 500
MEDIAN = 10
NO_NAME_FOR_A_ROOM = {"utils", "util", "helpers", "common", "core", "manager", "service", "services", "misc"}


def _files(*folders: str) -> list[Path]:
    """The Python files of some folders; migrations are generated and stand apart."""
    found = (path for folder in folders for path in sorted((ROOT / folder).rglob("*.py")))
    return [path for path in found if not path.is_relative_to(MIGRATIONS)]


def _longer(paths: list[Path], most: int) -> dict[str, int]:
    lines = {str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines()) for path in paths}
    return {path: count for path, count in lines.items() if count > most}


def _functions(path: Path) -> Iterator[tuple[str, int]]:
    """Each function of a file and its lines, from its `def` to its last."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            yield f"{path.relative_to(ROOT)}:{node.lineno} {node.name}", lines


def test_no_file_of_the_code_is_longer_than_300_lines() -> None:
    """A file that outgrows the ceiling is split where its subject divides."""
    assert _longer(_files(*CODE, "bench"), FILE_LINES) == {}


def test_no_file_of_the_tests_is_longer_than_500_lines() -> None:
    """Tests may be longer than code, for they are read one at a time."""
    assert _longer(_files("tests"), TEST_LINES) == {}


def test_no_function_is_longer_than_40_lines() -> None:
    """Neither in the code nor in the tests."""
    found = (one for path in _files(*CODE, "bench", "tests") for one in _functions(path))

    assert {name: lines for name, lines in found if lines > FUNCTION_LINES} == {}


@pytest.mark.parametrize("package", CODE)
def test_the_usual_function_is_shorter_than_10_lines(package: str) -> None:
    """Half of all functions fit in one glance, in each package."""
    lengths = [lines for path in _files(package) for _, lines in _functions(path)]

    assert statistics.median(lengths) < MEDIAN


def test_no_room_is_named_for_everything() -> None:
    """A name such as `utils` tells nobody what is inside, and so everything ends up there."""
    folders = [path for package in CODE for path in (ROOT / package).rglob("*") if path.is_dir()]
    named = [path.relative_to(ROOT) for path in (*_files(*CODE), *folders) if path.stem in NO_NAME_FOR_A_ROOM]

    assert [str(path) for path in named] == []
