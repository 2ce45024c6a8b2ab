"""Letting a channel rest, from a moment to a moment: what would leave waits in the outbox, nothing is lost (TRI-22)."""

from datetime import datetime
from uuid import UUID

from consent.model import Channel
from messaging_server.broker.clinic import Clinic, Means
from messaging_server.errors import InvalidError
from messaging_server.message import new_id
from messaging_server.storage import clinics, pauses
from messaging_server.storage.database import Connection


async def pause(
    means: Means, clinic: Clinic, channel: Channel, starts: datetime, ends: datetime | None, now: datetime
) -> None:
    """Let a channel rest. Raises InvalidError for the inbox, which nothing leaves by, and for an end that is no end."""
    if channel is Channel.WEB:
        raise InvalidError("channel", "the_inbox_never_rests")
    if ends is not None and (ends <= starts or ends <= now):
        raise InvalidError("until", "not_after_the_beginning")
    row = pauses.PauseRow(clinic_id=clinic.id, channel=channel, starts_at=starts, ends_at=ends, created_at=now)

    def unit(connection: Connection) -> None:
        pauses.set_pause(connection, row)
        clinics.note_audit(connection, _line(clinic.id, f"pause_{channel}", now))

    await means.database.write(unit)


async def resume(means: Means, clinic: Clinic, channel: Channel, now: datetime) -> int | None:
    """End a pause; gives how many deliveries had waited for it, None when there was no pause."""

    def unit(connection: Connection) -> int | None:
        if not pauses.drop_pause(connection, clinic.id, channel):
            return None
        clinics.note_audit(connection, _line(clinic.id, f"resume_{channel}", now))
        return pauses.release(connection, clinic.id, channel, now)

    freed = await means.database.write(unit)
    means.wake("outbox")
    return freed


def _line(clinic: UUID, action: str, now: datetime) -> clinics.AuditRow:
    return clinics.AuditRow(
        id=new_id(now), clinic_id=clinic, at=now, actor_id=None, action=action, object_id=None, result="done"
    )
