"""Files that came with a message: saved, or looked at on a page of their own; each opening is written down first.

A file is never part of a page. It leaves as a download; of a JPEG or PNG a copy without place and device can be shown
in an otherwise empty page that one goes to on purpose (SEN-11, SEC-10, EIN-15).
"""

import asyncio
import re
from typing import Final
from urllib.parse import quote
from uuid import UUID

from aiohttp import web

from messaging_server.broker import pictures
from messaging_server.broker.files import download_name
from messaging_server.errors import NotAllowedError, NotFoundError
from messaging_server.record import reading
from messaging_server.record.entry import EntryKind
from messaging_server.record.reading import OpenedFile
from messaging_server.storage.queries import board as queries
from messaging_server.web.fields import id_of, id_or_none
from messaging_server.web.views.files import PicturePage
from messaging_server.web.visit import Visit, patients_only, staff_only, visit

POLICY: Final = "default-src 'none'; frame-ancestors 'none'; sandbox"
"""What a browser may do with a file of somebody's: nothing."""


def routes() -> list[web.RouteDef]:
    """Where files are."""
    return [
        web.get("/files/{exchange}/{number}", patients_only(download)),
        web.get("/files/{exchange}/{number}/picture", patients_only(show_picture)),
        web.get("/files/{exchange}/{number}/shown", patients_only(picture)),
        web.get("/staff/files/{exchange}/{number}", staff_only(download)),
        web.get("/staff/files/{exchange}/{number}/picture", staff_only(show_picture)),
        web.get("/staff/files/{exchange}/{number}/shown", staff_only(picture)),
    ]


async def download(request: web.Request) -> web.StreamResponse:
    """A file, saved and never shown by the browser; others than its author get a photo without its place (EIN-15)."""
    found, exchange, number = await _opened(request, EntryKind.DOWNLOADED)
    content, name = found.content, f"{exchange}-{number}"
    if found.note is not None:
        copy = None if found.own else await _cleaned(found)
        content = content if copy is None else copy
        name = found.note.filename if found.own else download_name(found.note.filename, found.note.media_type) or name
    return as_download(content, name)


async def show_picture(request: web.Request) -> web.StreamResponse:
    """The page on which one picture shows: whoever comes here has asked to see it (SEN-11)."""
    here, exchange, number = visit(request), id_of(request, "exchange"), _number(request)
    try:
        await reading.file_in_reach(here.means.database, here.who, exchange, number, here.now)
    except NotFoundError as error:
        raise await _why(here, exchange, number) from error
    url = f"{'' if here.who.is_patient else '/staff'}/files/{exchange}/{number}"
    return here.page("picture", PicturePage(shown=f"{url}/shown", download=url, back=_back(request, here)))


def _back(request: web.Request, here: Visit) -> str:
    """The conversation or the item that one came from; that page looks again at who asks."""
    if here.who.is_patient:
        thread = id_or_none(request.query.get("thread", ""))
        return f"/threads/{thread}" if thread else "/inbox"
    task = id_or_none(request.query.get("task", ""))
    return f"/staff/items/{task}" if task else "/staff"


async def picture(request: web.Request) -> web.StreamResponse:
    """The dots of one picture, without place and device; that they were seen stands in the record (EIN-15, AUD-01)."""
    found, _, _ = await _opened(request, EntryKind.READ)
    copy = await _cleaned(found)
    if copy is None or found.note is None:
        raise NotFoundError("no picture that can be shown")
    return web.Response(
        body=copy, content_type=found.note.media_type,
        headers={"Content-Security-Policy": POLICY, "Content-Disposition": "inline"},
    )  # fmt: skip


async def _cleaned(found: OpenedFile) -> bytes | None:
    if found.note is None or found.note.media_type not in pictures.SHOWN:
        return None
    return await asyncio.to_thread(pictures.cleaned, found.content, found.note.media_type)


async def _opened(request: web.Request, act: EntryKind) -> tuple[OpenedFile, UUID, int]:
    here, exchange, number = visit(request), id_of(request, "exchange"), _number(request)
    if here.who.is_patient and (exchange, number, "attachment") not in await _known(here, exchange):
        raise NotFoundError(str(exchange))
    try:
        found = await reading.open_file(here.means.database, here.who, exchange, number, here.now, act)
    except NotFoundError as error:
        raise await _why(here, exchange, number) from error
    return found, exchange, number


async def _why(here: Visit, exchange: UUID, number: int) -> Exception:
    """Staff are told that a file is for the clinical team; to everybody else it does not exist (SEC-09)."""
    if not here.who.is_patient and any(known == number for _, known, _ in await _known(here, exchange)):
        return NotAllowedError("clinical_team_only")
    return NotFoundError(str(exchange))


async def _known(here: Visit, exchange: UUID) -> list[tuple[UUID, int, str]]:
    files = await here.means.database.read(lambda c: queries.files(c, here.clinic.id, [exchange]))
    return [(file.exchange, file.number, file.kind) for file in files]


def _number(request: web.Request) -> int:
    number = request.match_info["number"]
    if not re.fullmatch(r"[0-9]{1,3}", number, re.ASCII):
        raise NotFoundError(number)
    return int(number)


def as_download(content: str | bytes, filename: str) -> web.Response:
    """An answer that is saved and not shown; its name is quoted whole, so that it stays a name (RFC 6266)."""
    disposition = f"attachment; filename*=UTF-8''{quote(filename, safe='')}"
    kind = "text/html; charset=utf-8" if isinstance(content, str) else "application/octet-stream"
    return web.Response(
        body=content.encode() if isinstance(content, str) else content,
        headers={"Content-Disposition": disposition, "Content-Type": kind, "Content-Security-Policy": POLICY},
    )
