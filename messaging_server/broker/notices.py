"""The automatic texts: which there are, where each may be said, what each must know, and what none may lack.

The words stand in `templates/{fr,en}/notices/<kind>.<channel>.txt`; here is only what may be told to them. By e-mail
and by text every notice gets one and the same emergency card, whatever the message said, because the mailbox or the
telephone may be shared (ACK-08, T-23); what names a danger goes to the signed-in inbox alone. Nothing of the
patient's words can reach a notice, because no field here could carry them (ACK-09).

Source: CMQ guide, reception of e-mails (acknowledgement) and particularities of texts; REQUIREMENTS 1.4, CON-04.
"""

import unicodedata
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from consent.ending import Ended
from consent.model import Channel
from messaging_server.errors import InvalidError, NotAllowedError
from messaging_server.message import Pause
from triage.helplines import HelpLine, LineKind
from triage.practice import Response


class Notice(StrEnum):
    """A kind of automatic text; at most one is said per event (promise 6)."""

    ACKNOWLEDGEMENT = "acknowledgement"
    EMERGENCY = "emergency"
    """An acknowledgement with all its parts, the emergency card first (ACK-07)."""
    SENSITIVE_ACKNOWLEDGEMENT = "sensitive_acknowledgement"
    """An acknowledgement that adds, in the inbox only, that this is better said in person (SEN-08)."""
    NOT_YET = "not_yet"
    """To a sender without consent: never confirms that they are a patient (CON-04)."""
    SMS_NOT_ANSWERED = "sms_not_answered"
    NOTIFICATION = "notification"
    DEADLINE_MISSED = "deadline_missed"
    WITHDRAWN = "withdrawn"
    OPT_OUT_CONFIRMED = "opt_out_confirmed"
    RESUMED = "resumed"
    HELP = "help"
    ADDRESS_CHECK = "address_check"
    SECURITY_ALERT = "security_alert"
    CONVERTED = "converted"
    STAFF_ALERT = "staff_alert"
    """To the colleagues on duty: an emergency waits (TRI-09)."""


class Direction(StrEnum):
    """A family of dangers that the inbox names, in the order in which it names them (ACK-07)."""

    SUICIDE = "suicide"
    POISON = "poison"
    VIOLENCE = "violence"
    """The page that shows it also shows the quick exit (ACK-08)."""
    OBSTETRIC = "obstetric"
    OTHER = "other"


class Conversion(StrEnum):
    """What a message was turned into, as far as the patient is told (TRI-11)."""

    CALL = "call"
    VISIT = "visit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One help line in the language of the text, from the dated data file, never typed in a template (ACK-06)."""

    kind: str
    name: str
    number: str
    """As it is read, with the option to press or the word that it spells."""
    hours: str = ""
    note: str = ""
    """A whole sentence, or nothing."""
    text_number: str | None = None
    tel_uri: str = ""
    """What is dialled (RFC 3966)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeFacts:
    """All that a notice may know, in the language of the text; moments are in clinic time.

    `lines` hold at least the emergency number; the inbox shows them in the order given, the card in its own.
    """

    clinic: str
    """The neutral name (SEN-12)."""
    phone: str
    lines: tuple[Line, ...]
    phone_hours: str | None = None
    other_contact: str | None = None
    walk_in: str | None = None
    portal: str | None = None
    """The bare address of the sign-in page: no token, no identifier (EOU-15)."""
    readers: str | None = None
    """Who reads messages here, in whole sentences (CON-05)."""
    received: datetime | None = None
    """When the event happened: the message's arrival, the withdrawal, the change."""
    rule: Response | None = None
    due: datetime | None = None
    closed: bool = False
    reopens: datetime | None = None
    flags: frozenset[str] = frozenset()
    """Families of red flags of the assessment; only the inbox ever tells them apart."""
    alerted: bool = False
    """True only when a named person has really been alerted."""
    stopped: tuple[Ended, ...] | None = None
    remaining: tuple[Channel, ...] = ()
    """The ways that still work after a withdrawal."""
    paused: tuple[Pause, ...] = ()
    """The ways by which this person would be told of an answer, and now is not (ACK-24)."""
    pictures_missing: int = 0
    """Pictures of a text that we did not get: their author is told to send them by the inbox (SMS-04)."""
    conversion: Conversion | None = None
    code: str | None = field(default=None, repr=False)
    expires: datetime | None = None


@dataclass(frozen=True, slots=True)
class Kind:
    """Where a notice may be said and what it must know; `answers` means that it is an acknowledgement (ACK-01)."""

    channels: frozenset[Channel]
    needs: frozenset[str]
    answers: bool = False


