"""Every place where a page lets somebody type: read from the pages themselves, in every state that they have."""

import re
from html.parser import HTMLParser

from messaging_server.texts import Language, Texts
from tests.messaging_server.web.views import sample_account, sample_patient, sample_staff
from tests.messaging_server.web.views.conftest import frame

TYPED = {"text", "search", "email", "tel", "password", "number", "url", "date", "file"}
"""Kinds of inputs that take any words; the others offer what is ours."""
_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
Place = tuple[str, str]
"""Where a form goes, ids left out, and the name of a field."""


def where(path: str) -> str:
    """An address of ours without the ids in it."""
    return _ID.sub("{id}", path.partition("?")[0])


class _Reader(HTMLParser):
    """Gathers the fields of the forms of a page that somebody can type in."""

    def __init__(self) -> None:
        super().__init__()
        self.action = ""
        self.found: set[Place] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note where a form goes, and each field that is open."""
        given = dict(attrs)
        if tag == "form":
            self.action = where(given.get("action") or "")
        elif tag == "textarea" or (tag == "input" and given.get("type") in {None, *TYPED}):
            self._note(given)

    def _note(self, given: dict[str, str | None]) -> None:
        if "readonly" not in given and "disabled" not in given:
            self.found.add((self.action, given.get("name") or ""))


def open_fields() -> set[Place]:
    """Every field of every form of every page, as the pages' own samples show them.

    Prepared replies are left out: they are the clinic's words for everybody, and stand in clear (docs/privacy.md).
    """
    texts, found = Texts.load(), set[Place]()
    for audience, template, view in (sample_account.CASES | sample_patient.CASES | sample_staff.CASES).values():
        reader = _Reader()
        reader.feed(texts.page(template, Language.EN, view, chrome=frame(Language.EN, audience)))
        found |= reader.found
    return found
