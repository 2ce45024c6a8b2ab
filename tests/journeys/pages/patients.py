"""The patients' doors: who visits them, and what they show."""

from typing import Final
from uuid import UUID

from playwright.async_api import FilePayload

from messaging_server.storage import tables
from tests.journeys.pages.filling import CALM, Who
from tests.journeys.pages.stroll import Do, Look, Send, Stroll
from tests.journeys.pages.table import (
    ASKS_NOTHING,
    LEADS_ON,
    SENT,
    UNKNOWN,
    UNTOUCHED,
    Door,
    NoPage,
    after,
    look,
    save,
    send,
    stale,
    then,
)

NOT_URGENT: Final = send("/write", "/write", {"not_urgent": "yes"}, status=200)
WRITING: Final = then(NOT_URGENT, Look("/write/message"), status=200)
WITHDRAW: Final = "/choices/withdraw"
ADDRESS: Final = "/choices/addresses/{address}"
SPARE: Final = look("/threads/{spare}")
REPLY: Final = "/threads/{spare}/reply"


async def close_thread(stroll: Stroll) -> None:
    """The conversation is closed meanwhile."""
    await _set_state(stroll, "closed")


async def open_thread(stroll: Stroll) -> None:
    """The conversation is open."""
    await _set_state(stroll, "open")


async def _set_state(stroll: Stroll, state: str) -> None:
    threads, known = tables.threads, UUID(stroll.names["spare"])
    changed = threads.update().where(threads.c.id == known).values(state=state)
    await stroll.place.world.means.database.write(lambda c: c.execute(changed).rowcount)


async def leave(stroll: Stroll) -> None:
    """The session is ended elsewhere; the page stays open."""
    await stroll.page.context.clear_cookies(name="session")


async def choose_program(stroll: Stroll) -> None:
    """A file of a kind that the clinic does not take."""
    chosen = FilePayload(name="programme.exe", mimeType="application/octet-stream", buffer=b"MZ")
    await stroll.page.set_input_files("#attachment", chosen)


DOORS: Final = {
    "GET /inbox": Door(Who.PATIENT, look("/inbox"), look("/inbox"), ASKS_NOTHING),
    "GET /threads/{thread}": Door(
        Who.PATIENT, "a conversation begins with its first message",
        (look("/threads/{thread}"), look("/threads/{grave_thread}")),
        look(f"/threads{UNKNOWN}", 404),
    ),
    "GET /threads/{thread}/download": Door(
        Who.PATIENT, "a conversation begins with its first message",
        save("/threads/{thread}", "/threads/{thread}/download"), look(f"/threads{UNKNOWN}/download", 404),
    ),
    "POST /threads/{thread}/reply": Door(
        Who.PATIENT, SENT, LEADS_ON,
        (
            after(open_thread, walk=send("/threads/{spare}", REPLY)),
            after(open_thread, walk=then(SPARE, Do(close_thread), Send(REPLY, {"message": CALM}), status=409)),
        ),
    ),
    "GET /readers": Door(Who.PATIENT, look("/readers"), look("/readers"), ASKS_NOTHING),
    "GET /write": Door(Who.PATIENT, look("/write"), UNTOUCHED, ASKS_NOTHING),
    "POST /write": Door(Who.PATIENT, SENT, LEADS_ON, send("/write", "/write")),
    "GET /write/message": Door(Who.PATIENT, WRITING, UNTOUCHED, ASKS_NOTHING),
    "POST /write/message": Door(
        Who.PATIENT, SENT, LEADS_ON,
        (
            then(WRITING, Send("/write/message"), status=422),
            then(WRITING, Send("/write/message", {"message": CALM, "private": "yes"}), status=422),
            then(WRITING, Do(choose_program), Send("/write/message", {"message": CALM}), status=422),
            then(WRITING, Do(leave), Send("/write/message", {"message": CALM}), status=403),
        ),
    ),
    "GET /sent/{exchange}": Door(
        Who.PATIENT, "nothing is confirmed before something was sent",
        (look("/sent/{sent}"), look("/sent/{grave}"), look("/sent/{sensitive}")), look(f"/sent{UNKNOWN}", 404),
    ),
    "GET /files/{exchange}/{number}/picture": Door(
        Who.PATIENT, "a picture comes with a message", look("/files/{sent}/1/picture?thread={thread}"),
        look(f"/files{UNKNOWN}/1/picture", 404),
    ),
    "GET /choices": Door(Who.PATIENT, look("/choices"), look("/choices"), ASKS_NOTHING),
    "GET /choices/words": Door(Who.PATIENT, look("/choices/words"), look("/choices/words"), ASKS_NOTHING),
    "POST /choices/words": Door(
        Who.PATIENT, SENT, LEADS_ON,
        (
            send("/choices/words", "/choices/words"), send("/choices/words", "/choices/words", {"phrase": "MARC"}),
            then(look("/choices/words"), Do(leave), Send("/choices/words", {"phrase": "Marc"}), status=403),
        ),
    ),
    "GET /choices/withdraw": Door(
        Who.PATIENT, look(WITHDRAW), (look(WITHDRAW), look(f"{WITHDRAW}?channel=email&category=appointments")),
        look(f"{WITHDRAW}?channel=pigeon", 404),
    ),
    "POST /choices/withdraw": Door(
        Who.PATIENT, ASKS_NOTHING, LEADS_ON, send(WITHDRAW, WITHDRAW, {"channel": "pigeon"}, status=404)
    ),
    "GET /choices/addresses/{address}": Door(
        Who.UNPROVEN, look(ADDRESS), then(send(ADDRESS, f"{ADDRESS}/code"), Look(ADDRESS), status=200),
        look(f"/choices/addresses{UNKNOWN}", 404),
    ),
    "POST /choices/addresses/{address}": Door(
        Who.UNPROVEN, SENT, LEADS_ON,
        then(send(ADDRESS, f"{ADDRESS}/code"), Send(ADDRESS, {"code": "12"}), status=422),
    ),
    "POST /choices/addresses/{address}/code": Door(
        Who.UNPROVEN, ASKS_NOTHING, LEADS_ON, stale(ADDRESS, f"{ADDRESS}/code")
    ),
}  # fmt: skip

NO_PAGES: Final = {
    "GET /files/{exchange}/{number}": NoPage(
        "a file is saved, never shown", "/files/{sent}/0", kind="application/octet-stream", who=Who.PATIENT
    ),
    "GET /files/{exchange}/{number}/shown": NoPage(
        "the dots of one picture", "/files/{sent}/1/shown", kind="image/png", who=Who.PATIENT
    ),
}
