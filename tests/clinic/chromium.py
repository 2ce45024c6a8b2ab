"""The browser of the tests, and axe in it: every rule that axe has, none switched off (ACC-01)."""

import json
import os
from pathlib import Path
from typing import Final, TypedDict

import pytest
from axe_playwright_python.base import AXE_SCRIPT

CHROMIUM: Final = Path("/usr/bin/chromium")
ARGUMENTS: Final = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
]  # fmt: skip
SCRIPT: Final = AXE_SCRIPT
JUDGE: Final = """async () => {
  const everything = Object.fromEntries(axe.getRules().map(({ ruleId }) => [ruleId, { enabled: true }]));
  const { violations } = await axe.run({ rules: everything, resultTypes: ["violations"] });
  return violations.map(({ id, nodes }) => ({ id, nodes: nodes.slice(0, 3).map(({ html }) => html.slice(0, 200)) }));
}"""
"""Some rules axe leaves off by itself (contrast of 7:1, targets of 24 px, experimental ones): all are switched on."""


class Violation(TypedDict):
    """A rule that a page breaks, and the first elements that break it."""

    id: str
    nodes: list[str]


def told(found: list[Violation]) -> str:
    """What axe found, as a test that fails says it."""
    return json.dumps(found, indent=1, ensure_ascii=False)


def need_chromium() -> None:
    """Skip where Chromium is missing; fail where everything is required."""
    if CHROMIUM.exists():
        return
    if os.environ.get("REQUIRE") == "all":
        pytest.fail(f"{CHROMIUM} is missing and REQUIRE=all")
    pytest.skip(f"{CHROMIUM} is missing")
