"""What a patient agreed to and where they are reached, as the staff see it before they type (CON-27)."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from consent.model import Category, Channel, ConsentEvent, Scope
from consent.register import Cell, CellState, Standing, standing
from messaging_server.broker.directory import open_address
from messaging_server.storage.queries.people import AddressRow
from messaging_server.web.views.choices import AddressView, AddressWord, ChannelChoices, Choice, ChoiceState, Coverage
from messaging_server.web.visit import Visit

_STATES: Final[Mapping[CellState, ChoiceState]] = MappingProxyType({
    CellState.AGREED: ChoiceState.AGREED,
    CellState.DECLINED: ChoiceState.REFUSED,
    CellState.WITHDRAWN: ChoiceState.WITHDRAWN,
    CellState.EXPIRED: ChoiceState.EXPIRED,
})


def offered(here: Visit) -> tuple[Channel, ...]:
    """The ways that the clinic offers, in one order everywhere."""
    doors = {door.value for door in here.clinic.policy.channels}
    return tuple(channel for channel in Channel if channel.value in doors)


def channels_of(
    here: Visit, acts: Iterable[ConsentEvent], addresses: Iterable[AddressRow]
) -> tuple[ChannelChoices, ...]:
    """Every cell of the matrix with its date, a channel at a time."""
    now = standing(acts, here.now)
    cells = now.cells
    known = [address_view(here, row, now) for row in addresses]
    return tuple(
        ChannelChoices(
            channel=channel, addresses=tuple(one for one in known if one.channel is channel),
            choices=tuple(_choice(here, category, cells.get(Scope(channel, category))) for category in Category),
        )
        for channel in offered(here)
    )  # fmt: skip


def _choice(here: Visit, category: Category, cell: Cell | None) -> Choice:
    if cell is None:
        return Choice(category=category, state=ChoiceState.NOT_ASKED)
    return Choice(category=category, state=_STATES[cell.state], since=here.clinic.local(cell.event.at))


def address_view(here: Visit, row: AddressRow, now: Standing) -> AddressView:
    """An address, how it stands, and whether it was agreed to; what was stopped is told before what is unverified."""
    channel = Channel(row.channel)
    state = AddressWord.VERIFIED if row.verified_at else AddressWord.TO_VERIFY
    if row.state != "active":
        state = AddressWord(str(row.state))
    act = now.covering(channel, row.id)
    elsewhere = Coverage.NOT_COVERED if now.agreed(channel) else Coverage.NO_CONSENT
    stopped = here.clinic.local(row.changed_at) if state is AddressWord.OPTED_OUT else None
    return AddressView(
        id=row.id, channel=channel, value=open_address(here.means.keys, row), state=state, personal=row.personal,
        coverage=Coverage.COVERED if act else elsewhere, agreed=here.clinic.local(act.at) if act else None,
        stopped=stopped,
    )  # fmt: skip


def values_of(here: Visit, rows: Iterable[AddressRow]) -> dict[Channel, tuple[str, ...]]:
    """Every address of each channel, as it is shown beside the choice that covers it (CON-15)."""
    found: dict[Channel, tuple[str, ...]] = {}
    for row in rows:
        channel = Channel(row.channel)
        found[channel] = (*found.get(channel, ()), open_address(here.means.keys, row))
    return found


def masked(channel: Channel, value: str) -> str:
    """An address as far as it must be recognised and no further: `r…@exemple.ca`, the last four figures."""
    if channel is Channel.EMAIL:
        local, _, domain = value.partition("@")
        return f"{local[:1]}…@{domain}"
    return f"… {value[-4:]}"
