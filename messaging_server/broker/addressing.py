"""A patient's addresses, changed at the counter: one is added or removed, and the old ones are told (IDN-11, CON-24).

A new address is used only once its owner has proven it and agreed to it. A removed one becomes a stranger's: what comes
from it is held, and a stop that was sent from it stays in force (SMS-14).
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from consent.model import Channel
from keys.server import fingerprint
from messaging_server.broker import alarm, directory, rotation, withdrawal
from messaging_server.broker.clinic import Clinic, Means
from messaging_server.broker.enrolment import ENROLLING, address_row
from messaging_server.broker.filing import Filing, MovedError, write
from messaging_server.errors import InvalidError, NotAllowedError, NotFoundError, UnavailableError
from messaging_server.record import ledger
from messaging_server.record.entry import EntryKind, Fact
from messaging_server.record.reading import Reader
from messaging_server.storage import people, records
from messaging_server.storage.database import Connection
from messaging_server.storage.people import AddressRow, AddressStatus

ATTEMPTS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAddress:
    """What the patient gives at the counter; they say that it is theirs alone (CON-18)."""

    channel: Channel
    value: str = field(repr=False)
    personal: bool


async def add(means: Means, clinic: Clinic, who: Reader, person_id: UUID, new: NewAddress, now: datetime) -> UUID:
    """Add an address, not verified yet; the ones before are told. Raises InvalidError naming what is wrong.

    Its codes are "not_an_address" or "not_a_number", "not_attested", and "already_used" for another patient's (CON-20)
    or one that is here already.
    """
    if not new.personal:
        raise InvalidError("personal", "not_attested")
    value = directory.normal_address(new.channel, new.value)
    row = address_row(means, clinic, person_id, new.channel, value, personal=True, now=now)

    def change(connection: Connection) -> Fact:
        people.add_address(connection, _as_left(connection, row))
        people.add_word(connection, clinic.id, person_id, _word(means, clinic, value))
        return _fact(row, who, "address_added", now)

    await _change(means, clinic, who, person_id, change, now)
    return row.id


def _as_left(connection: Connection, row: AddressRow) -> AddressRow:
    """The row as it is kept: refused where a patient has the address, and stopped where its holder stopped it."""
    before = people.addresses_by_value(connection, row.clinic_id, row.value_fp)
    if any(other.person_id is not None for other in before):
        raise InvalidError("value", "already_used")
    if any(other.state == AddressStatus.OPTED_OUT for other in before):
        return people.with_state(row, AddressStatus.OPTED_OUT)
    return row


async def remove(means: Means, clinic: Clinic, who: Reader, address_id: UUID, now: datetime) -> None:
    """Remove an address: nothing goes there any more but the word that something changed (IDN-11).

    What waited for it is stopped like after a withdrawal: written down, and a call is asked for where nobody is told.
    """
    row = await means.database.read(lambda c: people.address(c, clinic.id, address_id))
    person_id = row.person_id if row else None
    if row is None or person_id is None:
        raise NotFoundError(str(address_id))
    value = directory.open_address(means.keys, row)

    def change(connection: Connection) -> Fact:
        fresh = people.address(connection, clinic.id, address_id)
        if fresh is None or fresh.person_id != person_id:
            raise NotFoundError(str(address_id))
        withdrawal.stop_address(connection, clinic, address_id, "address_removed", now)
        people.change_address(
            connection, address_id, person_id=None, verified_at=None, check_fp=None, check_until=None, changed_at=now
        )
        people.drop_word(connection, clinic.id, person_id, _word(means, clinic, value))
        return _fact(row, who, "address_removed", now)

    await _change(means, clinic, who, person_id, change, now)


async def _change(
    means: Means, clinic: Clinic, who: Reader, person_id: UUID, change: Callable[[Connection], Fact], now: datetime
) -> None:
    """One write: the change, its line in the ledger, and the word to every address that was in use before it."""
    if who.role not in ENROLLING:
        raise NotAllowedError("not_your_task")
    record = await means.database.read(lambda c: records.record_of_person(c, clinic.id, person_id))
    if record is None:
        raise NotFoundError(str(person_id))
    for _ in range(ATTEMPTS):
        await rotation.rotate_if_due(means, clinic, record.id, now)
        warning = await alarm.warning(means, clinic, person_id, now)

        def unit(connection: Connection, warning: Filing | None = warning) -> None:
            fact = change(connection)
            ledger.append(connection, clinic.id, record.id, [fact], now)
            if warning is not None:
                write(connection, warning)

        try:
            await means.database.write(unit)
        except MovedError:
            continue
        means.wake("outbox")
        means.wake("board")
        return
    raise UnavailableError("the keys of a record kept moving")


def _word(means: Means, clinic: Clinic, value: str) -> bytes:
    """By what a search for the address finds its owner (DIR-01)."""
    return fingerprint(means.keys, clinic.id, "word", directory.fold(value))


def _fact(row: AddressRow, who: Reader, act: str, now: datetime) -> Fact:
    return Fact(
        kind=EntryKind.CONSENT, at=now, channel=row.channel, details={"act": act},
        parties={"address": row.id, "account": who.account},
    )  # fmt: skip
