"""A conversation as its patient sees it: oldest to newest, who wrote, where it stands, what to do in danger."""

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from consent.model import Channel
from messaging_server.broker import inbound, pausing
from messaging_server.broker.notices import directions
from messaging_server.broker.saying import notice_facts
from messaging_server.message import Attachment, IncomingMessage, Pause
from messaging_server.record import reading
from messaging_server.record.opened import OpenedExchange, OpenedThread
from messaging_server.storage.queries import inbox as queries
from messaging_server.web import names
from messaging_server.web.fields import new_form_id
from messaging_server.web.progress import progress
from messaging_server.web.uploads import offered
from messaging_server.web.views.files import AttachmentView, attachment_view
from messaging_server.web.views.frame import EmergencyCard, FieldError
from messaging_server.web.views.patient import Author, ExchangeView, Thread
from messaging_server.web.visit import Visit
from triage.model import Assessment, Priority

MESSAGE_LENGTH: Final = 20_000
"""Letters of a message."""
VIOLENCE: Final = "violence"
"""The family of red flags that gets its help lines and the way out even when it is not an emergency (ACK-08)."""


async def open_view(
    here: Visit, thread: UUID, *, form_id: str = "", message: str = "", errors: tuple[FieldError, ...] = ()
) -> Thread:
    """Open a thread and show it, with the box to answer in as it was left."""
    opened = await reading.open_thread(here.means.database, here.who, thread, here.now)
    task = (await here.means.database.read(lambda c: queries.newest_tasks(c, [thread]))).get(thread)
    authors = [exchange.row.author_id for exchange in opened.exchanges if exchange.row.author_role == "staff"]
    people = await names.people_behind(here, [*authors, task.owner_id if task else None])
    stands = progress(here.clinic, task, here.now)
    owner = people.get(task.owner_id) if task and task.owner_id else None
    return Thread(
        id=opened.row.id, subject=subject_or_words(here, opened.subject),
        exchanges=tuple(_exchange(here, exchange, people) for exchange in opened.exchanges),
        state=stands.state, with_whom=names.in_words(owner), due=stands.due, private=opened.row.private,
        can_reply=opened.row.state == "open", form_id=form_id or new_form_id(), message=message,
        files=offered(here.site.files),
        max_length=MESSAGE_LENGTH, emergency=emergency_card(here, await _last_screened(here, opened, task), task),
        errors=errors,
    )  # fmt: skip


async def missed(here: Visit) -> tuple[Pause, ...]:
    """What rests of the ways by which this patient would be told of an answer (ACK-24)."""
    if not here.pauses:
        return ()
    return await here.means.database.read(lambda c: pausing.missed_by(c, here.clinic, here.who.person, here.now))


def subject_or_words(here: Visit, subject: str) -> str:
    """A thread's subject; a text has none, and is called what it is."""
    return subject.strip() or here.means.texts.gettext(here.language, "held.no_subject")


def _exchange(here: Visit, opened: OpenedExchange, people: Mapping[UUID, Author]) -> ExchangeView:
    row = opened.row
    from_clinic = row.direction == "out"
    return ExchangeView(
        id=row.id, author=names.author_of(row.author_role, row.author_id, people, automatic=row.automatic),
        at=here.clinic.local(row.visible_at if from_clinic else row.created_at), channel=Channel(row.channel),
        body=opened.content.text, subject=opened.content.subject, attachments=_files(opened),
        pictures_missing=opened.content.pictures_missing,
        unread=from_clinic and row.opened_at is None,
    )  # fmt: skip


def _files(opened: OpenedExchange) -> tuple[AttachmentView, ...]:
    row = opened.row
    return tuple(
        attachment_view(
            note, f"/files/{row.id}/{number}", size=note.size, came_from=f"thread={row.thread_id}",
            own=row.direction == "in",
        )
        for number, note in enumerate(opened.content.files)
    )  # fmt: skip


async def screened(here: Visit, exchange: OpenedExchange, *, private: bool) -> Assessment:
    """One's own message screened once more, so that no address and no cookie has to say what it was about (ACK-08)."""
    row, content = exchange.row, exchange.content
    message = IncomingMessage(
        clinic=here.clinic.id, channel=Channel(row.channel), received_at=row.created_at, idempotency=b"",
        subject=content.subject, new_text=content.text, quoted_text=content.quoted, private=private,
        attachments=tuple(
            Attachment(filename=file.filename, media_type=file.media_type, content=b"") for file in content.files
        ),
    )  # fmt: skip
    return await inbound.screened(here.means, here.clinic, message)


async def _last_screened(
    here: Visit, opened: OpenedThread, task: queries.TaskRow | None
) -> Assessment | None:
    """What the newest message of the patient is about, while something urgent waits in the thread."""
    if task is None or task.closed_at is not None or task.priority is Priority.ROUTINE:
        return None
    own = [exchange for exchange in opened.exchanges if exchange.row.direction == "in"]
    return await screened(here, own[-1], private=opened.row.private) if own else None


def emergency_card(here: Visit, found: Assessment | None, task: queries.TaskRow | None) -> EmergencyCard | None:
    """What to do now: after a message that looks like an emergency, and as long as one waits in the thread.

    Which danger it may be shows only where the message's own screening says so (ACK-07, ACK-08).
    """
    waits = task is not None and task.closed_at is None and task.priority is Priority.STAT
    named = found is not None and (found.priority is Priority.STAT or VIOLENCE in found.flags)
    if not (waits or named):
        return None
    alerted = task.acknowledged_at if task else None
    return EmergencyCard(
        lines=notice_facts(here.clinic, here.language, here.now).lines,
        directions=directions(found.flags) if found is not None and named else (),
        alerted_at=here.clinic.local(alerted) if alerted else None,
    )
