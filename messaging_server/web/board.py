"""The board: what is next, the lists in which nothing is forgotten, the news while it is open, the day in numbers."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Final
from uuid import UUID

from aiohttp import web

from messaging_server.errors import NotFoundError
from messaging_server.storage import accounts
from messaging_server.storage.accounts import AccountRole
from messaging_server.storage.database import Connection
from messaging_server.storage.queries import board as queries
from messaging_server.storage.queries.board import Place, Tally, TaskKind, Waiting, Wanted
from messaging_server.web.events import HUB
from messaging_server.web.middleware import HEADERS
from messaging_server.web.rows import queues_of, rows_of
from messaging_server.web.views.board import (
    LENS_URLS,
    Board,
    Lens,
    LensTab,
    QueueNumbers,
    QueueTab,
    Supervisor,
)
from messaging_server.web.views.frame import NAV_URLS, Audience, Nav
from messaging_server.web.visit import Visit, any_staff, staff_only, visit
from triage.model import QueueName

ROWS: Final = 40
"""Rows of a page."""
PINNED: Final = 50
STILL_HERE: Final = 25.0
"""Seconds after which an open page is told that we are still there; a proxy would close a silent one after a minute."""
KINDS: Final[Mapping[Lens, tuple[TaskKind, ...]]] = MappingProxyType({
    Lens.HELD: (TaskKind.HELD,),
    Lens.UNDELIVERED: (TaskKind.UNDELIVERED, TaskKind.CALL),
    Lens.UNREAD: (TaskKind.UNREAD,),
    Lens.FAILED: (TaskKind.FAILED,),
})
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_CURSOR: Final = re.compile(r"([0-2])-(\d{1,17})-([0-9a-f]{32})", re.ASCII)


def routes() -> list[web.RouteDef]:
    """Where these pages are."""
    lenses = [web.get(path, show_lens) for lens, path in LENS_URLS.items() if lens is not Lens.ALL]
    return [
        web.get(LENS_URLS[Lens.ALL], begin),
        *lenses,
        web.get("/staff/queue/{name}", show_queue),
        web.get("/staff/events", follow),
        web.get("/staff/supervisor", show_supervisor),
    ]


@any_staff
async def begin(request: web.Request) -> web.StreamResponse:
    """Where staff begin: the board, or the team for whoever reads nothing: administrators, colleagues not admitted."""
    here = visit(request)
    if here.who.role is AccountRole.ADMINISTRATOR or here.waits_for_admission:
        return here.go(NAV_URLS[Nav.TEAM])
    return await show_lens(request)


@staff_only
async def show_lens(request: web.Request) -> web.StreamResponse:
    """Everything, or one of the lists in which nothing is forgotten."""
    lens = next(lens for lens, path in LENS_URLS.items() if path == request.path)
    here = visit(request)
    wanted = Wanted(
        queues=queues_of(here), kinds=KINDS.get(lens, ()), late=lens is Lens.LATE, after=place_of(request),
        most=ROWS + 1,
    )  # fmt: skip
    return await _show(here, wanted, lens=lens)


@staff_only
async def show_queue(request: web.Request) -> web.StreamResponse:
    """One queue; a queue that the visitor's role does not serve does not exist for them (TRI-05)."""
    here, name = visit(request), request.match_info["name"]
    if name not in queues_of(here):
        raise NotFoundError(name)
    queue = QueueName(name)
    return await _show(here, Wanted(queues=(queue,), after=place_of(request), most=ROWS + 1), queue=queue)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    tallies: tuple[Tally, ...]
    pinned: tuple[Waiting, ...]
    rows: tuple[Waiting, ...]


async def _show(
    here: Visit, wanted: Wanted, *, lens: Lens | None = None, queue: QueueName | None = None
) -> web.Response:
    found = await here.means.database.read(lambda c: _load(c, here, wanted))
    shown = found.rows[:ROWS]
    path = LENS_URLS[lens] if lens else f"/staff/queue/{queue}"
    view = Board(
        queues=_queue_tabs(here, found.tallies), lenses=_lens_tabs(found.tallies), queue=queue, lens=lens,
        pinned=await rows_of(here, found.pinned), rows=await rows_of(here, shown), at=here.clinic.local(here.now),
        more=f"{path}?after={place_text(shown[-1])}" if len(found.rows) > ROWS else None,
    )  # fmt: skip
    return here.page("staff/board", view, current=Nav.BOARD)


def _load(connection: Connection, here: Visit, wanted: Wanted) -> _Found:
    clinic, queues, now = here.clinic.id, queues_of(here), here.now
    return _Found(
        tallies=queries.tallies(connection, clinic, queues, now),
        pinned=queries.pinned(connection, clinic, queues, now, PINNED),
        rows=queries.rows(connection, clinic, wanted, now),
    )


