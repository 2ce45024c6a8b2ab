"""Teach the second opinion from the messages of `tests/corpus/taught`: `make opinion` (needs scikit-learn).

Logistic regression a head, over counts of words, pairs and concepts in windows, as `triage.opinion` reads them. Of a
grave message only the window that tells most is an example: the rest of a long one is about something else. What is
written is whole numbers; running the screening needs none of what is imported here.
"""

import hashlib
import json
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix, diags, vstack
from sklearn.linear_model import LogisticRegression

from bench.labelled import ACTS, SPOKEN_OF
from triage import opinion, rules
from triage.fold import fold
from triage.raising import FAMILIES
from triage.rule import Ruleset
from triage.screen import hits_of

ROOT = Path(__file__).parents[1]
TAUGHT = ROOT / "tests" / "corpus" / "taught"
REPLIES = ROOT / "templates" / "replies"
PREPARED = ("routine", "-", "outbound")
OFTEN = 4
"""Times that a prepared reply counts: it is sent day after day."""
MODEL = ROOT / "triage" / "ruleset" / "opinion.json"
REACH = 40
UNIT = 256
"""The model's unit: whole numbers a natural logit."""
STRENGTH = 0.3
"""Inverse of the regularisation (scikit-learn's C)."""
SEEN, PAIRED = 2, 6
"""Messages that must hold a word, or a pair of words, for the model to know it: pairs are many, and few tell more."""
SLIGHT = 16
"""Weights below this, in the model's unit, are left out."""
LONG = 3
"""Letters of a word that the lexicon would look up as a slip, or as one written with letters held down."""
BARS = {
    "stat": -0.1, "urgent": -0.4, "mental_health": 0.25, "oncology": 0.4, "addiction": 0.25, "sti_bbi": 0.2,
    "emotional": 0.7, "new_diagnosis": 0.0, "new_treatment": 0.4,
    "suicide": 0.0, "overdose": 0.5, "violence": 0.5, "obstetric": 1.0,
}  # fmt: skip
"""Natural logits above which a head is raised: chosen on the tuned part and on real questions, never on the other."""
BRIEF = {
    "stat": 1.0, "urgent": 0.5, "mental_health": 0.5, "oncology": 1.5, "addiction": 2.0, "sti_bbi": 1.5,
    "emotional": 0.5,
}  # fmt: skip
"""By how much a bar is higher for a text of no words than for one of `REACH` words or more; in between, the nearer."""
ALSO = {"suicide": ("self_harm",), "overdose": ("poisoning",), "obstetric": (), "violence": ()}
"""Families of the taught messages that call for the same help lines."""


