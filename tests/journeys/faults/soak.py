"""How long to go on: a moment in `make test`, the minutes that were asked for in `make soak`."""

import os
import random
import secrets
import time
from collections.abc import Iterator

MINUTES = float(os.environ.get("MINUTES", "0"))
SOAKING = MINUTES > 0


def rounds(few: int, many: int) -> Iterator[int]:
    """A few rounds; in a soak as many as the minutes hold, up to `many`."""
    end = time.monotonic() + 60 * MINUTES
    for number in range(many if SOAKING else few):
        if number >= few and time.monotonic() > end:
            return
        yield number


def seeded(name: str) -> random.Random:
    """A draw whose seed is printed, and taken from `SEED` when a run is to be repeated."""
    seed = int(os.environ.get("SEED", secrets.randbits(32)))
    print(f"{name}: SEED={seed}")  # noqa: T201  # pytest shows it with a failure
    return random.Random(seed)
