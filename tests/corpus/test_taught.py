"""The messages that teach the second opinion can be read, and the model that ships is the one that they taught."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import triage.ruleset
from triage.model import Priority, Topic

TAUGHT = Path(__file__).parent / "taught"
REPLIES = Path(__file__).parents[2] / "templates" / "replies"


def test_every_taught_message_has_labels_that_exist() -> None:
    """A header names a language, one or two priorities, topics of the catalogue and a kind [SEN-03]."""
    headers = list(_headers())
    assert headers
    for place, (lang, priorities, topics, kind) in headers:
        assert lang in {"fr", "en"}, place
        assert set(priorities.split("/")) <= set(Priority), place
        assert topics == "-" or set(topics.split(",")) <= set(Topic), place
        assert kind.isidentifier(), place


def _headers() -> Iterator[tuple[str, list[str]]]:
    for path in sorted(TAUGHT.glob("*.txt")):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            if line.startswith("## "):
                yield f"{path.name}:{number}", line[3:].split()


def test_the_model_is_not_older_than_its_messages() -> None:
    """Whoever changes a taught message or a prepared reply teaches anew with `make opinion` [SEN-13]."""
    digest = hashlib.sha256()
    for path in [*sorted(TAUGHT.glob("*.txt")), *sorted(REPLIES.glob("*.toml"))]:
        digest.update(path.read_bytes())
    model = json.loads((Path(next(iter(triage.ruleset.__path__))) / "opinion.json").read_bytes())
    assert model["fingerprint"] == digest.hexdigest()[:16]
