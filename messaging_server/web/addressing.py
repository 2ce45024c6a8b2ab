"""A patient's addresses at the counter: adding one, proving it, removing it (DIR-03, IDN-11, CON-24)."""

from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from aiohttp import web

from consent.model import Channel
from consent.register import standing
from messaging_server.broker import addressing, verification
from messaging_server.broker.addressing import NewAddress
from messaging_server.broker.directory import open_name
from messaging_server.errors import InvalidError, NotFoundError
from messaging_server.storage.database import Connection
from messaging_server.storage.queries import choices as address_queries
from messaging_server.storage.queries import people as queries
from messaging_server.storage.queries.people import AddressRow, Patient
from messaging_server.web import witness
from messaging_server.web.agreed import address_view, offered
from messaging_server.web.choices import CODE_LENGTH
from messaging_server.web.entering import account_of
from messaging_server.web.fields import id_of
from messaging_server.web.passwords import check_current
from messaging_server.web.posted import Fields, posted
from messaging_server.web.views.frame import ErrorCode, FlashCode, Nav
from messaging_server.web.views.people import AddAddress, OneAddress, RemoveAddress
from messaging_server.web.visit import Visit, staff_only, visit

PATH: Final = "/staff/people/{person}/addresses"
REACHED: Final = (Channel.EMAIL, Channel.SMS)
"""The ways that lead to an address; the inbox needs none."""
_WRONG: Final = {
    "not_an_address": ErrorCode.NOT_AN_EMAIL, "not_a_number": ErrorCode.NOT_A_PHONE,
    "already_used": ErrorCode.ADDRESS_TAKEN, "not_attested": ErrorCode.NOT_ATTESTED,
}  # fmt: skip


