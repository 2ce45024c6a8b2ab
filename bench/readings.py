"""How often the untouched part was read: every version of the rules that was measured on it leaves a line.

The same version gives the same figures, so that measuring it again is not another reading.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from bench.labelled import Share

PAPER = Path(__file__).parents[1] / "docs" / "screening.md"
AFTER = "<!-- readings -->"
TOLD = (
    "emergencies, clear", "emergencies", "emergencies, at least urgent", "urgent, at least urgent",
    "priority acceptable", "any sensitive topic, recall",
)  # fmt: skip


def note(version: str, found: Mapping[str, Share]) -> None:
    """Add the line of this reading to the paper, unless this version of the rules has one."""
    text = PAPER.read_text(encoding="utf-8")
    if f"`{version}`" in text:
        return
    cells = [f"{datetime.now(UTC):%Y-%m-%d}", f"`{version}`", *(f"{_of(found[name])}" for name in TOLD)]
    PAPER.write_text(text.replace(AFTER, f"| {' | '.join(cells)} |\n{AFTER}"), encoding="utf-8")


def _of(found: Share) -> str:
    return f"{found.hits}/{found.of}"
