"""The gate as a generated table, as properties over invented histories, and step by step up its ladder."""

from dataclasses import replace
from datetime import timedelta
from itertools import product
from random import Random
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consent.acts import ConsentError, everything
from consent.gate import decide
from consent.model import (
    Act,
    AddressState,
    Category,
    Channel,
    ConsentEvent,
    Form,
    Minimum,
    Purpose,
    Refusal,
    Scope,
    Verdict,
)
from consent.register import CellState, ChannelState, standing
from tests.consent.invented import MAILBOX, NOON, PHONE, SCOPES, act, histories, mailbox, phone

ADDRESSES = (mailbox(), phone())
PURPOSES = tuple(
    Purpose(channel=channel, category=category, form=form, sensitive=sensitive, minimum=minimum)
    for channel, category, form, sensitive, minimum in product(Channel, Category, Form, (False, True), Minimum)
)
purposes = st.sampled_from(PURPOSES)
FAST = settings(max_examples=100, deadline=None)

type_of_state = {
    CellState.WITHDRAWN: Refusal.WITHDRAWN,
    CellState.EXPIRED: Refusal.EXPIRED,
    CellState.DECLINED: Refusal.CHANNEL_NOT_AGREED,
}


def in_state(state: CellState | None, channel: Channel) -> list[ConsentEvent]:
    """A register in which every cell of a channel stands in one state, and no other channel was ever asked."""
    cells = everything([channel])
    if state is None:
        return []
    if state is CellState.DECLINED:
        return [act(Act.REFUSED, *cells)]
    ends = NOON - timedelta(hours=1) if state is CellState.EXPIRED else None
    given_once = act(Act.ACCEPTED, *cells, number=1, expires_at=ends)
    taken_back = [act(Act.WITHDRAWN, *cells, number=2)] if state is CellState.WITHDRAWN else []
    return [given_once, *taken_back]


def expected(purpose: Purpose, state: CellState | None) -> Refusal | None:
    """The ladder said again in the plainest way, for the table below."""
    if state is None:
        return Refusal.NO_CONSENT
    if state is not CellState.AGREED:
        return type_of_state[state]
    written_out = purpose.form is Form.CONTENT
    if written_out and purpose.channel is Channel.SMS:
        return Refusal.SMS_CONTENT
    if written_out and purpose.channel is Channel.EMAIL and purpose.sensitive:
        return Refusal.TOO_SENSITIVE
    if written_out and purpose.channel is Channel.EMAIL and purpose.minimum is Minimum.INBOX:
        return Refusal.POLICY_FORBIDS
    return None


@pytest.mark.parametrize("state", [None, *CellState])
def test_every_cell_of_the_table_answers_as_the_ladder_says(state: CellState | None) -> None:
    """Channel x category x form x sensitive x minimum x state: each answer is the one computed [CON-01, EOU-03]."""
    for purpose in PURPOSES:
        verdict = decide(in_state(state, purpose.channel), ADDRESSES, purpose, NOON)
        assert verdict.refusal is expected(purpose, state), purpose
        assert verdict.allowed is (verdict.refusal is None)
        assert verdict.scope == Scope(purpose.channel, purpose.category)


@FAST
@given(histories(), purposes)
def test_nothing_leaves_without_an_acceptance_in_force(events: list[ConsentEvent], purpose: Purpose) -> None:
    """An allowed purpose names an ACCEPTED act, not expired, whose own cells hold what is said [CON-01, CON-10]."""
    verdict = decide(events, ADDRESSES, purpose, NOON)
    if not verdict.allowed:
        assert verdict.refusal is not None
        return
    event = next(event for event in events if event.id == verdict.event)
    assert event.act is Act.ACCEPTED
    assert event.at <= NOON
    assert event.expires_at is None or event.expires_at > NOON
    assert purpose.channel in event.channels
    said = {cell for cell in event.scope if cell.channel is purpose.channel}
    wanted = Scope(purpose.channel, purpose.category)
    assert wanted in said or (said and purpose.form is Form.NOTIFICATION and purpose.channel is not Channel.WEB)


