"""First sign-in: a one-time code becomes an account, and the account gets its keys. Colleagues are admitted.

Source: DESIGN section 5 (activation codes, admission by a team member), IDN-03, IDN-04, IDN-08.
"""

import asyncio
import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from keys import codes
from keys.accounts import NewAccount, create
from keys.codes import CodeSealed
from keys.envelope import Context, HolderKey
from keys.grants import Grant, grant
from keys.server import fingerprint, open_directory, seal_directory
from keys.suite import PrivateKey, WrongSecretError
from messaging_server.broker import directory, etiquette
from messaging_server.broker.clinic import Clinic, Means
from messaging_server.broker.enrolment import (
    CODE_TRIES,
    Issued,
    activation,
    grant_fact,
)
from messaging_server.errors import ConflictError, InvalidError, NotAllowedError, NotFoundError
from messaging_server.message import new_id
from messaging_server.record import ledger
from messaging_server.record.entry import EntryKind, Fact
from messaging_server.record.reading import ACCOUNT_KEY_VERSION, Reader, reachable_keys
from messaging_server.storage import accounts, keyring, people, records
from messaging_server.storage.accounts import AccountRole, AccountRow, AccountState, ActivationRow
from messaging_server.storage.database import Connection
from messaging_server.storage.keyring import KeyKind
from messaging_server.storage.people import PersonKind, PersonRow

