"""Taking a consent back for a patient who says so at the counter, on the telephone or on paper (CON-13).

As short as can be: a withdrawal is never made hard. The patient finds its receipt in the inbox.
"""

from typing import Final
from uuid import UUID

from aiohttp import web

from consent.ending import agreed
from consent.model import Act, Category, Channel, Method
from messaging_server.broker import permission
from messaging_server.broker.directory import open_name
from messaging_server.broker.permission import Given
from messaging_server.errors import NotFoundError
from messaging_server.storage.queries import people as queries
from messaging_server.storage.queries.people import Patient
from messaging_server.web import enrolling, witness
from messaging_server.web.choices import Target, target_of
from messaging_server.web.fields import id_of
from messaging_server.web.posted import Fields, posted
from messaging_server.web.views.frame import ErrorCode, FlashCode, FlashKind, Nav
from messaging_server.web.views.people import TakeBack
from messaging_server.web.visit import Visit, staff_only, visit

PATH: Final = "/staff/people/{person}/withdrawal"
HEARD: Final = (Method.VERBAL, Method.SIGNED_FORM)
EVERYTHING: Final = "all"
NOTE_LENGTH: Final = 4_000


def routes() -> list[web.RouteDef]:
    """Where these pages are."""
    return [web.get(PATH, begin), web.post(PATH, record)]


@staff_only
async def begin(request: web.Request) -> web.StreamResponse:
    """What is in force, and nothing chosen beforehand."""
    here = visit(request)
    patient = await _patient(here, id_of(request, "person"))
    await witness.looked(here, patient.person.id)
    return _page(here, patient, Fields({}))


async def _patient(here: Visit, person_id: UUID) -> Patient:
    patient = await here.means.database.read(lambda c: queries.patient(c, here.clinic.id, person_id, here.now))
    if patient is None:
        raise NotFoundError(str(person_id))
    return patient


def _page(here: Visit, patient: Patient, form: Fields) -> web.Response:
    known, method = agreed(patient.consents, here.now), form.text("method", 20)
    view = TakeBack(
        person=patient.person.id, name=open_name(here.means.keys, patient.person).full,
        birth_date=enrolling.born(here, patient.person), method=Method(method) if method in HEARD else None,
        note=form.text("note", NOTE_LENGTH), channel=form.text("channel", 10), category=form.text("category", 30),
        channels=tuple(channel for channel in Channel if any(cell.channel is channel for cell in known)),
        categories=tuple(category for category in Category if any(cell.category is category for cell in known)),
        errors=form.found,
    )  # fmt: skip
    return here.page("staff/take_back", view, status=422 if form.errors else 200, current=Nav.PEOPLE)


@staff_only
async def record(request: web.Request) -> web.StreamResponse:
    """Record it at once; what is no longer in force is not taken back a second time."""
    here, person_id, form = visit(request), id_of(request, "person"), await posted(request)
    patient = await _patient(here, person_id)
    target = _target(form)
    if form.errors or target is None:
        return _page(here, patient, form)
    if not any(target.touches(cell) for cell in agreed(patient.consents, here.now)):
        return here.go(f"/staff/people/{person_id}", FlashCode.CHANGED_MEANWHILE, FlashKind.NOTE)
    given = Given(
        act=Act.WITHDRAWN, method=Method(form.text("method", 20)), channels=target.channels, scope=target.scope,
        language=patient.person.language, note=form.text("note", NOTE_LENGTH),
    )  # fmt: skip
    await permission.record(here.means, here.clinic, here.who, person_id, given, here.now)
    return here.go(f"/staff/people/{person_id}", FlashCode.WITHDRAWAL_RECORDED)


def _target(form: Fields) -> Target | None:
    """What is taken back; a way must be named, or all of them by name: nothing is withdrawn by silence."""
    channel, category, method = form.text("channel", 10), form.text("category", 30), form.text("method", 20)
    if channel not in {EVERYTHING, *Channel}:
        form.wrong("channel", ErrorCode.CHOOSE_ONE)
    if category not in {EVERYTHING, *Category}:
        form.wrong("category", ErrorCode.CHOOSE_ONE)
    if method not in HEARD:
        form.wrong("method", ErrorCode.CHOOSE_ONE)
    form.text("note", NOTE_LENGTH)
    if form.errors:
        return None
    named = {"channel": channel, "category": category}
    return target_of({name: "" if word == EVERYTHING else word for name, word in named.items()})
