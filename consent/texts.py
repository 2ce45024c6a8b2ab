"""The consent text: what must be explained before anything is agreed, as data that can be checked and hashed.

Source: CMQ guide, rules of informed consent: seven things to explain, risks by type of messaging (CON-05, CON-06).
"""

import hashlib
import json
import unicodedata
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from consent.model import Channel

LANGUAGES: Final = ("fr", "en")


class Block(StrEnum):
    """The seven blocks that every consent text holds, each acknowledged on its own (CON-05)."""

    INTENDED_USE = "intended_use"
    TEXTS = "texts"
    """Whether texts to a telephone are authorised, and their own rules."""
    RISKS = "risks"
    PROCEDURE = "procedure"
    """Technical aspects, the role of each person, response times."""
    ACCESS = "access"
    RETENTION = "retention"
    """That every exchange, in and out, is kept in the record."""
    CONTENT_KINDS = "content_kinds"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentText:
    """One version of a clinic's consent text, rendered under one version of its policy (CON-07)."""

    version: int
    policy_version: int
    blocks: Mapping[str, Mapping[Block, str]] = field(repr=False)
    """By language."""
    risks: Mapping[str, Mapping[Channel, str]] = field(repr=False)
    """By language: the risks of each channel on its own (CON-06)."""


class Fault(StrEnum):
    """Why a consent text may not be published."""

    LANGUAGE_MISSING = "language_missing"
    BLOCK_MISSING = "block_missing"
    RISK_MISSING = "risk_missing"
    RISK_NOT_DISTINCT = "risk_not_distinct"
    """Two channels share one text of risks, or the channel's is the general block's."""
    ONLY_ONE_LANGUAGE = "only_one_language"
    """A text of risks that another language lacks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A place in a consent text: a block, or a channel's risks."""

    language: str
    block: Block
    channel: Channel | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One fault of a consent text and where it lies; no `place` when a whole language is missing."""

    fault: Fault
    language: str
    place: Place | None = None


def problems(
    text: ConsentText, offered: Collection[Channel], languages: Collection[str] = LANGUAGES
) -> tuple[Problem, ...]:
    """Everything that keeps the text from being published for the channels offered; empty when it may be."""
    found: list[Problem] = []
    for language in sorted({*languages, *text.blocks, *text.risks}):
        if language not in text.blocks:
            found.append(Problem(fault=Fault.LANGUAGE_MISSING, language=language))
        else:
            found += _missing_blocks(text, language)
            found += _faulty_risks(text, language, offered)
    return tuple(found)


def content_hash(text: ConsentText) -> bytes:
    """SHA-256 of the words, in a canonical JSON form: 32 bytes.

    The version numbers stay outside: two versions with the same words have the same hash.
    """
    return hashlib.sha256(_canonical(_words(text, spelled=_composed)).encode()).digest()


def changed(old: ConsentText, new: ConsentText) -> tuple[Place, ...]:
    """The places whose words differ, for the list of patients to inform again (CON-07); empty when none do."""
    before, after = _by_place(old), _by_place(new)
    places = sorted(before.keys() | after.keys(), key=_sort)
    return tuple(place for place in places if before.get(place) != after.get(place))


def to_json(text: ConsentText) -> str:
    """The text as one JSON document, to be stored; `from_json` reads it back."""
    return _canonical({"version": text.version, "policy_version": text.policy_version, **_words(text)})


def from_json(document: str) -> ConsentText:
    """A stored consent text. Raises ValueError or KeyError when it is not one."""
    stored = json.loads(document)
    return ConsentText(
        version=stored["version"],
        policy_version=stored["policy_version"],
        blocks={
            language: {Block(name): words for name, words in blocks.items()}
            for language, blocks in stored["blocks"].items()
        },
        risks={
            language: {Channel(name): words for name, words in risks.items()}
            for language, risks in stored["risks"].items()
        },
    )


def _missing_blocks(text: ConsentText, language: str) -> Iterator[Problem]:
    blocks = text.blocks[language]
    for block in Block:
        if not blocks.get(block, "").strip():
            place = Place(language=language, block=block)
            yield Problem(fault=Fault.BLOCK_MISSING, language=language, place=place)


def _faulty_risks(text: ConsentText, language: str, offered: Collection[Channel]) -> Iterator[Problem]:
    risks = text.risks.get(language, {})
    elsewhere = {channel for other in text.risks.values() for channel, words in other.items() if words.strip()}
    seen = {_plain(text.blocks[language].get(Block.RISKS, ""))}
    for channel in Channel:
        place = Place(language=language, block=Block.RISKS, channel=channel)
        words = _plain(risks.get(channel, ""))
        if not words and channel in offered:
            yield Problem(fault=Fault.RISK_MISSING, language=language, place=place)
        elif not words and channel in elsewhere:
            yield Problem(fault=Fault.ONLY_ONE_LANGUAGE, language=language, place=place)
        elif words and words in seen:
            yield Problem(fault=Fault.RISK_NOT_DISTINCT, language=language, place=place)
        seen.add(words)


def _plain(words: str) -> str:
    """Words without differences of case and spacing, so that a copied text is known as one."""
    return " ".join(words.casefold().split())


def _by_place(text: ConsentText) -> dict[Place, str]:
    blocks = {
        Place(language=language, block=block): words
        for language, its in text.blocks.items()
        for block, words in its.items()
    }
    risks = {
        Place(language=language, block=Block.RISKS, channel=channel): words
        for language, its in text.risks.items()
        for channel, words in its.items()
    }
    return {place: _composed(words) for place, words in (blocks | risks).items()}


def _sort(place: Place) -> tuple[str, str, str]:
    return place.language, place.block, place.channel or ""


def _words(text: ConsentText, *, spelled: Callable[[str], str] = str) -> dict[str, object]:
    return {
        "blocks": {language: {b.value: spelled(w) for b, w in its.items()} for language, its in text.blocks.items()},
        "risks": {language: {c.value: spelled(w) for c, w in its.items()} for language, its in text.risks.items()},
    }


def _composed(words: str) -> str:
    """One spelling for each accented letter: Unicode has two, which nobody can tell apart (UAX 15)."""
    return unicodedata.normalize("NFC", words)


def _canonical(document: object) -> str:
    """JSON with sorted keys and no spaces: the same for the same words on every machine."""
    return json.dumps(document, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
