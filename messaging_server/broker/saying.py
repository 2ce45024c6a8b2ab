"""What we say by ourselves: an exchange in the record for each automatic text, and a delivery for each address.

Every text is rendered once, here: the record keeps exactly the words that leave (REC-01), and the runner that sends
them needs neither the record's keys nor the patient's words.
"""

import json
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from consent.model import Channel
from keys.server import ServerKeys, fingerprint, open_delivery, seal_delivery
from keys.tokens import new_reply_token
from messaging_server.broker.clinic import Clinic, Means
from messaging_server.broker.filing import delivery_facts
from messaging_server.broker.notices import NOTICES, Line, Notice, NoticeFacts, told_lines, variables
from messaging_server.broker.sealing import Audience
from messaging_server.message import new_id
from messaging_server.record.content import Content, Judgement
from messaging_server.record.entry import EntryKind, Fact
from messaging_server.storage import threads
from messaging_server.storage.outbox import DeliveryRow, DeliveryState
from messaging_server.storage.people import AddressRow
from messaging_server.texts import Language, NoticeText
from triage.helplines import lines_for

GATE_FREE = frozenset(
    {
        Notice.NOT_YET, Notice.EMERGENCY, Notice.OPT_OUT_CONFIRMED, Notice.HELP, Notice.RESUMED,
        Notice.SMS_NOT_ANSWERED, Notice.ADDRESS_CHECK, Notice.SECURITY_ALERT, Notice.STAFF_ALERT,
    }
)  # fmt: skip
"""Texts without content that answer their addressee's own act, and so need no consent to the channel (T-01, CON-04)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Payload:
    """What the runner needs to send: our own words, no address, nobody else's words."""

    notice: Notice
    language: Language
    subject: str = field(repr=False)
    body: str = field(repr=False)
    token: str = field(repr=False)
    """The unguessable part of the reply and return addresses (EIN-11)."""
    in_reply_to: str | None = field(default=None, repr=False)
    good_until: str | None = None
    """The moment (RFC 3339) that it promises something by: after that it would say what is no longer so."""

    def stale(self, now: datetime) -> bool:
        """Whether what it promises has passed: it stays in the record and does not leave any more (ACK-24)."""
        return self.good_until is not None and datetime.fromisoformat(self.good_until) <= now

    @property
    def urgent(self) -> bool:
        """Whether it may be somebody's direction to help: it does not wait for the end of a channel's pause."""
        return self.notice in {Notice.EMERGENCY, Notice.NOT_YET, Notice.STAFF_ALERT}

    @property
    def can_wait_for_day(self) -> bool:
        """Whether a text of it keeps the quiet hours: it answers nobody's own act of this moment (SMS-17)."""
        return self.notice in {Notice.NOTIFICATION, Notice.DEADLINE_MISSED, Notice.CONVERTED}

    @property
    def gate_free(self) -> bool:
        """Whether it may go without a consent to the channel."""
        return self.notice in GATE_FREE


def payload_bytes(payload: Payload) -> bytes:
    """The payload's form under the delivery key."""
    return json.dumps({name: getattr(payload, name) for name in Payload.__slots__}).encode()


def read_payload(keys: ServerKeys, row: DeliveryRow) -> Payload:
    """The payload of a delivery that still waits. Raises ValueError once it is done and emptied."""
    if row.payload is None:
        raise ValueError("this delivery is done")
    document = json.loads(open_delivery(keys, row.payload, row.clinic_id, row.id, "payload"))
    document |= {"notice": Notice(document["notice"]), "language": Language(document["language"])}
    return Payload(**document)


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """An automatic text with its deliveries, ready to be written."""

    exchanges: tuple[threads.ExchangeRow, ...] = ()
    deliveries: tuple[DeliveryRow, ...] = ()
    facts: tuple[Fact, ...] = ()
    addresses: tuple[AddressRow, ...] = ()
    """A stranger's address, newly kept so that answers to it can be counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where an automatic text is filed: whose record and thread, sealed for whom."""

    record: UUID
    thread: UUID
    readers: Audience
    staff: Audience
    state: threads.ExchangeState = threads.ExchangeState.FILED
    in_reply_to: UUID | None = None