KEPT_VERSION = tuple[UUID, int, PrivateKey]


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A code that was found good, with the person whom it was given to."""

    trace: ActivationRow
    person: PersonRow
    profile: directory.Profile


@dataclass(frozen=True, slots=True, kw_only=True)
class Admitted:
    """A new account, in the hands of its owner for this one request."""

    account: AccountRow
    private: PrivateKey = field(repr=False)
    recovery_code: str = field(repr=False)


async def check_code(means: Means, clinic: Clinic, code: str, birth_date: str, now: datetime) -> Opened:
    """Find a code and check the second identifier (IDN-04). Raises InvalidError("code", …): all wrongs look alike."""
    try:
        code_fp = fingerprint(means.keys, clinic.id, "activation", codes.normalise(code))
    except WrongSecretError as error:
        raise InvalidError("code", "not_valid") from error
    found = await means.database.read(lambda c: _find(c, clinic.id, code_fp))
    if found is None or found[0].expires_at <= now or found[0].used_at or found[0].tries >= CODE_TRIES:
        raise InvalidError("code", "not_valid")
    trace, person = found
    profile = directory.open_profile(means.keys, person)
    if profile.birth_date and profile.birth_date != birth_date.strip():
        await means.database.write(lambda c: accounts.count_try(c, trace.id))
        raise InvalidError("code", "not_valid")
    return Opened(trace=trace, person=person, profile=profile)


def _find(connection: Connection, clinic: UUID, code_fp: bytes) -> tuple[ActivationRow, PersonRow] | None:
    trace = accounts.activation(connection, clinic, code_fp)
    person = people.person(connection, clinic, trace.person_id) if trace else None
    return (trace, person) if trace and person else None


async def activate(
    means: Means, clinic: Clinic, opened: Opened, code: str, password: str, now: datetime
) -> Admitted:
    """Turn a code into an account with the keys that it unlocks. Raises ConflictError when it was used already."""
    account = new_id(now)
    made = await asyncio.to_thread(create, password, means.keys.pepper, account, clinic.id, means.cost)
    kept = await asyncio.to_thread(_kept, means, clinic, opened.trace, code)
    holder = HolderKey(id=account, version=ACCOUNT_KEY_VERSION, public=made.keys.public)
    grants = [grant(private, key, version, holder, clinic.id) for key, version, private in kept]
    before = await means.database.read(lambda c: accounts.accounts_of(c, opened.person.id))
    row = _account_row(means, clinic, opened, account, made, now, before)

    def unit(connection: Connection) -> None:
        if not accounts.use_activation(connection, opened.trace.id, now):
            raise ConflictError("code_used")
        for old in before:
            _retire(connection, old)
        accounts.add_account(connection, row)
        keyring.add_grants(connection, clinic.id, grants, now)
        _attest(connection, clinic, opened.person, account, grants, now)

    await means.database.write(unit)
    return Admitted(account=row, private=made.private, recovery_code=made.recovery_code)


def _kept(means: Means, clinic: Clinic, trace: ActivationRow, code: str) -> list[KEPT_VERSION]:
    if trace.sealed_keys is None:
        return []
    context = Context(clinic=clinic.id, subject=trace.person_id, field="activation")
    data = codes.open_under_code(CodeSealed.load(trace.sealed_keys), code, means.keys.pepper, context)
    return [(UUID(key), version, PrivateKey(seed=base64.b64decode(seed))) for key, version, seed in json.loads(data)]


def _account_row(
    means: Means, clinic: Clinic, opened: Opened, account: UUID, made: NewAccount, now: datetime,
    before: Sequence[AccountRow],
) -> AccountRow:  # fmt: skip
    """The new account; after a forgotten password it keeps the second factor of the one before (IDN-08)."""
    role = AccountRole(opened.trace.role)
    keyless = role is not AccountRole.PATIENT and opened.trace.sealed_keys is None
    return AccountRow(
        id=account, clinic_id=clinic.id, person_id=opened.person.id, role=role,
        login_fp=directory.login_fingerprint(means.keys, clinic.id, opened.profile.login),
        state=AccountState.WAITING if keyless and role is not AccountRole.ADMINISTRATOR else AccountState.ACTIVE,
        public_key=made.keys.public.raw, salt=made.keys.salt, cost_operations=made.keys.cost.operations,
        cost_memory=made.keys.cost.memory, verifier=made.keys.verifier, by_password=made.keys.by_password,
        by_recovery=made.keys.by_recovery, sealed_totp=_second_factor(means, clinic, account, before), created_at=now,
    )  # fmt: skip


def _second_factor(means: Means, clinic: Clinic, account: UUID, before: Sequence[AccountRow]) -> bytes | None:
    """The newest second factor of the accounts before, sealed anew for the account that takes their place."""
    kept = max((old for old in before if old.sealed_totp), key=lambda old: old.created_at, default=None)
    if kept is None or kept.sealed_totp is None:
        return None
    seed = open_directory(means.keys, kept.sealed_totp, clinic.id, kept.id, "totp")
    return seal_directory(means.keys, seed, clinic.id, account, "totp")


def _retired(account: AccountRow) -> bytes:
    """What stands in the place of a sign-in name that was given on."""
    return b"retired:" + account.id.bytes


def _retire(connection: Connection, old: AccountRow) -> None:
    """An account whose password was forgotten: its sign-in name goes to the new one, its sessions and grants end."""
    accounts.change_account(connection, old.id, state=AccountState.BLOCKED, login_fp=_retired(old))
    accounts.end_sessions(connection, old.id)
    keyring.drop_all_grants(connection, old.id)


def _attest(
    connection: Connection, clinic: Clinic, person: PersonRow, account: UUID, grants: Sequence[Grant], now: datetime
) -> None:
    record = records.record_of_person(connection, clinic.id, person.id)
    if record is None:
        return
    facts = [Fact(kind=EntryKind.ACCOUNT, at=now, parties={"account": account}, details={"act": "activated"})]
    facts += [grant_fact(item.key, item.version, account, now) for item in grants]
    ledger.append(connection, clinic.id, record.id, facts, now)


async def new_code(means: Means, clinic: Clinic, who: Reader, person_id: UUID, now: datetime) -> Issued:
    """A new one-time code for a patient who is here in person: for a first sign-in or a forgotten password.

    Only somebody who holds the record's key can wrap it again; others get NotAllowedError.
    """

    def query(connection: Connection) -> tuple[PersonRow, records.RecordRow]:
        person = people.person(connection, clinic.id, person_id)
        record = records.record_of_person(connection, clinic.id, person_id)
        if person is None or record is None:
            raise NotFoundError(str(person_id))
        return person, record

    person, record = await means.database.read(query)
    held = await reachable_keys(means.database, who, {record.shared_key_id})
    kept = [(record.shared_key_id, version, key) for version, key in held[record.shared_key_id].items()]
    if not kept:
        raise NotAllowedError("no_key_to_this_record")
    code = codes.new_code()
    trace = await asyncio.to_thread(activation, means, clinic, person_id, AccountRole.PATIENT, code, kept, now)
    fact = Fact(
        kind=EntryKind.ACCOUNT, at=now, parties={"account": who.account, "person": person_id},
        details={"act": "code_issued"},
    )  # fmt: skip

    def unit(connection: Connection) -> None:
        accounts.add_activation(connection, trace)
        ledger.append(connection, clinic.id, record.id, [fact], now)

    await means.database.write(unit)
    login = directory.open_profile(means.keys, person).login
    return Issued(person=person_id, code=code, login=login, expires_at=trace.expires_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewColleague:
    """Somebody who shall work here."""

    name: directory.Name
    role: AccountRole
    language: str
    login: str = field(repr=False)
    titles: Mapping[str, str] = field(default_factory=dict)
    """The professional title by language (ETQ-09)."""
    phone: str = field(default="", repr=False)


def colleague_rows(
    means: Means, clinic: Clinic, new: NewColleague, now: datetime
) -> tuple[PersonRow, directory.Profile]:
    """A colleague's person row.

    Raises InvalidError without a sign-in name, and for a physician's letters on anybody else (ETQ-09).
    """
    if not new.login.strip():
        raise InvalidError("login", "missing")
    written = "\n".join([new.name.full, *new.titles.values()])
    if new.role is not AccountRole.PHYSICIAN and etiquette.claims_physician(written):
        raise InvalidError("title", "physicians_only")
    person = new_id(now)
    profile = directory.Profile(login=new.login.strip(), titles=directory.titles_of(new.titles), phone=new.phone)
    return PersonRow(
        id=person, clinic_id=clinic.id, kind=PersonKind.STAFF, language=new.language,
        sealed_name=directory.seal_name(means.keys, clinic.id, person, new.name),
        sealed_profile=directory.seal_profile(means.keys, clinic.id, person, profile), created_at=now,
    ), profile  # fmt: skip


async def invite(means: Means, clinic: Clinic, who: Reader, new: NewColleague, now: datetime) -> Issued:
    """Invite a colleague: the code carries no key; a team member admits them after their first sign-in."""
    if who.role is not AccountRole.ADMINISTRATOR:
        raise NotAllowedError("administrators_only")
    row, profile = colleague_rows(means, clinic, new, now)
    code = codes.new_code()
    trace = activation(means, clinic, row.id, new.role, code, [], now)

    def unit(connection: Connection) -> None:
        login_fp = directory.login_fingerprint(means.keys, clinic.id, profile.login)
        _free_login(connection, accounts.account_by_login(connection, clinic.id, login_fp))
        people.add_person(connection, row, ())
        accounts.add_activation(connection, trace)

    await means.database.write(unit)
    return Issued(person=row.id, code=code, login=profile.login, expires_at=trace.expires_at)


def _free_login(connection: Connection, taken: AccountRow | None) -> None:
    """A colleague who left, or whose account was shut, may come back under their name; nobody else's is given away."""
    if taken is None:
        return
    if taken.role == AccountRole.PATIENT or taken.state != AccountState.BLOCKED:
        raise InvalidError("login", "already_used")
    accounts.change_account(connection, taken.id, login_fp=_retired(taken))


