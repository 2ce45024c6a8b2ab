"""What is in force: the append-only register read as a matrix of channel and category (CON-10, CON-14, CON-15).

An act is never changed and never taken away; what is in force follows from all acts, read in order of time and id:

* INFORMED records that the explanations were given, and settles nothing (CON-14).
* ACCEPTED replaces what was in force on the channels that it names: the cells of its scope are agreed, every other
  cell of those channels is declined. A cell on a channel that it does not name is ignored, never agreed (CON-12).
* REFUSED and WITHDRAWN close the cells of their scope, and the whole of each channel that they name without a cell.
  An act that names nothing at all closes everything: an unclear "stop" is a stop.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final
from uuid import UUID

from consent.acts import Circumstances, ConsentError, accept, everything, inform, refuse, withdraw
from consent.model import Act, Category, Channel, ConsentEvent, Scope

__all__ = [
    "Cell",
    "CellState",
    "ChannelState",
    "Circumstances",
    "ConsentError",
    "Standing",
    "accept",
    "closed_by",
    "everything",
    "in_order",
    "inform",
    "refuse",
    "standing",
    "withdraw",
]


class CellState(StrEnum):
    """How one cell of the matrix stands; a cell that no act speaks of is absent."""

    AGREED = "agreed"
    DECLINED = "declined"
    """Refused, or left out of an acceptance that named the channel."""
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


class ChannelState(StrEnum):
    """How a whole channel stands, in one word for the composer and the thread's header (CON-27)."""

    UNKNOWN = "unknown"
    INFORMED = "informed"
    REFUSED = "refused"
    PARTIAL = "partial"
    """Agreed for some of the categories."""
    ACTIVE = "active"
    """Agreed for every category."""
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of the matrix with the act that decided it."""

    state: CellState
    event: ConsentEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What is in force at one instant."""

    cells: Mapping[Scope, Cell]
    channels: Mapping[Channel, ChannelState]
    """Every channel, the unknown ones too."""
    informed: Mapping[Channel, ConsentEvent]
    """The latest act that recorded the explanations for a channel (CON-14)."""

    def agreed(self, channel: Channel) -> frozenset[Category]:
        """The categories in force on a channel."""
        return frozenset(
            scope.category
            for scope, cell in self.cells.items()
            if scope.channel is channel and cell.state is CellState.AGREED
        )

    def covering(self, channel: Channel, address: UUID) -> ConsentEvent | None:
        """The latest act in force on a channel that covers an address: a new address has none at first (CON-24)."""
        events = [
            cell.event
            for scope, cell in self.cells.items()
            if scope.channel is channel and cell.state is CellState.AGREED and cell.event.covers(address)
        ]
        return max(events, key=_order, default=None)

    def deciding(self, channel: Channel) -> ConsentEvent | None:
        """The latest act that decided any cell of a channel."""
        events = [cell.event for scope, cell in self.cells.items() if scope.channel is channel]
        return max(events, key=_order, default=None)


_CLOSED: Final = {Act.REFUSED: CellState.DECLINED, Act.WITHDRAWN: CellState.WITHDRAWN}


def standing(events: Iterable[ConsentEvent], now: datetime) -> Standing:
    """What is in force at `now`; acts dated later do not count. The order of `events` does not matter.

    Raises ConsentError("mixed_people") when the acts are not all of one person.
    """
    acts = in_order(event for event in events if event.at <= now)
    cells = {scope: _aged(cell, now) for scope, cell in _folded(acts).items()}
    informed = _informed(acts)
    channels = {channel: _channel_state(channel, cells, informed) for channel in Channel}
    return Standing(
        cells=MappingProxyType(cells), channels=MappingProxyType(channels), informed=MappingProxyType(informed)
    )


def in_order(events: Iterable[ConsentEvent]) -> list[ConsentEvent]:
    """Acts in order of time, then of id. Raises ConsentError("mixed_people") when two people's acts are mixed."""
    acts = sorted(events, key=_order)
    if len({act.person for act in acts}) > 1:
        raise ConsentError("mixed_people")
    return acts


def closed_by(event: ConsentEvent) -> frozenset[Scope]:
    """The cells that a refusal or a withdrawal closes: those named, and every cell of a channel named without one."""
    if not event.scope and not event.channels:
        return everything(frozenset(Channel))
    return event.scope | everything(event.channels - {scope.channel for scope in event.scope})


def _order(event: ConsentEvent) -> tuple[datetime, bytes]:
    return event.at, event.id.bytes


def _folded(acts: Sequence[ConsentEvent]) -> dict[Scope, Cell]:
    cells: dict[Scope, Cell] = {}
    for act in acts:
        if act.act is Act.ACCEPTED:
            cells |= {scope: _answered(scope, act) for scope in everything(act.channels)}
        elif act.act in _CLOSED:
            cells |= dict.fromkeys(closed_by(act), Cell(_CLOSED[act.act], act))
    return cells


def _answered(scope: Scope, act: ConsentEvent) -> Cell:
    return Cell(CellState.AGREED if scope in act.scope else CellState.DECLINED, act)


def _aged(cell: Cell, now: datetime) -> Cell:
    """A consent ends at the instant of its expiry (CON-25)."""
    ends = cell.event.expires_at
    if cell.state is CellState.AGREED and ends is not None and ends <= now:
        return Cell(CellState.EXPIRED, cell.event)
    return cell


def _informed(acts: Sequence[ConsentEvent]) -> dict[Channel, ConsentEvent]:
    told: dict[Channel, ConsentEvent] = {}
    for act in acts:
        if act.act is Act.INFORMED:
            told |= dict.fromkeys(act.channels or frozenset(Channel), act)
    return told


def _channel_state(
    channel: Channel, cells: Mapping[Scope, Cell], informed: Mapping[Channel, ConsentEvent]
) -> ChannelState:
    states = [cell.state for scope, cell in cells.items() if scope.channel is channel]
    if not states:
        return ChannelState.INFORMED if channel in informed else ChannelState.UNKNOWN
    agreed = states.count(CellState.AGREED)
    if agreed:
        return ChannelState.ACTIVE if agreed == len(Category) else ChannelState.PARTIAL
    if CellState.EXPIRED in states:
        return ChannelState.EXPIRED
    return ChannelState.WITHDRAWN if CellState.WITHDRAWN in states else ChannelState.REFUSED
