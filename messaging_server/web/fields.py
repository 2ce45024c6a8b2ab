"""What a request brings: ids of its path, and the fields of a form that holds somebody's own words.

Such a form loses nothing: text that is too long is named as such and given back whole (ACC-03).
"""

import secrets
from collections.abc import Mapping
from typing import Final
from uuid import UUID

from aiohttp import web

from messaging_server.errors import NotFoundError
from messaging_server.web.uploads import typed
from messaging_server.web.views.frame import ErrorCode, FieldError

LONGEST_WORD: Final = 200
"""Letters of a field that holds a code or a choice."""


async def form_of(request: web.Request) -> Mapping[str, str]:
    """The text fields of a form, without outer white space; a file in the place of text counts as nothing."""
    given = await typed(request)
    return {
        name: value.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "").strip()
        for name, value in given.items()
        if isinstance(value, str)
    }


def word_of(form: Mapping[str, str], name: str, most: int = LONGEST_WORD) -> str:
    """A short field; nothing when it is missing or longer than any true answer."""
    value = form.get(name, "")
    return value if len(value) <= most else ""


def missing_or_long(form: Mapping[str, str], name: str, most: int) -> tuple[FieldError, ...]:
    """What is wrong with a field that must be filled in, up to a length."""
    value = form.get(name, "")
    if not value:
        return (FieldError(field=name, code=ErrorCode.REQUIRED),)
    return (FieldError(field=name, code=ErrorCode.TOO_LONG),) if len(value) > most else ()


def new_form_id() -> str:
    """A fresh mark for one form, by which a second sending of it is known (EIN-06)."""
    return secrets.token_urlsafe(16)


def id_or_none(text: str) -> UUID | None:
    """The id that a text is, or None."""
    try:
        return UUID(text)
    except ValueError:
        return None


def id_of(request: web.Request, name: str) -> UUID:
    """An id of the path. Raises NotFoundError when it is none: there is no such page."""
    found = id_or_none(request.match_info[name])
    if found is None:
        raise NotFoundError(name)
    return found
