"""My account: where I am signed in, ending that, another password, another second factor (IDN-07, IDN-10, IDN-24)."""

import asyncio
from dataclasses import replace

from aiohttp import web

from keys import totp
from keys.accounts import change_password
from messaging_server.broker import alarm
from messaging_server.broker.directory import open_profile
from messaging_server.errors import NotFoundError
from messaging_server.storage import accounts
from messaging_server.storage.accounts import AccountRow, SessionRow, SessionState
from messaging_server.storage.database import Connection
from messaging_server.storage.people import PersonRow
from messaging_server.storage.queries import entering as queries
from messaging_server.web import profile, recovering, second_factor
from messaging_server.web.activation import totp_view
from messaging_server.web.entering import (
    LONGEST_PATH,
    YEAR,
    account_of,
    last_access,
    own_path,
    private_of,
    renew,
)
from messaging_server.web.guessing import audit
from messaging_server.web.passwords import check_current, chosen, minimum, words_of
from messaging_server.web.posted import Fields, posted
from messaging_server.web.sessions import set_cookie
from messaging_server.web.views.account import Account, ChoosePassword, SessionView
from messaging_server.web.views.frame import FlashCode, Nav
from messaging_server.web.visit import Visit, anybody_signed_in, cookie_name, visit


def routes() -> list[web.RouteDef]:
    """Where these pages are."""
    return [
        web.get("/account", show),
        web.post("/account", end),
        web.get("/account/password", show_password),
        web.post("/account/password", set_password),
        web.get("/account/totp", show_totp),
        web.post("/account/totp", set_totp),
        *profile.routes(),
        *recovering.routes(),
    ]


async def _person(here: Visit) -> PersonRow:
    found = await here.means.database.read(lambda c: queries.entrant(c, here.clinic.id, here.who.person))
    if found is None:
        raise NotFoundError(here.path)
    return found.person


@anybody_signed_in
async def show(request: web.Request) -> web.StreamResponse:
    """Where I am signed in, when I was here last, and how often somebody failed to get in since."""
    here = visit(request)
    rows = await here.means.database.read(lambda c: accounts.sessions_of(c, here.who.account))
    at, failed = last_access(request, here.site)
    view = Account(
        login=open_profile(here.means.keys, await _person(here)).login,
        sessions=tuple(_session(here, row) for row in rows if row.expires_at > here.now),
        last_access=here.clinic.local(at) if at else None, failed_since=failed,
        second_factor=account_of(here).sealed_totp is not None, has_profile=not here.who.is_patient,
    )  # fmt: skip
    return here.page("account/account", view, current=Nav.ACCOUNT)


def _session(here: Visit, row: SessionRow) -> SessionView:
    """A session under the hash of its token, from which no token can be had; devices are not written down."""
    return SessionView(
        id=row.token_fp.hex(), device="", started=here.clinic.local(row.created_at),
        last_used=here.clinic.local(row.seen_at), current=_is_current(here, row),
    )  # fmt: skip


@anybody_signed_in
async def end(request: web.Request) -> web.StreamResponse:
    """End one session of mine, or all but this one; or switch the single-letter keys of this device on or off."""
    here, form = visit(request), await posted(request)
    if form.text("shortcuts", 5):
        return _switch_shortcuts(here, form)
    wanted = form.text("end", 128)

    def unit(connection: Connection) -> int:
        ended = [row for row in accounts.sessions_of(connection, here.who.account) if _ends(here, row, wanted)]
        for row in ended:
            accounts.end_session(connection, row.token_fp)
        if ended:
            audit(connection, here, here.who.account, "end_sessions", str(len(ended)))
        return len(ended)

    ended = await here.means.database.write(unit)
    return here.go("/account", FlashCode.SESSIONS_ENDED if ended else None)


def _switch_shortcuts(here: Visit, form: Fields) -> web.Response:
    """Kept on this device, as the language is: the keys of a keyboard belong to it (WCAG 2.1.4)."""
    response = here.go(own_path(form.text("next", LONGEST_PATH)) or "/account", FlashCode.SHORTCUTS_CHANGED)
    wanted = "off" if form.text("shortcuts", 5) == "off" else "on"
    response.set_cookie(
        cookie_name(here.site, "shortcuts"), wanted, max_age=YEAR, httponly=True, samesite="Lax",
        secure=here.site.secure, path="/",
    )  # fmt: skip
    return response


