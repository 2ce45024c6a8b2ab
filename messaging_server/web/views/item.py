"""One item of the board: deciding about it, and answering safely."""

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from consent.model import Category, Channel, Refusal
from messaging_server.texts import Language, NoticeText
from messaging_server.web.views.board import Row
from messaging_server.web.views.choices import ChannelChoices
from messaging_server.web.views.files import FileOffer
from messaging_server.web.views.frame import FormView
from messaging_server.web.views.patient import ExchangeView
from triage.model import Certainty, Priority, QueueName, Topic


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of a text; `finding` is the number of the finding that marks it, or None."""

    text: str = field(repr=False)
    finding: int | None = None


class FindingState(StrEnum):
    """What a human said of a finding (SEN-13)."""

    OPEN = "open"
    CONFIRMED = "confirmed"
    REFUTED = "refuted"


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingView:
    """Why the item stands here: which rule, on which words, in which version (promise 7)."""

    number: int
    topic: Topic | None
    priority: Priority
    words: str = field(repr=False)
    certainty: Certainty
    rule: str
    ruleset: str
    part: str
    state: FindingState = FindingState.OPEN


class Close(StrEnum):
    """How an item ends (TRI-13, TRI-17)."""

    ANSWERED = "answered"
    PHONED = "phoned"
    SEEN = "seen"
    BOOKED = "booked"
    REFERRED = "referred"
    POLICY_REMINDER = "policy_reminder"
    NO_REPLY_NEEDED = "no_reply_needed"


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientCard:
    """Who the patient is, and what may be said how, before anybody types (CON-27)."""

    person: UUID
    name: str = field(repr=False)
    birth_date: date = field(repr=False)
    age: int
    language: Language
    phone: str | None = field(default=None, repr=False)
    channels: tuple[ChannelChoices, ...] = ()
    proxies: tuple[str, ...] = field(default=(), repr=False)
    other_open: int = 0


@dataclass(frozen=True, slots=True)
class Option:
    """One thing to choose from, its label in the reader's language or a proper name."""

    value: str
    label: str = field(repr=False)


class Shelf(StrEnum):
    """Where a prepared text is found in the composer's list."""

    QUEUE = "queue"
    """For the work of this item's queue."""
    EVERY = "every"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class ModelGroup:
    """The prepared texts of one shelf."""

    shelf: Shelf
    options: tuple[Option, ...]


class Way(StrEnum):
    """How a reply reaches the patient, told in a sentence."""

    INBOX_EMAIL = "inbox_email"
    """Read in the inbox; an e-mail says that it waits."""
    INBOX_SMS = "inbox_sms"
    INBOX_BOTH = "inbox_both"
    INBOX_ONLY = "inbox_only"
    """Read in the inbox; nothing announces it, so a call may be needed."""
    EMAIL_PLAIN = "email_plain"


class Warn(StrEnum):
    """What the composer says beside the words, without stopping anybody."""

    LONG_SENTENCE = "long_sentence"
    JARGON = "jargon"
    TONE = "tone"
    SEVERAL_SUBJECTS = "several_subjects"
    LONG = "long"
    OTHER_PATIENT = "other_patient"
    NO_GREETING = "no_greeting"
    NO_CLOSING = "no_closing"
    SENSITIVE = "sensitive"
    OWN_WORDS = "own_words"
    """The patient keeps words that the author's team cannot open: the text was not looked through for them (SEN-09)."""
    BLANK = "blank"
    """Something between brackets waits to be filled in (ETQ-12)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """One remark, and the words that it is about."""

    code: Warn
    words: str = field(default="", repr=False)


class Block(StrEnum):
    """Why a reply does not leave."""

    SENSITIVE = "sensitive"
    NEW_DIAGNOSIS = "new_diagnosis"
    NEW_TREATMENT = "new_treatment"
    ABNORMAL_RESULT = "abnormal_result"
    CONSENT = "consent"
    PROFILE = "profile"
    """The signature is incomplete (ETQ-08)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocked:
    """What was found, why it matters, and the easy ways on (SEN-05, CON-28)."""

    block: Block
    topics: tuple[Topic, ...] = ()
    words: tuple[str, ...] = field(default=(), repr=False)
    rule: str = ""
    refusal: Refusal | None = None
    channel: Channel | None = None
    category: Category | None = None
    can_override: bool = False
    """A physician may, with a reason, and into the inbox only (SEN-06, SEN-07); never where consent is missing."""