_EVERYWHERE: Final = frozenset(Channel)
_ADDRESSES: Final = frozenset({Channel.EMAIL, Channel.SMS})
_WEB: Final = frozenset({Channel.WEB})
_SMS: Final = frozenset({Channel.SMS})
_CLINIC: Final = frozenset({"clinic", "phone", "phone_hours", "lines"})
_CARD: Final = _CLINIC | {"walk_in"}
_LATE: Final = _CARD | {"other_contact"}
_ANSWER: Final = _LATE | {"received", "rule", "due", "readers"}

NOTICES: Final[Mapping[Notice, Kind]] = MappingProxyType({
    Notice.ACKNOWLEDGEMENT: Kind(_EVERYWHERE, _ANSWER, answers=True),
    Notice.EMERGENCY: Kind(_EVERYWHERE, _ANSWER, answers=True),
    Notice.SENSITIVE_ACKNOWLEDGEMENT: Kind(_WEB, _ANSWER, answers=True),
    Notice.NOT_YET: Kind(_EVERYWHERE, _CARD),
    Notice.SMS_NOT_ANSWERED: Kind(_SMS, _CARD),
    Notice.NOTIFICATION: Kind(_ADDRESSES, _CLINIC | {"portal"}),
    Notice.DEADLINE_MISSED: Kind(_EVERYWHERE, _LATE | {"due"}),
    Notice.WITHDRAWN: Kind(frozenset({Channel.WEB, Channel.EMAIL}), _LATE | {"received", "stopped"}),
    Notice.OPT_OUT_CONFIRMED: Kind(_SMS, _CLINIC),
    Notice.RESUMED: Kind(_SMS, _CLINIC),
    Notice.HELP: Kind(_SMS, _CARD),
    Notice.ADDRESS_CHECK: Kind(_ADDRESSES, _CLINIC | {"code", "expires"}),
    Notice.SECURITY_ALERT: Kind(_EVERYWHERE, _CLINIC | {"received"}),
    Notice.STAFF_ALERT: Kind(frozenset({Channel.EMAIL}), _CLINIC | {"received", "portal"}),
    Notice.CONVERTED: Kind(_EVERYWHERE, _LATE | {"conversion"}),
})

_CARD_KINDS: Final = (LineKind.HEALTH_LINE, LineKind.SOCIAL_LINE, LineKind.SUICIDE, LineKind.POISON)
"""The one card of e-mail, in its own order: no line tells one danger from another, none is for violence (ACK-08)."""
_TEXT_KINDS: Final = (LineKind.HEALTH_LINE, LineKind.SUICIDE, LineKind.POISON)
"""The same card as a text has room for it (ACK-21); an ordinary text keeps the first only."""
_DIRECTIONS: Final[Mapping[str, Direction]] = MappingProxyType({
    "suicide": Direction.SUICIDE,
    "overdose": Direction.POISON,
    "violence": Direction.VIOLENCE,
    "obstetric": Direction.OBSTETRIC,
})


def told_lines(lines: Iterable[HelpLine], language: str) -> tuple[Line, ...]:
    """The help lines of the data file as the texts of one language know them."""
    return tuple(
        Line(
            kind=line.kind, name=line.name[language], number=line.number, hours=line.hours[language],
            note=line.note[language], text_number=line.text_number, tel_uri=line.tel_uri,
        )
        for line in lines
    )  # fmt: skip


def directions(flags: Collection[str]) -> tuple[Direction, ...]:
    """The dangers that the inbox names for these red flags, each once; a family without its own words is OTHER."""
    found = {_DIRECTIONS.get(flag, Direction.OTHER) for flag in flags} or {Direction.OTHER}
    return tuple(direction for direction in Direction if direction in found)


def variables(notice: Notice, channel: Channel, facts: NoticeFacts) -> Mapping[str, object]:
    """What the template of this notice is told; the same names in both languages.

    Raises NotAllowedError("notice_not_for_channel") where this notice is never said, and InvalidError when a fact that
    it must state is missing ("missing"), is a moment without a time zone ("naive"), or no emergency number is given.
    """
    kind = NOTICES[notice]
    if channel not in kind.channels:
        raise NotAllowedError("notice_not_for_channel")
    needs = kind.needs | {"closed"} | ({"reopens"} if kind.answers and facts.closed else set())
    told: dict[str, object] = {name: _stated(name, getattr(facts, name)) for name in sorted(needs)}
    told["emergency"] = emergency_line(facts.lines)
    told["lines"] = _lines(notice, channel, facts.lines)
    told |= {"remaining": facts.remaining} if notice is Notice.WITHDRAWN else {}
    if kind.answers and channel is not Channel.SMS:
        told["paused"] = _still_paused(notice, channel, facts.paused)
    if kind.answers or notice is Notice.SMS_NOT_ANSWERED:
        told["pictures_missing"] = facts.pictures_missing
    if channel is Channel.WEB and notice is Notice.EMERGENCY:
        told |= {"directions": directions(facts.flags), "alerted": facts.alerted}
    if channel is Channel.SMS:
        room = _ROOM_OF_EMERGENCY if notice is Notice.EMERGENCY else _ROOM
        _shorten(told, room - (_PICTURES if told.get("pictures_missing") and notice is not Notice.EMERGENCY else 0))
    return MappingProxyType(told)