def routes() -> list[web.RouteDef]:
    """Where these pages are."""
    one = PATH + "/{address}"
    return [
        web.get(PATH, begin), web.post(PATH, add), web.get(one, show), web.post(one, confirm),
        web.post(f"{one}/code", send_code), web.get(f"{one}/remove", ask_remove), web.post(f"{one}/remove", remove),
    ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Found:
    patient: Patient
    row: AddressRow
    waiting: int = 0
    name: str = field(default="", repr=False)


async def _patient(here: Visit, person: UUID) -> Patient:
    found = await here.means.database.read(lambda c: queries.patient(c, here.clinic.id, person, here.now))
    if found is None:
        raise NotFoundError(str(person))
    await witness.looked(here, person)
    return found


async def _found(here: Visit, request: web.Request) -> _Found:
    """One address of this patient; somebody else's does not exist."""
    person, address = id_of(request, "person"), id_of(request, "address")

    def query(connection: Connection) -> tuple[AddressRow | None, int]:
        row = address_queries.own_address(connection, here.clinic.id, person, address)
        return row, address_queries.waiting_for(connection, address)

    patient = await _patient(here, person)
    row, waiting = await here.means.database.read(query)
    if row is None:
        raise NotFoundError(str(address))
    return _Found(patient, row, waiting, open_name(here.means.keys, patient.person).full)


@staff_only
async def begin(request: web.Request) -> web.StreamResponse:
    """An empty form."""
    here = visit(request)
    return _ask(here, await _patient(here, id_of(request, "person")), Fields({}))


def _ask(here: Visit, patient: Patient, form: Fields) -> web.Response:
    channel = form.text("channel", 10)
    view = AddAddress(
        person=patient.person.id, name=open_name(here.means.keys, patient.person).full,
        channels=tuple(one for one in REACHED if one in offered(here)),
        channel=Channel(channel) if channel in REACHED else None, value=form.text("value"),
        personal=form.text("personal", 3) == "yes", tells=len(patient.addresses), errors=form.found,
    )  # fmt: skip
    return here.page("staff/add_address", view, status=_status(form), current=Nav.PEOPLE)


def _status(form: Fields) -> int:
    late = any(error.code is ErrorCode.TOO_MANY_TRIES for error in form.errors)
    return 429 if late else 422 if form.errors else 200


@staff_only
async def add(request: web.Request) -> web.StreamResponse:
    """Add it, told to the old ones; it is used once it is proven and agreed to."""
    here, person, form = visit(request), id_of(request, "person"), await posted(request)
    patient = await _patient(here, person)
    channel = form.text("channel", 10)
    if channel not in {one.value for one in REACHED if one in offered(here)}:
        form.wrong("channel", ErrorCode.CHOOSE_ONE)
    value = form.text("value", required=True)
    if form.text("personal", 3) != "yes":
        form.wrong("personal", ErrorCode.NOT_ATTESTED)
    await check_current(request, here, account_of(here), form)
    if form.errors:
        return _ask(here, patient, form)
    try:
        new = NewAddress(channel=Channel(channel), value=value, personal=True)
        address = await addressing.add(here.means, here.clinic, here.who, person, new, here.now)
    except InvalidError as error:
        form.wrong("value", _WRONG[error.code])
        return _ask(here, patient, form)
    return here.go(f"{PATH.format(person=person)}/{address}", FlashCode.ADDRESS_ADDED)


@staff_only
async def show(request: web.Request) -> web.StreamResponse:
    """How one address stands, and what can be done about it."""
    here = visit(request)
    return _one(here, await _found(here, request), Fields({}))


def _one(here: Visit, found: _Found, form: Fields) -> web.Response:
    row, now = found.row, standing(found.patient.consents, here.now)
    sent = row.check_until is not None and row.check_until > here.now
    view = OneAddress(
        person=found.patient.person.id, name=found.name, address=address_view(here, row, now), errors=form.found,
        expires=here.clinic.local(row.check_until) if sent and row.check_until else None,
        waits=verification.waits(row, here.now),
    )  # fmt: skip
    return here.page("staff/address", view, status=_status(form), current=Nav.PEOPLE)


@staff_only
async def send_code(request: web.Request) -> web.StreamResponse:
    """Send a code; while a fresh one is on its way, no second one leaves."""
    here = visit(request)
    found = await _found(here, request)
    if not verification.waits(found.row, here.now):
        await verification.send_code(here.means, here.clinic, here.who, found.row.id, here.now)
    return here.go(f"{PATH.format(person=found.patient.person.id)}/{found.row.id}", FlashCode.CODE_SENT)


@staff_only
async def confirm(request: web.Request) -> web.StreamResponse:
    """Take the code that the patient reads out: the address is proven to be theirs."""
    here, form = visit(request), await posted(request)
    found, code = await _found(here, request), form.text("code", CODE_LENGTH, required=True)
    if form.errors:
        return _one(here, found, form)
    try:
        await verification.confirm(here.means, here.clinic, here.who, found.row.id, code, here.now)
    except InvalidError:
        tried = found.row.check_tries + 1 >= verification.TRIES
        form.wrong("code", ErrorCode.TOO_MANY_TRIES if tried else ErrorCode.ADDRESS_CODE_WRONG)
        return _one(here, found, form)
    return here.go(f"/staff/people/{found.patient.person.id}", FlashCode.ADDRESS_VERIFIED)


@staff_only
async def ask_remove(request: web.Request) -> web.StreamResponse:
    """What stops with it, said before the click."""
    here = visit(request)
    return _leave(here, await _found(here, request), Fields({}))


def _leave(here: Visit, found: _Found, form: Fields) -> web.Response:
    others = [one for one in found.patient.addresses if one.channel == found.row.channel and one.id != found.row.id]
    view = RemoveAddress(
        person=found.patient.person.id, name=found.name, waiting=found.waiting, last=not others, errors=form.found,
        address=address_view(here, found.row, standing(found.patient.consents, here.now)),
    )  # fmt: skip
    return here.page("staff/remove_address", view, status=_status(form), current=Nav.PEOPLE)


@staff_only
async def remove(request: web.Request) -> web.StreamResponse:
    """Remove it, told to every address, this one too."""
    here, form = visit(request), await posted(request)
    found = await _found(here, request)
    await check_current(request, here, account_of(here), form)
    if form.errors:
        return _leave(here, found, form)
    await addressing.remove(here.means, here.clinic, here.who, found.row.id, here.now)
    return here.go(f"/staff/people/{found.patient.person.id}", FlashCode.ADDRESS_REMOVED)