class Answer(StrEnum):
    """An answer to one of the questions before sending; unset until the clinician says (SEN-04)."""

    YES = "yes"
    NO = "no"


class Question(StrEnum):
    """The questions before every clinical send (SEN-04)."""

    NEW_DIAGNOSIS = "new_diagnosis"
    NEW_TREATMENT = "new_treatment"
    ABNORMAL_RESULT = "abnormal_result"


@dataclass(frozen=True, slots=True, kw_only=True)
class Composer(FormView):
    """The reply: to whom and how, in a sentence; what was written is kept through every stop."""

    form_id: str
    to_name: str = field(repr=False)
    way: Way
    way_address: str = field(default="", repr=False)
    """A masked address, as `j…@exemple.ca`."""
    subject: str = field(default="", repr=False)
    greeting: str = field(default="", repr=False)
    body: str = field(default="", repr=False)
    closing: str = field(default="", repr=False)
    signature: str = field(repr=False)
    category: Category | None = None
    categories: tuple[Category, ...]
    answers: tuple[tuple[Question, Answer | None], ...]
    suggested: bool = False
    """Some answer stands there because the words suggest it, not because it was given (SEN-04)."""
    models: tuple["ModelGroup", ...] = ()
    """Prepared texts, whose words the handler inserts (ETQ-11)."""
    model: str = ""
    inserted: bool = False
    """A prepared text was just put in: the writing goes on in the body."""
    asks_language: bool = False
    other_language: bool = False
    """The text is plainly in the other language: its author says whether this patient reads it (ETQ-12)."""
    warnings: tuple[Remark, ...] = ()
    blocked: Blocked | None = None
    override_reason: str = field(default="", repr=False)
    language: Language
    """The patient's language, in which the reply should be written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryLine:
    """What happened to the item: who, when, what (TRI-14)."""

    at: datetime
    who: str = field(repr=False)
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffExchange:
    """One exchange as the staff see it; `segments` are its body with the findings marked."""

    view: ExchangeView
    segments: tuple[Segment, ...] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Item(FormView):
    """Everything needed to decide about one item."""

    row: Row
    thread: UUID
    exchanges: tuple[StaffExchange, ...]
    findings: tuple[FindingView, ...] = ()
    not_screened: tuple[str, ...] = ()
    patient: PatientCard
    composer: Composer | None = None
    """None while the item is not the reader's, or the reader may not answer."""
    queues: tuple[QueueName, ...] = ()
    disposition: Close | None = None
    disposition_note: str = field(default="", repr=False)
    history: tuple[HistoryLine, ...] = ()
    next: UUID | None = None
    """The item after this one, for `j`."""
    previous: UUID | None = None
    closed: bool = False
    """Nothing is left to do: it is shown with its history, and without its buttons."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirm(FormView):
    """The second look before a reply leaves: name, birth date, way (EOU-16). The body is carried in hidden fields."""

    task: UUID
    version: int
    form_id: str
    to_name: str = field(repr=False)
    birth_date: date = field(repr=False)
    way: Way
    way_address: str = field(default="", repr=False)
    subject: str = field(repr=False)
    text: str = field(repr=False)
    """Exactly what the patient will read."""
    hidden: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    announced: tuple[tuple[Channel, NoticeText], ...] = field(default=(), repr=False)
    """What the e-mail and the text will say, each word of it (ETQ-13)."""
    language: Language = Language.FR
    """The patient's."""
    delay: int = 60
    """Seconds during which it can be taken back."""
    warnings: tuple[Remark, ...] = ()
    files: FileOffer | None = None
    """What may be attached: here, where the words are final, since no page can carry chosen files on (EOU-21)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """A reply that leaves in a moment and can be taken back until then."""

    exchange: UUID
    task: UUID
    to_name: str = field(repr=False)
    way: Way
    way_address: str = field(default="", repr=False)
    leaves_at: datetime
    seconds: int
    next: UUID | None = None
