"""What the database knows of an incoming message, in one read; read again as the guard of the write.

Two snapshots that are equal lead to the same decision; when they differ the message is decided again.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID

from consent.model import Channel, ConsentEvent
from consent.register import ChannelState, standing
from keys.envelope import HolderKey
from keys.server import fingerprint
from messaging_server.broker import pausing
from messaging_server.broker.clinic import Clinic, Means
from messaging_server.errors import NotFoundError
from messaging_server.message import IncomingMessage, Keyword, Pause
from messaging_server.storage import accounts, consents, keyring, outbox, people, records, rotating, tasks, threads
from messaging_server.storage.database import Connection
from messaging_server.storage.people import AddressRow

THREAD_PERIOD = timedelta(hours=4)
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
TEXT_THREAD = timedelta(hours=72)
"""A text joins the person's last thread of texts when that is younger than this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """Everything that a decision on an incoming message stands on."""

    seen: UUID | None
    person: UUID | None
    language: str | None = None
    account: UUID | None
    people_at_address: int
    address: AddressRow | None
    """The directory address that an answer by this channel goes to; None for a stranger (ACK-10)."""
    addresses: tuple[AddressRow, ...] = ()
    record: records.RecordRow
    intake: records.RecordRow
    thread: threads.ThreadRow | None
    task: tasks.TaskRow | None
    delivery: UUID | None
    """The delivery of ours that the message answers or speaks of."""
    consents: tuple[ConsentEvent, ...] = field(default=(), repr=False)
    answers_this_thread: int
    answers_today: int
    redirects_this_hour: int
    holders: dict[UUID, HolderKey] = field(default_factory=dict)
    teams: dict[str, HolderKey] = field(default_factory=dict)
    reachable: tuple[AddressRow, ...] = field(default=(), repr=False)
    """Every address of an author who asks to stop: a way that is left says that the receipt is there (CON-13)."""
    paused: tuple[Pause, ...] = ()
    """What rests of the ways by which the author would be told of an answer (ACK-24)."""
    outdated: bool = False
    """A key that the message would be sealed to is held by somebody who may not read on: rotate it first."""

    @property
    def guard(self) -> tuple[object, ...]:
        """What must not have moved between the decision and its write."""
        return (
            self.seen, self.person, self.people_at_address, self.address, self.record.id,
            self.record.own_words, (self.thread.id, self.thread.private) if self.thread else None,
            (self.task.id, self.task.version) if self.task else None,
            tuple(act.id for act in self.consents), self.answers_this_thread, self.redirects_this_hour,
            tuple(sorted((h.id, h.version) for h in (*self.holders.values(), *self.teams.values()))),
        )  # fmt: skip

    @property
    def places(self) -> frozenset[UUID]:
        """The records that the message may be filed in."""
        return frozenset((self.record.id, self.intake.id))

    def consented(self, channel: Channel, now: datetime) -> bool:
        """Whether any consent is in force for this channel, and for the address that it came from (CON-01, CON-24)."""
        known = standing(self.consents, now)
        if known.channels.get(channel) not in {ChannelState.ACTIVE, ChannelState.PARTIAL}:
            return False
        own = self.address if self.address and self.address.person_id else None
        return own is None or known.covering(channel, own.id) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Author:
    person: UUID | None = None
    account: UUID | None = None
    count: int = 0
    address: AddressRow | None = None
    addresses: tuple[AddressRow, ...] = ()
    thread: threads.ThreadRow | None = None
    delivery: UUID | None = None


def load(connection: Connection, means: Means, clinic: Clinic, message: IncomingMessage) -> Snapshot:
    """One consistent look at all that matters for this message."""
    ground = look(connection, means, clinic, message)
    person = people.person(connection, clinic.id, ground.person) if ground.person else None
    outdated = rotating.outdated(connection, list(ground.holders))
    paused = pausing.missed_by(connection, clinic, person.id, message.received_at) if person else ()
    stops = message.keyword is Keyword.STOP and person is not None
    return replace(
        ground, language=person.language if person else None, outdated=outdated, paused=paused,
        reachable=people.addresses_of(connection, person.id) if person and stops else (),
    )


