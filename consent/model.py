"""The words of the gate: what may be agreed to, what was agreed, what is asked now, and the answer.

Source of the categories and methods: the CMQ guide on electronic exchanges with the patient (uses of e-mail and
texts; rules of informed consent). Everything here is frozen data; no clock, no database, no network.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class Channel(StrEnum):
    """A way to reach a person; SMS consent is never implied by another channel's (CON-12)."""

    WEB = "web"
    EMAIL = "email"
    SMS = "sms"


class Category(StrEnum):
    """Kinds of content that a patient may agree to exchange, each on its own (CON-10; CMQ, uses of e-mail)."""

    APPOINTMENTS = "appointments"
    GENERAL_ADVICE = "general_advice"
    RECEIPT = "receipt"
    """That a result, a consultation's report or an imaging report has come in."""
    NORMAL_RESULT = "normal_result"
    RESULT_FOLLOW_UP = "result_follow_up"
    HEALTH_DATA = "health_data"
    """Readings that the patient sends: glucose, blood pressure, side effects."""
    ADJUSTMENT = "adjustment"
    """Therapeutic adjustment, or the follow-up of a chronic disease at a distance."""
    BROADCAST = "broadcast"


class Method(StrEnum):
    """How a consent was given or taken back (CON-08, CON-13)."""

    SIGNED_FORM = "signed_form"
    VERBAL = "verbal"
    ONLINE = "online"
    """By the signed-in patient on our own page."""
    SMS_WORD = "sms_word"
    EMAIL_PHRASE = "email_phrase"


class Act(StrEnum):
    """One line of the append-only consent register (CON-14, CON-15)."""

    INFORMED = "informed"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class Minimum(StrEnum):
    """The least protected form in which a clinic lets a category travel (EOU-02)."""

    INBOX = "inbox"
    """Read after signing in; e-mail and SMS only say that a message waits."""
    PLAIN = "plain"
    """May be written out in an e-mail, where the patient agreed to it."""


@dataclass(frozen=True, slots=True)
class Scope:
    """One cell of the consent matrix (CON-10)."""

    channel: Channel
    category: Category


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentEvent:
    """One act of the register: what was said, by which method, under which text.

    `scope` is what the act speaks of: granted by ACCEPTED, taken back by WITHDRAWN, declined by REFUSED. An ACCEPTED
    act replaces what was in force for the channels that it names; acts are only ever added (CON-15).
    """

    id: UUID
    person: UUID
    act: Act
    method: Method
    scope: frozenset[Scope]
    channels: frozenset[Channel]
    """The channels that this act settles, granted or not: an ACCEPTED act for the web says nothing about SMS."""
    text_version: int
    text_hash: bytes = field(repr=False)
    language: str
    obtained_by: UUID
    """The account of the staff member who explained, or of the patient who acted online."""
    at: datetime
    addresses: frozenset[UUID] = frozenset()
    """The addresses covered; empty means any verified address of the person on those channels."""
    expires_at: datetime | None = None
    has_note: bool = False
    has_evidence: bool = False

    def covers(self, address: UUID) -> bool:
        """Whether an address was named when this was said, or none was (CON-15)."""
        return not self.addresses or address in self.addresses


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressState:
    """What the gate must know of an address; the address itself is never its business."""

    id: UUID
    channel: Channel
    verified: bool
    personal: bool
    """The patient attested that it is their own (CON-18)."""
    suspended: bool = False
    """Changed, bounced, or opted out by its holder (CON-24, SMS-14)."""


class Form(StrEnum):
    """How much of a message would travel on the channel."""

    NOTIFICATION = "notification"
    """"You have a message": no content, no name of a service."""
    CONTENT = "content"


@dataclass(frozen=True, slots=True, kw_only=True)
class Purpose:
    """What we want to say now, before saying it."""

    channel: Channel
    category: Category
    form: Form
    sensitive: bool = False
    """A sensitive topic was found or declared: it never goes below the signed-in inbox (SEN-07)."""
    minimum: Minimum = Minimum.INBOX
    """The clinic's rule for this category (EOU-02)."""


class Refusal(StrEnum):
    """Machine-readable reasons of a refusal (CON-01, CON-11)."""

    NO_CONSENT = "no_consent"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    CHANNEL_NOT_AGREED = "channel_not_agreed"
    CATEGORY_NOT_AGREED = "category_not_agreed"
    NO_ADDRESS = "no_address"
    ADDRESS_NOT_VERIFIED = "address_not_verified"
    ADDRESS_NOT_PERSONAL = "address_not_personal"
    ADDRESS_SUSPENDED = "address_suspended"
    ADDRESS_NOT_COVERED = "address_not_covered"
    TOO_SENSITIVE = "too_sensitive"
    POLICY_FORBIDS = "policy_forbids"
    SMS_CONTENT = "sms_content"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """May we now, and why: sealed into the exchange that it allowed or stopped (promise 4)."""

    allowed: bool
    refusal: Refusal | None = None
    scope: Scope | None = None
    """The scope that was looked for: on a refusal the composer names it as missing (CON-11)."""
    event: UUID | None = None
    """The act of consent that decided."""
    text_version: int | None = None
    text_hash: bytes | None = field(default=None, repr=False)
    addresses: frozenset[UUID] = frozenset()
    """The addresses that it may go to; empty on a refusal, and for the web, which needs none."""
