"""What rotation asks of the keys: which are due, what they are now, and which record each belongs to."""

from collections.abc import Collection
from datetime import datetime
from functools import cache
from uuid import UUID

from sqlalchemy import Connection, bindparam, or_, select, union_all

from messaging_server.storage import tables
from messaging_server.storage.keyring import SharedKeyRow
from messaging_server.storage.rows import as_rows
from messaging_server.storage.statements import Prepared


def outdated(connection: Connection, keys: Collection[UUID]) -> bool:
    """Whether any of these keys, in its current version, is held by somebody who should not hold the next.

    That is a version of a team's or the recovery key which was replaced since, or an account that is blocked.
    """
    given = {f"key{place}": key for place, key in enumerate(keys)}
    return bool(keys) and _outdated(len(keys)).first(connection, given) is not None


@cache
def _outdated(keys: int) -> Prepared:
    g, own, holder, a = tables.grants.c, tables.shared_keys, tables.shared_keys.alias("holder"), tables.accounts.c
    current = (own.c.id == g.key_id) & (own.c.version == g.key_version) & own.c.retired_at.is_(None)
    named = or_(*(g.key_id == bindparam(f"key{place}") for place in range(keys)))
    query = select(g.key_id).join(own, current).where(named)
    replaced = (holder.c.id == g.holder_id) & (holder.c.version == g.holder_version) & holder.c.retired_at.is_not(None)
    blocked = (a.id == g.holder_id) & (a.state == "blocked")
    return Prepared(union_all(query.join(holder, replaced), query.join(tables.accounts, blocked)).limit(1))


def key_row(connection: Connection, key: UUID) -> SharedKeyRow | None:
    """A key in its current version."""
    c = tables.shared_keys.c
    found = connection.execute(select(tables.shared_keys).where(c.id == key, c.retired_at.is_(None))).all()
    return next(iter(as_rows(SharedKeyRow, found)), None)


def records_of_keys(connection: Connection, clinic: UUID) -> dict[UUID, UUID]:
    """Which record each record key belongs to."""
    c = tables.shared_keys.c
    found = connection.execute(select(c.id, c.record_id).where(c.clinic_id == clinic, c.record_id.is_not(None)))
    return {row.id: row.record_id for row in found}


def retire(connection: Connection, key: UUID, now: datetime) -> None:
    """Let nothing more be sealed to a key, in any version."""
    c = tables.shared_keys.c
    connection.execute(tables.shared_keys.update().where(c.id == key, c.retired_at.is_(None)).values(retired_at=now))
