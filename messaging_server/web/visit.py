"""One request as our pages see it: which clinic, which language, who is signed in, and how to answer.

A handler takes a `Visit` from the request, asks the broker or `storage.queries`, and gives a page. Handlers decide
nothing and write nothing themselves.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import wraps
from typing import Final
from urllib.parse import quote

from aiohttp import web

from keys.suite import equal
from messaging_server.broker.clinic import Clinic, Means
from messaging_server.broker.directory import open_name
from messaging_server.clock import Clock
from messaging_server.errors import NotFoundError
from messaging_server.message import Pause
from messaging_server.record.reading import Reader
from messaging_server.storage import people
from messaging_server.storage.accounts import AccountRole, AccountRow, AccountState, SessionRow, SessionState
from messaging_server.texts import Language
from messaging_server.web.limits import Guard
from messaging_server.web.uploads import FileLimits, Room
from messaging_server.web.views.frame import Audience, Chrome, Flash, FlashCode, FlashKind, Nav, Outage, Signed

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """What the pages work with; made once by the wiring place."""

    means: Means
    clinics_by_host: Callable[[str], Clinic | None]
    clock: Clock
    secure: bool
    """Whether the pages are reached by https: cookies then are `__Host-` and Secure (IDN-10)."""
    static_version: str
    idle_minutes: Mapping[Audience, int]
    trusted_proxies: frozenset[str] = frozenset()
    outages: Callable[[], tuple[Outage, ...]] = tuple
    guard: Guard = field(default_factory=Guard)
    """What this process remembers of wrong tries (IDN-09)."""
    files: FileLimits = field(default_factory=FileLimits)
    room: Room = field(default_factory=Room)
    """Where forms with files are read (SEC-13)."""
    prepared: Callable[[], bool] = lambda: True
    """Whether what must be done before anybody is served is done: until then the server is not ready."""


SITE: Final = web.AppKey("site", Site)


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One request, with everything that the middleware found out."""

    site: Site
    clinic: Clinic
    now: datetime
    language: Language
    path: str
    again: str = "/"
    """Where this page can be asked for again, its query with it: a form's answer is found where the form was."""
    csrf: str = field(repr=False)
    token: str | None = field(default=None, repr=False)
    session: SessionRow | None = None
    account: AccountRow | None = None
    reader: Reader | None = None
    """Somebody fully signed in; None while a step of the sign-in is missing."""
    name: str = field(default="", repr=False)
    flash: Flash | None = None
    pauses: tuple[Pause, ...] = ()
    """What the clinic lets rest at this instant (ACK-24)."""
    shortcuts: bool = True
    """Whether single letters act on the staff's pages on this device (WCAG 2.1.4)."""

    @property
    def means(self) -> Means:
        """What the broker acts with."""
        return self.site.means

    @property
    def waits_for_admission(self) -> bool:
        """Whether this is a colleague whom no team has admitted yet: signed in, and reading nothing (DESIGN 5)."""
        return self.account is not None and self.account.state == AccountState.WAITING

    @property
    def leads(self) -> bool:
        """Whether the visitor may see how the clinic does, in numbers without people (MET-04)."""
        return self.reader is not None and self.reader.role in LEADS and not self.waits_for_admission

    @property
    def audience(self) -> Audience:
        """Who is signed in."""
        if self.reader is None:
            return Audience.NONE
        return Audience.PATIENT if self.reader.is_patient else Audience.STAFF

    @property
    def who(self) -> Reader:
        """The signed-in reader; handlers behind `signed_in` always have one."""
        if self.reader is None:
            raise NotFoundError("nobody is signed in")
        return self.reader

    def chrome(self, current: Nav | None = None) -> Chrome:
        """The frame of the page."""
        policy, officer = self.clinic.policy, self.clinic.policy.privacy_officer
        signed = Signed(name=self.name, audience=self.audience) if self.reader else None
        return Chrome(
            language=self.language, path=self.path, again=self.again, csrf=self.csrf,
            clinic=policy.names[self.language],
            clinic_phone=policy.phone, privacy_contact=f"{officer.name}, {officer.contact[self.language]}",
            signed=signed,
            nav=navigation(self.reader, waits=self.waits_for_admission), current=current, flash=self.flash,
            static_version=self.site.static_version,
            timeout=self.site.idle_minutes[self.audience] * 60 if self.reader else None,
            outages=self.site.outages(), shortcuts=self.shortcuts,
            # A patient is told on the pages about what waits, and only of the ways that they are reached by.
            pauses=() if self.audience is Audience.PATIENT else self.pauses,
        )  # fmt: skip

    def reading(self, language: Language) -> "Visit":
        """The same visit in another language: a letter is written in the language of whom it is for."""
        return replace(self, language=language)

    def page(
        self, template: str, view: object, *, status: int = 200, current: Nav | None = None, **extra: object
    ) -> web.Response:
        """A page in the visitor's language; never kept by any cache (GOV-04)."""
        body = self.means.texts.page(template, self.language, view, chrome=self.chrome(current), **extra)
        return web.Response(text=body, content_type="text/html", status=status)

    def go(self, path: str, code: FlashCode | None = None, kind: FlashKind = FlashKind.DONE) -> web.Response:
        """Send the browser to one of our own pages, with a line of what was done."""
        response = web.Response(status=303, headers={"Location": path})
        if code is not None:
            response.set_cookie(
                cookie_name(self.site, "flash"), f"{kind.value}.{code.value}", max_age=60, httponly=True,
                samesite="Lax", secure=self.site.secure, path="/",
            )  # fmt: skip
        return response