@FAST
@given(histories(), purposes, st.sampled_from([Act.WITHDRAWN, Act.REFUSED]), st.booleans())
def test_a_withdrawal_closes_what_any_history_opened(
    events: list[ConsentEvent], purpose: Purpose, closing: Act, wholly: bool
) -> None:
    """After a later withdrawal or refusal of the channel or of all, nothing leaves on it [CON-13, CON-26]."""
    channels = frozenset() if wholly else frozenset({purpose.channel})
    later = act(closing, number=500, at=NOON + timedelta(hours=3), channels=channels)
    verdict = decide([*events, later], ADDRESSES, purpose, NOON + timedelta(hours=4))
    assert not verdict.allowed
    assert verdict.event == later.id


@FAST
@given(histories(), purposes)
def test_withdrawing_one_category_stops_its_content(events: list[ConsentEvent], purpose: Purpose) -> None:
    """A withdrawal of one cell stops content of that category at once, whatever else is agreed [CON-13]."""
    content = replace(purpose, form=Form.CONTENT)
    taken = act(Act.WITHDRAWN, Scope(purpose.channel, purpose.category), number=500, at=NOON + timedelta(hours=3))
    assert not decide([*events, taken], ADDRESSES, content, NOON + timedelta(hours=4)).allowed


@FAST
@given(histories(), purposes, st.randoms(use_true_random=False))
def test_the_order_of_the_acts_does_not_matter(
    events: list[ConsentEvent], purpose: Purpose, chance: Random
) -> None:
    """The register is read in order of time, however it comes from the database [CON-15]."""
    shuffled = list(events)
    chance.shuffle(shuffled)
    assert decide(shuffled, ADDRESSES, purpose, NOON) == decide(events, ADDRESSES, purpose, NOON)


@FAST
@given(histories())
def test_consent_to_mail_or_web_never_enables_texts(events: list[ConsentEvent]) -> None:
    """Without a cell of SMS in any act, no text of any kind leaves [CON-12]."""
    without = [
        replace(event, scope=frozenset(cell for cell in event.scope if cell.channel is not Channel.SMS))
        for event in events
    ]
    for purpose in PURPOSES:
        if purpose.channel is Channel.SMS:
            assert not decide(without, ADDRESSES, purpose, NOON).allowed


@FAST
@given(histories(), purposes)
def test_content_never_leaves_by_text_nor_sensitive_words_below_the_inbox(
    events: list[ConsentEvent], purpose: Purpose
) -> None:
    """Whatever was agreed: no content by SMS, nothing sensitive outside the inbox [EOU-03, SEN-07, SMS-01]."""
    verdict = decide(events, ADDRESSES, purpose, NOON)
    if verdict.allowed and purpose.form is Form.CONTENT and purpose.channel is not Channel.WEB:
        assert purpose.channel is Channel.EMAIL
        assert not purpose.sensitive
        assert purpose.minimum is Minimum.PLAIN


@FAST
@given(histories(), purposes)
def test_a_cell_outside_the_channels_of_its_act_opens_nothing(events: list[ConsentEvent], purpose: Purpose) -> None:
    """An acceptance that does not name the channel of a cell leaves that channel as it was [CON-12]."""
    strays = [replace(event, channels=event.channels - {purpose.channel}) for event in events]
    accepted = [event for event in strays if event.act is Act.ACCEPTED]
    assert not decide(accepted, ADDRESSES, purpose, NOON).allowed


def test_an_acceptance_counts_from_its_own_time_only() -> None:
    """An act of consent dated ahead of now opens nothing yet [CON-01]."""
    event = act(Act.ACCEPTED, *SCOPES, at=NOON + timedelta(minutes=1))
    purpose = Purpose(channel=Channel.WEB, category=Category.APPOINTMENTS, form=Form.CONTENT)
    assert decide([event], (), purpose, NOON).refusal is Refusal.NO_CONSENT
    assert decide([event], (), purpose, NOON + timedelta(minutes=1)).allowed


