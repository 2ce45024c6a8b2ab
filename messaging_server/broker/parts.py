"""What an acknowledgement must state, and how to see in its rendered words that it does (ACK-02).

Source: CMQ guide, reception of e-mails: the response time, what to do when it is not kept, the limits of the channel
and the options by urgency.
"""

import re
import unicodedata
from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from consent.model import Channel
from messaging_server.broker.notices import NOTICES, Notice, NoticeFacts, emergency_line
from triage.practice import Response, Unit


class Part(StrEnum):
    """What an acknowledgement must state (ACK-01 to ACK-05, ACK-17)."""

    RESPONSE_RULE = "response_rule"
    DEADLINE = "deadline"
    PHONE = "phone"
    PHONE_HOURS = "phone_hours"
    OTHER_CONTACT = "other_contact"
    NOT_FOR_EMERGENCIES = "not_for_emergencies"
    EMERGENCY_NUMBER = "emergency_number"
    EMERGENCY_ROOM = "emergency_room"
    WALK_IN = "walk_in"
    REOPENING = "reopening"


_MONTHS: Final = (
    ("janvier", "january"), ("fevrier", "february"), ("mars", "march"), ("avril", "april"), ("mai", "may"),
    ("juin", "june"), ("juillet", "july"), ("aout", "august"), ("septembre", "september"), ("octobre", "october"),
    ("novembre", "november"), ("decembre", "december"),
)  # fmt: skip
_UNITS: Final[Mapping[Unit, str]] = MappingProxyType({
    Unit.BUSINESS_DAYS: r"(?:jours? ouvrables?|business days?)",
    Unit.BUSINESS_HOURS: r"(?:heures? ouvrables?|business hours?)",
})
_NOT_FOR_EMERGENCIES: Final = r"pas pour les urgences|not for emergencies"
_EMERGENCY_ROOM: Final = r"salle d'urgence|a l'urgence|emergency room"
_WALK_IN: Final = r"sans rendez-vous|walk-in"


def missing_parts(text: str, facts: NoticeFacts) -> tuple[Part, ...]:
    """The mandatory parts that a rendered acknowledgement lacks, in either language; empty when it may be used.

    A template that leaves one out cannot be activated (ACK-02). Accents, case and kinds of space do not count, so that
    a text folded for a telephone is judged like the others. While the clinic is closed, when it reopens says when its
    telephone is answered.
    """
    plain = _folded(text)
    reopening = facts.closed and facts.reopens is not None and _moment_stated(plain, facts.reopens)
    stated = {
        Part.RESPONSE_RULE: facts.rule is not None and _rule_stated(plain, facts.rule),
        Part.DEADLINE: facts.due is not None and _moment_stated(plain, facts.due),
        Part.PHONE: _number_stated(plain, facts.phone),
        Part.PHONE_HOURS: reopening or _phrase_stated(plain, facts.phone_hours),
        Part.OTHER_CONTACT: _phrase_stated(plain, facts.other_contact),
        Part.NOT_FOR_EMERGENCIES: re.search(_NOT_FOR_EMERGENCIES, plain) is not None,
        Part.EMERGENCY_NUMBER: _phrase_stated(plain, emergency_line(facts.lines).number),
        Part.EMERGENCY_ROOM: re.search(_EMERGENCY_ROOM, plain) is not None,
        Part.WALK_IN: _phrase_stated(plain, facts.walk_in) or re.search(_WALK_IN, plain) is not None,
        Part.REOPENING: reopening or not facts.closed,
    }
    return tuple(part for part, found in stated.items() if not found)


_SPARED: Final = frozenset({Part.PHONE_HOURS, Part.OTHER_CONTACT})
"""What an emergency text of two segments may leave out for the card, which comes first (ACK-07, ACK-21)."""

Say = Callable[[Notice, Channel, NoticeFacts], str]
"""Renders the body of a notice in the language of the facts."""


def gaps(
    facts: NoticeFacts, channels: Collection[Channel], say: Say
) -> Mapping[tuple[Notice, Channel], tuple[Part, ...]]:
    """What each acknowledgement on these channels lacks with a clinic's own words; a channel stays shut while any does.

    `facts` are a sample with a rule and a deadline. On a telephone, words that are too long are left out and so found
    missing here, before the channel opens (ACK-02).
    """
    answers = [
        (notice, channel)
        for notice, kind in NOTICES.items()
        for channel in sorted(kind.channels.intersection(channels))
        if kind.answers
    ]
    found = {(notice, channel): missing_parts(say(notice, channel, facts), facts) for notice, channel in answers}
    telephone = (Notice.EMERGENCY, Channel.SMS)
    if telephone in found:
        found[telephone] = tuple(part for part in found[telephone] if part not in _SPARED)
    return MappingProxyType({place: missing for place, missing in found.items() if missing})


def _folded(text: str) -> str:
    bare = "".join(part for part in unicodedata.normalize("NFKD", text) if not unicodedata.combining(part))
    return " ".join(bare.replace("’", "'").casefold().split())


def _phrase_stated(plain: str, phrase: str | None) -> bool:
    return bool(phrase and phrase.strip()) and _folded(str(phrase)) in plain


def _number_stated(plain: str, number: str) -> bool:
    """The last ten digits, however they are grouped."""
    digits = re.sub(r"\D", "", number)[-10:]
    return bool(digits) and digits in re.sub(r"[\s().-]", "", plain)


def _rule_stated(plain: str, rule: Response) -> bool:
    return re.search(rf"(?<!\d){rule.count} {_UNITS[rule.unit]}", plain) is not None


def _moment_stated(plain: str, moment: datetime) -> bool:
    french, english = _MONTHS[moment.month - 1]
    day = rf"(?<!\d){moment.day}(?:er)? {french}|{english} {moment.day}(?!\d)"
    return re.search(day, plain) is not None and re.search(_clock(moment), plain) is not None


def _clock(moment: datetime) -> str:
    """The ways to write a time of day: 17 h 30, 5:30 p.m., noon."""
    minutes = rf" {moment.minute:02d}(?!\d)" if moment.minute else r"(?! \d\d(?!\d))"
    english = f"{moment.hour % 12 or 12}{f':{moment.minute:02d}' if moment.minute else ''}"
    forms = [rf"(?<!\d){moment.hour} h\b{minutes}", rf"(?<![\d:]){english} {'ap'[moment.hour >= 12]}\.m\."]
    if moment.minute == 0 and moment.hour % 12 == 0:
        forms.append("noon" if moment.hour else "midnight")
    return "|".join(forms)
