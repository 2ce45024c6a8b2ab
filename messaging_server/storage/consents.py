"""The consent register: acts are only ever added (CON-15)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, bindparam, select

from consent.model import Act, Category, Channel, ConsentEvent, Method, Scope
from keys.envelope import Sealed
from messaging_server.storage import tables
from messaging_server.storage.rows import as_rows, insert
from messaging_server.storage.statements import Prepared


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """The note of the explanations given with a verbal consent, sealed to the record's clinical teams (CON-08)."""

    sealed: Sealed
    content_key_id: UUID = field(repr=False)


def add_consent(connection: Connection, clinic: UUID, act: ConsentEvent, note: Note | None = None) -> None:
    """Add an act to the register."""
    connection.execute(
        tables.consents.insert(),
        {
            "id": act.id, "clinic_id": clinic, "person_id": act.person, "act": act.act.value,
            "method": act.method.value, "scope": _scope_text(act), "channels": ",".join(sorted(act.channels)),
            "text_version": act.text_version, "text_hash": act.text_hash, "language": act.language,
            "obtained_by": act.obtained_by, "addresses": json.dumps(sorted(map(str, act.addresses))), "at": act.at,
            "expires_at": act.expires_at, "sealed_note": note.sealed.blob if note else None,
            "note_key_id": note.content_key_id if note else None, "has_note": act.has_note,
            "has_evidence": act.has_evidence,
        },
    )  # fmt: skip


def _scope_text(act: ConsentEvent) -> str:
    return ",".join(sorted(f"{cell.channel}:{cell.category}" for cell in act.scope))


def consents_of(connection: Connection, person: UUID) -> tuple[ConsentEvent, ...]:
    """Every act of a person, oldest first."""
    names, found = _ACTS.rows(connection, {"person": person})
    return tuple(_act(dict(zip(names, row, strict=True))) for row in found)


def _act(row: Mapping[str, Any]) -> ConsentEvent:
    return ConsentEvent(
        id=row["id"], person=row["person_id"], act=Act(row["act"]), method=Method(row["method"]),
        scope=_scope(row["scope"]), channels=frozenset(map(Channel, filter(None, row["channels"].split(",")))),
        text_version=row["text_version"], text_hash=row["text_hash"], language=row["language"],
        obtained_by=row["obtained_by"], at=row["at"], addresses=frozenset(map(UUID, json.loads(row["addresses"]))),
        expires_at=row["expires_at"], has_note=row["has_note"], has_evidence=row["has_evidence"],
    )  # fmt: skip


_C = tables.consents.c
_ACTS = Prepared(
    select(
        _C.id, _C.person_id, _C.act, _C.method, _C.scope, _C.channels, _C.text_version, _C.text_hash, _C.language,
        _C.obtained_by, _C.at, _C.addresses, _C.expires_at, _C.has_note, _C.has_evidence,
    ).where(_C.person_id == bindparam("person")).order_by(_C.at, _C.id)
)  # fmt: skip


@lru_cache(maxsize=256)
def _scope(text: str) -> frozenset[Scope]:
    cells = (cell.split(":") for cell in text.split(",") if cell)
    return frozenset(Scope(Channel(channel), Category(category)) for channel, category in cells)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentTextRow:
    """A published consent text: the whole document in both languages, and its hash."""

    id: UUID
    clinic_id: UUID
    version: int
    policy_version: int
    document: str
    hash: bytes = field(repr=False)
    published_at: datetime


def publish_text(connection: Connection, row: ConsentTextRow) -> None:
    """Add a version of the clinic's consent text; published versions never change."""
    insert(connection, tables.consent_texts, row)


def current_text(connection: Connection, clinic: UUID) -> ConsentTextRow | None:
    """The newest published consent text."""
    c = tables.consent_texts.c
    query = select(tables.consent_texts).where(c.clinic_id == clinic).order_by(c.version.desc()).limit(1)
    return next(iter(as_rows(ConsentTextRow, connection.execute(query).all())), None)


def text_version(connection: Connection, clinic: UUID, version: int) -> ConsentTextRow | None:
    """One published version."""
    c = tables.consent_texts.c
    query = select(tables.consent_texts).where(c.clinic_id == clinic, c.version == version)
    return next(iter(as_rows(ConsentTextRow, connection.execute(query).all())), None)
