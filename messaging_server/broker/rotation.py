"""Rotation: a key gets a new version for those who remain, and nobody has to be signed in for it.

A team's key is rotated at once when somebody leaves; the keys of the records that the team reached follow, each before
the next write to its record. Old versions stay with those who hold them, so that old messages still open (SEC-03).
Source: DESIGN section 5.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from keys.envelope import HolderKey
from keys.grants import NewSharedKey, new_shared_key
from messaging_server.broker.clinic import Clinic, Means
from messaging_server.broker.enrolment import add_key, key_facts
from messaging_server.broker.filing import MovedError
from messaging_server.broker.leaving import Departure, audit, colleague, let_go, refuse_unless_allowed
from messaging_server.errors import NotAllowedError, NotFoundError, UnavailableError
from messaging_server.record import ledger
from messaging_server.record.entry import EntryKind, Fact
from messaging_server.record.reading import ACCOUNT_KEY_VERSION, Reader
from messaging_server.storage import accounts, clinics, keyring, records, rotating, tasks
from messaging_server.storage.accounts import AccountRow, AccountState
from messaging_server.storage.database import Connection
from messaging_server.storage.keyring import KeyKind, SharedKeyRow

ATTEMPTS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class _Turn:
    """One key that shall get its next version, and who shall hold it."""

    row: SharedKeyRow
    holders: tuple[HolderKey, ...]
    accounts: frozenset[UUID]
    """Which of the holders are people's accounts, and not keys of the clinic."""
    left_out: tuple[UUID, ...]
    """Who held the version before, and not in the same way the next one: a blocked account, a replaced key."""


def _turn(connection: Connection, clinic: UUID, key: UUID, leaving: UUID | None = None) -> _Turn:
    row = rotating.key_row(connection, key)
    if row is None:
        raise NotFoundError(str(key))
    before = dict.fromkeys(keyring.holders_of(connection, key, row.version))
    shared = keyring.holders(connection, list(before))
    people = _people(connection, clinic, [holder for holder in before if holder not in shared and holder != leaving])
    found = {**shared, **people}
    holding = {(g.holder, g.holder_version) for g in keyring.grants_of(connection, [key], list(before))
               if g.version == row.version}  # fmt: skip
    staying = {(holder.id, holder.version) for holder in found.values()}
    return _Turn(
        row=row, holders=tuple(found[holder] for holder in before if holder in found), accounts=frozenset(people),
        left_out=tuple(sorted({holder for holder, _ in holding - staying})),
    )  # fmt: skip


def _people(connection: Connection, clinic: UUID, holders: list[UUID]) -> dict[UUID, HolderKey]:
    """The accounts among these that are not blocked."""
    found = (accounts.account(connection, clinic, holder) for holder in holders)
    return {
        row.id: HolderKey(id=row.id, version=ACCOUNT_KEY_VERSION, public=row.keys.public)
        for row in found
        if row is not None and row.state != AccountState.BLOCKED
    }


def _make(turn: _Turn, clinic: UUID) -> NewSharedKey:
    return new_shared_key(turn.row.id, turn.row.version + 1, turn.holders, clinic)


def _write(connection: Connection, turn: _Turn, made: NewSharedKey, leaving: UUID | None, now: datetime) -> None:
    """Keep the new version. Raises MovedError when the ground moved since it was sealed."""
    row = turn.row
    if _turn(connection, row.clinic_id, row.id, leaving) != turn:
        raise MovedError("a key or its holders changed")
    add_key(
        connection, row.clinic_id, made, KeyKind(row.kind), now=now, name=row.name, record=row.record_id
    )


# --- a record --------------------------------------------------------------------------------------------------------


async def rotate_if_due(means: Means, clinic: Clinic, record_id: UUID, now: datetime) -> bool:
    """Give a record's keys their next version when somebody lost the right to read on; says whether it did.

    While a one-time code that carries the record's keys waits for its person, it is put off, or they would be locked
    out of what comes next: for the three days of a code at most.
    """
    for _ in range(ATTEMPTS):
        turns = await means.database.read(lambda c: _due(c, clinic.id, record_id, now))
        if not turns:
            return False
        made = [(turn, _make(turn, clinic.id)) for turn in turns]

        def unit(connection: Connection, made: list[tuple[_Turn, NewSharedKey]] = made) -> None:
            for turn, key in made:
                _write(connection, turn, key, None, now)
            facts = [fact for turn, key in made for fact in _facts(turn, key, now)]
            ledger.append(connection, clinic.id, record_id, facts, now)

        try:
            await means.database.write(unit)
        except MovedError:
            continue
        return True
    raise UnavailableError("the keys of a record kept moving")


