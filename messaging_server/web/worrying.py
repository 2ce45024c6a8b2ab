"""« Someone may have my password »: one button that stops everything (IDN-23).

It works for whoever is signed in, or gives the password. A name alone blocks nothing, else anybody could shut out
anybody: such a try is written down, and the page says to call the clinic.
"""

from dataclasses import replace

from aiohttp import web

from keys.accounts import unlock
from messaging_server.broker import alarm
from messaging_server.storage.accounts import AccountRow
from messaging_server.web.entering import forget_access
from messaging_server.web.guessing import TooManyTriesError, prove
from messaging_server.web.posted import posted
from messaging_server.web.sessions import drop_cookie
from messaging_server.web.views.account import Worried
from messaging_server.web.views.frame import ErrorCode, FieldError
from messaging_server.web.visit import Visit, visit


def routes() -> list[web.RouteDef]:
    """Where this page is."""
    return [web.get("/worried", show), web.post("/worried", stop)]


async def show(request: web.Request) -> web.StreamResponse:
    """What the button does, said before it is pressed."""
    return visit(request).page("account/worried", Worried())


async def stop(request: web.Request) -> web.StreamResponse:
    """Block the account of whoever is signed in, or of whoever knows its password."""
    here = visit(request)
    if here.reader is not None and here.account is not None:
        return await _block(here, here.account)
    form = await posted(request)
    login, password = form.text("login", required=True), form.secret("password")
    view = Worried(login=login, errors=form.found)
    if view.errors:
        return here.page("account/worried", view, status=422)
    pepper = here.means.keys.pepper
    try:
        proved = await prove(
            request, here, login, "worried", lambda a: unlock(password, pepper, a.keys, a.id, here.clinic.id)
        )
    except TooManyTriesError:
        return _again(here, view, ErrorCode.TOO_MANY_TRIES, 429)
    if proved is None:
        return _again(here, view, ErrorCode.SIGN_IN_FAILED, 422)
    return await _block(here, proved.account)


def _again(here: Visit, view: Worried, code: ErrorCode, status: int) -> web.Response:
    errors = (FieldError(field="password", code=code),)
    return here.page("account/worried", replace(view, errors=errors), status=status)


async def _block(here: Visit, account: AccountRow) -> web.Response:
    await alarm.block(here.means, here.clinic, account, here.now)
    # Nobody is signed in on the page that answers, and its form token is that of the cookie that is dropped with it.
    gone = replace(here, reader=None, account=None, session=None, name="")
    response = gone.page("account/worried", Worried(done=True))
    drop_cookie(here.site, response)
    forget_access(here.site, response)
    return response
