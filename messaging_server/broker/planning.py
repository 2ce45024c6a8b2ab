"""From a decision to sealed rows: the exchange, its task, the automatic answer and its deliveries."""

from datetime import datetime

from consent.model import Channel
from keys.envelope import Committed, HolderKey, Wrap
from messaging_server.broker import answering, counting, saying, tallying
from messaging_server.broker.case import Disposition
from messaging_server.broker.chain import Decision
from messaging_server.broker.clinic import Clinic, Means
from messaging_server.broker.draft import Draft
from messaging_server.broker.files import shows
from messaging_server.broker.filing import Filing, TaskChange
from messaging_server.broker.loading import Snapshot, message_fingerprint
from messaging_server.broker.receipt import Planned, Receipt
from messaging_server.broker.sealing import Audience, all_holders, audience
from messaging_server.broker.worklist import new_task, raised
from messaging_server.message import IncomingMessage, new_id
from messaging_server.record.content import Content, FileNote, Judgement
from messaging_server.record.entry import EntryKind, Fact, files_digest
from messaging_server.storage import records, tasks, threads
from messaging_server.storage.counts import CountRow
from messaging_server.storage.tasks import TaskKind
from triage.model import Assessment, Priority, Topic

NO_TASK = {Disposition.SET_ASIDE, Disposition.REPORT}


def plan(
    means: Means, clinic: Clinic, message: IncomingMessage, assessment: Assessment, snapshot: Snapshot,
    decision: Decision,
) -> Planned:  # fmt: skip
    """Seal and line up everything that the decision brings about."""
    draft = _draft(means, clinic, message, assessment, snapshot, decision)
    content, judgement = _contents(draft)
    exchange, blobs = _exchange(draft, content, judgement), _blobs(draft)
    task, changes = _task(draft)
    said = answering.automatic(draft, task_due=_due(task, changes))
    filing = Filing(
        clinic=clinic.id, record=draft.record.id, now=draft.now,
        sealed_to=all_holders([draft.readers, draft.staff]), wraps=_wraps(draft),
        new_thread=draft.opened, touch=None if draft.opened else (draft.thread, threads.Role.PATIENT, False),
        marks=draft.thread if _marks(draft) else None,
        exchanges=(exchange, *said.exchanges), blobs=blobs, deliveries=said.deliveries,
        addresses=said.addresses,
        new_task=task, task_changes=changes,
        facts=(_received(draft, exchange, content, blobs), *said.facts),
        counted=_counted(draft),
        remembered=(message_fingerprint(means, clinic, message), draft.exchange),
    )  # fmt: skip
    return Planned(decision, filing, _receipt(draft, said, _due(task, changes)))


def _draft(
    means: Means, clinic: Clinic, message: IncomingMessage, assessment: Assessment, snapshot: Snapshot,
    decision: Decision,
) -> Draft:  # fmt: skip
    record = _home(message, snapshot, decision)
    few = _for_few(message, assessment, record)
    readers = audience(clinic.id, _readers(clinic, assessment, snapshot, record, few=few), message.received_at)
    staff = audience(clinic.id, [snapshot.holders[record.clinic_key_id]], message.received_at)
    joined = snapshot.thread if snapshot.thread and snapshot.thread.record_id == record.id else None
    opened = None if joined else _new_thread(clinic, message, record, readers, private=_marked(assessment))
    place = opened or joined
    if place is None:
        raise ValueError("a message belongs to a thread")
    return Draft(
        means=means, clinic=clinic, message=message, assessment=assessment, snapshot=snapshot, decision=decision,
        record=record, exchange=new_id(message.received_at), thread=place.id,
        readers=readers, staff=staff, files=_of_files(clinic, message, snapshot, record) or readers, opened=opened,
    )  # fmt: skip


def _of_files(
    clinic: Clinic, message: IncomingMessage, snapshot: Snapshot, record: records.RecordRow
) -> Audience | None:
    """Pictures are for those who hold the record: no desk team gets a way to them, now or by routing (SEN-11).

    What a picture shows no screening can tell. One that the patient calls a form, and not private, goes with its
    message. What is held has one key until it is filed.
    """
    pictures = any(shows(one.media_type) for one in message.attachments)
    form = message.reason == "form" and not message.private
    if not pictures or form or record.kind != records.RecordKind.PATIENT:
        return None
    return audience(clinic.id, [snapshot.holders[record.shared_key_id]], message.received_at)


