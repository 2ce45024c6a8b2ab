"""The clinic's prepared replies, to read and to word (ETQ-11)."""

from dataclasses import dataclass, field
from datetime import datetime

from consent.model import Category
from messaging_server.texts import Language
from messaging_server.web.views.frame import FormView
from messaging_server.web.views.item import Option
from triage.model import QueueName, Topic


@dataclass(frozen=True, slots=True, kw_only=True)
class TextLine:
    """One text of the list."""

    key: str
    title: str
    category: Category
    own: bool
    """Whether these are the clinic's words, and not those that ship."""
    excluded: bool
    """Whether it tells a kind of result that the clinic never gives by message (SEN-17)."""


@dataclass(frozen=True, slots=True)
class TextShelf:
    """The texts of one queue, or of all of them."""

    queue: QueueName | None
    lines: tuple[TextLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedTexts:
    """Every text, by the work that it answers."""

    shelves: tuple[TextShelf, ...]
    may_edit: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TextVersion:
    """What stood there once: nothing is lost by a change."""

    number: int
    at: datetime
    who: str = field(repr=False)
    words: str
    """In the reader's language; empty from when on the text that ships held again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedPage(FormView):
    """One text in both languages, with what patients will read beside it."""

    key: str
    version: int
    may_edit: bool
    may_withdraw: bool
    ships: bool
    """Whether a text of this name ships, to go back to."""
    excluded: bool = False
    label_fr: str = ""
    label_en: str = ""
    body_fr: str = field(default="", repr=False)
    body_en: str = field(default="", repr=False)
    queue: str = ""
    queues: tuple[QueueName, ...]
    category: Category | None = None
    categories: tuple[Category, ...]
    result: str = ""
    results: tuple[Option, ...]
    previews: tuple[tuple[Language, str], ...] = ()
    topics: tuple[Topic, ...] = ()
    """Why the screening would stop it."""
    facts: tuple[tuple[str, str], ...]
    """What may stand in braces, and what comes in its place."""
    versions: tuple[TextVersion, ...] = ()
