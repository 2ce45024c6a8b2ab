"""Signing in and out: name and password, the code of the second factor, the language of pages (IDN-05 to IDN-10)."""

import asyncio
from dataclasses import replace
from urllib.parse import quote

from aiohttp import web

from keys import totp
from keys.accounts import change_password, needs_rehash, unlock
from keys.suite import PASSWORD_COST, PrivateKey
from messaging_server.broker.preference import choose_language
from messaging_server.storage import accounts
from messaging_server.storage.accounts import AccountRow, SessionState
from messaging_server.storage.database import Connection
from messaging_server.texts import Language
from messaging_server.web import worrying
from messaging_server.web.entering import (
    CODE,
    YEAR,
    account_of,
    enter,
    forget_access,
    in_state,
    own_path,
    private_of,
    start,
    step_on,
)
from messaging_server.web.guessing import Proved, TooManyTriesError, admit, audit, note_failure, prove, settle
from messaging_server.web.posted import posted
from messaging_server.web.second_factor import accept_step, open_seed
from messaging_server.web.sessions import drop_cookie
from messaging_server.web.views.account import SignIn, SignInCode
from messaging_server.web.views.frame import ErrorCode, FieldError, Flash, FlashCode, FlashKind
from messaging_server.web.visit import Visit, cookie_name, visit

"""Seconds for which a device keeps its language; it says nothing else about anybody."""


def routes() -> list[web.RouteDef]:
    """Where these pages are."""
    return [
        web.get("/", begin),
        web.get("/sign-in", show_sign_in),
        web.post("/sign-in", sign_in),
        web.get(CODE, show_code),
        web.post(CODE, check_code),
        web.post("/sign-out", sign_out),
        web.post("/language", change_language),
        *worrying.routes(),
    ]


async def begin(request: web.Request) -> web.StreamResponse:
    """The door: on to wherever this visitor belongs."""
    here = visit(request)
    return here.go(start(here))


async def show_sign_in(request: web.Request) -> web.StreamResponse:
    """The first step; whoever is signed in already goes home."""
    here = visit(request)
    if here.reader is not None:
        return here.go(start(here))
    lost = here.session is None and cookie_name(here.site, "session") in request.cookies
    if lost and here.flash is None:
        here = replace(here, flash=Flash(kind=FlashKind.NOTE, code=FlashCode.TIMED_OUT))
    return here.page("account/sign_in", SignIn(next=own_path(request.query.get("next", ""))))


async def sign_in(request: web.Request) -> web.StreamResponse:
    """Check the name and the password; all that is wrong looks alike (IDN-09)."""
    here, form = visit(request), await posted(request)
    login, password = form.text("login", required=True), form.secret("password")
    view = SignIn(login=login, next=own_path(form.text("next")), errors=form.found)
    if view.errors:
        return here.page("account/sign_in", view, status=422)
    try:
        proved = await prove(request, here, login, "sign_in", lambda account: _unlock(here, account, password))
    except TooManyTriesError:
        return _again(here, view, ErrorCode.TOO_MANY_TRIES, status=429)
    if proved is None:
        return _again(here, view, ErrorCode.SIGN_IN_FAILED)
    await _renew_cost(here, proved, password)
    if proved.account.sealed_totp is None:
        return await enter(request, here, proved.account, proved.private, path=view.next)
    path = f"{CODE}?next={quote(view.next, safe='/')}" if view.next else CODE
    return await step_on(here, proved.account, proved.private, SessionState.SECOND_FACTOR, path)


def _again(here: Visit, view: SignIn, code: ErrorCode, status: int = 422) -> web.Response:
    errors = (FieldError(field="password", code=code),)
    return here.page("account/sign_in", replace(view, errors=errors), status=status)


def _unlock(here: Visit, account: AccountRow, password: str) -> PrivateKey:
    return unlock(password, here.means.keys.pepper, account.keys, account.id, here.clinic.id)


