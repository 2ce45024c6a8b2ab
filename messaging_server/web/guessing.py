"""Trying a secret: who guesses waits longer each time, and a name that nobody has answers as one that somebody has.

Both take one read, one Argon2id and one write, and fail in the same words (IDN-09).
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from aiohttp import web

from keys.accounts import burn
from keys.suite import PrivateKey, WrongSecretError
from messaging_server.broker.directory import login_fingerprint
from messaging_server.message import new_id
from messaging_server.storage import accounts, clinics
from messaging_server.storage.accounts import AccountRow, AccountState
from messaging_server.storage.clinics import AuditRow
from messaging_server.storage.database import Connection
from messaging_server.storage.queries import entering as queries
from messaging_server.web.limits import source_of, wait_after
from messaging_server.web.views.frame import ErrorCode
from messaging_server.web.visit import Visit

Opening = Callable[[AccountRow], PrivateKey]
"""Opens the account's key, or raises WrongSecretError; one Argon2id, in a thread of its own."""


class TooManyTriesError(Exception):
    """Nothing is looked at now: this source, or this name, has to wait."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proved:
    """An account whose secret was right; nobody is signed in by that alone."""

    account: AccountRow
    private: PrivateKey = field(repr=False)


def source(request: web.Request, here: Visit) -> str:
    """Where this request comes from, as far as guessing is counted."""
    # Some proxies add a header line of their own below a client's: all of them are one list (RFC 9110, section 5.3).
    forwarded = ",".join(request.headers.getall("X-Forwarded-For", ()))
    return source_of(request.remote, forwarded, here.site.trusted_proxies)


def admit(request: web.Request, here: Visit, name: bytes) -> None:
    """Count one try of this source at this name. Raises TooManyTriesError when one of them has to wait."""
    guard = here.site.guard
    if not guard.sources.take(source(request, here), here.now) or not guard.names.charge(name, here.now):
        raise TooManyTriesError


def settle(request: web.Request, here: Visit, name: bytes) -> None:
    """The try was right, and so no guess."""
    here.site.guard.names.clear(name)
    here.site.guard.sources.give_back(source(request, here), here.now)


async def prove(request: web.Request, here: Visit, login: str, action: str, opening: Opening) -> Proved | None:
    """The account of a sign-in name, if `opening` opens it; None for a wrong secret, nobody's name, a blocked account.

    A failure is counted and audited under `action`. Raises TooManyTriesError.
    """
    name = login_fingerprint(here.means.keys, here.clinic.id, login)
    admit(request, here, name)
    account = await here.means.database.read(lambda c: queries.account_by_login(c, here.clinic.id, name))
    if account is not None and account.retry_at is not None and account.retry_at > here.now:
        raise TooManyTriesError
    async with here.site.guard.room:
        private = await asyncio.to_thread(_try, here.means.keys.pepper, account, opening)
    if account is None or private is None or account.state == AccountState.BLOCKED:
        await here.means.database.write(lambda c: note_failure(c, here, account, action))
        return None
    settle(request, here, name)
    return Proved(account=account, private=private)


def _try(pepper: bytes, account: AccountRow | None, opening: Opening) -> PrivateKey | None:
    if account is None:
        burn(pepper)
        return None
    try:
        return opening(account)
    except WrongSecretError:
        return None


def note_failure(connection: Connection, here: Visit, account: AccountRow | None, action: str) -> None:
    """Write down a try that failed; an account remembers how many in a row, and until when it waits."""
    audit(connection, here, account.id if account else None, action, "failed")
    fresh = accounts.account(connection, here.clinic.id, account.id) if account else None
    if fresh is not None:
        failures = fresh.failures + 1
        accounts.change_account(
            connection, fresh.id, failures=failures, retry_at=here.now + wait_after(failures)
        )


def audit(connection: Connection, here: Visit, actor: UUID | None, action: str, result: str) -> None:
    """Write an act at the door down (AUD-08)."""
    clinics.note_audit(connection, audit_row(here.clinic.id, actor, action, result, here.now))


def audit_row(clinic: UUID, actor: UUID | None, action: str, result: str, now: datetime) -> AuditRow:
    """One act of an account on itself."""
    return AuditRow(
        id=new_id(now), clinic_id=clinic, at=now, actor_id=actor, action=action, object_id=actor, result=result,
    )  # fmt: skip


async def prove_again(
    request: web.Request, here: Visit, account: AccountRow, action: str, opening: Opening
) -> ErrorCode | None:
    """What is wrong with the password that a signed-in person gives once more; None when it is right (IDN-05)."""
    try:
        admit(request, here, account.login_fp)
    except TooManyTriesError:
        return ErrorCode.TOO_MANY_TRIES
    async with here.site.guard.room:
        private = await asyncio.to_thread(_try, here.means.keys.pepper, account, opening)
    if private is None:
        await here.means.database.write(lambda c: note_failure(c, here, account, action))
        return ErrorCode.PASSWORD_WRONG
    settle(request, here, account.login_fp)
    return None
