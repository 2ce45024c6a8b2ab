"""Telling the colleagues on duty that an emergency waits, again and again until one takes note (TRI-09).

The text says that something urgent waits and where to sign in, never what or whose. It goes to the addresses of the
clinic's policy and is archived beside the message, for the clinic's teams alone.
"""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from consent.model import Channel
from keys.envelope import HolderKey
from keys.server import fingerprint, seal_directory
from messaging_server.broker import saying
from messaging_server.broker.clinic import Clinic, Means
from messaging_server.broker.filing import Filing, write
from messaging_server.broker.notices import Notice
from messaging_server.broker.sealing import audience
from messaging_server.message import new_id
from messaging_server.storage import keyring, people, records
from messaging_server.storage.database import Connection
from messaging_server.storage.people import AddressRow, AddressStatus
from messaging_server.storage.tasks import TaskRow
from messaging_server.texts import Language


async def summon(means: Means, clinic: Clinic, task: TaskRow, now: datetime) -> int:
    """Queue an alert to every address on duty; gives how many."""
    if not clinic.policy.alerts:
        return 0
    holder, known = await means.database.read(lambda c: _load(c, means, clinic, task))
    if holder is None:
        return 0
    staff = audience(clinic.id, [holder], now)
    place = saying.Place(record=task.record_id, thread=task.thread_id, readers=staff, staff=staff)
    fresh = tuple(
        _row(means, clinic, address, now) for address in sorted(clinic.policy.alerts) if address not in known
    )
    sent = [_text(means, clinic, place, task, row, now) for row in (*known.values(), *fresh)]
    filing = Filing(
        clinic=clinic.id, record=task.record_id, now=now, sealed_to=staff.holders, wraps=staff.wraps, addresses=fresh,
        deliveries=tuple(row for one in sent for row in one.deliveries),
        facts=tuple(fact for one in sent for fact in one.facts),
    )  # fmt: skip
    await means.database.write(lambda c: write(c, filing))
    means.wake("outbox")
    return len(sent)


def _load(
    connection: Connection, means: Means, clinic: Clinic, task: TaskRow
) -> tuple[HolderKey | None, dict[str, AddressRow]]:
    """The key of the clinic's teams for this record, and the entries of the addresses on duty that exist already."""
    record = records.record(connection, clinic.id, task.record_id)
    if record is None:
        return None, {}
    known: dict[str, AddressRow] = {}
    for address in sorted(clinic.policy.alerts):
        rows = people.addresses_by_value(connection, clinic.id, _fingerprint(means, clinic.id, address))
        strangers = [row for row in rows if row.person_id is None]
        known |= {address: strangers[0]} if strangers else {}
    return keyring.holders(connection, {record.clinic_key_id}).get(record.clinic_key_id), known


def _fingerprint(means: Means, clinic: UUID, address: str) -> bytes:
    return fingerprint(means.keys, clinic, Channel.EMAIL.value, address)


def _row(means: Means, clinic: Clinic, address: str, now: datetime) -> AddressRow:
    row_id = new_id(now)
    return AddressRow(
        id=row_id, clinic_id=clinic.id, person_id=None, channel=Channel.EMAIL,
        sealed_value=seal_directory(means.keys, address, clinic.id, row_id, "address"),
        value_fp=_fingerprint(means, clinic.id, address), personal=False, state=AddressStatus.ACTIVE, created_at=now,
        changed_at=now,
    )  # fmt: skip


def _text(
    means: Means, clinic: Clinic, place: saying.Place, task: TaskRow, row: AddressRow, now: datetime
) -> saying.Said:
    language = Language(clinic.policy.default_language)
    sending = saying.Sending(
        notice=Notice.STAFF_ALERT, channel=Channel.EMAIL, language=language, address=row.id, next_at=now,
        automatic=False,
    )  # fmt: skip
    facts = replace(saying.notice_facts(clinic, language, now), received=clinic.local(task.received_at))
    return saying.queue_text(means, clinic, place, task.exchange_id, sending, facts, now)
