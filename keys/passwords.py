"""Passwords: long enough, and not what everybody guesses first (IDN-07). No rules of composition, no forced change."""

import re
import unicodedata
from collections.abc import Sequence
from typing import Final

from zxcvbn import zxcvbn

LONGEST: Final = 256
STAFF_MINIMUM: Final = 15
_ESTIMATED: Final = 72  # the estimator's time grows fast with length; what follows can only make a password better
_PATIENT_SCORE: Final = 2  # more than 10**6 guesses; a wrong guess costs an Argon2id and is rate-limited
_STAFF_SCORE: Final = 3  # more than 10**8 guesses; a team's messages hang on it

_SEPARATORS: Final = re.compile(r"[\s.,_'’-]+")
# The estimator knows the English lists; these are what people here try first.
_LOCAL: Final = re.findall(
    r"\w+",
    "bonjour motdepasse soleil chouchou doudou loulou chocolat papillon tabarnak hiver printemps automne amour azerty "
    "quebec québec montreal montréal laval gatineau sherbrooke canada canadiens nordiques hockey poutine "
    "clinique clinic medecin médecin docteur sante santé patient secretaire secrétaire hopital hôpital",
)


def problem(password: str, *, minimum: int, words: Sequence[str] = ()) -> str | None:
    """Why this password will not do, or None: `too_short`, `too_long` or `too_common`.

    Length is counted in characters after NFKC, as the password will be compared. `words` are what an acquaintance
    would try: the person's names, address, birth date and the clinic's name. A minimum of 15 or more means staff.
    """
    normal = unicodedata.normalize("NFKC", password)
    if len(normal) < minimum:
        return "too_short"
    if len(normal) > LONGEST:
        return "too_long"
    needed = _STAFF_SCORE if minimum >= STAFF_MINIMUM else _PATIENT_SCORE
    guesses = _guesses(words)
    # What stands between two words adds next to nothing, but would hide them both from the estimator.
    forms = {normal[:_ESTIMATED], _SEPARATORS.sub("", normal)[:_ESTIMATED]}
    easiest = min(int(zxcvbn(form, user_inputs=guesses)["score"]) for form in forms)
    return "too_common" if easiest < needed else None


def _guesses(words: Sequence[str]) -> list[str]:
    """The words whole, and their parts of three letters or more, as a guesser would take an address apart."""
    parts = [part for word in words for part in re.split(r"[\W_]+", word) if len(part) >= 3]
    return [unicodedata.normalize("NFKC", word).casefold() for word in (*words, *parts, *_LOCAL)]
