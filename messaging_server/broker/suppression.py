"""Small numbers do not show: what could point at somebody is told as "under five" (MET-05). Pure."""

from dataclasses import dataclass
from enum import StrEnum

LEAST = 5
"""The smallest number that shows. Nought does not show either: it would give away the small number beside it."""


class Bound(StrEnum):
    """What a number that shows says of the true one."""

    EXACT = "exact"
    UNDER = "under"
    """Somewhere from nought to four."""
    OVER = "over"
    """Five or more, and not told how much: else a smaller number beside it would follow."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A number as it may be shown; the true one is not in it where it is hidden."""

    bound: Bound
    value: int = LEAST


UNDER, OVER = Shown(Bound.UNDER), Shown(Bound.OVER)


def shown(number: int) -> Shown:
    """A number that stands alone."""
    return UNDER if number < LEAST else Shown(Bound.EXACT, number)


def halves(one: int, other: int) -> tuple[Shown, Shown, Shown]:
    """A total and the two parts that make it up."""
    if one >= LEAST and other >= LEAST:
        return shown(one + other), shown(one), shown(other)
    return _total(one + other, one, other), _blurred(one), _blurred(other)


def thirds(right: int, wrong: int, left: int) -> tuple[Shown, Shown, Shown, Shown]:
    """A total, and in it what was called right, what was called wrong, and what is left to judge.

    What is left shows where it can, and with it how much was judged: that is what a reader asks for first. Whoever
    knows these rules and sees the line cannot work out a number that it hides.
    """
    parts, judged = (right, wrong, left), right + wrong
    if min(parts) >= LEAST:
        return shown(sum(parts)), shown(right), shown(wrong), shown(left)
    if left >= LEAST and max(right, wrong) >= LEAST and _loose(judged, right, wrong):
        return shown(sum(parts)), _blurred(right), _blurred(wrong), shown(left)
    if left < LEAST and min(right, wrong) >= LEAST and _loose(wrong + left, wrong, left):
        return shown(sum(parts)), shown(right), OVER, UNDER
    return _total(sum(parts), *parts), _blurred(right), _blurred(wrong), _blurred(left)


def _blurred(part: int) -> Shown:
    return UNDER if part < LEAST else OVER


def _total(total: int, *parts: int) -> Shown:
    """The total of parts that are all blurred: it shows where it leaves every hidden part open."""
    if total < LEAST:
        return UNDER
    return shown(total) if _loose(total, *parts) else OVER


def _loose(total: int, *parts: int) -> bool:
    """Whether each hidden part could still be anything from nought to four, whatever the others are."""
    return total > sum(LEAST if part >= LEAST else LEAST - 1 for part in parts)
