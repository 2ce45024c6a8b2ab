"""Patients and colleagues, as the staff see and enrol them."""

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from consent.model import Category, Channel, Method
from messaging_server.broker.leaving import Departure
from messaging_server.storage.accounts import AccountRole
from messaging_server.texts import Language
from messaging_server.web.views.account import ConsentBlockName, ConsentChannel
from messaging_server.web.views.board import Row
from messaging_server.web.views.choices import AddressView, ChannelChoices
from messaging_server.web.views.files import FileOffer
from messaging_server.web.views.frame import FormView
from triage.model import QueueName


class Enrolment(StrEnum):
    """How far a person has come with us."""

    NOT_INVITED = "not_invited"
    INVITED = "invited"
    CODE_EXPIRED = "code_expired"
    ACTIVE = "active"
    BLOCKED = "blocked"


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonLine:
    """One person found by a search."""

    id: UUID
    name: str = field(repr=False)
    birth_date: date = field(repr=False)
    enrolment: Enrolment
    consented: bool
    open_items: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """Search; `found` is None before a search."""

    query: str = field(default="", repr=False)
    found: tuple[PersonLine, ...] | None = None
    more: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentLine:
    """One act of the register (CON-15)."""

    at: datetime
    act: str
    """A member of consent.model.Act."""
    method: Method
    by: str = field(repr=False)
    text_version: int
    evidence: str = ""
    """Where the scan of the signed form is, for those whose keys reach it."""
    has_evidence: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Person(FormView):
    """One patient: who, where, what was agreed, what waits."""

    id: UUID
    name: str = field(repr=False)
    birth_date: date = field(repr=False)
    age: int
    language: Language
    enrolment: Enrolment
    code_expires: datetime | None = None
    addresses: tuple[AddressView, ...] = ()
    channels: tuple[ChannelChoices, ...] = ()
    register: tuple[ConsentLine, ...] = ()
    rows: tuple[Row, ...] = ()
    admissible: bool = False
    """A reset account that asks its holders for their grants again, or a colleague to admit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AddAddress(FormView):
    """One more address of a patient, who is at the counter (IDN-11, CON-18)."""

    person: UUID
    name: str = field(repr=False)
    channels: tuple[Channel, ...]
    channel: Channel | None = None
    value: str = field(default="", repr=False)
    personal: bool = False
    tells: int = 0
    """How many addresses there are already: those in use are told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OneAddress(FormView):
    """How one address stands, the code that proves it, and the way to remove it (DIR-03)."""

    person: UUID
    name: str = field(repr=False)
    address: AddressView
    expires: datetime | None = None
    """Until when the code that was sent works; None while none is on its way."""
    waits: bool = False
    """A code left a moment ago: no second one yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveAddress(FormView):
    """Removing an address: what stops with it, said before the click (IDN-11)."""

    person: UUID
    name: str = field(repr=False)
    address: AddressView
    waiting: int = 0
    last: bool = False
    """Nothing else leads to the patient by this way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrol(FormView):
    """A new patient, in one page (IDN-01, IDN-21: no insurance number is asked)."""

    given_name: str = field(default="", repr=False)
    family_name: str = field(default="", repr=False)
    birth_day: str = field(default="", repr=False)
    birth_month: str = field(default="", repr=False)
    birth_year: str = field(default="", repr=False)
    language: Language | None = None
    email: str = field(default="", repr=False)
    phone: str = field(default="", repr=False)
    personal: bool = False
    document: str = ""
    """Which document was seen; never a copy of it."""
    documents: tuple[str, ...] = ("health_card", "driving_licence", "passport", "other", "known")


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """The letter that is handed over: how to sign in for the first time (IDN-03)."""

    name: str = field(repr=False)
    address: str
    """The address of the sign-in page, bare."""
    login: str = field(repr=False)
    code: str = field(repr=False)
    qr_base64: str = field(default="", repr=False)
    """A picture of the bare address; it holds no code."""
    expires: datetime
    on: date
    person: UUID
    done: str | None = None
    """Where to go on; the patient's page when nothing is given."""
    asks_birth_date: bool = True
    """False for a colleague, who has none on file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordConsent(FormView):
    """A consent that was given in person: on paper, or by word with a note of what was explained (CON-08)."""

    person: UUID
    name: str = field(repr=False)
    birth_date: date = field(repr=False)
    method: Method | None = None
    note: str = field(default="", repr=False)
    channels: tuple[ConsentChannel, ...]
    blocks: tuple[ConsentBlockName, ...] = tuple(ConsentBlockName)
    text_version: int
    scan: FileOffer | None = None
    """What a scan of the signed form may be; None where no files are taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeBack(FormView):
    """A consent that the patient takes back through staff, in whole or in part (CON-13)."""

    person: UUID
    name: str = field(repr=False)
    birth_date: date = field(repr=False)
    channels: tuple[Channel, ...]
    """The ways on which something is in force; none where there is nothing to take back."""
    categories: tuple[Category, ...]
    channel: str = ""
    """A way, or `all`."""
    category: str = ""
    """A kind of content, or `all`."""
    method: Method | None = None
    note: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One colleague."""

    account: UUID
    name: str = field(repr=False)
    role: AccountRole
    enrolment: Enrolment
    waits_for_admission: bool = False
    queues: tuple[QueueName, ...] = ()
    may_leave: bool = False
    """Whether the reader may let them go."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Team(FormView):
    """The team: an administrator invites, a member admits, and no administrator reads (DESIGN 5)."""

    members: tuple[Member, ...]
    may_invite: bool
    may_admit: bool
    name: str = field(default="", repr=False)
    login: str = field(default="", repr=False)
    title_fr: str = ""
    """The professional title of the signature, as patients of each language read it (ETQ-08, ETQ-09)."""
    title_en: str = ""
    phone: str = field(default="", repr=False)
    role: AccountRole | None = None
    roles: tuple[AccountRole, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Leave(FormView):
    """Letting a colleague go: what follows, said before it is done (IDN-22, SEC-15)."""

    account: UUID
    name: str = field(repr=False)
    role: AccountRole
    holds_keys: bool = False
    """Whether keys of teams are turned."""
    items: int = 0
    """What they have taken and goes back to its queue (TRI-07)."""
    stuck: bool = False
    """They are the last of a team: somebody else has to be admitted first."""
    can_admit: bool = True
    """Whether the last of a team can still sign in, and so admit somebody."""
    last_for: tuple[QueueName, ...] = ()
    """The queues that nobody else could read."""
    departure: Departure | None = None
    departures: tuple[Departure, ...] = tuple(Departure)


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyQueue:
    """What the policy says of one queue."""

    queue: QueueName
    response: str
    """The response time in words, as "2 business days"."""
    roles: tuple[AccountRole, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyPage:
    """The policy in force, to read (TRI-01)."""

    version: int
    since: datetime
    by: str = field(default="", repr=False)
    queues: tuple[PolicyQueue, ...]
    hours: tuple[tuple[str, str], ...]
    """Day and hours, in words."""
    holidays: tuple[date, ...] = ()
    lines: tuple[tuple[str, str, date], ...] = ()
    """Help lines: name, number, when they were last verified (ACK-06)."""
    ruleset: str
    leads: bool = False
    """Whether the report on the screening is for the visitor."""
