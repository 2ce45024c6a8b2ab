"""A forgotten password: the recovery code opens the account's key, and the second factor is asked for all the same.

The other way is the clinic: it checks who it is and hands over a new code; nobody there chooses the password (IDN-08).
"""

import asyncio
from dataclasses import dataclass, field

from aiohttp import web

from keys import codes
from keys.accounts import AccountKeys, change_password, new_recovery_code, unlock_with_recovery
from keys.suite import WrongSecretError
from messaging_server.broker import alarm
from messaging_server.errors import NotFoundError
from messaging_server.storage import accounts
from messaging_server.storage.accounts import AccountRow, SessionState
from messaging_server.storage.database import Connection
from messaging_server.storage.queries import entering as queries
from messaging_server.web.entering import missing_step, renew, within
from messaging_server.web.guessing import Proved, TooManyTriesError, audit, prove
from messaging_server.web.passwords import PATIENT_MINIMUM, chosen, minimum, words_of
from messaging_server.web.posted import Fields, posted
from messaging_server.web.sessions import set_cookie
from messaging_server.web.signing import passes
from messaging_server.web.views.account import Recover, RecoveryCode
from messaging_server.web.views.frame import ErrorCode
from messaging_server.web.visit import Visit, visit

CODE_LENGTH = 60


def routes() -> list[web.RouteDef]:
    """Where this page is."""
    return [web.get("/recover", show), web.post("/recover", recover)]


async def show(request: web.Request) -> web.StreamResponse:
    """The telephone, or the recovery code."""
    return _ask(visit(request), Fields({}))


def _ask(here: Visit, form: Fields) -> web.Response:
    """The same page for everybody: whether a name exists, or has a second factor, shows nowhere (IDN-09)."""
    late = any(error.code is ErrorCode.TOO_MANY_TRIES for error in form.errors)
    view = Recover(login=form.text("login"), minimum=PATIENT_MINIMUM, errors=form.found)
    return here.page("account/recover", view, status=429 if late else 422 if form.errors else 200)


async def recover(request: web.Request) -> web.StreamResponse:
    """A new password under the same key; the recovery code is used up, and a new one is shown."""
    here, form = visit(request), await posted(request)
    login, code = form.text("login", required=True), form.text("recovery_code", CODE_LENGTH, required=True)
    password = await chosen(form, PATIENT_MINIMUM, ())
    proved = None if form.errors else await _prove(request, here, form, login, code)
    if proved is None:
        return _ask(here, form)
    found = await here.means.database.read(
        lambda c: queries.entrant(c, here.clinic.id, proved.account.person_id)
    )
    if found is None:
        raise NotFoundError(here.path)
    await chosen(form, minimum(proved.account.role), words_of(here, found.person))
    if not form.errors:
        await _second_factor(request, here, form, proved.account)
    if form.errors:
        return _ask(here, form)
    return await _finish(here, proved, password, unasked=found.unasked)


async def _prove(request: web.Request, here: Visit, form: Fields, login: str, code: str) -> Proved | None:
    pepper = here.means.keys.pepper
    try:
        # What is no code at all is refused before anybody is looked up: the time it takes tells nothing.
        codes.normalise(code)
        proved = await prove(
            request, here, login, "recover",
            lambda a: unlock_with_recovery(code, pepper, a.keys, a.id, here.clinic.id),
        )  # fmt: skip
    except WrongSecretError:
        proved = None
    except TooManyTriesError:
        form.wrong("recovery_code", ErrorCode.TOO_MANY_TRIES)
        return None
    if proved is None:
        form.wrong("recovery_code", ErrorCode.RECOVERY_WRONG)
    return proved


async def _second_factor(request: web.Request, here: Visit, form: Fields, account: AccountRow) -> None:
    """A recovery code stands for the password, never for the second factor (IDN-08)."""
    if account.sealed_totp is None:
        return
    wrong = await passes(request, here, account, form.text("code", 20))
    if wrong is not None:
        form.wrong("code", wrong)


@dataclass(frozen=True, slots=True)
class _Renewed:
    keys: AccountKeys
    code: str = field(repr=False)


def _renewed(here: Visit, proved: Proved, password: str) -> _Renewed:
    account, pepper = proved.account, here.means.keys.pepper
    keys = change_password(proved.private, password, pepper, account.keys, account.id, here.clinic.id)
    return _Renewed(*new_recovery_code(proved.private, pepper, keys, account.id, here.clinic.id))


async def _finish(here: Visit, proved: Proved, password: str, *, unasked: bool) -> web.Response:
    async with here.site.guard.room:
        renewed = await asyncio.to_thread(_renewed, here, proved, password)
    account, keys = proved.account, renewed.keys

    def unit(connection: Connection) -> None:
        accounts.change_account(
            connection, account.id, salt=keys.salt, cost_operations=keys.cost.operations,
            cost_memory=keys.cost.memory, verifier=keys.verifier, by_password=keys.by_password,
            by_recovery=keys.by_recovery, failures=0, retry_at=None, last_sign_in_at=here.now,
        )  # fmt: skip
        accounts.end_sessions(connection, account.id)
        audit(connection, here, account.id, "recover", "done")

    await here.means.database.write(unit)
    await alarm.warn(here.means, here.clinic, account.person_id, here.now)
    missing = missing_step(account, unasked=unasked)
    begun = await renew(here, account, proved.private, SessionState.ENROLLING if missing else SessionState.SIGNED_IN)
    here = within(here, account, begun)
    response = here.page("account/recovery_code", RecoveryCode(code=renewed.code))
    set_cookie(here.site, response, begun.token)
    return response