def notice_facts(clinic: Clinic, language: Language, now: datetime, flags: Collection[str] = ()) -> NoticeFacts:
    """The facts that every notice of a clinic shares, in one language; moments in clinic time."""
    policy, calendar = clinic.policy, clinic.calendar
    shut = not calendar.is_open(now)
    lines = help_lines(clinic, language, flags)
    return NoticeFacts(
        clinic=policy.names[language], phone=policy.phone, lines=lines, phone_hours=policy.phone_hours[language],
        other_contact=policy.other_contact[language], walk_in=policy.walk_in[language], portal=clinic.portal_url,
        readers=policy.access[language], received=clinic.local(now), closed=shut,
        reopens=clinic.local(calendar.next_opening(now)) if shut else None,
    )  # fmt: skip


def help_lines(clinic: Clinic, language: Language, flags: Collection[str] = ()) -> tuple[Line, ...]:
    """The help lines of the clinic's province; some appear only when a red flag calls for them (ACK-08)."""
    return told_lines(lines_for(clinic.lines, clinic.policy.province, flags, language), language)


def render(means: Means, notice: Notice, channel: Channel, language: Language, facts: NoticeFacts) -> NoticeText:
    """The words of a notice."""
    return means.texts.notice(notice.value, channel, language, variables(notice, channel, facts))


def file_notice(
    means: Means, clinic: Clinic, place: Place, notice: Notice, language: Language, facts: NoticeFacts, now: datetime
) -> Said:
    """Put an automatic text in a record: by the inbox where it has a form for it, else as the text that leaves."""
    channels = NOTICES[notice].channels
    channel = Channel.WEB if Channel.WEB in channels else min(channels)
    text = render(means, notice, channel, language, facts)
    exchange = new_id(now)
    content = place.readers.seal_content(exchange, Content(subject=text.subject, text=text.body))
    judged = Judgement(notice=notice.value, policy_version=clinic.policy.version)
    row = threads.ExchangeRow(
        id=exchange, clinic_id=clinic.id, record_id=place.record, thread_id=place.thread, direction=threads.Way.OUT,
        channel=channel, automatic=True, author_id=None, author_role=threads.Role.SYSTEM, state=place.state,
        content=content.sealed, content_key_id=place.readers.key.id,
        staff_content=place.staff.seal_judgement(exchange, judged).sealed, staff_key_id=place.staff.key.id,
        size=len(text.body), created_at=now + timedelta(milliseconds=1), visible_at=now,
        in_reply_to=place.in_reply_to,
    )  # fmt: skip
    fact = Fact(
        kind=EntryKind.NOTICE, at=now, exchange=exchange, channel=channel, ciphertext=content.sealed.digest,
        commitment=content.commitment,
    )  # fmt: skip
    return Said(exchanges=(row,), facts=(fact,))


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """One text for one address."""

    notice: Notice
    channel: Channel
    language: Language
    address: UUID
    next_at: datetime
    automatic: bool = True
    in_reply_to: str | None = field(default=None, repr=False)


def queue_text(
    means: Means, clinic: Clinic, place: Place, exchange: UUID, sending: Sending, facts: NoticeFacts, now: datetime,
    kept: NoticeFacts | None = None,
) -> Said:  # fmt: skip
    """A delivery of a notice to one address, archived word for word in the record (a one-time code apart: `kept`)."""
    text = render(means, sending.notice, sending.channel, sending.language, facts)
    copy = render(means, sending.notice, sending.channel, sending.language, kept) if kept else text
    payload = Payload(
        notice=sending.notice, language=sending.language, subject=text.subject, body=text.body,
        token=new_reply_token(), in_reply_to=sending.in_reply_to, good_until=_good_until(sending.notice, facts),
    )  # fmt: skip
    delivery = new_id(now)
    archived = place.readers.seal_content(delivery, Content(subject=copy.subject, text=copy.body))
    row = DeliveryRow(
        id=delivery, clinic_id=clinic.id, record_id=place.record, exchange_id=exchange, address_id=sending.address,
        channel=sending.channel, automatic=sending.automatic, state=DeliveryState.QUEUED, content=archived.sealed,
        content_key_id=place.readers.key.id,
        payload=seal_delivery(means.keys, payload_bytes(payload), clinic.id, delivery, "payload"),
        token_fp=fingerprint(means.keys, clinic.id, "reply", payload.token), created_at=now, next_at=sending.next_at,
    )  # fmt: skip
    return Said(deliveries=(row,), facts=delivery_facts([row], [archived.commitment]))


def _good_until(notice: Notice, facts: NoticeFacts) -> str | None:
    """An acknowledgement is true until the moment that it promises; an emergency's card is true at any time."""
    if notice is not Notice.ACKNOWLEDGEMENT or facts.due is None:
        return None
    return facts.due.isoformat()
