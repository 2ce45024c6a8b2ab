"""The words that no other text has, and people who write them into the forms of the pages."""

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field

from aiohttp import FormData

from tests.clinic.process import Premises
from tests.clinic.visitor import Page, Visitor
from tests.journeys.faults.forms import Place, where


@dataclass(slots=True)
class Canaries:
    """The words by the name of their field: a stem that stands nowhere else, and the field's own letters."""

    stem: str = field(default_factory=lambda: "zq" + "".join(secrets.choice("bcdfghjkmnprstvw") for _ in range(8)))
    words: dict[str, str] = field(default_factory=dict)
    carried: set[Place] = field(default_factory=set)
    """The fields of forms that were sent with one of the words in them."""

    def __call__(self, name: str) -> str:
        """The word for a field; none begins another."""
        return self.words.setdefault(name, f"{self.stem}{re.sub(r'[^a-z]', '', name)}qz")

    def told(self, name: str, word: str) -> str:
        """Note a secret that the server made and showed once."""
        self.words[name] = word
        return word

    def note(self, to: str, fields: Mapping[str, str]) -> None:
        """Note which fields of a form carry a word; the parts of a birth date are sought as the whole date."""
        born = self.words.get("birth date", "").split("-")
        for name, value in fields.items():
            if value in born or any(word in value for word in self.words.values()):
                self.carried.add((where(to), name))


@dataclass(slots=True)
class Writer(Visitor):
    """A browser that notes which fields of which forms carry a word."""

    word: Canaries = field(default_factory=Canaries)

    @classmethod
    def of(cls, premises: Premises, word: Canaries) -> "Writer":
        """A fresh browser of somebody who writes these words."""
        browser = cls.at(premises)
        browser.word = word
        return browser

    async def send(self, page: Page, to: str, /, **fields: str) -> Page:
        """Send a form of a page, with its hidden fields and what was typed."""
        self.word.note(to, fields)
        return await Visitor.send(self, page, to, **fields)

    async def send_with_file(
        self, page: Page, to: str, field_name: str, words: str, head: bytes = b"", /, **fields: str
    ) -> Page:
        """Send a form with a text file whose name and content hold a word each."""
        name = f"{self.word(f'name of {words}')}.txt"
        self.word.note(to, fields | {field_name: name})
        form = FormData(page.form(to) | fields)
        form.add_field(field_name, head + self.word(words).encode(), filename=name, content_type="text/plain")
        async with self.http.post(self.base + to, data=form) as answer:
            return Page(answer.url.path, answer.status, await answer.text())