def _marks(draft: Draft) -> bool:
    """Whether this message makes the thread that it joins private: what follows in it stays marked (SEN-09)."""
    joined = draft.snapshot.thread if draft.opened is None else None
    return joined is not None and not joined.private and _marked(draft.assessment)


def _wraps(draft: Draft) -> tuple[Wrap, ...]:
    unique = {audience.key.id: audience for audience in (draft.readers, draft.staff, draft.files)}
    return tuple(wrap for audience in unique.values() for wrap in audience.wraps)


def _home(message: IncomingMessage, snapshot: Snapshot, decision: Decision) -> records.RecordRow:
    """The patient's record when it surely is theirs and may be filed; else the intake record, never a guess."""
    filed = decision.disposition in {Disposition.ACCEPTED, Disposition.FAILED}
    return snapshot.record if message.account or (filed and snapshot.person) else snapshot.intake


def _marked(assessment: Assessment) -> bool:
    return Topic.PATIENT_MARKED in assessment.topics


def _unmatched(message: IncomingMessage, record: records.RecordRow) -> bool:
    """Whether the patient's own words are still to be looked for: it came where no key was at hand (SEN-09)."""
    return record.own_words and message.channel is not Channel.WEB


def _for_few(message: IncomingMessage, assessment: Assessment, record: records.RecordRow) -> bool:
    """Whether only those who hold the record read it, as with pictures: the patient asked for it, or may have (SEN-08).

    The row shows on the board of its queue like any other.
    """
    return _marked(assessment) or _unmatched(message, record)


def _readers(
    clinic: Clinic, assessment: Assessment, snapshot: Snapshot, record: records.RecordRow, *, few: bool
) -> list[HolderKey]:
    """The record's key, and the queue's team when that team holds no record key (DESIGN section 5)."""
    holders = [snapshot.holders[record.shared_key_id]]
    team = clinic.team_of(assessment.queue)
    if few:
        return holders
    if record.kind == records.RecordKind.PATIENT and not clinic.reads_records(team) and team in snapshot.teams:
        holders.append(snapshot.teams[team])
    return holders


def _new_thread(
    clinic: Clinic, message: IncomingMessage, record: records.RecordRow, readers: Audience, *, private: bool
) -> threads.ThreadRow:
    thread = new_id(message.received_at)
    category = "sms" if message.channel is Channel.SMS else "message"
    return threads.ThreadRow(
        id=thread, clinic_id=clinic.id, record_id=record.id, state="open", category=category,
        subject=readers.seal_subject(thread, message.subject).sealed, subject_key_id=readers.key.id,
        private=private, created_at=message.received_at, last_at=message.received_at,
        last_by=threads.Role.PATIENT,
    )  # fmt: skip


def _contents(draft: Draft) -> tuple[Committed, Committed]:
    message = draft.message
    files = tuple(
        FileNote(filename=a.filename, media_type=a.media_type, size=len(a.content)) for a in message.attachments
    )
    content = Content(
        subject=message.subject, text=message.new_text, quoted=message.quoted_text, sender=message.sender or "",
        files=files, pictures_missing=message.pictures_missing,
    )  # fmt: skip
    judgement = Judgement(
        assessment=draft.assessment, findings=draft.decision.findings, policy_version=draft.clinic.policy.version,
        warnings=_warnings(message), person_hint=draft.snapshot.person,
    )  # fmt: skip
    readers = draft.readers.seal_content(draft.exchange, content)
    return readers, draft.staff.seal_judgement(draft.exchange, judgement)


def _warnings(message: IncomingMessage) -> tuple[str, ...]:
    found = list(message.defects)
    if message.other_recipients:
        found.append(f"other_recipients:{message.other_recipients}")
    if not message.encrypted_transport:
        found.append("not_encrypted_in_transit")
    return tuple(found)


