"""Recording a consent given in person: on paper, or by word with a note of what was explained (CON-08, CON-14)."""

from dataclasses import replace
from typing import Final
from uuid import UUID

from aiohttp import web

from consent.model import Act, Category, Channel, Method, Scope
from messaging_server.broker import files, permission
from messaging_server.broker.directory import open_name
from messaging_server.broker.evidence import KINDS
from messaging_server.broker.permission import Given
from messaging_server.errors import NotAllowedError, NotFoundError
from messaging_server.message import Attachment
from messaging_server.storage.database import Connection
from messaging_server.storage.queries import people as queries
from messaging_server.storage.queries.people import Patient
from messaging_server.web import consent_answers, enrolling, uploads, witness
from messaging_server.web.agreed import offered, values_of
from messaging_server.web.consent_answers import Answers
from messaging_server.web.fields import id_of
from messaging_server.web.posted import Fields, posted
from messaging_server.web.views.account import ConsentAnswer
from messaging_server.web.views.files import FileOffer
from messaging_server.web.views.frame import ErrorCode, FieldError, FlashCode, FlashKind, Nav
from messaging_server.web.views.people import RecordConsent
from messaging_server.web.visit import Visit, staff_only, visit

IN_PERSON: Final = (Method.SIGNED_FORM, Method.VERBAL)
NOTE_LENGTH: Final = 4_000
PATH: Final = "/staff/people/{person}/consent"
_NO_SCAN: Final = FieldError(field=uploads.FIELD, code=ErrorCode.SCAN_KIND)


def routes() -> list[web.RouteDef]:
    """Where these pages are."""
    return [web.get(PATH, begin), web.post(PATH, record)]


@staff_only
async def begin(request: web.Request) -> web.StreamResponse:
    """What must be explained, and an empty matrix: nothing is chosen beforehand (CON-16)."""
    here = visit(request)
    patient, version = await here.means.database.read(lambda c: _load(c, here, id_of(request, "person")))
    await witness.looked(here, patient.person.id)
    return _page(here, patient, version, Fields({}))


def _load(connection: Connection, here: Visit, person_id: UUID) -> tuple[Patient, int]:
    patient = queries.patient(connection, here.clinic.id, person_id, here.now)
    version = queries.text_version(connection, here.clinic.id)
    if patient is None:
        raise NotFoundError(str(person_id))
    if version is None:
        raise NotAllowedError("no_consent_text")
    return patient, version


def _page(
    here: Visit, patient: Patient, version: int, form: Fields, errors: tuple[FieldError, ...] = ()
) -> web.Response:
    method = form.text("method", 20)
    view = RecordConsent(
        person=patient.person.id, name=open_name(here.means.keys, patient.person).full,
        birth_date=enrolling.born(here, patient.person), method=Method(method) if method in IN_PERSON else None,
        note=form.text("note", NOTE_LENGTH), text_version=version, errors=(*form.found, *errors),
        scan=_scan_offer(here),
        channels=consent_answers.matrix(consent_answers.read(form), offered(here), values_of(here, patient.addresses)),
    )  # fmt: skip
    return here.page("staff/record_consent", view, status=422 if view.errors else 200, current=Nav.PEOPLE)


def _scan_offer(here: Visit) -> FileOffer | None:
    """One file, of the kinds that a scanner makes."""
    accept = ",".join(f".{ending}" for kind in sorted(KINDS) for ending in files.ENDINGS[kind])
    offer = uploads.offered(here.site.files)
    return replace(offer, most=1, accept=accept) if offer else None


def _scan(request: web.Request) -> tuple[Attachment | None, tuple[FieldError, ...]]:
    """The scan that came with the form, or what is wrong with it."""
    found, errors = uploads.attached(request)
    if any(error.code is ErrorCode.FILE_KIND for error in errors) or len(found) > 1:
        return None, (_NO_SCAN,)
    if errors or not found:
        return None, errors
    return (found[0], ()) if found[0].media_type in KINDS else (None, (_NO_SCAN,))


@staff_only
async def record(request: web.Request) -> web.StreamResponse:
    """Add what was said to the register; a channel that was not spoken of stays as it was (CON-12)."""
    here, person_id, form = visit(request), id_of(request, "person"), await posted(request)
    patient, version = await here.means.database.read(lambda c: _load(c, here, person_id))
    if form.text("text_version", 9) != str(version):
        # Another text was published meanwhile: what was explained is not what would be recorded (CON-07).
        return here.go(PATH.format(person=person_id), FlashCode.CHANGED_MEANWHILE, FlashKind.PROBLEM)
    answers = consent_answers.read(form)
    spoken = _check(here, form, answers)
    scan, wrong = _scan(request)
    if form.errors or wrong:
        return _page(here, patient, version, form, wrong or uploads.again(request, form.found)[len(form.found) :])
    acts = _with_scan(_acts(form, answers, spoken, patient.person.language), scan)
    await permission.record_all(here.means, here.clinic, here.who, person_id, acts, here.now)
    return here.go(f"/staff/people/{person_id}", FlashCode.CONSENT_RECORDED)


def _check(here: Visit, form: Fields, answers: Answers) -> frozenset[Channel]:
    """Note what is missing; gives the channels that were spoken of, each of them cell by cell."""
    if form.text("method", 20) not in IN_PERSON:
        form.wrong("method", ErrorCode.CHOOSE_ONE)
    if not form.text("note", NOTE_LENGTH):
        form.wrong("note", ErrorCode.NOTE_NEEDED)
    spoken = frozenset(cell.channel for cell in answers.cells if cell.channel in offered(here))
    if not spoken:
        form.wrong(f"consent.{offered(here)[0]}.{Category.APPOINTMENTS}", ErrorCode.CHOOSE_ONE)
    for cell in (Scope(channel, category) for channel in Channel if channel in spoken for category in Category):
        if cell not in answers.cells:
            form.wrong(f"consent.{cell.channel}.{cell.category}", ErrorCode.CHOOSE_ONE)
    if form.text("explained", 3) != "yes":
        form.wrong("explained", ErrorCode.REQUIRED)
    return spoken


def _acts(form: Fields, answers: Answers, spoken: frozenset[Channel], language: str) -> tuple[Given, ...]:
    """That the explanations were given, what was agreed, and what was refused as a whole (CON-14)."""
    scope = frozenset(
        cell for cell, answer in answers.cells.items() if answer is ConsentAnswer.ACCEPT and cell.channel in spoken
    )
    agreed = frozenset(cell.channel for cell in scope)
    nothing = frozenset[Scope]()
    said = ((Act.INFORMED, spoken, nothing), (Act.ACCEPTED, agreed, scope), (Act.REFUSED, spoken - agreed, nothing))
    return tuple(
        Given(
            act=act, method=Method(form.text("method", 20)), channels=channels, scope=cells, language=language,
            note=form.text("note", NOTE_LENGTH),
        )
        for act, channels, cells in said
        if channels
    )  # fmt: skip


def _with_scan(acts: tuple[Given, ...], scan: Attachment | None) -> tuple[Given, ...]:
    """The scan belongs to what was decided: to the agreement where there is one, else to the refusal."""
    deciding = min(acts, key=lambda given: (Act.ACCEPTED, Act.REFUSED, Act.INFORMED, Act.WITHDRAWN).index(given.act))
    return tuple(replace(given, evidence=scan) if given is deciding else given for given in acts)
