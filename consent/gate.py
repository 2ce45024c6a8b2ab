"""The gate: may we say this, on this channel, now? It fails closed, and it says why (CON-01, CON-11).

The ladder, each step with its own refusal: a consent in force for the channel and the category; an address that
exists, is verified, is the person's own, is not suspended and is covered; and a form that the channel may carry.
Called again at compose, send, retry and release (CON-26), it must be given what is known at that instant.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from uuid import UUID

from consent.model import (
    Act,
    AddressState,
    Channel,
    ConsentEvent,
    Form,
    Minimum,
    Purpose,
    Refusal,
    Scope,
    Verdict,
)
from consent.register import Cell, CellState, ChannelState, Standing, standing


@dataclass(frozen=True, slots=True)
class _Found:
    """The act that decides, and why it forbids, when it does."""

    event: ConsentEvent | None
    refusal: Refusal | None = None


def decide(
    events: Sequence[ConsentEvent], addresses: Sequence[AddressState], purpose: Purpose, now: datetime
) -> Verdict:
    """Whether `purpose` may leave at `now`, under which act of consent, and to which of the addresses.

    `events` are all acts of one person, in any order; `addresses` those of the same person that may be written to.
    A refusal or a withdrawal dated later than `now` already counts: clocks differ, and closing is the safe side.

    Raises ConsentError("mixed_people") when the acts are not all of one person.
    """
    known = standing(_as_known(events, now), now)
    consent = _consent(known, purpose)
    if consent.refusal or consent.event is None:
        return _verdict(purpose, consent)
    usable, refusal = _usable(addresses, purpose.channel, consent.event)
    refusal = refusal or _form_refusal(purpose)
    if refusal:
        return _verdict(purpose, _Found(consent.event, refusal))
    return replace(_verdict(purpose, consent), addresses=usable)


def _as_known(events: Iterable[ConsentEvent], now: datetime) -> list[ConsentEvent]:
    """The acts, with those that close and are dated ahead of our clock taken as of now."""
    closing = (Act.REFUSED, Act.WITHDRAWN)
    return [replace(event, at=now) if event.at > now and event.act in closing else event for event in events]


def _verdict(purpose: Purpose, found: _Found) -> Verdict:
    event = found.event
    return Verdict(
        allowed=found.refusal is None and event is not None,
        refusal=found.refusal,
        scope=Scope(purpose.channel, purpose.category),
        event=event.id if event else None,
        text_version=event.text_version if event else None,
        text_hash=event.text_hash if event else None,
    )


def _consent(known: Standing, purpose: Purpose) -> _Found:
    """The act in force. That a message waits may be said under any category agreed on that channel."""
    cell = known.cells.get(Scope(purpose.channel, purpose.category))
    if cell and cell.state is CellState.AGREED:
        return _Found(cell.event)
    agreed = known.agreed(purpose.channel)
    if not agreed:
        return _closed_channel(known, purpose.channel)
    if purpose.form is Form.NOTIFICATION and purpose.channel is not Channel.WEB:
        # One acceptance at a time is in force on a channel, so that any of its cells names the same act.
        return _Found(known.cells[Scope(purpose.channel, min(agreed))].event)
    return _closed_cell(cell)


_OF_CELL: Final = {
    CellState.DECLINED: Refusal.CATEGORY_NOT_AGREED,
    CellState.WITHDRAWN: Refusal.WITHDRAWN,
    CellState.EXPIRED: Refusal.EXPIRED,
}
_OF_CHANNEL: Final = {
    ChannelState.REFUSED: Refusal.CHANNEL_NOT_AGREED,
    ChannelState.WITHDRAWN: Refusal.WITHDRAWN,
    ChannelState.EXPIRED: Refusal.EXPIRED,
}


def _closed_cell(cell: Cell | None) -> _Found:
    if cell is None:
        return _Found(None, Refusal.CATEGORY_NOT_AGREED)
    return _Found(cell.event, _OF_CELL[cell.state])


def _closed_channel(known: Standing, channel: Channel) -> _Found:
    """Nothing is agreed on this channel: closed by an act, never asked while another is open, or no consent at all."""
    state = known.channels[channel]
    if state in _OF_CHANNEL:
        return _Found(known.deciding(channel), _OF_CHANNEL[state])
    elsewhere = any(known.agreed(other) for other in Channel)
    return _Found(None, Refusal.CHANNEL_NOT_AGREED if elsewhere else Refusal.NO_CONSENT)


_LADDER: Final = (
    Refusal.NO_ADDRESS,
    Refusal.ADDRESS_NOT_VERIFIED,
    Refusal.ADDRESS_NOT_PERSONAL,
    Refusal.ADDRESS_SUSPENDED,
    Refusal.ADDRESS_NOT_COVERED,
)


def _usable(
    addresses: Sequence[AddressState], channel: Channel, event: ConsentEvent
) -> tuple[frozenset[UUID], Refusal | None]:
    """The addresses that may be written to; when none may, what stops the one that came furthest up the ladder."""
    if channel is Channel.WEB:
        return frozenset(), None
    here = [(address.id, _address_refusal(address, event)) for address in addresses if address.channel is channel]
    stopped = {address: refusal for address, refusal in here if refusal is not None}
    usable = frozenset(address for address, _ in here if address not in stopped)
    if usable:
        return usable, None
    return usable, max(stopped.values(), key=_LADDER.index, default=Refusal.NO_ADDRESS)


def _address_refusal(address: AddressState, event: ConsentEvent) -> Refusal | None:
    if not address.verified:
        return Refusal.ADDRESS_NOT_VERIFIED
    if not address.personal:
        return Refusal.ADDRESS_NOT_PERSONAL
    if address.suspended:
        return Refusal.ADDRESS_SUSPENDED
    if not event.covers(address.id):
        return Refusal.ADDRESS_NOT_COVERED
    return None


def _form_refusal(purpose: Purpose) -> Refusal | None:
    """A text carries no content (SMS-01), what is sensitive stays in the inbox (SEN-07), the rest asks the policy."""
    if purpose.form is Form.NOTIFICATION or purpose.channel is Channel.WEB:
        return None
    if purpose.channel is Channel.SMS:
        return Refusal.SMS_CONTENT
    if purpose.sensitive:
        return Refusal.TOO_SENSITIVE
    return None if purpose.minimum is Minimum.PLAIN else Refusal.POLICY_FORBIDS
