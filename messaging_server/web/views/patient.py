"""The pages of the patient: the inbox, asking, reading, choosing, knowing who has read."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from consent.model import Channel
from messaging_server.broker.notices import Line
from messaging_server.message import Pause
from messaging_server.web.views.files import AttachmentView, FileOffer
from messaging_server.web.views.frame import EmergencyCard, FormView


class RequestState(StrEnum):
    """Where a request stands, in the patient's words (TRN-03)."""

    RECEIVED = "received"
    WITH = "with"
    """Somebody has it; the view says who."""
    ANSWERED = "answered"
    LATE = "late"
    CONVERTED = "converted"
    """The clinic will call, or see the person."""
    CLOSED = "closed"
    NONE = "none"
    """Nothing is being waited for: the clinic wrote first."""


class AuthorKind(StrEnum):
    """Who wrote, seen by the reader; an automatic text must look automatic (PAGES)."""

    SELF = "self"
    STAFF = "staff"
    PATIENT = "patient"
    PROXY = "proxy"
    AUTOMATIC = "automatic"
    UNKNOWN = "unknown"


class Reason(StrEnum):
    """Why a patient writes (PAGES, Write)."""

    APPOINTMENT = "appointment"
    RENEWAL = "renewal"
    RESULT = "result"
    FORM = "form"
    QUESTION = "question"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Author:
    """Who wrote an exchange, and in which role."""

    kind: AuthorKind
    name: str = field(default="", repr=False)
    role: str = ""
    """The profession or capacity in the reader's language, as "infirmière"; empty when the name says it all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadLine:
    """One thread of the inbox."""

    id: UUID
    subject: str = field(repr=False)
    last_author: Author
    last_at: datetime
    state: RequestState
    with_whom: str = field(default="", repr=False)
    due: datetime | None = None
    unread: int = 0
    private: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Inbox:
    """What is new and what is pending."""

    threads: tuple[ThreadLine, ...]
    last_access: datetime | None = None
    failed_since: int = 0
    closed_until: datetime | None = None
    """The clinic is closed now and opens again then (ACK-17)."""
    pauses: tuple[Pause, ...] = ()
    """The ways by which this patient would be told of an answer, and now is not (ACK-24)."""
    older: str | None = None
    """The address of the next page of older threads."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UrgentFirst(FormView):
    """Is this urgent? Asked before anything is written (ACK-18)."""

    lines: tuple[Line, ...]
    walk_in: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """Somebody to whom the clinic lets patients write (TRI-06)."""

    id: str
    label: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Write(FormView):
    """A new request; what was written is kept through every error."""

    form_id: str
    reason: Reason | None = None
    subject: str = field(default="", repr=False)
    message: str = field(default="", repr=False)
    private: bool = False
    recipients: tuple[Recipient, ...] = ()
    recipient: str = ""
    max_length: int = 20_000
    files: FileOffer | None = None
    """What may be attached; None where the clinic takes no file."""
    readers: str = ""
    """Who reads messages here."""
    expected: datetime | None = None
    """When an answer may be counted on if it is sent now (TRN-11)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """Certainty: it is kept, it will be answered by then, and what to do if not."""

    exchange: UUID
    thread: UUID
    received: datetime
    due: datetime
    phone_hours: str
    other_contact: str = ""
    lines: tuple[Line, ...]
    walk_in: str = ""
    closed_until: datetime | None = None
    pauses: tuple[Pause, ...] = ()
    """The ways by which this patient would be told of an answer, and now is not (ACK-24)."""
    emergency: EmergencyCard | None = None
    sensitive: bool = False
    """The subject is better handled by telephone or in person (SEN-08)."""
    receipt: bool = True


class DeliveryWord(StrEnum):
    """How far an exchange has come on its way (EOU-22)."""

    WAITING = "waiting"
    """It leaves in a moment and can still be taken back."""
    SENT = "sent"
    OPENED = "opened"
    FAILED = "failed"
    CANCELLED = "cancelled"
    KEPT = "kept"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeView:
    """One message or automatic text of a thread."""

    id: UUID
    author: Author
    at: datetime
    channel: Channel
    body: str = field(repr=False)
    subject: str = field(default="", repr=False)
    attachments: tuple[AttachmentView, ...] = ()
    pictures_missing: int = 0
    """Pictures that a text announced and that nobody has (SMS-04)."""
    delivery: DeliveryWord = DeliveryWord.KEPT
    unread: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Thread(FormView):
    """One conversation, oldest to newest, and a box to answer in."""

    id: UUID
    subject: str = field(repr=False)
    exchanges: tuple[ExchangeView, ...]
    state: RequestState
    with_whom: str = field(default="", repr=False)
    due: datetime | None = None
    private: bool = False
    can_reply: bool
    form_id: str = ""
    message: str = field(default="", repr=False)
    max_length: int = 20_000
    files: FileOffer | None = None
    emergency: EmergencyCard | None = None
