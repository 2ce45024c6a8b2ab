"""Small grammars of what patients measure: age, temperature, duration, amounts, pressure, sugar, oxygen, pulse.

Each looks a few words to either side of a number, and no further. Units are those of Québec; Fahrenheit and mg/dL are
turned into Celsius and mmol/L, because thermometers and meters from the United States are common.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from triage.fold import word_set

_UNITS = {
    "h": 1 / 24, "heure": 1 / 24, "heures": 1 / 24, "hour": 1 / 24, "hours": 1 / 24, "hrs": 1 / 24, "hr": 1 / 24,
    "min": 1 / 1440, "minute": 1 / 1440, "minutes": 1 / 1440, "mins": 1 / 1440,
    "jour": 1, "jours": 1, "day": 1, "days": 1, "nuits": 1, "nights": 1, "jrs": 1,
    "semaine": 7, "semaines": 7, "sem": 7, "week": 7, "weeks": 7, "wk": 7, "wks": 7, "weeker": 7,
    "mois": 30, "month": 30, "months": 30, "mth": 30, "mths": 30,
    "an": 365, "ans": 365, "annee": 365, "annees": 365, "year": 365, "years": 365, "yr": 365, "yrs": 365, "yo": 365,
}  # fmt: skip
_NUMBERS = {
    "un": 1, "une": 1, "deux": 2, "trois": 3, "quatre": 4, "cinq": 5, "six": 6, "sept": 7, "huit": 8, "neuf": 9,
    "dix": 10, "douze": 12, "quinze": 15, "vingt": 20, "trente": 30, "quarante": 40, "cinquante": 50, "soixante": 60,
    "cent": 100, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
    "eleven": 11, "twelve": 12, "fifteen": 15, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60,
    "hundred": 100, "trentaine": 30, "vingtaine": 20, "dizaine": 10, "dozen": 12, "douzaine": 12, "quarantaine": 40,
    "dozens": 24, "centaine": 100, "hundreds": 100,
}  # fmt: skip
_PEOPLE = word_set(
    "bebe bb nourrisson enfant fils fille garcon petit petite fillette poupon baby infant child son daughter toddler "
    "newborn kid boy girl age agee aged nouveau ne grandson granddaughter"
)
_PEOPLE_REACH = 4
_SPANS = word_set(
    "depuis since for pendant durant dans in during il past last dernier derniers dernieres next "
    "prochain prochaines every"
)  # fmt: skip
_SINCE = word_set("depuis since for il last past")
_BEFORE_YEARS = word_set(
    "en in depuis since janvier fevrier mars avril mai juin juillet aout septembre octobre novembre decembre "
    "january february march april may june july august september october november december"
)
_FEVER = word_set("fievre fever feverish temperature temp febrile thermometre thermometer")
_PILLS = word_set(
    "pilule pilules comprime comprimes cachet cachets capsule capsules pill pills tablet tablets tab tabs cap caps co "
    "tylenol tylenols advil advils motrin motrins aspirin aspirine aspirines acetaminophene acetaminophen ibuprofene "
    "ibuprofen ativan xanax seroquel gravol benadryl dolipranes doses dose medicaments meds"
)
_SUGAR = word_set("glycemie glycemies sucre sugar sugars suger sugers glucose dextro glucometre glucometer bg bgl bs")
_OXYGEN = word_set("saturation sature satu spo sat sats oxygen oxygene oximetre oximeter spo2")
_PULSE = word_set("pouls pulse bpm hr cardiaque rate battements")
_PRESSURE = word_set("tension pression pressure bp ta hypertension")
_PREGNANT = word_set("enceinte grossesse pregnant pregnancy gestation along sa")
_DEGREES = word_set("\u00b0 degre degres degree degrees c celsius f fahrenheit")
_NEAR = 5
_LONG_AGO = 2024
"""A year up to this one is past, whenever this is read: the rules know no clock."""


class Measure(NamedTuple):
    """A quantity found on the words from `start` up to `end`: its kind, and its value in the kind's unit."""

    kind: str
    value: float
    start: int
    end: int


def measures(words: Sequence[str]) -> list[Measure]:
    """All quantities: `age_days ago_days recent_days duration_days gestation_weeks temperature_c pills systolic
    diastolic glucose_mmol oxygen_percent pulse_bpm`.
    """
    out: list[Measure] = []
    told = {word for word in set(words) if "0" <= word[0] <= "9" or word in _NUMBERS}
    for place in [place for place, word in enumerate(words) if word in told] if told else ():
        word = words[place]
        value = _number(word)
        if value is not None:
            out.extend(_time(words, place, value))
            if value > 1:
                out.extend(_count(words, place, value))
            if word[0].isdigit():
                out.extend(_reading(words, place, value))
    return out


def _number(word: str) -> float | None:
    if "0" <= word[0] <= "9":
        try:
            return float(word.replace(",", ".")) if len(word) <= 8 else None
        except ValueError:  # digits of other scripts beside our own
            return None
    return _NUMBERS.get(word)