VISIT: Final = web.RequestKey("visit", Visit)


def visit(request: web.Request) -> Visit:
    """The visit that the middleware made of this request. Raises KeyError where it did not run."""
    return request[VISIT]


def cookie_name(site: Site, name: str) -> str:
    """The name of a cookie of ours: bound to this host where https allows it (IDN-10)."""
    return f"__Host-{name}" if site.secure else name


def navigation(reader: Reader | None, *, waits: bool = False) -> tuple[Nav, ...]:
    """Where this visitor may go."""
    if reader is None:
        return ()
    if reader.is_patient:
        return (Nav.INBOX, Nav.WRITE, Nav.CHOICES, Nav.READERS, Nav.ACCOUNT)
    if reader.role is AccountRole.ADMINISTRATOR or waits:
        return (Nav.TEAM, Nav.POLICY, Nav.ACCOUNT)
    return (Nav.BOARD, Nav.PEOPLE, Nav.SUPERVISOR, Nav.TEAM, Nav.POLICY, Nav.ACCOUNT)


LEADS: Final = frozenset({AccountRole.PHYSICIAN, AccountRole.ADMINISTRATOR})
"""Who answers for how the clinic works: physicians, and administrators, who read no message."""


def signed_in(*audiences: Audience, roles: frozenset[AccountRole] | None = None) -> Callable[[Handler], Handler]:
    """Let only these visitors through; others are sent to the sign-in page, or told that there is no such page."""

    def decorate(handler: Handler) -> Handler:
        @wraps(handler)
        async def guarded(request: web.Request) -> web.StreamResponse:
            here = visit(request)
            if here.reader is None:
                # Whoever was reading comes back to the same page; a form that was sent does not send itself again.
                return here.go(f"/sign-in?next={quote(here.path)}" if request.method == "GET" else "/sign-in")
            if here.audience not in audiences or (roles is not None and here.reader.role not in roles):
                raise NotFoundError(here.path)
            if roles is not None and here.waits_for_admission:
                # A role alone reads nothing: names and addresses too are for those whom a team member has admitted.
                raise NotFoundError(here.path)
            return await handler(request)

        return guarded

    return decorate


patients_only = signed_in(Audience.PATIENT)
staff_only = signed_in(Audience.STAFF, roles=frozenset(AccountRole) - {AccountRole.PATIENT, AccountRole.ADMINISTRATOR})
any_staff = signed_in(Audience.STAFF)
leads_only = signed_in(Audience.STAFF, roles=LEADS)
administrators_only = signed_in(Audience.STAFF, roles=frozenset({AccountRole.ADMINISTRATOR}))
anybody_signed_in = signed_in(Audience.PATIENT, Audience.STAFF)


def with_reader(
    here: Visit, account: AccountRow, session: SessionRow, reader: Reader | None, person: people.PersonRow
) -> Visit:
    """The visit of somebody whose session was found."""
    language = Language(session.language) if session.language in set(Language) else here.language
    complete = reader if session.state == SessionState.SIGNED_IN else None
    name = open_name(here.means.keys, person).full
    return replace(here, account=account, session=session, reader=complete, name=name, language=language)


def same_token(given: str, expected: str) -> bool:
    """Compare two tokens in constant time (SEC-06)."""
    return equal(given.encode("utf-8", "replace"), expected.encode())
