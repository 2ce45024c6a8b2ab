"""Opening an item: the task, its patient, its thread with what the screening found; the opening is logged first."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from consent.model import Channel
from messaging_server.broker import first_look
from messaging_server.broker.directory import open_name, open_profile
from messaging_server.broker.worklist import may_work
from messaging_server.errors import NotAllowedError, NotFoundError
from messaging_server.record import reading
from messaging_server.record.opened import OpenedExchange, OpenedThread
from messaging_server.storage.database import Connection
from messaging_server.storage.queries import board as queries
from messaging_server.storage.queries import people as people_queries
from messaging_server.storage.queries.board import FileRow, TaskEventRow, TaskKind, Waiting
from messaging_server.storage.queries.people import Patient
from messaging_server.texts import Language
from messaging_server.web import names, rows
from messaging_server.web.agreed import channels_of
from messaging_server.web.findings import Finding, findings_of, segments
from messaging_server.web.views.board import Flag, Row
from messaging_server.web.views.files import AttachmentView, attachment_view
from messaging_server.web.views.item import HistoryLine, PatientCard, Segment, StaffExchange
from messaging_server.web.views.patient import Author, AuthorKind, DeliveryWord, ExchangeView
from messaging_server.web.visit import Visit


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ground:
    waiting: Waiting
    patient: Patient | None
    history: tuple[TaskEventRow, ...]
    previous: UUID | None
    next: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Dossier:
    """An opened item."""

    ground: _Ground
    opened: OpenedThread
    findings: tuple[Finding, ...]
    files: tuple[FileRow, ...]
    people: Mapping[UUID, Author] = field(repr=False)

    @property
    def task(self) -> queries.TaskRow:
        """The task as it stands."""
        return self.ground.waiting.task

    @property
    def is_open(self) -> bool:
        """Whether it still waits for something."""
        return self.task.closed_at is None

    @property
    def said(self) -> tuple[OpenedExchange, ...]:
        """What was said in the thread, without the notes that staff keep for themselves."""
        return tuple(one for one in self.opened.exchanges if one.row.direction != "note")


def _load(connection: Connection, here: Visit, task_id: UUID) -> _Ground:
    waiting = queries.one(connection, here.clinic.id, task_id)
    if waiting is None:
        raise NotFoundError(str(task_id))
    if not may_work(here.clinic, here.who.role, waiting.task.queue):
        raise NotAllowedError("not_your_queue")
    person = waiting.person
    patient = people_queries.patient(connection, here.clinic.id, person.id, here.now) if person else None
    before, after = queries.neighbours(connection, waiting.task, rows.queues_of(here), here.now)
    return _Ground(
        waiting=waiting, patient=patient, history=queries.events(connection, task_id), previous=before, next=after
    )


async def open_dossier(here: Visit, task_id: UUID) -> Dossier:
    """Open an item. Raises NotAllowedError where the visitor's keys do not reach the message (TRI-10)."""
    database = here.means.database
    ground = await database.read(lambda c: _load(c, here, task_id))
    try:
        opened = await reading.open_thread(database, here.who, ground.waiting.task.thread_id, here.now)
    except NotFoundError as error:
        raise NotAllowedError("clinical_team_only") from error
    opened = await first_look.look(here.means, here.clinic, here.who, opened, here.now)
    ground = replace(ground, waiting=replace(ground.waiting, private=opened.row.private))
    ids = [one.row.id for one in opened.exchanges]
    files = await database.read(lambda c: queries.files(c, here.clinic.id, ids))
    acted = [ground.waiting.task.owner_id, *(line.actor_id for line in ground.history)]
    people = await names.people_behind(here, [*acted, *(one.row.author_id for one in opened.exchanges)])
    return Dossier(ground=ground, opened=opened, findings=findings_of(opened.exchanges), files=files, people=people)


def row_of(here: Visit, dossier: Dossier) -> Row:
    """The item's own row, with what could only be said of it once it was opened."""
    row = rows.row(here, dossier.ground.waiting, dossier.people, subject=dossier.opened.subject)
    judged = [one.judgement for one in dossier.opened.exchanges if one.judgement and one.row.direction != "out"]
    warned = {warning.partition(":")[0] for one in judged for warning in one.warnings}
    more = [
        Flag.SENSITIVE if any(one.assessment and one.assessment.topics for one in judged) else None,
        Flag.NOT_SCREENED if any(one.assessment and one.assessment.not_screened for one in judged) else None,
        Flag.OTHER_RECIPIENTS if "other_recipients" in warned else None,
        Flag.PICTURES_MISSING if any(one.content.pictures_missing for one in dossier.said) else None,
    ]
    flags = (*row.flags, *(flag for flag in more if flag is not None))
    return Row(**{name: getattr(row, name) for name in Row.__slots__} | {"flags": flags})


def exchanges_of(here: Visit, dossier: Dossier) -> tuple[StaffExchange, ...]:
    """The thread as staff see it, oldest first, with the words of the findings marked."""
    return tuple(
        StaffExchange(view=_view(here, dossier, one), segments=_marked(one, dossier.findings)) for one in dossier.said
    )


