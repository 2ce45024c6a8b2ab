"""New recovery shares: a new recovery key takes the place of the old one everywhere, and the old shares open nothing.

It needs enough of the old shares, for only the old key can hand on what was granted to it (DESIGN section 5, recovery).
"""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from keys import recovery
from keys.envelope import HolderKey
from keys.grants import Grant, accept, grant
from messaging_server.broker import recovering
from messaging_server.broker.clinic import Clinic, Means
from messaging_server.broker.enrolment import fingerprint_of, grant_fact
from messaging_server.errors import ConflictError
from messaging_server.message import new_id
from messaging_server.record import ledger
from messaging_server.record.entry import EntryKind, Fact
from messaging_server.record.reading import Reader
from messaging_server.storage import clinics, keyring, rotating
from messaging_server.storage.database import Connection
from messaging_server.storage.keyring import KeyKind, SharedKeyRow


async def reshare(
    means: Means, clinic: Clinic, shares: Sequence[str], wanted: tuple[int, int], now: datetime
) -> tuple[str, ...]:
    """Make a new recovery key and print its shares; `wanted` is (needed, total). Shown once, kept nowhere.

    Everything is one write, about a millisecond for each record: run it when the clinic is closed. Raises
    WrongSecretError when the shares do not make the key, ConflictError when a record was opened meanwhile.
    """
    old = await recovering.recovered(means, clinic, shares)
    made = recovery.create(wanted[0], wanted[1], clinic.id)
    holder = HolderKey(id=new_id(now), version=1, public=made.public)
    before = await means.database.read(lambda c: keyring.grants_to(c, clinic.id, [old.account]))
    handed_on = await asyncio.to_thread(_hand_on, before, old, holder)

    def unit(connection: Connection) -> None:
        if set(keyring.grants_to(connection, clinic.id, [old.account])) != set(before):
            raise ConflictError("changed")
        rotating.retire(connection, old.account, now)
        keyring.drop_recovery(connection, old.account)
        keyring.add_shared_key(connection, _row(clinic.id, holder, now))
        keyring.add_recovery(connection, clinic.id, holder.id, made.subsets)
        keyring.add_grants(connection, clinic.id, handed_on, now)
        _attest(connection, clinic.id, handed_on, old.account, holder, now)
        clinics.note_audit(connection, _audit(clinic.id, holder.id, now))

    await means.database.write(unit)
    return made.shares


def _hand_on(grants: Sequence[Grant], old: Reader, to: HolderKey) -> tuple[Grant, ...]:
    return tuple(
        grant(accept(one, old.private, old.clinic), one.key, one.version, to, old.clinic) for one in grants
    )


def _row(clinic: UUID, holder: HolderKey, now: datetime) -> SharedKeyRow:
    return SharedKeyRow(
        id=holder.id, clinic_id=clinic, version=holder.version, kind=KeyKind.RECOVERY, name="recovery", record_id=None,
        public_key=holder.public.raw, created_at=now,
    )  # fmt: skip


def _attest(
    connection: Connection, clinic: UUID, grants: Sequence[Grant], old: UUID, holder: HolderKey, now: datetime
) -> None:
    """Every record's ledger says that the old recovery key reads no further, and which new one does."""
    records = rotating.records_of_keys(connection, clinic)
    for record, own in _by_record(grants, records).items():
        ended = (
            Fact(kind=EntryKind.REVOKED, at=now, parties={"key": key, "holder": old})
            for key in dict.fromkeys(one.key for one in own)
        )
        named = Fact(
            kind=EntryKind.KEY, at=now, parties={"key": holder.id}, ciphertext=fingerprint_of(holder.public),
            details={"key_kind": KeyKind.RECOVERY, "version": holder.version},
        )  # fmt: skip
        given = (grant_fact(one.key, one.version, holder.id, now) for one in own)
        ledger.append(connection, clinic, record, [*ended, named, *given], now)


def _by_record(grants: Sequence[Grant], records: Mapping[UUID, UUID]) -> dict[UUID, list[Grant]]:
    found: dict[UUID, list[Grant]] = {}
    for one in grants:
        if one.key in records:
            found.setdefault(records[one.key], []).append(one)
    return found


def _audit(clinic: UUID, key: UUID, now: datetime) -> clinics.AuditRow:
    return clinics.AuditRow(
        id=new_id(now), clinic_id=clinic, at=now, actor_id=None, action="recovery_reshared", object_id=key,
        result="done",
    )  # fmt: skip
