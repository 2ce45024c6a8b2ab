"""Clinics, their policies in versions, leases, and the audit of what is not in a record."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, select
from sqlalchemy.exc import IntegrityError

from messaging_server.storage import tables
from messaging_server.storage.rows import insert


def add_clinic(connection: Connection, clinic: UUID, host: str, now: datetime) -> None:
    """Add a clinic under its own host name."""
    connection.execute(tables.clinics.insert(), {"id": clinic, "host": host, "created_at": now})


def clinics(connection: Connection) -> tuple[tuple[UUID, str], ...]:
    """Every clinic as (id, host name)."""
    found = connection.execute(select(tables.clinics.c.id, tables.clinics.c.host).order_by(tables.clinics.c.created_at))
    return tuple((row.id, row.host) for row in found)


def add_policy(connection: Connection, *, row_id: UUID, clinic: UUID, version: int, document: str,
               now: datetime) -> None:  # fmt: skip
    """Add a version of a clinic's policy; versions never change."""
    connection.execute(
        tables.policies.insert(),
        {"id": row_id, "clinic_id": clinic, "version": version, "document": document, "created_at": now},
    )


def current_policy(connection: Connection, clinic: UUID) -> tuple[int, str]:
    """The newest policy of a clinic as (version, document)."""
    c = tables.policies.c
    query = select(c.version, c.document).where(c.clinic_id == clinic).order_by(c.version.desc()).limit(1)
    row = connection.execute(query).one()
    return row.version, row.document


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRow:
    """One act outside any record: a sign-in, a refusal, a change of rights (AUD-08); never content (AUD-02)."""

    id: UUID
    clinic_id: UUID
    at: datetime
    actor_id: UUID | None
    action: str
    object_id: UUID | None
    result: str


def note_audit(connection: Connection, row: AuditRow) -> None:
    """Write an act down."""
    insert(connection, tables.audit, row)


def take_lease(connection: Connection, name: str, holder: UUID, now: datetime, until: datetime) -> bool:
    """Whether this process may do the work called `name` until then; one holder at a time.

    A lease far beyond what one lasts was taken by a clock that was wrong: nobody waits for it.
    """
    c = tables.leases.c
    row = connection.execute(select(c.holder, c.until).where(c.name == name)).first()
    if row is None:
        try:
            with connection.begin_nested():
                connection.execute(tables.leases.insert(), {"name": name, "holder": holder, "until": until})
        except IntegrityError:
            return False
        return True
    if row.holder != holder and now < row.until <= until + (until - now):
        return False
    connection.execute(tables.leases.update().where(c.name == name).values(holder=holder, until=until))
    return True
