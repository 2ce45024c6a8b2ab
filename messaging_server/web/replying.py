"""Answering: the composer, the second look, the minute to take a reply back (EOU-16, SEN-04 to SEN-07)."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Final
from uuid import UUID

from aiohttp import web

from messaging_server.broker import converting, outbound, recalling, reviewing
from messaging_server.broker.clinic import language_of
from messaging_server.broker.directory import open_name, open_profile
from messaging_server.broker.notices import Conversion
from messaging_server.broker.reviewing import Reply, Review
from messaging_server.errors import ConflictError, InvalidError, NotAllowedError, NotFoundError
from messaging_server.message import Attachment
from messaging_server.record import reading
from messaging_server.storage.database import Connection
from messaging_server.storage.queries import board as queries
from messaging_server.storage.queries import people as people_queries
from messaging_server.storage.queries import replies
from messaging_server.storage.queries.board import Waiting
from messaging_server.storage.queries.replies import OwnReply
from messaging_server.texts import Language
from messaging_server.web import inserting, item, rows
from messaging_server.web.advice import remarks
from messaging_server.web.composing import errors_of, stop_of, way_of
from messaging_server.web.dossier import open_dossier
from messaging_server.web.draft import Draft
from messaging_server.web.fields import form_of, id_of
from messaging_server.web.uploads import again, attached, offered
from messaging_server.web.views.frame import (
    ErrorCode,
    FaultPage,
    FieldError,
    Flash,
    FlashCode,
    FlashKind,
    Nav,
    PageFault,
)
from messaging_server.web.views.item import Confirm, Remark, Sending
from messaging_server.web.visit import Visit, staff_only, visit
from triage.model import Direction, Part
from triage.screen import assess

CONVERSIONS: Final[Mapping[str, Conversion]] = {"convert_call": Conversion.CALL, "convert_visit": Conversion.VISIT}
_WHO: Final = FieldError(field="right_person", code=ErrorCode.IDENTITY_NOT_CONFIRMED)
_LOST: Final = (FieldError(field="body", code=ErrorCode.FILES_AGAIN),)
"""The files of a reply that goes back to its author: no page can give them back, and none must be missed (ACC-03)."""
_UNCHECKED: Final = FieldError(field="files_checked", code=ErrorCode.FILES_NOT_CHECKED)
SENT_TWICE: Final = timedelta(minutes=10)
"""How long the same reply sent again is taken for a second click and not for a new reply."""


def routes() -> list[web.RouteDef]:
    """Where these pages are."""
    return [
        web.post("/staff/items/{task}/reply", look),
        web.post("/staff/items/{task}/confirm", confirm),
        web.get("/staff/deliveries/{exchange}", show_sending),
        web.post("/staff/deliveries/{exchange}/cancel", cancel),
        web.post("/staff/hint", hint),
    ]


@staff_only
async def look(request: web.Request) -> web.StreamResponse:
    """From the composer: the second look, or what is to be put right first; or a call or a visit instead."""
    here, task, form = visit(request), id_of(request, "task"), dict(await form_of(request))
    action, version = form.get("action", "preview"), item.version_of(form)
    draft = Draft.of(form | {"overriding": "yes" if action == "override" else ""})
    if action in CONVERSIONS:
        return await _convert(here, task, version, draft, CONVERSIONS[action])
    if action in {"insert_model", "insert_other"}:
        return await _insert(here, task, draft, other=action == "insert_other")
    return await _second_look(here, task, version, draft)


async def _insert(here: Visit, task: UUID, draft: Draft, *, other: bool) -> web.Response:
    """A prepared text in the patient's language, or in the other one where its author asks for it (ETQ-11)."""
    dossier = await open_dossier(here, task)
    theirs = language_of(dossier.ground.patient.person.language if dossier.ground.patient else "", here.clinic)
    filled, errors = await inserting.insert(here, draft, theirs.other if other else theirs)
    return await item.page(here, dossier, draft=filled, errors=errors)


