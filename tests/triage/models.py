"""Small models for tests, written with a weight for every head, as they ship."""

import json
from collections.abc import Mapping
from typing import Any


def shipped(model: Mapping[str, Any]) -> bytes:
    """The model in the form that `triage.opinion.load` reads: only weights that are not zero."""
    kinds = ("words", "pairs", "concepts")
    told = {kind: {name: _sparse(weights) for name, weights in model[kind].items()} for kind in kinds}
    return json.dumps({**model, **told}).encode()


def _sparse(weights: list[int]) -> str:
    return " ".join(f"{head}:{weight}" for head, weight in enumerate(weights) if weight)
