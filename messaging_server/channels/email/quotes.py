"""What the author wrote now, apart from what they quote: every line lands in exactly one place (EIN-17).

The rule that keeps patients' words: a line such as "Le 12 novembre, mon pharmacien m'a écrit :" is a quotation's
heading only when a program wrote it, which shows by what follows (lines with `>`, text that we sent, nothing at all) or
by what it holds (an address and a time). In doubt the text is new. Time is linear in the text: every pattern looks at
a bounded window of whole lines.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, auto

_WINDOW_LINES = 4
_WINDOW_LETTERS = 400
_SIGNATURE_LINES = 10
_NARROW_SPACES = str.maketrans({"\u00a0": " ", "\u202f": " ", "\u2009": " ", "\u200b": "", "\ufeff": "", "’": "'"})

_QUOTED = re.compile(r"\s{0,8}>")
_HINT = re.compile(r"[:@]|^\s{0,8}[-_*=]|[Aa]bove|dessus")
"""What every heading and separator has somewhere: most lines of a letter have none of it and need no closer look."""
_HEADING_START = re.compile(
    r"[-\s]{0,8}(?:(?:le|on|el|am|op|il|em|den|dnia|w dniu|in data|at)\s+\S"
    r"|\d{1,4}[-./:\s]|[^\W\d]{2,12}\.?,?\s+\d|[^\s<>:]{1,40}(?:\s[^\s<>:]{1,40}){0,6}\s*<[^\s<>]+@)",
    re.IGNORECASE,
)
_HEADING_END = re.compile(
    r"(?:(?:\b(?:é|e)crit|\bwrote|\bescribi(?:ó|o)|\bha scritto|\bescreveu|\bnapisał(?:\(a\))?|\bkirjoitti"
    r"|\b(?:schrieb|schreef|skrev)(?: [^:]{1,80})?)\s*:|@[^\s<>]{1,200}>?\s+(?:a écrit|wrote))[-\s]{0,8}$",
    re.IGNORECASE,
)
_BARE_HEADING_END = re.compile(r"<[^\s<>]+@[^\s<>]+>\s*:\s*$")
"""Mail programs in other languages, and old French Gmail: `2026-11-03 9:15 GMT-05:00 Clinique <c@x.ca> :`."""
_ADDRESS = re.compile(r"[^\s<>()@:;,]+@[^\s<>()@:;,]+\.[^\s<>()@:;,]+")
_TIME = re.compile(r"\b\d{1,2}\s?(?::|h|\.)\s?\d{2}\b")
_DAY = re.compile(r"\d")

_RULE = re.compile(
    r"[-_*=\s]{2,60}(?:original message|original appointment|reply message|message d'origine|message original"
    r"|message initial|mail original|courriel original|courriel d'origine|e-mail d'origine|ursprüngliche nachricht"
    r"|mensaje original|messaggio originale|oorspronkelijk bericht|mensagem original)[-_*=\s]{0,60}:?\s*$",
    re.IGNORECASE,
)
_ABOVE = re.compile(
    r"\W{0,20}(?:(?:please |veuillez )?(?:reply|respond|write your reply|répondez|répondre|écrivez|écrire)\b.{0,30}"
    r"\b(?:above|au-dessus de|au dessus de|ci-dessus de)\b.{0,60})$",
    re.IGNORECASE,
)
_FORWARDED = re.compile(
    r"(?:[-_\s]{2,40}\s*(?:forwarded message|message transféré|message transmis|message réexpédié)\s*[-_\s]{2,40}"
    r"|(?:begin forwarded message|début du message (?:transféré|réexpédié|transmis))\s*:)\s*$",
    re.IGNORECASE,
)
_OUTLOOK_LINE = re.compile(r"\s*[-_]{20,80}\s*$")
_FIELD = re.compile(r"\s{0,12}\*?([^\W\d_][^:*]{0,14}?)\*?\s*:\*?\s*(\S.*)?$")
_KINDS = {
    name: kind
    for kind, names in {
        "from": "de from expéditeur von van da fra",
        "date": "envoyé envoyée envoyé_le sent date gesendet verzonden inviato enviado data dato",
        "to": "à a pour to destinataire an aan til para",
        "cc": "cc",
        "subject": "objet sujet subject betreff onderwerp oggetto asunto emne assunto",
        "reply": "répondre_à reply-to",
    }.items()
    for name in (word.replace("_", " ") for word in names.split())
}
"""What the lines of a heading of Outlook's kind are called, in French, in English and in patients' other languages."""

_DASHES = re.compile(r"--\s?$")
_DEVICE = re.compile(
    r"(?:envoyé|envoyée|transmis|sent)\s(?:de|depuis|à partir de|à partir d'|d'|avec|via|par|sur|from|with|using)"
    r"(?:\s[^\s.!?,;]{1,40}|[^\s.!?,;]{1,40}){1,7}\.?$|(?:obtenez|téléchargez|get|download)\s.{0,30}\boutlook\b.{0,60}$"
    r"|(?:provenance|télécharger)\s:\s.{0,40}(?:courrier|outlook).{0,40}$",
    re.IGNORECASE,
)
_LINK = re.compile(r"\s?<https?://[^\s<>]{1,200}>$")
_SAID = re.compile(
    r"[?!]|\b(?:p\.?\s?s\.?|n\.?\s?b\.?|note|je|j'[a-zéê]+|i|i'm|my|me|mon|ma|mes|moi|suis|urgent|urgence)\b",
    re.IGNORECASE,
)
"""Words of somebody who speaks: a postscript under the dashes is said, not signed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """A text in three: together they hold every line that is not blank, each once and in order."""

    new_text: str = field(repr=False)
    quoted_text: str = field(repr=False)
    signature: str = field(repr=False)