async def _convert(here: Visit, task: UUID, version: int, draft: Draft, to: Conversion) -> web.Response:
    """A call or a visit instead; what was typed stays on the page, for it helps whoever calls (ETQ-07)."""
    try:
        await converting.convert(here.means, here.clinic, here.who, task, to, version, here.now)
    except ConflictError:
        return conflict(here, draft)
    if not draft.body:
        return here.go(f"/staff/items/{task}", FlashCode.CONVERTED)
    done = replace(here, flash=Flash(kind=FlashKind.DONE, code=FlashCode.CONVERTED))
    return await item.page(done, await open_dossier(here, task), draft=draft)


async def _second_look(
    here: Visit, task: UUID, version: int, draft: Draft, extra: tuple[FieldError, ...] = (), *,
    files: tuple[Attachment, ...] = (),
) -> web.Response:  # fmt: skip
    reply = draft.reply(task, version, files, checked=True)
    try:
        review = await reviewing.review(here.means, here.clinic, here.who, reply, here.now)
    except ConflictError:
        return conflict(here, draft)
    errors, blocked = errors_of(draft, review), stop_of(draft, review)
    if errors or blocked:
        told = (*errors, *(_LOST if files else ()))
        return await item.page(here, await open_dossier(here, task), draft=draft, blocked=blocked, errors=told)
    found = await _patient_of(here, task)
    way, address = way_of(here, review.notified_by)
    language = language_of(found.language, here.clinic)
    view = Confirm(
        task=task, version=version, form_id=draft.form_id, to_name=open_name(here.means.keys, found).full,
        birth_date=rows.birth_date(open_profile(here.means.keys, found).birth_date) or rows.today(here), way=way,
        way_address=address, subject=draft.subject, text=review.final_text, hidden=draft.hidden,
        delay=here.clinic.policy.send_delay_seconds, warnings=_remarks(draft, review), errors=extra,
        files=offered(here.site.files),
        announced=reviewing.announced(here.means, here.clinic, review, language, here.now), language=language,
    )  # fmt: skip
    return here.page("staff/confirm", view, status=422 if extra else 200, current=Nav.BOARD)


def _remarks(draft: Draft, review: Review) -> tuple[Remark, ...]:
    return remarks(draft.subject, draft.text, review.assessment)


async def _patient_of(here: Visit, task: UUID) -> people_queries.PersonRow:
    found = await here.means.database.read(lambda c: queries.one(c, here.clinic.id, task))
    if found is None or found.person is None:
        raise NotFoundError(str(task))
    return found.person


def conflict(here: Visit, draft: Draft) -> web.Response:
    """Somebody was faster, or the patient wrote again: nothing was sent, and the text is given back (T-38)."""
    view = FaultPage(fault=PageFault.CONFLICT, kept_text=draft.text)
    return here.page("fault", view, status=409)


@staff_only
async def confirm(request: web.Request) -> web.StreamResponse:
    """From the second look: send it, or go on writing."""
    here, task, form = visit(request), id_of(request, "task"), dict(await form_of(request))
    draft, version = Draft.of(form), item.version_of(form)
    if form.get("action") == "edit":
        return await item.page(here, await open_dossier(here, task), draft=draft)
    if draft.faults():
        return await _second_look(here, task, version, draft)
    files, wrong = attached(request)
    checked = form.get("files_checked") == "yes"
    unsure = (
        *wrong, *((_UNCHECKED,) if files and not checked else ()),
        *(() if form.get("right_person") == "yes" else (_WHO,)),
    )  # fmt: skip
    if unsure:
        return await _second_look(here, task, version, draft, again(request, unsure))
    return await _send(here, draft, draft.reply(task, version, files, checked=checked))


async def _send(here: Visit, draft: Draft, reply: Reply) -> web.Response:
    task, version = reply.task, reply.version
    try:
        sent = await outbound.send(here.means, here.clinic, here.who, reply, here.now)
    except ConflictError:
        before = await _sent_before(here, reply)
        return here.go(f"/staff/deliveries/{before}") if before else conflict(here, draft)
    except (InvalidError, NotAllowedError):
        # Consent or the profile changed since the second look, or a file says what the text did not.
        return await _second_look(here, task, version, draft, files=reply.attachments)
    return here.go(f"/staff/deliveries/{sent.exchange}")


