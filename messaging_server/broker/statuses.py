"""What a provider says of a text after taking it: the delivery changes, forwards only (SMS-11, SMS-12, SMS-21).

A provider may report before we have written down its name for the text; such a report is kept and applied then.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from messaging_server.broker import undelivered
from messaging_server.broker.clinic import Clinic, Means
from messaging_server.record import ledger
from messaging_server.record.entry import EntryKind, Fact
from messaging_server.storage import outbox, people
from messaging_server.storage.database import Connection
from messaging_server.storage.outbox import DeliveryRow, DeliveryState

ORDER: Final = {"accepted": 0, "scheduled": 0, "queued": 1, "sending": 2, "sent": 3}
"""States on the way; anything else is an end, and an end is never left."""
FAILED: Final = frozenset({"failed", "undelivered", "canceled"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One report; `fault` says what it means for the number: undeliverable or opted_out."""

    provider_id: str
    status: str
    code: int | None = None
    fault: str | None = None


async def take(means: Means, clinic: Clinic, report: Report, now: datetime) -> None:
    """Apply a report, or keep it until its delivery is known; a second coming changes nothing."""

    def unit(connection: Connection) -> None:
        row = outbox.by_provider_id(connection, clinic.id, report.provider_id)
        if row is None:
            outbox.keep_early(connection, clinic.id, report.provider_id, _word(report), now)
        else:
            apply(connection, clinic, row, report, now)

    await means.database.write(unit)
    means.wake("board")


def _word(report: Report) -> str:
    return f"{report.status}|{report.fault or ''}|{report.code or ''}"


def apply_early(connection: Connection, clinic: Clinic, row: DeliveryRow, provider_id: str, now: datetime) -> None:
    """Apply what was reported before the delivery was known by this name."""
    for word in outbox.take_early(connection, clinic.id, provider_id):
        status, fault, code = word.split("|")
        report = Report(
            provider_id=provider_id, status=status, fault=fault or None, code=int(code) if code else None
        )
        apply(connection, clinic, row, report, now)


def apply(connection: Connection, clinic: Clinic, row: DeliveryRow, report: Report, now: datetime) -> None:
    """Move a delivery forwards; a failure becomes a task (EOU-13)."""
    before = (row.last_code or "").removeprefix("status:")
    if row.state is DeliveryState.FAILED or not _forward(before, report.status):
        return
    if report.status in FAILED:
        if report.fault == "opted_out" and row.address_id:
            people.change_address(connection, row.address_id, state=people.AddressStatus.OPTED_OUT, changed_at=now)
        undelivered.fail(connection, clinic, row.id, code=report.fault or report.status, now=now)
        return
    outbox.set_outcome(connection, row.id, last_code=f"status:{report.status}")
    if report.status not in ORDER:
        fact = Fact(
            kind=EntryKind.DELIVERED, at=now, exchange=row.exchange_id, channel=row.channel,
            details={"delivery": str(row.id), "code": report.status},
        )  # fmt: skip
        ledger.append(connection, row.clinic_id, row.record_id, [fact], now)


def _forward(before: str, reported: str) -> bool:
    if before and before not in ORDER and before in {"delivered", "read", "received", *FAILED}:
        return False
    return ORDER.get(reported, 9) > ORDER.get(before, -1)
