"""The words of the screening: what a text is about, how grave it may be, and why we think so."""

from dataclasses import dataclass, field
from enum import StrEnum


class Topic(StrEnum):
    """The eight sensitive topics of the CMQ guide (SEN-01); their names are part of the outside contract."""

    MENTAL_HEALTH = "mental_health"
    ONCOLOGY = "oncology"
    ADDICTION = "addiction"
    STI_BBI = "sti_bbi"
    EMOTIONAL = "emotional"
    NEW_DIAGNOSIS = "new_diagnosis"
    NEW_TREATMENT = "new_treatment"
    PATIENT_MARKED = "patient_marked"


class Priority(StrEnum):
    """How soon a human must look, in FHIR's words; `stat` is the emergency."""

    ROUTINE = "routine"
    URGENT = "urgent"
    STAT = "stat"


class Direction(StrEnum):
    """Who speaks: the patient to the clinic, or the clinic to the patient."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"


class QueueName(StrEnum):
    """Queues are named for work, never for an illness: the name stands in clear in the database."""

    APPOINTMENTS = "appointments"
    RENEWALS = "renewals"
    RESULTS = "results"
    DOCUMENTS = "documents"
    CLINICAL = "clinical"


class Certainty(StrEnum):
    """How a mention stands in its clause (DETECTION section 3)."""

    AFFIRMED = "affirmed"
    NEGATED = "negated"
    HYPOTHETICAL = "hypothetical"
    PAST = "past"
    RELATIVE = "relative"


@dataclass(frozen=True, slots=True)
class Part:
    """A named piece of a message: `subject`, `new_text`, `quoted_text`, `attachment:N`, `filename:N` or `text`."""

    name: str
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why a topic or a priority was given: which rule, on which words, in which context (promise 7).

    `start` and `end` count code points of the original text of `part`; `words` are the original words.
    """

    rule: str
    topic: Topic | None
    priority: Priority
    part: str
    start: int
    end: int
    words: str = field(repr=False)
    context: Certainty


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """The whole judgement on one message, with the version of the rules that gave it (SEN-13).

    An empty `topics` never means "nothing sensitive": it means that no rule matched (SEN-15).
    """

    topics: tuple[Topic, ...]
    priority: Priority
    queue: QueueName
    flags: tuple[str, ...] = ()
    """Families of red flags that matched, e.g. `suicide` or `violence`, for the choice of the direction shown."""
    reasons: tuple[Reason, ...] = field(default=(), repr=False)
    ruleset: str
    """Name and content hash of the ruleset, e.g. `builtin@3f9a…`."""
    not_screened: tuple[str, ...] = ()
    """Parts that could not be read: never taken for clear (SEN-10)."""
