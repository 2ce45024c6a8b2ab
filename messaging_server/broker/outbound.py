"""The way out: a clinician's reply, checked, screened, allowed by the gate, sealed, and still to be taken back a while.

Source: DESIGN section 4; SEN-04 to SEN-07, ETQ-01/02/08/10, CON-11, CON-26, CON-28, EOU-16.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from consent import gate
from consent.model import Category, Channel, ConsentEvent, Form, Minimum, Purpose, Verdict
from keys.envelope import HolderKey
from messaging_server.broker import directory, etiquette, rotation, saying
from messaging_server.broker.clinic import Clinic, Means, language_of
from messaging_server.broker.filing import Filing, MovedError, TaskChange, write
from messaging_server.broker.notices import Notice
from messaging_server.broker.sealing import Audience, all_holders, audience
from messaging_server.broker.worklist import event, may_work, unread_task
from messaging_server.errors import ConflictError, InvalidError, NotAllowedError, NotFoundError
from messaging_server.message import new_id
from messaging_server.record.content import Content, Judgement
from messaging_server.record.entry import EntryKind, Fact
from messaging_server.record.reading import Reader
from messaging_server.storage import consents, keyring, people, records, tasks, threads
from messaging_server.storage.accounts import AccountRole
from messaging_server.storage.database import Connection
from messaging_server.storage.people import AddressRow
from messaging_server.storage.tasks import TaskRow, TaskStatus
from triage.model import Assessment, Direction, Part, Topic
from triage.screen import assess

QUESTIONS = ("new_diagnosis", "new_treatment", "abnormal_result")
SENSITIVE_ANSWERS = {"new_diagnosis": Topic.NEW_DIAGNOSIS, "new_treatment": Topic.NEW_TREATMENT}
"""An abnormal result is a category of its own, not by itself a sensitive topic."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What the composer hands in."""

    task: UUID
    version: int
    """The version of the task that its author saw: anything newer means that something came since (T-38)."""
    subject: str = field(repr=False)
    text: str = field(repr=False)
    category: Category
    questions: Mapping[str, bool] = field(default_factory=dict)
    override: str = field(default="", repr=False)
    """The exceptional circumstances, in the physician's words (SEN-06)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """What the composer is told before anything leaves."""

    problems: tuple[str, ...]
    """What keeps it from being sent, by code: fix these first."""
    assessment: Assessment
    topics: tuple[Topic, ...]
    """Sensitive topics found or declared: any of them blocks, but for a recorded override."""
    verdict: Verdict
    """Whether the patient agreed to read this kind of content in the inbox."""
    notified_by: tuple[AddressRow, ...]
    """The addresses that will be told that a message waits."""
    final_text: str = field(repr=False)
    may_override: bool

    @property
    def blocked(self) -> bool:
        """Whether a sensitive topic stands in the way."""
        return bool(self.topics)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ground:
    task: TaskRow
    thread: threads.ThreadRow
    record: records.RecordRow
    person: people.PersonRow
    author: people.PersonRow
    addresses: tuple[AddressRow, ...]
    consents: tuple[ConsentEvent, ...] = field(repr=False)
    holders: Mapping[UUID, HolderKey]
    teams: Mapping[str, HolderKey]


def _ground(connection: Connection, clinic: Clinic, who: Reader, reply: Reply) -> _Ground:
    task = tasks.task(connection, clinic.id, reply.task)
    if task is None or who.is_patient:
        raise NotFoundError(str(reply.task))
    if not may_work(clinic, who.role, task.queue):
        raise NotAllowedError("not_your_queue")
    if task.status.value not in tasks.OPEN or task.version != reply.version or task.owner_id not in {None, who.account}:
        raise ConflictError("changed")
    record = records.record(connection, clinic.id, task.record_id)
    thread = threads.thread(connection, clinic.id, task.thread_id)
    person = people.person(connection, clinic.id, record.person_id) if record and record.person_id else None
    author = people.person(connection, clinic.id, who.person)
    if record is None or thread is None or person is None or author is None:
        raise NotAllowedError("nobody_to_answer")
    return _Ground(
        task=task, thread=thread, record=record, person=person, author=author,
        addresses=people.addresses_of(connection, person.id), consents=consents.consents_of(connection, person.id),
        holders=keyring.holders(connection, {record.shared_key_id, record.clinic_key_id}),
        teams=keyring.keys_of_clinic(connection, clinic.id, keyring.KeyKind.TEAM),
    )  # fmt: skip


async def review(means: Means, clinic: Clinic, who: Reader, reply: Reply, now: datetime) -> Review:
    """Everything that would happen if this were sent now; nothing does."""
    ground = await means.database.read(lambda c: _ground(c, clinic, who, reply))
    return _review(means, clinic, who, reply, ground, now)


def _review(
    means: Means, clinic: Clinic, who: Reader, reply: Reply, ground: _Ground, now: datetime
) -> Review:
    language = language_of(ground.person.language, clinic)
    name, profile = directory.open_name(means.keys, ground.author), directory.open_profile(means.keys, ground.author)
    signature = etiquette.signature(name, profile, who.role, language)
    found = assess(
        [Part("subject", reply.subject), Part("text", reply.text)], direction=Direction.OUTBOUND,
        language=language, ruleset=clinic.ruleset,
    )  # fmt: skip
    declared = [topic for name, topic in SENSITIVE_ANSWERS.items() if reply.questions.get(name)]
    return Review(
        problems=_problems(reply, signature), assessment=found,
        topics=tuple(dict.fromkeys([*found.topics, *declared])),
        verdict=_verdict(clinic, ground, reply.category, Channel.WEB, Form.CONTENT, now),
        notified_by=_notified(ground, reply.category, now),
        final_text=f"{reply.text.strip()}\n\n{signature}", may_override=who.role is AccountRole.PHYSICIAN,
    )  # fmt: skip


def _problems(reply: Reply, signature: str | None) -> tuple[str, ...]:
    found = list(etiquette.problems(reply.subject, reply.text))
    if signature is None:
        found.append("profile_incomplete")
    found += [f"question:{name}" for name in QUESTIONS if name not in reply.questions]
    if reply.questions.get("abnormal_result") and reply.category is not Category.RESULT_FOLLOW_UP:
        found.append("category_must_be_follow_up")
    return tuple(found)


def _verdict(
    clinic: Clinic, ground: _Ground, category: Category, channel: Channel, form: Form, now: datetime
) -> Verdict:
    purpose = Purpose(
        channel=channel, category=category, form=form, minimum=Minimum(clinic.policy.least_protection(category))
    )
    states = [address.gate_state for address in ground.addresses]
    return gate.decide(ground.consents, states, purpose, now)


def _notified(ground: _Ground, category: Category, now: datetime) -> tuple[AddressRow, ...]:
    """One address for each channel that the patient agreed to be told by: the newest that the gate lets through."""
    chosen = []
    for channel in (Channel.EMAIL, Channel.SMS):
        for address in sorted(ground.addresses, key=lambda a: a.created_at, reverse=True):
            if address.channel == channel and _may_notify(ground, address, category, now):
                chosen.append(address)
                break
    return tuple(chosen)


def _may_notify(ground: _Ground, address: AddressRow, category: Category, now: datetime) -> bool:
    purpose = Purpose(channel=Channel(address.channel), category=category, form=Form.NOTIFICATION)
    return gate.decide(ground.consents, [address.gate_state], purpose, now).allowed


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A reply that is durable: until `leaves_at` its author can take it back (EOU-16)."""

    exchange: UUID
    leaves_at: datetime
    channels: tuple[Channel, ...]


