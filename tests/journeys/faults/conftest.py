"""One day is stolen from by all tests of thefts."""

import pytest

from tests.journeys.faults.loot import Loot, lived


@pytest.fixture(scope="session")
def loot(tmp_path_factory: pytest.TempPathFactory) -> Loot:
    """A day of a clinic, as thieves find it."""
    return lived(tmp_path_factory.mktemp("loot"))
