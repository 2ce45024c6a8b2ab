"""Which acts may be recorded, and with what."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from consent.acts import Circumstances, ConsentError, accept, everything, inform, refuse, withdraw
from consent.model import Act, Category, Channel, ConsentEvent, Method, Scope
from consent.register import ChannelState, standing
from tests.consent.invented import MAILBOX, NOON, NURSE, how

VISITS = Scope(Channel.WEB, Category.APPOINTMENTS)
TEXTS = Scope(Channel.SMS, Category.APPOINTMENTS)


def code_of(make: Callable[[], ConsentEvent]) -> str:
    with pytest.raises(ConsentError) as refused:
        make()
    return refused.value.code


def test_an_acceptance_keeps_all_that_must_be_kept() -> None:
    """Version, hash, language, method, who, when, channels, categories, addresses, evidence, expiry [CON-15]."""
    ends = NOON + timedelta(days=730)
    event = accept(
        how=how(method=Method.SIGNED_FORM), scope=[VISITS], addresses=[MAILBOX], expires_at=ends, has_evidence=True
    )
    assert (event.act, event.method, event.text_version, event.text_hash) == (
        Act.ACCEPTED, Method.SIGNED_FORM, 3, b"h" * 32,
    )  # fmt: skip
    assert (event.language, event.obtained_by, event.at, event.expires_at) == ("fr", NURSE, NOON, ends)
    assert event.scope == {VISITS}
    assert event.channels == {Channel.WEB}
    assert event.addresses == {MAILBOX}
    assert event.has_evidence


@pytest.mark.parametrize("channel", [Channel.WEB, Channel.EMAIL])
def test_agreeing_to_a_channel_leaves_texts_unasked(channel: Channel) -> None:
    """Accepting all of the web or of e-mail neither enables nor settles SMS [CON-12]."""
    event = accept(how=how(), scope=everything([channel]))
    assert standing([event], NOON).channels[Channel.SMS] is ChannelState.UNKNOWN


def test_texts_are_agreed_by_their_own_cell_only() -> None:
    """SMS named as a channel but without a cell is declined; with its cell it is agreed [CON-12]."""
    both = [Channel.WEB, Channel.SMS]
    without = accept(how=how(), scope=[VISITS], channels=both)
    with_texts = accept(how=how(), scope=[VISITS, TEXTS], channels=both)
    assert standing([without], NOON).channels[Channel.SMS] is ChannelState.REFUSED
    assert standing([with_texts], NOON).agreed(Channel.SMS) == {Category.APPOINTMENTS}


def test_a_verbal_consent_needs_a_note_of_the_explanations() -> None:
    """Verbal consent without its note cannot be recorded [CON-08]."""
    spoken = how(method=Method.VERBAL)
    assert code_of(lambda: accept(how=spoken, scope=[VISITS])) == "verbal_without_note"
    assert accept(how=spoken, scope=[VISITS], has_note=True).has_note


@pytest.mark.parametrize("proof", ["has_evidence", "typed_signature"])
def test_a_signed_form_needs_its_signature(proof: str) -> None:
    """A form counts with its scan or with a typed signature, and not without [CON-08]."""
    signed = how(method=Method.SIGNED_FORM)
    assert code_of(lambda: accept(how=signed, scope=[VISITS])) == "form_without_signature"
    assert accept(how=signed, scope=[VISITS], **{proof: True}).has_evidence  # type: ignore[arg-type]


@pytest.mark.parametrize("method", [Method.SMS_WORD, Method.EMAIL_PHRASE])
def test_no_mail_and_no_text_ever_gives_consent(method: Method) -> None:
    """Writing to us by e-mail or SMS creates no consent [CON-02]."""
    assert code_of(lambda: accept(how=how(method=method), scope=[VISITS], has_evidence=True)) == "method_cannot_accept"


def test_an_acceptance_of_nothing_is_no_acceptance() -> None:
    """An empty scope is refused: a refusal has its own act [CON-09, CON-16]."""
    assert code_of(lambda: accept(how=how(), scope=[])) == "empty_scope"


def test_a_cell_outside_the_channels_settled_is_refused() -> None:
    """The channels that an act settles hold all its cells [CON-12]."""
    assert code_of(lambda: accept(how=how(), scope=[VISITS, TEXTS], channels=[Channel.WEB])) == "scope_outside_channels"


def test_a_consent_cannot_end_before_it_begins() -> None:
    """An expiry at or before the act is an error [CON-25]."""
    assert code_of(lambda: accept(how=how(), scope=[VISITS], expires_at=NOON)) == "expires_before_it_begins"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"obtained_by": None}, "nobody_named"),
        ({"at": datetime(2026, 11, 24, 12)}, "naive_time"),  # noqa: DTZ001  # the very mistake under test
        ({"text_version": 0}, "no_text"),
        ({"text_hash": b""}, "no_text"),
        ({"language": " "}, "no_language"),
    ],
)
@pytest.mark.parametrize("make", [inform, refuse, withdraw, lambda **told: accept(scope=[VISITS], **told)])
def test_no_act_is_recorded_without_who_when_and_which_text(
    make: Callable[..., ConsentEvent], changes: dict[str, object], code: str
) -> None:
    """Each kind of act names its author, its time with a zone, its text and its language [CON-08, CON-14, CON-15]."""
    assert code_of(lambda: make(how=how(**changes))) == code
    assert make(how=how()).obtained_by == NURSE


@pytest.mark.parametrize("method", [m for m in Method if m is not Method.SMS_WORD])
def test_withdrawing_asks_for_nothing_but_the_wish(method: Method) -> None:
    """By every method, without note or signature, wholly [CON-13]."""
    event = withdraw(how=how(method=method))
    assert event.scope == everything(frozenset(Channel))
    assert event.channels == frozenset(Channel)


def test_a_word_by_text_stops_texts_only() -> None:
    """STOP withdraws SMS, never the inbox [SMS-14]."""
    texted = how(method=Method.SMS_WORD)
    assert withdraw(how=texted, channels=[Channel.SMS]).channels == {Channel.SMS}
    assert code_of(lambda: withdraw(how=texted)) == "word_beyond_its_channel"
    assert code_of(lambda: withdraw(how=texted, scope=[VISITS, TEXTS])) == "word_beyond_its_channel"


def test_a_patient_may_refuse_one_channel_or_one_category() -> None:
    """A refusal can be whole, by channel or by category [CON-09]."""
    assert refuse(how=how(), scope=[VISITS]).scope == {VISITS}
    assert refuse(how=how(), channels=[Channel.SMS]).scope == everything([Channel.SMS])
    assert refuse(how=how()).scope == everything(frozenset(Channel))


def test_information_given_settles_nothing() -> None:
    """The act that informs has channels but no cell [CON-14]."""
    event = inform(how=how(), channels=[Channel.EMAIL], has_note=True)
    assert (event.act, event.has_note) == (Act.INFORMED, True)
    assert event.scope == frozenset()
    assert event.channels == {Channel.EMAIL}


def test_the_hash_of_the_text_does_not_print_itself() -> None:
    """Neither the circumstances nor the act show the hash [CON-15]."""
    told: Circumstances = how()
    assert "hhhh" not in repr(told) + repr(withdraw(how=told))
