"""When a colleague leaves: who may let them go and why, what follows from it, and what of theirs ends.

The keys themselves are turned in `rotation`; both happen in one write. Source: DESIGN section 5, IDN-22, TRI-07.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from messaging_server.broker.clinic import Clinic, Means
from messaging_server.broker.worklist import event
from messaging_server.errors import NotAllowedError, NotFoundError
from messaging_server.message import new_id
from messaging_server.record.reading import Reader
from messaging_server.storage import accounts, clinics, keyring, tasks
from messaging_server.storage.accounts import AccountRole, AccountRow, AccountState
from messaging_server.storage.database import Connection
from messaging_server.storage.keyring import KeyKind
from messaging_server.storage.tasks import TaskRow, TaskStatus
from triage.model import Priority


class Departure(StrEnum):
    """Why a colleague is let go: one of a few words for the audit, which holds nobody's sentences (AUD-02, AUD-08)."""

    LEFT = "left"
    ABSENT = "absent"
    OTHER_DUTIES = "other_duties"
    AT_RISK = "at_risk"
    """The account may be in other hands."""
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaving:
    """What would follow, to be said before it is done."""

    account: AccountRow
    teams: tuple[str, ...]
    """Whose keys they hold, which are turned."""
    last_of: tuple[str, ...]
    """Teams that would be left with nobody who can read what they are sent."""
    tasks: int
    """Items that they have taken, which go back to their queues."""

    @property
    def gone(self) -> bool:
        """Whether nothing is left to be done."""
        return self.account.state == AccountState.BLOCKED and not self.teams


def refuse_unless_allowed(who: Reader, account_id: UUID) -> None:
    """Raise NotAllowedError("administrators_only") or ("not_yourself")."""
    if who.role is not AccountRole.ADMINISTRATOR:
        raise NotAllowedError("administrators_only")
    if account_id == who.account:
        raise NotAllowedError("not_yourself")


def colleague(connection: Connection, clinic: UUID, account_id: UUID) -> AccountRow:
    """The account of somebody who works here. Raises NotFoundError for a patient's and for nobody's."""
    account = accounts.account(connection, clinic, account_id)
    if account is None or account.role == AccountRole.PATIENT:
        raise NotFoundError(str(account_id))
    return account


async def foresee(means: Means, clinic: Clinic, who: Reader, account_id: UUID) -> Leaving:
    """What letting a colleague go would bring. Raises as `rotation.dismiss` does, but for "last_holder"."""
    refuse_unless_allowed(who, account_id)

    def query(connection: Connection) -> Leaving:
        account = colleague(connection, clinic.id, account_id)
        held = _teams_of(connection, clinic, account_id)
        return Leaving(
            account=account, teams=tuple(held), last_of=tuple(team for team, others in held.items() if not others),
            tasks=len(tasks.owned(connection, clinic.id, account_id)),
        )  # fmt: skip

    return await means.database.read(query)


def _teams_of(connection: Connection, clinic: Clinic, account_id: UUID) -> dict[str, bool]:
    """The teams whose key an account holds, and whether another colleague would still hold it."""
    found = {}
    for team, key in sorted(keyring.keys_of_clinic(connection, clinic.id, KeyKind.TEAM).items()):
        holders = keyring.holders_of(connection, key.id, key.version)
        if account_id in holders:
            found[team] = any(_works(connection, clinic.id, one) for one in holders if one != account_id)
    return found


def _works(connection: Connection, clinic: UUID, holder: UUID) -> bool:
    account = accounts.account(connection, clinic, holder)
    return account is not None and account.state != AccountState.BLOCKED


def let_go(
    connection: Connection, clinic: UUID, leaving: AccountRow, by: UUID, reason: Departure, now: datetime
) -> None:
    """End what was theirs: keys, sessions, codes, and what they had taken, which goes back to its queue (TRI-07).

    Raises NotAllowedError when whoever asks was let go meanwhile: two administrators must not shut out each other.
    """
    acting = accounts.account(connection, clinic, by)
    if acting is None or acting.state != AccountState.ACTIVE:
        raise NotAllowedError("administrators_only")
    keyring.drop_all_grants(connection, leaving.id)
    accounts.change_account(connection, leaving.id, state=AccountState.BLOCKED)
    accounts.end_sessions(connection, leaving.id)
    accounts.end_codes(connection, leaving.person_id)
    for task in tasks.owned(connection, clinic, leaving.id):
        tasks.change(connection, task.id, task.version, **_given_back(task, now))
        tasks.add_event(connection, event(clinic, task.id, "release", by, now))
    clinics.note_audit(connection, audit(clinic, by, "account_blocked", leaving.id, reason.value, now))


def _given_back(task: TaskRow, now: datetime) -> dict[str, object]:
    """An item without an owner; an emergency calls for somebody again, for who had seen it is gone (TRI-09)."""
    free: dict[str, object] = {"owner_id": None, "claimed_at": None, "status": TaskStatus.RECEIVED}
    if task.priority is Priority.STAT:
        free |= {"acknowledged_at": None, "next_step_at": now, "steps": 0}
    return free


def audit(
    clinic: UUID, by: UUID | None, action: str, what: UUID, result: str, now: datetime
) -> clinics.AuditRow:  # fmt: skip
    """One act on an account or a key (AUD-08)."""
    return clinics.AuditRow(
        id=new_id(now), clinic_id=clinic, at=now, actor_id=by, action=action, object_id=what, result=result
    )
