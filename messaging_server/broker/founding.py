"""Founding a clinic: its recovery key, its teams, its intake record, and codes for its first people.

No account and no password exists beforehand (SEC-20): each first member signs in with a one-time code, and the first
member of each team receives that team's key with it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from keys import codes, recovery
from keys.envelope import HolderKey
from keys.grants import NewSharedKey, new_shared_key
from messaging_server.broker.admission import NewColleague, colleague_rows
from messaging_server.broker.clinic import Clinic, Means
from messaging_server.broker.directory import word_fingerprints
from messaging_server.broker.enrolment import (
    CODE_LIFE,
    Issued,
    PreparedRecord,
    activation,
    add_key,
    prepare_record,
    write_record,
)
from messaging_server.message import new_id
from messaging_server.storage import accounts, clinics, keyring, people
from messaging_server.storage.database import Connection
from messaging_server.storage.keyring import KeyKind, SharedKeyRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Founded:
    """What is shown once, on paper: the recovery shares and everybody's code."""

    shares: tuple[str, ...] = field(repr=False)
    issued: tuple[tuple[NewColleague, Issued], ...] = field(repr=False)


async def found(
    means: Means, clinic: Clinic, document: str, members: Sequence[NewColleague], shares: tuple[int, int], now: datetime
) -> Founded:
    """Found a clinic with `members`; `shares` is (needed, total) of the recovery key. Everything in one transaction."""
    saved = recovery.create(shares[0], shares[1], clinic.id)
    recovery_key = HolderKey(id=new_id(now), version=1, public=saved.public)
    teams = {name: new_shared_key(new_id(now), 1, [recovery_key], clinic.id) for name in clinic.policy.teams}
    readers = [made.holder for name, made in teams.items() if clinic.reads_records(name)]
    intake = prepare_record(clinic.id, None, [*readers, recovery_key], now)
    invited = _invitations(means, clinic, members, teams, now)

    def unit(connection: Connection) -> None:
        clinics.add_clinic(connection, clinic.id, clinic.host, now)
        clinics.add_policy(
            connection, row_id=new_id(now), clinic=clinic.id, version=1, document=document, now=now
        )
        _write_recovery(connection, clinic, recovery_key, saved, now)
        for name, made in teams.items():
            add_key(connection, clinic.id, made, KeyKind.TEAM, name=name, now=now)
        _write_intake(connection, intake, [*readers, recovery_key])
        for person, trace, _, _ in invited:
            people.add_person(connection, person, word_fingerprints(means.keys, clinic.id, ()))
            accounts.add_activation(connection, trace)

    await means.database.write(unit)
    return Founded(shares=saved.shares, issued=tuple((member, issued) for _, _, member, issued in invited))


def _write_intake(connection: Connection, intake: PreparedRecord, holders: Sequence[HolderKey]) -> None:
    write_record(connection, intake, holders)


def _write_recovery(
    connection: Connection, clinic: Clinic, key: HolderKey, saved: recovery.RecoverySet, now: datetime
) -> None:
    row = SharedKeyRow(
        id=key.id, clinic_id=clinic.id, version=1, kind=KeyKind.RECOVERY, name="recovery", record_id=None,
        public_key=key.public.raw, created_at=now,
    )  # fmt: skip
    keyring.add_shared_key(connection, row)
    keyring.add_recovery(connection, clinic.id, key.id, saved.subsets)


def _invitations(
    means: Means, clinic: Clinic, members: Sequence[NewColleague], teams: Mapping[str, NewSharedKey], now: datetime
) -> list[tuple[people.PersonRow, accounts.ActivationRow, NewColleague, Issued]]:
    """A code for each member; the first member of each team gets its key under the code, the others are admitted."""
    waiting = dict(teams)
    invited = []
    for member in members:
        row, profile = colleague_rows(means, clinic, member, now)
        code = codes.new_code()
        first_of = [waiting.pop(name) for name in clinic.teams_of(member.role) if name in waiting]
        kept = [(made.holder.id, made.holder.version, made.private) for made in first_of]
        trace = activation(means, clinic, row.id, member.role, code, kept, now)
        issued = Issued(person=row.id, code=code, login=profile.login, expires_at=now + CODE_LIFE)
        invited.append((row, trace, member, issued))
    return invited