async def send(means: Means, clinic: Clinic, who: Reader, reply: Reply, now: datetime) -> Sent:
    """Send a reply. Raises InvalidError (fix it), NotAllowedError (the gate, a sensitive topic), ConflictError."""
    await rotation.rotate_for_task(means, clinic, reply.task, now)
    ground = await means.database.read(lambda c: _ground(c, clinic, who, reply))
    found = _review(means, clinic, who, reply, ground, now)
    _refuse(found, reply)
    filing, sent = _plan(means, clinic, who, reply, ground, found, now)

    def unit(connection: Connection) -> None:
        again = _ground(connection, clinic, who, reply)
        if again.consents != ground.consents or again.addresses != ground.addresses:
            raise MovedError("the consent or an address changed")
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
    means: Means, clinic: Clinic, who: Reader, reply: Reply, ground: _Ground, found: Review, now: datetime
) -> tuple[Filing, Sent]:
    leaves = now + timedelta(seconds=clinic.policy.send_delay_seconds)
    readers = audience(clinic.id, _readers(clinic, ground), now)
    staff = audience(clinic.id, [ground.holders[ground.record.clinic_key_id]], now)
    exchange, fact = _exchange(clinic, who, reply, ground, found, (readers, staff), (now, leaves))
    place = saying.Place(record=ground.record.id, thread=ground.thread.id, readers=readers, staff=staff)
    said = [
        _notification(means, clinic, place, exchange.id, address, ground, (now, leaves))
        for address in found.notified_by
    ]
    watched = unread_task(clinic, ground.task, exchange.id, reply.category, leaves)
    filing = Filing(
        clinic=clinic.id, record=ground.record.id, now=now, sealed_to=all_holders([readers, staff]),
        wraps=(*readers.wraps, *staff.wraps), touch=(ground.thread.id, threads.Role.STAFF, True),
        exchanges=(exchange,), deliveries=tuple(row for one in said for row in one.deliveries),
        new_task=watched, task_changes=(_answered(clinic, who, ground.task, now),),
        facts=(fact, *_override_facts(who, found, exchange.id, now), *(f for one in said for f in one.facts)),
    )  # fmt: skip
    channels = (Channel.WEB, *(Channel(address.channel) for address in found.notified_by))
    return filing, Sent(exchange=exchange.id, leaves_at=leaves, channels=channels)


