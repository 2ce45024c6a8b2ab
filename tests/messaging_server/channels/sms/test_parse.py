"""Reading what the SMS provider posts."""

import json
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consent.model import Channel
from messaging_server.channels.sms import parse
from messaging_server.channels.sms.parse import AddressFault, SmsStatus, StatusReport, advance, is_terminal, rank
from messaging_server.errors import InvalidError
from messaging_server.message import ClinicId, IncomingMessage, Keyword

NOW = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)
CLINIC = ClinicId(UUID(int=7))
FORM = [
    ("ToCountry", "CA"),
    ("MessageSid", "SM" + "0" * 31 + "1"),
    ("AccountSid", "AC" + "0" * 32),
    ("From", "+15145550123"),
    ("To", "+14185550100"),
    ("Body", " Bonjour, j’ai reçu le résultat ? "),
    ("NumMedia", "0"),
]
STATUSES = st.one_of(st.sampled_from(list(SmsStatus)).map(str), st.sampled_from(["receiving", "rerouted", "held"]))
TEXTS = st.text(max_size=20)
FORMS = st.lists(st.tuples(st.one_of(st.sampled_from([name for name, _ in FORM] + ["MediaUrl0"]), TEXTS), TEXTS))


def read(*changes: tuple[str, str], drop: str = "") -> IncomingMessage:
    names = {name for name, _ in changes} | {drop}
    return parse.read_incoming([*(p for p in FORM if p[0] not in names), *changes], CLINIC, NOW)


def test_a_text_is_read_as_it_was_written() -> None:
    """The number, the untrimmed words, the time and the clinic reach the broker; nothing is authenticated [SMS-07]."""
    message = read()

    assert message.channel is Channel.SMS
    assert (message.clinic, message.received_at) == (CLINIC, NOW)
    assert message.sender == "+15145550123"
    assert message.new_text == " Bonjour, j’ai reçu le résultat ? "
    assert message.defects == ()
    assert message.account is None
    assert message.keyword is None


def test_every_field_is_kept_as_canonical_json() -> None:
    """The original holds every field, repeated ones too, in an order that a repeat does not change [SMS-04]."""
    form = [*FORM, ("Extra", "b"), ("Extra", "a"), ("MediaUrl0", "https://api.example.invalid/m/0")]
    message = parse.read_incoming(form, CLINIC, NOW)

    assert json.loads(message.raw) == sorted([name, value] for name, value in form)
    assert parse.read_incoming(form[::-1], CLINIC, NOW).raw == message.raw


def test_two_deliveries_of_one_text_have_one_identity() -> None:
    """The provider's id alone makes a repeat a repeat [SMS-11]."""
    assert read().idempotency == read(("ApiVersion", "2010-04-01")).idempotency
    assert read().idempotency != read(("MessageSid", "SM" + "0" * 31 + "2")).idempotency


def test_a_text_without_an_id_is_known_by_its_whole_form() -> None:
    """Without an id the form itself is the identity, so that two different texts stay two [SMS-11]."""
    assert read(drop="MessageSid").idempotency == read(drop="MessageSid").idempotency
    assert read(drop="MessageSid").idempotency != read(("Body", "autre"), drop="MessageSid").idempotency


@pytest.mark.parametrize(
    "number", ["", "12345", "+123", "5145550123", "whatsapp:+15145550123", "+0145550123", "+1514555012٣", "Clinique"]
)
def test_a_sender_that_is_no_phone_of_a_person_is_left_to_a_human(number: str) -> None:
    """Only an E.164 number is a sender; anything else is named as a defect and the text is kept [SMS-21]."""
    message = read(("From", number))

    assert message.sender is None
    assert "sender" in message.defects
    assert message.new_text


def test_a_field_given_twice_with_two_values_is_believed_in_neither() -> None:
    """Two senders make none, and both bodies are kept [SMS-09]."""
    message = read(("From", "+15145550123"), ("From", "+15145550199"), ("Body", "un"), ("Body", "deux"))

    assert message.sender is None
    assert message.new_text == "un\ndeux"
    assert message.defects == ("sender", "repeated:Body", "repeated:From")


@pytest.mark.parametrize(
    ("fields", "defect"),
    [
        ([("NumMedia", "2")], "media:2"),
        ([("NumMedia", "beaucoup"), ("MediaUrl0", "https://a"), ("MediaUrl1", "https://b")], "media:2"),
        ([("NumMedia", "0"), ("MediaUrl0", "https://a")], "media:1"),
    ],
)
def test_pictures_are_counted_so_that_none_is_forgotten(fields: list[tuple[str, str]], defect: str) -> None:
    """A text with pictures says how many wait to be fetched, whatever its count claims [SMS-04]."""
    assert read(*fields).defects == (defect,)


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ([("Body", "Arrêt")], Keyword.STOP),
        ([("Body", "aide")], Keyword.HELP),
        ([("Body", "Merci"), ("OptOutType", "STOP")], Keyword.STOP),
        ([("Body", "Merci"), ("OptOutType", "?")], None),
    ],
)
def test_a_steering_word_is_named_for_the_broker(fields: list[tuple[str, str]], word: Keyword | None) -> None:
    """Our own list is read, and what the provider took for an opt-out is one [SMS-13] [SMS-14]."""
    assert read(*fields).keyword is word