@dataclass(frozen=True, slots=True)
class Example:
    """A taught message: its labels, and its tokens."""

    lang: str
    priorities: tuple[str, ...]
    topics: frozenset[str]
    kind: str
    text: str = field(repr=False)
    tokens: tuple[str, ...] = field(repr=False)
    concepts: tuple[tuple[int, str], ...] = field(repr=False)
    """What the rules' lexicon found, each with the place of its first word."""

    @property
    def outbound(self) -> bool:
        """Whether a clinician wrote it."""
        return self.kind == "outbound"

    def windows(self) -> Iterator[tuple[int, int]]:
        """The windows in which the opinion would read it."""
        length = len(self.tokens)
        for at in range(0, max(length - REACH // 2, 1), REACH // 2):
            yield at, min(at + REACH, length)


Window = tuple[Example, int, int]
Weights = Any
Matrix = Any
"""Arrays and sparse matrices of the libraries above, whose types are not at hand where they are not installed."""
Says = Callable[[Example], bool | None]


def examples() -> list[Example]:
    """All taught messages, and the prepared replies; raises ValueError at a line that has no labels above it."""
    ruleset = rules.load({path.name: path.read_bytes() for path in MODEL.parent.glob("*.toml")})
    names = {number: name for name, number in ruleset.concepts.items()}
    out: list[Example] = []
    for path in sorted(TAUGHT.glob("*.txt")):
        label: list[str] = []
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.startswith("## "):
                label = line[3:].split()
            elif line.strip():
                out.append(_example(label, line.replace(" \\ ", "\n"), ruleset, names))
    prepared = [_example([lang, *PREPARED], text, ruleset, names) for lang, text in _prepared()]
    return out + OFTEN * prepared


def _prepared() -> Iterator[tuple[str, str]]:
    """The replies that ship with the server, and their titles: nothing in them is ever to be held back."""
    for path in sorted(REPLIES.glob("*.toml")):
        for told in tomllib.loads(path.read_text(encoding="utf-8"))["texts"]:
            for lang in ("fr", "en"):
                yield lang, told["title"][lang]
                yield lang, "\n".join(told["body"][lang])
                yield from ((lang, line) for line in told["body"][lang])


def _example(label: Sequence[str], text: str, ruleset: Ruleset, names: Mapping[int, str]) -> Example:
    """A message as the opinion reads it. `label` is a header's four words; ValueError where it is none."""
    lang, priorities, topics, kind = label
    words = fold(text, ruleset.shorthand).words
    return Example(
        lang=lang, priorities=tuple(priorities.split("/")), topics=frozenset(topics.split(",")) - {"-"}, kind=kind,
        text=text, tokens=tuple(map(opinion.token, words)),
        concepts=tuple((hit.start, names[hit.concept]) for hit in hits_of(words, ruleset)),
    )  # fmt: skip


def features(example: Example, start: int, end: int) -> Iterator[str]:
    """What a window holds: concepts, words and pairs; the pair of its last word may reach over its end."""
    tokens = example.tokens
    yield from (f"={name}" for at, name in example.concepts if start <= at < end)
    for at in range(start, end):
        yield tokens[at]
        if at + 1 < len(tokens):
            yield f"{tokens[at]} {tokens[at + 1]}"


def vocabulary(taught: Sequence[Example]) -> dict[str, int]:
    """Every feature that enough messages hold, with its column."""
    seen = Counter(one for example in taught for one in set(features(example, 0, len(example.tokens))))
    kept = (one for one, times in seen.items() if times >= (PAIRED if " " in one else SEEN))
    return {name: column for column, name in enumerate(sorted(kept))}


def matrix(windows: Sequence[Window], columns: dict[str, int]) -> Matrix:
    """Counts of features, a row each window."""
    rows, places, counts = [0], list[int](), list[int]()
    for example, start, end in windows:
        found = Counter(columns[one] for one in features(example, start, end) if one in columns)
        places.extend(found)
        counts.extend(found.values())
        rows.append(len(places))
    return csr_matrix((counts, places, rows), shape=(len(windows), len(columns)), dtype=float)


def taught_head(says: Says, taught: Sequence[Example], columns: dict[str, int]) -> tuple[Weights, float]:
    """Weights and bias of one head. Twice: first on all windows of what it should raise, then on the telling ones."""
    yes = [example for example in taught if says(example) is True]
    if not yes:
        return np.zeros(len(columns)), -99.0
    no = [(example, *window) for example in taught if says(example) is False for window in example.windows()]
    quiet = matrix(no, columns)
    telling: list[list[Window]] = [[(example, *window) for window in example.windows()] for example in yes]
    weights, _ = _fitted(matrix(list(chain(*telling)), columns), quiet)
    best = [max(windows, key=_strength(weights, columns)) for windows in telling]
    return _fitted(matrix(best, columns), quiet)


def _strength(weights: Weights, columns: dict[str, int]) -> Callable[[Window], float]:
    def strength(window: Window) -> float:
        example, start, end = window
        return float(sum(weights[columns[one]] for one in features(example, start, end) if one in columns))

    return strength


def _fitted(yes: Matrix, no: Matrix) -> tuple[Weights, float]:
    """Weights and bias; each column is stretched by how unevenly it is spread (Wang and Manning 2012)."""
    each = [(np.asarray((one > 0).sum(axis=0)).ravel() + 1.0) / one.shape[0] for one in (yes, no)]
    stretched = np.abs(np.log(each[0] / each[1]))
    model = LogisticRegression(C=STRENGTH, solver="liblinear", class_weight="balanced", max_iter=500)
    model.fit(vstack([yes, no]) @ diags(stretched), np.r_[np.ones(yes.shape[0]), np.zeros(no.shape[0])])
    return model.coef_[0] * stretched, float(model.intercept_[0])


def heads() -> dict[str, Says]:
    """What each head is to raise: yes, no, or (None) a borderline message that teaches it nothing."""
    spoken = {topic.value: _topic(topic.value, outbound=None) for topic in SPOKEN_OF}
    acts = {topic.value: _topic(topic.value, outbound=True) for topic in ACTS}
    families = {family: _family(family) for family in FAMILIES}
    return {"stat": _stat, "urgent": _urgent, **spoken, **acts, **families}


def _stat(example: Example) -> bool | None:
    if example.outbound:
        return None
    return True if example.priorities[0] == "stat" else None if "stat" in example.priorities else False


def _urgent(example: Example) -> bool | None:
    if example.outbound or len(set(example.priorities) & {"routine", "urgent"}) > 1:
        return None
    return example.priorities[0] != "routine"


def _topic(topic: str, outbound: bool | None) -> Says:
    return lambda example: topic in example.topics if outbound in {None, example.outbound} else None


def _family(family: str) -> Says:
    kinds = {family, *ALSO.get(family, ())}
    return lambda example: None if example.outbound else example.kind in kinds and example.priorities[0] != "routine"


def exported(taught: Sequence[Example]) -> dict[str, Any]:
    """The model as `triage.opinion.load` reads it: words, pairs and concepts with the heads' whole-number weights."""
    columns = vocabulary(taught)
    learned = {name: taught_head(says, taught, columns) for name, says in heads().items()}
    names = list(columns)
    weights = np.rint(UNIT * np.array([weights for weights, _ in learned.values()])).astype(int)
    weights[np.abs(weights) < SLIGHT] = 0
    kept = np.flatnonzero(weights.any(axis=0))
    told = {names[column]: _sparse(weights[:, column].tolist()) for column in kept}
    concepts = {name[1:]: told.pop(name) for name in list(told) if name.startswith("=")}
    spoken = sorted({word for name in told for word in name.split(" ")})
    words = {word: told.get(word, "") for word in spoken}
    return {
        "heads": list(learned), "reach": REACH, "fingerprint": fingerprint(),
        "start": [round(UNIT * (bias - BARS[name])) for name, (_, bias) in learned.items()],
        "brief": [round(UNIT * BRIEF.get(name, 0.0)) for name in learned],
        "ordinary": ordinary(taught), "concepts": concepts, "words": words,
        "pairs": {name: told[name] for name in told if name.count(" ") == 1},
    }


def _sparse(weights: Sequence[int]) -> str:
    """The weights that are not zero, each after its head's number: `0:51 4:-20`."""
    return " ".join(f"{head}:{weight}" for head, weight in enumerate(weights) if weight)


def ordinary(taught: Sequence[Example]) -> list[str]:
    """Long words that several people wrote, so that nobody need ask whether they are slips of another."""
    seen = Counter(word for example in taught for word in set(fold(example.text).words) if len(word) > LONG)
    return sorted(word for word, times in seen.items() if times > SEEN)


def fingerprint() -> str:
    """Of everything taught, so that a test sees when the model is older than its messages or the prepared replies."""
    digest = hashlib.sha256()
    for path in [*sorted(TAUGHT.glob("*.txt")), *sorted(REPLIES.glob("*.toml"))]:
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def main() -> None:
    """Teach, and write the model."""
    taught = examples()
    model = exported(taught)
    lines = json.dumps(model, ensure_ascii=False, separators=(",", ":"))
    MODEL.write_text(lines + "\n", encoding="utf-8")
    sizes = ", ".join(f"{len(model[kind])} {kind}" for kind in ("words", "pairs", "concepts"))
    print(f"{len(taught)} messages: {sizes}, {len(lines) / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
