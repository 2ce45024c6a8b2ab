"""What is counted of the screening: in how many messages something was found, and what people said of it (SEN-13).

Pure. A message counts once for each rule, topic and family of red flags in it, however often their words stand there.
It is confirmed as soon as one of their findings is, and refuted once all of them are; otherwise nobody has judged it.
What patients mark themselves is theirs to say, and is not counted; nor is what only chooses a queue.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum

from triage.model import Priority, Reason, Topic
from triage.rule import Ruleset


class Kind(StrEnum):
    """Of what there are counts."""

    MESSAGE = "message"
    """Every message in which anything was found."""
    RULE = "rule"
    TOPIC = "topic"
    FAMILY = "family"
    """A family of red flags, as `cardiac`."""
    OVERRIDE = "override"
    """A topic with which a reply was sent all the same (SEN-06)."""


class Outcome(StrEnum):
    """What became of it; what was found and neither confirmed nor refuted, nobody has judged."""

    FOUND = "found"
    CONFIRMED = "confirmed"
    REFUTED = "refuted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """What counts once in a message, under one version of the rules."""

    kind: Kind
    name: str
    topic: str = ""
    """For a rule the topic that it names, where it names one."""
    ruleset: str

    def cell(self, outcome: Outcome) -> "Cell":
        """The number of messages of this group with this outcome."""
        return Cell(kind=self.kind, name=self.name, topic=self.topic, ruleset=self.ruleset, outcome=outcome)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One number of a month."""

    kind: Kind
    name: str
    topic: str
    ruleset: str
    outcome: Outcome

    @property
    def written(self) -> str:
        """The cell as text; `read_cell` gives it back."""
        return json.dumps(asdict(self), sort_keys=True)


Moves = Mapping[Cell, int]
"""By how much each number changes."""
Families = Mapping[str, str]
"""The family of red flags of each rule that has one."""
Word = Callable[[Reason], bool | None]
"""What people said of a finding last: right, wrong, or nothing."""


def read_cell(written: str) -> Cell:
    """The cell of a text. Raises ValueError, KeyError or TypeError where it is none."""
    told = json.loads(written)
    return Cell(**(told | {"kind": Kind(told["kind"]), "outcome": Outcome(told["outcome"])}))


def families_of(ruleset: Ruleset) -> Families:
    """The family of each rule that warns of one, as the rules in force say."""
    return {rule.id: rule.flag for rule in ruleset.rules if rule.flag}


def found(reasons: Sequence[Reason], ruleset: str, families: Families) -> Moves:
    """What one message adds."""
    return Counter(group.cell(Outcome.FOUND) for group in _gathered(reasons, ruleset, families))


def judged(reasons: Sequence[Reason], ruleset: str, families: Families, before: Word, after: Word) -> Moves:
    """What one more word of a person changes: a number that falls, a number that rises, or nothing."""
    moves: Counter[Cell] = Counter()
    for group, own in _gathered(reasons, ruleset, families).items():
        was, now = _outcome(own, before), _outcome(own, after)
        if was is not now:
            moves.update({group.cell(now): 1} if now else {})
            moves.subtract({group.cell(was): 1} if was else {})
    return moves


def overridden(topics: Sequence[Topic], ruleset: str) -> Moves:
    """What a reply adds that was sent in spite of its topics."""
    groups = (Group(kind=Kind.OVERRIDE, name=topic, ruleset=ruleset) for topic in dict.fromkeys(topics))
    return Counter(group.cell(Outcome.FOUND) for group in groups)


def _gathered(reasons: Sequence[Reason], ruleset: str, families: Families) -> dict[Group, list[Reason]]:
    out: dict[Group, list[Reason]] = {}
    for reason in (one for one in reasons if _flags(one, families)):
        for group in _groups(reason, ruleset, families):
            out.setdefault(group, []).append(reason)
    return out


def _flags(reason: Reason, families: Families) -> bool:
    """Whether a finding names a topic, a danger or an urgency; one that only chooses the queue flags nothing."""
    if reason.topic is Topic.PATIENT_MARKED:
        return False
    return reason.topic is not None or reason.priority is not Priority.ROUTINE or reason.rule in families


def _groups(reason: Reason, ruleset: str, families: Families) -> Iterator[Group]:
    """What a finding belongs to."""
    yield Group(kind=Kind.MESSAGE, name="", ruleset=ruleset)
    yield Group(kind=Kind.RULE, name=reason.rule, topic=reason.topic or "", ruleset=ruleset)
    if reason.topic:
        yield Group(kind=Kind.TOPIC, name=reason.topic, ruleset=ruleset)
    if reason.rule in families:
        yield Group(kind=Kind.FAMILY, name=families[reason.rule], ruleset=ruleset)


def _outcome(reasons: Sequence[Reason], word: Word) -> Outcome | None:
    said = [word(reason) for reason in reasons]
    if any(said):
        return Outcome.CONFIRMED
    return Outcome.REFUTED if all(one is False for one in said) else None
