"""From a right password to a page: which step is still missing, a new session at each of them, and where to go then.

A session is one of SECOND_FACTOR, ENROLLING or SIGNED_IN; each change ends it and begins another with a new token
(IDN-10). Only a SIGNED_IN session makes a reader.
"""

import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime
from functools import wraps
from typing import Final

from aiohttp import web

from keys.sessions import open_for_session
from keys.suite import PrivateKey
from messaging_server.broker.clinic import language_of
from messaging_server.errors import NotFoundError
from messaging_server.record.reading import Reader
from messaging_server.storage import accounts
from messaging_server.storage.accounts import AccountRole, AccountRow, SessionState
from messaging_server.storage.database import Connection
from messaging_server.storage.queries import entering as queries
from messaging_server.texts import Language
from messaging_server.web.guessing import audit
from messaging_server.web.sessions import Begun, begin, csrf_of, set_cookie
from messaging_server.web.views.frame import FlashCode
from messaging_server.web.visit import Site, Visit, cookie_name, visit

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
OURS: Final = re.compile(r"/(?:[\w.~-]+(?:/[\w.~-]+)*/?)?(?:\?[\w.~=&%-]*)?", re.ASCII)
LONGEST_PATH: Final = 300
YEAR: Final = 365 * 24 * 3600
"""Seconds for which a device remembers a choice of its own, as the language."""
ABOUT: Final = "/activate/about"
TOTP: Final = "/activate/totp"
CODE: Final = "/sign-in/code"


def own_path(given: str) -> str:
    """A path of ours to go to, or nothing: never another site's address (SEC-08)."""
    return given if len(given) <= LONGEST_PATH and OURS.fullmatch(given) else ""


def home(account: AccountRow) -> str:
    """Where somebody begins."""
    if account.role == AccountRole.PATIENT:
        return "/inbox"
    return "/staff/team" if account.role == AccountRole.ADMINISTRATOR else "/staff"


def missing_step(account: AccountRow, *, unasked: bool) -> str | None:
    """The step that is still missing: staff need a second factor (IDN-05), patients are asked for their consent."""
    if account.role != AccountRole.PATIENT:
        return TOTP if account.sealed_totp is None else None
    return ABOUT if unasked else None


def in_state(*states: SessionState) -> Callable[[Handler], Handler]:
    """Let only sessions in these states through; others are led to where they belong."""

    def decorate(handler: Handler) -> Handler:
        @wraps(handler)
        async def guarded(request: web.Request) -> web.StreamResponse:
            here = visit(request)
            if here.session is None or here.session.state not in states:
                return here.go(start(here))
            return await handler(request)

        return guarded

    return decorate


def start(here: Visit) -> str:
    """Where this visit goes on: its home, the step that is missing, or the sign-in page."""
    if here.session is None or here.account is None:
        return "/sign-in"
    if here.session.state == SessionState.SECOND_FACTOR:
        return CODE
    if here.session.state == SessionState.ENROLLING:
        return ABOUT if here.account.role == AccountRole.PATIENT else TOTP
    return home(here.account)


def account_of(here: Visit) -> AccountRow:
    """The account of this session, whatever its state."""
    if here.account is None:
        raise NotFoundError(here.path)
    return here.account


def private_of(here: Visit) -> PrivateKey:
    """The private key of this session's account, which its cookie opens."""
    if here.session is None or here.token is None:
        raise NotFoundError(here.path)
    return open_for_session(here.session.sealed_key, here.token, account_of(here).id)


def reader_of(here: Visit) -> Reader:
    """The account of this session as a reader, for the one act of the first sign-in that needs one."""
    account = account_of(here)
    return Reader(
        clinic=here.clinic.id, account=account.id, person=account.person_id, role=AccountRole(account.role),
        private=private_of(here),
    )  # fmt: skip


async def renew(here: Visit, account: AccountRow, private: PrivateKey, state: SessionState) -> Begun:
    """A new session in the place of this one."""
    begun = begin(here, account, private, state)
    before = here.session.token_fp if here.session else None

    def unit(connection: Connection) -> None:
        if before is not None:
            accounts.end_session(connection, before)
        accounts.add_session(connection, begun.row)

    await here.means.database.write(unit)
    return begun


def within(here: Visit, account: AccountRow, begun: Begun) -> Visit:
    """The visit as it goes on under a session just begun: the page that answers carries that session's form token."""
    return replace(here, account=account, session=begun.row, token=begun.token, csrf=csrf_of(begun.token))


async def step_on(
    here: Visit, account: AccountRow, private: PrivateKey, state: SessionState, path: str
) -> web.Response:
    """Go to the next step under a new session."""
    begun = await renew(here, account, private, state)
    response = here.go(path)
    set_cookie(here.site, response, begun.token)
    return response


async def enter(
    request: web.Request, here: Visit, account: AccountRow, private: PrivateKey, *, path: str = "",
    flash: FlashCode | None = None,
) -> web.Response:  # fmt: skip
    """Everything asked for was right: sign in, or go on with the step that is missing."""
    found = await here.means.database.read(lambda c: queries.entrant(c, here.clinic.id, account.person_id))
    if found is None:
        raise NotFoundError(here.path)
    missing = missing_step(account, unasked=found.unasked)
    state = SessionState.ENROLLING if missing else SessionState.SIGNED_IN
    here = replace(here, language=_language(request, here, found.person.language))
    begun = begin(here, account, private, state)
    before = here.session.token_fp if here.session else None

    def unit(connection: Connection) -> None:
        if before is not None:
            accounts.end_session(connection, before)
        accounts.add_session(connection, begun.row)
        accounts.change_account(connection, account.id, failures=0, retry_at=None, last_sign_in_at=here.now)
        audit(connection, here, account.id, "sign_in", state)

    await here.means.database.write(unit)
    response = here.go(missing or path or home(account), flash)
    set_cookie(here.site, response, begun.token)
    remember_access(here.site, response, account)
    return response


def _language(request: web.Request, here: Visit, own: str) -> Language:
    """The language chosen on this device, else the person's own (ACC-08)."""
    chosen = request.cookies.get(cookie_name(here.site, "language"), "")
    return here.language if chosen in set(Language) else language_of(own, here.clinic)


def remember_access(site: Site, response: web.Response, account: AccountRow) -> None:
    """Keep for this session when the sign-in before it was, and how many failed since then (IDN-24)."""
    at = account.last_sign_in_at.isoformat() if account.last_sign_in_at else ""
    response.set_cookie(
        cookie_name(site, "access"), f"{at}/{account.failures}", httponly=True, samesite="Lax", secure=site.secure,
        path="/",
    )  # fmt: skip


def forget_access(site: Site, response: web.Response) -> None:
    """Take that from the browser with the session."""
    response.del_cookie(cookie_name(site, "access"), path="/", secure=site.secure, httponly=True, samesite="Lax")


def last_access(request: web.Request, site: Site) -> tuple[datetime | None, int]:
    """When the sign-in before this one was, and how many failed between the two (IDN-24)."""
    at, _, failed = request.cookies.get(cookie_name(site, "access"), "").partition("/")
    try:
        return (datetime.fromisoformat(at) if at else None, min(int(failed), 10_000))
    except ValueError:
        return None, 0
