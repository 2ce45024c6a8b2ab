"""The manners that the CMQ asks of a professional's message: greeting, courtesy, subject, signature (ETQ).

Only these are hard, and a blank that nobody filled in (ETQ-12); each is mended with one click. Style is never a reason
to stop a message (T-36).
"""

import re

from messaging_server.broker.directory import Name, Profile, fold
from messaging_server.broker.prepared import blanks
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
_FRENCH = frozenset({
    "le", "la", "les", "des", "du", "une", "et", "est", "sont", "vous", "votre", "vos", "nous", "notre", "pour", "avec",
    "dans", "que", "qui", "pas", "ce", "cette", "au", "aux", "sur", "si",
})  # fmt: skip
_ENGLISH = frozenset({
    "the", "and", "you", "your", "is", "are", "we", "our", "for", "with", "of", "to", "this", "that", "not", "have",
    "has", "in", "it", "be", "will", "if", "by", "at", "please",
})  # fmt: skip
_TELLING = 5
"""Small words of one language, and at least twice as many as of the other, before a text is said to be in it."""
PHYSICIAN_SUFFIX = "M.D."
# An apostrophe makes it a name: "M. D'Amours" claims nothing.
_CLAIMS = re.compile(r"(?<!\w)m\.?\s?d\.?(?![\w'’])", re.IGNORECASE)


def problems(subject: str, text: str) -> tuple[str, ...]:
    """Which of the hard rules a message breaks, by code."""
    lines = [line for line in fold_lines(text) if line]
    found = []
    if not subject.strip():
        found.append("subject_missing")
    if blanks(subject):
        found.append("blank_in_subject")
    if blanks(text):
        found.append("blank_in_text")
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


def tongue(text: str) -> Language | None:
    """The language that a text is plainly written in, by its small words; None for what is short or mixed (ETQ-12)."""
    words = re.findall(r"[a-z]+", fold(text))
    french, english = (sum(word in known for word in words) for known in (_FRENCH, _ENGLISH))
    if max(french, english) < _TELLING or max(french, english) < 2 * min(french, english):
        return None
    return Language.FR if french > english else Language.EN


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
