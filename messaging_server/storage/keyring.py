"""Shared keys, grants and wraps: who can reach what, never the keys themselves. Source: DESIGN section 5."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Row, and_, bindparam, func, or_, select

from keys.envelope import HolderKey, Wrap
from keys.grants import Grant
from keys.recovery import SealedSubset
from keys.suite import PublicKey
from messaging_server.storage import tables
from messaging_server.storage.rows import insert
from messaging_server.storage.statements import Prepared, insertion


class KeyKind(StrEnum):
    """What a shared key is for."""

    RECORD_SHARED = "record_shared"
    """Exchanges: the patient, whole-record proxies, clinical teams, recovery."""
    RECORD_CLINIC = "record_clinic"
    """Assessments and staff notes: clinical teams and recovery only."""
    TEAM = "team"
    RECOVERY = "recovery"


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedKeyRow:
    """A public half with its version; `retired_at` is set when a newer version took its place."""

    id: UUID
    clinic_id: UUID
    version: int
    kind: KeyKind
    name: str | None
    record_id: UUID | None
    public_key: bytes = field(repr=False)
    created_at: datetime
    retired_at: datetime | None = None


def add_shared_key(connection: Connection, row: SharedKeyRow) -> None:
    """Add a key or a key's next version; the versions before it are retired, and stay for old messages."""
    older = tables.shared_keys.c
    connection.execute(
        tables.shared_keys.update()
        .where(older.id == row.id, older.version < row.version, older.retired_at.is_(None))
        .values(retired_at=row.created_at)
    )
    insert(connection, tables.shared_keys, row)


def add_grants(connection: Connection, clinic: UUID, grants: Iterable[Grant], now: datetime) -> None:
    """Add ways to shared keys; a grant that exists already is left as it is."""
    for grant in grants:
        known = connection.execute(select(tables.grants.c.key_id).where(*_same_grant(grant))).first()
        if known is None:
            connection.execute(tables.grants.insert(), _grant_values(clinic, grant, now))


def _same_grant(grant: Grant) -> tuple[ColumnElement[bool], ...]:
    c = tables.grants.c
    return (
        c.key_id == grant.key, c.key_version == grant.version,
        c.holder_id == grant.holder, c.holder_version == grant.holder_version,
    )  # fmt: skip


def _grant_values(clinic: UUID, grant: Grant, now: datetime) -> dict[str, object]:
    return {
        "clinic_id": clinic, "key_id": grant.key, "key_version": grant.version, "holder_id": grant.holder,
        "holder_version": grant.holder_version, "sealed_key": grant.blob, "created_at": now,
    }  # fmt: skip


def drop_grants(connection: Connection, key: UUID, holder: UUID) -> None:
    """Take every version's grant from one holder: membership ends here, rotation must follow."""
    connection.execute(tables.grants.delete().where(tables.grants.c.key_id == key, tables.grants.c.holder_id == holder))


def add_wraps(connection: Connection, clinic: UUID, wraps: Iterable[Wrap]) -> None:
    """Add ways to content keys."""
    rows = [
        {"clinic_id": clinic, "content_key_id": w.content_key, "holder_id": w.holder, "holder_version": w.version,
         "sealed_key": w.blob}
        for w in wraps
    ]  # fmt: skip
    _ADD_WRAPS.run(connection, *rows)


_ADD_WRAPS = insertion(tables.wraps, tables.wraps.c.keys())


def add_missing_wraps(connection: Connection, clinic: UUID, wraps: Collection[Wrap]) -> None:
    """Add the ways that are not there yet: a message may come back to somebody who held it before."""
    known = {(w.content_key, w.holder, w.version) for w in wraps_of(connection, {w.content_key for w in wraps})}
    add_wraps(connection, clinic, [w for w in wraps if (w.content_key, w.holder, w.version) not in known])


