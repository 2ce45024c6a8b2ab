"""What the screening is made of: this folder and the standard library, and nothing of that which reaches outside."""

import ast
import sys
from pathlib import Path

from triage.fold import word_set

TRIAGE = Path(__file__).parents[2] / "triage"
REACHES_OUT = word_set("socket ssl http urllib ftplib smtplib asyncio subprocess multiprocessing")


def imported(path: Path) -> set[str]:
    """The top names that a module imports."""
    out: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            out |= {one.name.partition(".")[0] for one in node.names}
        elif isinstance(node, ast.ImportFrom):
            out.add((node.module or "").partition(".")[0])
    return out


def test_what_reads_the_messages_reaches_nobody() -> None:
    """No library of others and no way out of the machine: no text is sent to any classifier elsewhere [SEN-20]."""
    found = {name for path in TRIAGE.glob("**/*.py") for name in imported(path)}
    assert found - {"triage"} <= set(sys.stdlib_module_names)
    assert not found & REACHES_OUT
