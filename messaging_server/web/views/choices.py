"""My choices: what was agreed by channel and content, the addresses and how they stand, taking it back."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from consent.model import Category, Channel
from messaging_server.web.views.frame import FormView


class ChoiceState(StrEnum):
    """What is in force for a kind of content on a channel."""

    AGREED = "agreed"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    NOT_ASKED = "not_asked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One line of my choices, with its date (CON-15)."""

    category: Category
    state: ChoiceState
    since: datetime | None = None


class AddressWord(StrEnum):
    """How an address stands, in words."""

    VERIFIED = "verified"
    TO_VERIFY = "to_verify"
    SUSPENDED = "suspended"
    BOUNCED = "bounced"
    OPTED_OUT = "opted_out"


class Coverage(StrEnum):
    """Whether what was agreed for a channel was agreed for this address too (CON-15, CON-24)."""

    COVERED = "covered"
    NOT_COVERED = "not_covered"
    """Something is agreed for the channel, but the address came later."""
    NO_CONSENT = "no_consent"


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressView:
    """Where a channel leads, and whether it may be used."""

    id: UUID
    channel: Channel
    value: str = field(repr=False)
    state: AddressWord
    personal: bool = True
    coverage: Coverage = Coverage.COVERED
    agreed: datetime | None = None
    """When it was agreed that this address is used."""
    stopped: datetime | None = None
    """Since when its holder has stopped what goes there (SMS-14)."""

    @property
    def may_prove(self) -> bool:
        """Whether a code may go there: to prove it, or to see whether it works again; never where STOP was sent."""
        return self.state not in {AddressWord.VERIFIED, AddressWord.OPTED_OUT}


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelChoices:
    """The choices of one channel."""

    channel: Channel
    choices: tuple[Choice, ...]
    addresses: tuple[AddressView, ...] = ()

    @property
    def stopped(self) -> datetime | None:
        """Since when nothing goes out by this channel, because each of its addresses was stopped (SMS-14)."""
        since = [address.stopped for address in self.addresses]
        return max((at for at in since if at), default=None) if all(since) else None

    @property
    def active(self) -> bool:
        """Whether anything is agreed here, so that there is something to stop."""
        return any(choice.state is ChoiceState.AGREED for choice in self.choices)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices(FormView):
    """What I agreed to, by channel and content, with dates; change or stop (CON-13)."""

    channels: tuple[ChannelChoices, ...]
    text_version: int | None = None
    given: datetime | None = None
    expires: datetime | None = None
    proxies: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnPhrase:
    """One phrase of the patient's list."""

    id: UUID
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnWords(FormView):
    """The patient's own sensitive words, and the box for one more (SEN-09)."""

    phrases: tuple[OwnPhrase, ...] = field(repr=False)
    phrase: str = field(default="", repr=False)
    """What was typed and could not be kept."""
    most: int
    longest: int

    @property
    def full(self) -> bool:
        """Whether no more fit."""
        return len(self.phrases) >= self.most


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyAddress(FormView):
    """Where the code that went to an address is typed in (DIR-03)."""

    address: AddressView
    expires: datetime | None = None
    """Until when the code that was sent works; None while none is on its way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdraw(FormView):
    """What will stop, said before the click (CON-13); nothing given means everything."""

    channel: Channel | None = None
    category: Category | None = None
    waiting: int = 0
    """Messages that wait to leave by this way and will not."""
    still_open: tuple[Channel, ...] = ()
    """The ways that stay open afterwards."""
