"""Read the clinical rules, refuse those that nobody could sign, and make them prove themselves.

The rules are data: `triage/ruleset/*.toml` (the folder may not be called `rules`, like this module). Terms and
examples are written one a line; `triage.terms` tells their notation. A rule without rationale, source, reviewer, or
examples that must and must not match, in each language in which it has terms, is refused (DESIGN section 8).
"""

import hashlib
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from triage import opinion
from triage.fold import fold, word_set
from triage.match import build
from triage.model import Direction, Priority, QueueName, Topic
from triage.opinion import Opinion
from triage.rule import Examples, Gauge, Role, Rule, Ruleset, Within
from triage.terms import Phrase, TermError, keys, parse

__all__ = ["Rule", "RuleError", "Ruleset", "load"]

OPINION = "opinion.json"
_LANGUAGES = ("fr", "en")
_SIGNED = ("rationale", "source", "reviewer")
_RULE_KEYS = word_set(
    "id topic priority lowered flag queue direction fr en except all unless within weak spares rationale source "
    "reviewer match_fr match_en miss_fr miss_en"
)
_CONCEPT_KEYS = word_set("fr en except measure min max")
_FILE_KEYS = word_set("source reviewer concept class shorthand plain rule")


class RuleError(ValueError):
    """A rule that cannot be used: in which file, which rule, and what is wrong with it, in words."""

    def __init__(self, file: str, rule: str, sentence: str) -> None:
        """Say that `rule` of `file` is refused because of `sentence`."""
        super().__init__(f"{file}: {rule}: {sentence}")
        self.file = file
        self.rule = rule
        self.sentence = sentence


@dataclass(slots=True)
class _Draft:
    """What has been read so far."""

    numbers: dict[str, int] = field(default_factory=dict)
    terms: list[tuple[Phrase, int]] = field(default_factory=list)
    tongues: dict[str, set[str]] = field(default_factory=dict)
    """For a concept, the languages in which it has terms."""
    gauges: dict[str, tuple[Gauge, ...]] = field(default_factory=dict)
    exceptions: dict[int, tuple[int, ...]] = field(default_factory=dict)
    classes: dict[str, list[str]] = field(default_factory=dict)
    shorthand: dict[str, tuple[str, ...]] = field(default_factory=dict)
    plain: list[str] = field(default_factory=list)
    rules: list[Rule] = field(default_factory=list)

    def number(self, name: str) -> int:
        """The number of a concept, given at its first mention."""
        return self.numbers.setdefault(name, len(self.numbers))


def load(files: Mapping[str, bytes]) -> Ruleset:
    """The ruleset of some TOML files, by name, with the second opinion where `opinion.json` is among them.

    Its version is their content's hash. Raises RuleError, which names the file, the rule and the fault.
    """
    tables = [(name, _parsed(name, files[name])) for name in sorted(files) if name != OPINION]
    draft = _Draft()
    for name, table in tables:
        _vocabulary(draft, name, table)
    for name, table in tables:
        for concept, entry in table.get("concept", {}).items():
            _concept(draft, name, concept, entry)
    second = _opinion(files.get(OPINION))
    named = frozenset(draft.tongues)
    for name, table in tables:
        for entry in table.get("rule", []):
            draft.rules.append(_rule(draft, name, entry, table, named))
    return _ruleset(draft, _version(files), second)


def _opinion(content: bytes | None) -> Opinion | None:
    if content is None:
        return None
    try:
        return opinion.load(content)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise RuleError(OPINION, "the whole file", f"is no model: {type(error).__name__}") from error


