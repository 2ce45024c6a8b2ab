"""What a text asks its reader to send back is never a word that stops texts."""

import re
from pathlib import Path

import pytest

from messaging_server.channels.sms.words import LISTS, keyword
from messaging_server.message import Keyword
from messaging_server.texts import TEMPLATES

TEXTS = sorted(TEMPLATES.glob("*/notices/*.sms.txt"))
STOPPING = re.compile(
    r"(?:ARRET\s:\sfin|STOP to end(?: texts)?|STOP: end|Pour cesser de nouveau, ARRET|To end again, STOP)\.?\s*$"
)
"""How each text says, at its end and in so many words, what stops texts."""
ASKING = re.compile(r"\b(?:reply|répondez|answer with|envoyez|send|text)\s+(?:par\s+)?[«\"“]?\s*(\w+)", re.IGNORECASE)


def stops(word: str) -> bool:
    """Whether a word alone would stop texts."""
    return keyword(word) is Keyword.STOP


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: "/".join(path.parts[-3::2]))
def test_no_text_asks_for_a_word_that_stops_texts(path: Path) -> None:
    """Apart from the line that says how to stop, no word in capitals and no word asked for is a word of STOP [SMS-15].

    Whoever confirms or cancels by answering a reminder must not end every text by it.
    """
    text = path.read_text(encoding="utf-8")
    assert len(STOPPING.findall(text)) == 1
    rest = re.sub(r"{[{%].*?[%}]}", " ", STOPPING.sub("", text))
    asked = {*ASKING.findall(rest), *re.findall(r"\b[A-ZÀ-Ý]{3,}\b", rest)}

    assert {word for word in asked if stops(word)} == set()


def test_the_words_that_people_would_send_to_a_reminder_are_known_to_stop() -> None:
    """The trial can fail: a text that asked for CANCEL or END would be found [SMS-15]."""
    assert {word for word in ("CANCEL", "END", "QUIT", "ARRÊT", "Stop") if stops(word)} >= {"CANCEL", "END", "ARRÊT"}
    assert ASKING.findall("Reply CANCEL to cancel. Répondez « ARRET » pour annuler.") == ["CANCEL", "ARRET"]
    assert len(TEXTS) > 20
    assert LISTS[Keyword.STOP]
