"""What planning carries from step to step: the message, what is known, what was decided, and for whom it is sealed."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from messaging_server.broker.case import Disposition
from messaging_server.broker.chain import Decision
from messaging_server.broker.clinic import Clinic, Means
from messaging_server.broker.loading import Snapshot
from messaging_server.broker.sealing import Audience
from messaging_server.message import IncomingMessage
from messaging_server.storage import records, threads
from triage.model import Assessment


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What planning carries from step to step."""

    means: Means
    clinic: Clinic
    message: IncomingMessage
    assessment: Assessment
    snapshot: Snapshot
    decision: Decision
    record: records.RecordRow
    exchange: UUID
    thread: UUID
    readers: Audience
    staff: Audience
    files: Audience
    """For whom pictures, and a raw original with pictures in it, are sealed: the readers, or fewer."""
    opened: threads.ThreadRow | None
    """The thread that this message opens; None when it joins one."""

    @property
    def now(self) -> datetime:
        """When the message was received: the server's time."""
        return self.message.received_at

    @property
    def state(self) -> threads.ExchangeState:
        """Where the exchange stands."""
        return {Disposition.HELD: threads.ExchangeState.HELD, Disposition.FAILED: threads.ExchangeState.FAILED}.get(
            self.decision.disposition, threads.ExchangeState.FILED
        )
