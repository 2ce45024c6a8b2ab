"""One item: reading it with its reasons, and every act on it that is not an answer."""

import re

from aiohttp import web

from messaging_server.broker import labels, routing, worklist
from messaging_server.errors import ConflictError, InvalidError, NotFoundError
from messaging_server.web import composing, held
from messaging_server.web.dossier import Dossier, card_of, exchanges_of, history_of, open_dossier, row_of
from messaging_server.web.draft import Draft
from messaging_server.web.fields import form_of, id_of, word_of
from messaging_server.web.findings import not_screened
from messaging_server.web.rows import queues_of
from messaging_server.web.views.frame import ErrorCode, FieldError, FlashCode, FlashKind, Nav
from messaging_server.web.views.item import Blocked, Close, Item
from messaging_server.web.visit import Visit, staff_only, visit
from triage.model import QueueName

NOTE_LENGTH = 2_000
CHANGED = (FlashCode.CHANGED_MEANWHILE, FlashKind.PROBLEM)


def routes() -> list[web.RouteDef]:
    """Where these pages are."""
    item = "/staff/items/{task}"
    return [
        web.get(item, show),
        web.post(f"{item}/claim", claim),
        web.post(f"{item}/release", release),
        web.post(f"{item}/acknowledge", acknowledge),
        web.post(f"{item}/assign", assign),
        web.post(f"{item}/close", close),
        web.post(f"{item}/finding", judge_finding),
    ]


@staff_only
async def show(request: web.Request) -> web.StreamResponse:
    """The item, opened: the patient will see who opened it, and when (promise 8)."""
    here = visit(request)
    dossier = await open_dossier(here, id_of(request, "task"))
    if dossier.ground.patient is None:
        return held.page(here, dossier)
    return await page(here, dossier)


async def page(
    here: Visit, dossier: Dossier, *, draft: Draft | None = None, blocked: Blocked | None = None,
    errors: tuple[FieldError, ...] = (), disposition: Close | None = None, note: str = "",
) -> web.Response:  # fmt: skip
    """The item of a patient, with whatever was being written (422 where something is to be put right)."""
    patient = dossier.ground.patient
    if patient is None:
        raise NotFoundError(str(dossier.task.id))
    composer = None
    if dossier.is_open and dossier.task.owner_id == here.who.account:
        draft = draft or await composing.first_draft(here, dossier)
        composer = await composing.composer(here, dossier, draft, blocked)
    view = Item(
        row=row_of(here, dossier), thread=dossier.opened.row.id, exchanges=exchanges_of(here, dossier),
        findings=tuple(one.view for one in dossier.findings), not_screened=not_screened(dossier.opened.exchanges),
        patient=card_of(here, patient), composer=composer, queues=tuple(here.clinic.policy.queues),
        disposition=disposition, disposition_note=note, history=history_of(here, dossier),
        next=dossier.ground.next, previous=dossier.ground.previous, closed=not dossier.is_open, errors=errors,
    )  # fmt: skip
    return here.page("staff/item", view, status=422 if errors or blocked else 200, current=Nav.BOARD)


def _path(request: web.Request) -> str:
    return f"/staff/items/{id_of(request, 'task')}"


@staff_only
async def claim(request: web.Request) -> web.StreamResponse:
    """Take the item; a colleague may have been faster (TRI-08)."""
    here = visit(request)
    try:
        await worklist.claim(here.means, here.clinic, here.who, id_of(request, "task"), here.now)
    except ConflictError:
        return here.go(_path(request), *CHANGED)
    return here.go(_path(request), FlashCode.CLAIMED)


@staff_only
async def release(request: web.Request) -> web.StreamResponse:
    """Give the item back to its queue."""
    here = visit(request)
    try:
        await worklist.release(here.means, here.clinic, here.who, id_of(request, "task"), here.now)
    except ConflictError:
        return here.go(_path(request), *CHANGED)
    return here.go("/staff", FlashCode.RELEASED)