async def rotate_records(means: Means, clinic: Clinic, record_ids: Collection[UUID], now: datetime) -> bool:
    """The same for some records; says whether any key was rotated."""
    return any([await rotate_if_due(means, clinic, record, now) for record in record_ids])


def _due(connection: Connection, clinic: UUID, record_id: UUID, now: datetime) -> tuple[_Turn, ...]:
    record = records.record(connection, clinic, record_id)
    if record is None:
        raise NotFoundError(str(record_id))
    keys = dict.fromkeys((record.shared_key_id, record.clinic_key_id))
    if not rotating.outdated(connection, list(keys)):
        return ()
    if record.person_id and accounts.code_with_keys_waits(connection, record.person_id, now):
        return ()
    return tuple(_turn(connection, clinic, key) for key in keys)


def _facts(turn: _Turn, made: NewSharedKey, now: datetime) -> list[Fact]:
    """The new key and its grants, and whose reading ends with the version before."""
    ended = [
        Fact(
            kind=EntryKind.REVOKED, at=now, parties={"key": turn.row.id, "holder": holder},
            details={"version": turn.row.version},
        )
        for holder in turn.left_out
    ]  # fmt: skip
    return [*ended, *key_facts(KeyKind(turn.row.kind), made, now)]


async def rotate_for_task(means: Means, clinic: Clinic, task_id: UUID, now: datetime) -> None:
    """Before something is sealed to the record of a task: rotate its keys when that is due."""
    task = await means.database.read(lambda c: tasks.task(c, clinic.id, task_id))
    if task is not None:
        await rotate_if_due(means, clinic, task.record_id, now)


# --- a team ----------------------------------------------------------------------------------------------------------


async def rotate_team(means: Means, clinic: Clinic, team: str, now: datetime) -> None:
    """A new version of a team's key for the same members, as is done from time to time."""

    def query(connection: Connection) -> tuple[_Turn, ...]:
        key = keyring.keys_of_clinic(connection, clinic.id, KeyKind.TEAM).get(team)
        if key is None:
            raise NotFoundError(team)
        return (_team_turn(connection, clinic, key.id, None),)

    for _ in range(ATTEMPTS):
        turns = await means.database.read(query)
        try:
            await _rotate_teams(means, clinic, turns, None, now)
        except MovedError:
            continue
        return
    raise UnavailableError("the team kept changing")


async def dismiss(
    means: Means, clinic: Clinic, who: Reader, account_id: UUID, reason: Departure, now: datetime
) -> None:
    """A colleague leaves: their account is blocked, their sessions end, every team key that they held is rotated.

    Raises NotAllowedError("administrators_only"), ("not_yourself"), or ("last_holder") when a team would be left with
    nobody who can read what it is sent.
    """
    refuse_unless_allowed(who, account_id)
    for _ in range(ATTEMPTS):
        leaving, turns = await means.database.read(lambda c: _leaving(c, clinic, account_id))

        def gone(connection: Connection, leaving: AccountRow = leaving) -> None:
            let_go(connection, clinic.id, leaving, who.account, reason, now)

        try:
            await _rotate_teams(means, clinic, turns, _Parting(leaving.id, who.account, gone), now)
        except MovedError:
            continue
        means.wake("board")
        return
    raise UnavailableError("the teams kept changing")


@dataclass(frozen=True, slots=True)
class _Parting:
    """Who leaves, who lets them go, and what is done about it in the same write."""

    account: UUID
    by: UUID
    act: Callable[[Connection], None]


def _leaving(connection: Connection, clinic: Clinic, account_id: UUID) -> tuple[AccountRow, tuple[_Turn, ...]]:
    account = colleague(connection, clinic.id, account_id)
    held = {grant.key for grant in keyring.team_grants_to(connection, clinic.id, account_id)}
    return account, tuple(_team_turn(connection, clinic, key, account_id) for key in sorted(held))


def _team_turn(connection: Connection, clinic: Clinic, key: UUID, leaving: UUID | None) -> _Turn:
    turn = _turn(connection, clinic.id, key, leaving)
    if not turn.accounts:
        raise NotAllowedError("last_holder")
    return turn


async def _rotate_teams(
    means: Means, clinic: Clinic, turns: tuple[_Turn, ...], parting: _Parting | None, now: datetime
) -> None:
    made = [(turn, _make(turn, clinic.id)) for turn in turns]
    leaving, by = (parting.account, parting.by) if parting else (None, None)

    def unit(connection: Connection) -> None:
        for turn, key in made:
            _write(connection, turn, key, leaving, now)
            accounts.end_codes_with_keys(connection, clinic.id, clinic.roles_of(turn.row.name or ""))
            clinics.note_audit(connection, audit(clinic.id, by, "key_rotated", turn.row.id, turn.row.name or "", now))
        if parting:
            parting.act(connection)

    await means.database.write(unit)
