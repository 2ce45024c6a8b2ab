"""My sensitive words: what a patient holds to be sensitive, kept as a short list that nobody else is shown (SEN-09)."""

from typing import Final
from uuid import UUID

from aiohttp import web

from messaging_server.broker import own_words
from messaging_server.errors import InvalidError
from messaging_server.web.fields import form_of, id_or_none
from messaging_server.web.views.choices import OwnPhrase, OwnWords
from messaging_server.web.views.frame import ErrorCode, FieldError, FlashCode, Nav
from messaging_server.web.visit import Visit, patients_only, visit
from messaging_server.web.writing import keeps_words

PATH: Final = "/choices/words"
_WRONG: Final = {
    "required": ErrorCode.REQUIRED, "too_long": ErrorCode.PHRASE_TOO_LONG, "too_short": ErrorCode.TOO_SHORT,
    "no_word": ErrorCode.PHRASE_WITHOUT_WORD, "repeated": ErrorCode.PHRASE_LISTED,
    "too_many": ErrorCode.TOO_MANY_PHRASES,
}  # fmt: skip


def routes() -> list[web.RouteDef]:
    """Where these pages are."""
    return [web.get(PATH, show), web.post(PATH, change)]


@patients_only
async def show(request: web.Request) -> web.StreamResponse:
    """The list, with what it does and what it cannot do."""
    return await _page(visit(request))


async def _page(here: Visit, phrase: str = "", errors: tuple[FieldError, ...] = ()) -> web.Response:
    known = await own_words.own(here.means, here.clinic, here.who)
    view = OwnWords(
        phrases=tuple(OwnPhrase(id=one, text=text) for one, text in known.items()), phrase=phrase,
        most=own_words.MOST, longest=own_words.LONGEST, errors=errors,
    )  # fmt: skip
    return here.page("patient/words", view, status=422 if errors else 200, current=Nav.CHOICES)


@keeps_words
@patients_only
async def change(request: web.Request) -> web.StreamResponse:
    """Keep one more, or take one away; a second click on that finds nothing left to take away.

    What cannot be kept is given back as it was typed (ACC-03).
    """
    here, form = visit(request), await form_of(request)
    if "remove" in form:
        return await _remove(here, id_or_none(form["remove"]))
    phrase = form.get("phrase", "")
    try:
        await own_words.add(here.means, here.clinic, here.who, phrase, here.now)
    except InvalidError as error:
        return await _page(here, phrase, (FieldError(field="phrase", code=_WRONG[error.code]),))
    return here.go(PATH, FlashCode.PHRASE_ADDED)


async def _remove(here: Visit, phrase: UUID | None) -> web.Response:
    if phrase is not None:
        await own_words.remove(here.means, here.clinic, here.who, phrase, here.now)
    return here.go(PATH, FlashCode.PHRASE_REMOVED)
