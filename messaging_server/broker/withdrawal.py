"""What follows when consent ends, in whole or in part, whoever said so and by whatever way (CON-13, CON-26, CON-28).

What was queued is stopped, a reply that has not left yet comes back, and where nothing may be written in the inbox any
more the open items become calls: all in the transaction that records it. The person finds a receipt in the inbox; a
way that is still open says only that a message waits.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from consent import gate
from consent.ending import Ended, agreed, ended
from consent.model import Category, Channel, ConsentEvent, Form, Purpose
from keys.envelope import HolderKey
from messaging_server.broker import recalling, saying, undelivered
from messaging_server.broker.clinic import Clinic, Means, language_of
from messaging_server.broker.filing import Filing
from messaging_server.broker.notices import Notice, NoticeFacts
from messaging_server.broker.sealing import Audience, all_holders, audience
from messaging_server.broker.worklist import event
from messaging_server.errors import NotFoundError
from messaging_server.message import new_id
from messaging_server.storage import consents, keyring, outbox, people, records, tasks, threads
from messaging_server.storage.database import Connection
from messaging_server.storage.people import AddressRow
from messaging_server.storage.tasks import TaskKind
from messaging_server.texts import Language

CATEGORY = "withdrawal"
ACT = "withdrawn"
Ways = Mapping[Channel, AddressRow | None]
"""The ways that work, each with the address that it leads to; the inbox needs none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Whose:
    """Whose consent it is, as it stood before."""

    person: people.PersonRow = field(repr=False)
    record: records.RecordRow
    addresses: tuple[AddressRow, ...] = field(repr=False)
    acts: tuple[ConsentEvent, ...] = field(repr=False)
    holders: Mapping[UUID, HolderKey]


def whose(connection: Connection, clinic: Clinic, person_id: UUID) -> Whose:
    """A patient with everything that a change of consent stands on. Raises NotFoundError for anybody else."""
    person = people.person(connection, clinic.id, person_id)
    record = records.record_of_person(connection, clinic.id, person_id)
    if person is None or record is None:
        raise NotFoundError(str(person_id))
    return Whose(
        person=person, record=record, addresses=people.addresses_of(connection, person_id),
        acts=consents.consents_of(connection, person_id),
        holders=keyring.holders(connection, {record.shared_key_id, record.clinic_key_id}),
    )  # fmt: skip


def open_ways(
    acts: Sequence[ConsentEvent], addresses: Collection[AddressRow], now: datetime
) -> Ways:
    """The ways that still work, each with the newest address that it leads to."""
    found: dict[Channel, AddressRow | None] = {}
    if any(cell.channel is Channel.WEB for cell in agreed(acts, now)):
        found[Channel.WEB] = None
    for address in sorted(addresses, key=lambda one: one.created_at):
        if _may_announce(acts, address, now):
            found[Channel(address.channel)] = address
    return found


def _may_announce(acts: Sequence[ConsentEvent], address: AddressRow, now: datetime) -> bool:
    # That a message waits may be said under any kind agreed on that way, so that one question answers for all.
    purpose = Purpose(channel=Channel(address.channel), category=Category.APPOINTMENTS, form=Form.NOTIFICATION)
    return gate.decide(acts, [address.gate_state], purpose, now).allowed


def facts_of(
    clinic: Clinic, language: Language, what: tuple[Ended, ...], ways: Collection[Channel], now: datetime
) -> NoticeFacts:
    """What a receipt states: what ended, when, and what still works."""
    facts = saying.notice_facts(clinic, language, now)
    return replace(facts, stopped=what, remaining=tuple(channel for channel in Channel if channel in ways))


def receipt(
    means: Means, clinic: Clinic, known: Whose, after: Sequence[ConsentEvent], now: datetime
) -> Filing | None:
    """The receipt of what the acts in `after` take back, ready to be filed; None where they take nothing back."""
    what = ended(known.acts, after, now)
    if not what:
        return None
    language = language_of(known.person.language, clinic)
    ways = open_ways(after, known.addresses, now)
    facts = facts_of(clinic, language, what, ways, now)
    readers = audience(clinic.id, [known.holders[known.record.shared_key_id]], now)
    staff = audience(clinic.id, [known.holders[known.record.clinic_key_id]], now)
    thread = _thread(means, clinic, known, readers, (language, facts), now)
    place = saying.Place(record=known.record.id, thread=thread.id, readers=readers, staff=staff)
    said = saying.file_notice(means, clinic, place, Notice.WITHDRAWN, language, facts, now)
    sent = announce(means, clinic, place, said.exchanges[0].id, ways, language, now)
    return Filing(
        clinic=clinic.id, record=known.record.id, now=now, sealed_to=all_holders([readers, staff]),
        wraps=(*readers.wraps, *staff.wraps), new_thread=thread, exchanges=said.exchanges,
        deliveries=sent.deliveries, facts=(*said.facts, *sent.facts),
    )  # fmt: skip


