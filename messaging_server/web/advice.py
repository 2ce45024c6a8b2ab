"""Remarks beside the words while somebody writes: about manner and length, never a reason to stop (ETQ-03 to ETQ-06).

The lists are short on purpose: a remark that is often wrong is soon read by nobody.
"""

import re
from collections.abc import Iterable
from typing import Final

from messaging_server.broker.directory import fold
from messaging_server.broker.etiquette import problems
from messaging_server.broker.prepared import blanks
from messaging_server.broker.reviewing import OWN_WORDS
from messaging_server.web.views.item import Remark, Warn
from triage.model import Assessment

LONG_SENTENCE: Final = 25
"""Words; the guide asks for short sentences (CMQ, manners; ETQ-03)."""
LONG_TEXT: Final = 250
"""Words; beyond, a call or a visit serves better (ETQ-14)."""
SHOWN: Final = 60
"""Letters of a passage that a remark quotes."""
JARGON: Final = frozenset({
    "hta", "dlp", "mpoc", "avc", "irc", "dx", "tx", "rx", "atcd", "prn", "bid", "tid", "qid", "npo", "ivrs", "ta",
    "cva", "copd", "htn", "uti", "sob", "hx", "fx", "stat", "bmi", "imc", "dyspnee", "dyspnea", "idiopathique",
    "idiopathic", "iatrogene", "iatrogenic", "asthenie", "asthenia", "ecchymose", "ecchymosis", "prandial",
    "postprandial", "pyrexie", "pyrexia", "cephalee", "emesis",
})  # fmt: skip
TONE: Final = frozenset({
    "ridicule", "ridiculous", "stupide", "stupid", "idiot", "imbecile", "nul", "niaiseux", "pathetic", "pathetique",
    "lol", "mdr", "ptdr", "evidemment", "obviously",
})  # fmt: skip
_SENTENCE: Final = re.compile(r"[^.!?\n]+")
_WORD: Final = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_SUBJECTS: Final = re.compile(r"\b(?:autre sujet|aussi pour|par ailleurs|another matter|on another note)\b")


def remarks(subject: str, text: str, found: Assessment | None = None) -> tuple[Remark, ...]:
    """What could be said better, and what the screening will stop, in the order of its weight."""
    told = [*_sensitive(found), *_manners(subject, text), *_blanks(f"{subject}\n{text}"), *_words(text)]
    told += _long_sentences(text)
    if len(_WORD.findall(text)) > LONG_TEXT:
        told.append(Remark(code=Warn.LONG))
    if len(_SUBJECTS.findall(fold(text))) > 1:
        told.append(Remark(code=Warn.SEVERAL_SUBJECTS))
    return tuple(told)


def _sensitive(found: Assessment | None) -> Iterable[Remark]:
    if found is not None and OWN_WORDS in found.not_screened:
        yield Remark(code=Warn.OWN_WORDS)
    if found is None or not found.topics:
        return
    words = dict.fromkeys(reason.words for reason in found.reasons if reason.topic is not None)
    for one in list(words)[:3]:
        yield Remark(code=Warn.SENSITIVE, words=_short(one))


def _manners(subject: str, text: str) -> Iterable[Remark]:
    broken = problems(subject, text) if text.strip() else ()
    if "greeting_missing" in broken:
        yield Remark(code=Warn.NO_GREETING)
    if "closing_missing" in broken:
        yield Remark(code=Warn.NO_CLOSING)


def _blanks(text: str) -> Iterable[Remark]:
    for blank in blanks(text)[:5]:
        yield Remark(code=Warn.BLANK, words=_short(blank))


def _words(text: str) -> Iterable[Remark]:
    said = dict.fromkeys(_WORD.findall(text))
    for listed, code in ((TONE, Warn.TONE), (JARGON, Warn.JARGON)):
        for word in [word for word in said if fold(word) in listed][:5]:
            yield Remark(code=code, words=_short(word))


def _long_sentences(text: str) -> Iterable[Remark]:
    for sentence in _SENTENCE.findall(text):
        if len(_WORD.findall(sentence)) > LONG_SENTENCE:
            yield Remark(code=Warn.LONG_SENTENCE, words=_short(sentence.strip()))


def _short(words: str) -> str:
    return words if len(words) <= SHOWN else f"{words[:SHOWN].rstrip()}…"
