"""The built-in ruleset, read and compiled once for all tests of the screening."""

from collections.abc import Callable
from pathlib import Path

import pytest

from triage.model import Assessment, Direction, Part
from triage.rules import Ruleset, load
from triage.screen import assess

RULES = Path(__file__).parents[2] / "triage" / "ruleset"


@pytest.fixture(scope="session")
def files() -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(RULES.glob("*.toml"))}


@pytest.fixture(scope="session")
def ruleset(files: dict[str, bytes]) -> Ruleset:
    return load(files)


@pytest.fixture(scope="session")
def read(ruleset: Ruleset) -> Callable[[str], Assessment]:
    """What the screening says of one inbound text."""

    def judge(text: str) -> Assessment:
        return assess([Part("text", text)], direction=Direction.INBOUND, language=None, ruleset=ruleset)

    return judge


@pytest.fixture(scope="session")
def told(ruleset: Ruleset) -> Callable[[str], Assessment]:
    """What the screening says of one outbound text."""

    def judge(text: str) -> Assessment:
        return assess([Part("text", text)], direction=Direction.OUTBOUND, language=None, ruleset=ruleset)

    return judge
