"""What the pages about people ask of the database: a search by fingerprints, one patient, the team."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, func, select

from consent.model import ConsentEvent
from messaging_server.storage import consents, keyring, people, records, tables
from messaging_server.storage.accounts import STAFF, AccountRole, AccountState
from messaging_server.storage.people import AddressRow, PersonKind, PersonRow
from messaging_server.storage.records import RecordRow
from messaging_server.storage.tasks import OPEN

__all__ = [
    "FOUND", "Access", "AddressRow", "Colleague", "Patient", "PersonRow", "access", "find", "key_holders", "open_items",
    "owners", "patient", "person", "person_of_record", "persons", "registers", "team", "text_version", "told_by",
]  # fmt: skip

FOUND: int = 25
"""How many people a search shows at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """How far a person has come: their live account, or the code that waits for them."""

    account: UUID | None = None
    role: AccountRole | None = None
    state: AccountState | None = None
    code_expires: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Patient:
    """One patient with everything that their page shows."""

    person: PersonRow = field(repr=False)
    record: RecordRow
    addresses: tuple[AddressRow, ...]
    consents: tuple[ConsentEvent, ...] = field(repr=False)
    access: Access
    open_items: int


def find(connection: Connection, clinic: UUID, word_fps: Collection[bytes]) -> tuple[PersonRow, ...]:
    """Patients who match every word, one more than is shown so that "more" is known; nobody for no word."""
    return people.find(connection, clinic, word_fps, FOUND + 1) if word_fps else ()


def persons(connection: Connection, clinic: UUID, ids: Collection[UUID]) -> tuple[PersonRow, ...]:
    """Some people of this clinic."""
    return tuple(people.persons(connection, clinic, ids).values())


def patient(connection: Connection, clinic: UUID, person_id: UUID, now: datetime) -> Patient | None:
    """One patient of this clinic, or None."""
    person = people.person(connection, clinic, person_id)
    record = records.record_of_person(connection, clinic, person_id)
    if person is None or record is None or person.kind != PersonKind.PATIENT:
        return None
    return Patient(
        person=person, record=record, addresses=people.addresses_of(connection, person_id),
        consents=consents.consents_of(connection, person_id), access=access(connection, [person_id])[person_id],
        open_items=open_items(connection, [person_id], now).get(person_id, 0),
    )  # fmt: skip


def person_of_record(connection: Connection, clinic: UUID, record_id: UUID) -> UUID | None:
    """Whose record it is; None for the intake record."""
    found = records.record(connection, clinic, record_id)
    return found.person_id if found else None


def owners(connection: Connection, clinic: UUID, value_fp: bytes) -> frozenset[UUID]:
    """The patients who have an address: several where they share it."""
    found = people.addresses_by_value(connection, clinic, value_fp)
    return frozenset(row.person_id for row in found if row.person_id is not None)


def told_by(connection: Connection, clinic: UUID, exchange: UUID) -> tuple[AddressRow, ...]:
    """The addresses that are told of an exchange."""
    d = tables.deliveries.c
    ids = connection.execute(select(d.address_id).where(d.clinic_id == clinic, d.exchange_id == exchange)).scalars()
    found = (people.address(connection, clinic, one) for one in ids if one is not None)
    return tuple(row for row in found if row is not None)


def person(connection: Connection, clinic: UUID, person_id: UUID) -> PersonRow | None:
    """One person of this clinic, patient or colleague."""
    return people.person(connection, clinic, person_id)


def access(connection: Connection, ids: Collection[UUID]) -> Mapping[UUID, Access]:
    """How far some people have come, each of them named."""
    a, v = tables.accounts.c, tables.activations.c
    living = select(a.person_id, a.id, a.role, a.state).where(a.person_id.in_(ids)).order_by(a.created_at)
    found = {
        row.person_id: Access(account=row.id, role=AccountRole(row.role), state=AccountState(row.state))
        for row in connection.execute(living)
    }
    codes = select(v.person_id, v.role, v.expires_at).where(v.person_id.in_(ids), v.used_at.is_(None))
    for row in connection.execute(codes.order_by(v.created_at)):
        known = found.get(row.person_id, Access())
        found[row.person_id] = Access(
            account=known.account, role=known.role or AccountRole(row.role), state=known.state,
            code_expires=row.expires_at,
        )  # fmt: skip
    return {one: found.get(one, Access()) for one in ids}


def key_holders(connection: Connection, clinic: UUID) -> frozenset[UUID]:
    """The accounts that hold the key of a team."""
    return keyring.team_holders(connection, clinic)


def open_items(connection: Connection, ids: Collection[UUID], now: datetime) -> Mapping[UUID, int]:
    """How many tasks wait for each of some patients."""
    k, r = tables.tasks.c, tables.records.c
    query = (
        select(r.person_id, func.count().label("open")).select_from(tables.records)
        .join(tables.tasks, k.record_id == r.id)
        .where(r.person_id.in_(ids), k.status.in_(OPEN), k.received_at <= now).group_by(r.person_id)
    )  # fmt: skip
    return {row.person_id: int(row.open) for row in connection.execute(query)}


def registers(connection: Connection, ids: Collection[UUID]) -> Mapping[UUID, tuple[ConsentEvent, ...]]:
    """The consent registers of the people of one page of a search."""
    return {one: consents.consents_of(connection, one) for one in ids}


def text_version(connection: Connection, clinic: UUID) -> int | None:
    """The version of the consent text that is published."""
    found = consents.current_text(connection, clinic)
    return found.version if found else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Colleague:
    """Somebody who works here, or was invited to."""

    person: PersonRow = field(repr=False)
    access: Access


def team(connection: Connection, clinic: UUID, most: int = 500) -> tuple[Colleague, ...]:
    """Everybody who works here, in the order in which they came."""
    a, v, roles = tables.accounts.c, tables.activations.c, [role.value for role in STAFF]
    working = select(a.person_id).where(a.clinic_id == clinic, a.role.in_(roles))
    invited = select(v.person_id).where(v.clinic_id == clinic, v.role.in_(roles), v.used_at.is_(None))
    ids = {one for query in (working, invited) for one in connection.execute(query.limit(most)).scalars()}
    ways = access(connection, ids)
    found = sorted(people.persons(connection, clinic, ids).values(), key=lambda row: row.created_at)
    return tuple(Colleague(person=row, access=ways[row.id]) for row in found)
