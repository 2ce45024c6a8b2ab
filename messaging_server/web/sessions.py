"""Signed-in sessions: an opaque cookie, a row that holds only its fingerprint, limits of idleness and of age (IDN-10).

The account's private key lies in the row, sealed under the cookie's token, which is nowhere else.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import blake2b

from aiohttp import web

from keys.sessions import new_token, open_for_session, seal_for_session, token_fingerprint
from keys.suite import OpenError, PrivateKey
from messaging_server.record.reading import Reader
from messaging_server.storage import accounts, people
from messaging_server.storage.accounts import AccountRole, AccountRow, AccountState, SessionRow, SessionState
from messaging_server.storage.database import Connection
from messaging_server.web.views.frame import Audience
from messaging_server.web.visit import Site, Visit, cookie_name, with_reader

LONGEST = timedelta(hours=12)
TOUCH_EVERY = timedelta(minutes=1)


def csrf_of(token: str) -> str:
    """The form token of a cookie: whoever can read our page has it, another site cannot (SEC-08)."""
    return blake2b(b"messaging-server form token\x00" + token.encode(), digest_size=24).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """A session just begun: the cookie's token exists only here and in the browser."""

    token: str = field(repr=False)
    row: SessionRow


def begin(here: Visit, account: AccountRow, private: PrivateKey, state: SessionState) -> Begun:
    """A session for an account whose password was right; a new token each time (IDN-10)."""
    token = new_token()
    row = SessionRow(
        token_fp=token_fingerprint(token), clinic_id=here.clinic.id, account_id=account.id, state=state,
        sealed_key=seal_for_session(private, token, account.id), language=here.language, created_at=here.now,
        seen_at=here.now, expires_at=here.now + LONGEST,
    )  # fmt: skip
    return Begun(token=token, row=row)


def set_cookie(site: Site, response: web.StreamResponse, token: str) -> None:
    """Give the browser its token: not readable by scripts, never sent by another site's form."""
    response.set_cookie(
        cookie_name(site, "session"), token, httponly=True, samesite="Lax", secure=site.secure, path="/",
    )  # fmt: skip


def drop_cookie(site: Site, response: web.StreamResponse) -> None:
    """Take the token from the browser."""
    response.del_cookie(cookie_name(site, "session"), path="/", secure=site.secure, httponly=True, samesite="Lax")


async def resume(here: Visit, token: str) -> Visit:
    """The visit of whoever this cookie belongs to; the same visit when it belongs to nobody (any more)."""
    fingerprint = token_fingerprint(token)
    found = await here.means.database.read(lambda c: _find(c, fingerprint))
    if found is None or found[0].clinic_id != here.clinic.id:
        return here
    session, account, person = found
    if session.expires_at <= here.now or session.seen_at + _idle(here, account) <= here.now:
        await here.means.database.write(lambda c: accounts.end_session(c, fingerprint))
        return here
    try:
        private = open_for_session(session.sealed_key, token, account.id)
    except OpenError:
        return here
    if here.now - session.seen_at >= TOUCH_EVERY:
        await here.means.database.write(lambda c: accounts.change_session(c, fingerprint, seen_at=here.now))
    reader = Reader(
        clinic=here.clinic.id, account=account.id, person=account.person_id, role=AccountRole(account.role),
        private=private,
    )  # fmt: skip
    return with_reader(here, account, session, reader, person)


def _find(connection: Connection, fingerprint: bytes) -> tuple[SessionRow, AccountRow, people.PersonRow] | None:
    session = accounts.session(connection, fingerprint)
    account = accounts.account(connection, session.clinic_id, session.account_id) if session else None
    if session is None or account is None or account.state == AccountState.BLOCKED:
        return None
    person = people.person(connection, session.clinic_id, account.person_id)
    return (session, account, person) if person else None


def _idle(here: Visit, account: AccountRow) -> timedelta:
    audience = Audience.PATIENT if account.role == AccountRole.PATIENT else Audience.STAFF
    return timedelta(minutes=here.site.idle_minutes[audience])
