"""The notation in which a clinician writes a term, and how it is read.

* `mal à la poitrine`: these words, in this order; case and accents do not matter;
* `fièvre|fever`: one of several words, each a term by itself;
* `(mal|douleur à) la gorge`: one of several words or phrases in one place; with `?` after the bracket, perhaps none;
* `envie .. mourir`: up to three words between, `...` up to six; never over the end of a sentence or a negation;
* `suicid*`: any word that begins so, at least four letters;
* `<child>`: any word of the class `child`.
"""

from collections.abc import Iterator
from sys import intern

from triage.fold import fold

GAPS = {"..": 3, "...": 6}
_STEM = 4

Phrase = tuple["str | tuple[Phrase, ...]", ...]
"""Slots in order: a key (folded word, `stem*`, `<class>` or gap), or the phrases that one may choose among."""


class TermError(ValueError):
    """A term that cannot be read; the sentence says why."""


def parse(term: str) -> Phrase:
    """A term as its slots.

    Raises TermError for an empty term, an open bracket, a short stem, a gap at either end, or a bar outside brackets
    beside other words: `speed|crystal meth` would otherwise be `speed meth` and `crystal meth`.
    """
    slots = list(_slots(term))
    if len(slots) > 1 and any("|" in slot and not slot.startswith("(") for slot in slots):
        raise TermError(f"« {term} » has a bar outside a bracket: `(this|that) other`, or a line each")
    phrase = _phrase(term)
    if not phrase or any(isinstance(end, str) and end in GAPS for end in (phrase[0], phrase[-1])):
        raise TermError(f"« {term} » is empty or begins or ends with a gap")
    if all(() in slot for slot in phrase if not isinstance(slot, str)) and not any(isinstance(s, str) for s in phrase):
        raise TermError(f"« {term} » may be absent altogether")
    return phrase


def keys(phrase: Phrase) -> Iterator[str]:
    """All keys that a phrase names, gaps among them."""
    for slot in phrase:
        if isinstance(slot, str):
            yield slot
        else:
            for choice in slot:
                yield from keys(choice)


def _phrase(text: str) -> Phrase:
    out: list[str | tuple[Phrase, ...]] = []
    for slot in _slots(text):
        out.extend(_slot(slot))
    return tuple(out)


def _slots(text: str) -> Iterator[str]:
    """The pieces of a term between spaces that are outside brackets."""
    if "(" not in text and ")" not in text:
        yield from text.split()
        return
    depth, piece = 0, ""
    for character in text:
        depth += (character == "(") - (character == ")")
        if depth < 0:
            break
        if character.isspace() and not depth:
            if piece:
                yield piece
            piece = ""
        else:
            piece += character
    if depth:
        raise TermError(f"« {text} » has a bracket without its other half")
    if piece:
        yield piece


def _slot(slot: str) -> Phrase:
    """One written slot: a gap, a bracket with its choices, or words parted by bars."""
    if slot in GAPS:
        return (slot,)
    if not slot.startswith("("):
        choices = tuple(_word(word) for word in slot.split("|"))
        return choices[0] if len(choices) == 1 else (choices,)
    body, _, mark = slot[1:].rpartition(")")
    if mark not in {"", "?"}:
        raise TermError(f"« {slot} » goes on after its bracket")
    absent: tuple[Phrase, ...] = ((),) if mark else ()
    return ((*(_phrase(choice) for choice in _top_level(body)), *absent),)


def _top_level(body: str) -> Iterator[str]:
    """Choices of a bracket, parted by bars that stand in no inner bracket; a bar between words parts phrases here."""
    depth, piece = 0, ""
    for character in body:
        depth += (character == "(") - (character == ")")
        if character == "|" and not depth:
            yield piece
            piece = ""
        else:
            piece += character
    yield piece


def _word(word: str) -> Phrase:
    """The keys of one written word: a class, a stem, or its folded parts."""
    if word.startswith("<") and word.endswith(">"):
        return (word,)
    if word.isalpha() and word.isascii():
        return (intern(word.lower()),)
    folded = list(fold(word.rstrip("*")).words)
    if not folded:
        raise TermError(f"« {word} » holds no word")
    if word.endswith("*"):
        if len(folded[-1]) < _STEM:
            raise TermError(f"the stem « {word} » is shorter than four letters")
        folded[-1] += "*"
    return tuple(map(intern, folded))