def _exchange(draft: Draft, content: Committed, judgement: Committed) -> threads.ExchangeRow:
    return threads.ExchangeRow(
        id=draft.exchange, clinic_id=draft.clinic.id, record_id=draft.record.id, thread_id=draft.thread,
        direction=threads.Way.IN, channel=draft.message.channel, automatic=draft.message.automatic is not None,
        author_id=draft.message.account or draft.snapshot.person,
        author_role=threads.Role.PATIENT if draft.snapshot.person else threads.Role.UNKNOWN,
        state=draft.state, content=content.sealed, content_key_id=draft.readers.key.id,
        staff_content=judgement.sealed, staff_key_id=draft.staff.key.id,
        size=len(draft.message.new_text) + len(draft.message.raw), created_at=draft.now, visible_at=draft.now,
        opened_at=draft.now, unmatched=_unmatched(draft.message, draft.record),
    )  # fmt: skip


def _blobs(draft: Draft) -> tuple[threads.BlobRow, ...]:
    """The raw original and every file, sealed (EIN-12, REC-11)."""
    files = [
        ("attachment", a.content, draft.files if shows(a.media_type) else draft.readers)
        for a in draft.message.attachments
    ]
    originals = [("raw", draft.message.raw, draft.files)] if draft.message.raw else []
    return tuple(
        threads.BlobRow(
            id=new_id(draft.now), clinic_id=draft.clinic.id, exchange_id=draft.exchange, kind=kind, number=number,
            content=sealed_for.seal(draft.exchange, f"blob:{number}", data).sealed,
            content_key_id=sealed_for.key.id, size=len(data),
        )
        for number, (kind, data, sealed_for) in enumerate([*files, *originals])
    )  # fmt: skip


def _received(
    draft: Draft, exchange: threads.ExchangeRow, content: Committed, blobs: tuple[threads.BlobRow, ...]
) -> Fact:
    parties = {"account": draft.message.account} if draft.message.account else {}
    details = {"disposition": draft.decision.disposition, "thread": str(draft.thread)}
    if files := files_digest(blob.content.digest for blob in blobs):
        details["files"] = files
    return Fact(
        kind=EntryKind.RECEIVED, at=draft.now, exchange=exchange.id, channel=draft.message.channel, parties=parties,
        ciphertext=content.sealed.digest, commitment=content.commitment,
        details=details,
    )  # fmt: skip


def _counted(draft: Draft) -> tuple[CountRow, ...]:
    """What the screening found in it, for the month's numbers; a machine's mail counts too, for staff may judge it."""
    found = draft.assessment
    if not found.reasons:
        return ()
    moves = counting.found(found.reasons, found.ruleset, counting.families_of(draft.clinic.ruleset))
    return tallying.rows_of(draft.means, draft.clinic, moves, draft.now)


def _task(draft: Draft) -> tuple[tasks.TaskRow | None, tuple[TaskChange, ...]]:
    """A new task, or the thread's open task raised to what this message asks for (TRI-02)."""
    grave = draft.assessment.priority is not Priority.ROUTINE
    if draft.decision.disposition in NO_TASK and not grave:
        return None, ()
    waiting = draft.snapshot.task
    if waiting is not None and draft.opened is None:
        few = _for_few(draft.message, draft.assessment, draft.record)
        return None, (raised(draft.clinic, waiting, draft.assessment, draft.now, few=few),)
    kind = _kind(draft)
    place = (draft.record.id, draft.thread, draft.exchange)
    return new_task(draft.clinic, kind, draft.assessment, place, draft.now), ()


def _kind(draft: Draft) -> TaskKind:
    if draft.message.unreadable:
        return TaskKind.FAILED
    return TaskKind.HELD if draft.decision.disposition is Disposition.HELD else TaskKind.ANSWER


def _due(task: tasks.TaskRow | None, changes: tuple[TaskChange, ...]) -> datetime | None:
    if task is not None:
        return task.due_at
    return changes[0].due_at if changes else None


def _receipt(draft: Draft, said: saying.Said, due: datetime | None) -> Receipt:
    return Receipt(
        exchange=draft.exchange, thread=draft.thread, disposition=draft.decision.disposition,
        assessment=draft.assessment, notice=draft.decision.notice,
        notice_exchange=said.exchanges[0].id if said.exchanges else None, due=due,
    )  # fmt: skip