def _marked(one: OpenedExchange, findings: tuple[Finding, ...]) -> tuple[Segment, ...]:
    pieces = segments(one.content.text, findings, one.row.id)
    if not one.content.quoted:
        return pieces
    quoted = "\n".join(f"> {line}" for line in one.content.quoted.splitlines())
    return (*pieces, Segment(f"\n\n{quoted}"))


def _view(here: Visit, dossier: Dossier, one: OpenedExchange) -> ExchangeView:
    row = one.row
    return ExchangeView(
        id=row.id, author=_author(here, dossier, one), at=here.clinic.local(row.created_at),
        channel=Channel(row.channel), body=one.content.text, subject=one.content.subject,
        attachments=_files(here, dossier, one), delivery=_delivery(one, here.now),
        pictures_missing=one.content.pictures_missing,
    )  # fmt: skip


def _author(here: Visit, dossier: Dossier, one: OpenedExchange) -> Author:
    row, patient = one.row, dossier.ground.patient
    if row.automatic or row.author_role == "system":
        return Author(kind=AuthorKind.AUTOMATIC)
    if row.author_role == "staff" and row.author_id:
        return dossier.people.get(row.author_id, Author(kind=AuthorKind.UNKNOWN))
    if row.author_role == "patient" and patient is not None:
        return Author(kind=AuthorKind.PATIENT, name=open_name(here.means.keys, patient.person).full)
    return Author(kind=AuthorKind.UNKNOWN)


def _delivery(one: OpenedExchange, now: datetime) -> DeliveryWord:
    """How far an exchange of ours has come; only its opening in the inbox counts as read (T-42)."""
    row = one.row
    if row.direction != "out":
        return DeliveryWord.KEPT
    if row.state == "cancelled":
        return DeliveryWord.CANCELLED
    if row.visible_at > now:
        return DeliveryWord.WAITING
    return DeliveryWord.OPENED if row.opened_at else DeliveryWord.SENT


def _files(here: Visit, dossier: Dossier, one: OpenedExchange) -> tuple[AttachmentView, ...]:
    """The files of an exchange; the raw original too where the text could not be understood (TRI-18)."""
    skipped = set(one.judgement.assessment.not_screened) if one.judgement and one.judgement.assessment else set()
    found = []
    for file in (file for file in dossier.files if file.exchange == one.row.id):
        url, size = f"/staff/files/{one.row.id}/{file.number}", -(-file.size // 1024)
        if file.kind == "attachment" and file.number < len(one.content.files):
            note, screened = one.content.files[file.number], f"attachment:{file.number}" not in skipped
            came_from, own = f"task={dossier.task.id}", one.row.author_id == here.who.account
            found.append(
                attachment_view(note, url, size=file.size, came_from=came_from, own=own, screened=screened)
            )
        elif dossier.task.kind in {TaskKind.FAILED, TaskKind.HELD}:
            word = here.means.texts.gettext(here.language, "files.original")
            found.append(AttachmentView(name=word, url=url, size_kb=size))
    return tuple(found)


def card_of(here: Visit, patient: Patient) -> PatientCard:
    """Who the patient is, and what may be said how (CON-27)."""
    keys = here.means.keys
    born = rows.birth_date(open_profile(keys, patient.person).birth_date) or rows.today(here)
    channels = channels_of(here, patient.consents, patient.addresses)
    phones = [one.value for channel in channels for one in channel.addresses if one.channel is Channel.SMS]
    return PatientCard(
        person=patient.person.id, name=open_name(keys, patient.person).full, birth_date=born,
        age=rows.age(born, rows.today(here)), language=Language(patient.person.language),
        phone=phones[-1] if phones else None, channels=channels, other_open=max(patient.open_items - 1, 0),
    )  # fmt: skip


def history_of(here: Visit, dossier: Dossier) -> tuple[HistoryLine, ...]:
    """What happened to the item, and the notes that staff left (TRI-14)."""
    lines = [
        HistoryLine(at=here.clinic.local(line.at), who=_who(here, dossier, line.actor_id), what=_what(here, line))
        for line in dossier.ground.history
    ]
    lines += [
        HistoryLine(
            at=here.clinic.local(one.row.created_at), who=_who(here, dossier, one.row.author_id),
            what=here.means.texts.gettext(here.language, "history.note", text=one.content.text),
        )
        for one in dossier.opened.exchanges
        if one.row.direction == "note" and one.content.text
    ]  # fmt: skip
    return tuple(sorted(lines, key=lambda line: line.at))


def _who(here: Visit, dossier: Dossier, account: UUID | None) -> str:
    known = dossier.people.get(account) if account else None
    return names.in_words(known) or here.means.texts.gettext(here.language, "author.automatic")


def _what(here: Visit, line: TaskEventRow) -> str:
    def word(key: str) -> str:
        return here.means.texts.gettext(here.language, key)

    if line.act == "assign":
        return f"{word('history.assign')} {word(f'queue.{line.before}')} → {word(f'queue.{line.after}')}"
    if line.act == "close" and line.after:
        return word("history.close")
    return word(f"history.{line.act}")