def test_nothing_of_a_text_is_shown_when_it_is_printed() -> None:
    """Neither number nor words appear in a log by accident [SMS-07]."""
    shown = repr(read())

    assert "5550123" not in shown
    assert "Bonjour" not in shown


@settings(max_examples=100)
@given(FORMS)
def test_any_form_at_all_becomes_a_message(form: list[tuple[str, str]]) -> None:
    """No form, however odd, is lost or raises: what it holds is kept [SMS-04]."""
    message = parse.read_incoming(form, CLINIC, NOW)

    assert json.loads(message.raw) == sorted([name, value] for name, value in form)
    assert message.idempotency
    assert all(value in message.new_text for name, value in form if name == "Body")


def test_a_status_is_read_with_its_code() -> None:
    """News of a text names it, its state and the provider's code [SMS-12]."""
    form = [("MessageSid", "SM1"), ("MessageStatus", "Undelivered"), ("ErrorCode", "30003")]

    assert parse.read_status(form) == StatusReport(provider_id="SM1", status="undelivered", error_code=30003)


def test_a_status_that_nobody_knows_is_kept_as_it_came() -> None:
    """A state that the provider adds one day is passed on, not refused [SMS-12]."""
    report = parse.read_status([("SmsSid", "SM1"), ("SmsStatus", "rerouted"), ("ErrorCode", "")])

    assert (report.status, report.error_code, report.fault) == ("rerouted", None, None)


@pytest.mark.parametrize(
    "form",
    [
        [],
        [("MessageSid", "SM1")],
        [("MessageStatus", "sent")],
        [("MessageSid", "SM1"), ("MessageStatus", " ")],
        [("MessageSid", "SM1"), ("MessageSid", "SM2"), ("MessageStatus", "sent")],
    ],
)
def test_a_status_of_no_text_or_without_a_state_is_refused(form: list[tuple[str, str]]) -> None:
    """News that does not say of what, or what, is not news [SMS-12]."""
    with pytest.raises(InvalidError):
        parse.read_status(form)


@pytest.mark.parametrize("code", [30003, 30005, 30006, 21635])
def test_a_dead_number_is_told_from_a_lost_text(code: int) -> None:
    """The codes that speak of the number flag it [SMS-21]."""
    assert StatusReport(provider_id="SM1", status="undelivered", error_code=code).fault is AddressFault.UNDELIVERABLE


def test_the_providers_block_is_an_opt_out() -> None:
    """Error 21610 is treated as an opt-out [SMS-14]."""
    assert parse.fault(21610) is AddressFault.OPTED_OUT
    assert parse.fault(30007) is None
    assert parse.fault(None) is None


@pytest.mark.parametrize(
    ("current", "reported", "kept"),
    [
        ("queued", "sent", "sent"),
        ("sent", "queued", "sent"),
        ("sent", "delivered", "delivered"),
        ("delivered", "sent", "delivered"),
        ("delivered", "failed", "delivered"),
        ("failed", "delivered", "failed"),
        ("canceled", "rerouted", "canceled"),
        ("sent", "rerouted", "rerouted"),
        ("rerouted", "sent", "rerouted"),
        ("rerouted", "undelivered", "undelivered"),
    ],
)
def test_a_status_only_moves_forward(current: str, reported: str, kept: str) -> None:
    """Late news changes nothing, an end stays, an unknown state is kept until an end [SMS-12]."""
    assert advance(current, reported) == kept


@settings(max_examples=100)
@given(st.lists(STATUSES, min_size=1, max_size=12))
def test_no_order_of_callbacks_moves_a_status_back(reports: list[str]) -> None:
    """Whatever comes, in whatever order, the rank never falls and the first end stays [SMS-12]."""
    kept = [str(SmsStatus.ACCEPTED)]
    for report in reports:
        kept.append(advance(kept[-1], report))
    ends = [report for report in reports if is_terminal(report)]

    assert [rank(status) for status in kept] == sorted(rank(status) for status in kept)
    assert (kept[-1] == ends[0]) if ends else not is_terminal(kept[-1])


@settings(max_examples=100)
@given(STATUSES, STATUSES)
def test_the_same_news_twice_is_the_same_as_once(current: str, reported: str) -> None:
    """A repeated callback changes nothing [SMS-11]."""
    once = advance(current, reported)

    assert advance(once, reported) == once
