"""The report on the screening for a period, read in one go (MET-04)."""

from datetime import datetime

from messaging_server.broker import quality
from messaging_server.broker.clinic import Clinic, Means
from messaging_server.broker.period import Period
from messaging_server.broker.quality import Report
from messaging_server.broker.tallying import cells_of
from messaging_server.storage.counts import CountRow
from messaging_server.storage.database import Connection
from messaging_server.storage.queries import quality as queries
from messaging_server.storage.queries.quality import Emergency, Event

Found = tuple[tuple[CountRow, ...], int, tuple[Emergency, ...], tuple[Event, ...]]


async def screening(means: Means, clinic: Clinic, period: Period, now: datetime) -> Report:
    """What may be shown of the screening's quality in a period, up to now."""
    start, end = period.bounds(clinic.zone)

    def load(connection: Connection) -> Found:
        return (
            queries.counted(connection, clinic.id, period.first, period.last),
            queries.overrides(connection, clinic.id, start, end),
            queries.emergencies(connection, clinic.id, start, end), queries.events(connection, clinic.id, start, end),
        )  # fmt: skip

    counted, overrides, emergencies, events = await means.database.read(load)
    alerts = quality.alerts_of(emergencies, events, start, end)
    timed = quality.timed(alerts, clinic.policy.escalation.acknowledge_minutes, now)
    return quality.report(cells_of(means, counted), overrides, timed)