class _Place(Enum):
    NEW = auto()
    QUOTED = auto()
    SIGNATURE = auto()


def split(text: str, *, our_lines: Callable[[str], bool] | None = None) -> Split:
    """The text without its quotations and its signature, and these two.

    `our_lines` tells whether a line is of our own making (our address, our delimiter, words that we sent): what stands
    under it, and it alone, is a quotation even without `>`.
    """
    whole = text.replace("\r\n", "\n").replace("\r", "\n")
    lines, plain = whole.split("\n"), whole.translate(_NARROW_SPACES).split("\n")
    places = _places(plain, our_lines or _nothing_is_ours)
    if not any(place is _Place.NEW and line.strip() for place, line in zip(places, plain, strict=True)):
        places = _kept_when_all_would_go(plain, places)
    _set_signature(plain, places)
    return Split(
        new_text=_of(lines, places, _Place.NEW),
        quoted_text=_of(lines, places, _Place.QUOTED),
        signature=_of(lines, places, _Place.SIGNATURE),
    )


def _nothing_is_ours(_line: str) -> bool:
    return False


def _of(lines: list[str], places: list[_Place], wanted: _Place) -> str:
    return "\n".join(line for line, place in zip(lines, places, strict=True) if place is wanted).strip("\n")


def _places(plain: list[str], ours: Callable[[str], bool]) -> list[_Place]:
    places = [_Place.NEW] * len(plain)
    hints = [_HINT.search(line) is not None for line in plain]
    position = 0
    while position < len(plain):
        if _QUOTED.match(plain[position]):
            places[position] = _Place.QUOTED
            position += 1
        elif not any(hints[position : position + _WINDOW_LINES]):
            position += 1
        elif _everything_below(plain, position, ours):
            places[position:] = [_Place.QUOTED] * (len(plain) - position)
            break
        elif length := _heading(plain, position, ours):
            places[position : position + length] = [_Place.QUOTED] * length
            position += length
        else:
            position += 1
    return places


def _everything_below(plain: list[str], position: int, ours: Callable[[str], bool]) -> bool:
    """Whether a separator stands here under which all is quoted to the end."""
    line = plain[position]
    if not line.strip():
        return False
    if len(line) <= 200 and (_RULE.fullmatch(line) or _ABOVE.fullmatch(line) or _FORWARDED.fullmatch(line)):
        return True
    if _OUTLOOK_LINE.fullmatch(line):
        return _field_block(plain, position + 1)
    if _field_block(plain, position):
        return True
    return _machine_heading(plain, position, ours)


