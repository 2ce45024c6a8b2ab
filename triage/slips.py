"""Which ordinary word was meant by one that nobody knows: a letter lost, doubled, changed, or swapped with the next."""

from collections.abc import Iterable, Mapping

LEAST = 5
"""Letters a word must have before it is taken for a slip: shorter words have too many neighbours."""
_END = 3


def beginnings(words: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """The words by their first letter and their end, which hurried fingers seldom miss."""
    out: dict[str, list[str]] = {}
    for word in words:
        if len(word) >= LEAST:
            out.setdefault(word[0] + word[-_END:], []).append(word)
    return {key: tuple(found) for key, found in out.items()}


def meant(word: str, ordinary: Mapping[str, tuple[str, ...]]) -> str | None:
    """The first ordinary word that this one is a slip of; an ordinary word itself; None where there is none."""
    near = ordinary.get(word[0] + word[-_END:], ()) if len(word) >= LEAST else ()
    if word in near:
        return word
    for other in near:
        if abs(len(other) - len(word)) <= 1 and is_slip(word, other):
            return other
    return None


def is_slip(word: str, other: str) -> bool:
    """Whether two different words become one by losing, changing or swapping at most one letter."""
    start, least = 0, min(len(word), len(other))
    while start < least and word[start] == other[start]:
        start += 1
    mine, its = word[start + 1 :], other[start + 1 :]
    if mine == its or mine == other[start:] or word[start:] == its:
        return True
    return word[start : start + 2] == other[start : start + 2][::-1] and mine[1:] == its[1:]
