"""Patients, as the staff find them: a search by whole words, and one patient's page."""

from uuid import UUID

from aiohttp import web

from consent.register import standing
from messaging_server.broker.directory import open_name
from messaging_server.errors import NotFoundError
from messaging_server.storage.accounts import AccountState
from messaging_server.storage.database import Connection
from messaging_server.storage.queries import board as board_queries
from messaging_server.storage.queries import people as queries
from messaging_server.storage.queries.people import Access, Patient, PersonRow
from messaging_server.texts import Language
from messaging_server.web import addressing, enrolling, names, recording, rows, withdrawing, witness
from messaging_server.web.agreed import address_view, channels_of
from messaging_server.web.fields import form_of, id_of, word_of
from messaging_server.web.held import found_people
from messaging_server.web.views.frame import FieldError, Nav
from messaging_server.web.views.people import ConsentLine, Enrolment, People, Person, PersonLine
from messaging_server.web.visit import Visit, staff_only, visit

SHOWN = 40
"""Open items shown on a patient's page."""


def routes() -> list[web.RouteDef]:
    """Where these pages are."""
    return [
        web.get("/staff/people", begin),
        web.post("/staff/people", search),
        *enrolling.routes(),
        web.get("/staff/people/{person}", show),
        web.post("/staff/people/{person}/letter", letter),
        *recording.routes(),
        *withdrawing.routes(),
        *addressing.routes(),
    ]


@staff_only
async def begin(request: web.Request) -> web.StreamResponse:
    """The search, before anything is sought."""
    return visit(request).page("staff/people", People(), current=Nav.PEOPLE)


@staff_only
async def search(request: web.Request) -> web.StreamResponse:
    """Who was meant: a name from its first three letters, a birth date, an address or a number.

    The words sought are in the form, never in an address that a browser or a proxy would keep (AUD-02).
    """
    here, form = visit(request), await form_of(request)
    query = word_of(form, "q")
    found = await here.means.database.read(lambda c: found_people(c, here, query))
    lines = await _lines(here, found[: queries.FOUND])
    view = People(query=query, found=lines, more=len(found) > queries.FOUND)
    return here.page("staff/people", view, current=Nav.PEOPLE)


async def _lines(here: Visit, found: tuple[PersonRow, ...]) -> tuple[PersonLine, ...]:
    ids = [row.id for row in found]
    access, waiting, acts = await here.means.database.read(
        lambda c: (queries.access(c, ids), queries.open_items(c, ids, here.now), queries.registers(c, ids))
    )
    return tuple(
        PersonLine(
            id=row.id, name=open_name(here.means.keys, row).full, birth_date=enrolling.born(here, row),
            enrolment=enrolment_of(here, access[row.id]),
            consented=any(channel.active for channel in channels_of(here, acts[row.id], ())),
            open_items=waiting.get(row.id, 0),
        )
        for row in found
    )  # fmt: skip


def enrolment_of(here: Visit, access: Access) -> Enrolment:
    """How far somebody has come with us, in a word."""
    if access.state is AccountState.BLOCKED:
        return Enrolment.BLOCKED
    if access.account is not None:
        return Enrolment.ACTIVE
    if access.code_expires is None:
        return Enrolment.NOT_INVITED
    return Enrolment.INVITED if access.code_expires > here.now else Enrolment.CODE_EXPIRED


@staff_only
async def show(request: web.Request) -> web.StreamResponse:
    """One patient: who, where, what was agreed, what waits."""
    here = visit(request)
    return await person_page(here, id_of(request, "person"))


async def person_page(here: Visit, person_id: UUID, errors: tuple[FieldError, ...] = ()) -> web.Response:
    """A patient's page. Raises NotFoundError for whoever is no patient of this clinic."""
    patient, waiting = await here.means.database.read(lambda c: _load(c, here, person_id))
    await witness.looked(here, person_id)
    now = standing(patient.consents, here.now)
    waits = patient.access.code_expires if patient.access.account is None else None
    view = Person(
        id=patient.person.id, name=open_name(here.means.keys, patient.person).full,
        birth_date=enrolling.born(here, patient.person),
        age=rows.age(enrolling.born(here, patient.person), rows.today(here)),
        language=Language(patient.person.language), enrolment=enrolment_of(here, patient.access),
        code_expires=rows.local(here, waits),
        addresses=tuple(address_view(here, row, now) for row in patient.addresses),
        channels=channels_of(here, patient.consents, patient.addresses), register=await _register(here, patient),
        rows=await rows.rows_of(here, waiting), errors=errors,
    )  # fmt: skip
    return here.page("staff/person", view, status=422 if errors else 200, current=Nav.PEOPLE)


def _load(
    connection: Connection, here: Visit, person_id: UUID
) -> tuple[Patient, tuple[board_queries.Waiting, ...]]:
    patient = queries.patient(connection, here.clinic.id, person_id, here.now)
    if patient is None:
        raise NotFoundError(str(person_id))
    found = board_queries.of_record(connection, patient.record.id, here.now, SHOWN)
    return patient, tuple(one for one in found if one.task.queue in rows.queues_of(here))


async def _register(here: Visit, patient: Patient) -> tuple[ConsentLine, ...]:
    """Every act, newest first, with who obtained it (CON-15)."""
    people = await names.people_behind(here, [act.obtained_by for act in patient.consents])
    reads = any(here.clinic.reads_records(team) for team in here.clinic.teams_of(here.who.role))
    return tuple(
        ConsentLine(
            at=here.clinic.local(act.at), act=act.act.value, method=act.method,
            by=names.in_words(people.get(act.obtained_by)), text_version=act.text_version,
            has_evidence=act.has_evidence, evidence=f"/staff/files/{act.id}/0" if act.has_evidence and reads else "",
        )
        for act in reversed(patient.consents)
    )  # fmt: skip


@staff_only
async def letter(request: web.Request) -> web.StreamResponse:
    """A new code for somebody who stands at the counter and was recognised (IDN-04, IDN-08)."""
    here, person_id, form = visit(request), id_of(request, "person"), await form_of(request)
    if form.get("identity") != "yes":
        return await person_page(here, person_id, (enrolling.NOT_RECOGNISED,))
    return await enrolling.new_letter(here, person_id)
