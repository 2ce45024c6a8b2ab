"""What happens around every page: headers, the clinic, the session, the form token, and errors in plain words."""

import secrets
from collections.abc import Awaitable, Callable, Mapping
from contextlib import nullcontext
from dataclasses import replace
from typing import Final

from aiohttp import web

from messaging_server.broker import pausing
from messaging_server.errors import (
    ConflictError,
    InvalidError,
    MessagingError,
    NotAllowedError,
    NotFoundError,
    UnavailableError,
)
from messaging_server.logs import log
from messaging_server.texts import Language
from messaging_server.web import uploads
from messaging_server.web.sessions import csrf_of, resume
from messaging_server.web.views.frame import FaultPage, Flash, FlashCode, FlashKind, PageFault
from messaging_server.web.visit import SITE, VISIT, Site, Visit, cookie_name, same_token
from messaging_server.web.witness import refused

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
OUTSIDE: Final = ("/healthz", "/readyz", "/metrics", "/sms/", "/static/")
"""Paths that are no pages: they have no session and no form token."""
CONTENT_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'; require-trusted-types-for 'script'"
)
HEADERS: Final = {
    "Content-Security-Policy": CONTENT_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "X-Frame-Options": "DENY",
}
LONGEST_COOKIE: Final = 128
MOST_FIELDS: Final = 500
"""Fields of a form; the longest of ours has a hundred. A megabyte of `&` would hold everybody up for a second."""
FORM: Final = "application/x-www-form-urlencoded"
FAULTS: Final[dict[type[MessagingError], tuple[int, PageFault]]] = {
    NotFoundError: (404, PageFault.NOT_FOUND),
    NotAllowedError: (403, PageFault.FORBIDDEN),
    ConflictError: (409, PageFault.CONFLICT),
    InvalidError: (400, PageFault.ERROR),
    UnavailableError: (503, PageFault.UNAVAILABLE),
}


@web.middleware
async def headers(request: web.Request, handler: Handler) -> web.StreamResponse:
    """The security headers on every answer, errors too (SEC-08); pages are never stored (GOV-04)."""
    try:
        response: web.StreamResponse = await handler(request)
    except web.HTTPException as refused:
        response = refused
    if not response.prepared:
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        if request.app[SITE].secure:
            response.headers["Strict-Transport-Security"] = "max-age=63072000; includeSubDomains"
        response.headers.setdefault("Cache-Control", "no-store")
    if isinstance(response, web.HTTPException):
        raise response
    return response