def drop_wraps(connection: Connection, content_keys: Collection[UUID], holder: UUID) -> None:
    """Take a holder's way to some content keys, as when a message is routed away from a team."""
    c = tables.wraps.c
    connection.execute(tables.wraps.delete().where(c.content_key_id.in_(content_keys), c.holder_id == holder))


def holders(connection: Connection, keys: Collection[UUID]) -> dict[UUID, HolderKey]:
    """The current version of each shared key, to seal to."""
    c = tables.shared_keys.c
    found = connection.execute(
        select(c.id, c.version, c.public_key).where(c.id.in_(keys), c.retired_at.is_(None))
    )
    return {row.id: HolderKey(id=row.id, version=row.version, public=PublicKey(raw=row.public_key)) for row in found}


def keys_of_clinic(connection: Connection, clinic: UUID, kind: KeyKind) -> dict[str, HolderKey]:
    """The current team keys by team name, or the recovery key under the name `recovery`."""
    c = tables.shared_keys.c
    found = connection.execute(
        select(c.id, c.version, c.public_key, c.name).where(
            c.clinic_id == clinic, c.kind == kind.value, c.retired_at.is_(None)
        )
    )
    return {row.name: HolderKey(id=row.id, version=row.version, public=PublicKey(raw=row.public_key)) for row in found}


def keys_to_seal(
    connection: Connection, clinic: UUID, keys: Collection[UUID]
) -> tuple[dict[UUID, HolderKey], dict[str, HolderKey]]:
    """The current version of each of these keys by id, and of the clinic's team keys by team, in one question."""
    given = {f"key{place}": key for place, key in enumerate(keys)}
    held: dict[UUID, HolderKey] = {}
    teams: dict[str, HolderKey] = {}
    _, found = _to_seal(len(keys)).rows(connection, {"clinic": clinic, **given})
    for key_id, version, public_key, kind, name in found:
        key = HolderKey(id=key_id, version=version, public=PublicKey(raw=public_key))
        if kind == KeyKind.TEAM.value:
            teams[name] = key
        else:
            held[key_id] = key
    return held, teams


@cache
def _to_seal(keys: int) -> Prepared:
    c = tables.shared_keys.c
    teams = and_(c.clinic_id == bindparam("clinic"), c.kind == KeyKind.TEAM.value)
    named = (c.id == bindparam(f"key{place}") for place in range(keys))
    query = select(c.id, c.version, c.public_key, c.kind, c.name).where(c.retired_at.is_(None), or_(teams, *named))
    return Prepared(query)


def grants_to(connection: Connection, clinic: UUID, holder_ids: Collection[UUID]) -> tuple[Grant, ...]:
    """Everything that these holders can reach in one step."""
    return _grants(connection, tables.grants.c.clinic_id == clinic, tables.grants.c.holder_id.in_(holder_ids))


def team_grants_to(connection: Connection, clinic: UUID, holder: UUID) -> tuple[Grant, ...]:
    """The team keys that an account holds, a few rows however many records the clinic has."""
    g, k = tables.grants.c, tables.shared_keys.c
    found = connection.execute(
        select(g.key_id, g.key_version, g.holder_id, g.holder_version, g.sealed_key)
        .join(tables.shared_keys, (k.id == g.key_id) & (k.version == g.key_version))
        .where(g.clinic_id == clinic, g.holder_id == holder, k.kind.in_([KeyKind.TEAM.value]))
    )
    return tuple(_grant(row) for row in found)


def team_holders(connection: Connection, clinic: UUID) -> frozenset[UUID]:
    """Whoever holds the key of a team, in any version."""
    g, k = tables.grants.c, tables.shared_keys.c
    query = (
        select(g.holder_id).distinct()
        .join(tables.shared_keys, (k.id == g.key_id) & (k.version == g.key_version))
        .where(g.clinic_id == clinic, k.kind == KeyKind.TEAM.value)
    )  # fmt: skip
    return frozenset(connection.execute(query).scalars())


