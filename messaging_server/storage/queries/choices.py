"""What the page of a patient's choices asks of the database: the register, the addresses, what waits to leave."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import Connection, func, select

from consent.model import Channel, ConsentEvent
from messaging_server.storage import consents, people, tables
from messaging_server.storage.outbox import DeliveryState
from messaging_server.storage.people import AddressRow

__all__ = ["AddressRow", "addresses", "own_address", "register", "waiting", "waiting_for"]


def register(connection: Connection, person: UUID) -> tuple[ConsentEvent, ...]:
    """Every act of a person's consent register, oldest first."""
    return consents.consents_of(connection, person)


def addresses(connection: Connection, person: UUID) -> tuple[AddressRow, ...]:
    """Every address of a person, oldest first."""
    return people.addresses_of(connection, person)


def own_address(connection: Connection, clinic: UUID, person: UUID, address: UUID) -> AddressRow | None:
    """One address of this person, or None: what is not theirs does not exist."""
    found = people.address(connection, clinic, address)
    return found if found and found.person_id == person else None


def waiting_for(connection: Connection, address: UUID) -> int:
    """How many texts wait to leave for one address: what its removal stops."""
    d = tables.deliveries.c
    which = (d.address_id == address, d.state == DeliveryState.QUEUED.value)
    return int(connection.execute(select(func.count()).select_from(tables.deliveries).where(*which)).scalar_one())


def waiting(connection: Connection, person: UUID, channels: Collection[Channel]) -> int:
    """How many texts wait to leave for a person by some channels: what a withdrawal stops (CON-13)."""
    d, a = tables.deliveries.c, tables.addresses.c
    query = (
        select(func.count()).select_from(tables.deliveries).join(tables.addresses, a.id == d.address_id)
        .where(
            a.person_id == person, a.channel.in_([channel.value for channel in channels]),
            d.state == DeliveryState.QUEUED.value,
        )
    )  # fmt: skip
    return int(connection.execute(query).scalar_one())
