"""What a decision becomes: the write, and what the door may say once it is durable."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from messaging_server.broker.case import Disposition
from messaging_server.broker.chain import Decision
from messaging_server.broker.filing import Filing
from messaging_server.broker.notices import Notice
from triage.model import Assessment


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What became of a message, once it is durable."""

    exchange: UUID
    disposition: Disposition
    assessment: Assessment
    thread: UUID | None = None
    notice: Notice | None = None
    notice_exchange: UUID | None = None
    due: datetime | None = None


@dataclass(frozen=True, slots=True)
class Planned:
    """A decision with everything that it brings about, sealed and ready to be written."""

    decision: Decision
    filing: Filing
    receipt: Receipt
