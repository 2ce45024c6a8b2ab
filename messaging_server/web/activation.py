"""The first sign-in: the letter's code, a password, the recovery code, the second factor (IDN-03 to IDN-08).

The code travels in forms, never in an address. After the password whoever stops comes back by signing in.
"""

from datetime import date
from typing import Final

from aiohttp import web

from keys import codes, totp
from keys.suite import WrongSecretError
from messaging_server.broker import admission, alarm
from messaging_server.broker.admission import Admitted, Opened
from messaging_server.broker.directory import open_profile
from messaging_server.errors import ConflictError, InvalidError, NotFoundError
from messaging_server.storage.accounts import AccountRole, AccountRow, SessionState
from messaging_server.storage.queries import entering as queries
from messaging_server.web import second_factor
from messaging_server.web.entering import (
    TOTP,
    account_of,
    enter,
    home,
    in_state,
    private_of,
    renew,
    start,
    within,
)
from messaging_server.web.guessing import source
from messaging_server.web.passwords import chosen, minimum, words_of
from messaging_server.web.posted import Fields, posted
from messaging_server.web.sessions import set_cookie
from messaging_server.web.views.account import About, Activation, ChoosePassword, Progress, RecoveryCode, TotpSetup
from messaging_server.web.views.frame import ErrorCode, FieldError
from messaging_server.web.visit import Visit, visit

PATIENT_STEPS: Final = 14
"""Code, password, recovery code, second factor, what this is; seven blocks of consent, choices, summary."""
STAFF_STEPS: Final = 4
CODE_LENGTH: Final = 60
ANY_STEP: Final = tuple(SessionState)


def routes() -> list[web.RouteDef]:
    """Where these pages are."""
    return [
        web.get("/activate", show),
        web.post("/activate", check),
        web.get("/activate/password", back_to_code),
        web.post("/activate/password", choose),
        web.get("/activate/recovery-code", go_on),
        web.post("/activate/recovery-code", keep),
        web.get(TOTP, show_totp),
        web.post(TOTP, set_totp),
        web.get("/activate/about", about),
    ]


def step(number: int, role: str = AccountRole.PATIENT) -> Progress:
    """How far somebody is."""
    return Progress(step=number, of=PATIENT_STEPS if role == AccountRole.PATIENT else STAFF_STEPS)


async def show(request: web.Request) -> web.StreamResponse:
    """Step one: the code of the letter."""
    return visit(request).page("account/activate", Activation(progress=step(1)))


async def check(request: web.Request) -> web.StreamResponse:
    """Check the code and the birth date; what is wrong with either looks alike (IDN-04)."""
    here, form = visit(request), await posted(request)
    code, birth_date = form.text("code", CODE_LENGTH, required=True), _birth_date(form)
    opened = None if form.errors else await _open(request, here, form, code, birth_date)
    if opened is None:
        return _ask_code(here, form)
    return _ask_password(here, opened, code, birth_date, ())


def _ask_code(here: Visit, form: Fields) -> web.Response:
    status = 429 if any(error.code is ErrorCode.TOO_MANY_TRIES for error in form.errors) else 422
    view = Activation(
        progress=step(1), code=form.text("code", CODE_LENGTH), birth_day=form.text("birth_day", 2),
        birth_month=form.text("birth_month", 2), birth_year=form.text("birth_year", 4), errors=form.found,
    )  # fmt: skip
    return here.page("account/activate", view, status=status)


def _birth_date(form: Fields) -> str:
    """The date in ISO 8601; empty when none was given, as for staff, who have none on file."""
    day, month, year = (form.text(f"birth_{part}", size) for part, size in (("day", 2), ("month", 2), ("year", 4)))
    if not (day or month or year):
        return ""
    try:
        return date(int(year), int(month), int(day)).isoformat()
    except ValueError:
        form.wrong("birth_day", ErrorCode.NOT_A_DATE)
        return ""


async def _open(request: web.Request, here: Visit, form: Fields, code: str, birth_date: str) -> Opened | None:
    """Whom a code is for; a wrong one is noted in the form and counts against its source (IDN-09)."""
    sources, origin = here.site.guard.sources, source(request, here)
    if not sources.take(origin, here.now):
        form.wrong("code", ErrorCode.TOO_MANY_TRIES)
        return None
    try:
        opened = await admission.check_code(here.means, here.clinic, code, birth_date, here.now)
    except InvalidError:
        form.wrong("code", ErrorCode.ACTIVATION_WRONG)
        return None
    sources.give_back(origin, here.now)
    return opened


def _ask_password(
    here: Visit, opened: Opened, code: str, birth_date: str, errors: tuple[FieldError, ...]
) -> web.Response:
    role = opened.trace.role
    view = ChoosePassword(
        login=opened.profile.login, minimum=minimum(role), progress=step(2, role), code=code, birth_date=birth_date,
        errors=errors,
    )  # fmt: skip
    return here.page("account/choose_password", view, status=422 if errors else 200)


async def back_to_code(request: web.Request) -> web.StreamResponse:
    """The page of the password lives only in the answer to the code: start there."""
    return visit(request).go("/activate")


