"""Everything we say: pages, notices and consent texts, in French and in English as equals.

This is the only user of jinja2. Each language has its own environment, so that dates, numbers and telephone numbers
take its habits without a template asking. A word that is missing is an error at once, never a silent fall back on the
other language (ACC-07).
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache, partial
from io import BytesIO
from pathlib import Path
from typing import NoReturn, Self

import phonenumbers
from babel.dates import format_date, format_time
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations
from babel.units import format_unit
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup, escape

from consent.model import Channel

TEMPLATES = Path(__file__).resolve().parent.parent / "templates"
_NO_BREAK = "\N{NO-BREAK SPACE}"

# The GSM 03.38 alphabet has none of these; one of them would double the price and halve the length of a text.
_PLAIN_FOR_SMS = str.maketrans({_NO_BREAK: " ", "\N{NARROW NO-BREAK SPACE}": " ", "’": "'"})


class Language(StrEnum):
    """The two languages of every text; French is the default in Québec (ACC-08)."""

    FR = "fr"
    EN = "en"

    @property
    def other(self) -> "Language":
        """The language that the switch offers."""
        return Language.EN if self is Language.FR else Language.FR

    @property
    def locale(self) -> str:
        """The Canadian form of the language, in Babel's notation."""
        return f"{self}_CA"


@dataclass(frozen=True, slots=True)
class NoticeText:
    """An automatic text, ready to say; `subject` is empty on a channel that has none."""

    subject: str = field(repr=False)
    body: str = field(repr=False)


class _Strict(NullTranslations):
    """The last resort of a catalogue: an unknown key is an error, not a text."""

    def gettext(self, message: str) -> NoReturn:
        raise KeyError(message)

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> NoReturn:
        raise KeyError(msgid1, msgid2, n)


def _catalogue(path: Path, language: Language) -> Translations:
    """Compile a catalogue in memory: there is no build step to forget."""
    compiled = BytesIO()
    with path.open("rb") as source:
        write_mo(compiled, read_po(source, locale=language.locale, abort_invalid=True))
    compiled.seek(0)
    catalogue = Translations(compiled)
    catalogue.add_fallback(_Strict())
    return catalogue


def _day(language: Language, value: date, *, year: bool = True) -> str:
    if language is Language.FR:
        # "1er" for the first, a figure for the other days: the one ordinal of French dates.
        number = "'1er'" if value.day == 1 else "d"
        return format_date(value, f"EEEE {number} MMMM{' y' if year else ''}", locale=language.locale)
    return format_date(value, f"EEEE, MMMM d{', y' if year else ''}", locale=language.locale)


def _date(language: Language, value: date) -> str:
    """A date without its weekday, as a date of birth is said."""
    french = "'1er' MMMM y" if value.day == 1 else "d MMMM y"
    return format_date(value, french if language is Language.FR else "MMMM d, y", locale=language.locale)


def _clock(language: Language, value: datetime) -> str:
    if language is Language.FR:
        minutes = f"{_NO_BREAK}{value.minute:02d}" if value.minute else ""
        return f"{value.hour}{_NO_BREAK}h{minutes}"
    if (value.hour, value.minute) in {(0, 0), (12, 0)}:
        return "noon" if value.hour else "midnight"
    spoken = format_time(value, "h:mm" if value.minute else "h", locale=language.locale)
    return f"{spoken}{_NO_BREAK}{'a.m.' if value.hour < 12 else 'p.m.'}"


def _moment(language: Language, value: datetime) -> str:
    return f"{_day(language, value, year=False)}, {_clock(language, value)}"


def _stamp(language: Language, value: datetime) -> str:
    return f"{_day(language, value)}, {_clock(language, value)}"


def _deadline(language: Language, value: datetime) -> str:
    if language is Language.FR:
        return f"{_day(language, value, year=False)} avant {_clock(language, value)}"
    return f"{_day(language, value, year=False)}, before {_clock(language, value)}"


def _span(language: Language, value: timedelta) -> str:
    """A length of time, to its largest part: waiting needs no more, and rounds down."""
    minutes = int(abs(value).total_seconds()) // 60
    if minutes < 60:
        return f"{minutes}{_NO_BREAK}min"
    if minutes < 60 * 24:
        return f"{minutes // 60}{_NO_BREAK}h"
    return format_unit(minutes // (60 * 24), "duration-day", length="long", locale=language.locale)


@lru_cache(maxsize=512)
def _phone(language: Language, value: str) -> str:
    """A number as people here write it: `514 555-0142` in French, `514-555-0142` in English; short ones as they are."""
    try:
        number = phonenumbers.parse(value, "CA")
    except phonenumbers.NumberParseException:
        return value
    national = str(number.national_number)
    if number.country_code != 1:
        return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    if len(national) != 10:
        return value
    gap = _NO_BREAK if language is Language.FR else "-"
    toll_free = f"1{gap}" if re.match(r"8(00|33|44|55|66|77|88)", national) else ""
    extension = f", {'poste' if language is Language.FR else 'ext.'} {number.extension}" if number.extension else ""
    return f"{toll_free}{national[:3]}{gap}{national[3:6]}-{national[6:]}{extension}"


@lru_cache(maxsize=512)
def _tel(value: str) -> str:
    """The address behind a tap-to-call link (RFC 3966); letters such as `1 866 APPELLE` become their figures."""
    try:
        number = phonenumbers.parse(value, "CA")
    except phonenumbers.NumberParseException:
        return "tel:" + re.sub(r"[^0-9+]", "", value)
    if len(str(number.national_number)) < 7:  # an emergency or N11 number has no international form
        return f"tel:{number.national_number}"
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.RFC3966)