def look(connection: Connection, means: Means, clinic: Clinic, message: IncomingMessage) -> Snapshot:
    """The part of it that the guard compares: in whose language, and which keys are due, is not asked again."""
    author = _author(connection, means, clinic, message)
    intake = records.intake_record(connection, clinic.id)
    record = (author.person and records.record_of_person(connection, clinic.id, author.person)) or intake
    thread = _thread(connection, clinic, message, author, record)
    counts = _answers(connection, author.address, message.received_at)
    sealed_to = {record.shared_key_id, record.clinic_key_id, intake.shared_key_id}
    holders, teams = keyring.keys_to_seal(connection, clinic.id, sealed_to)
    return Snapshot(
        seen=threads.seen_before(connection, clinic.id, message_fingerprint(means, clinic, message)),
        person=author.person, account=author.account, people_at_address=author.count,
        address=author.address, addresses=author.addresses, record=record,
        intake=intake, thread=thread, delivery=author.delivery,
        task=tasks.open_task_of_thread(connection, thread.id) if thread else None,
        consents=consents.consents_of(connection, author.person) if author.person else (),
        answers_this_thread=counts[0], answers_today=counts[1], redirects_this_hour=counts[2],
        holders=holders, teams=teams,
    )  # fmt: skip


def _answers(connection: Connection, address: AddressRow | None, now: datetime) -> tuple[int, ...]:
    """Automatic texts to this address: in the thread throttle's period, in a day, in an hour (ACK-13)."""
    if address is None:
        return 0, 0, 0
    return outbox.automatic_counts(connection, address.id, (now - THREAD_PERIOD, now - DAY, now - HOUR))


def message_fingerprint(means: Means, clinic: Clinic, message: IncomingMessage) -> bytes:
    """By what a second coming of the same message is known: keyed, because the parts could be guessed."""
    return fingerprint(means.keys, clinic.id, f"message:{message.channel}", message.idempotency)


def _author(connection: Connection, means: Means, clinic: Clinic, message: IncomingMessage) -> _Author:
    if message.account:
        account = accounts.account(connection, clinic.id, message.account)
        if account is None:
            raise NotFoundError("no such account")
        return _Author(person=account.person_id, account=account.id, count=1)
    delivery = _answered_delivery(connection, means, clinic, message)
    if message.sender is None:
        return _Author(delivery=delivery.id if delivery else None)
    rows = _rows_of_sender(connection, means, clinic, message)
    owned = [row for row in rows if row.person_id is not None]
    people_here = {row.person_id for row in owned}
    thread = _thread_of_delivery(connection, clinic, delivery)
    one = owned[0] if len(people_here) == 1 else _by_reply(connection, clinic, owned, thread)
    answered = one or next((row for row in rows if row.person_id is None), None)
    return _Author(
        person=one.person_id if one else None, count=1 if one else len(people_here), address=answered,
        addresses=tuple(owned), thread=thread if one else None, delivery=delivery.id if delivery else None,
    )  # fmt: skip


def _rows_of_sender(
    connection: Connection, means: Means, clinic: Clinic, message: IncomingMessage
) -> tuple[AddressRow, ...]:
    if message.sender is None:
        return ()
    value_fp = fingerprint(means.keys, clinic.id, message.channel.value, message.sender)
    return people.addresses_by_value(connection, clinic.id, value_fp)


def _answered_delivery(
    connection: Connection, means: Means, clinic: Clinic, message: IncomingMessage
) -> outbox.DeliveryRow | None:
    token = message.reply_token or message.delivery_ref
    if token is None:
        return None
    return outbox.by_token(connection, clinic.id, fingerprint(means.keys, clinic.id, "reply", token))


def _thread_of_delivery(
    connection: Connection, clinic: Clinic, delivery: outbox.DeliveryRow | None
) -> threads.ThreadRow | None:
    if delivery is None:
        return None
    exchange = threads.exchange(connection, clinic.id, delivery.exchange_id)
    return threads.thread(connection, clinic.id, exchange.thread_id) if exchange else None


def _by_reply(
    connection: Connection, clinic: Clinic, owned: list[AddressRow], thread: threads.ThreadRow | None
) -> AddressRow | None:
    """The one of several people at an address whose own thread the reply address names (EIN-11)."""
    if thread is None:
        return None
    record = records.record(connection, clinic.id, thread.record_id)
    return next((row for row in owned if record and row.person_id == record.person_id), None)


def _thread(
    connection: Connection, clinic: Clinic, message: IncomingMessage, author: _Author, record: records.RecordRow
) -> threads.ThreadRow | None:
    """The thread to join: named by the signed-in author, by the reply address, or the last thread of texts."""
    found = author.thread
    if message.thread:
        found = threads.thread(connection, clinic.id, message.thread)
        if found is None or found.record_id != record.id:
            raise NotFoundError("no such thread")
    elif message.channel is Channel.SMS and author.person:
        found = threads.newest_of_category(connection, record.id, "sms", message.received_at - TEXT_THREAD)
    return found if found and found.record_id == record.id else None
