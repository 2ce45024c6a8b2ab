"""Asking the clinic something: is it urgent, then the message, then the certainty that it is kept (ACK-18, TRN-11).

What was typed is never lost: it comes back with every error, and even when the session has ended (ACC-03).
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import wraps
from hashlib import sha256
from typing import Final
from uuid import UUID

from aiohttp import web

from consent.model import Channel
from messaging_server.broker import inbound, own_words
from messaging_server.broker.case import Disposition
from messaging_server.broker.receipt import Receipt
from messaging_server.broker.saying import notice_facts
from messaging_server.errors import ConflictError, NotFoundError, UnavailableError
from messaging_server.message import AccountId, Attachment, IncomingMessage, Pause, ThreadId
from messaging_server.record import reading
from messaging_server.record.opened import OpenedThread
from messaging_server.storage.queries import inbox as queries
from messaging_server.web import conversation
from messaging_server.web.conversation import MESSAGE_LENGTH
from messaging_server.web.fields import form_of, id_of, missing_or_long, new_form_id, word_of
from messaging_server.web.progress import promised_to
from messaging_server.web.uploads import POSTED, again, attached, offered
from messaging_server.web.views.frame import ErrorCode, FaultPage, FieldError, Nav, PageFault
from messaging_server.web.views.patient import Reason, Sent, UrgentFirst, Write
from messaging_server.web.visit import Visit, cookie_name, patients_only, visit
from triage.model import Assessment, Priority

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
SUBJECT_LENGTH: Final = 300
ASKED: Final = "not-urgent"
"""The cookie that remembers, for this session and a while, that the question of urgency was answered."""
ASKED_SECONDS: Final = 3600
_NOT_CONFIRMED: Final = FieldError(field="not_urgent", code=ErrorCode.CONFIRM_NOT_URGENT)


def routes() -> list[web.RouteDef]:
    """Where these pages are."""
    return [
        web.get("/write", show_urgent), web.post("/write", answer_urgent),
        web.get("/write/message", show_message), web.post("/write/message", send_message),
        web.post("/threads/{thread}/reply", send_reply), web.get("/sent/{exchange}", show_sent),
    ]  # fmt: skip


def keeps_words(handler: Handler) -> Handler:
    """Give back what was typed when it cannot be taken: the session has ended, or the server cannot write now."""

    @wraps(handler)
    async def guarded(request: web.Request) -> web.StreamResponse:
        here = visit(request)
        if here.reader is None:
            return await _given_back(request, 403, PageFault.EXPIRED)
        try:
            return await handler(request)
        except UnavailableError:
            return await _given_back(request, 503, PageFault.UNAVAILABLE)
        except ConflictError:
            return await _given_back(request, 409, PageFault.CONFLICT)

    return guarded


async def _given_back(request: web.Request, status: int, kind: PageFault) -> web.Response:
    form, posted = await form_of(request), request.get(POSTED)
    text = form.get("message") or form.get("phrase") or None
    view = FaultPage(fault=kind, kept_text=text, files_again=posted is not None and posted.any)
    return visit(request).page("fault", view, status=status)


@patients_only
async def show_urgent(request: web.Request) -> web.StreamResponse:
    """Is this urgent? The local numbers come before any field to write in."""
    here = visit(request)
    return here.page("patient/urgent_first", _urgent(here), current=Nav.WRITE)


def _urgent(here: Visit, errors: tuple[FieldError, ...] = ()) -> UrgentFirst:
    facts = notice_facts(here.clinic, here.language, here.now)
    return UrgentFirst(lines=facts.lines, walk_in=facts.walk_in or "", errors=errors)


@patients_only
async def answer_urgent(request: web.Request) -> web.StreamResponse:
    """Go on to the message once the person has said that it can wait."""
    here = visit(request)
    if word_of(await form_of(request), "not_urgent") != "yes":
        return here.page("patient/urgent_first", _urgent(here, (_NOT_CONFIRMED,)), status=422, current=Nav.WRITE)
    answer = here.go("/write/message")
    answer.set_cookie(
        cookie_name(here.site, ASKED), _mark(here), max_age=ASKED_SECONDS, httponly=True, samesite="Lax",
        secure=here.site.secure, path="/",
    )  # fmt: skip
    return answer


def _mark(here: Visit) -> str:
    """A mark that only this session's answer has: on a shared computer the next person is asked again."""
    return here.csrf[:16]


@patients_only
async def show_message(request: web.Request) -> web.StreamResponse:
    """The form of a new request; whoever was not asked yet is asked first."""
    here = visit(request)
    if request.cookies.get(cookie_name(here.site, ASKED)) != _mark(here):
        return here.go("/write")
    return here.page("patient/write", _empty(here), current=Nav.WRITE)


def _empty(here: Visit, reason: Reason | None = None) -> Write:
    return Write(
        form_id=new_form_id(), max_length=MESSAGE_LENGTH, readers=here.clinic.policy.access[here.language],
        files=offered(here.site.files),
        expected=here.clinic.local(expected(here, reason)), reason=reason,
    )  # fmt: skip


def expected(here: Visit, reason: Reason | None) -> datetime:
    """When an answer may be counted on if it is sent now: the latest of the queues that it may go to (TRN-11)."""
    chosen = inbound.CHOSEN_QUEUES[reason] if reason else None
    queues = here.clinic.policy.queues
    return max(
        here.clinic.calendar.due(here.now, queue) for name, queue in queues.items() if chosen in {None, name}
    )


