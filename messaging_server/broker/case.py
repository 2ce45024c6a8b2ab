"""All that the rules may see of an incoming message: facts, no content."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from consent.model import Channel
from messaging_server.message import Automatic, Keyword
from triage.model import Priority


class Disposition(StrEnum):
    """What shall be done with an incoming message; nothing is ever dropped (promise 1)."""

    ACCEPTED = "accepted"
    HELD = "held"
    """Kept sealed in the intake record, screened, shown to staff the same day (CON-03)."""
    FAILED = "failed"
    """Could not be understood: kept sealed with its reason for a person (TRI-18)."""
    SET_ASIDE = "set_aside"
    """A machine wrote it: kept, in no queue, never answered (EIN-18)."""
    REPORT = "report"
    """A bounce or receipt: it changes the delivery it speaks of (EIN-18)."""
    DUPLICATE = "duplicate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What is known when the decision is taken; loaded in one read, loaded again as a guard of the write."""

    now: datetime
    channel: Channel
    seen_before: bool = False
    automatic: Automatic | None = None
    about_delivery: bool = False
    """It speaks of one of our deliveries by that delivery's unguessable token."""
    keyword: Keyword | None = None
    unreadable: bool = False
    identified: bool = False
    """Exactly one person of this clinic is the author."""
    ambiguous: bool = False
    """Several people have this address, and no reply address tells them apart."""
    stopped_before: bool = False
    """Texts to this number are stopped already (SMS-14)."""
    authenticated: bool = False
    """The page's session, an authentication result of the mail, or the provider's signature vouches for the author."""
    consented: bool = False
    """An active consent for this channel exists at this instant (CON-01)."""
    texts_answered: bool = False
    """The clinic's policy answers texts; otherwise they are told that texts are not answered (SMS-02)."""
    priority: Priority = Priority.ROUTINE
    flags: tuple[str, ...] = ()
    answers_this_thread: int = 0
    """Automatic texts to this address in the thread throttle's period (ACK-13)."""
    answers_today: int = 0
    redirects_this_hour: int = 0
    may_answer_thread: int = 1
    may_answer_day: int = 6