async def choose(request: web.Request) -> web.StreamResponse:
    """Step two: a password makes the account, and the code is used up."""
    here, form = visit(request), await posted(request)
    code, birth_date = form.text("code", CODE_LENGTH), form.text("birth_date", 10)
    opened = await _open(request, here, form, code, birth_date)
    if opened is None:
        return _ask_code(here, form)
    password = await chosen(form, minimum(opened.trace.role), words_of(here, opened.person))
    if form.errors:
        return _ask_password(here, opened, code, birth_date, form.found)
    try:
        async with here.site.guard.room:
            admitted = await admission.activate(here.means, here.clinic, opened, code, password, here.now)
    except ConflictError:
        form.wrong("code", ErrorCode.ACTIVATION_WRONG)
        return _ask_code(here, form)
    return await _show_recovery_code(here, admitted)


async def _show_recovery_code(here: Visit, admitted: Admitted) -> web.Response:
    """Step three, in the answer itself: the code is kept nowhere. A second factor from before is still asked for."""
    account = admitted.account
    if await here.means.database.read(lambda c: queries.had_account(c, account)):
        await alarm.warn(here.means, here.clinic, account.person_id, here.now)
    state = SessionState.ENROLLING if account.sealed_totp is None else SessionState.SECOND_FACTOR
    begun = await renew(here, account, admitted.private, state)
    view = RecoveryCode(progress=step(3, account.role), code=admitted.recovery_code)
    response = within(here, account, begun).page("account/recovery_code", view)
    set_cookie(here.site, response, begun.token)
    return response


@in_state(*ANY_STEP)
async def go_on(request: web.Request) -> web.StreamResponse:
    """The recovery code was shown in the answer before, and is not shown twice."""
    here = visit(request)
    return here.go(_after_recovery_code(here))


@in_state(*ANY_STEP)
async def keep(request: web.Request) -> web.StreamResponse:
    """Step three: go on once the code is said to be kept."""
    here, form = visit(request), await posted(request)
    if form.text("kept", 5) == "yes":
        return here.go(_after_recovery_code(here))
    form.wrong("kept", ErrorCode.CONFIRM_KEPT)
    view = RecoveryCode(progress=step(3, account_of(here).role), code=_code_again(form), errors=form.found)
    return here.page("account/recovery_code", view, status=422)


def _code_again(form: Fields) -> str:
    """The code as the page before showed it: the form brings it back, nothing else knows it."""
    try:
        return codes.normalise(form.text("code", CODE_LENGTH))
    except WrongSecretError:
        return ""


def _after_recovery_code(here: Visit) -> str:
    enrolling = here.session is not None and here.session.state == SessionState.ENROLLING
    return TOTP if enrolling and account_of(here).sealed_totp is None else start(here)


@in_state(SessionState.ENROLLING)
async def show_totp(request: web.Request) -> web.StreamResponse:
    """Step four: a second factor, which patients may put off (IDN-05)."""
    here = visit(request)
    account = account_of(here)
    if account.sealed_totp is not None:
        return here.go(start(here))
    return await _ask_totp(here, account, totp.new_seed(), ())


async def _ask_totp(here: Visit, account: AccountRow, seed: bytes, errors: tuple[FieldError, ...]) -> web.Response:
    view = await totp_view(here, account, seed, progress=step(4, account.role), errors=errors)
    return here.page("account/totp_setup", view, status=422 if errors else 200)


async def totp_view(
    here: Visit, account: AccountRow, seed: bytes, *, progress: Progress | None = None, action: str = TOTP,
    ask_current: bool = False, errors: tuple[FieldError, ...] = (),
) -> TotpSetup:  # fmt: skip
    """The page of a new second factor, for one seed."""
    found = await here.means.database.read(lambda c: queries.entrant(c, here.clinic.id, account.person_id))
    if found is None:
        raise NotFoundError(here.path)
    login = open_profile(here.means.keys, found.person).login
    issuer = here.clinic.policy.names[here.language]
    return TotpSetup(
        qr_base64=second_factor.picture(seed, login, issuer), secret=second_factor.letters(seed),
        required=account.role != AccountRole.PATIENT, pending=second_factor.seal_pending(here, account.id, seed),
        progress=progress, action=action, ask_current=ask_current, errors=errors,
    )  # fmt: skip


@in_state(SessionState.ENROLLING)
async def set_totp(request: web.Request) -> web.StreamResponse:
    """Take the second factor into use once its first code is right."""
    here, form = visit(request), await posted(request)
    account = account_of(here)
    if account.sealed_totp is not None:
        return here.go(start(here))
    if form.text("skip", 5) == "yes" and account.role == AccountRole.PATIENT:
        return await enter(request, here, account, private_of(here))
    seed = second_factor.open_pending(here, account.id, form.raw("pending", second_factor.LONGEST_PENDING))
    if seed is None:
        return here.go(TOTP)
    account_now = await second_factor.take(here, account, seed, form)
    if account_now is None:
        return await _ask_totp(here, account, seed, form.found)
    return await enter(request, here, account_now, private_of(here))


@in_state(SessionState.ENROLLING, SessionState.SIGNED_IN)
async def about(request: web.Request) -> web.StreamResponse:
    """Step five: what this is and what it is not (TRN-07, TRN-09)."""
    here = visit(request)
    policy = here.clinic.policy
    enrolling = here.reader is None
    view = About(
        progress=step(5) if enrolling else None, readers=policy.access[here.language],
        walk_in=policy.walk_in[here.language],
        next="/activate/consent" if enrolling else home(account_of(here)),
    )  # fmt: skip
    return here.page("account/about", view)
