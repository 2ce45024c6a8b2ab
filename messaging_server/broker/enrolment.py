"""Who gets in: patients enrolled by staff, colleagues invited and admitted, and the keys that each is given.

A record's pair is made here and sealed at once to those who shall hold it; nobody else ever sees its private half.
Source: DESIGN section 5 (grants, activation codes), IDN-01 to IDN-04.
"""

import asyncio
import base64
import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from consent.model import Channel
from keys import codes
from keys.envelope import Context, HolderKey
from keys.grants import NewSharedKey, new_shared_key
from keys.server import fingerprint, seal_directory
from keys.suite import PrivateKey, PublicKey
from messaging_server.broker import directory
from messaging_server.broker.clinic import Clinic, Means
from messaging_server.broker.filing import MovedError
from messaging_server.errors import InvalidError, NotAllowedError
from messaging_server.message import new_id
from messaging_server.record import ledger
from messaging_server.record.entry import GENESIS, EntryKind, Fact
from messaging_server.record.reading import Reader
from messaging_server.storage import accounts, keyring, people, records
from messaging_server.storage.accounts import STAFF, AccountRole, ActivationRow
from messaging_server.storage.database import Connection
from messaging_server.storage.keyring import KeyKind, SharedKeyRow
from messaging_server.storage.people import AddressRow, AddressStatus, PersonKind, PersonRow

CODE_LIFE = timedelta(hours=72)
CODE_TRIES = 5
ENROLLING = STAFF - {AccountRole.ADMINISTRATOR}
"""Administrators invite colleagues; they enrol nobody and read nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPatient:
    """What staff give when they enrol a patient in person (IDN-01)."""

    name: directory.Name
    birth_date: str = field(repr=False)
    language: str
    email: str = field(default="", repr=False)
    phone: str = field(default="", repr=False)
    email_is_personal: bool = False
    phone_is_personal: bool = False
    seen_document: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """A person with their one-time code, to be printed or said once."""

    person: UUID
    code: str = field(repr=False)
    login: str = field(repr=False)
    expires_at: datetime


async def enrol(means: Means, clinic: Clinic, who: Reader, new: NewPatient, now: datetime) -> Issued:
    """Open a patient's record and issue the activation code. Raises InvalidError naming the field that is wrong."""
    if who.role not in ENROLLING:
        raise NotAllowedError("not_your_task")
    person = new_id(now)
    rows = _addresses(means, clinic, person, new, now)
    profile = directory.Profile(
        login=rows[0][1] if new.email else _login_of(new, person), birth_date=new.birth_date,
        seen_document=new.seen_document,
    )  # fmt: skip
    row = PersonRow(
        id=person, clinic_id=clinic.id, kind=PersonKind.PATIENT, language=new.language,
        sealed_name=directory.seal_name(means.keys, clinic.id, person, new.name),
        sealed_profile=directory.seal_profile(means.keys, clinic.id, person, profile), created_at=now,
    )  # fmt: skip
    words = directory.search_words(new.name, profile, [value for _, value in rows])
    holders = await means.database.read(lambda c: record_holders(c, clinic))
    record = prepare_record(clinic.id, person, holders, now, by=who.account)
    code = codes.new_code()
    kept = [(record.shared.holder.id, record.shared.holder.version, record.shared.private)]
    trace = await asyncio.to_thread(activation, means, clinic, person, AccountRole.PATIENT, code, kept, now)

    def unit(connection: Connection) -> None:
        _refuse_shared(connection, clinic, [address for address, _ in rows])
        people.add_person(connection, row, directory.word_fingerprints(means.keys, clinic.id, words))
        for address, _ in rows:
            people.add_address(connection, address)
        write_record(connection, record, holders)
        accounts.add_activation(connection, trace)

    await means.database.write(unit)
    return Issued(person=person, code=code, login=profile.login, expires_at=now + CODE_LIFE)


def _login_of(new: NewPatient, person: UUID) -> str:
    """A sign-in name for the printed letter of somebody without e-mail: of the name, and never twice the same."""
    base = directory.fold(f"{new.name.first[:1]}{new.name.last}").replace(" ", "")
    return f"{base}.{person.hex[-5:]}"


def _addresses(
    means: Means, clinic: Clinic, person: UUID, new: NewPatient, now: datetime
) -> list[tuple[AddressRow, str]]:
    given = ((Channel.EMAIL, new.email, new.email_is_personal), (Channel.SMS, new.phone, new.phone_is_personal))
    rows = []
    for channel, value, personal in given:
        if value.strip():
            normal = directory.normal_address(channel, value)
            rows.append((address_row(means, clinic, person, channel, normal, personal=personal, now=now), normal))
    return rows


def address_row(
    means: Means, clinic: Clinic, person: UUID, channel: Channel, value: str, *, personal: bool, now: datetime
) -> AddressRow:
    """An address, sealed, findable by fingerprint, not verified yet (DIR-03)."""
    row_id = new_id(now)
    return AddressRow(
        id=row_id, clinic_id=clinic.id, person_id=person, channel=channel,
        sealed_value=seal_directory(means.keys, value, clinic.id, row_id, "address"),
        value_fp=fingerprint(means.keys, clinic.id, channel.value, value), personal=personal,
        state=AddressStatus.ACTIVE, created_at=now, changed_at=now,
    )  # fmt: skip