def _time(words: Sequence[str], place: int, value: float) -> Iterator[Measure]:
    """A number with a unit of time: an age, a time ago, a stage of pregnancy, or else a duration."""
    unit_at = place + 1
    if unit_at < len(words) and words[unit_at] == "/":
        return
    unit = _UNITS.get(words[unit_at]) if unit_at < len(words) else None
    if unit is None:
        if place and words[place - 1] in _BEFORE_YEARS and 1930 <= value <= _LONG_AGO:
            yield Measure("ago_days", 365.0 * (_LONG_AGO + 1 - value), place, place + 1)
        return
    days, end = value * unit, unit_at + 1
    before = words[max(place - _PEOPLE_REACH, 0) : place]
    after = words[end : end + 3]
    if before[-3:-1] == ["il", "y"] or before[-4:-2] == ["il", "y"] or "ago" in after[:2]:
        yield Measure("ago_days", days, place, end)
    elif unit == 7 and not _PREGNANT.isdisjoint((*words[max(place - 3, 0) : place], *after)):
        yield Measure("gestation_weeks", value, place, end)
    elif words[unit_at] == "yo" or "old" in after[:1] or _is_age(before, after):
        yield Measure("age_days", days, place, end)
    else:
        yield Measure("duration_days", days, place, end)
    if not _SINCE.isdisjoint(before[-3:]) or "ago" in after[:2]:
        yield Measure("recent_days", days, place, end)


def _is_age(before: Sequence[str], after: Sequence[str]) -> bool:
    """"Ma fille de 2 mois", "bébé a 3 semaines", but not "bébé tousse depuis 3 semaines"."""
    if not _SPANS.isdisjoint(before):
        return False
    return not _PEOPLE.isdisjoint(before) or not _PEOPLE.isdisjoint(after[:2])


def _count(words: Sequence[str], place: int, value: float) -> Iterator[Measure]:
    """A number of pills: at most two words (« de », a size) stand between, one more after `of`."""
    reach = 5 if words[place + 1 : place + 2] == ["of"] else 4
    for at in range(place + 1, min(place + reach, len(words))):
        if words[at] in _PILLS:
            yield Measure("pills", value, place, at + 1)
            return
        if words[at][0] in ".;!?\n,":
            return


def _reading(words: Sequence[str], place: int, value: float) -> Iterator[Measure]:
    """What an instrument shows, told by its unit or by a word nearby."""
    low, high = max(place - _NEAR, 0), place + _NEAR + 1
    near = frozenset(words[low:high])
    next_word = words[place + 1] if place + 1 < len(words) else ""
    yield from _pressure(words, place, value, near)
    if next_word == "mg" and words[place + 2 : place + 4] == ["/", "dl"] and near & _SUGAR:
        yield Measure("glucose_mmol", value / 18, place, place + 4)
    if next_word in _UNITS or next_word in _PILLS or next_word in {"mg", "ml", "lbs", "kg", "g", "oz", "cm", "mm", "%"}:
        if next_word == "%" and 40 <= value <= 100 and _is_oxygen(words[low:high]):
            yield Measure("oxygen_percent", value, place, place + 2)
        return
    yield from _temperature(words, place, value, near)
    if near & _SUGAR and 0 < value < 1500:
        yield Measure("glucose_mmol", value if value <= 45 else value / 18, place, place + 1)
    pulse = place > 0 and words[place - 1] in _PULSE
    if _is_oxygen(words[low:high]) and 50 <= value <= 100 and value == int(value) and not pulse:
        yield Measure("oxygen_percent", value, place, place + 1)
    if near & _PULSE and 20 <= value <= 260:
        yield Measure("pulse_bpm", value, place, place + 1)


def _is_oxygen(near: Sequence[str]) -> bool:
    """Whether these words speak of oxygen: one of its names, or « O2 », which is two words."""
    return not _OXYGEN.isdisjoint(near) or ("o", "2") in pairwise(near)


def _temperature(words: Sequence[str], place: int, value: float, near: frozenset[str]) -> Iterator[Measure]:
    """Celsius between 33 and 43, Fahrenheit between 92 and 110: no other number is a body's temperature."""
    marked = not _DEGREES.isdisjoint(words[place + 1 : place + 2])
    bare = 38 <= value < 42 and len(words[place]) == 4 and not near & (_SUGAR | _PRESSURE)  # "nouveau-né 38.2"
    if not (marked or bare or near & _FEVER):
        return
    if 33 <= value <= 43:
        yield Measure("temperature_c", value, place, place + 1)
    elif 92 <= value <= 110:
        yield Measure("temperature_c", (value - 32) / 1.8, place, place + 1)


def _pressure(words: Sequence[str], place: int, value: float, near: frozenset[str]) -> Iterator[Measure]:
    """`190/115`, « 190 sur 115 », `190 over 115`; a pressure written alone needs the word."""
    second = _number(words[place + 2]) if place + 2 < len(words) and words[place + 1] in {"/", "sur", "over"} else None
    if second is not None and 60 <= value <= 280 and 30 <= second <= 160 and second < value:
        yield Measure("systolic", value, place, place + 3)
        yield Measure("diastolic", second, place, place + 3)
    elif near & _PRESSURE and 150 <= value <= 280 and value == int(value):
        yield Measure("systolic", value, place, place + 1)
