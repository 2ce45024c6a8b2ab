"""What the register says is in force."""

from datetime import timedelta

import pytest
from hypothesis import given, settings

from consent.acts import everything
from consent.model import Act, Category, Channel, ConsentEvent, Scope
from consent.register import CellState, ChannelState, Standing, standing
from tests.consent.invented import NOON, SCOPES, act, histories

WEB = everything([Channel.WEB])
VISITS = Scope(Channel.WEB, Category.APPOINTMENTS)
ADVICE = Scope(Channel.WEB, Category.GENERAL_ADVICE)


def channel(*events: ConsentEvent) -> ChannelState:
    return standing(events, NOON).channels[Channel.WEB]


def test_a_patient_nobody_spoke_to_is_unknown() -> None:
    """Without any act every channel is unknown [CON-27]."""
    assert set(standing((), NOON).channels.values()) == {ChannelState.UNKNOWN}
    assert set(standing((), NOON).channels) == set(Channel)


def test_information_given_is_kept_even_when_the_patient_refuses() -> None:
    """The act that informed stays readable beside the refusal [CON-14]."""
    told, refused = act(Act.INFORMED), act(Act.REFUSED, *WEB, number=2)
    found = standing((told, refused), NOON)
    assert found.informed[Channel.WEB] == told
    assert found.channels[Channel.WEB] is ChannelState.REFUSED
    assert found.channels[Channel.SMS] is ChannelState.INFORMED


def test_being_told_of_one_channel_says_nothing_of_another() -> None:
    """Information about the web leaves SMS unknown [CON-12, CON-14]."""
    found = standing((act(Act.INFORMED, channels=frozenset({Channel.WEB})),), NOON)
    assert found.channels == {
        Channel.WEB: ChannelState.INFORMED,
        Channel.EMAIL: ChannelState.UNKNOWN,
        Channel.SMS: ChannelState.UNKNOWN,
    }


def test_some_categories_make_a_channel_partial_and_all_make_it_active() -> None:
    """The channel's word follows its cells [CON-10, CON-27]."""
    assert channel(act(Act.ACCEPTED, VISITS)) is ChannelState.PARTIAL
    assert channel(act(Act.ACCEPTED, *WEB)) is ChannelState.ACTIVE


def test_an_acceptance_replaces_what_its_channels_held() -> None:
    """A new, narrower acceptance drops the cells that it leaves out, and touches no other channel [CON-15]."""
    first = act(Act.ACCEPTED, *SCOPES)
    second = act(Act.ACCEPTED, VISITS, number=2)
    found = standing((first, second), NOON)
    assert found.agreed(Channel.WEB) == {Category.APPOINTMENTS}
    assert found.cells[ADVICE].state is CellState.DECLINED
    assert found.cells[ADVICE].event == second
    assert found.channels[Channel.EMAIL] is ChannelState.ACTIVE


def test_a_channel_named_without_a_cell_is_declined() -> None:
    """An acceptance that names SMS but holds no cell of it leaves SMS refused [CON-09, CON-12]."""
    both = frozenset({Channel.WEB, Channel.SMS})
    found = standing((act(Act.ACCEPTED, VISITS, channels=both),), NOON)
    assert found.channels[Channel.SMS] is ChannelState.REFUSED


def test_a_withdrawal_takes_back_its_cells_only() -> None:
    """One category is withdrawn, the others stay [CON-13]."""
    found = standing((act(Act.ACCEPTED, *WEB), act(Act.WITHDRAWN, VISITS, number=2)), NOON)
    assert found.cells[VISITS].state is CellState.WITHDRAWN
    assert found.cells[ADVICE].state is CellState.AGREED
    assert found.channels[Channel.WEB] is ChannelState.PARTIAL


def test_a_withdrawal_that_names_nothing_withdraws_everything() -> None:
    """An unclear "stop" is a stop on every channel [CON-13]."""
    found = standing((act(Act.ACCEPTED, *SCOPES), act(Act.WITHDRAWN, number=2)), NOON)
    assert set(found.channels.values()) == {ChannelState.WITHDRAWN}