def _field_block(plain: list[str], position: int) -> bool:
    """Whether lines such as `De :`, `Envoyé :`, `À :`, `Objet :` follow at once: a heading of Outlook's kind."""
    kinds: dict[str, str] = {}
    for line in plain[position : position + 8]:
        match = _FIELD.fullmatch(line) if len(line) <= 1000 else None
        kind = _KINDS.get(match[1].lower()) if match else None
        if match is None or kind is None:
            if line.strip() and not kinds:
                return False
            continue  # a long list of recipients runs over several lines
        if not kinds and kind != "from":
            return False
        kinds.setdefault(kind, match[2] or "")
    return len(kinds.keys() & {"date", "to", "subject"}) >= 2 and _names_somebody(kinds)


def _names_somebody(kinds: dict[str, str]) -> bool:
    """A block that a program wrote has a date with figures or a mail address; a patient's list of hours has neither."""
    said = f"{kinds.get('from', '')} {kinds.get('to', '')}"
    return bool(_ADDRESS.search(said)) or ("subject" in kinds and bool(_DAY.search(kinds.get("date", ""))))


def _window(plain: list[str], position: int) -> tuple[str, int] | None:
    """The heading of a quotation that begins here and the number of its lines: Gmail folds it at 80 letters."""
    if not _HEADING_START.match(plain[position].lstrip()[:200]):
        return None
    joined = ""
    for length in range(1, _WINDOW_LINES + 1):
        if position + length > len(plain):
            return None
        line = plain[position + length - 1].strip()
        joined = f"{joined} {line}".strip()
        if not line or len(joined) > _WINDOW_LETTERS:
            return None
        if _DAY.search(joined) and (_HEADING_END.search(joined) or _BARE_HEADING_END.search(joined)):
            return joined, length
    return None


def _heading(plain: list[str], position: int, ours: Callable[[str], bool]) -> int:
    """The lines of a quotation's heading here, if the quotation itself follows; else 0."""
    found = _window(plain, position)
    if found is None:
        return 0
    below = next((line for line in plain[position + found[1] :] if line.strip()), None)
    follows = below is None or _QUOTED.match(below) is not None or ours(below)
    return found[1] if follows else 0


def _machine_heading(plain: list[str], position: int, ours: Callable[[str], bool]) -> bool:
    """A heading that only a program writes (an address and an hour, or our own address), with no `>` below it."""
    found = _window(plain, position)
    if found is None:
        return False
    below = next((line for line in plain[position + found[1] :] if line.strip()), None)
    if below is None or _QUOTED.match(below):
        return False  # an answer may stand under the quoted lines: see `_heading`
    by_program = _ADDRESS.search(found[0]) is not None and _TIME.search(found[0]) is not None
    return by_program or ours(found[0]) or ours(below)


def _kept_when_all_would_go(plain: list[str], places: list[_Place]) -> list[_Place]:
    """Everything is a quotation: then a message forwarded to us without a word is itself what is said."""
    opening = next((line for line in plain if line.strip()), "")
    return [_Place.NEW] * len(plain) if _FORWARDED.fullmatch(opening[:200]) else places


def _set_signature(plain: list[str], places: list[_Place]) -> None:
    """Mark the signature at the end of the author's own lines: what stands under `--`, and a telephone's line."""
    new = [number for number, place in enumerate(places) if place is _Place.NEW and plain[number].strip()]
    if len(new) > 1 and _device(plain[new[-1]]):
        while len(new) > 1 and _device(plain[new[-1]]):
            places[new.pop()] = _Place.SIGNATURE
    tail = new[-_SIGNATURE_LINES:]
    for start, number in enumerate(tail):
        if number != new[0] and _DASHES.fullmatch(plain[number]) and _plain_signature(plain, tail[start + 1 :]):
            for one in tail[start:]:
                places[one] = _Place.SIGNATURE
            return


def _device(line: str) -> bool:
    return len(line) <= 120 and _DEVICE.fullmatch(_LINK.sub("", line.strip())) is not None


def _plain_signature(plain: list[str], numbers: list[int]) -> bool:
    """Short lines in which nobody speaks."""
    return bool(numbers) and all(len(plain[one]) <= 90 and not _SAID.search(plain[one]) for one in numbers)
