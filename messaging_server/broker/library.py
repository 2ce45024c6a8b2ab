"""The clinic's prepared replies: those that ship, with the clinic's own versions in their place (ETQ-11)."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from messaging_server.broker import prepared
from messaging_server.broker.clinic import Clinic, Means
from messaging_server.broker.prepared import Fault, Library, Prepared
from messaging_server.broker.saying import help_lines
from messaging_server.errors import ConflictError, InvalidError, NotAllowedError
from messaging_server.message import new_id
from messaging_server.record.reading import Reader
from messaging_server.storage import clinics
from messaging_server.storage import prepared as stored
from messaging_server.storage.accounts import AccountRole
from messaging_server.storage.database import Connection
from messaging_server.storage.prepared import PreparedRow
from messaging_server.texts import Language
from triage.helplines import LineKind

EDITORS: Final = frozenset({AccountRole.PHYSICIAN, AccountRole.NURSE, AccountRole.ADMINISTRATOR})
"""Who words the clinic's texts: those who answer for care, and who keeps the policy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """A text with where it comes from: version 0 is what ships."""

    text: Prepared
    version: int
    own: bool
    """Whether these are the clinic's own words."""


class UnfitError(InvalidError):
    """A text that cannot be kept, with everything that is wrong with it."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        super().__init__("prepared_text", faults[0].lack.value)
        self.faults = faults


def wordings(connection: Connection, clinic: Clinic) -> tuple[Wording, ...]:
    """Every text that this clinic has now, those that ship first."""
    rows = {row.key: row for row in stored.newest(connection, clinic.id)}
    shipped = {text.key: text for text in prepared.builtin().texts}
    keys = [*shipped, *(key for key in rows if key not in shipped)]
    return tuple(found for key in keys if (found := _wording(shipped.get(key), rows.get(key))) is not None)


def _wording(shipped: Prepared | None, row: PreparedRow | None) -> Wording | None:
    version = row.version if row else 0
    if row is not None and row.document is not None:
        return Wording(text=prepared.parse(json.loads(row.document)), version=version, own=True)
    return Wording(text=shipped, version=version, own=False) if shipped else None


def library(connection: Connection, clinic: Clinic) -> Library:
    """The texts alone."""
    return Library(texts=tuple(one.text for one in wordings(connection, clinic)))


def facts(means: Means, clinic: Clinic, language: Language) -> dict[str, str]:
    """What the clinic's policy and the dated help lines say in place of the names in braces (ACK-06)."""
    policy, lines = clinic.policy, help_lines(clinic, language)
    health = next((line for line in lines if line.kind == LineKind.HEALTH_LINE), None)
    emergency = next((line for line in lines if line.kind == LineKind.EMERGENCY), None)
    return {
        "phone": means.texts.phone(language, policy.phone), "phone_hours": policy.phone_hours[language],
        "other_contact": policy.other_contact[language], "walk_in": policy.walk_in[language],
        "health_line": f"{health.name} ({health.number})" if health else "",
        "emergency": emergency.number if emergency else "",
    }  # fmt: skip


async def save(means: Means, clinic: Clinic, who: Reader, text: Prepared, version: int, now: datetime) -> int:
    """Put the clinic's own words in force; gives their version.

    Raises UnfitError where they cannot be kept, ConflictError where another version came since `version` was seen.
    """
    if found := prepared.faults(text, clinic.ruleset):
        raise UnfitError(found)
    document = json.dumps(prepared.to_document(text), ensure_ascii=False)
    return await _add(means, clinic, who, text.key, document, version, now)


async def withdraw(means: Means, clinic: Clinic, who: Reader, key: str, version: int, now: datetime) -> int:
    """Go back to the text that ships; one that never shipped is offered no more. Nothing is deleted."""
    return await _add(means, clinic, who, key, None, version, now)


async def _add(
    means: Means, clinic: Clinic, who: Reader, key: str, document: str | None, version: int, now: datetime
) -> int:
    if who.role not in EDITORS:
        raise NotAllowedError("not_an_editor")
    row = PreparedRow(
        id=new_id(now), clinic_id=clinic.id, key=key, version=version + 1, document=document, author_id=who.account,
        created_at=now,
    )  # fmt: skip

    def unit(connection: Connection) -> None:
        known = stored.versions(connection, clinic.id, key)
        if (known[0].version if known else 0) != version:
            raise ConflictError("prepared_text")
        stored.add_prepared(connection, row)
        clinics.note_audit(connection, _line(clinic.id, who.account, row))

    await means.database.write(unit)
    return row.version


def _line(clinic: UUID, account: UUID, row: PreparedRow) -> clinics.AuditRow:
    act = "prepared_text_saved" if row.document else "prepared_text_withdrawn"
    return clinics.AuditRow(
        id=new_id(row.created_at), clinic_id=clinic, at=row.created_at, actor_id=account, action=act, object_id=row.id,
        result="done",
    )  # fmt: skip
