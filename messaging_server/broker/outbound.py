"""The way out: a clinician's reply, reviewed, sealed, written in one go, and still to be taken back a while.

Source: DESIGN section 4; SEN-05 to SEN-07, CON-26, CON-28, EOU-16.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from consent.model import Channel
from keys.envelope import HolderKey
from messaging_server.broker import counting, reviewing, rotation, saying, tallying
from messaging_server.broker.clinic import Clinic, Means, language_of
from messaging_server.broker.filing import Filing, MovedError, TaskChange, write
from messaging_server.broker.notices import Notice
from messaging_server.broker.reviewing import Ground, Reply, Review, ground_of, judge
from messaging_server.broker.sealing import Audience, all_holders, audience
from messaging_server.broker.worklist import event, unread_task
from messaging_server.errors import ConflictError, InvalidError, NotAllowedError
from messaging_server.message import new_id
from messaging_server.record.content import Content, FileNote, Judgement
from messaging_server.record.entry import EntryKind, Fact, files_digest
from messaging_server.record.reading import Reader
from messaging_server.storage import threads
from messaging_server.storage.database import Connection
from messaging_server.storage.people import AddressRow
from messaging_server.storage.tasks import TaskRow, TaskStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A reply that is durable: until `leaves_at` its author can take it back (EOU-16)."""

    exchange: UUID
    leaves_at: datetime
    channels: tuple[Channel, ...]


async def send(means: Means, clinic: Clinic, who: Reader, reply: Reply, now: datetime) -> Sent:
    """Send a reply. Raises InvalidError (fix it), NotAllowedError (the gate, a sensitive topic), ConflictError."""
    await rotation.rotate_for_task(means, clinic, reply.task, now)
    ground = await reviewing.whole_ground(means, clinic, who, reply)
    found = await judge(means, clinic, who, reply, ground, now)
    _refuse(found, reply)
    filing, sent = _plan(means, clinic, who, reply, ground, found, now)

    def unit(connection: Connection) -> None:
        again = ground_of(connection, clinic, who, reply)
        if again.consents != ground.consents or again.addresses != ground.addresses:
            raise MovedError("the consent or an address changed")
        if again.listed != ground.listed:
            raise MovedError("the patient's own words changed")
        write(connection, filing)

    try:
        await means.database.write(unit)
    except MovedError as error:
        raise ConflictError("changed") from error
    means.wake("board")
    means.wake("outbox")
    return sent


def _refuse(found: Review, reply: Reply) -> None:
    if found.problems:
        raise InvalidError("reply", found.problems[0])
    if not found.verdict.allowed:
        raise NotAllowedError(found.verdict.refusal or "no_consent")
    if found.blocked and not (found.may_override and reply.override.strip()):
        raise NotAllowedError("sensitive")


def _plan(
    means: Means, clinic: Clinic, who: Reader, reply: Reply, ground: Ground, found: Review, now: datetime
) -> tuple[Filing, Sent]:
    leaves = now + timedelta(seconds=clinic.policy.send_delay_seconds)
    readers = audience(clinic.id, _readers(clinic, who, ground), now)
    staff = audience(clinic.id, [ground.holders[ground.record.clinic_key_id]], now)
    exchange, blobs, fact = _exchange(clinic, who, reply, ground, found, (readers, staff), (now, leaves))
    place = saying.Place(record=ground.record.id, thread=ground.thread.id, readers=readers, staff=staff)
    said = [
        _notification(means, clinic, place, exchange.id, address, ground, (now, leaves))
        for address in found.notified_by
    ]
    watched = unread_task(clinic, ground.task, exchange.id, reply.category, leaves)
    filing = Filing(
        clinic=clinic.id, record=ground.record.id, now=now, sealed_to=all_holders([readers, staff]),
        wraps=(*readers.wraps, *staff.wraps), touch=(ground.thread.id, threads.Role.STAFF, True),
        exchanges=(exchange,), blobs=blobs, deliveries=tuple(row for one in said for row in one.deliveries),
        new_task=watched, task_changes=(_answered(clinic, who, ground.task, now),),
        facts=(fact, *_override_facts(who, found, exchange.id, now), *(f for one in said for f in one.facts)),
        counted=tallying.rows_of(means, clinic, counting.overridden(found.topics, found.assessment.ruleset), now),
    )  # fmt: skip
    channels = (Channel.WEB, *(Channel(address.channel) for address in found.notified_by))
    return filing, Sent(exchange=exchange.id, leaves_at=leaves, channels=channels)


