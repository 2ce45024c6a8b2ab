"""The nouns of a clinic's policy: its written procedure as data that the server executes (TRI-01, TRI-03 to TRI-07).

Texts by language are mappings from a language code to words. Times of day are minutes since midnight, clinic time.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Final, Self

from triage.fields import between
from triage.model import QueueName

Words = Mapping[str, str]
"""Words by language code."""

LANGUAGES: Final = ("fr", "en")
CATEGORIES: Final = (
    "appointments", "general_advice", "receipt", "normal_result", "result_follow_up", "health_data", "adjustment",
    "broadcast",
)  # fmt: skip
"""The categories of content, by the names that the consent gate uses (CON-10); this package knows only their names."""


class Province(StrEnum):
    """Where the clinic is: it decides holidays, help lines and ages."""

    QC = "QC"
    ON = "ON"


class Door(StrEnum):
    """A channel that the clinic may offer."""

    WEB = "web"
    EMAIL = "email"
    SMS = "sms"


class Protection(StrEnum):
    """The least protected form in which a category may travel (EOU-02)."""

    INBOX = "inbox"
    PLAIN = "plain"


class TextsMode(StrEnum):
    """What happens to a text that a patient sends (SMS-02)."""

    ANSWERED = "answered"
    NOT_ANSWERED = "not_answered"
    """One notice says so, with the emergency directions; the text is still kept and screened."""


class Unit(StrEnum):
    """What a response time counts."""

    BUSINESS_DAYS = "business_days"
    BUSINESS_HOURS = "business_hours"


class Role(StrEnum):
    """The professions that teams are made of (IDN-22)."""

    RECEPTION = "reception"
    NURSE = "nurse"
    OTHER_PROFESSIONAL = "other_professional"
    PHYSICIAN = "physician"


class Weekday(StrEnum):
    """The days of the week, Monday first, as `date.weekday` counts them."""

    MONDAY = "monday"
    TUESDAY = "tuesday"
    WEDNESDAY = "wednesday"
    THURSDAY = "thursday"
    FRIDAY = "friday"
    SATURDAY = "saturday"
    SUNDAY = "sunday"


_SPAN: Final = re.compile(r"([0-9]{2}):([0-5][0-9])-([0-9]{2}):([0-5][0-9])")


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """From one time of day to another, in minutes since midnight; written `08:00-17:00`, a last midnight `24:00`."""

    start: int
    end: int

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Raises ValueError when the text is not two times of day."""
        found = _SPAN.fullmatch(text)
        if found is None:
            raise ValueError("must be two times of day such as 08:00-17:00")
        hour, minute, last_hour, last_minute = map(int, found.groups())
        start, end = 60 * hour + minute, 60 * last_hour + last_minute
        if start >= 24 * 60 or end > 24 * 60:
            raise ValueError("must stay between 00:00 and 24:00")
        return cls(start, end)

    def __str__(self) -> str:
        start, end = divmod(self.start, 60), divmod(self.end, 60)
        return f"{start[0]:02}:{start[1]:02}-{end[0]:02}:{end[1]:02}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Closure:
    """Days on which the week's hours do not hold: closed, or open at the `hours` given here; both days included."""

    first: date
    last: date
    reason: Words
    hours: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """A fixed response time, in business days or business hours (TRI-03)."""

    count: int = field(metadata=between(1, 60))
    unit: Unit = Unit.BUSINESS_DAYS


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """Where one kind of work waits and who serves it."""

    response: Response
    team: str
    backup_team: str
    """Told at the escalation points; the same team means all of its members (TRI-04)."""
    casual_staff: bool = False
    """Whether short-term staff are given its items (TRI-05)."""
    patient_may_choose: bool = False
    """Whether the patient may choose the recipient; never of an emergency (TRI-06)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Team:
    """Who works together, by profession."""

    names: Words
    roles: frozenset[Role]
    reads_records: bool = False
    """Whether the team holds the keys of patient records; reception does not (TRI-10)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalation:
    """When an unanswered item is raised again: at parts of its response time, then business days after (TRI-04)."""

    percent: tuple[int, ...] = field(default=(75, 100), metadata=between(1, 100))
    days_after: tuple[int, ...] = field(default=(1,), metadata=between(1, 30))
    acknowledge_minutes: int = field(default=10, metadata=between(1, 120))
    """Within what time a person shall have taken note of an emergency: the report counts who was later (MET-04)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Throttle:
    """How many automatic texts one address gets, emergencies apart (ACK-13)."""

    per_thread: int = field(default=1, metadata=between(1, 20))
    thread_hours: int = field(default=4, metadata=between(1, 72))
    per_day: int = field(default=6, metadata=between(1, 50))


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """After how many business days an unopened reply becomes a call (DESIGN section 4)."""

    days: int = field(default=2, metadata=between(1, 30))
    by_category: Mapping[str, int] = field(default_factory=lambda: {"result_follow_up": 1}, metadata=between(1, 30))


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """How long a record is kept after its last entry (RET-01); what is held without consent, in days (5.4)."""

    years: int = field(default=10, metadata=between(1, 100))
    minors_until_age: int | None = field(default=None, metadata=between(14, 40))
    """Where set, a minor's record is kept at least until this age."""
    held_days: int = field(default=90, metadata=between(1, 3650))


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """The clinic's mail: absent parts mean that mail is not received."""

    domain: str | None = None
    addresses: frozenset[str] = frozenset()
    """Every address that is the clinic's own (EIN-01)."""
    trusted_authserv_id: str | None = None
    """The one relay whose Authentication-Results are believed (EIN-08, RFC 8601 section 5)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """A named person and how to reach them (TRN-13)."""

    name: str
    contact: Words


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """One version of a clinic's written procedure. What is not given has the default named in the requirements."""

    version: int = field(metadata=between(1, 1_000_000))
    province: Province
    timezone: str
    """An IANA name: America/Toronto for both provinces, America/Halifax on the Magdalen Islands."""
    languages: tuple[str, ...] = LANGUAGES
    default_language: str
    names: Words
    """The neutral sender name, which tells no illness and no speciality (SEN-12)."""
    phone: str
    phone_hours: Words
    other_contact: Words
    """What else to do when nobody answers in time (ACK-04)."""
    walk_in: Words
    """Where to go without an appointment (ACK-05)."""
    hours: Mapping[Weekday, tuple[Span, ...]]
    closures: tuple[Closure, ...] = ()
    holidays: frozenset[str]
    """Names of `triage.holidays.RULES` on which the clinic is closed."""
    queues: Mapping[QueueName, Queue]
    teams: Mapping[str, Team]
    escalation: Escalation = Escalation()
    access: Words
    """Who reads messages, for the fifth block of the consent text (CON-05, CON-07)."""
    channels: frozenset[Door]
    texts: TextsMode = TextsMode.NOT_ANSWERED
    minimum: Mapping[str, Protection] = field(default_factory=dict)
    """Per category; a category not named stays in the inbox (EOU-02)."""
    send_delay_seconds: int = field(default=60, metadata=between(0, 3600))
    unread: Unread = Unread()
    throttle: Throttle = Throttle()
    quiet_hours: Span = Span(21 * 60, 8 * 60)
    """No text that can wait is sent from its start to its end, over midnight where the end is earlier (SMS-17)."""
    consent_months: int = field(default=24, metadata=between(1, 120))
    """After how many months a consent ends (CON-25)."""
    retention: Retention = Retention()
    excluded_results: frozenset[str] = frozenset()
    """Kinds of results that are never sent by message (SEN-17)."""
    mail: Mail = Mail()
    alerts: frozenset[str] = frozenset()
    """Addresses of the colleagues on duty: told at once, and every ten minutes, of an emergency (TRI-09)."""
    privacy_officer: Contact
    responsible_physician: str

    @property
    def answers_texts(self) -> bool:
        """Whether a patient's text is answered like any other message (SMS-02)."""
        return self.texts is TextsMode.ANSWERED

    def least_protection(self, category: str) -> Protection:
        """The least protected form of a category: the inbox, unless the clinic said otherwise (EOU-02)."""
        return self.minimum.get(category, Protection.INBOX)

    def unread_days(self, category: str) -> int:
        """After how many business days a reply of this category, unopened, becomes a call."""
        return self.unread.by_category.get(category, self.unread.days)
