"""How long to go on: a moment in `make test`, the minutes that were asked for in `make soak`."""

import os
import random
import secrets

MINUTES = float(os.environ.get("MINUTES", "0"))
SOAKING = MINUTES > 0


def seeded(name: str) -> random.Random:
    """A draw whose seed is printed, and taken from `SEED` when a run is to be repeated."""
    seed = int(os.environ.get("SEED", secrets.randbits(32)))
    print(f"{name}: SEED={seed}")  # noqa: T201  # pytest shows it with a failure
    return random.Random(seed)
