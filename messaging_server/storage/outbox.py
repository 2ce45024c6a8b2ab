"""The outbox: what must leave, leased to one sender at a time (EOU-13)."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, bindparam, func, select

from consent.model import Channel
from keys.envelope import Sealed
from messaging_server.storage import tables
from messaging_server.storage.rows import as_rows, insert
from messaging_server.storage.statements import Prepared
from messaging_server.storage.types import Instant


class DeliveryState(StrEnum):
    """Where a delivery stands; the last four are final but for a bounce after the relay took it."""

    QUEUED = "queued"
    SENT = "sent"
    """A relay or provider took it; that is not "read" (T-42)."""
    STOPPED = "stopped"
    """The gate said no at the moment of sending, or the author took it back."""
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryRow:
    """One thing to say to one address. `content` is the archived copy for the record; `payload` is the same text
    under the delivery key, for the runner, and is emptied once the delivery is done.
    """

    id: UUID
    clinic_id: UUID
    record_id: UUID
    exchange_id: UUID
    address_id: UUID | None
    channel: Channel
    automatic: bool
    state: DeliveryState
    content: Sealed
    content_key_id: UUID
    payload: bytes | None = field(repr=False)
    token_fp: bytes | None = field(default=None, repr=False)
    """The fingerprint of the unguessable token in its reply and return addresses (EIN-11, EIN-18)."""
    attempts: int = 0
    created_at: datetime
    next_at: datetime
    lease_until: datetime | None = None
    lease_id: UUID | None = None
    provider_id: str | None = None
    last_code: str | None = None
    done_at: datetime | None = None


def add_deliveries(connection: Connection, rows: Sequence[DeliveryRow]) -> None:
    """Queue deliveries, in the transaction of what they belong to."""
    insert(connection, tables.deliveries, *rows)


def lease(
    connection: Connection, *, holder: UUID, now: datetime, until: datetime, most: int
) -> tuple[DeliveryRow, ...]:
    """Take up to `most` due deliveries that nobody holds; rows that another sender is just taking are passed over.

    The chosen ids are fixed before the update, because the planner may run a LIMIT subquery again (finding 12). A lease
    far beyond what one lasts was taken by a clock that was wrong: nobody waits for it.
    """
    c = tables.deliveries.c
    free = (c.lease_until.is_(None)) | (c.lease_until < now) | (c.lease_until > until + (until - now))
    chosen = (
        select(c.id).where(c.state == DeliveryState.QUEUED.value, c.next_at <= now, free)
        .order_by(c.next_at).limit(most).with_for_update(skip_locked=True)
    )  # fmt: skip
    ids = list(connection.execute(chosen).scalars())
    if not ids:
        return ()
    connection.execute(tables.deliveries.update().where(c.id.in_(ids)).values(lease_until=until, lease_id=holder))
    found = connection.execute(select(tables.deliveries).where(c.id.in_(ids)).order_by(c.next_at)).all()
    return tuple(_typed(row) for row in as_rows(DeliveryRow, found))


def _typed(row: DeliveryRow) -> DeliveryRow:
    return replace(row, channel=Channel(row.channel), state=DeliveryState(row.state))


def finish(connection: Connection, delivery: UUID, holder: UUID | None, **values: Any) -> bool:
    """Write down how an attempt ended, if the lease is still this holder's (or nobody's, with holder None)."""
    c = tables.deliveries.c
    mine = c.lease_id == holder if holder else c.lease_id.is_(None)
    plain = {name: value.value if isinstance(value, StrEnum) else value for name, value in values.items()}
    done = connection.execute(
        tables.deliveries.update().where(c.id == delivery, c.state == DeliveryState.QUEUED.value, mine)
        .values(lease_until=None, lease_id=None, **plain)
    )  # fmt: skip
    return done.rowcount == 1


def deliveries_of(connection: Connection, exchange_ids: Sequence[UUID]) -> tuple[DeliveryRow, ...]:
    """The deliveries of some exchanges."""
    c = tables.deliveries.c
    query = select(tables.deliveries).where(c.exchange_id.in_(exchange_ids)).order_by(c.created_at)
    return tuple(_typed(row) for row in as_rows(DeliveryRow, connection.execute(query).all()))


def by_token(connection: Connection, clinic: UUID, token_fp: bytes) -> DeliveryRow | None:
    """The delivery that a reply or a bounce speaks of, by its unguessable address (EIN-11, EIN-18)."""
    return _found(connection, tables.deliveries.c.clinic_id == clinic, tables.deliveries.c.token_fp == token_fp)


def by_provider_id(connection: Connection, clinic: UUID, provider_id: str) -> DeliveryRow | None:
    """The delivery that a provider's status speaks of (SMS-11)."""
    return _found(connection, tables.deliveries.c.clinic_id == clinic, tables.deliveries.c.provider_id == provider_id)


