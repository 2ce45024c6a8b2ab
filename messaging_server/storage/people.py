"""People and their addresses: sealed under the directory key, found by fingerprint only (SEC-05, REC-14)."""

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Connection, bindparam, func, select

from consent.model import AddressState, Channel
from messaging_server.storage import tables
from messaging_server.storage.rows import as_rows, found_rows, insert
from messaging_server.storage.statements import Prepared


class PersonKind(StrEnum):
    """Who a person is to the clinic."""

    PATIENT = "patient"
    STAFF = "staff"


class AddressStatus(StrEnum):
    """Whether an address may be used; its verification is told apart by `verified_at`."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    BOUNCED = "bounced"
    OPTED_OUT = "opted_out"


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonRow:
    """A person; name and profile are ciphertext under the directory key."""

    id: UUID
    clinic_id: UUID
    kind: PersonKind
    language: str
    sealed_name: bytes = field(repr=False)
    sealed_profile: bytes = field(repr=False)
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressRow:
    """A channel and where on it; without a person it is a stranger's, kept so that answers to it can be counted."""

    id: UUID
    clinic_id: UUID
    person_id: UUID | None
    channel: Channel
    sealed_value: bytes = field(repr=False)
    value_fp: bytes = field(repr=False)
    personal: bool
    state: AddressStatus
    verified_at: datetime | None = None
    check_fp: bytes | None = field(default=None, repr=False)
    check_until: datetime | None = None
    check_tries: int = 0
    created_at: datetime
    changed_at: datetime

    @property
    def gate_state(self) -> AddressState:
        """The address as the gate sees it."""
        return AddressState(
            id=self.id, channel=Channel(self.channel), verified=self.verified_at is not None, personal=self.personal,
            suspended=self.state != AddressStatus.ACTIVE,
        )  # fmt: skip


def add_person(connection: Connection, row: PersonRow, word_fps: Collection[bytes]) -> None:
    """Add a person with the fingerprints that they may be found by."""
    insert(connection, tables.people, row)
    rows = [{"clinic_id": row.clinic_id, "word_fp": fp, "person_id": row.id} for fp in sorted(set(word_fps))]
    if rows:
        connection.execute(tables.person_words.insert(), rows)


def add_address(connection: Connection, row: AddressRow) -> None:
    """Add an address; it cannot be used before it is verified (DIR-03)."""
    insert(connection, tables.addresses, row)


def with_state(row: AddressRow, state: AddressStatus) -> AddressRow:
    """The same address in another state."""
    return replace(row, state=state)


def add_word(connection: Connection, clinic: UUID, person: UUID, word_fp: bytes) -> None:
    """Let a person be found by one more word."""
    drop_word(connection, clinic, person, word_fp)
    connection.execute(tables.person_words.insert(), {"clinic_id": clinic, "word_fp": word_fp, "person_id": person})


def drop_word(connection: Connection, clinic: UUID, person: UUID, word_fp: bytes) -> None:
    """Let a person be found by a word no more."""
    c = tables.person_words.c
    which = (c.clinic_id == clinic, c.word_fp == word_fp, c.person_id == person)
    connection.execute(tables.person_words.delete().where(*which))


def change_address(connection: Connection, address: UUID, **values: object) -> None:
    """Change the state, the verification or the check of an address."""
    plain = {name: value.value if isinstance(value, StrEnum) else value for name, value in values.items()}
    connection.execute(tables.addresses.update().where(tables.addresses.c.id == address).values(**plain))


def set_profile(connection: Connection, person: UUID, sealed_profile: bytes) -> None:
    """Keep another profile of a person, sealed."""
    c = tables.people.c
    connection.execute(tables.people.update().where(c.id == person).values(sealed_profile=sealed_profile))


def set_language(connection: Connection, person: UUID, language: str) -> None:
    """Note the language that a person asked for (ACC-08)."""
    connection.execute(tables.people.update().where(tables.people.c.id == person).values(language=language))


def person(connection: Connection, clinic: UUID, person_id: UUID) -> PersonRow | None:
    """One person of this clinic, or None."""
    return next(iter(found_rows(connection, _PERSON, PersonRow, {"clinic": clinic, "wanted": person_id})), None)


def persons(connection: Connection, clinic: UUID, ids: Collection[UUID]) -> dict[UUID, PersonRow]:
    """Several people of this clinic."""
    c = tables.people.c
    found = connection.execute(select(tables.people).where(c.clinic_id == clinic, c.id.in_(ids))).all()
    return {row.id: row for row in as_rows(PersonRow, found)}


def addresses_of(connection: Connection, person_id: UUID) -> tuple[AddressRow, ...]:
    """Every address of a person, oldest first."""
    c = tables.addresses.c
    found = connection.execute(select(tables.addresses).where(c.person_id == person_id).order_by(c.created_at)).all()
    return as_rows(AddressRow, found)


def address(connection: Connection, clinic: UUID, address_id: UUID) -> AddressRow | None:
    """One address of this clinic, or None."""
    c = tables.addresses.c
    found = connection.execute(select(tables.addresses).where(c.clinic_id == clinic, c.id == address_id)).all()
    return next(iter(as_rows(AddressRow, found)), None)


def addresses_by_value(connection: Connection, clinic: UUID, value_fp: bytes) -> tuple[AddressRow, ...]:
    """Whose address this is: several rows mean that two patients share it, and nobody is guessed."""
    return found_rows(connection, _BY_VALUE, AddressRow, {"clinic": clinic, "fp": value_fp})


_P, _A = tables.people.c, tables.addresses.c
_PERSON = Prepared(select(tables.people).where(_P.clinic_id == bindparam("clinic"), _P.id == bindparam("wanted")))
_BY_VALUE = Prepared(
    select(tables.addresses).where(_A.clinic_id == bindparam("clinic"), _A.value_fp == bindparam("fp"))
)


def find(connection: Connection, clinic: UUID, word_fps: Collection[bytes], most: int = 25) -> tuple[PersonRow, ...]:
    """Patients who match every given word fingerprint."""
    w, p = tables.person_words.c, tables.people.c
    wanted = set(word_fps)
    matching = (
        select(w.person_id).where(w.clinic_id == clinic, w.word_fp.in_(wanted))
        .group_by(w.person_id).having(func.count() == len(wanted))
    )  # fmt: skip
    query = select(tables.people).where(p.clinic_id == clinic, p.kind == PersonKind.PATIENT.value, p.id.in_(matching))
    return as_rows(PersonRow, connection.execute(query.order_by(p.created_at.desc()).limit(most)).all())