def _parsed(name: str, content: bytes) -> dict[str, Any]:
    try:
        table = tomllib.loads(content.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RuleError(name, "the whole file", f"is not readable TOML: {error}") from error
    unknown = table.keys() - _FILE_KEYS
    if unknown:
        raise RuleError(name, "the whole file", f"has unknown entries: {', '.join(sorted(unknown))}")
    return table


def _version(files: Mapping[str, bytes]) -> str:
    """`builtin@` and twelve hexadecimal digits over names and contents, in order of name."""
    digest = hashlib.sha256()
    for name in sorted(files):
        for piece in (name.encode(), files[name]):
            digest.update(len(piece).to_bytes(8, "big") + piece)
    return f"builtin@{digest.hexdigest()[:12]}"


def _vocabulary(draft: _Draft, name: str, table: dict[str, Any]) -> None:
    """Word classes, shorthand and ordinary words of a file."""
    for label, words in table.get("class", {}).items():
        for word in words.split():
            parts = fold(word).words
            if len(parts) != 1:
                raise RuleError(name, f"class {label}", f"« {word} » is not one word")
            draft.classes.setdefault(label, []).append(parts[0])
    for short, full in table.get("shorthand", {}).items():
        draft.shorthand[short] = tuple(fold(full).words)
    draft.plain.extend(word for text in table.get("plain", {}).values() for word in fold(text).words)


def _lines(entry: Mapping[str, Any], key: str) -> list[str]:
    """The lines of a multi-line entry, without empty ones."""
    return [line.strip() for line in str(entry.get(key, "")).splitlines() if line.strip()]


def _concept(draft: _Draft, file: str, name: str, entry: dict[str, Any]) -> int:
    """Add a concept's terms, exceptions and gauge; its number."""
    unknown = entry.keys() - _CONCEPT_KEYS
    if unknown:
        raise RuleError(file, name, f"has unknown entries: {', '.join(sorted(unknown))}")
    number = draft.number(name)
    tongues = draft.tongues.setdefault(name, set())
    for language in _LANGUAGES:
        lines = _lines(entry, language)
        if lines:
            tongues.add(language)
        _terms(draft, file, name, lines, number)
    away = _lines(entry, "except")
    if away:
        exception = draft.number(f"!{name}")
        draft.exceptions[number] = (exception,)
        _terms(draft, file, name, away, exception)
    if "measure" in entry:
        kind = str(entry["measure"])
        gauge = Gauge(concept=number, kind=kind, low=entry.get("min", 0), high=entry.get("max", float("inf")))
        draft.gauges[kind] = (*draft.gauges.get(kind, ()), gauge)
    elif not tongues:
        raise RuleError(file, name, "has neither terms nor a measure")
    return number


def _terms(draft: _Draft, file: str, name: str, lines: list[str], number: int) -> None:
    for line in lines:
        try:
            phrase = parse(line)
        except TermError as error:
            raise RuleError(file, name, str(error)) from error
        missing = [key for key in keys(phrase) if key.startswith("<") and key[1:-1] not in draft.classes]
        if missing:
            raise RuleError(file, name, f"« {line} » names a class that does not exist: {missing[0]}")
        draft.terms.append((phrase, number))


def _rule(draft: _Draft, file: str, entry: dict[str, Any], table: dict[str, Any], named: frozenset[str]) -> Rule:
    """One rule, checked."""
    name = str(entry.get("id", "a rule without id"))
    unknown = entry.keys() - _RULE_KEYS
    if unknown or "id" not in entry or any(rule.id == name for rule in draft.rules):
        raise RuleError(file, name, f"needs an id of its own and only known entries {sorted(unknown)}")
    signed = {key: str(entry.get(key, table.get(key, ""))).strip() for key in _SIGNED}
    for key in _SIGNED:
        if not signed[key]:
            raise RuleError(file, name, f"has no {key}")
    needs, tongues = _needs(draft, file, name, entry, named)
    try:
        kinds = _kinds(entry)
    except ValueError as error:
        raise RuleError(file, name, str(error)) from error
    return Rule(
        id=name, file=file, needs=needs, unless=_numbers(draft, file, name, entry.get("unless", []), named),
        examples=_examples(file, name, entry, tongues), rationale=signed["rationale"], source=signed["source"],
        reviewer=signed["reviewer"], **kinds,
    )  # fmt: skip


def _kinds(entry: dict[str, Any]) -> dict[str, Any]:
    """The entries that choose among named values; ValueError names one that does not exist."""
    priority = Priority(entry.get("priority", Priority.ROUTINE))
    inbound = priority is not Priority.ROUTINE or "queue" in entry
    direction = entry.get("direction", Direction.INBOUND if inbound else "both")
    return {
        "topic": Topic(entry["topic"]) if "topic" in entry else None,
        "priority": priority,
        "lowered": Priority(entry.get("lowered", Priority.ROUTINE)),
        "flag": entry.get("flag"),
        "queue": QueueName(entry["queue"]) if "queue" in entry else None,
        "direction": None if direction == "both" else Direction(direction),
        "within": Within(entry.get("within", Within.SENTENCE)),
        "weak": bool(entry.get("weak", False)),
        "spares": frozenset(Topic(topic) for topic in entry.get("spares", ())),
    }


def _needs(
    draft: _Draft, file: str, name: str, entry: dict[str, Any], named: frozenset[str]
) -> tuple[tuple[tuple[int, ...], ...], set[str]]:
    """What must be there together, and in which languages it can be said."""
    needs: list[tuple[int, ...]] = []
    tongues = set(_LANGUAGES)
    if "fr" in entry or "en" in entry:
        own: dict[str, Any] = {key: entry[key] for key in ("fr", "en", "except") if key in entry}
        needs.append((_concept(draft, file, name, own),))
        tongues &= draft.tongues[name]
    for choice in entry.get("all", []):
        names = [part.strip() for part in choice.split("|")]
        needs.append(_numbers(draft, file, name, names, named))
        spoken = [draft.tongues[part] or set(_LANGUAGES) for part in names]
        tongues &= set().union(*spoken)
    if not needs:
        raise RuleError(file, name, "asks for nothing")
    return tuple(needs), tongues


def _numbers(draft: _Draft, file: str, name: str, names: list[str], named: frozenset[str]) -> tuple[int, ...]:
    for concept in names:
        if concept not in named:
            raise RuleError(file, name, f"asks for the concept « {concept} », which does not exist")
    return tuple(draft.number(concept) for concept in names)


def _examples(file: str, name: str, entry: dict[str, Any], tongues: set[str]) -> tuple[Examples, ...]:
    """The examples of each language in which the rule can hold: some that must match, some that must not."""
    out: list[Examples] = []
    for language in sorted(tongues):
        examples = Examples(
            language=language,
            match=tuple(_lines(entry, f"match_{language}")),
            miss=tuple(_lines(entry, f"miss_{language}")),
        )
        if not examples.match or not examples.miss:
            raise RuleError(file, name, f"lacks examples that must and must not match in « {language} »")
        out.append(examples)
    return tuple(out)


def _taken(some: list[tuple[Phrase, int]]) -> Iterator[tuple[Phrase, int]]:
    """Each of a list, which is empty afterwards: what is read from it need not stay beside what is made of it."""
    some.reverse()
    while some:
        yield some.pop()


def _ruleset(draft: _Draft, version: str, second: Opinion | None) -> Ruleset:
    """Everything compiled; cue concepts get their role by name, and the idiom takes away all but cues."""
    roles = {draft.numbers[role]: role for role in Role if role in draft.numbers and role is not Role.IDIOM}
    exceptions = dict(draft.exceptions)
    aside = {number for own in exceptions.values() for number in own}
    if Role.IDIOM in draft.numbers:
        idiom = draft.numbers[Role.IDIOM]
        aside.add(idiom)
        for number in draft.numbers.values():
            if number not in aside and number not in roles:
                exceptions[number] = (*exceptions.get(number, ()), idiom)
    by_concept: dict[int, tuple[int, ...]] = {}
    for place, rule in enumerate(draft.rules):
        for concept in rule.needs[0]:
            by_concept[concept] = (*by_concept.get(concept, ()), place)
    return Ruleset(
        version=version, rules=tuple(draft.rules),
        lexicon=build(_taken(draft.terms), draft.classes, draft.plain, second.ordinary if second else ()),
        gauges=draft.gauges, shorthand=draft.shorthand, roles=roles, exceptions=exceptions, aside=frozenset(aside),
        concepts=draft.numbers, by_concept=by_concept,
        opinion=second.bound(draft.numbers) if second else None,
        asked=frozenset(concept for rule in draft.rules for need in rule.needs for concept in need),
    )  # fmt: skip
