"""The nouns: what a door hands in, and the names that every room shares.

Content is never shown by `repr`. Ids are UUIDs of version 7 (RFC 9562 section 5.7), so that they sort by time.
"""

import secrets
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NewType
from uuid import UUID

from consent.model import Channel

ClinicId = NewType("ClinicId", UUID)
PersonId = NewType("PersonId", UUID)
AddressId = NewType("AddressId", UUID)
AccountId = NewType("AccountId", UUID)
RecordId = NewType("RecordId", UUID)
ThreadId = NewType("ThreadId", UUID)
ExchangeId = NewType("ExchangeId", UUID)
TaskId = NewType("TaskId", UUID)
DeliveryId = NewType("DeliveryId", UUID)


def new_id(now: datetime) -> UUID:
    """A UUID of version 7 (RFC 9562 section 5.7): 48 bits of Unix milliseconds, then random bits."""
    milliseconds = int(now.timestamp() * 1000) & ((1 << 48) - 1)
    random = secrets.randbits(74)
    value = milliseconds << 80 | 0x7 << 76 | (random >> 62) << 64 | 0b10 << 62 | (random & ((1 << 62) - 1))
    return UUID(int=value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """A way by which nothing but urgent texts leaves for a while, foreseen by the clinic (ACK-24, TRI-22)."""

    channel: Channel
    until: datetime | None
    """In clinic time; None while nobody has said when it ends."""


class Automatic(StrEnum):
    """Kinds of mail that a machine wrote, which we never answer (RFC 3834 section 2, ACK-11, EIN-18)."""

    BOUNCE = "bounce"
    AUTO_REPLY = "auto-reply"
    REPORT = "report"
    LIST = "list"


class Keyword(StrEnum):
    """A text that is one of the agreed words and nothing else (SMS-13)."""

    STOP = "stop"
    HELP = "help"
    START = "start"


class Verification(StrEnum):
    """One authentication method's result, reduced to what a decision needs (RFC 8601 section 2.7)."""

    PASS = "pass"  # noqa: S105  # a result of RFC 8601, not a secret
    FAIL = "fail"
    NONE = "none"
    TEMPERROR = "temperror"


@dataclass(frozen=True, slots=True, kw_only=True)
class Authentication:
    """What the authentication of a mail's author domain gave, and who said so (EIN-08).

    `source` is `header` for a configured trusted relay's `Authentication-Results`, `local` for our own check,
    `none` where nobody whom we believe checked it. `aligned` is True when a pass is aligned with the From domain.
    """

    spf: Verification = Verification.NONE
    dkim: Verification = Verification.NONE
    dmarc: Verification = Verification.NONE
    source: str = "none"
    aligned: bool = False

    @property
    def vouches(self) -> bool:
        """Whether the author is who the mail says: one pass, aligned with the From domain (EIN-08)."""
        return self.aligned and Verification.PASS in {self.spf, self.dkim, self.dmarc}


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file that came with a message: its name as claimed, its type as found by content, its bytes."""

    filename: str = field(repr=False)
    media_type: str
    content: bytes = field(repr=False)
    text: str | None = field(default=None, repr=False)
    """The text to screen, or None when the file was not read: then it is "not screened", never "clear" (SEN-10)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IncomingMessage:
    """What a door hands to the broker: in clear, in memory only, never stored as it is.

    `idempotency` is what makes two deliveries of the same message one (EIN-06, SMS-11): the door composes it from
    the protocol's own identity (envelope, Message-ID and body hash; MessageSid; the page's form id).
    Exactly one of `account` (signed in by the web) and `sender` (an address as claimed) is given.
    """

    clinic: ClinicId
    channel: Channel
    received_at: datetime
    idempotency: bytes = field(repr=False)
    subject: str = field(default="", repr=False)
    new_text: str = field(default="", repr=False)
    quoted_text: str = field(default="", repr=False)
    attachments: tuple[Attachment, ...] = field(default=(), repr=False)
    raw: bytes = field(default=b"", repr=False)
    """The original as it came over the wire, sealed and kept (EIN-12); empty for the web."""
    account: AccountId | None = None
    thread: ThreadId | None = None
    """The thread that the signed-in author answers in; a mail threads by `reply_token` only (EIN-11)."""
    reason: str | None = None
    """The kind of request that the author chose: `appointment renewal result form question other` (PAGES, Write)."""
    private: bool = False
    """The author marked it as especially private (SEN-09)."""
    own_words: tuple[str, ...] = field(default=(), repr=False)
    """What the signed-in author holds to be sensitive anywhere (SEN-09); empty where no key was at hand to know."""
    sender: str | None = field(default=None, repr=False)
    """The one mailbox of the one From header, or the E.164 number; None when it could not be told (EIN-07)."""
    reply_token: str | None = field(default=None, repr=False)
    authentication: Authentication = Authentication()
    automatic: Automatic | None = None
    keyword: Keyword | None = None
    delivery_ref: str | None = field(default=None, repr=False)
    """For a bounce or report: the token of our own delivery that it speaks of (EIN-18)."""
    bounce_permanent: bool = False
    message_id: str | None = field(default=None, repr=False)
    other_recipients: int = 0
    """How many addresses other than ours stood in To and Cc: shown to staff as a warning (EIN-19)."""
    defects: tuple[str, ...] = ()
    """Machine-readable reasons why parts could not be understood; any of them sends it to the failure queue too."""
    encrypted_transport: bool = True
    """False when a mail arrived over a connection without TLS (EIN-04)."""
    claimed_at: datetime | None = None
    """The Date header: a claim only (EIN-24)."""

    @property
    def pictures_missing(self) -> int:
        """How many pictures of a text were announced and not fetched (`media:N`): never a silent loss (SMS-04)."""
        return sum(int(one.removeprefix("media:")) for one in self.defects if one.startswith("media:"))

    @property
    def unreadable(self) -> bool:
        """Whether nothing of it could be understood; a text of pictures alone is understood, and they are asked for."""
        return not self.new_text and any(not one.startswith("media:") for one in self.defects)
