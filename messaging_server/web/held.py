"""What is in no record yet: a person finds out whose it is, or closes it; never a guess (TRI-16, DESIGN section 4)."""

from collections.abc import Mapping
from uuid import UUID

from aiohttp import web

from consent.model import Channel
from keys.server import fingerprint
from messaging_server.broker import refiling
from messaging_server.broker.directory import open_name, open_profile, query_words, word_fingerprints
from messaging_server.errors import ConflictError, InvalidError, NotAllowedError, NotFoundError
from messaging_server.storage.database import Connection
from messaging_server.storage.queries import people as queries
from messaging_server.storage.queries.people import PersonRow
from messaging_server.web import rows
from messaging_server.web.dossier import Dossier, exchanges_of, open_dossier, row_of
from messaging_server.web.fields import form_of, id_of, id_or_none, word_of
from messaging_server.web.findings import not_screened
from messaging_server.web.views.frame import ErrorCode, FieldError, FlashCode, FlashKind, Nav
from messaging_server.web.views.held import Candidate, Held
from messaging_server.web.views.item import Close
from messaging_server.web.visit import Visit, staff_only, visit


def routes() -> list[web.RouteDef]:
    """Where these pages are; the item itself is shown by `item`."""
    return [web.post("/staff/items/{task}/search", search)]


def page(
    here: Visit, dossier: Dossier, *, query: str = "", candidates: tuple[Candidate, ...] | None = None,
    errors: tuple[FieldError, ...] = (), disposition: Close | None = None, note: str = "",
) -> web.Response:  # fmt: skip
    """A held message; no patient's record is shown beside it."""
    first = dossier.said[0]
    judged = [one.judgement for one in dossier.said if one.judgement]
    view = Held(
        row=row_of(here, dossier), channel=Channel(first.row.channel), claimed_sender=first.content.sender,
        authenticated=not any(rule == "unauthenticated" for one in judged for rule, _ in one.findings),
        at=here.clinic.local(first.row.created_at), subject=dossier.opened.subject,
        exchanges=exchanges_of(here, dossier), closed=not dossier.is_open,
        findings=tuple(one.view for one in dossier.findings), not_screened=not_screened(dossier.said), query=query,
        candidates=candidates, disposition=disposition, disposition_note=note, errors=errors,
    )  # fmt: skip
    return here.page("staff/held", view, status=422 if errors else 200, current=Nav.BOARD)


@staff_only
async def search(request: web.Request) -> web.StreamResponse:
    """Who may have written: the words sought are in the form, never in an address (AUD-02)."""
    here, form = visit(request), await form_of(request)
    dossier = await open_dossier(here, id_of(request, "task"))
    if dossier.ground.patient is not None:
        raise NotFoundError("this item has its patient")
    query = word_of(form, "q")
    return page(here, dossier, query=query, candidates=await candidates_of(here, dossier, query))


async def candidates_of(here: Visit, dossier: Dossier, query: str) -> tuple[Candidate, ...]:
    """The patients whom the words find, those whose address it is first."""
    found = await here.means.database.read(lambda c: found_people(c, here, query))
    owners = await here.means.database.read(lambda c: queries.owners(c, here.clinic.id, _sender_fp(here, dossier)))
    shown = [_candidate(here, person, matches=person.id in owners) for person in found[: queries.FOUND]]
    return tuple(sorted(shown, key=lambda one: (not one.address_matches, one.name)))


def found_people(connection: Connection, here: Visit, query: str) -> tuple[PersonRow, ...]:
    """The patients who match what somebody typed; nobody for what cannot be sought."""
    try:
        words = query_words(query)
    except InvalidError:
        return ()
    return queries.find(connection, here.clinic.id, word_fingerprints(here.means.keys, here.clinic.id, words))


def _sender_fp(here: Visit, dossier: Dossier) -> bytes:
    first = dossier.said[0]
    return fingerprint(here.means.keys, here.clinic.id, str(first.row.channel), first.content.sender)


def _candidate(here: Visit, person: PersonRow, *, matches: bool) -> Candidate:
    keys = here.means.keys
    born = rows.birth_date(open_profile(keys, person).birth_date) or rows.today(here)
    return Candidate(person=person.id, name=open_name(keys, person).full, birth_date=born, address_matches=matches)


async def file(here: Visit, task: UUID, form: Mapping[str, str]) -> web.StreamResponse:
    """File a held message to the patient whom a person chose, whose identity that person confirmed."""
    person = id_or_none(word_of(form, "person"))
    missing = {
        "person": None if person else ErrorCode.CHOOSE_ONE,
        "identity": None if form.get("identity") == "yes" else ErrorCode.IDENTITY_NOT_CONFIRMED,
    }
    errors = tuple(FieldError(field=name, code=code) for name, code in missing.items() if code is not None)
    if errors or person is None:
        return await _again(here, task, person, errors)
    try:
        await refiling.file_held(here.means, here.clinic, here.who, task, person, here.now)
    except ConflictError:
        return here.go(f"/staff/items/{task}", FlashCode.CHANGED_MEANWHILE, FlashKind.PROBLEM)
    except NotAllowedError as error:
        if error.code != "no_consent":
            raise
        return await _again(here, task, person, (FieldError(field="person", code=ErrorCode.NO_CONSENT_YET),))
    return here.go(f"/staff/items/{task}", FlashCode.FILED)


async def _again(here: Visit, task: UUID, person: UUID | None, errors: tuple[FieldError, ...]) -> web.Response:
    """The page with the one patient who was chosen still there to choose."""
    dossier = await open_dossier(here, task)
    if dossier.ground.patient is not None:
        raise NotFoundError("this item has its patient")
    chosen = await here.means.database.read(lambda c: queries.persons(c, here.clinic.id, [person] if person else []))
    shown = tuple(_candidate(here, row, matches=False) for row in chosen if row.kind == "patient")
    return page(here, dossier, candidates=shown or None, errors=errors)
