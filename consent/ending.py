"""What ended: the cells that were agreed and are not any more, told a way at a time (CON-13).

A withdrawal, a refusal of what was agreed before and a narrower acceptance end consent alike: what counts is what was
in force before an act and is not after it, whichever the act.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from consent.model import Category, Channel, ConsentEvent, Scope
from consent.register import CellState, standing


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """One way on which something ended."""

    channel: Channel
    categories: tuple[Category, ...] = ()
    """The kinds of content that ended; none where nothing at all is agreed on this way any more."""


def agreed(acts: Iterable[ConsentEvent], now: datetime) -> frozenset[Scope]:
    """Every cell that is in force."""
    return frozenset(scope for scope, cell in standing(acts, now).cells.items() if cell.state is CellState.AGREED)


def ended(before: Iterable[ConsentEvent], after: Iterable[ConsentEvent], now: datetime) -> tuple[Ended, ...]:
    """What the acts that `after` has and `before` has not took back; nothing when they took nothing back."""
    kept = agreed(after, now)
    lost = agreed(before, now) - kept
    return tuple(
        Ended(channel=channel, categories=_named(channel, lost, kept))
        for channel in Channel
        if any(cell.channel is channel for cell in lost)
    )


def _named(channel: Channel, lost: frozenset[Scope], kept: frozenset[Scope]) -> tuple[Category, ...]:
    if not any(cell.channel is channel for cell in kept):
        return ()
    return tuple(category for category in Category if Scope(channel, category) in lost)