def test_a_withdrawal_counts_even_when_its_clock_is_ahead() -> None:
    """A withdrawal written by a process whose clock runs ahead stops us at once [CON-13, CON-26]."""
    opened = act(Act.ACCEPTED, *SCOPES)
    closed = act(Act.WITHDRAWN, *SCOPES, number=2, at=NOON + timedelta(seconds=5))
    purpose = Purpose(channel=Channel.WEB, category=Category.APPOINTMENTS, form=Form.CONTENT)
    assert decide([opened, closed], (), purpose, NOON).refusal is Refusal.WITHDRAWN


def test_consent_ends_at_the_instant_of_its_expiry() -> None:
    """One microsecond before its end it holds, at its end it does not [CON-25]."""
    event = act(Act.ACCEPTED, *SCOPES, expires_at=NOON)
    purpose = Purpose(channel=Channel.WEB, category=Category.APPOINTMENTS, form=Form.CONTENT)
    assert decide([event], (), purpose, NOON - timedelta(microseconds=1)).allowed
    assert decide([event], (), purpose, NOON).refusal is Refusal.EXPIRED


def test_a_category_left_out_is_named_as_missing() -> None:
    """A message outside the agreed scope is stopped, and the verdict says which scope is missing [CON-11]."""
    agreed = act(Act.ACCEPTED, Scope(Channel.WEB, Category.APPOINTMENTS))
    purpose = Purpose(channel=Channel.WEB, category=Category.NORMAL_RESULT, form=Form.CONTENT)
    verdict = decide([agreed], (), purpose, NOON)
    assert verdict.refusal is Refusal.CATEGORY_NOT_AGREED
    assert verdict.scope == Scope(Channel.WEB, Category.NORMAL_RESULT)


def test_a_channel_never_asked_is_told_from_no_consent_at_all() -> None:
    """With the web agreed, e-mail is a channel that was not agreed [CON-01]."""
    agreed = act(Act.ACCEPTED, *everything([Channel.WEB]))
    purpose = Purpose(channel=Channel.EMAIL, category=Category.APPOINTMENTS, form=Form.NOTIFICATION)
    assert decide([agreed], ADDRESSES, purpose, NOON).refusal is Refusal.CHANNEL_NOT_AGREED


def test_being_told_is_not_agreeing() -> None:
    """The record that information was given opens nothing [CON-14]."""
    told = act(Act.INFORMED, channels=frozenset(Channel))
    purpose = Purpose(channel=Channel.WEB, category=Category.APPOINTMENTS, form=Form.CONTENT)
    assert decide([told], (), purpose, NOON).refusal is Refusal.NO_CONSENT


@pytest.mark.parametrize("channel", [Channel.EMAIL, Channel.SMS])
def test_that_a_message_waits_may_be_said_under_any_category(channel: Channel) -> None:
    """A notice without content needs consent to the channel, not to the category of what waits [EOU-01]."""
    agreed = act(Act.ACCEPTED, Scope(channel, Category.APPOINTMENTS))
    purpose = Purpose(channel=channel, category=Category.ADJUSTMENT, form=Form.NOTIFICATION, sensitive=True)
    assert decide([agreed], ADDRESSES, purpose, NOON).allowed


def test_the_verdict_carries_the_act_and_its_text() -> None:
    """An allowed message can name the act, the text version and its hash, and where it may go [CON-15]."""
    agreed = act(Act.ACCEPTED, *SCOPES)
    purpose = Purpose(channel=Channel.EMAIL, category=Category.APPOINTMENTS, form=Form.NOTIFICATION)
    assert decide([agreed], ADDRESSES, purpose, NOON) == Verdict(
        allowed=True, scope=Scope(Channel.EMAIL, Category.APPOINTMENTS), event=agreed.id,
        text_version=3, text_hash=b"h" * 32, addresses=frozenset({MAILBOX}),
    )  # fmt: skip


COVERED = frozenset({MAILBOX, PHONE})
OTHER = UUID(int=77)