def _queue_tabs(here: Visit, tallies: tuple[Tally, ...]) -> tuple[QueueTab, ...]:
    return tuple(
        QueueTab(
            name=queue, count=sum(one.open for one in tallies if one.queue is queue),
            urgent=sum(one.urgent for one in tallies if one.queue is queue),
        )
        for queue in queues_of(here)
    )  # fmt: skip


def _lens_tabs(tallies: tuple[Tally, ...]) -> tuple[LensTab, ...]:
    counts = {lens: sum(one.open for one in tallies if one.kind in kinds) for lens, kinds in KINDS.items()}
    counts |= {Lens.ALL: sum(one.open for one in tallies), Lens.LATE: sum(one.late for one in tallies)}
    return tuple(LensTab(lens=lens, count=counts[lens]) for lens in Lens)


def place_text(found: Waiting) -> str:
    """Where a page ended, for the address of the next: rank, due time and the task's own opaque id."""
    task = found.task
    return f"{task.rank}-{(task.due_at - _EPOCH) // timedelta(microseconds=1)}-{task.id.hex}"


def place_of(request: web.Request) -> Place | None:
    """The place that an address names; None, the first page, when it names none."""
    found = _CURSOR.fullmatch(request.query.get("after", ""))
    if found is None:
        return None
    try:
        due = _EPOCH + timedelta(microseconds=int(found[2]))
    except OverflowError:
        return None
    return Place(int(found[1]), due, UUID(found[3]))


@staff_only
async def follow(request: web.Request) -> web.StreamResponse:
    """Tell an open board of each task that comes into view, until the session ends (PAGES, Board).

    An open board does not keep a session alive: the stream ends when the session would have.
    """
    here = visit(request)
    with request.app[HUB].subscribe("board") as news:
        response = web.StreamResponse(headers={**HEADERS, "Content-Type": "text/event-stream"})
        response.headers["Cache-Control"] = "no-store"
        response.headers["X-Accel-Buffering"] = "no"
        await response.prepare(request)
        since = here.now
        try:
            await response.write(b": welcome\n\n")
            while True:
                await news.wait(STILL_HERE)
                now = here.site.clock()
                if news.closed or not await _still_signed_in(here, now):
                    break
                fresh = await _fresh(here, since, now)
                await response.write(b"event: task\ndata: 1\n\n" * fresh or b": still here\n\n")
                since = now
        except ConnectionResetError:
            return response
    return response


async def _fresh(here: Visit, since: datetime, now: datetime) -> int:
    found = await here.means.database.read(lambda c: queries.news(c, here.clinic.id, queues_of(here), since, now))
    return min(found, ROWS)


async def _still_signed_in(here: Visit, now: datetime) -> bool:
    held = here.session
    if held is None:
        return False
    row = await here.means.database.read(lambda c: accounts.session(c, held.token_fp))
    idle = timedelta(minutes=here.site.idle_minutes[Audience.STAFF])
    return row is not None and row.expires_at > now and row.seen_at + idle > now


@staff_only
async def show_supervisor(request: web.Request) -> web.StreamResponse:
    """The day, a queue a line (TRI-21)."""
    here = visit(request)
    monday = _week_begins(here)
    tallies, answered, overrides = await here.means.database.read(
        lambda c: (
            queries.tallies(c, here.clinic.id, queues_of(here), here.now), queries.answered(c, here.clinic.id, monday),
            queries.overrides(c, here.clinic.id, monday),
        )
    )  # fmt: skip
    lines = tuple(_numbers(here, queue, tallies, answered.get(queue)) for queue in queues_of(here))
    view = Supervisor(queues=lines, overrides=overrides, at=here.clinic.local(here.now), leads=here.leads)
    return here.page("staff/supervisor", view, current=Nav.SUPERVISOR)


def _week_begins(here: Visit) -> datetime:
    local = here.clinic.local(here.now)
    return (local - timedelta(days=local.weekday())).replace(hour=0, minute=0, second=0, microsecond=0)


def _numbers(
    here: Visit, queue: QueueName, tallies: tuple[Tally, ...], answered: queries.Answered | None
) -> QueueNumbers:
    own = [one for one in tallies if one.queue is queue]
    oldest = min((one.oldest for one in own), default=None)
    return QueueNumbers(
        queue=queue, open=sum(one.open for one in own), unowned=sum(one.unowned for one in own),
        late=sum(one.late for one in own), emergencies=sum(one.emergencies for one in own),
        failed=sum(one.open for one in own if one.kind is TaskKind.FAILED),
        held=sum(one.open for one in own if one.kind is TaskKind.HELD),
        oldest=here.now - oldest if oldest else None,
        answered=answered.closed if answered else 0, in_time=answered.in_time if answered else 0,
    )  # fmt: skip
