"""The staff's board and the numbers behind it."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from triage.model import Priority, QueueName


class Lens(StrEnum):
    """The lists of the board that are not queues: nothing is forgotten in any of them (PAGES)."""

    ALL = "all"
    HELD = "held"
    UNDELIVERED = "undelivered"
    UNREAD = "unread"
    LATE = "late"
    FAILED = "failed"


LENS_URLS = {
    Lens.ALL: "/staff",
    Lens.HELD: "/staff/held",
    Lens.UNDELIVERED: "/staff/undelivered",
    Lens.UNREAD: "/staff/unread",
    Lens.LATE: "/staff/late",
    Lens.FAILED: "/staff/failed",
}
"""Where each list is."""


class Flag(StrEnum):
    """What a row must say in words beside its priority."""

    SENSITIVE = "sensitive"
    PRIVATE = "private"
    NOT_SCREENED = "not_screened"
    NOT_ACKNOWLEDGED = "not_acknowledged"
    """The patient could not be sent an acknowledgement (ACK-16)."""
    MINOR = "minor"
    PROXY = "proxy"
    NO_CONSENT = "no_consent"
    UNKNOWN_SENDER = "unknown_sender"
    SHARED_ADDRESS = "shared_address"
    OTHER_RECIPIENTS = "other_recipients"
    PICTURES_MISSING = "pictures_missing"
    """A text announced pictures that nobody has fetched (SMS-04)."""
    UNDELIVERED = "undelivered"
    UNREAD = "unread"
    UNREADABLE = "unreadable"
    CALL = "call"
    ATTACHMENT = "attachment"
    OTHER_LANGUAGE = "other_language"
    ESCALATED = "escalated"


class NextStep(StrEnum):
    """What to do with a row that is not simply to be answered."""

    ANSWER = "answer"
    IDENTIFY = "identify"
    TEAM_IDENTIFIES = "team_identifies"
    """Held, and this reader's team has no key to it: the clinical team finds out who wrote."""
    TEAM_OPENS = "team_opens"
    """Kept to those who hold the record, and this reader's team does not (SEN-08)."""
    CALL = "call"
    READ_ORIGINAL = "read_original"


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueTab:
    """One queue of the board, with how many wait in it."""

    name: QueueName
    count: int
    urgent: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class LensTab:
    """One list of the board that is not a queue."""

    lens: Lens
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One thing that waits. `patient` is None until a person has confirmed who wrote (TRI-16)."""

    task: UUID
    version: int
    """Sent back with every action, so that nobody acts on what has changed meanwhile (TRI-08)."""
    priority: Priority
    patient: str | None = field(default=None, repr=False)
    queue: QueueName
    subject: str = field(default="", repr=False)
    """Empty where the reader's role may not see it."""
    waiting: timedelta
    since: datetime
    due: datetime | None
    left: timedelta | None = None
    """Until the deadline; negative once it has passed."""
    owner: str | None = field(default=None, repr=False)
    mine: bool = False
    flags: tuple[Flag, ...] = ()
    next_step: NextStep = NextStep.ANSWER
    acknowledged: bool = True
    """False for an emergency that nobody has taken note of yet (TRI-09)."""
    opens: bool = True
    """False where the reader's keys do not reach the message: the row is no link to a refusal (TRI-10)."""

    @property
    def late(self) -> bool:
        """The deadline has passed."""
        return self.left is not None and self.left < timedelta(0)

    @property
    def soon(self) -> bool:
        """The deadline comes within two hours."""
        return self.left is not None and timedelta(0) <= self.left < timedelta(hours=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """What is next: pinned emergencies, then the rows of one queue or list, most pressing first."""

    queues: tuple[QueueTab, ...]
    lenses: tuple[LensTab, ...]
    queue: QueueName | None = None
    lens: Lens | None = Lens.ALL
    pinned: tuple[Row, ...] = ()
    rows: tuple[Row, ...] = ()
    at: datetime
    more: str | None = None
    """The address of the next page of rows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueNumbers:
    """One line of the supervisor's table (TRI-21)."""

    queue: QueueName
    open: int
    unowned: int
    late: int
    emergencies: int
    failed: int
    held: int
    oldest: timedelta | None
    answered: int
    """Answered this week."""
    in_time: int
    """Of those, answered before the deadline."""

    @property
    def share(self) -> int | None:
        """Answered in time this week, in percent; None while nothing was answered."""
        return round(100 * self.in_time / self.answered) if self.answered else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Supervisor:
    """The day, a queue a line."""

    queues: tuple[QueueNumbers, ...]
    overrides: int = 0
    """Exceptional sends this week, for the medical lead (SEN-06)."""
    at: datetime
    leads: bool = False
    """Whether the report on the screening is for the visitor."""
