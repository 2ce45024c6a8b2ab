"""Letting a colleague go: what follows is said first, the password is asked again, and then all of it is done at once.

Only an administrator does this, and the code says what stands in the way (IDN-22, SEC-15, TRI-07).
"""

from uuid import UUID

from aiohttp import web

from messaging_server.broker import leaving, rotation
from messaging_server.broker.directory import open_name
from messaging_server.broker.leaving import Departure, Leaving
from messaging_server.errors import NotAllowedError, NotFoundError
from messaging_server.storage.accounts import AccountRole, AccountState
from messaging_server.storage.queries import people as queries
from messaging_server.web.entering import account_of
from messaging_server.web.fields import id_of
from messaging_server.web.passwords import check_current
from messaging_server.web.posted import Fields, posted
from messaging_server.web.views.frame import ErrorCode, FlashCode, FlashKind, Nav
from messaging_server.web.views.people import Leave
from messaging_server.web.visit import Visit, administrators_only, visit

TEAM = "/staff/team"


def routes() -> list[web.RouteDef]:
    """Where this page is."""
    path = TEAM + "/{account}/leave"
    return [web.get(path, show), web.post(path, dismiss)]


@administrators_only
async def show(request: web.Request) -> web.StreamResponse:
    """What would follow, and the reason asked for."""
    here, account = visit(request), id_of(request, "account")
    return await _ask(here, await _foreseen(here, account), Fields({}))


async def _foreseen(here: Visit, account: UUID) -> Leaving:
    return await leaving.foresee(here.means, here.clinic, here.who, account)


async def _ask(here: Visit, found: Leaving, form: Fields) -> web.Response:
    if found.gone:
        return here.go(TEAM, FlashCode.CHANGED_MEANWHILE, FlashKind.NOTE)
    person = await here.means.database.read(lambda c: queries.person(c, here.clinic.id, found.account.person_id))
    if person is None:
        raise NotFoundError(here.path)
    reason, served = form.text("departure", 20), here.clinic.policy.queues
    view = Leave(
        account=found.account.id, name=open_name(here.means.keys, person).full,
        role=AccountRole(found.account.role), holds_keys=bool(found.teams), items=found.tasks,
        last_for=tuple(queue for queue in served if here.clinic.team_of(queue) in found.last_of),
        stuck=bool(found.last_of), can_admit=found.account.state != AccountState.BLOCKED,
        departure=Departure(reason) if reason in set(Departure) else None,
        errors=form.found,
    )  # fmt: skip
    late = any(error.code is ErrorCode.TOO_MANY_TRIES for error in form.errors)
    return here.page("staff/leave", view, status=429 if late else 422 if form.errors else 200, current=Nav.TEAM)


@administrators_only
async def dismiss(request: web.Request) -> web.StreamResponse:
    """Let them go; where they are the last who can read, the page says so and what to do first."""
    here, account, form = visit(request), id_of(request, "account"), await posted(request)
    found = await _foreseen(here, account)
    if found.gone or found.last_of:
        return await _ask(here, found, Fields({}))
    reason = form.text("departure", 20)
    if reason not in set(Departure):
        form.wrong("departure", ErrorCode.CHOOSE_ONE)
    await check_current(request, here, account_of(here), form)
    if form.errors:
        return await _ask(here, found, form)
    try:
        await rotation.dismiss(here.means, here.clinic, here.who, account, Departure(reason), here.now)
    except NotAllowedError as error:
        if error.code != "last_holder":
            raise
        # Somebody else left since the page was shown.
        return await _ask(here, await _foreseen(here, account), Fields({}))
    return here.go(TEAM, FlashCode.DISMISSED)