async def _sent_before(here: Visit, reply: Reply) -> UUID | None:
    """The reply that the same words already became: a second click sends nothing twice, and loses nothing."""
    waiting = await here.means.database.read(lambda c: queries.one(c, here.clinic.id, reply.task))
    if waiting is None:
        return None
    thread, since = waiting.task.thread_id, here.now - SENT_TWICE
    own = await here.means.database.read(lambda c: replies.own_replies_in(c, thread, here.who.account, since))
    if not own or own[0].answers != waiting.task.exchange_id or own[0].state != "filed":
        return None
    opened = await reading.open_own(here.means.database, here.who, own[0].exchange, here.now)
    said = opened.exchanges[0].content
    files = [(file.filename, len(file.content)) for file in reply.attachments]
    same = said.subject == reply.subject and said.text.startswith(reply.text)
    same = same and files == [(note.filename, note.size) for note in said.files]
    return own[0].exchange if same else None


@staff_only
async def show_sending(request: web.Request) -> web.StreamResponse:
    """A reply that leaves in a moment, and the button that takes it back."""
    here, exchange = visit(request), id_of(request, "exchange")
    reply, waiting, after, told = await here.means.database.read(lambda c: _sending(c, here, exchange))
    if waiting.person is None:
        raise NotFoundError(str(exchange))
    left = max(timedelta(0), reply.leaves_at - here.now)
    way, address = way_of(here, told)
    view = Sending(
        exchange=exchange, task=waiting.task.id, to_name=open_name(here.means.keys, waiting.person).full, way=way,
        way_address=address, leaves_at=here.clinic.local(reply.leaves_at), seconds=-int(-left.total_seconds() // 1),
        next=after,
    )  # fmt: skip
    return here.page("staff/sending", view, current=Nav.BOARD)


def _sending(
    connection: Connection, here: Visit, exchange: UUID
) -> tuple[OwnReply, Waiting, UUID | None, tuple[people_queries.AddressRow, ...]]:
    own = replies.own_replies(connection, here.clinic.id, here.who.account, exchange)
    task = replies.task_of_reply(connection, own[0].thread, own[0].answers) if own else None
    waiting = queries.one(connection, here.clinic.id, task) if task else None
    if waiting is None:
        raise NotFoundError(str(exchange))
    _, after = queries.neighbours(connection, waiting.task, rows.queues_of(here), here.now)
    return own[0], waiting, after, people_queries.told_by(connection, here.clinic.id, exchange)


@staff_only
async def cancel(request: web.Request) -> web.StreamResponse:
    """Take one's own reply back while it has not left; its words are in the composer again (EOU-16)."""
    here, exchange = visit(request), id_of(request, "exchange")
    try:
        task = await recalling.cancel(here.means, here.clinic, here.who, exchange, here.now)
    except ConflictError:
        return here.go(f"/staff/deliveries/{exchange}", FlashCode.TOO_LATE_TO_CANCEL, FlashKind.PROBLEM)
    return here.go(f"/staff/items/{task}", FlashCode.SEND_CANCELLED)


@staff_only
async def hint(request: web.Request) -> web.StreamResponse:
    """Remarks on what is being written, as JSON; the same screening runs again before anything is sent (ETQ-06)."""
    here, draft = visit(request), Draft.of(dict(await form_of(request)))
    if any(error.code is ErrorCode.TOO_LONG for error in draft.faults()):
        return web.json_response({"remarks": []})
    found = assess(
        [Part("subject", draft.subject), Part("text", draft.text)], direction=Direction.OUTBOUND,
        language=here.language, ruleset=here.clinic.ruleset,
    )  # fmt: skip
    told = [
        {"code": remark.code, "words": remark.words, "text": _in_words(here, remark)}
        for remark in remarks(draft.subject, draft.text, found)
    ]
    return web.json_response({"remarks": told})


def _in_words(here: Visit, remark: Remark) -> str:
    def word(key: str, **values: str) -> str:
        return here.means.texts.gettext(Language(here.language), key, **values)

    said = word(f"remark.{remark.code}")
    return f"{said} {word('finding.quoted', words=remark.words)}" if remark.words else said
