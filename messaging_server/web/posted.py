"""What a form sent: short texts with a limit each, and what is wrong with them, gathered for one answer (ACC-05)."""

from collections.abc import Mapping
from typing import Final

from aiohttp import web

from messaging_server.web import uploads
from messaging_server.web.views.frame import ErrorCode, FieldError

SHORT: Final = 254
"""Characters: the longest e-mail address (RFC 5321, section 4.5.3.1.3, minus its brackets)."""


class Fields:
    """The fields of one form; `errors` grows while they are read."""

    def __init__(self, form: Mapping[str, object]) -> None:
        self._form = form
        self.errors: list[FieldError] = []

    def __repr__(self) -> str:
        return f"Fields({sorted(self._form)})"

    def raw(self, name: str, most: int = SHORT) -> str:
        """A field as it was typed, at most `most` characters; what is longer is refused, not cut silently."""
        given = self._form.get(name, "")
        text = given if isinstance(given, str) else ""
        if len(text) > most:
            self.wrong(name, ErrorCode.TOO_LONG)
            return text[:most]
        return text

    def text(self, name: str, most: int = SHORT, *, required: bool = False) -> str:
        """A field without the spaces around it."""
        text = self.raw(name, most).strip()
        if required and not text:
            self.wrong(name, ErrorCode.REQUIRED)
        return text

    def secret(self, name: str, most: int = 1024) -> str:
        """A password: spaces are part of it."""
        text = self.raw(name, most)
        if not text:
            self.wrong(name, ErrorCode.REQUIRED)
        return text

    def wrong(self, name: str, code: ErrorCode) -> None:
        """Note what is wrong with a field; the first thing found about a field is what is said."""
        if all(error.field != name for error in self.errors):
            self.errors.append(FieldError(field=name, code=code))

    @property
    def found(self) -> tuple[FieldError, ...]:
        """Everything wrong, in the order of the form."""
        return tuple(self.errors)


async def posted(request: web.Request) -> Fields:
    """The form of a request."""
    return Fields(await uploads.typed(request))
