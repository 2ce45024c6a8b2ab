"""The outbox runner: what must leave, leaves; the gate is asked again at the moment of sending (CON-26).

The senders are plain async functions given by the wiring place. A temporary failure waits longer each time; a
permanent one puts a task in the queue. A delivery whose attempt was not answered may be repeated: mail under the same
Message-ID, a text only after asking the provider.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID, uuid4

from consent import gate
from consent.model import Category, Channel, Form, Purpose
from messaging_server.broker import statuses, undelivered
from messaging_server.broker.clinic import Clinic, Clinics, Means
from messaging_server.broker.directory import open_address
from messaging_server.broker.saying import Payload, read_payload
from messaging_server.clock import Clock
from messaging_server.logs import log
from messaging_server.message import ClinicId
from messaging_server.record import ledger
from messaging_server.record.entry import EntryKind, Fact
from messaging_server.storage import consents, outbox, pauses, people
from messaging_server.storage.database import Connection
from messaging_server.storage.outbox import DeliveryRow, DeliveryState

BACK_OFF: Final = (1, 5, 15, 30, 60, 120, 240)
"""Minutes before the next attempt; the last one repeats."""
GIVE_UP: Final = timedelta(hours=48)
BATCH: Final = 20
PAUSE_LOOK: Final = timedelta(minutes=15)
"""How often a pause without an end is looked at again; ending it wakes what waits at once."""

QUIET: Final = "quiet_hours"
"""What a text that waits for the morning says of itself (SMS-17)."""


class Outcome(StrEnum):
    """How an attempt ended."""

    DELIVERED = "delivered"
    TEMPORARY = "temporary"
    PERMANENT = "permanent"
    OPTED_OUT = "opted_out"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """One text for one address, in clear for the time of the attempt."""

    clinic: Clinic
    delivery: UUID
    to: str = field(repr=False)
    payload: Payload
    attempt: int
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """What a sender says of its attempt; `code` is a status or the name of a fault, never an address."""

    outcome: Outcome
    code: str
    provider_id: str | None = None


Sender = Callable[[Outgoing], Awaitable[Attempt]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outbox:
    """What the runner works with."""

    means: Means
    clinics: Clinics
    senders: dict[Channel, Sender]
    clock: Clock
    holder: UUID = field(default_factory=uuid4)


async def run_once(box: Outbox) -> int:
    """Take what is due and try to send it; gives how many were tried."""
    now = box.clock()
    rows = await box.means.database.write(
        lambda c: outbox.lease(c, holder=box.holder, now=now, until=now + outbox.LEASE, most=BATCH)
    )
    await asyncio.gather(*(_handle(box, row) for row in rows))
    return len(rows)


async def _handle(box: Outbox, row: DeliveryRow) -> None:
    try:
        await _send(box, row)
    except Exception as error:  # noqa: BLE001  # one delivery's fault must not stop the others; it waits and is tried again
        log.error("delivery_fault", delivery=str(row.id), fault=type(error).__name__)
        await _again(box, row, "fault:" + type(error).__name__)


async def _send(box: Outbox, row: DeliveryRow) -> None:
    clinic = box.clinics[ClinicId(row.clinic_id)]
    payload = read_payload(box.means.keys, row)
    now = box.clock()
    if payload.stale(now):
        await _stop(box, clinic, row, undelivered.STALE)
        return
    resting = await box.means.database.read(lambda c: pauses.paused(c, row.clinic_id, row.channel, now))
    if resting is not None and not payload.urgent:
        await _rest(box, clinic, row, resting.ends_at or now + PAUSE_LOOK, pauses.CODE)
        return
    day = clinic.calendar.quiet_until(now)
    if row.channel is Channel.SMS and payload.can_wait_for_day and day > now:
        await _rest(box, clinic, row, day, QUIET)
        return
    refusal, address = await box.means.database.read(lambda c: _ask_gate(c, row, payload, now))
    if refusal or address is None:
        await _stop(box, clinic, row, refusal or "no_address")
        return
    outgoing = Outgoing(
        clinic=clinic, delivery=row.id, to=open_address(box.means.keys, address), payload=payload,
        attempt=row.attempts, created_at=row.created_at,
    )  # fmt: skip
    attempt = await box.senders[row.channel](outgoing)
    await _settle(box, clinic, row, attempt)


def _ask_gate(
    connection: Connection, row: DeliveryRow, payload: Payload, now: datetime
) -> tuple[str | None, people.AddressRow | None]:
    """The gate's refusal, if any, and the address as the directory has it now (EOU-04)."""
    address = people.address(connection, row.clinic_id, row.address_id) if row.address_id else None
    if address is None or payload.gate_free:
        return None, address
    if address.person_id is None:
        return "no_consent", address
    acts = consents.consents_of(connection, address.person_id)
    for category in Category:
        purpose = Purpose(channel=row.channel, category=category, form=Form.NOTIFICATION)
        verdict = gate.decide(acts, [address.gate_state], purpose, now)
        if verdict.allowed:
            return None, address
    return verdict.refusal, address


