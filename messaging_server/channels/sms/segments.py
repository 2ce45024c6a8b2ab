"""How a text travels: in which alphabet, and in how many segments (SMS-08, SMS-16, T-21).

A message is billed and cut by segments. GSM-7 (3GPP TS 23.038 section 6.2.1) holds 160 septets, or 153 in each part of
a longer message; any sign outside it makes the whole message UCS-2: 70 units of 16 bits, or 67 (3GPP TS 23.040). So
one "ç" halves the room: GSM-7 has "é è à ù" and the capital "Ç", but no "ç ê î ô û ë ï œ « ’" and no no-break space.
"""

from collections.abc import Iterable
from enum import StrEnum

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà",
)
_EXTENDED = frozenset("\f^{}\\[~]|€")
"""Signs of the extension table: an escape, then a septet (3GPP TS 23.038 section 6.2.1.1)."""


class Encoding(StrEnum):
    """The alphabet that the network will use for a text."""

    GSM7 = "gsm7"
    UCS2 = "ucs2"


def encoding(text: str) -> Encoding:
    """The narrowest alphabet that holds every sign of `text` (SMS-16)."""
    return Encoding.GSM7 if _BASIC.issuperset(set(text) - _EXTENDED) else Encoding.UCS2


def segments(text: str) -> int:
    """How many segments `text` takes; an empty text takes none (SMS-08, SMS-16).

    An escaped sign of GSM-7 and a surrogate pair of UCS-2 are never cut in two by the border of a segment, so that
    they may leave the end of one unused.
    """
    if encoding(text) is Encoding.GSM7:
        return _pack((2 if sign in _EXTENDED else 1 for sign in text), alone=160, joined=153)
    return _pack((2 if ord(sign) > 0xFFFF else 1 for sign in text), alone=70, joined=67)


def offending(text: str) -> tuple[str, ...]:
    """The distinct signs that force `text` into UCS-2, in order of appearance, for whoever writes a template."""
    return tuple(dict.fromkeys(sign for sign in text if sign not in _BASIC and sign not in _EXTENDED))


def _pack(widths: Iterable[int], *, alone: int, joined: int) -> int:
    """Segments for signs of these widths: one that holds `alone` units, or several that hold `joined` each."""
    total = used = 0
    count = 1
    for width in widths:
        total += width
        if used + width > joined:
            count, used = count + 1, 0
        used += width
    return min(total, 1) if total <= alone else count
