"""The manners that the CMQ asks of a professional's message: greeting, courtesy, subject, signature (ETQ).

Only these four are hard, and each is mended with one click; style is never a reason to stop a message (T-36).
"""

import re

from messaging_server.broker.directory import Name, Profile, fold
from messaging_server.storage.accounts import AccountRole
from messaging_server.texts import Language

GREETINGS = (
    "bonjour", "bonsoir", "madame", "monsieur", "chere", "cher", "allo", "hello", "hi", "dear", "good morning",
    "good afternoon", "good evening", "ms", "mr", "mrs", "mx",
)  # fmt: skip
CLOSINGS = (
    "cordialement", "salutations", "bien a vous", "merci", "au plaisir", "bonne journee", "bonne soiree",
    "bonne semaine", "sincerement", "sincerely", "regards", "best wishes", "thank you", "thanks", "take care",
    "kind regards", "have a good day", "respectueusement",
)  # fmt: skip
PHYSICIAN_SUFFIX = "M.D."
_CLAIMS = re.compile(r"(?<!\w)m\.?\s?d\.?(?!\w)", re.IGNORECASE)


def problems(subject: str, text: str) -> tuple[str, ...]:
    """Which of the hard rules a message breaks, by code."""
    lines = [line for line in fold_lines(text) if line]
    found = []
    if not subject.strip():
        found.append("subject_missing")
    if not lines:
        return (*found, "text_missing")
    if not _begins(lines[0]):
        found.append("greeting_missing")
    if not any(closing in line for line in lines[-3:] for closing in CLOSINGS):
        found.append("closing_missing")
    return tuple(found)


def fold_lines(text: str) -> list[str]:
    """Lines without case, accents and outer white space."""
    return [fold(line) for line in text.splitlines()]


def _begins(line: str) -> bool:
    return any(re.match(rf"{re.escape(word)}\b", line) for word in GREETINGS)


def claims_physician(words: str) -> bool:
    """Whether somebody's name or title carries the letters that a physician alone may sign with (ETQ-09, T-37)."""
    return _CLAIMS.search(words) is not None


def signature(name: Name, profile: Profile, role: AccountRole, language: Language) -> str | None:
    """The professional signature in a patient's language, or None while the profile lacks what it needs (ETQ-08).

    "First Last, M.D." is for physicians alone (ETQ-09); others sign with their own title, and with nobody else's.
    """
    title, phone = profile.title_in(language), profile.phone.strip()
    if not (name.first.strip() and name.last.strip() and phone):
        return None
    if role is AccountRole.PHYSICIAN:
        shown = name.full if claims_physician(name.full) else f"{name.full}, {PHYSICIAN_SUFFIX}"
    elif title and not claims_physician(f"{name.full}\n{title}"):
        shown = name.full
    else:
        return None
    return "\n".join(line for line in (shown, title, phone) if line)
