"""Secrets on paper: letters and digits that a person can read aloud and type back (Crockford's base 32).

The alphabet has no I, L, O or U; on the way back an O is a zero, an I or L a one; case, spaces and hyphens are nothing.
"""

import unicodedata
from typing import Final

from keys.suite import WrongSecretError

ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_VALUES: Final = {letter: value for value, letter in enumerate(ALPHABET)} | {"O": 0, "I": 1, "L": 1}
# Word processors and telephones turn a typed hyphen into one of these; U+2212 is the minus sign.
_SEPARATORS: Final = "-_.\u2010\u2011\u2012\u2013\u2014\u2015\u2212"


def letters(number: int, length: int) -> str:
    """A number below 32**length as `length` letters, the highest first."""
    return "".join(ALPHABET[number >> 5 * place & 31] for place in reversed(range(length)))


def grouped(text: str, size: int) -> str:
    """Letters in groups of `size`, with hyphens between."""
    return "-".join(text[start : start + size] for start in range(0, len(text), size))


def cleaned(typed: str, length: int) -> str:
    """What was typed, as `length` letters of the alphabet. Raises WrongSecretError for other characters or length."""
    bare = "".join(c for c in unicodedata.normalize("NFKC", typed) if not c.isspace() and c not in _SEPARATORS)
    try:
        values = [_VALUES[c.upper() if c.isascii() else c] for c in bare]
    except KeyError:
        raise WrongSecretError("a code has only letters and digits, and never the letter U") from None
    if len(values) != length:
        raise WrongSecretError(f"a code of this kind has {length} letters and digits, not {len(values)}")
    return "".join(ALPHABET[value] for value in values)


def number(text: str) -> int:
    """The number that `letters` wrote."""
    value = 0
    for letter in text:
        value = value << 5 | _VALUES[letter]
    return value