async def admit(means: Means, clinic: Clinic, who: Reader, account_id: UUID, now: datetime) -> None:
    """Give a colleague every version of the team keys of their role; only a holder of those keys can (DESIGN 5)."""
    colleague = await means.database.read(lambda c: accounts.account(c, clinic.id, account_id))
    if colleague is None or colleague.state != AccountState.WAITING:
        raise NotFoundError(str(account_id))
    teams = await means.database.read(lambda c: keyring.keys_of_clinic(c, clinic.id, KeyKind.TEAM))
    wanted = {teams[name].id for name in clinic.teams_of(colleague.role) if name in teams}
    held = await reachable_keys(means.database, who, wanted)
    if not wanted or any(not held[key] for key in wanted):
        raise NotAllowedError("not_in_this_team")
    holder = HolderKey(id=colleague.id, version=ACCOUNT_KEY_VERSION, public=colleague.keys.public)
    grants = [
        grant(private, key, version, holder, clinic.id) for key in wanted for version, private in held[key].items()
    ]

    def unit(connection: Connection) -> None:
        fresh = accounts.account(connection, clinic.id, account_id)
        if fresh is None or fresh.state != AccountState.WAITING:
            # Blocked meanwhile, by its owner who is worried: no admission undoes that.
            raise NotFoundError(str(account_id))
        keyring.add_grants(connection, clinic.id, grants, now)
        accounts.change_account(connection, account_id, state=AccountState.ACTIVE)

    await means.database.write(unit)
