"""Labelled messages, what the screening says of them, and the same messages as a hurried thumb writes them."""

import json
import math
import random
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from triage.model import Assessment, Direction, Part, Priority, Topic
from triage.rule import Ruleset
from triage.screen import assess

CORPUS = Path(__file__).parents[1] / "tests" / "corpus"
SPOKEN_OF = (Topic.MENTAL_HEALTH, Topic.ONCOLOGY, Topic.ADDICTION, Topic.STI_BBI, Topic.EMOTIONAL)
"""Topics that either side may speak of; the other two are acts of the clinician."""
ACTS = (Topic.NEW_DIAGNOSIS, Topic.NEW_TREATMENT)
GRAVITY = {Priority.ROUTINE: 0, Priority.URGENT: 1, Priority.STAT: 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """One message with its author's labels (`tests/corpus/README.md`)."""

    id: str
    lang: str
    direction: Direction
    kind: str
    priority: Priority
    acceptable: frozenset[Priority]
    clear: bool
    topics: frozenset[Topic]
    text: str


@dataclass(frozen=True, slots=True)
class Judged:
    """A labelled message and what the screening said of it."""

    label: Labelled
    priority: Priority
    topics: frozenset[Topic]

    @property
    def sensitive(self) -> bool:
        """Whether any topic was found that either side may speak of."""
        return not self.topics.isdisjoint(SPOKEN_OF)


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many, with Wilson's interval at 95 %."""

    hits: int
    of: int

    def __str__(self) -> str:
        """`0.94 [0.90-0.97] 120/128`."""
        if not self.of:
            return "-"
        low, high = self.interval()
        return f"{self.hits / self.of:.2f} [{low:.2f}-{high:.2f}] {self.hits}/{self.of}"

    def interval(self) -> tuple[float, float]:
        """Wilson's score interval (E. B. Wilson 1927), for z = 1.96; `of` is at least one."""
        z, n, share = 1.96, self.of, self.hits / self.of
        middle = share + z * z / (2 * n)
        around = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
        return (middle - around) / (1 + z * z / n), (middle + around) / (1 + z * z / n)


def share(found: Iterable[bool]) -> Share:
    """How many of these are true."""
    seen = list(found)
    return Share(sum(seen), len(seen))


def labelled(part: str) -> list[Labelled]:
    """The messages of one part of the corpus: `tuned` or `untouched`."""
    lines = (CORPUS / f"{part}.jsonl").read_text(encoding="utf-8").splitlines()
    return [_labelled(json.loads(line)) for line in lines]


def _labelled(row: dict[str, object]) -> Labelled:
    acceptable, topics = row["acceptable"], row["topics"]
    assert isinstance(acceptable, list)
    assert isinstance(topics, list)
    return Labelled(
        id=str(row["id"]), lang=str(row["lang"]), direction=Direction(str(row["direction"])), kind=str(row["kind"]),
        priority=Priority(str(row["priority"])), acceptable=frozenset(map(Priority, acceptable)),
        clear=bool(row["clear"]), topics=frozenset(map(Topic, topics)), text=str(row["text"]),
    )  # fmt: skip


def screened(text: str, ruleset: Ruleset, direction: Direction = Direction.INBOUND) -> Assessment:
    """What the screening says of a text."""
    return assess([Part("text", text)], direction=direction, language=None, ruleset=ruleset)


def judged(labels: Iterable[Labelled], ruleset: Ruleset) -> list[Judged]:
    """The messages with what the screening says of them."""
    out = []
    for label in labels:
        found = screened(label.text, ruleset, label.direction)
        out.append(Judged(label, found.priority, frozenset(found.topics)))
    return out


def plain_letters(text: str) -> str:
    """Without accents."""
    spread = unicodedata.normalize("NFD", text)
    return "".join(letter for letter in spread if not unicodedata.combining(letter))


def mistyped(text: str, seed: str) -> str:
    """One slip in about every tenth word of five letters or more: a letter lost, doubled or swapped with the next."""
    dice = random.Random(seed)  # the same slips on every machine
    return " ".join(_slip(word, dice) if len(word) > 4 and dice.random() < 0.1 else word for word in text.split(" "))


def _slip(word: str, dice: random.Random) -> str:
    at = dice.randrange(1, len(word) - 2)
    how = dice.randrange(3)
    if how == 0:
        return word[:at] + word[at + 1 :]
    if how == 1:
        return word[:at] + word[at] + word[at:]
    return word[:at] + word[at + 1] + word[at] + word[at + 2 :]


def variants(labels: Sequence[Labelled]) -> Iterator[tuple[str, list[Labelled]]]:
    """The same messages as written, without accents, with slips, and in capitals."""
    yield "as written", list(labels)
    yield "no accents", [replace(one, text=plain_letters(one.text)) for one in labels]
    yield "slips", [replace(one, text=mistyped(one.text, one.id)) for one in labels]
    yield "capitals", [replace(one, text=one.text.upper()) for one in labels]
