"""Enrolling a patient at the counter, and the letter with the one-time code, shown once (IDN-01, IDN-03)."""

import base64
from collections.abc import Mapping
from datetime import date, timedelta
from io import BytesIO
from typing import Final
from uuid import UUID

import segno
from aiohttp import web

from messaging_server.broker import admission, enrolment
from messaging_server.broker.directory import Name, fold, open_name, open_profile, word_fingerprints
from messaging_server.broker.enrolment import Issued, NewPatient
from messaging_server.errors import InvalidError, NotFoundError
from messaging_server.storage.database import Connection
from messaging_server.storage.queries import people as queries
from messaging_server.storage.queries.people import PersonRow
from messaging_server.texts import Language
from messaging_server.web import rows
from messaging_server.web.posted import Fields, posted
from messaging_server.web.views.frame import NAV_URLS, ErrorCode, FieldError, FlashCode, Nav
from messaging_server.web.views.people import Enrol, Letter
from messaging_server.web.visit import Visit, staff_only, visit

NAME_LENGTH: Final = 100
OLDEST: Final = 130
"""Years; a birth date further back is a slip."""
TWICE: Final = timedelta(minutes=10)
"""How long the same name and birth date, enrolled again, is taken for a second click."""
NOT_RECOGNISED: Final = FieldError(field="identity", code=ErrorCode.IDENTITY_NOT_CONFIRMED)
_WRONG: Final[Mapping[tuple[str, str], ErrorCode]] = {
    ("email", "not_an_address"): ErrorCode.NOT_AN_EMAIL,
    ("phone", "not_a_number"): ErrorCode.NOT_A_PHONE,
    ("email", "already_used"): ErrorCode.ADDRESS_TAKEN,
    ("phone", "already_used"): ErrorCode.ADDRESS_TAKEN,
}


def routes() -> list[web.RouteDef]:
    """Where these pages are."""
    return [web.get("/staff/people/new", begin), web.post("/staff/people/new", enrol)]


@staff_only
async def begin(request: web.Request) -> web.StreamResponse:
    """An empty form."""
    return visit(request).page("staff/enrol", Enrol(), current=Nav.PEOPLE)


@staff_only
async def enrol(request: web.Request) -> web.StreamResponse:
    """Open the record and show the letter; a second click enrols nobody twice."""
    here, form = visit(request), await posted(request)
    view, birth = _read(here, form)
    if form.errors or birth is None or view.language is None:
        return _again(here, form)
    before = await here.means.database.read(lambda c: _just_enrolled(c, here, view, birth))
    if before is not None:
        return here.go(f"/staff/people/{before}", FlashCode.PERSON_ADDED)
    name = Name(first=view.given_name, last=view.family_name)
    new = NewPatient(
        name=name, birth_date=birth.isoformat(), language=view.language.value, email=view.email, phone=view.phone,
        email_is_personal=view.personal, phone_is_personal=view.personal, seen_document=view.document,
    )  # fmt: skip
    try:
        issued = await enrolment.enrol(here.means, here.clinic, here.who, new, here.now)
    except InvalidError as error:
        form.wrong(error.field, _WRONG.get((error.field, error.code), ErrorCode.REQUIRED))
        return _again(here, form)
    return show_letter(here, name.full, issued, view.language)


def _again(here: Visit, form: Fields) -> web.Response:
    view, _ = _read(here, form)
    return here.page("staff/enrol", view, status=422, current=Nav.PEOPLE)


def _read(here: Visit, form: Fields) -> tuple[Enrol, date | None]:
    """The form as it was filled in, and the birth date that it names."""
    given = form.text("given_name", NAME_LENGTH, required=True)
    family = form.text("family_name", NAME_LENGTH, required=True)
    parts = [form.text(f"birth_{part}", size) for part, size in (("year", 4), ("month", 2), ("day", 2))]
    birth = _date(parts, rows.today(here))
    if birth is None:
        form.wrong("birth_day", ErrorCode.NOT_A_DATE)
    language, document = form.text("language", 2), form.text("document", 30)
    if language not in set(Language):
        form.wrong("language", ErrorCode.CHOOSE_ONE)
    if document not in Enrol().documents:
        form.wrong("document", ErrorCode.CHOOSE_ONE)
    view = Enrol(
        given_name=given, family_name=family, birth_year=parts[0], birth_month=parts[1], birth_day=parts[2],
        language=Language(language) if language in set(Language) else None, email=form.text("email"),
        phone=form.text("phone", 40), personal=form.text("personal", 3) == "yes", document=document,
        errors=form.found,
    )  # fmt: skip
    return view, birth


def _date(parts: list[str], today: date) -> date | None:
    """A day between a long life ago and today, or None."""
    if not all(part.isascii() and part.isdigit() for part in parts):
        return None
    try:
        found = date(*map(int, parts))
    except ValueError:
        return None
    return found if today.year - OLDEST <= found.year and found <= today else None


def _just_enrolled(connection: Connection, here: Visit, view: Enrol, birth: date) -> UUID | None:
    keys = here.means.keys
    wanted = fold(f"{view.given_name} {view.family_name}")
    words = word_fingerprints(keys, here.clinic.id, [birth.isoformat(), *wanted.replace("-", " ").split()])
    for row in queries.find(connection, here.clinic.id, words):
        same = fold(open_name(keys, row).full) == wanted and open_profile(keys, row).birth_date == birth.isoformat()
        if same and here.now - row.created_at < TWICE:
            return row.id
    return None


async def new_letter(here: Visit, person_id: UUID) -> web.Response:
    """A new code for an enrolled patient; the codes before it end."""
    person = await here.means.database.read(lambda c: queries.person(c, here.clinic.id, person_id))
    if person is None or person.kind != "patient":
        raise NotFoundError(str(person_id))
    issued = await admission.new_code(here.means, here.clinic, here.who, person_id, here.now)
    return show_letter(here, open_name(here.means.keys, person).full, issued, Language(person.language))


def show_letter(
    here: Visit, name: str, issued: Issued, language: Language, *, colleague: bool = False
) -> web.Response:
    """The letter, in the language of whom it is for; the code is on this page and nowhere else."""
    address = here.clinic.portal_url.rstrip("/") + "/activate"
    view = Letter(
        name=name, address=address, login=issued.login, code=issued.code, qr_base64=picture(address),
        expires=here.clinic.local(issued.expires_at), on=rows.today(here), person=issued.person,
        done=NAV_URLS[Nav.TEAM] if colleague else None, asks_birth_date=not colleague,
    )  # fmt: skip
    return here.reading(language).page("staff/letter", view, current=Nav.TEAM if colleague else Nav.PEOPLE)


def picture(address: str) -> str:
    """The bare address as a QR code, an SVG document in base64; it holds no code and names nobody (EOU-15)."""
    drawn = BytesIO()
    segno.make(address, error="m", micro=False).save(drawn, kind="svg", scale=4, border=4, light="white", xmldecl=False)
    return base64.b64encode(drawn.getvalue()).decode()


def born(here: Visit, row: PersonRow) -> date:
    """A patient's birth date; every enrolled patient has one."""
    return rows.birth_date(open_profile(here.means.keys, row).birth_date) or rows.today(here)
