"""What the audit keeps of looks and refusals: who asked for what, whether they got it, never a word of it (AUD-01).

Openings of messages stand in the record's own ledger; here is what lies outside: a patient's particulars, and every
door that stayed shut to somebody signed in (AUD-08).
"""

from uuid import UUID

from aiohttp import web

from messaging_server.errors import MessagingError, NotAllowedError, NotFoundError
from messaging_server.message import new_id
from messaging_server.storage import clinics
from messaging_server.storage.clinics import AuditRow
from messaging_server.web.fields import id_or_none
from messaging_server.web.visit import Visit


async def looked(here: Visit, person_id: UUID) -> None:
    """Write down that somebody opened a patient's particulars, before they are shown (AUD-04)."""
    await _note(here, "person", person_id, "opened")


async def refused(request: web.Request, here: Visit, error: MessagingError) -> None:
    """Write down that somebody signed in asked for what is not theirs, under the pattern of its address."""
    if here.reader is None or not isinstance(error, NotFoundError | NotAllowedError):
        return
    resource = request.match_info.route.resource
    if resource is None:
        return
    ids = (id_or_none(value) for value in request.match_info.values())
    result = "forbidden" if isinstance(error, NotAllowedError) else "not_found"
    await _note(here, f"{request.method} {resource.canonical}", next((one for one in ids if one), None), result)


async def _note(here: Visit, action: str, about: UUID | None, result: str) -> None:
    row = AuditRow(
        id=new_id(here.now), clinic_id=here.clinic.id, at=here.now, actor_id=here.who.account, action=action,
        object_id=about, result=result,
    )  # fmt: skip
    await here.means.database.write(lambda c: clinics.note_audit(c, row))