def grants_of(connection: Connection, keys: Collection[UUID], holder_ids: Collection[UUID]) -> tuple[Grant, ...]:
    """The grants of some keys to some holders: the last steps of a walk to a record."""
    return _grants(connection, tables.grants.c.key_id.in_(keys), tables.grants.c.holder_id.in_(holder_ids))


def holders_of(connection: Connection, key: UUID, version: int) -> tuple[UUID, ...]:
    """Who holds a version of a key."""
    c = tables.grants.c
    return tuple(connection.execute(select(c.holder_id).where(c.key_id == key, c.key_version == version)).scalars())


def _grants(connection: Connection, *where: ColumnElement[bool]) -> tuple[Grant, ...]:
    c = tables.grants.c
    found = connection.execute(
        select(c.key_id, c.key_version, c.holder_id, c.holder_version, c.sealed_key).where(*where)
    )
    return tuple(_grant(row) for row in found)


def _grant(row: Row[*tuple[Any, ...]]) -> Grant:
    return Grant(
        key=row.key_id, version=row.key_version, holder=row.holder_id, holder_version=row.holder_version,
        blob=row.sealed_key,
    )  # fmt: skip


def wraps_of(connection: Connection, content_keys: Collection[UUID]) -> tuple[Wrap, ...]:
    """Every way to these content keys."""
    c = tables.wraps.c
    found = connection.execute(
        select(c.content_key_id, c.holder_id, c.holder_version, c.sealed_key).where(c.content_key_id.in_(content_keys))
    )
    return tuple(
        Wrap(content_key=row.content_key_id, holder=row.holder_id, version=row.holder_version, blob=row.sealed_key)
        for row in found
    )


def unchanged(connection: Connection, expected: Collection[HolderKey]) -> bool:
    """Whether every key that something was sealed to is still the current version: a guard of the write."""
    versions = {(key.id, key.version) for key in expected}
    if not versions:
        return True
    given: dict[str, object] = {}
    for place, (key, version) in enumerate(versions):
        given |= {f"key{place}": key, f"version{place}": version}
    found = _still_current(len(versions)).first(connection, given)
    return found is not None and bool(found[0] == len(versions))


@cache
def _still_current(keys: int) -> Prepared:
    c = tables.shared_keys.c
    same = (
        and_(c.id == bindparam(f"key{place}"), c.version == bindparam(f"version{place}")) for place in range(keys)
    )
    return Prepared(select(func.count()).select_from(tables.shared_keys).where(c.retired_at.is_(None), or_(*same)))


def add_recovery(connection: Connection, clinic: UUID, key: UUID, subsets: Iterable[SealedSubset]) -> None:
    """Keep the recovery key's private half, sealed under each set of enough shares."""
    for subset in subsets:
        connection.execute(
            tables.recovery_subsets.insert(),
            {"clinic_id": clinic, "key_id": key, "members": ",".join(map(str, subset.members)),
             "sealed_key": subset.blob},
        )  # fmt: skip


def recovery_of(connection: Connection, clinic: UUID) -> tuple[SealedSubset, ...]:
    """The sealed subsets of a clinic's recovery key."""
    c = tables.recovery_subsets.c
    found = connection.execute(select(c.members, c.sealed_key).where(c.clinic_id == clinic))
    return tuple(SealedSubset(members=tuple(map(int, row.members.split(","))), blob=row.sealed_key) for row in found)


def drop_recovery(connection: Connection, key: UUID) -> None:
    """Forget a recovery key: no set of shares opens it any more, and nothing is granted to it."""
    connection.execute(tables.recovery_subsets.delete().where(tables.recovery_subsets.c.key_id == key))
    drop_all_grants(connection, key)


def drop_all_grants(connection: Connection, holder: UUID) -> None:
    """Take every grant from a holder, as when an account is replaced."""
    connection.execute(tables.grants.delete().where(tables.grants.c.holder_id == holder))