async def _renew_cost(here: Visit, proved: Proved, password: str) -> None:
    """Stretch the password anew when the cost in force has changed since it was chosen."""
    account = proved.account
    if not needs_rehash(account.keys, PASSWORD_COST):
        return
    async with here.site.guard.room:
        keys = await asyncio.to_thread(
            change_password, proved.private, password, here.means.keys.pepper, account.keys, account.id, here.clinic.id
        )

    def unit(connection: Connection) -> None:
        accounts.change_account(
            connection, account.id, salt=keys.salt, cost_operations=keys.cost.operations,
            cost_memory=keys.cost.memory, verifier=keys.verifier, by_password=keys.by_password,
        )  # fmt: skip

    await here.means.database.write(unit)


@in_state(SessionState.SECOND_FACTOR)
async def show_code(request: web.Request) -> web.StreamResponse:
    """The second step."""
    return visit(request).page("account/sign_in_totp", SignInCode(next=own_path(request.query.get("next", ""))))


@in_state(SessionState.SECOND_FACTOR)
async def check_code(request: web.Request) -> web.StreamResponse:
    """Check the code of the second factor; a code is accepted once (RFC 6238, section 5.2)."""
    here, form = visit(request), await posted(request)
    code, path = form.text("code", 20, required=True), own_path(form.text("next"))
    error, status = form.found, 422
    if not error:
        found = await passes(request, here, account_of(here), code)
        if found is None:
            return await enter(request, here, account_of(here), private_of(here), path=path)
        error = (FieldError(field="code", code=found),)
        status = 429 if found is ErrorCode.TOO_MANY_TRIES else 422
    return here.page("account/sign_in_totp", SignInCode(next=path, errors=error), status=status)


async def passes(request: web.Request, here: Visit, account: AccountRow, code: str) -> ErrorCode | None:
    """What is wrong with a code of the second factor; None when it passes, and then it is used up."""
    name = b"totp" + account.id.bytes
    try:
        admit(request, here, name)
    except TooManyTriesError:
        return ErrorCode.TOO_MANY_TRIES
    if account.retry_at is not None and account.retry_at > here.now:
        return ErrorCode.TOO_MANY_TRIES
    seed = open_seed(here.means.keys, account)
    step = totp.verify(seed, code, here.now, account.totp_step) if seed else None
    if step is not None and await here.means.database.write(lambda c: accept_step(c, account, step)):
        settle(request, here, name)
        return None
    await here.means.database.write(lambda c: note_failure(c, here, account, "second_factor"))
    return ErrorCode.CODE_WRONG


async def sign_out(request: web.Request) -> web.StreamResponse:
    """End this session; nothing stays on the device."""
    here = visit(request)
    response = here.go("/sign-in", FlashCode.SIGNED_OUT)
    if here.session is not None:
        account, token_fp = here.session.account_id, here.session.token_fp

        def unit(connection: Connection) -> None:
            accounts.end_session(connection, token_fp)
            audit(connection, here, account, "sign_out", "done")

        await here.means.database.write(unit)
    drop_cookie(here.site, response)
    forget_access(here.site, response)
    return response


async def change_language(request: web.Request) -> web.StreamResponse:
    """Speak the other language on this device, and to whoever is signed in from now on (ACC-08)."""
    here, form = visit(request), await posted(request)
    language, back = form.text("language", 2), own_path(form.text("next", 300)) or "/"
    if language not in set(Language):
        return here.go(back)
    response = here.go(back, await _tell(here, Language(language)))
    response.set_cookie(
        cookie_name(here.site, "language"), language, max_age=YEAR, httponly=True, samesite="Lax",
        secure=here.site.secure, path="/",
    )  # fmt: skip
    return response


async def _tell(here: Visit, language: Language) -> FlashCode | None:
    if here.session is None:
        return None
    token_fp = here.session.token_fp
    await here.means.database.write(lambda c: accounts.change_session(c, token_fp, language=language))
    if here.reader is None or not here.reader.is_patient:
        return None
    await choose_language(here.means, here.clinic, here.reader, language, here.now)
    return FlashCode.LANGUAGE_CHANGED
