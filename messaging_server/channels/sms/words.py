"""The few words that a texting patient may send alone to steer us: stop, help, start (SMS-13).

A provider's own list knows English only (T-20), so ours is read first and in both languages. A word counts only when
it is the whole message: "stop the pills?" is a question for a nurse, not an opt-out.
"""

import unicodedata
from collections.abc import Mapping
from types import MappingProxyType

from messaging_server.message import Keyword

Word = Keyword
"""What such a word asks for: no more texts, how this works, texts again (SMS-13, SMS-14)."""

LISTS: Mapping[Word, frozenset[str]] = MappingProxyType(
    {
        Word.STOP: frozenset(
            {"stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout"}
            | {"arret", "arreter", "desabonner", "desabonnement"},
        ),
        Word.HELP: frozenset({"help", "info", "aide"}),
        Word.START: frozenset({"start", "unstop", "reprendre"}),
    },
)
"""The words of SMS-13, folded: no accents, lower case. A reminder never asks for one of these (SMS-15)."""

_SPLIT = MappingProxyType({"stop all": "stopall", "opt out": "optout"})
"""Two words of the list that people write in two."""


def keyword(text: str) -> Word | None:
    """What the whole of `text` asks for, or None when it says anything else (SMS-13).

    Case, accents, spaces and punctuation around the word do not matter: "« Arrêt. »" is an opt-out.
    """
    said = " ".join(_tokens(text))
    said = _SPLIT.get(said, said)
    return next((word for word, spellings in LISTS.items() if said in spellings), None)


def opt_out_type(value: str | None) -> Word | None:
    """What the provider says that it took the text for (its field `OptOutType`), which we follow too (SMS-14)."""
    return next((word for word in Word if value is not None and value.strip().lower() == word), None)


def _tokens(text: str) -> list[str]:
    """The runs of letters and digits, folded; marks and invisible signs vanish, all else separates."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    letters = (c for c in decomposed if unicodedata.category(c) not in {"Mn", "Me", "Cf"})
    return "".join(c if c.isalnum() else " " for c in letters).split()
