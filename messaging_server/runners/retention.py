"""What has had its time: message fingerprints after thirty days, sessions after their limits."""

from dataclasses import dataclass
from datetime import timedelta

from messaging_server.broker.clinic import Means
from messaging_server.clock import Clock
from messaging_server.storage import accounts, threads
from messaging_server.storage.database import Connection

SEEN = timedelta(days=30)
IDLE = timedelta(hours=12)


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """What the runner works with."""

    means: Means
    clock: Clock


async def run_once(work: Retention) -> None:
    """Let go of what has had its time."""
    now = work.clock()

    def unit(connection: Connection) -> None:
        threads.forget_seen(connection, now - SEEN)
        accounts.end_expired(connection, now, now - IDLE)

    await work.means.database.write(unit)