def _found(connection: Connection, *where: ColumnElement[bool]) -> DeliveryRow | None:
    found = connection.execute(select(tables.deliveries).where(*where).limit(1)).all()
    row = next(iter(as_rows(DeliveryRow, found)), None)
    return None if row is None else _typed(row)


def set_outcome(connection: Connection, delivery: UUID, **values: Any) -> None:
    """Record what became of a delivery after it was sent: a bounce, a provider's status."""
    plain = {name: value.value if isinstance(value, StrEnum) else value for name, value in values.items()}
    connection.execute(tables.deliveries.update().where(tables.deliveries.c.id == delivery).values(**plain))


def stop_queued(connection: Connection, exchange_id: UUID, now: datetime) -> int:
    """Stop what has not left yet of an exchange; gives how many deliveries that was."""
    c = tables.deliveries.c
    done = connection.execute(
        tables.deliveries.update().where(c.exchange_id == exchange_id, c.state == DeliveryState.QUEUED.value)
        .values(state=DeliveryState.STOPPED.value, done_at=now, payload=None)
    )  # fmt: skip
    return done.rowcount


def automatic_counts(connection: Connection, address: UUID, since: Sequence[datetime]) -> tuple[int, ...]:
    """How many automatic texts an address was sent, or will be, since each of these: the throttle's counts (ACK-13)."""
    given = {"of": address, "oldest": min(since)} | {f"since{place}": at for place, at in enumerate(since)}
    return tuple(_automatic(len(since)).first(connection, given) or ())


@cache
def _automatic(moments: int) -> Prepared:
    d = tables.deliveries.c
    sinces = [bindparam(f"since{place}", type_=Instant()) for place in range(moments)]
    counts: list[ColumnElement[Any]] = [func.count().filter(d.created_at >= since) for since in sinces]
    mine = (d.address_id == bindparam("of"), d.automatic.is_(True), d.created_at >= bindparam("oldest"))
    return Prepared(select(*counts).where(*mine))


def next_due(connection: Connection) -> datetime | None:
    """When the next queued delivery is due."""
    c = tables.deliveries.c
    return connection.execute(select(func.min(c.next_at)).where(c.state == DeliveryState.QUEUED.value)).scalar()


LEASE = timedelta(minutes=2)
"""Longer than any single attempt may take, so that a lease does not run out under a live sender."""


def delivery(connection: Connection, clinic: UUID, delivery_id: UUID) -> DeliveryRow | None:
    """One delivery of this clinic, or None."""
    return _found(connection, tables.deliveries.c.clinic_id == clinic, tables.deliveries.c.id == delivery_id)


def stop_for_address(
    connection: Connection, address: UUID, now: datetime, *, code: str = "opted_out"
) -> tuple[DeliveryRow, ...]:
    """Stop what is queued for an address, except the automatic answer that says so; gives what was stopped."""
    c = tables.deliveries.c
    where = (c.address_id == address, c.state == DeliveryState.QUEUED.value, c.created_at < now)
    found = connection.execute(select(tables.deliveries).where(*where).order_by(c.created_at)).all()
    rows = tuple(_typed(row) for row in as_rows(DeliveryRow, found))
    connection.execute(
        tables.deliveries.update().where(c.id.in_([row.id for row in rows]))
        .values(state=DeliveryState.STOPPED.value, last_code=code, done_at=now, payload=None)
    )  # fmt: skip
    return rows


def keep_early(connection: Connection, clinic: UUID, provider_id: str, word: str, now: datetime) -> None:
    """Keep a provider's report that came before we knew its name for the text; the same report once."""
    c = tables.early_reports.c
    same = (c.clinic_id == clinic, c.provider_id == provider_id, c.word == word)
    if connection.execute(select(c.word).where(*same)).first() is None:
        values = {"clinic_id": clinic, "provider_id": provider_id, "word": word, "at": now}
        connection.execute(tables.early_reports.insert(), values)


def take_early(connection: Connection, clinic: UUID, provider_id: str) -> Sequence[str]:
    """The early reports of a text, in the order in which they came; they are not kept any longer."""
    c = tables.early_reports.c
    same = (c.clinic_id == clinic, c.provider_id == provider_id)
    words = list(connection.execute(select(c.word).where(*same).order_by(c.at)).scalars())
    connection.execute(tables.early_reports.delete().where(*same))
    return words