def _paragraphs(text: str) -> Markup:
    """Plain text as HTML: a blank line parts paragraphs, lines that begin with `- ` make a list."""
    return Markup("\n").join(_block(block) for block in re.split(r"\n\s*\n", text.strip()) if block)


def _block(block: str) -> Markup:
    parts: list[Markup] = []
    for is_list, lines in _runs(block.splitlines()):
        if is_list:
            items = Markup("").join(Markup("<li>{}</li>").format(line.lstrip()[2:].strip()) for line in lines)
            parts.append(Markup("<ul>{}</ul>").format(items))
        else:
            parts.append(Markup("<p>{}</p>").format(Markup("<br>").join(map(escape, lines))))
    return Markup("\n").join(parts)


def _runs(lines: list[str]) -> list[tuple[bool, list[str]]]:
    runs: list[tuple[bool, list[str]]] = []
    for line in lines:
        is_list = line.lstrip().startswith("- ")
        if not runs or runs[-1][0] is not is_list:
            runs.append((is_list, []))
        runs[-1][1].append(line)
    return runs


_SPEAKERS: Mapping[str, Callable[..., str]] = {
    "day": _day,
    "date": _date,
    "clock": _clock,
    "moment": _moment,
    "stamp": _stamp,
    "deadline": _deadline,
    "span": _span,
    "phone": _phone,
}
"""Filters whose words depend on the language; every datetime given to them is already in the clinic's time."""


def _worded(catalogue: Translations, key: str) -> bool:
    """Whether the catalogue has `key`: for the names of fields, of which some need no name of their own."""
    try:
        catalogue.gettext(key)
    except KeyError:
        return False
    return True


def _environment(root: Path, language: Language, catalogue: Translations) -> Environment:
    made = Environment(
        loader=FileSystemLoader([root / "pages", root / language]),
        autoescape=select_autoescape(("html",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        extensions=["jinja2.ext.i18n"],
    )
    made.install_gettext_translations(catalogue, newstyle=True)  # type: ignore[attr-defined]  # added by the extension
    made.filters.update({name: partial(speak, language) for name, speak in _SPEAKERS.items()})
    made.filters.update(tel=_tel, paragraphs=_paragraphs)
    made.tests["worded"] = lambda key: _worded(catalogue, key)
    return made


class Texts:
    """The words of one installation, loaded once; safe to share, for nothing in it changes afterwards."""

    def __init__(
        self,
        environments: Mapping[Language, Environment],
        catalogues: Mapping[Language, Translations],
    ) -> None:
        self._environments = environments
        self._catalogues = catalogues

    @classmethod
    def load(cls, root: Path | None = None) -> Self:
        """Read the catalogues under `root` (the packaged `templates/` when not given) and make the environments.

        Raises OSError when a catalogue is missing and babel's PoFileError when it cannot be read.
        """
        root = root or TEMPLATES
        catalogues = {lang: _catalogue(root / "locale" / lang / "messages.po", lang) for lang in Language}
        return cls({lang: _environment(root, lang, catalogues[lang]) for lang in Language}, catalogues)

    def page(self, template: str, language: Language, view: object, **chrome: object) -> str:
        """A whole HTML page: `template` as `patient/inbox`, `view` its view model, which it sees as `page`.

        Raises jinja2's UndefinedError when the template asks for what the view does not have, and KeyError when the
        catalogue lacks a key.
        """
        return self._environments[language].get_template(f"{template}.html").render(page=view, **chrome)

    def notice(self, kind: str, channel: Channel, language: Language, variables: Mapping[str, object]) -> NoticeText:
        """An automatic text from `{language}/notices/{kind}.{channel}.txt`; its first line may be `Subject: …`.

        In an SMS the typographic spaces and apostrophe become plain ones, and "août" the reformed "aout": one letter
        outside GSM 03.38 would more than halve the room (ACK-21). Raises jinja2's TemplateNotFound for a text that
        does not exist and UndefinedError for a variable that is missing.
        """
        text = self._environments[language].get_template(f"notices/{kind}.{channel}.txt").render(variables).strip()
        if channel is Channel.SMS:
            text = text.translate(_PLAIN_FOR_SMS).replace("août", "aout")
        first, _, rest = text.partition("\n")
        if first.startswith("Subject:"):
            return NoticeText(first.removeprefix("Subject:").strip(), rest.strip())
        return NoticeText("", text)

    def consent(self, language: Language, variables: Mapping[str, object]) -> Mapping[str, str]:
        """The consent texts by the name of their block (CON-16), rendered from the policy in force."""
        environment = self._environments[language]
        names = environment.list_templates(filter_func=lambda name: name.startswith("consent/"))
        return {Path(name).stem: environment.get_template(name).render(variables).strip() for name in names}

    def gettext(self, language: Language, key: str, **values: object) -> str:
        """One string of a page's catalogue, as plain text. Raises KeyError for an unknown key or a missing value."""
        return self._catalogues[language].gettext(key) % values

    def has(self, language: Language, key: str) -> bool:
        """Whether the catalogue has words for a key that data made: a clinic's own rules may name what we do not."""
        return _worded(self._catalogues[language], key)

    def month(self, language: Language, value: date) -> str:
        """A month of a year, as it begins a line."""
        said = format_date(value, "LLLL y", locale=language.locale)
        return said[:1].upper() + said[1:]

    def phone(self, language: Language, value: str) -> str:
        """A telephone number as people write it in this language."""
        return _phone(language, value)
