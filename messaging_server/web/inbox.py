"""The patient's inbox, a conversation, its files, and who has read what (TRN-01, TRN-03, REC-10)."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from aiohttp import web

from messaging_server.errors import NotFoundError
from messaging_server.record import reading
from messaging_server.record.entry import EntryKind
from messaging_server.record.opened import OpenedThread
from messaging_server.record.transcript import Transcribing, transcript
from messaging_server.storage.database import Connection
from messaging_server.storage.queries import inbox as queries
from messaging_server.web import conversation, names, readers
from messaging_server.web.downloads import as_download
from messaging_server.web.entering import last_access
from messaging_server.web.fields import id_of, id_or_none
from messaging_server.web.progress import progress
from messaging_server.web.views.frame import Nav
from messaging_server.web.views.patient import Author, Inbox, ThreadLine
from messaging_server.web.visit import Visit, patients_only, visit

THREADS: Final = 30
"""Threads on a page of the inbox."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_CURSOR: Final = re.compile(r"(\d{1,17})-([0-9a-f]{32})", re.ASCII)


def routes() -> list[web.RouteDef]:
    """Where these pages are."""
    return [
        web.get("/inbox", show_inbox),
        web.get("/threads/{thread}", show_thread),
        web.get("/threads/{thread}/download", download),
        web.get("/readers", readers.show_readers),
    ]


@patients_only
async def show_inbox(request: web.Request) -> web.StreamResponse:
    """What is new and what is pending, newest first."""
    here = visit(request)
    after = cursor_of(request.query.get("after", ""))
    found = await here.means.database.read(lambda c: _load(c, here, after))
    subjects = await reading.subjects(here.means.database, here.who, found.threads)
    authors = [line.author_id for line in found.lines.values()]
    people = await names.people_behind(here, [*authors, *(task.owner_id for task in found.tasks.values())])
    lines = tuple(_line(here, row, found, subjects, people) for row in found.threads)
    view = replace(_inbox(here, request, found, lines), pauses=await conversation.missed(here))
    return here.page("patient/inbox", view, current=Nav.INBOX)


def _load(connection: Connection, here: Visit, after: queries.Cursor | None) -> queries.InboxPage:
    record = queries.own_record(connection, here.clinic.id, here.who.person)
    if record is None:
        return queries.InboxPage(threads=(), lines={}, tasks={}, more=False)
    return queries.page_of_threads(connection, record, here.now, after, THREADS)


def _inbox(here: Visit, request: web.Request, found: queries.InboxPage, lines: tuple[ThreadLine, ...]) -> Inbox:
    opens = here.clinic.calendar.reopens(here.now)
    seen, failed = last_access(request, here.site)
    return Inbox(
        threads=lines, last_access=here.clinic.local(seen) if seen else None, failed_since=failed,
        closed_until=here.clinic.local(opens) if opens else None,
        older=f"/inbox?after={cursor_text(found.threads[-1])}" if found.more else None,
    )  # fmt: skip


def _line(
    here: Visit, row: queries.ThreadRow, found: queries.InboxPage, subjects: Mapping[UUID, str],
    people: Mapping[UUID, Author],
) -> ThreadLine:  # fmt: skip
    last, task = found.lines[row.id], found.tasks.get(row.id)
    stands = progress(here.clinic, task, here.now)
    owner = people.get(task.owner_id) if task and task.owner_id else None
    return ThreadLine(
        id=row.id, subject=conversation.subject_or_words(here, subjects.get(row.id, "")),
        last_author=names.author_of(last.author_role, last.author_id, people), last_at=here.clinic.local(last.at),
        state=stands.state, with_whom=names.in_words(owner), due=stands.due, unread=last.unread, private=row.private,
    )  # fmt: skip


def cursor_text(row: queries.ThreadRow) -> str:
    """Where a page ended, for the address of the next: a time and the thread's own opaque id."""
    return f"{(row.last_at - _EPOCH) // timedelta(microseconds=1)}-{row.id.hex}"


def cursor_of(text: str) -> queries.Cursor | None:
    """The place that an address names; None, the first page, when it names none."""
    found = _CURSOR.fullmatch(text)
    if found is None:
        return None
    try:
        at = _EPOCH + timedelta(microseconds=int(found[1]))
    except OverflowError:
        return None
    return queries.Cursor(at, UUID(found[2]))


@patients_only
async def show_thread(request: web.Request) -> web.StreamResponse:
    """One conversation; opening it is written down and counts as read (EOU-22)."""
    here = visit(request)
    view = await conversation.open_view(here, id_of(request, "thread"))
    return here.page("patient/thread", view, current=Nav.INBOX)


@patients_only
async def download(request: web.Request) -> web.StreamResponse:
    """The conversation, or one's own message as a receipt, as a page that can be kept and printed (REC-10, TRN-04)."""
    here, thread = visit(request), id_of(request, "thread")
    receipt = id_or_none(request.query.get("receipt", ""))
    if receipt is None:
        opened = await reading.open_thread(here.means.database, here.who, thread, here.now, EntryKind.DOWNLOADED)
    else:
        opened = await reading.open_own(here.means.database, here.who, receipt, here.now, EntryKind.DOWNLOADED)
    if opened.row.id != thread:
        raise NotFoundError(str(thread))
    return as_download(await _transcript(here, opened), f"messages-{here.clinic.local(here.now).date()}.html")


async def _transcript(here: Visit, opened: OpenedThread) -> str:
    rows = [exchange.row for exchange in opened.exchanges]
    people = await names.people_behind(here, [row.author_id for row in rows])
    leaving = await here.means.database.read(lambda c: queries.deliveries(c, [row.id for row in rows]))
    own = {here.who.account: here.name, here.who.person: here.name}
    how = Transcribing(
        names={account: names.in_words(author) for account, author in people.items()} | own,
        clinic=here.clinic.policy.names[here.language], patient=here.name, zone=here.clinic.zone, made_at=here.now,
        leaving=leaving,
    )  # fmt: skip
    return transcript(here.means.texts, here.language, opened, how)
