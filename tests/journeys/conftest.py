"""The town of the journeys."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.journeys.town import Town, open_town


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    """The whole clinic, every door open."""
    async with open_town(tmp_path) as made:
        yield made
