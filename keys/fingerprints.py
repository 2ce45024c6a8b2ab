"""Knowing our own words again: keyed fingerprints of the lines that we sent (DESIGN 5).

A door must tell a patient's new words from our quoted ones with nobody signed in, and must not keep ours in clear. The
key comes from the thread's reply token, which returns with the answer and is kept only hashed once delivered.
"""

import re
import unicodedata
from collections.abc import Sequence
from typing import Final

from keys import suite
from keys.binding import bind

FINGERPRINT_BYTES: Final = 8
_QUOTE_MARKS: Final = re.compile(r"^[\s>|]+")


def line_fingerprints(token: str, lines: Sequence[str]) -> tuple[bytes, ...]:
    """One fingerprint of 8 bytes for each line, in order; all blank lines share one.

    A line is folded first: NFKC; case, runs of spaces and leading quote marks are nothing; nor is the token's case.
    """
    key = suite.hkdf(token.lower().encode("utf-8", "surrogatepass"), bind("lines that we sent"))
    return tuple(suite.hmac_sha256(key, _folded(line))[:FINGERPRINT_BYTES] for line in lines)


def _folded(line: str) -> bytes:
    bare = _QUOTE_MARKS.sub("", unicodedata.normalize("NFKC", line))
    return " ".join(bare.casefold().split()).encode("utf-8", "surrogatepass")