@staff_only
async def acknowledge(request: web.Request) -> web.StreamResponse:
    """Take note of an emergency: the repeated alert stops, the item stays (TRI-09)."""
    here = visit(request)
    try:
        await worklist.acknowledge(here.means, here.clinic, here.who, id_of(request, "task"), here.now)
    except ConflictError:
        return here.go(_path(request), *CHANGED)
    return here.go(_path(request), FlashCode.ACKNOWLEDGED)


def version_of(form: dict[str, str] | object) -> int:
    """The version of the task that the page showed; one that is not told is older than any."""
    text = word_of(form, "version") if isinstance(form, dict) else ""
    return int(text) if re.fullmatch(r"[0-9]{1,9}", text, re.ASCII) else 0


@staff_only
async def assign(request: web.Request) -> web.StreamResponse:
    """Hand the item to another queue, or file what is held where a person says it belongs."""
    here, task, form = visit(request), id_of(request, "task"), dict(await form_of(request))
    if "queue" not in form:
        return await held.file(here, task, form)
    wanted = word_of(form, "queue")
    if wanted not in set(here.clinic.policy.queues):
        raise InvalidError("queue", "unknown")
    queue, version = QueueName(wanted), version_of(form)
    try:
        await routing.assign(here.means, here.clinic, here.who, task, queue, here.now, version=version)
    except ConflictError:
        return here.go(_path(request), *CHANGED)
    return here.go(_path(request) if queue in queues_of(here) else "/staff", FlashCode.ASSIGNED)


@staff_only
async def close(request: web.Request) -> web.StreamResponse:
    """End the item with what was done about it; "no reply needed" says why (TRI-13)."""
    here, task, form = visit(request), id_of(request, "task"), dict(await form_of(request))
    chosen, note = word_of(form, "disposition"), form.get("note", "")
    disposition = Close(chosen) if chosen in set(Close) else None
    errors = _closing_errors(disposition, note)
    if errors or disposition is None:
        dossier = await open_dossier(here, task)
        if dossier.ground.patient is None:
            return held.page(here, dossier, errors=errors, disposition=disposition, note=note)
        return await page(here, dossier, errors=errors, disposition=disposition, note=note)
    try:
        filing = await labels.note(here.means, here.clinic, here.who, task, note, here.now) if note else None
        await worklist.close(
            here.means, here.clinic, here.who, task, disposition, here.now, version=version_of(form), note=filing
        )
    except ConflictError:
        return here.go(_path(request), *CHANGED)
    return here.go("/staff", FlashCode.CLOSED)


def _closing_errors(disposition: Close | None, note: str) -> tuple[FieldError, ...]:
    if disposition is None:
        return (FieldError(field="disposition", code=ErrorCode.DISPOSITION_NEEDED),)
    if disposition is Close.NO_REPLY_NEEDED and not note:
        return (FieldError(field="note", code=ErrorCode.NOTE_NEEDED),)
    return (FieldError(field="note", code=ErrorCode.TOO_LONG),) if len(note) > NOTE_LENGTH else ()


@staff_only
async def judge_finding(request: web.Request) -> web.StreamResponse:
    """Say that a finding is right or wrong; it stays in the record either way (SEN-13)."""
    here, task, form = visit(request), id_of(request, "task"), dict(await form_of(request))
    answer, number = word_of(form, "answer"), word_of(form, "finding")
    if answer not in {labels.CONFIRMED, labels.REFUTED}:
        raise InvalidError("answer", "unknown")
    dossier = await open_dossier(here, task)
    finding = next((one for one in dossier.findings if str(one.number) == number), None)
    if finding is None:
        raise NotFoundError(number)
    confirmed = answer == labels.CONFIRMED
    said = finding.said(confirmed=confirmed)
    try:
        await labels.label(here.means, here.clinic, here.who, task, said, dossier.opened.exchanges, here.now)
    except ConflictError:
        return here.go(_path(request), *CHANGED)
    code = FlashCode.FINDING_CONFIRMED if confirmed else FlashCode.FINDING_REFUTED
    return here.go(f"{_path(request)}#finding-{number}", code)