async def _rest(box: Outbox, clinic: Clinic, row: DeliveryRow, until: datetime, code: str) -> None:
    """Wait for the end of a pause or of the quiet hours; no attempt, but an answer that waits is marked."""
    now = box.clock()

    def unit(connection: Connection) -> None:
        if outbox.finish(connection, row.id, box.holder, next_at=until, last_code=code):
            undelivered.unanswered(connection, clinic, row, again=until, now=now)

    await box.means.database.write(unit)
    if row.automatic:
        box.means.wake("board")


async def _stop(box: Outbox, clinic: Clinic, row: DeliveryRow, code: str) -> None:
    now = box.clock()

    def unit(connection: Connection) -> None:
        if outbox.finish(connection, row.id, box.holder, state=DeliveryState.STOPPED, last_code=code, done_at=now,
                         payload=None):  # fmt: skip
            undelivered.stopped(connection, clinic, row, code=code, now=now)

    await box.means.database.write(unit)
    box.means.wake("board")


async def _settle(box: Outbox, clinic: Clinic, row: DeliveryRow, attempt: Attempt) -> None:
    match attempt.outcome:
        case Outcome.DELIVERED:
            await _delivered(box, clinic, row, attempt)
        case Outcome.TEMPORARY:
            await _again(box, row, attempt.code)
        case Outcome.PERMANENT | Outcome.OPTED_OUT:
            await _failed(box, clinic, row, attempt)


async def _delivered(box: Outbox, clinic: Clinic, row: DeliveryRow, attempt: Attempt) -> None:
    now = box.clock()
    fact = Fact(
        kind=EntryKind.DELIVERED, at=now, exchange=row.exchange_id, channel=row.channel,
        details={"delivery": str(row.id), "code": attempt.code},
    )  # fmt: skip

    def unit(connection: Connection) -> None:
        if outbox.finish(
            connection, row.id, box.holder, state=DeliveryState.SENT, attempts=row.attempts + 1,
            provider_id=attempt.provider_id, last_code=attempt.code, done_at=now, payload=None,
        ):  # fmt: skip
            ledger.append(connection, row.clinic_id, row.record_id, [fact], now)
            undelivered.left(connection, row, now)
            if attempt.provider_id and row.channel is Channel.SMS:
                known = replace(row, state=DeliveryState.SENT, last_code=attempt.code)
                statuses.apply_early(connection, clinic, known, attempt.provider_id, now)

    await box.means.database.write(unit)


async def _again(box: Outbox, row: DeliveryRow, code: str) -> None:
    """Wait, longer each time; after two days it is a permanent failure (EOU-13).

    An automatic answer that cannot leave within its minute is marked at once (ACK-16).
    """
    now, clinic = box.clock(), box.clinics[ClinicId(row.clinic_id)]
    if now - row.created_at >= GIVE_UP:
        await _failed(box, clinic, row, Attempt(outcome=Outcome.PERMANENT, code="expired:" + code))
        return
    minutes = BACK_OFF[min(row.attempts, len(BACK_OFF) - 1)] * random.uniform(0.8, 1.2)
    again = now + timedelta(minutes=minutes)

    def unit(connection: Connection) -> None:
        waits = {"attempts": row.attempts + 1, "next_at": again, "last_code": code}
        if outbox.finish(connection, row.id, box.holder, **waits):
            undelivered.unanswered(connection, clinic, row, again=again, now=now)

    await box.means.database.write(unit)
    box.means.wake("board")


async def _failed(box: Outbox, clinic: Clinic, row: DeliveryRow, attempt: Attempt) -> None:
    now = box.clock()

    def unit(connection: Connection) -> None:
        if attempt.outcome is Outcome.OPTED_OUT and row.address_id:
            people.change_address(connection, row.address_id, state=people.AddressStatus.OPTED_OUT, changed_at=now)
        undelivered.fail(connection, clinic, row.id, code=attempt.code, now=now)

    await box.means.database.write(unit)
    box.means.wake("board")