@web.middleware
async def pages(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Make the visit, check the form token, and turn what goes wrong into a page (SEC-12)."""
    if request.path.startswith(OUTSIDE):
        return await handler(request)
    here = _stranger(request)
    try:
        here = request[VISIT] = await _with_pauses(await _recognised(request, here))
        if request.method not in SAFE and _from_here(request):
            await _take(request, here)
        if request.method not in SAFE and not await _own_form(request, here):
            return fault(here, 403, PageFault.EXPIRED, kept=await _own_words(request))
        return _finish(request, here, await handler(request))
    except MessagingError as error:
        status, kind = next(found for known, found in FAULTS.items() if isinstance(error, known))
        await refused(request, here, error)
        return fault(request.get(VISIT, here), status, kind)
    except web.HTTPException as error:
        if error.status < 400:
            raise
        return fault(here, error.status, PageFault.NOT_FOUND if error.status == 404 else PageFault.ERROR)
    except Exception as error:  # noqa: BLE001  # the visitor is told in plain words; the log names the fault's class
        reference = secrets.token_hex(4)
        log.error("page_fault", fault=type(error).__name__, route=_route(request), code=reference)
        return fault(here, 500, PageFault.ERROR, reference)


def _route(request: web.Request) -> str:
    resource = request.match_info.route.resource
    return resource.canonical if resource else "none"


def fault(
    here: Visit, status: int, kind: PageFault, reference: str | None = None, kept: str | None = None
) -> web.Response:
    """A page that says what was not done, that nothing is lost, and what to do."""
    return here.page("fault", FaultPage(fault=kind, reference=reference, kept_text=kept), status=status)


async def _own_words(request: web.Request) -> str | None:
    """What was typed into an old page of ours, given back (ACC-03); what another site sent is never shown."""
    if request.headers.get("Sec-Fetch-Site") != "same-origin":
        return None
    form = await uploads.typed(request)
    words = (form.get(name) for name in ("message", "body", "phrase"))
    return next((text for text in words if isinstance(text, str) and text), None)


async def _take(request: web.Request, here: Visit) -> None:
    """Read a form that may bring files in our own way; any other is small and has no parts (SEC-11)."""
    if request.content_type != uploads.FORM or _route(request) not in uploads.TAKE_FILES:
        await _check_size(request)
        return

    def ours(fields: Mapping[str, str]) -> bool:
        return here.reader is not None and same_token(fields.get("csrf", ""), here.csrf)

    place = here.site.room.place(here.reader.account) if here.reader else nullcontext(enter_result=True)
    with place as free:
        request[uploads.POSTED] = await uploads.read(request, here.site.files, ours, free=free)


async def _check_size(request: web.Request) -> None:
    """Refuse what no form of ours sends, before it is taken apart: other kinds, and fields without end (SEC-11).

    A form in parts would have each of its files written to the disk in clear, a file handle each.
    """
    if request.can_read_body and request.content_type != FORM:
        raise web.HTTPUnsupportedMediaType
    body = await request.read()
    if body.count(b"&") >= MOST_FIELDS:
        raise web.HTTPRequestEntityTooLarge(max_size=MOST_FIELDS, actual_size=len(body))


def _stranger(request: web.Request) -> Visit:
    """The visit before anybody is looked up: no database is asked, so that a fault of it has its page too."""
    site = request.app[SITE]
    clinic = site.clinics_by_host(request.host)
    if clinic is None:
        raise web.HTTPMisdirectedRequest
    token = _cookie(request, site, "session") or _cookie(request, site, "visit") or secrets.token_urlsafe(24)
    return Visit(
        site=site, clinic=clinic, now=site.clock(), language=_language(request, site, clinic.policy.default_language),
        path=request.path, again=_place(request), csrf=csrf_of(token), token=token, flash=_flash(request, site),
        shortcuts=_cookie(request, site, "shortcuts") != "off",
    )  # fmt: skip


def _place(request: web.Request) -> str:
    """Where this page can be asked for again, as after a change of language: a form's answer has no address of its own.

    That answer is found where its form was: the nearest address above that can be read.
    """
    if request.method in SAFE:
        return request.path_qs
    routes = request.app.router.routes()
    readable = {one.resource.canonical for one in routes if one.resource and one.method == "GET"}
    canonical, path = _route(request), request.path
    while canonical not in readable and path.count("/") > 1:
        canonical, path = canonical.rpartition("/")[0], path.rpartition("/")[0]
    return path


def _cookie(request: web.Request, site: Site, name: str) -> str:
    """A cookie of ours; nothing for what none of ours can be, as bytes that are no letters."""
    value = request.cookies.get(cookie_name(site, name), "")
    return value if value.isascii() and len(value) <= LONGEST_COOKIE else ""


async def _recognised(request: web.Request, here: Visit) -> Visit:
    token = _cookie(request, here.site, "session")
    return await resume(here, token) if token else here


async def _with_pauses(here: Visit) -> Visit:
    resting = await here.means.database.read(lambda c: pausing.resting(c, here.clinic, here.now))
    return replace(here, pauses=resting) if resting else here


def _language(request: web.Request, site: Site, default: str) -> Language:
    """The language that was chosen here before, or the clinic's (ACC-08)."""
    chosen = request.cookies.get(cookie_name(site, "language"), "")
    return Language(chosen) if chosen in set(Language) else Language(default)


def _flash(request: web.Request, site: Site) -> Flash | None:
    kind, _, code = request.cookies.get(cookie_name(site, "flash"), "").partition(".")
    if kind not in set(FlashKind) or code not in set(FlashCode):
        return None
    return Flash(kind=FlashKind(kind), code=FlashCode(code))


async def _own_form(request: web.Request, here: Visit) -> bool:
    """A change comes from our own page only: same origin, and with the page's token (SEC-08)."""
    if not _from_here(request):
        return False
    given = request.headers.get("X-Form-Token") or str((await uploads.typed(request)).get("csrf", ""))
    return same_token(given, here.csrf)


def _from_here(request: web.Request) -> bool:
    """Whether a browser says that one of our own pages sent this, or says nothing."""
    return request.headers.get("Sec-Fetch-Site", "same-origin") in {"same-origin", "none"}


def _finish(request: web.Request, here: Visit, response: web.StreamResponse) -> web.StreamResponse:
    site = here.site
    if response.prepared:
        return response
    if here.flash is not None and response.status == 200:
        response.del_cookie(cookie_name(site, "flash"), path="/", secure=site.secure)
    held = cookie_name(site, "visit"), cookie_name(site, "session")
    if here.token and not any(name in request.cookies for name in held):
        response.set_cookie(
            cookie_name(site, "visit"), here.token, httponly=True, samesite="Lax", secure=site.secure, path="/",
        )  # fmt: skip
    return response