def test_a_withdrawal_of_one_cell_also_closes_a_channel_that_it_names_whole() -> None:
    """A cell of the web and the whole of SMS can go in one act; the rest of the web stays [CON-13]."""
    both = frozenset({Channel.WEB, Channel.SMS})
    taken = act(Act.WITHDRAWN, VISITS, number=2, channels=both)
    found = standing((act(Act.ACCEPTED, *SCOPES), taken), NOON)
    assert found.channels == {
        Channel.WEB: ChannelState.PARTIAL,
        Channel.EMAIL: ChannelState.ACTIVE,
        Channel.SMS: ChannelState.WITHDRAWN,
    }


def test_consent_can_be_given_again_after_a_withdrawal() -> None:
    """A later acceptance opens what a withdrawal closed [CON-13]."""
    acts = (act(Act.ACCEPTED, *WEB), act(Act.WITHDRAWN, *WEB, number=2), act(Act.ACCEPTED, *WEB, number=3))
    assert channel(*acts) is ChannelState.ACTIVE
    assert channel(*acts[:2]) is ChannelState.WITHDRAWN


def test_an_expired_consent_says_so() -> None:
    """A channel whose consent ran out is expired, not refused: it may be renewed [CON-25]."""
    assert channel(act(Act.ACCEPTED, VISITS, expires_at=NOON)) is ChannelState.EXPIRED


def test_of_two_acts_at_one_instant_the_later_id_decides() -> None:
    """Ids sort by time, so that two acts of the same instant still have an order [CON-15]."""
    opened = act(Act.ACCEPTED, *WEB, number=1, at=NOON)
    closed = act(Act.WITHDRAWN, *WEB, number=2, at=NOON)
    assert channel(closed, opened) is ChannelState.WITHDRAWN


def test_each_cell_names_the_act_that_decided_it() -> None:
    """The register can say, cell by cell, since which act it is so [CON-30]."""
    given_all = act(Act.ACCEPTED, *WEB)
    taken = act(Act.WITHDRAWN, VISITS, number=2)
    found = standing((taken, given_all), NOON)
    assert (found.cells[VISITS].event, found.cells[ADVICE].event) == (taken, given_all)
    assert found.deciding(Channel.WEB) == taken
    assert found.deciding(Channel.EMAIL) is None


@settings(max_examples=100, deadline=None)
@given(histories())
def test_the_past_can_be_read_again(events: list[ConsentEvent]) -> None:
    """What was in force at an earlier instant follows from the acts until then, however many come later [CON-15]."""
    earlier = NOON - timedelta(hours=2)
    until_then = [event for event in events if event.at <= earlier]
    assert standing(events, earlier) == standing(until_then, earlier)


@settings(max_examples=100, deadline=None)
@given(histories())
def test_adding_an_act_about_one_channel_leaves_the_others(events: list[ConsentEvent]) -> None:
    """A later acceptance, refusal or withdrawal of e-mail changes no cell of another channel [CON-09, CON-12]."""

    def elsewhere(found: Standing) -> dict[Scope, CellState]:
        return {s: c.state for s, c in found.cells.items() if s.channel is not Channel.EMAIL}

    later = NOON + timedelta(hours=5)
    before = elsewhere(standing(events, later))
    for kind in (Act.ACCEPTED, Act.REFUSED, Act.WITHDRAWN):
        added = act(kind, *everything([Channel.EMAIL]), number=700, at=later)
        assert elsewhere(standing([*events, added], later)) == before


@pytest.mark.parametrize("kind", [Act.ACCEPTED, Act.REFUSED, Act.WITHDRAWN])
def test_an_act_of_tomorrow_changes_nothing_today(kind: Act) -> None:
    """The register at an instant holds no act dated later [CON-15]."""
    tomorrow = act(kind, *WEB, number=2, at=NOON + timedelta(days=1))
    assert standing([tomorrow], NOON) == standing([], NOON)
