"""The page that says who has read one's messages (TRN-01)."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One opening of one message, in a plain sentence (TRN-01)."""

    reader: str = field(repr=False)
    role: str = ""
    own: bool = False
    """The patient opened it."""
    message_at: datetime
    from_clinic: bool
    at: datetime
    thread: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Readers:
    """Who has read my messages, newest first."""

    readings: tuple[Reading, ...]
    thread: UUID | None = None
    older: str | None = None
