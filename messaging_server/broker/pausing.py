"""Letting a channel rest, from a moment to a moment: what would leave waits in the outbox, nothing is lost (TRI-22).

Who would be told by it is told that it rests: on the page, and in the acknowledgement (ACK-24).
"""

from datetime import datetime
from uuid import UUID

from consent.model import Channel
from messaging_server.broker.clinic import Clinic, Means
from messaging_server.broker.withdrawal import open_ways
from messaging_server.errors import InvalidError
from messaging_server.message import Pause, new_id
from messaging_server.storage import clinics, consents, pauses, people
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


def resting(connection: Connection, clinic: Clinic, now: datetime) -> tuple[Pause, ...]:
    """What rests at this instant, its end in clinic time."""
    return tuple(
        Pause(channel=Channel(row.channel), until=clinic.local(row.ends_at) if row.ends_at else None)
        for row in pauses.all_paused(connection, clinic.id, now)
    )


def missed_by(connection: Connection, clinic: Clinic, person: UUID, now: datetime) -> tuple[Pause, ...]:
    """The pauses that concern somebody: of the ways by which they would be told that an answer is there (ACK-24)."""
    found = resting(connection, clinic, now)
    if not found:
        return ()
    ways = open_ways(consents.consents_of(connection, person), people.addresses_of(connection, person), now)
    return tuple(pause for pause in found if pause.channel in ways)


def _line(clinic: UUID, action: str, now: datetime) -> clinics.AuditRow:
    return clinics.AuditRow(
        id=new_id(now), clinic_id=clinic, at=now, actor_id=None, action=action, object_id=None, result="done"
    )
