"""Trespassing on purpose: the objects of somebody's record, every address that leads to one, and what must not move."""

import hashlib
from dataclasses import dataclass
from uuid import UUID

from aiohttp import web
from sqlalchemy import select

from messaging_server.message import Attachment
from messaging_server.storage import people, tables, threads
from messaging_server.storage.accounts import AccountRole
from messaging_server.storage.database import Connection
from messaging_server.web.sessions import csrf_of
from tests.clinic.answering import answer, waiting
from tests.clinic.pages import Browser
from tests.clinic.world import PASSWORD, World

WORDS = "Je suis en dépression depuis le printemps, et personne ne doit le savoir."
REPLY = "Bonjour Rose,\n\nNous en parlerons calmement à votre rendez-vous.\n\nCordialement,"
FILE = Attachment(filename="ordonnance-secrete.txt", media_type="text/plain", content=b"dix comprimes", text="dix")
SECRETS = ("printemps", "calmement", "ordonnance", "comprimes", "Lavigne", "1951", "exemple.test")
FORM = {
    "version": "1", "disposition": "filed", "note": "note", "queue": "clinical", "message": "Bonjour", "q": "lavigne",
    "not_urgent": "yes", "code": "123456", "identity": "yes", "answer": "confirmed", "finding": "1",
    "action": "preview", "text": "Bonjour", "subject": "Bonjour", "category": "general_advice", "channel": "web",
    "form_id": "trespassing-0123456", "reason": "question", "method": "verbal", "explained": "yes", "text_version": "1",
    "question.new_diagnosis": "no", "question.new_treatment": "no", "question.abnormal_result": "no",
    "departure": "left", "current": PASSWORD,
}  # fmt: skip
"""Whatever a form of ours may ask, so that nothing but the author is wrong."""
QUIET = {"audit", "web_sessions"}
"""Tables that a refused try may write to: that it happened, and that the session was in use."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Things:
    """What belongs to one patient: the ids that addresses of pages are made of."""

    thread: UUID
    exchange: UUID
    task: UUID
    address: UUID
    person: UUID
    account: UUID
    """A colleague's who works here."""

    def paths(self, pattern: str) -> str:
        """An address of a page, led to these things."""
        ids = {"thread": self.thread, "exchange": self.exchange, "task": self.task, "address": self.address}
        return pattern.format(**ids, person=self.person, account=self.account, number=0, name="clinical", key="call_us")


async def things_of(world: World) -> Things:
    """The patient has written twice, once with a file; the first message was answered a moment ago."""
    await world.consent()
    first = await world.write(WORDS, attachments=(FILE,))
    await answer(world, first.thread, text=REPLY)
    world.later(minutes=5)
    second = await world.write(WORDS, attachments=(FILE,))
    task = await waiting(world, second.thread)

    def query(connection: Connection) -> tuple[UUID, UUID]:
        [written] = [
            row.id for row in threads.exchanges_of_thread(connection, task.thread_id) if row.direction == "in"
        ]
        return written, people.addresses_of(connection, world.rose.person)[0].id

    exchange, address = await world.means.database.read(query)
    return Things(
        thread=task.thread_id, exchange=exchange, task=task.id, address=address, person=world.rose.person,
        account=world.staff(AccountRole.NURSE).account,
    )  # fmt: skip


def table_of_routes(app: web.Application) -> list[tuple[str, str]]:
    """Every door of the web: (method, pattern); HEAD goes with GET."""
    found = {
        (route.method, route.resource.canonical)
        for route in app.router.routes()
        if route.resource is not None and route.method != "HEAD"
    }
    return sorted(found)


async def knock(browser: Browser, method: str, path: str) -> tuple[int, str, str]:
    """Ask for a page, or send a form that is in order but for its author; gives status, where to, and the text."""
    if method == "GET":
        answer_ = await browser.client.get(path, allow_redirects=False)
    else:
        await browser.client.get("/worried")
        held = {cookie.key: cookie.value for cookie in browser.client.session.cookie_jar}
        form = FORM | {"csrf": csrf_of(held.get("session") or held["visit"])}
        answer_ = await browser.client.post(path, data=form, allow_redirects=False)
    if answer_.content_type == "text/event-stream":
        # It never ends; that it began is all that is asked.
        answer_.close()
        return answer_.status, "", ""
    return answer_.status, answer_.headers.get("Location", ""), await answer_.text()


async def state_of(world: World, clinic: UUID | None = None) -> dict[str, str]:
    """A fingerprint of each table (of one clinic's rows), but for those that may be written to."""

    def query(connection: Connection) -> dict[str, str]:
        found = {}
        for table in tables.metadata.sorted_tables:
            if table.name not in QUIET and (clinic is None or "clinic_id" in table.c):
                wanted = select(table) if clinic is None else select(table).where(table.c.clinic_id == clinic)
                rows = sorted(repr(tuple(row)) for row in connection.execute(wanted))
                found[table.name] = hashlib.sha256("\n".join(rows).encode()).hexdigest()
        return found

    return await world.means.database.read(query)
