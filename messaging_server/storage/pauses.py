"""Channels that a clinic lets rest for a while: what would leave waits, and nothing is lost."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, bindparam, or_, select

from consent.model import Channel
from messaging_server.storage import tables
from messaging_server.storage.outbox import DeliveryState
from messaging_server.storage.rows import as_rows, insert

CODE = "paused"
"""What a delivery that waits for a pause to end says of itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseRow:
    """One channel's pause; without an end it lasts until somebody ends it."""

    clinic_id: UUID
    channel: Channel
    starts_at: datetime
    ends_at: datetime | None
    created_at: datetime


def set_pause(connection: Connection, row: PauseRow) -> None:
    """Let a channel rest, in place of an earlier pause of it."""
    drop_pause(connection, row.clinic_id, row.channel)
    insert(connection, tables.channel_pauses, row)


def drop_pause(connection: Connection, clinic: UUID, channel: Channel) -> bool:
    """End a pause, or take back one that is to come; False when there was none."""
    c = tables.channel_pauses.c
    done = connection.execute(
        tables.channel_pauses.delete().where(c.clinic_id == clinic, c.channel == channel.value)
    )
    return bool(done.rowcount)


def paused(connection: Connection, clinic: UUID, channel: Channel, now: datetime) -> PauseRow | None:
    """The pause of a channel that is on at this instant."""
    return next((row for row in all_paused(connection, clinic, now) if row.channel == channel), None)


def all_paused(connection: Connection, clinic: UUID, now: datetime) -> tuple[PauseRow, ...]:
    """Every pause of a clinic that is on at this instant."""
    return as_rows(PauseRow, connection.execute(_ON, {"clinic": clinic, "now": now}).all())


_C = tables.channel_pauses.c
_ON = select(tables.channel_pauses).where(
    _C.clinic_id == bindparam("clinic"), _C.starts_at <= bindparam("now"),
    or_(_C.ends_at.is_(None), _C.ends_at > bindparam("now")),
).order_by(_C.channel)  # fmt: skip


def release(connection: Connection, clinic: UUID, channel: Channel, now: datetime) -> int:
    """Let what waited for the end of a pause leave now; gives how many deliveries that is."""
    c = tables.deliveries.c
    waiting = (c.clinic_id == clinic, c.channel == channel.value, c.state == DeliveryState.QUEUED.value)
    done = connection.execute(
        tables.deliveries.update().where(*waiting, c.last_code == CODE, c.next_at > now).values(next_at=now)
    )
    return int(done.rowcount)
