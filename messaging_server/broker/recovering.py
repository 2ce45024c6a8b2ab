"""With enough recovery shares: a new one-time code for somebody whom nobody else can give one (IDN-08, DESIGN 5).

The shares make the recovery key, which every team's and every record's key was granted to. It is in memory for the one
command that it was put together for, and opens nothing that is not asked of it.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from keys import codes, recovery
from keys.suite import PrivateKey, WrongSecretError
from messaging_server.broker import admission, alarm, directory
from messaging_server.broker.clinic import Clinic, Means
from messaging_server.broker.enrolment import Issued, activation
from messaging_server.errors import NotAllowedError, NotFoundError
from messaging_server.message import new_id
from messaging_server.record.reading import ACCOUNT_KEY_VERSION, Reader, reachable_keys
from messaging_server.storage import accounts, clinics, keyring, people
from messaging_server.storage.accounts import AccountRole, AccountRow
from messaging_server.storage.clinics import AuditRow
from messaging_server.storage.database import Connection
from messaging_server.storage.keyring import KeyKind


async def recovered(means: Means, clinic: Clinic, shares: Sequence[str]) -> Reader:
    """Whoever holds enough shares, as a reader whose account is the recovery key itself.

    Raises WrongSecretError, with a sentence for the person at the terminal, when the shares do not make it.
    """
    subsets = await means.database.read(lambda c: keyring.recovery_of(c, clinic.id))
    private = await asyncio.to_thread(recovery.combine, shares, subsets, clinic.id)
    key = await means.database.read(lambda c: keyring.keys_of_clinic(c, clinic.id, KeyKind.RECOVERY)["recovery"])
    if key.version != ACCOUNT_KEY_VERSION or private.public().raw != key.public.raw:
        raise WrongSecretError("these shares make another recovery key than the one that this clinic's records know")
    return Reader(
        clinic=clinic.id, account=key.id, person=key.id, role=AccountRole.ADMINISTRATOR, private=private
    )  # fmt: skip


async def reset(means: Means, clinic: Clinic, who: Reader, login: str, now: datetime) -> Issued:
    """A one-time code for the owner of a sign-in name; their account ends when the code is used, not before.

    Raises NotFoundError for nobody's name, NotAllowedError where the recovery key does not reach what they need.
    """
    name = directory.login_fingerprint(means.keys, clinic.id, login)
    account = await means.database.read(lambda c: accounts.account_by_login(c, clinic.id, name))
    if account is None:
        raise NotFoundError("login")
    if AccountRole(account.role) is AccountRole.PATIENT:
        issued = await admission.new_code(means, clinic, who, account.person_id, now)
    else:
        issued = await _colleague(means, clinic, who, account, now)
    await means.database.write(lambda c: clinics.note_audit(c, _line(clinic, who.account, account.id, now)))
    await alarm.warn(means, clinic, account.person_id, now)
    return issued


async def _colleague(means: Means, clinic: Clinic, who: Reader, account: AccountRow, now: datetime) -> Issued:
    """A code with every version of the keys of the colleague's teams; none for an administrator, who holds none."""
    teams = await means.database.read(lambda c: keyring.keys_of_clinic(c, clinic.id, KeyKind.TEAM))
    wanted = [teams[name].id for name in clinic.teams_of(account.role) if name in teams]
    held = await reachable_keys(means.database, who, wanted)
    if any(not held[key] for key in wanted):
        raise NotAllowedError("no_key_to_this_team")
    kept: list[tuple[UUID, int, PrivateKey]] = [
        (key, version, private) for key in wanted for version, private in held[key].items()
    ]
    code, role = codes.new_code(), AccountRole(account.role)
    trace = await asyncio.to_thread(activation, means, clinic, account.person_id, role, code, kept, now)

    def unit(connection: Connection) -> people.PersonRow:
        person = people.person(connection, clinic.id, account.person_id)
        if person is None:
            raise NotFoundError(str(account.person_id))
        accounts.add_activation(connection, trace)
        return person

    person = await means.database.write(unit)
    login = directory.open_profile(means.keys, person).login
    return Issued(person=person.id, code=code, login=login, expires_at=trace.expires_at)


def _line(clinic: Clinic, actor: UUID, account: UUID, now: datetime) -> AuditRow:
    return AuditRow(
        id=new_id(now), clinic_id=clinic.id, at=now, actor_id=actor, action="account_reset", object_id=account,
        result="code_issued",
    )  # fmt: skip
