"""Telling the patient what becomes of a request: above all what to do when the promised time has passed (TRI-19)."""

from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from consent import gate
from consent.model import Category, Channel, Form, Purpose
from keys.envelope import HolderKey
from messaging_server.broker import saying
from messaging_server.broker.clinic import Clinic, Means, language_of
from messaging_server.broker.filing import Filing, write
from messaging_server.broker.notices import Notice
from messaging_server.broker.sealing import all_holders, audience
from messaging_server.storage import consents, keyring, people, records, threads
from messaging_server.storage.database import Connection
from messaging_server.storage.tasks import TaskRow


async def tell_patient(means: Means, clinic: Clinic, task: TaskRow, now: datetime) -> None:
    """File the notice of a missed deadline in the thread, and send it to each address that agreed to be told."""
    filing = await telling(means, clinic, task, Notice.DEADLINE_MISSED, now, due=clinic.local(task.due_at))
    if filing is not None:
        await means.database.write(lambda c: write(c, filing))
        means.wake("outbox")


async def telling(
    means: Means, clinic: Clinic, task: TaskRow, notice: Notice, now: datetime, **stated: Any
) -> Filing | None:
    """A notice about a task, sealed and ready to be filed; None where the task belongs to no patient yet.

    `stated` are the facts that this notice adds to those of the clinic.
    """
    record, person, addresses, holders = await means.database.read(lambda c: _load(c, clinic, task, now))
    if record is None or person is None:
        return None
    language = language_of(person.language, clinic)
    readers = audience(clinic.id, [holders[record.shared_key_id]], now)
    staff = audience(clinic.id, [holders[record.clinic_key_id]], now)
    place = saying.Place(
        record=record.id, thread=task.thread_id, readers=readers, staff=staff, in_reply_to=task.exchange_id
    )
    facts = replace(saying.notice_facts(clinic, language, now), **stated)
    said = saying.file_notice(means, clinic, place, notice, language, facts, now)
    sent = [
        saying.queue_text(
            means, clinic, place, said.exchanges[0].id,
            saying.Sending(
                notice=notice, channel=Channel(a.channel), language=language, address=a.id, next_at=now
            ), facts, now,
        )
        for a in addresses
    ]  # fmt: skip
    return Filing(
        clinic=clinic.id, record=record.id, now=now, sealed_to=all_holders([readers, staff]),
        wraps=(*readers.wraps, *staff.wraps), touch=(task.thread_id, threads.Role.SYSTEM, True),
        exchanges=said.exchanges, deliveries=tuple(d for one in sent for d in one.deliveries),
        facts=(*said.facts, *(f for one in sent for f in one.facts)),
    )  # fmt: skip


Loaded = tuple[
    records.RecordRow | None, people.PersonRow | None, list[people.AddressRow], dict[UUID, HolderKey]
]


def _load(connection: Connection, clinic: Clinic, task: TaskRow, now: datetime) -> Loaded:
    record = records.record(connection, clinic.id, task.record_id)
    if record is None or record.person_id is None:
        return None, None, [], {}
    person = people.person(connection, clinic.id, record.person_id)
    acts = consents.consents_of(connection, record.person_id)
    agreed = []
    for address in people.addresses_of(connection, record.person_id):
        purposes = [
            Purpose(channel=Channel(address.channel), category=category, form=Form.NOTIFICATION)
            for category in Category
        ]
        if any(gate.decide(acts, [address.gate_state], purpose, now).allowed for purpose in purposes):
            agreed.append(address)
    holders = keyring.holders(connection, {record.shared_key_id, record.clinic_key_id})
    return record, person, agreed, holders
