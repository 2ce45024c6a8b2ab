"""The town of the journeys."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.journeys.town import Pattern, Town, found_once, open_town


@pytest.fixture(scope="session")
def pattern(tmp_path_factory: pytest.TempPathFactory) -> Pattern:
    """A founded clinic to copy."""
    return found_once(tmp_path_factory.mktemp("pattern"))


@pytest.fixture
async def town(tmp_path: Path, pattern: Pattern) -> AsyncIterator[Town]:
    """The whole clinic, every door open."""
    async with open_town(tmp_path, pattern=pattern) as made:
        yield made