def _readers(clinic: Clinic, who: Reader, ground: Ground) -> list[HolderKey]:
    """The record's key, and the desk's where it works the queue: of what is private only where the desk itself writes.

    A private thread reaches a desk because somebody who reads it has handed it on (SEN-08, TRI-14).
    """
    team = clinic.team_of(ground.task.queue)
    clinical = any(clinic.reads_records(own) for own in clinic.teams_of(who.role))
    if ground.thread.private and clinical:
        return [ground.holders[ground.record.shared_key_id]]
    desk = [] if clinic.reads_records(team) or team not in ground.teams else [ground.teams[team]]
    return [ground.holders[ground.record.shared_key_id], *desk]


def _exchange(
    clinic: Clinic, who: Reader, reply: Reply, ground: Ground, found: Review, sealed_for: tuple[Audience, Audience],
    times: tuple[datetime, datetime],
) -> tuple[threads.ExchangeRow, tuple[threads.BlobRow, ...], Fact]:  # fmt: skip
    (readers, staff), (now, leaves), exchange = sealed_for, times, new_id(times[0])
    notes = tuple(
        FileNote(filename=file.filename, media_type=file.media_type, size=len(file.content))
        for file in reply.attachments
    )
    content = readers.seal_content(exchange, Content(subject=reply.subject, text=found.final_text, files=notes))
    judged = Judgement(
        assessment=found.assessment, verdict=found.verdict, policy_version=clinic.policy.version,
        category=reply.category, questions=_answers(reply), override=reply.override or None,
    )  # fmt: skip
    row = threads.ExchangeRow(
        id=exchange, clinic_id=clinic.id, record_id=ground.record.id, thread_id=ground.thread.id,
        direction=threads.Way.OUT, channel=Channel.WEB, automatic=False, author_id=who.account,
        author_role=threads.Role.STAFF, state=threads.ExchangeState.FILED, content=content.sealed,
        content_key_id=readers.key.id, staff_content=staff.seal_judgement(exchange, judged).sealed,
        staff_key_id=staff.key.id, size=len(found.final_text), created_at=now, visible_at=leaves,
        in_reply_to=ground.task.exchange_id,
    )  # fmt: skip
    blobs = _blobs(clinic, reply, exchange, readers, now)
    details = {
        "consent_text": found.verdict.text_hash.hex() if found.verdict.text_hash else "",
        "thread": str(ground.thread.id),
    }
    if files := files_digest(blob.content.digest for blob in blobs):
        details["files"] = files
    fact = Fact(
        kind=EntryKind.SENT, at=now, exchange=exchange, channel=Channel.WEB, parties={"account": who.account},
        ciphertext=content.sealed.digest, commitment=content.commitment,
        details=details,
    )  # fmt: skip
    return row, blobs, fact


def _answers(reply: Reply) -> dict[str, bool]:
    """What its author answered, the word on the files among it: no software has read them."""
    return dict(reply.questions) | ({"files_checked": reply.files_checked} if reply.attachments else {})


def _blobs(
    clinic: Clinic, reply: Reply, exchange: UUID, readers: Audience, now: datetime
) -> tuple[threads.BlobRow, ...]:
    """Each file, sealed like the words for those who may read the reply (REC-11)."""
    return tuple(
        threads.BlobRow(
            id=new_id(now), clinic_id=clinic.id, exchange_id=exchange, kind="attachment", number=number,
            content=readers.seal(exchange, f"blob:{number}", file.content).sealed, content_key_id=readers.key.id,
            size=len(file.content),
        )
        for number, file in enumerate(reply.attachments)
    )  # fmt: skip


def _override_facts(who: Reader, found: Review, exchange: UUID, now: datetime) -> tuple[Fact, ...]:
    if not found.blocked:
        return ()
    return (Fact(kind=EntryKind.OVERRIDE, at=now, exchange=exchange, parties={"account": who.account}),)


def _notification(
    means: Means, clinic: Clinic, place: saying.Place, exchange: UUID, address: AddressRow, ground: Ground,
    times: tuple[datetime, datetime],
) -> saying.Said:  # fmt: skip
    """The contentless notice that a message waits (EOU-01)."""
    now, leaves = times
    language = language_of(ground.person.language, clinic)
    sending = saying.Sending(
        notice=Notice.NOTIFICATION, channel=Channel(address.channel), language=language, address=address.id,
        next_at=leaves, automatic=False,
    )  # fmt: skip
    facts = saying.notice_facts(clinic, language, now)
    return saying.queue_text(means, clinic, place, exchange, sending, facts, now)


def _answered(clinic: Clinic, who: Reader, task: TaskRow, now: datetime) -> TaskChange:
    values: dict[str, object] = {
        "status": TaskStatus.COMPLETED, "closed_at": now, "disposition": "answered", "next_step_at": None,
        "owner_id": who.account,
    }  # fmt: skip
    return TaskChange(
        task=task.id, version=task.version, values=values,
        event=event(clinic.id, task.id, "answered", who.account, now, after="answered"),
    )  # fmt: skip