def _refuse_shared(connection: Connection, clinic: Clinic, rows: Iterable[AddressRow]) -> None:
    """The same address on two patients is refused (CON-20)."""
    for row in rows:
        others = people.addresses_by_value(connection, clinic.id, row.value_fp)
        if any(other.person_id is not None for other in others):
            raise InvalidError("email" if row.channel is Channel.EMAIL else "phone", "already_used")


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedRecord:
    """A record with its keys, made before the write so that no sealing holds up the database."""

    row: records.RecordRow
    shared: NewSharedKey = field(repr=False)
    made: tuple[tuple[KeyKind, NewSharedKey], ...] = field(repr=False)
    facts: tuple[Fact, ...]


def prepare_record(
    clinic: UUID, person: UUID | None, holders: Sequence[HolderKey], now: datetime, *, by: UUID | None = None
) -> PreparedRecord:
    """Make a record's two keys, granted to the teams that read records and to recovery.

    The intake record, with no person, has one key for both.
    """
    record = new_id(now)
    shared = new_shared_key(new_id(now), 1, holders, clinic)
    made = [(KeyKind.RECORD_SHARED, shared)]
    if person:
        made.append((KeyKind.RECORD_CLINIC, new_shared_key(new_id(now), 1, holders, clinic)))
    row = records.RecordRow(
        id=record, clinic_id=clinic, person_id=person,
        kind=records.RecordKind.PATIENT if person else records.RecordKind.INTAKE,
        shared_key_id=shared.holder.id, clinic_key_id=made[-1][1].holder.id, head_seq=0, head_hash=GENESIS,
        created_at=now,
    )  # fmt: skip
    opened = Fact(kind=EntryKind.OPENED, at=now, parties={"account": by} if by else {})
    facts = (opened, *(fact for kind, key in made for fact in key_facts(kind, key, now)))
    return PreparedRecord(row=row, shared=shared, made=tuple(made), facts=facts)


def write_record(connection: Connection, record: PreparedRecord, holders: Sequence[HolderKey]) -> None:
    """Keep a prepared record. Raises MovedError when a team's key was rotated meanwhile."""
    if not keyring.unchanged(connection, holders):
        raise MovedError("a key was rotated")
    row = record.row
    records.add_record(connection, row)
    for kind, made in record.made:
        add_key(connection, row.clinic_id, made, kind, record=row.id, now=row.created_at)
    ledger.append(connection, row.clinic_id, row.id, record.facts, row.created_at)


def record_holders(connection: Connection, clinic: Clinic) -> list[HolderKey]:
    """Who holds every new record: the teams that read records, and recovery."""
    teams = keyring.keys_of_clinic(connection, clinic.id, KeyKind.TEAM)
    readers = [key for name, key in teams.items() if clinic.reads_records(name)]
    return [*readers, *keyring.keys_of_clinic(connection, clinic.id, KeyKind.RECOVERY).values()]


def add_key(
    connection: Connection, clinic: UUID, made: NewSharedKey, kind: KeyKind, *, now: datetime,
    name: str | None = None, record: UUID | None = None,
) -> None:  # fmt: skip
    """Keep a new key's public half and its grants; the private half is kept by nobody."""
    row = SharedKeyRow(
        id=made.holder.id, clinic_id=clinic, version=made.holder.version, kind=kind, name=name, record_id=record,
        public_key=made.holder.public.raw, created_at=now,
    )  # fmt: skip
    keyring.add_shared_key(connection, row)
    keyring.add_grants(connection, clinic, made.grants, now)


def key_facts(kind: KeyKind, made: NewSharedKey, now: datetime) -> list[Fact]:
    """The ledger's word for a key and its grants: public keys and memberships are attested (DESIGN section 5)."""
    digest = fingerprint_of(made.holder.public)
    first = Fact(
        kind=EntryKind.KEY, at=now, parties={"key": made.holder.id}, ciphertext=digest,
        details={"key_kind": kind, "version": made.holder.version},
    )  # fmt: skip
    return [first, *(grant_fact(made.holder.id, made.holder.version, g.holder, now) for g in made.grants)]


def grant_fact(key: UUID, version: int, holder: UUID, now: datetime) -> Fact:
    """The ledger's word for one grant."""
    return Fact(kind=EntryKind.GRANT, at=now, parties={"key": key, "holder": holder}, details={"version": version})


def fingerprint_of(public: PublicKey) -> bytes:
    """The hash by which a public key is named in the ledger."""
    return hashlib.sha256(public.raw).digest()


Kept = Sequence[tuple[UUID, int, PrivateKey]]
"""Keys that a code shall unlock, as (key, version, private half)."""


def activation(
    means: Means, clinic: Clinic, person: UUID, role: AccountRole, code: str, kept: Kept, now: datetime
) -> ActivationRow:
    """The trace of a one-time code; what it unlocks is sealed under the code itself."""
    sealed = None
    if kept:
        document = [[str(key), version, base64.b64encode(private.seed).decode()] for key, version, private in kept]
        context = Context(clinic=clinic.id, subject=person, field="activation")
        sealed = codes.seal_under_code(json.dumps(document).encode(), code, means.keys.pepper, context, means.cost)
    return ActivationRow(
        id=new_id(now), clinic_id=clinic.id, person_id=person, role=role,
        code_fp=fingerprint(means.keys, clinic.id, "activation", codes.normalise(code)),
        sealed_keys=sealed.dump() if sealed else None, created_at=now, expires_at=now + CODE_LIFE,
    )  # fmt: skip
