"""A new version of a clinic's policy: what it changes, for whom, and the consent text that follows (CON-07, TRI-01).

Teams are made of keys (DESIGN section 5): who is in one, and which teams read records, cannot change by a document.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from messaging_server.broker import publishing
from messaging_server.broker.clinic import Clinic, Means
from messaging_server.errors import ConflictError, InvalidError
from messaging_server.message import new_id
from messaging_server.storage import clinics, consents
from messaging_server.storage.database import Connection
from messaging_server.storage.queries.informed import agreed_before
from triage.calendar import Calendar
from triage.policy import Policy, to_document


class Concerned(StrEnum):
    """Whom a change of the policy touches."""

    PATIENTS = "patients"
    """It stands in the consent text or in the automatic texts."""
    TEAMS = "teams"
    """It changes who works on what, and by when."""
    BOTH = "patients and teams"
    SERVER = "the server"


_CONCERNED: Final[Mapping[str, Concerned]] = {
    "queues": Concerned.BOTH, "hours": Concerned.BOTH, "closures": Concerned.BOTH, "holidays": Concerned.BOTH,
    "timezone": Concerned.BOTH, "texts": Concerned.BOTH, "channels": Concerned.BOTH, "access": Concerned.PATIENTS,
    "minimum": Concerned.BOTH, "excluded_results": Concerned.TEAMS, "escalation": Concerned.TEAMS,
    "teams": Concerned.TEAMS, "unread": Concerned.TEAMS, "send_delay_seconds": Concerned.TEAMS,
    "retention": Concerned.BOTH, "mail": Concerned.SERVER,
}  # fmt: skip
"""What is not named here is told to patients: names, telephone, whom to turn to."""
MISSING: Final = "(nothing)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One setting that differs, as a path such as `queues.renewals.response.count`."""

    path: str
    before: str
    after: str
    whom: Concerned


@dataclass(frozen=True, slots=True, kw_only=True)
class Amended:
    """What is in force after an amendment."""

    policy_version: int
    text_version: int
    to_inform: tuple[UUID, ...]
    """People who agreed to an older text: to be informed again (CON-07)."""


def changes(before: Policy, after: Policy) -> tuple[Change, ...]:
    """Every setting that differs between two policies, their versions apart."""
    old, new = dict(_leaves(to_document(before))), dict(_leaves(to_document(after)))
    paths = [path for path in {**old, **new} if path != "version" and old.get(path) != new.get(path)]
    return tuple(
        Change(
            path=path, before=old.get(path, MISSING), after=new.get(path, MISSING),
            whom=_CONCERNED.get(path.partition(".")[0], Concerned.PATIENTS),
        )
        for path in paths
    )  # fmt: skip


def _leaves(document: Mapping[str, Any], under: str = "") -> Iterator[tuple[str, str]]:
    for name, value in document.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, f"{under}{name}.")
        else:
            yield f"{under}{name}", value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def amended(clinic: Clinic, policy: Policy) -> Clinic:
    """The clinic as the policy would make it. Raises InvalidError("teams", …) where keys would have to follow."""
    if policy.teams.keys() != clinic.policy.teams.keys():
        raise InvalidError("teams", "teams_come_with_keys")
    for name, team in policy.teams.items():
        known = clinic.policy.teams[name]
        if (team.roles, team.reads_records) != (known.roles, known.reads_records):
            raise InvalidError(f"teams.{name}", "teams_come_with_keys")
    made = replace(policy, version=clinic.policy.version + 1)
    return replace(clinic, policy=made, calendar=Calendar(made))


async def amend(means: Means, clinic: Clinic, policy: Policy, now: datetime) -> Amended:
    """Put a policy in force, and the consent text that it makes.

    Raises InvalidError where a consent text could not be made of it, ConflictError where another version came first.
    """
    coming = amended(clinic, policy)
    if found := publishing.faults(publishing.render(means, coming, 1), coming):
        raise InvalidError("consent_text", str(found[0]))
    document = json.dumps(to_document(coming.policy), ensure_ascii=False)

    def unit(connection: Connection) -> None:
        if clinics.current_policy(connection, clinic.id)[0] != clinic.policy.version:
            raise ConflictError("policy")
        row = new_id(now)
        clinics.add_policy(
            connection, row_id=row, clinic=clinic.id, version=coming.policy.version, document=document, now=now
        )
        clinics.note_audit(connection, _line(clinic, row, now))

    await means.database.write(unit)
    version = await publishing.publish(means, coming, now)
    left = await means.database.read(lambda c: agreed_before(c, clinic.id, version))
    return Amended(policy_version=coming.policy.version, text_version=version, to_inform=left)


def _line(clinic: Clinic, row: UUID, now: datetime) -> clinics.AuditRow:
    return clinics.AuditRow(
        id=new_id(now), clinic_id=clinic.id, at=now, actor_id=None, action="policy_import", object_id=row, result="done"
    )


async def new_text(means: Means, clinic: Clinic, policy: Policy) -> bool:
    """Whether the policy changes the words that patients agree to (CON-07)."""
    coming = amended(clinic, policy)
    current = await means.database.read(lambda c: consents.current_text(c, clinic.id))
    text = json.loads(publishing.document_of(publishing.render(means, coming, 1)))
    known = json.loads(current.document) if current else {}
    return any(text[part] != known.get(part) for part in ("blocks", "risks"))
