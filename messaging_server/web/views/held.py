"""What is held: a message that is in nobody's record until a person has said whose it is."""

from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from consent.model import Channel
from messaging_server.web.views.board import Row
from messaging_server.web.views.frame import FormView
from messaging_server.web.views.item import Close, FindingView, StaffExchange


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A patient who may have written what is held; a person decides, never a guess."""

    person: UUID
    name: str = field(repr=False)
    birth_date: date = field(repr=False)
    address_matches: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Held(FormView):
    """A message that is in no record yet: file it to a patient, or close it (TRI-16)."""

    row: Row
    channel: Channel
    claimed_sender: str = field(repr=False)
    authenticated: bool
    at: datetime
    subject: str = field(default="", repr=False)
    exchanges: tuple[StaffExchange, ...] = field(repr=False)
    """What came, and what our server answered by itself, each apart: never one text."""
    findings: tuple[FindingView, ...] = ()
    not_screened: tuple[str, ...] = ()
    query: str = field(default="", repr=False)
    candidates: tuple[Candidate, ...] | None = None
    """None before a search; empty when nobody was found."""
    disposition: Close | None = None
    disposition_note: str = field(default="", repr=False)
    closed: bool = False