def _ends(here: Visit, row: SessionRow, wanted: str) -> bool:
    return not _is_current(here, row) and wanted in {"others", row.token_fp.hex()}


def _is_current(here: Visit, row: SessionRow) -> bool:
    return here.session is not None and row.token_fp == here.session.token_fp


@anybody_signed_in
async def show_password(request: web.Request) -> web.StreamResponse:
    """Another password."""
    here = visit(request)
    return await _ask_password(here, Fields({}))


async def _ask_password(here: Visit, form: Fields) -> web.Response:
    view = ChoosePassword(
        login=open_profile(here.means.keys, await _person(here)).login, minimum=minimum(here.who.role),
        action="/account/password", ask_current=True, errors=form.found,
    )  # fmt: skip
    return here.page("account/choose_password", view, status=422 if form.errors else 200, current=Nav.ACCOUNT)


@anybody_signed_in
async def set_password(request: web.Request) -> web.StreamResponse:
    """Change the password once the present one was given; every other session ends."""
    here, form = visit(request), await posted(request)
    account = account_of(here)
    password = await chosen(form, minimum(here.who.role), words_of(here, await _person(here)))
    await check_current(request, here, account, form)
    if form.errors:
        return await _ask_password(here, form)
    async with here.site.guard.room:
        keys = await asyncio.to_thread(
            change_password, here.who.private, password, here.means.keys.pepper, account.keys, account.id,
            here.clinic.id,
        )  # fmt: skip
    changed = replace(
        account, salt=keys.salt, cost_operations=keys.cost.operations, cost_memory=keys.cost.memory,
        verifier=keys.verifier, by_password=keys.by_password,
    )  # fmt: skip

    def unit(connection: Connection) -> None:
        accounts.change_account(
            connection, account.id, salt=changed.salt, cost_operations=changed.cost_operations,
            cost_memory=changed.cost_memory, verifier=changed.verifier, by_password=changed.by_password,
        )  # fmt: skip
        audit(connection, here, account.id, "password", "changed")

    await here.means.database.write(unit)
    return await _anew(here, changed, FlashCode.PASSWORD_CHANGED)


async def _anew(here: Visit, account: AccountRow, flash: FlashCode) -> web.Response:
    """Every session of the account ends, this one goes on under a new token, and the owner is told (IDN-08, IDN-10)."""
    private = private_of(here)
    await here.means.database.write(lambda c: accounts.end_sessions(c, account.id))
    begun = await renew(here, account, private, SessionState.SIGNED_IN)
    await alarm.warn(here.means, here.clinic, account.person_id, here.now)
    response = here.go("/account", flash)
    set_cookie(here.site, response, begun.token)
    return response


@anybody_signed_in
async def show_totp(request: web.Request) -> web.StreamResponse:
    """A second factor, or another one in its place."""
    return await _ask_totp(visit(request), totp.new_seed(), Fields({}))


async def _ask_totp(here: Visit, seed: bytes, form: Fields) -> web.Response:
    view = await totp_view(
        here, account_of(here), seed, action="/account/totp", ask_current=True, errors=form.found
    )
    return here.page("account/totp_setup", view, status=422 if form.errors else 200, current=Nav.ACCOUNT)


@anybody_signed_in
async def set_totp(request: web.Request) -> web.StreamResponse:
    """Take another second factor into use: the password and the first code are asked for."""
    here, form = visit(request), await posted(request)
    if form.text("skip", 5) == "yes":
        return here.go("/account")
    account = account_of(here)
    seed = second_factor.open_pending(here, account.id, form.raw("pending", second_factor.LONGEST_PENDING))
    if seed is None:
        return here.go("/account/totp")
    await check_current(request, here, account, form)
    changed = None if form.errors else await second_factor.take(here, account, seed, form)
    if changed is None:
        return await _ask_totp(here, seed, form)
    return await _anew(here, changed, FlashCode.TOTP_CHANGED)