@pytest.mark.parametrize("address", [mailbox(), phone()])
@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"verified": False, "personal": False, "suspended": True}, Refusal.ADDRESS_NOT_VERIFIED),
        ({"personal": False, "suspended": True}, Refusal.ADDRESS_NOT_PERSONAL),
        ({"suspended": True, "id": OTHER}, Refusal.ADDRESS_SUSPENDED),
        ({"id": OTHER}, Refusal.ADDRESS_NOT_COVERED),
        ({}, None),
    ],
)
def test_an_address_climbs_the_ladder_step_by_step(
    address: AddressState, changes: dict[str, bool], refusal: Refusal | None
) -> None:
    """Verified, personal, not suspended, covered: the first step missed is the reason [CON-18, CON-24, SMS-14]."""
    agreed = act(Act.ACCEPTED, *SCOPES, addresses=COVERED)
    purpose = Purpose(channel=address.channel, category=Category.APPOINTMENTS, form=Form.NOTIFICATION)
    verdict = decide([agreed], [replace(address, **changes)], purpose, NOON)  # type: ignore[arg-type]
    assert verdict.refusal is refusal


def test_without_an_address_of_the_channel_nothing_leaves() -> None:
    """A verified telephone is no mailbox [CON-01]."""
    purpose = Purpose(channel=Channel.EMAIL, category=Category.APPOINTMENTS, form=Form.NOTIFICATION)
    assert decide([act(Act.ACCEPTED, *SCOPES)], [phone()], purpose, NOON).refusal is Refusal.NO_ADDRESS


def test_only_the_good_ones_of_several_addresses_are_given() -> None:
    """Of two mailboxes the suspended one is left out [CON-24]."""
    purpose = Purpose(channel=Channel.EMAIL, category=Category.APPOINTMENTS, form=Form.NOTIFICATION)
    both = [mailbox(), mailbox(id=OTHER, suspended=True), phone()]
    assert decide([act(Act.ACCEPTED, *SCOPES)], both, purpose, NOON).addresses == {MAILBOX}


def test_the_reason_is_that_of_the_address_nearest_to_use() -> None:
    """With one unverified and one suspended mailbox, staff learn of the suspension [CON-24]."""
    purpose = Purpose(channel=Channel.EMAIL, category=Category.APPOINTMENTS, form=Form.NOTIFICATION)
    both = [mailbox(verified=False), mailbox(id=OTHER, suspended=True)]
    assert decide([act(Act.ACCEPTED, *SCOPES)], both, purpose, NOON).refusal is Refusal.ADDRESS_SUSPENDED


def test_one_address_told_in_two_ways_is_not_used() -> None:
    """Contradicting states of one address count as the worse one [CON-24]."""
    purpose = Purpose(channel=Channel.EMAIL, category=Category.APPOINTMENTS, form=Form.NOTIFICATION)
    twice = [mailbox(suspended=True), mailbox()]
    assert decide([act(Act.ACCEPTED, *SCOPES)], twice, purpose, NOON).refusal is Refusal.ADDRESS_SUSPENDED


def test_acts_of_two_people_are_never_judged_together() -> None:
    """A register that mixes two people is an error of ours, not a consent [CON-01]."""
    mine, theirs = act(Act.ACCEPTED, *SCOPES), act(Act.ACCEPTED, *SCOPES, number=2, person=UUID(int=8))
    purpose = Purpose(channel=Channel.WEB, category=Category.APPOINTMENTS, form=Form.CONTENT)
    with pytest.raises(ConsentError, match="mixed_people"):
        decide([mine, theirs], (), purpose, NOON)


@FAST
@given(histories())
def test_the_gate_and_the_register_agree_on_the_inbox(events: list[ConsentEvent]) -> None:
    """Where acts lie in the past, content in the inbox is allowed exactly where the register says agreed [CON-27]."""
    past = [event for event in events if event.at <= NOON]
    known = standing(past, NOON)
    for category in Category:
        purpose = Purpose(channel=Channel.WEB, category=category, form=Form.CONTENT)
        assert decide(past, (), purpose, NOON).allowed is (category in known.agreed(Channel.WEB))
    assert (known.channels[Channel.WEB] in {ChannelState.ACTIVE, ChannelState.PARTIAL}) is bool(
        known.agreed(Channel.WEB)
    )
