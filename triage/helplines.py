"""Emergency and help lines: dated data, never typed in a text (ACK-06, ACK-22, ACK-23).

Source of the rows: REQUIREMENTS 5.1. Only rows that were verified are enabled; each names its source and its date.
"""

import tomllib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from triage.fields import PolicyError, read

LANGUAGES: Final = ("fr", "en")


class LineKind(StrEnum):
    """What a line is for, in the order in which lines are shown."""

    EMERGENCY = "emergency"
    HEALTH_LINE = "health_line"
    SOCIAL_LINE = "social_line"
    SUICIDE = "suicide"
    ADDICTION = "addiction"
    POISON = "poison"
    VIOLENCE = "violence"
    YOUTH = "youth"
    COMMUNITY = "community"
    NO_FAMILY_DOCTOR = "no_family_doctor"


class Where(StrEnum):
    """The province that a line serves; `CA` is all of them."""

    QC = "QC"
    ON = "ON"
    CA = "CA"


@dataclass(frozen=True, slots=True, kw_only=True)
class HelpLine:
    """One row of the data, in both languages."""

    id: str
    kind: LineKind
    province: Where
    number: str
    """As it is read, with the option to press where there is one."""
    tel_uri: str
    """For a tap to call (RFC 3966)."""
    text_number: str | None = None
    name: Mapping[str, str]
    hours: Mapping[str, str]
    note: Mapping[str, str]
    languages: frozenset[str] = frozenset(LANGUAGES)
    """The languages in which it answers."""
    source: str
    verified: date
    """When its source was last known to say so."""
    enabled: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class HelpLines:
    """All rows, in the order of the file."""

    lines: tuple[HelpLine, ...]


def load(data: bytes) -> HelpLines:
    """The rows of a TOML file. Raises PolicyError with the path of what is wrong."""
    try:
        document = tomllib.loads(data.decode())
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as wrong:
        raise PolicyError("", f"the file is not TOML: {wrong}") from wrong
    found: HelpLines = read(HelpLines, document)
    _check(found)
    return found


def lines_for(
    lines: HelpLines, province: str, flags: Collection[str] = (), language: str = "fr"
) -> tuple[HelpLine, ...]:
    """The enabled lines of a province in the order in which they are shown to a reader of `language`.

    911 comes first, then the health and social lines, then those that the red flags call for, then the others; of one
    kind a province's own lines come before the national ones, 1 866 APPELLE before 988 (ACK-23, T-22). A line that
    does not answer in the reader's language comes after those of its kind that do; none is left out for it.

    Lines for violence, for the young and for the community appear only when a flag calls for them (ACK-08), and that
    for people without a family doctor only with the flag `no_family_doctor`.
    """
    called = [kind for flag in sorted(flags) for kind in _CALLED.get(flag, ())]
    shown = [
        line
        for line in lines.lines
        if line.enabled and line.province in {province, Where.CA} and line.kind in _ALWAYS.union(called)
    ]
    shown.sort(key=lambda line: (_rank(line.kind, called), language not in line.languages, line.province is Where.CA))
    return tuple(shown)


def stale(lines: HelpLines, today: date) -> tuple[HelpLine, ...]:
    """The enabled lines that were last verified more than twelve months ago, for the warning at start-up (ACK-06)."""
    # A day of 29 February has its anniversary on 1 March.
    return tuple(line for line in lines.lines if line.enabled and _year_later(line.verified) < today)


_FIRST: Final = (LineKind.EMERGENCY, LineKind.HEALTH_LINE, LineKind.SOCIAL_LINE)
_ALWAYS: Final = frozenset({*_FIRST, LineKind.SUICIDE, LineKind.ADDICTION, LineKind.POISON})
_CALLED: Final[Mapping[str, tuple[LineKind, ...]]] = MappingProxyType({
    "suicide": (LineKind.SUICIDE, LineKind.YOUTH),
    "psychosis": (LineKind.SUICIDE,),
    "overdose": (LineKind.POISON, LineKind.ADDICTION),
    "violence": (LineKind.VIOLENCE, LineKind.COMMUNITY),
    "no_family_doctor": (LineKind.NO_FAMILY_DOCTOR,),
})
"""Which lines a family of red flags calls for; the other families have 911 and the health line."""
_ORDER: Final = tuple(LineKind)


def _rank(kind: LineKind, called: Sequence[LineKind]) -> tuple[int, int]:
    if kind in _FIRST:
        return 0, _FIRST.index(kind)
    return (1, called.index(kind)) if kind in called else (2, _ORDER.index(kind))


def _year_later(day: date) -> date:
    try:
        return day.replace(year=day.year + 1)
    except ValueError:
        return date(day.year + 1, 3, 1)


def _check(found: HelpLines) -> None:
    seen: set[str] = set()
    for number, line in enumerate(found.lines):
        path = f"lines[{number}]"
        if line.id in seen:
            raise PolicyError(f"{path}.id", "names the same line twice")
        seen.add(line.id)
        for name in ("name", "hours", "note"):
            if set(getattr(line, name)) != set(LANGUAGES):
                raise PolicyError(f"{path}.{name}", f"must have words in: {', '.join(LANGUAGES)}")
        if line.kind is LineKind.EMERGENCY and line.text_number:
            # In Canada 911 is a voice call (ACK-22).
            raise PolicyError(f"{path}.text_number", "must be absent: the emergency line is called, never texted")
    if not any(line.enabled and line.kind is LineKind.EMERGENCY for line in found.lines):
        raise PolicyError("lines", "hold no emergency line")
