"""Prepared replies: whole sentences for the usual exchanges, both languages as equals (ETQ-11, ETQ-12).

A text is data and no template: `[date]` is a blank that somebody fills in, `{phone}` a fact of the clinic that is put
in when the text is inserted; nothing else in it is read as more than words. The texts that ship stand in
`templates/replies/`; a clinic's own versions take the place of those with the same key.

Source: CMQ guide, "L’utilité des courriels et des textos" and "étiquette professionnelle".
"""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from itertools import pairwise
from typing import Any, Final, cast

from consent.model import Category
from messaging_server.texts import TEMPLATES, Language
from triage.fields import PolicyError, read, write
from triage.model import Direction, Part, QueueName, Topic
from triage.policy import Policy, Words
from triage.rules import Ruleset
from triage.screen import assess

FOLDER: Final = TEMPLATES / "replies"
FACTS: Final = frozenset({"phone", "phone_hours", "other_contact", "walk_in", "health_line", "emergency"})
"""What a text may ask of the clinic by its name in braces."""
RESULT_CATEGORIES: Final = frozenset({Category.NORMAL_RESULT, Category.RESULT_FOLLOW_UP})
TITLE_LENGTH: Final = 80
BODY_LENGTH: Final = 4_000
_BLANK: Final = re.compile(r"\[[^\[\]\n]*[^\W\d_][^\[\]\n]*\]")
_FACT: Final = re.compile(r"\{([^{}]*)\}")
_UNSEEN: Final = re.compile(r" *[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+ *")
_HOLE: Final = re.compile(rf"{_BLANK.pattern}|{_FACT.pattern}")
_WORD: Final = re.compile(r"\w+")
_TELLING_WORDS: Final = 2
"""Words outside its holes, before a paragraph is taken for the sentence that tells a result."""


