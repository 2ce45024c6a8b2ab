"""My choices: what I agreed to by channel and content, taking it back, proving an address (CON-13, CON-15, DIR-03)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from aiohttp import web

from consent.model import Act, Category, Channel, ConsentEvent, Method, Scope
from consent.register import CellState, Standing, standing
from messaging_server.broker import permission, verification
from messaging_server.errors import InvalidError, NotFoundError
from messaging_server.storage.database import Connection
from messaging_server.storage.queries import choices as queries
from messaging_server.web.agreed import address_view, channels_of
from messaging_server.web.fields import form_of, id_of, word_of
from messaging_server.web.views.choices import AddressView, Choices, VerifyAddress, Withdraw
from messaging_server.web.views.frame import ErrorCode, FieldError, FlashCode, Nav
from messaging_server.web.visit import Visit, patients_only, visit

CODE_LENGTH: Final = 20


def routes() -> list[web.RouteDef]:
    """Where these pages are."""
    return [
        web.get("/choices", show_choices),
        web.get("/choices/withdraw", show_withdraw), web.post("/choices/withdraw", withdraw),
        web.get("/choices/addresses/{address}", show_address),
        web.post("/choices/addresses/{address}", confirm_address),
        web.post("/choices/addresses/{address}/code", send_code),
    ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Known:
    register: tuple[ConsentEvent, ...]
    addresses: tuple[queries.AddressRow, ...]


def _load(connection: Connection, person: UUID) -> _Known:
    return _Known(queries.register(connection, person), queries.addresses(connection, person))


@patients_only
async def show_choices(request: web.Request) -> web.StreamResponse:
    """What is in force, with dates, and the ways to change it."""
    here = visit(request)
    known = await here.means.database.read(lambda c: _load(c, here.who.person))
    last = max((act for act in known.register if act.act is Act.ACCEPTED), key=lambda act: act.at, default=None)
    view = Choices(
        channels=channels_of(here, known.register, known.addresses),
        text_version=last.text_version if last else None, given=here.clinic.local(last.at) if last else None,
        expires=here.clinic.local(last.expires_at) if last and last.expires_at else None,
    )  # fmt: skip
    return here.page("patient/choices", view, current=Nav.CHOICES)


@dataclass(frozen=True, slots=True)
class Target:
    """What a withdrawal names: a way, a kind of content, both, or nothing, which means everything."""

    channel: Channel | None
    category: Category | None

    @property
    def channels(self) -> frozenset[Channel]:
        """The ways that it touches."""
        return frozenset({self.channel} if self.channel else Channel)

    @property
    def scope(self) -> frozenset[Scope]:
        """The cells that it names; none when it takes back whole ways."""
        category = self.category
        return frozenset(Scope(channel, category) for channel in self.channels) if category else frozenset()

    def touches(self, scope: Scope) -> bool:
        """Whether a cell is taken back by it."""
        return scope.channel in self.channels and self.category in {None, scope.category}


def target_of(form: Mapping[str, str]) -> Target:
    """What a form or an address names. Raises NotFoundError for a way or a kind that does not exist.

    An unknown word must never widen a withdrawal to everything.
    """
    channel, category = form.get("channel", ""), form.get("category", "")
    if channel not in {"", *Channel} or category not in {"", *Category}:
        raise NotFoundError("no such choice")
    return Target(Channel(channel) if channel else None, Category(category) if category else None)


@patients_only
async def show_withdraw(request: web.Request) -> web.StreamResponse:
    """What would stop, said before the click."""
    here, target = visit(request), target_of(request.query)
    person = here.who.person
    known = await here.means.database.read(lambda c: queries.register(c, person))
    count = await here.means.database.read(lambda c: queries.waiting(c, person, target.channels))
    left = {scope.channel for scope in agreed(standing(known, here.now)) if not target.touches(scope)}
    view = Withdraw(
        channel=target.channel, category=target.category, waiting=count,
        still_open=tuple(channel for channel in Channel if channel in left),
    )  # fmt: skip
    return here.page("patient/withdraw", view, current=Nav.CHOICES)


def agreed(now: Standing) -> frozenset[Scope]:
    """Every cell that is agreed."""
    return frozenset(scope for scope, cell in now.cells.items() if cell.state is CellState.AGREED)


@patients_only
async def withdraw(request: web.Request) -> web.StreamResponse:
    """Take consent back, at once; a second click finds nothing left to take back and changes nothing."""
    here = visit(request)
    target = target_of(await form_of(request))
    known = await here.means.database.read(lambda c: queries.register(c, here.who.person))
    if any(target.touches(scope) for scope in agreed(standing(known, here.now))):
        given = permission.Given(
            act=Act.WITHDRAWN, method=Method.ONLINE, channels=target.channels, scope=target.scope,
            language=here.language,
        )  # fmt: skip
        await permission.record(here.means, here.clinic, here.who, here.who.person, given, here.now)
    return here.go("/choices", FlashCode.CONSENT_WITHDRAWN)


async def _own(here: Visit, request: web.Request) -> queries.AddressRow:
    address = id_of(request, "address")
    found = await here.means.database.read(
        lambda c: queries.own_address(c, here.clinic.id, here.who.person, address)
    )
    if found is None:
        raise NotFoundError(str(address))
    return found


@patients_only
async def show_address(request: web.Request) -> web.StreamResponse:
    """Where to type the code that went to an address, or ask for one."""
    here = visit(request)
    row = await _own(here, request)
    if not _view(here, row).may_prove:
        return here.go("/choices")
    return _verify_page(here, row)


def _view(here: Visit, row: queries.AddressRow) -> AddressView:
    """The address alone: what was agreed is not this page's matter."""
    return address_view(here, row, standing((), here.now))


def _verify_page(here: Visit, row: queries.AddressRow, errors: tuple[FieldError, ...] = ()) -> web.Response:
    sent = row.check_until is not None and row.check_until > here.now
    view = VerifyAddress(
        address=_view(here, row), errors=errors,
        expires=here.clinic.local(row.check_until) if sent and row.check_until else None,
    )  # fmt: skip
    return here.page("patient/verify", view, status=422 if errors else 200, current=Nav.CHOICES)


@patients_only
async def send_code(request: web.Request) -> web.StreamResponse:
    """Send a code to one's own address; while a fresh one is on its way, no second one leaves."""
    here = visit(request)
    row = await _own(here, request)
    if not verification.waits(row, here.now):
        await verification.send_code(here.means, here.clinic, here.who, row.id, here.now)
    return here.go(f"/choices/addresses/{row.id}")


@patients_only
async def confirm_address(request: web.Request) -> web.StreamResponse:
    """Take the code that came back: the address is then proven to be its owner's."""
    here = visit(request)
    row = await _own(here, request)
    code = word_of(await form_of(request), "code", CODE_LENGTH)
    try:
        await verification.confirm(here.means, here.clinic, here.who, row.id, code, here.now)
    except InvalidError:
        tried = row.check_tries + 1 >= verification.TRIES
        wrong = ErrorCode.TOO_MANY_TRIES if tried else ErrorCode.ADDRESS_CODE_WRONG
        return _verify_page(here, row, (FieldError(field="code", code=wrong),))
    return here.go("/choices", FlashCode.ADDRESS_VERIFIED)
