"""What a ruleset is once it has been read: concepts to find, and rules over them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from triage.match import Lexicon
from triage.model import Direction, Priority, QueueName, Topic
from triage.opinion import Opinion


class Within(StrEnum):
    """How close together the parts of a combination must stand."""

    CLAUSE = "clause"
    SENTENCE = "sentence"
    NEAR = "near"
    """The same sentence or the next one."""
    MESSAGE = "message"


class Role(StrEnum):
    """Concepts that say how a mention stands, rather than what is mentioned (DETECTION section 3)."""

    NEGATION = "negation"
    """Negates the few words that follow: « pas », `not`."""
    WIDE_NEGATION = "wide_negation"
    """Negates a list that follows: « aucun », `denies`."""
    PSEUDO_NEGATION = "pseudo_negation"
    """Holds a word of negation, and negates nothing that follows: « ne passe pas », `not sure`."""
    GONE = "gone"
    """Stands after a symptom that is over: « a disparu », `resolved`."""
    HYPOTHETICAL = "hypothetical"
    INFORMATION = "information"
    """Asks about a thing in general: « quels sont les signes », `what are the symptoms of`."""
    PAST = "past"
    NOW = "now"
    """Takes back hypothesis and past: « en ce moment », `right now`."""
    FAMILY_HISTORY = "family_history"
    IDIOM = "idiom"
    """Takes away whatever it overlaps: « mort de rire »."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gauge:
    """A concept that is a quantity between two bounds, both included, in the unit that the kind names."""

    concept: int
    kind: str
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Examples:
    """Sentences that a rule must and must not match, by language; they run as tests."""

    language: str
    match: tuple[str, ...]
    miss: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One clinical or administrative rule, as a clinician signed it.

    It holds where each of `needs` has a mention (any of its concepts) close together, and none of `unless` is there.
    """

    id: str
    file: str
    needs: tuple[tuple[int, ...], ...]
    unless: tuple[int, ...] = ()
    within: Within = Within.SENTENCE
    topic: Topic | None = None
    priority: Priority = Priority.ROUTINE
    lowered: Priority = Priority.ROUTINE
    """The priority where the mention is past, hypothetical or, in company, negated (SEN-16)."""
    flag: str | None = None
    queue: QueueName | None = None
    direction: Direction | None = None
    """Only messages of this direction; None: both."""
    weak: bool = False
    """Counts only in the company of another mention of the same topic in the sentence."""
    spares: frozenset[Topic] = frozenset()
    """Outbound topics that this rule frees from the hold in its sentence: a direction to emergency care, a visit."""
    rationale: str
    source: str
    reviewer: str
    examples: tuple[Examples, ...] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruleset:
    """All rules, compiled once, with a version that changes whenever a byte of them does (SEN-13)."""

    version: str
    rules: tuple[Rule, ...] = field(repr=False)
    lexicon: Lexicon = field(repr=False)
    gauges: Mapping[str, tuple[Gauge, ...]] = field(repr=False)
    shorthand: Mapping[str, tuple[str, ...]] = field(repr=False)
    roles: Mapping[int, Role] = field(repr=False)
    exceptions: Mapping[int, tuple[int, ...]] = field(repr=False)
    """For the number of a concept, the exceptions that take it away where they overlap it: its own, and the idiom."""
    aside: frozenset[int] = field(repr=False)
    """The numbers of all exceptions, which are never mentions themselves."""
    asked: frozenset[int] = field(repr=False)
    """The concepts that some rule needs: a negation inside a term of theirs is part of the term."""
    concepts: Mapping[str, int] = field(repr=False)
    """The number of every concept, by name."""
    by_concept: Mapping[int, tuple[int, ...]] = field(repr=False)
    """For the number of a concept, the places in `rules` of those that ask for it first."""
    opinion: Opinion | None = field(default=None, repr=False)
    """The second opinion; None where a clinic brings rules without one."""