@keeps_words
@patients_only
async def send_message(request: web.Request) -> web.StreamResponse:
    """Take a new request in; the same form sent twice is one message (EIN-06)."""
    here, form = visit(request), await form_of(request)
    chosen = word_of(form, "reason")
    reason = Reason(chosen) if chosen in set(Reason) else None
    files, wrong = attached(request)
    errors = again(request, (
        *(() if reason else (FieldError(field="reason", code=ErrorCode.CHOOSE_ONE),)),
        *missing_or_long(form, "subject", SUBJECT_LENGTH), *missing_or_long(form, "message", MESSAGE_LENGTH), *wrong,
    ))  # fmt: skip
    private = word_of(form, "private") == "yes"
    if errors or reason is None:
        view = replace(
            _empty(here, reason), form_id=_form_id(form), subject=form.get("subject", ""),
            message=form.get("message", ""), private=private, errors=errors,
        )  # fmt: skip
        return here.page("patient/write", view, status=422, current=Nav.WRITE)
    message = _message(here, form, files, subject=form["subject"], reason=reason.value, private=private)
    return await _take_in(here, message)


async def _take_in(here: Visit, message: IncomingMessage) -> web.Response:
    """Hand a message to the broker with what its author holds to be sensitive: here the keys are at hand (SEN-09)."""
    own = await own_words.own(here.means, here.clinic, here.who)
    told = replace(message, own_words=tuple(own.values()))
    return _afterwards(here, await inbound.receive(here.means, here.clinic, told))


def _form_id(form: Mapping[str, str]) -> str:
    return word_of(form, "form_id") or new_form_id()


def _message(
    here: Visit, form: Mapping[str, str], files: tuple[Attachment, ...], *, subject: str = "",
    reason: str | None = None, private: bool = False, thread: UUID | None = None,
) -> IncomingMessage:  # fmt: skip
    return IncomingMessage(
        clinic=here.clinic.id, channel=Channel.WEB, received_at=here.now, subject=subject, new_text=form["message"],
        idempotency=here.who.account.bytes + _form_id(form).encode() + _said(form, subject, files),
        account=AccountId(here.who.account), attachments=files, thread=ThreadId(thread) if thread else None,
        reason=reason, private=private,
    )  # fmt: skip


def _said(form: Mapping[str, str], subject: str, files: tuple[Attachment, ...]) -> bytes:
    """A digest of what is said: the same form with other words or files is another message, and is not lost."""
    pieces = [subject.encode(), form["message"].encode(), *(file.content for file in files)]
    return sha256(b"".join(sha256(piece).digest() for piece in pieces)).digest()


def _afterwards(here: Visit, receipt: Receipt) -> web.Response:
    """Where to go once it is kept: what is held without a consent has its own answer in the conversation (CON-04)."""
    grave = receipt.assessment.priority is Priority.STAT
    if receipt.disposition is Disposition.HELD and receipt.thread and not grave:
        return here.go(f"/threads/{receipt.thread}")
    return here.go(f"/sent/{receipt.exchange}")


@keeps_words
@patients_only
async def send_reply(request: web.Request) -> web.StreamResponse:
    """Answer in a conversation; the mark of privacy of the conversation goes with it (SEN-09)."""
    here, form, thread = visit(request), await form_of(request), id_of(request, "thread")
    own = await here.means.database.read(lambda c: queries.own_thread(c, here.clinic.id, here.who.person, thread))
    if own is None:
        raise NotFoundError(str(thread))
    if own.state != "open":
        raise ConflictError("closed")
    confirmed = word_of(form, "not_urgent") == "yes"
    files, wrong = attached(request)
    missing = (*missing_or_long(form, "message", MESSAGE_LENGTH), *wrong)
    errors = again(request, (*missing, *(() if confirmed else (_NOT_CONFIRMED,))))
    if errors:
        view = await conversation.open_view(
            here, thread, form_id=_form_id(form), message=form.get("message", ""), errors=errors
        )
        return here.page("patient/thread", view, status=422, current=Nav.INBOX)
    return await _take_in(here, _message(here, form, files, thread=thread, private=own.private))


@dataclass(frozen=True, slots=True)
class _Kept:
    """One's own message with what can be said about it now."""

    opened: OpenedThread
    task: queries.TaskRow | None
    found: Assessment
    pauses: tuple[Pause, ...]


@patients_only
async def show_sent(request: web.Request) -> web.StreamResponse:
    """Certainty: it is kept, by when it will be answered, and first of all what to do if it looked like an emergency.

    The message is screened once more here, so that neither the address nor a cookie has to say what it was about.
    """
    here, exchange = visit(request), id_of(request, "exchange")
    opened = await reading.open_own(here.means.database, here.who, exchange, here.now)
    thread = opened.row.id
    task = (await here.means.database.read(lambda c: queries.newest_tasks(c, [thread]))).get(thread)
    found = await conversation.screened(here, opened.exchanges[0], private=opened.row.private)
    kept = _Kept(opened, task, found, await conversation.missed(here))
    return here.page("patient/sent", _sent(here, kept), current=Nav.INBOX)


def _sent(here: Visit, kept: _Kept) -> Sent:
    row, clinic = kept.opened.exchanges[0].row, here.clinic
    facts = notice_facts(clinic, here.language, here.now)
    opens = clinic.calendar.reopens(here.now)
    return Sent(
        exchange=row.id, thread=kept.opened.row.id, received=clinic.local(row.created_at),
        due=clinic.local(promised_to(clinic, kept.task, row.created_at)), phone_hours=facts.phone_hours or "",
        other_contact=facts.other_contact or "", lines=facts.lines, walk_in=facts.walk_in or "",
        closed_until=clinic.local(opens) if opens else None, pauses=kept.pauses,
        emergency=conversation.emergency_card(here, kept.found, kept.task), sensitive=bool(kept.found.topics),
    )  # fmt: skip