def announce(
    means: Means, clinic: Clinic, place: saying.Place, exchange: UUID, ways: Ways,
    language: Language, now: datetime,
) -> saying.Said:  # fmt: skip
    """Say by each way that is open that a message waits, and nothing of it (EOU-01)."""
    facts = saying.notice_facts(clinic, language, now)
    sent = [
        saying.queue_text(
            means, clinic, place, exchange,
            saying.Sending(
                notice=Notice.NOTIFICATION, channel=channel, language=language, address=address.id, next_at=now
            ), facts, now,
        )
        for channel, address in ways.items() if address is not None
    ]  # fmt: skip
    return saying.Said(
        deliveries=tuple(row for one in sent for row in one.deliveries),
        facts=tuple(fact for one in sent for fact in one.facts),
    )


def _thread(
    means: Means, clinic: Clinic, known: Whose, readers: Audience, said: tuple[Language, NoticeFacts], now: datetime
) -> threads.ThreadRow:
    thread, (language, facts) = new_id(now), said
    subject = saying.render(means, Notice.WITHDRAWN, Channel.WEB, language, facts).subject
    return threads.ThreadRow(
        id=thread, clinic_id=clinic.id, record_id=known.record.id, state="closed", category=CATEGORY,
        subject=readers.seal_subject(thread, subject).sealed, subject_key_id=readers.key.id, created_at=now,
        last_at=now, last_by=threads.Role.SYSTEM, unread=True,
    )  # fmt: skip


def follow(connection: Connection, clinic: Clinic, known: Whose, now: datetime) -> None:
    """Bring the outbox, the replies on their way and the queue in line with what is agreed now."""
    acts = consents.consents_of(connection, known.person.id)
    if any(one.channel is Channel.WEB for one in ended(known.acts, acts, now)):
        _take_back(connection, clinic, known.record.id, now)
    _stop(connection, clinic, acts, known.addresses, now)
    if not any(cell.channel is Channel.WEB for cell in agreed(acts, now)):
        _call_instead(connection, clinic, known.record.id, now)


def _take_back(connection: Connection, clinic: Clinic, record: UUID, now: datetime) -> None:
    """Replies that have not left come back, all of them: under which kind each was allowed is sealed."""
    for row in threads.on_their_way(connection, record, now):
        recalling.take_back(connection, clinic, row, ACT, None, now)


def _stop(
    connection: Connection, clinic: Clinic, acts: Sequence[ConsentEvent], addresses: Collection[AddressRow],
    now: datetime,
) -> None:  # fmt: skip
    """Stop what waits where nothing is agreed any more; of the rest the gate is asked as it leaves."""
    still = {cell.channel for cell in agreed(acts, now)}
    for address in addresses:
        if address.channel not in still:
            stop_address(connection, clinic, address.id, ACT, now)


def stop_address(connection: Connection, clinic: Clinic, address: UUID, code: str, now: datetime) -> None:
    """Stop what waits for an address, write each down, and ask for a call where nobody is told of a reply now."""
    for row in outbox.stop_for_address(connection, address, now, code=code):
        undelivered.stopped(connection, clinic, row, code=code, now=now)


def _call_instead(connection: Connection, clinic: Clinic, record: UUID, now: datetime) -> None:
    """Nothing may be written any more: what waits for an answer waits for a call (CON-28)."""
    for task in tasks.open_of_record(connection, record, TaskKind.ANSWER):
        tasks.change(connection, task.id, task.version, kind=TaskKind.CALL)
        line = event(clinic.id, task.id, ACT, None, now, before=TaskKind.ANSWER, after=TaskKind.CALL)
        tasks.add_event(connection, line)