def _still_paused(notice: Notice, channel: Channel, paused: tuple[Pause, ...]) -> tuple[Pause, ...]:
    """What still rests when it is read: an acknowledgement by a way that rests leaves only when that is over."""
    waits = notice is Notice.ACKNOWLEDGEMENT
    return tuple(pause for pause in paused if not (waits and pause.channel is channel))


def _stated(name: str, value: object) -> object:
    if value is None or value in {"", ()} or (isinstance(value, str) and not value.strip()):
        raise InvalidError(name, "missing")
    if isinstance(value, datetime) and value.utcoffset() is None:
        raise InvalidError(name, "naive")
    return value


def emergency_line(lines: tuple[Line, ...]) -> Line:
    """The line that comes first everywhere. Raises InvalidError when the data hold none."""
    for line in lines:
        if line.kind == LineKind.EMERGENCY:
            return line
    raise InvalidError("lines", "no_emergency_number")


def _lines(notice: Notice, channel: Channel, lines: tuple[Line, ...]) -> tuple[Line, ...]:
    """The lines to show beside the emergency number: on a telephone the few that fit, in the inbox all."""
    others = tuple(line for line in lines if line.kind != LineKind.EMERGENCY)
    if channel is Channel.WEB:
        return others
    if channel is Channel.EMAIL:
        return tuple(line for kind in _CARD_KINDS for line in others if line.kind == kind)
    kinds = _TEXT_KINDS if notice is Notice.EMERGENCY else _TEXT_KINDS[:1]
    firsts = (next((line for line in others if line.kind == kind), None) for kind in kinds)
    return tuple(_dialled(line) for line in firsts if line is not None)


def _dialled(line: Line) -> Line:
    """The line with the bare number, which is shorter than the one that is read."""
    return replace(line, number=line.tel_uri.removeprefix("tel:") or line.number)


_ROOM: Final = 92
_ROOM_OF_EMERGENCY: Final = 52
"""Letters that a text of two segments leaves to the clinic's name, hours and other contact together (ACK-21)."""
_PICTURES: Final = 42
"""Letters of the sentence on pictures that we did not get; an emergency's text has no room for it."""
_REOPENING: Final = 36
"""Letters of the longest moment; while the clinic is closed it stands in the place of the hours (ACK-17)."""
_GSM_ACCENTS: Final = frozenset("£¥€èéùìòÇØøÅåÆæßÉÄÖÑÜäöñüà")
"""What the alphabet of 160-character texts has beyond ASCII and we may need (3GPP TS 23.038 section 6.2.1)."""
_PLAIN: Final = str.maketrans({
    "’": "'", "‘": "'", "`": "'", "«": '"', "»": '"', "“": '"', "”": '"', "–": "-", "—": "-", "…": "...",
    "œ": "oe", "Œ": "Oe",
})  # fmt: skip


def _shorten(told: dict[str, object], room: int) -> None:
    """Make the clinic's own words fit a text: plain letters, then the least needed left out, the name cut last."""
    for name in ("clinic", "phone_hours", "other_contact", "walk_in", "portal"):
        if name in told:
            told[name] = _for_sms(str(told[name]))
    if "reopens" in told:
        told["phone_hours"], room = "", room - _REOPENING
    for name in ("other_contact", "phone_hours"):
        if sum(len(str(told.get(key, ""))) for key in ("clinic", "phone_hours", "other_contact")) > room:
            told[name] = ""
    clinic = str(told["clinic"])
    told["clinic"] = clinic if len(clinic) <= room else clinic[: room + 1].rpartition(" ")[0] or clinic[:room]


def _for_sms(text: str) -> str:
    """The text in the short alphabet: one `ê` or no-break space would halve the room of a text (SMS-16, T-21).

    Only letters outside the alphabet lose their accent (`ê` becomes `e`, `é` stays); what has no plain form, an emoji
    or another script, is kept as it is.
    """
    return "".join(_plain_letter(letter) for letter in text.translate(_PLAIN))


def _plain_letter(letter: str) -> str:
    if letter.isspace():
        return " "
    if letter.isascii() or letter in _GSM_ACCENTS:
        return letter
    bare = "".join(part for part in unicodedata.normalize("NFKD", letter) if not unicodedata.combining(part))
    return bare if bare.isascii() and bare else letter