class Lack(StrEnum):
    """Why a text cannot be kept."""

    EMPTY = "empty"
    TOO_LONG = "too_long"
    UNKNOWN_FACT = "unknown_fact"
    DIFFERENT_BLANKS = "different_blanks"
    """The languages do not ask for the same number of things, or not for the same facts."""
    REPEATED = "repeated"
    """The same paragraph twice."""
    SENSITIVE = "sensitive"
    """The screening would stop every reply made of it (SEN-05)."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with which field of a text, `label_fr` or `body_en`; the topics where it is sensitive."""

    field: str
    lack: Lack
    topics: tuple[Topic, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """One prepared reply: where and for what kind of content it is offered, its name and its paragraphs by language."""

    key: str
    queue: QueueName | None = None
    """The queue whose work it answers; none for those that serve all."""
    category: Category
    result: str = ""
    """The kind of result that it tells, by the names of the policy's `excluded_results` (SEN-17)."""
    title: Words = field(repr=False)
    body: Mapping[str, tuple[str, ...]] = field(repr=False)

    def text(self, language: str) -> str:
        """Its paragraphs, parted by blank lines; the lines of a list stay together."""
        said = self.body.get(language, ())
        gaps = ["\n" if a.startswith("- ") and b.startswith("- ") else "\n\n" for a, b in pairwise(said)]
        return "".join(part + gap for part, gap in zip(said, [*gaps, ""], strict=False))

    def filled(self, language: str, facts: Mapping[str, str]) -> str:
        """Its words with the clinic's facts in place; blanks stay for a person to fill, unknown names as they are."""
        return _FACT.sub(lambda found: facts.get(found[1], found[0]), self.text(language))

    def excluded_by(self, policy: Policy) -> bool:
        """Whether the clinic never tells this kind of result by message (SEN-17)."""
        return self.result in policy.excluded_results

    def tells(self, words: str) -> bool:
        """Whether a reply holds the sentence with which this text tells a result, whatever stands in its holes."""
        if not self.result and self.category not in RESULT_CATEGORIES:
            return False
        lines = words.splitlines()
        return any(_stands_in(told, line) for said in self.body.values() if (told := _telling(said)) for line in lines)


def _telling(said: Iterable[str]) -> tuple[str, ...]:
    """The first sentence that says something, cut at its holes: a greeting, or a hole alone, would be in any reply."""
    cut = [tuple(_HOLE.sub("\0", one).split("\0")) for one in said if not one.endswith(",")]
    return next((parts for parts in cut if len(_WORD.findall(" ".join(parts))) >= _TELLING_WORDS), ())


def _stands_in(parts: tuple[str, ...], line: str) -> bool:
    """Whether the parts stand in a line in this order, with something in each hole; never slower than the line is long.

    The leftmost place of each part leaves the most room for the next, so that nothing is tried twice.
    """
    place = -1
    for part in parts:
        found = line.find(part, place + 1)
        if found < 0:
            return False
        place = found + len(part)
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Library:
    """Every text that a clinic offers, in the order of the files, its own behind."""

    texts: tuple[Prepared, ...] = field(repr=False)

    def of(self, key: str) -> Prepared | None:
        """One text, or None."""
        return next((one for one in self.texts if one.key == key), None)

    def told_by(self, words: str) -> tuple[Prepared, ...]:
        """The texts whose result a reply tells (SEN-17, SEN-18)."""
        return tuple(one for one in self.texts if one.tells(words))


def blanks(text: str) -> tuple[str, ...]:
    """What still waits to be filled in, as it stands there, each once."""
    return tuple(dict.fromkeys(_BLANK.findall(text)))


def clean(line: str) -> str:
    """One line as it is kept: tabs and other signs that nobody sees become spaces."""
    return _UNSEEN.sub(" ", line).strip()


def paragraphs(text: str) -> tuple[str, ...]:
    """A typed text as the paragraphs and list lines of a prepared one."""
    found: list[str] = []
    for block in re.split(r"\n\s*\n", text.strip()):
        lines = [clean(line) for line in block.splitlines()]
        listed = any(line.startswith("- ") for line in lines)
        found += lines if listed else [" ".join(lines)]
    return tuple(one for one in found if one)


def faults(text: Prepared, ruleset: Ruleset) -> tuple[Fault, ...]:
    """Why a text cannot be kept; empty when it can."""
    found: list[Fault] = []
    for language in Language:
        found += _wrong_words(f"label_{language}", text.title.get(language, ""), TITLE_LENGTH)
        found += _wrong_words(f"body_{language}", text.text(language), BODY_LENGTH)
        said = text.body.get(language, ())
        if len(set(said)) < len(said):
            found.append(Fault(f"body_{language}", Lack.REPEATED))
    if not found and len({_asked(text.text(language)) for language in Language}) > 1:
        found.append(Fault("body_en", Lack.DIFFERENT_BLANKS))
    return tuple(found or _sensitive(text, ruleset))


def _wrong_words(name: str, words: str, most: int) -> Iterable[Fault]:
    if not words.strip():
        yield Fault(name, Lack.EMPTY)
    elif len(words) > most:
        yield Fault(name, Lack.TOO_LONG)
    elif set(_FACT.findall(words)) - (FACTS if name.startswith("body") else set()):
        yield Fault(name, Lack.UNKNOWN_FACT)


def _asked(words: str) -> tuple[int, tuple[str, ...]]:
    return len(_BLANK.findall(words)), tuple(sorted(set(_FACT.findall(words))))


def _sensitive(text: Prepared, ruleset: Ruleset) -> Iterable[Fault]:
    """What the screening of replies would stop; a text that nobody could send is not kept (SEN-05, SEN-17)."""
    for language in Language:
        for name, words in (("label", text.title[language]), ("body", text.text(language))):
            part = [Part("text", words)]
            found = assess(part, direction=Direction.OUTBOUND, language=language, ruleset=ruleset)
            if found.topics:
                yield Fault(f"{name}_{language}", Lack.SENSITIVE, found.topics)


@dataclass(frozen=True, slots=True, kw_only=True)
class _File:
    texts: tuple[Prepared, ...]


def parse_toml(data: bytes) -> tuple[Prepared, ...]:
    """The texts of a file. Raises PolicyError with the path of what is wrong."""
    try:
        return cast("_File", read(_File, tomllib.loads(data.decode()))).texts
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as wrong:
        raise PolicyError("", f"the file is not TOML: {wrong}") from wrong


def parse(document: Mapping[str, object]) -> Prepared:
    """The text that a stored document describes. Raises PolicyError."""
    return cast("Prepared", read(Prepared, document))


def to_document(text: Prepared) -> dict[str, Any]:
    """The document of a text; `parse` gives the text back."""
    return cast("dict[str, Any]", write(text))


@cache
def builtin() -> Library:
    """The texts that ship with this version; `every_queue.toml` comes last."""
    files = sorted(FOLDER.glob("*.toml"), key=lambda path: (path.stem == "every_queue", path.stem))
    return Library(texts=tuple(one for path in files for one in parse_toml(path.read_bytes())))
