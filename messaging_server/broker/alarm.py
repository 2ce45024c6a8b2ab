"""When an account may be in other hands: it is blocked, its owner is told, the clinic calls (IDN-08, IDN-23).

Only somebody who holds the account's password, or is signed in to it, can block it: a stranger who knows a name cannot
shut anybody out.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from consent.model import Channel
from keys.envelope import HolderKey
from messaging_server.broker import saying
from messaging_server.broker.clinic import Clinic, Means, language_of
from messaging_server.broker.filing import Filing, write
from messaging_server.broker.notices import Notice
from messaging_server.broker.sealing import Audience, all_holders, audience
from messaging_server.broker.worklist import new_task
from messaging_server.message import new_id
from messaging_server.record import ledger
from messaging_server.record.entry import EntryKind, Fact
from messaging_server.storage import accounts, clinics, keyring, people, records, threads
from messaging_server.storage.accounts import AccountRow, AccountState
from messaging_server.storage.clinics import AuditRow
from messaging_server.storage.database import Connection
from messaging_server.storage.people import AddressStatus
from messaging_server.storage.tasks import TaskKind, TaskRow
from messaging_server.texts import Language
from triage.model import Assessment, Priority, QueueName

CATEGORY = "security_alert"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Owner:
    """A patient whose account it is, and where they can be told."""

    person: people.PersonRow = field(repr=False)
    record: records.RecordRow
    addresses: tuple[people.AddressRow, ...] = field(repr=False)
    holders: Mapping[UUID, HolderKey]


def _owner(connection: Connection, clinic: Clinic, person_id: UUID) -> _Owner | None:
    """The owner with every verified address: a warning goes to all of them, agreed or not (IDN-08)."""
    person = people.person(connection, clinic.id, person_id)
    record = records.record_of_person(connection, clinic.id, person_id)
    if person is None or record is None:
        return None
    known = people.addresses_of(connection, person_id)
    return _Owner(
        person=person, record=record,
        addresses=tuple(a for a in known if a.verified_at is not None and a.state == AddressStatus.ACTIVE),
        holders=keyring.holders(connection, {record.shared_key_id, record.clinic_key_id}),
    )  # fmt: skip


async def block(means: Means, clinic: Clinic, account: AccountRow, now: datetime) -> None:
    """End every session of an account and let nobody sign in to it until staff give a new code (IDN-23).

    A patient's clinic finds a call to make in its clinical queue, due today.
    """
    fact = Fact(kind=EntryKind.ACCOUNT, at=now, parties={"account": account.id}, details={"act": "blocked"})
    noted = AuditRow(
        id=new_id(now), clinic_id=clinic.id, at=now, actor_id=account.id, action="worried", object_id=account.id,
        result="blocked",
    )  # fmt: skip

    def unit(connection: Connection) -> None:
        accounts.change_account(connection, account.id, state=AccountState.BLOCKED)
        accounts.end_sessions(connection, account.id)
        clinics.note_audit(connection, noted)
        record = records.record_of_person(connection, clinic.id, account.person_id)
        if record is not None:
            ledger.append(connection, clinic.id, record.id, [fact], now)

    await means.database.write(unit)
    await _warn(means, clinic, account.person_id, now, call=True)


async def warn(means: Means, clinic: Clinic, person_id: UUID, now: datetime) -> None:
    """Tell a patient, in the inbox and at every verified address, that something changed in their account (IDN-08)."""
    await _warn(means, clinic, person_id, now, call=False)


async def warning(
    means: Means, clinic: Clinic, person_id: UUID, now: datetime, *, call: bool = False
) -> Filing | None:
    """The same, to be written with the change that it is about; None for somebody without a record."""
    owner = await means.database.read(lambda c: _owner(c, clinic, person_id))
    return _filing(means, clinic, owner, now, call=call) if owner else None


async def _warn(means: Means, clinic: Clinic, person_id: UUID, now: datetime, *, call: bool) -> None:
    filing = await warning(means, clinic, person_id, now, call=call)
    if filing is None:
        return
    await means.database.write(lambda c: write(c, filing))
    means.wake("outbox")
    if call:
        means.wake("board")


def _filing(means: Means, clinic: Clinic, owner: _Owner, now: datetime, *, call: bool) -> Filing:
    language = language_of(owner.person.language, clinic)
    readers = audience(clinic.id, [owner.holders[owner.record.shared_key_id]], now)
    staff = audience(clinic.id, [owner.holders[owner.record.clinic_key_id]], now)
    thread = _thread(means, clinic, owner, readers, language, now)
    place = saying.Place(record=owner.record.id, thread=thread.id, readers=readers, staff=staff)
    facts = saying.notice_facts(clinic, language, now)
    said = saying.file_notice(means, clinic, place, Notice.SECURITY_ALERT, language, facts, now)
    exchange = said.exchanges[0].id
    sent = [
        saying.queue_text(means, clinic, place, exchange, _sending(address, language, now), facts, now)
        for address in owner.addresses
    ]
    return Filing(
        clinic=clinic.id, record=owner.record.id, now=now, sealed_to=all_holders([readers, staff]),
        wraps=(*readers.wraps, *staff.wraps), new_thread=thread, exchanges=said.exchanges,
        deliveries=tuple(row for one in sent for row in one.deliveries),
        new_task=_call(clinic, (owner.record.id, thread.id, exchange), now) if call else None,
        facts=(*said.facts, *(fact for one in sent for fact in one.facts)),
    )  # fmt: skip


def _sending(address: people.AddressRow, language: Language, now: datetime) -> saying.Sending:
    return saying.Sending(
        notice=Notice.SECURITY_ALERT, channel=Channel(address.channel), language=language, address=address.id,
        next_at=now,
    )  # fmt: skip


def _call(clinic: Clinic, place: tuple[UUID, UUID, UUID], now: datetime) -> TaskRow:
    plain = Assessment(topics=(), priority=Priority.URGENT, queue=QueueName.CLINICAL, ruleset="none")
    return new_task(clinic, TaskKind.CALL, plain, place, now)


def _thread(
    means: Means, clinic: Clinic, owner: _Owner, readers: Audience, language: Language, now: datetime
) -> threads.ThreadRow:
    thread = new_id(now)
    facts = saying.notice_facts(clinic, language, now)
    subject = saying.render(means, Notice.SECURITY_ALERT, Channel.WEB, language, facts).subject
    return threads.ThreadRow(
        id=thread, clinic_id=clinic.id, record_id=owner.record.id, state="closed", category=CATEGORY,
        subject=readers.seal_subject(thread, subject).sealed, subject_key_id=readers.key.id, created_at=now,
        last_at=now, last_by=threads.Role.SYSTEM,
    )  # fmt: skip