def _readers(clinic: Clinic, ground: _Ground) -> list[HolderKey]:
    team = clinic.team_of(ground.task.queue)
    desk = [] if clinic.reads_records(team) or team not in ground.teams else [ground.teams[team]]
    return [ground.holders[ground.record.shared_key_id], *desk]


def _exchange(
    clinic: Clinic, who: Reader, reply: Reply, ground: _Ground, found: Review, sealed_for: tuple[Audience, Audience],
    times: tuple[datetime, datetime],
) -> tuple[threads.ExchangeRow, Fact]:  # fmt: skip
    (readers, staff), (now, leaves), exchange = sealed_for, times, new_id(times[0])
    content = readers.seal_content(exchange, Content(subject=reply.subject, text=found.final_text))
    judged = Judgement(
        assessment=found.assessment, verdict=found.verdict, policy_version=clinic.policy.version,
        category=reply.category, questions=dict(reply.questions), override=reply.override or None,
    )  # fmt: skip
    row = threads.ExchangeRow(
        id=exchange, clinic_id=clinic.id, record_id=ground.record.id, thread_id=ground.thread.id,
        direction=threads.Way.OUT, channel=Channel.WEB, automatic=False, author_id=who.account,
        author_role=threads.Role.STAFF, state=threads.ExchangeState.FILED, content=content.sealed,
        content_key_id=readers.key.id, staff_content=staff.seal_judgement(exchange, judged).sealed,
        staff_key_id=staff.key.id, size=len(found.final_text), created_at=now, visible_at=leaves,
        in_reply_to=ground.task.exchange_id,
    )  # fmt: skip
    verdict = found.verdict
    fact = Fact(
        kind=EntryKind.SENT, at=now, exchange=exchange, channel=Channel.WEB, parties={"account": who.account},
        ciphertext=content.sealed.digest, commitment=content.commitment,
        details={"consent_text": verdict.text_hash.hex() if verdict.text_hash else "", "thread": str(ground.thread.id)},
    )  # fmt: skip
    return row, fact


def _override_facts(who: Reader, found: Review, exchange: UUID, now: datetime) -> tuple[Fact, ...]:
    if not found.blocked:
        return ()
    return (Fact(kind=EntryKind.OVERRIDE, at=now, exchange=exchange, parties={"account": who.account}),)


def _notification(
    means: Means, clinic: Clinic, place: saying.Place, exchange: UUID, address: AddressRow, ground: _Ground,
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
