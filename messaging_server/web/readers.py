"""Who has read my messages: every opening that the ledger holds, in plain sentences, newest first (TRN-01)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from aiohttp import web

from messaging_server.record.entry import read_body
from messaging_server.storage.database import Connection
from messaging_server.storage.queries import inbox as queries
from messaging_server.web import names
from messaging_server.web.fields import id_or_none
from messaging_server.web.views.frame import Nav
from messaging_server.web.views.patient import Author
from messaging_server.web.views.readers import Readers, Reading
from messaging_server.web.visit import Visit, patients_only, visit

READINGS: Final = 50
"""Openings on a page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """What one entry of the ledger says of an opening."""

    row: queries.ReadingRow
    account: UUID | None
    person: UUID | None
    role: str
    at: datetime


def opening(row: queries.ReadingRow) -> Opening:
    """Read an entry's body: the ledger names people and accounts by id only (REC-03)."""
    body = read_body(row.body)
    parties, details = body.get("parties"), body.get("details")
    parties = parties if isinstance(parties, dict) else {}
    details = details if isinstance(details, dict) else {}
    return Opening(
        row=row, account=id_or_none(str(parties.get("account"))), person=id_or_none(str(parties.get("person"))),
        role=str(details.get("role", "")), at=datetime.fromisoformat(str(body["at"])),
    )  # fmt: skip


@patients_only
async def show_readers(request: web.Request) -> web.StreamResponse:
    """Everybody who opened a message of this record, or of one conversation of it."""
    here = visit(request)
    thread = id_or_none(request.query.get("thread", ""))
    before = request.query.get("before", "")
    number = int(before) if re.fullmatch(r"\d{1,15}", before, re.ASCII) else None
    found = await here.means.database.read(lambda c: _load(c, here, thread, number))
    openings = [opening(row) for row in found[:READINGS]]
    people = await names.people_behind(here, [one.account for one in openings])
    view = Readers(
        readings=tuple(_reading(here, one, people) for one in openings), thread=thread,
        older=_older(thread, openings[-1].row.seq) if len(found) > READINGS else None,
    )  # fmt: skip
    return here.page("patient/readers", view, current=Nav.READERS)


def _load(
    connection: Connection, here: Visit, thread: UUID | None, before: int | None
) -> tuple[queries.ReadingRow, ...]:
    record = queries.own_record(connection, here.clinic.id, here.who.person)
    if record is None:
        return ()
    return queries.readings(connection, record, before=before, thread=thread, most=READINGS + 1)


def _older(thread: UUID | None, seq: int) -> str:
    return f"/readers?before={seq}" + (f"&thread={thread}" if thread else "")


def _reading(here: Visit, one: Opening, people: Mapping[UUID, Author]) -> Reading:
    author = people.get(one.account) if one.account else None
    fallback = names.role_word(here, one.role) if one.role else ""
    return Reading(
        reader=author.name if author else fallback, role=author.role if author else "",
        own=here.who.person == one.person or here.who.account == one.account,
        message_at=here.clinic.local(one.row.message_at), from_clinic=one.row.from_clinic,
        at=here.clinic.local(one.at), thread=one.row.thread,
    )  # fmt: skip
