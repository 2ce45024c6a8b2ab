"""The team: an administrator invites, a member admits, and no administrator reads (DESIGN section 5)."""

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from aiohttp import web

from messaging_server.broker import admission
from messaging_server.broker.admission import NewColleague
from messaging_server.broker.directory import Name, open_name
from messaging_server.broker.etiquette import claims_physician
from messaging_server.broker.worklist import may_work
from messaging_server.errors import InvalidError, NotFoundError
from messaging_server.storage.accounts import STAFF, AccountRole, AccountState
from messaging_server.storage.queries import people as queries
from messaging_server.storage.queries.people import Colleague
from messaging_server.texts import Language
from messaging_server.web.enrolling import show_letter
from messaging_server.web.fields import id_or_none
from messaging_server.web.people import enrolment_of
from messaging_server.web.posted import Fields, posted
from messaging_server.web.views.frame import ErrorCode, FlashCode, Nav
from messaging_server.web.views.people import Member, Team
from messaging_server.web.visit import Visit, any_staff, visit
from triage.model import QueueName

ROLES: Final = tuple(role for role in AccountRole if role in STAFF)
UNTITLED: Final = frozenset({AccountRole.PHYSICIAN, AccountRole.ADMINISTRATOR})
"""Roles whose signature needs no title: a physician's has "M.D.", an administrator signs nothing (ETQ-08, ETQ-09)."""


def routes() -> list[web.RouteDef]:
    """Where these pages are."""
    return [web.get("/staff/team", show), web.post("/staff/team", act)]


@any_staff
async def show(request: web.Request) -> web.StreamResponse:
    """Who works here, and who waits to be admitted."""
    return await _page(visit(request), Fields({}))


async def _page(here: Visit, form: Fields) -> web.Response:
    found, holding = await here.means.database.read(
        lambda c: (queries.team(c, here.clinic.id), queries.key_holders(c, here.clinic.id))
    )
    role = form.text("role", 30)
    administers = here.who.role is AccountRole.ADMINISTRATOR
    view = Team(
        members=tuple(_member(here, one, holding) for one in found), may_invite=administers,
        may_admit=not administers and not here.waits_for_admission,
        name=form.text("name"), login=form.text("login"),
        title_fr=form.text("title_fr"), title_en=form.text("title_en"), phone=form.text("phone", 40),
        role=AccountRole(role) if role in ROLES else None, roles=ROLES, errors=form.found,
    )  # fmt: skip
    return here.page("staff/team", view, status=422 if form.errors else 200, current=Nav.TEAM)


def _member(here: Visit, one: Colleague, holding: frozenset[UUID]) -> Member:
    role = one.access.role or AccountRole.RECEPTION
    works = role is not AccountRole.ADMINISTRATOR
    return Member(
        account=one.access.account or one.person.id, name=open_name(here.means.keys, one.person).full, role=role,
        enrolment=enrolment_of(here, one.access), waits_for_admission=one.access.state is AccountState.WAITING,
        queues=tuple(queue for queue in QueueName if works and _serves(here, role, queue)),
        may_leave=_may_leave(here, one, holding),
    )  # fmt: skip


def _may_leave(here: Visit, one: Colleague, holding: frozenset[UUID]) -> bool:
    """A colleague other than oneself who is not gone yet: an account that is blocked may still hold keys (IDN-23)."""
    account, blocked = one.access.account, one.access.state is AccountState.BLOCKED
    if here.who.role is not AccountRole.ADMINISTRATOR or account in {None, here.who.account}:
        return False
    return account in holding or not blocked


def _serves(here: Visit, role: AccountRole, queue: QueueName) -> bool:
    return queue in here.clinic.policy.queues and may_work(here.clinic, role, queue)


@any_staff
async def act(request: web.Request) -> web.StreamResponse:
    """Invite a colleague, or admit one who has signed in."""
    here, form = visit(request), await posted(request)
    if form.text("action", 10) == "admit":
        return await _admit(here, form)
    return await _invite(here, form)


async def _admit(here: Visit, form: Fields) -> web.Response:
    """Only a holder of the team's keys can give them on; the broker refuses everybody else."""
    account = id_or_none(form.text("account", 40))
    if account is None:
        raise NotFoundError("account")
    try:
        await admission.admit(here.means, here.clinic, here.who, account, here.now)
    except NotFoundError:
        # A colleague was faster: it is as was wished.
        return here.go("/staff/team", FlashCode.CHANGED_MEANWHILE)
    return here.go("/staff/team", FlashCode.ADMITTED)


async def _invite(here: Visit, form: Fields) -> web.Response:
    new = _read(here, form)
    if new is None:
        return await _page(here, form)
    try:
        issued = await admission.invite(here.means, here.clinic, here.who, new, here.now)
    except InvalidError:
        form.wrong("login", ErrorCode.ADDRESS_TAKEN)
        return await _page(here, form)
    return show_letter(here, new.name.full, issued, Language(new.language), colleague=True)


def _read(here: Visit, form: Fields) -> NewColleague | None:
    """The colleague whom the form names; None while something is missing, the signature's parts too (ETQ-08)."""
    name, login = form.text("name", required=True), form.text("login", required=True)
    chosen, phone = form.text("role", 30), form.text("phone", 40)
    titles = {language.value: form.text(f"title_{language}") for language in Language}
    if chosen not in ROLES:
        form.wrong("role", ErrorCode.CHOOSE_ONE)
    if chosen in ROLES:
        check_titles(form, AccountRole(chosen), name, titles)
    if chosen != AccountRole.ADMINISTRATOR and not phone:
        form.wrong("phone", ErrorCode.REQUIRED)
    if form.errors:
        return None
    first, _, last = name.rpartition(" ")
    return NewColleague(
        name=Name(first=first, last=last), role=AccountRole(chosen), language=here.language.value, login=login,
        titles=titles, phone=phone,
    )  # fmt: skip


def check_titles(form: Fields, role: AccountRole, name: str, titles: Mapping[str, str]) -> None:
    """Each profession has its own title in both languages; only a physician's name carries "M.D." (ETQ-09)."""
    for field, words in [("name", name), *((f"title_{language}", title) for language, title in titles.items())]:
        if field != "name" and role not in UNTITLED and not words:
            form.wrong(field, ErrorCode.REQUIRED)
        if role is not AccountRole.PHYSICIAN and claims_physician(words):
            form.wrong(field, ErrorCode.PHYSICIANS_ONLY)
