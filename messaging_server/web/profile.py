"""My profile, for a colleague: how patients see me under a reply, and the language that I work in (ETQ-08, ETQ-09)."""

from typing import Final

from aiohttp import web

from messaging_server.broker import presenting
from messaging_server.broker.clinic import language_of
from messaging_server.broker.directory import Profile, open_name, open_profile
from messaging_server.broker.etiquette import signature
from messaging_server.broker.presenting import Presented
from messaging_server.errors import NotFoundError
from messaging_server.storage import accounts
from messaging_server.storage.accounts import AccountRole
from messaging_server.storage.people import PersonRow
from messaging_server.storage.queries import people as queries
from messaging_server.texts import Language
from messaging_server.web.entering import YEAR, account_of
from messaging_server.web.passwords import check_current
from messaging_server.web.posted import Fields, posted
from messaging_server.web.team import check_titles
from messaging_server.web.views.account import OwnProfile, Signature
from messaging_server.web.views.frame import ErrorCode, FlashCode, Nav
from messaging_server.web.visit import Visit, any_staff, cookie_name, visit

PATH: Final = "/account/profile"


def routes() -> list[web.RouteDef]:
    """Where this page is."""
    return [web.get(PATH, show), web.post(PATH, change)]


async def _person(here: Visit) -> PersonRow:
    found = await here.means.database.read(lambda c: queries.person(c, here.clinic.id, here.who.person))
    if found is None:
        raise NotFoundError(here.path)
    return found


@any_staff
async def show(request: web.Request) -> web.StreamResponse:
    """How I sign, and what I can change of it."""
    here = visit(request)
    row = await _person(here)
    profile = open_profile(here.means.keys, row)
    kept = {f"title_{language}": profile.titles.get(language, "") for language in Language}
    given = kept | {"phone": profile.phone, "language": language_of(row.language, here.clinic).value}
    return _page(here, row, Fields(given))


def _page(here: Visit, row: PersonRow, form: Fields) -> web.Response:
    """The form as it was filled in, above it the signatures that are in force."""
    keys, language = here.means.keys, form.text("language", 2)
    name, profile = open_name(keys, row), open_profile(keys, row)
    view = OwnProfile(
        name=name.full, role=here.who.role, title_fr=form.text("title_fr"), title_en=form.text("title_en"),
        phone=form.text("phone", 40), language=Language(language) if language in set(Language) else None,
        signs=here.who.role is not AccountRole.ADMINISTRATOR, errors=form.found,
        signatures=tuple(
            Signature(language=one, text=signature(name, profile, here.who.role, one) or "") for one in Language
        ),
    )  # fmt: skip
    late = any(error.code is ErrorCode.TOO_MANY_TRIES for error in form.errors)
    return here.page("account/profile", view, status=429 if late else 422 if form.errors else 200, current=Nav.ACCOUNT)


@any_staff
async def change(request: web.Request) -> web.StreamResponse:
    """Keep what was given, once the present password is; replies that are under way keep their signature."""
    here, form = visit(request), await posted(request)
    row = await _person(here)
    said = _read(here, form, open_profile(here.means.keys, row))
    await check_current(request, here, account_of(here), form)
    if said is None or form.errors:
        return _page(here, row, form)
    await presenting.present(here.means, here.clinic, here.who, said, here.now)
    session = here.session
    if session is not None:
        fingerprint, language = session.token_fp, said.language
        await here.means.database.write(lambda c: accounts.change_session(c, fingerprint, language=language))
    response = here.go(PATH, FlashCode.PROFILE_CHANGED)
    response.set_cookie(
        cookie_name(here.site, "language"), said.language, max_age=YEAR, httponly=True, samesite="Lax",
        secure=here.site.secure, path="/",
    )  # fmt: skip
    return response


def _read(here: Visit, form: Fields, before: Profile) -> Presented | None:
    """What the form says; None, with what is wrong noted in the form. An administrator signs nothing."""
    language = form.text("language", 2)
    if language not in set(Language):
        form.wrong("language", ErrorCode.CHOOSE_ONE)
    if here.who.role is AccountRole.ADMINISTRATOR:
        return None if form.errors else Presented(
            titles=before.titles, phone=before.phone, language=Language(language)
        )  # fmt: skip
    titles = {one.value: form.text(f"title_{one}") for one in Language}
    check_titles(form, here.who.role, "", titles)
    phone = form.text("phone", 40, required=True)
    return None if form.errors else Presented(titles=titles, phone=phone, language=Language(language))
