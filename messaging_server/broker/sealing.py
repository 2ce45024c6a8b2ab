"""Sealing for an audience: one content key per audience per write (DESIGN section 5)."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from keys.envelope import (
    Committed,
    ContentKey,
    Context,
    HolderKey,
    Wrap,
    new_content_key,
    seal,
    wrap_content_key,
)
from messaging_server.message import new_id
from messaging_server.record.content import Content, Judgement, content_bytes, judgement_bytes
from messaging_server.record.reading import CONTENT, STAFF, SUBJECT


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """A fresh content key and its ways to everybody who shall read."""

    clinic: UUID
    key: ContentKey = field(repr=False)
    wraps: tuple[Wrap, ...]
    holders: tuple[HolderKey, ...]
    """Sealed to these versions: still current when it is written, or it is sealed again."""

    def seal(self, subject: UUID, field_name: str, plaintext: bytes) -> Committed:
        """Seal bytes, bound to what they belong to."""
        return seal(plaintext, self.key, Context(clinic=self.clinic, subject=subject, field=field_name))

    def seal_content(self, exchange: UUID, content: Content) -> Committed:
        """Seal what an exchange says."""
        return self.seal(exchange, CONTENT, content_bytes(content))

    def seal_judgement(self, exchange: UUID, judgement: Judgement) -> Committed:
        """Seal what the clinic's teams see beside it."""
        return self.seal(exchange, STAFF, judgement_bytes(judgement))

    def seal_subject(self, thread: UUID, subject: str) -> Committed:
        """Seal a thread's subject."""
        return self.seal(thread, SUBJECT, subject.encode("utf-8", "replace"))


def audience(clinic: UUID, holders: Iterable[HolderKey], now: datetime) -> Audience:
    """A content key for these holders; the same holder named twice gets one wrap."""
    unique = {(holder.id, holder.version): holder for holder in holders}
    key = new_content_key(new_id(now))
    wraps = tuple(wrap_content_key(key, holder, clinic) for holder in unique.values())
    return Audience(clinic=clinic, key=key, wraps=wraps, holders=tuple(unique.values()))


def all_holders(audiences: Collection[Audience]) -> tuple[HolderKey, ...]:
    """Every key version that a write was sealed to."""
    return tuple({(h.id, h.version): h for a in audiences for h in a.holders}.values())
