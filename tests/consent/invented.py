"""Invented acts and addresses, and hypothesis strategies for them."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import strategies as st

from consent.acts import Circumstances
from consent.model import Act, AddressState, Category, Channel, ConsentEvent, Method, Scope

NOON = datetime(2026, 11, 24, 17, tzinfo=UTC)
PATIENT = UUID(int=1)
NURSE = UUID(int=2)
MAILBOX = UUID(int=10)
PHONE = UUID(int=11)
SCOPES = tuple(Scope(channel, category) for channel in Channel for category in Category)


def act(kind: Act, *scope: Scope, number: int = 1, **changes: object) -> ConsentEvent:
    """An act an hour per `number` after noon of the day before, on the channels of its scope unless told otherwise."""
    values: dict[str, object] = {
        "id": UUID(int=1000 + number), "person": PATIENT, "act": kind, "method": Method.ONLINE,
        "scope": frozenset(scope), "channels": frozenset(cell.channel for cell in scope), "text_version": 3,
        "text_hash": b"h" * 32, "language": "fr", "obtained_by": NURSE,
        "at": NOON - timedelta(days=1) + timedelta(hours=number),
    }  # fmt: skip
    return ConsentEvent(**values | changes)  # type: ignore[arg-type]  # a test changes any field


def mailbox(**changes: object) -> AddressState:
    values: dict[str, object] = {"id": MAILBOX, "channel": Channel.EMAIL, "verified": True, "personal": True}
    return AddressState(**values | changes)  # type: ignore[arg-type]  # a test changes any field


def phone(**changes: object) -> AddressState:
    return mailbox(**{"id": PHONE, "channel": Channel.SMS, **changes})


def how(**changes: object) -> Circumstances:
    values: dict[str, object] = {
        "id": UUID(int=99), "person": PATIENT, "method": Method.ONLINE, "text_version": 3, "text_hash": b"h" * 32,
        "language": "fr", "obtained_by": NURSE, "at": NOON,
    }  # fmt: skip
    return Circumstances(**values | changes)  # type: ignore[arg-type]  # a test changes any field


some_scope = st.frozensets(st.sampled_from(SCOPES))
some_channels = st.frozensets(st.sampled_from(Channel))


@st.composite
def histories(draw: st.DrawFn, kinds: tuple[Act, ...] = tuple(Act)) -> list[ConsentEvent]:
    """Up to six acts of one person, with equal times, expiries and channels that the scope does not name."""
    count = draw(st.integers(0, 6))
    return [draw(_acts(number, kinds)) for number in range(count)]


@st.composite
def _acts(draw: st.DrawFn, number: int, kinds: tuple[Act, ...]) -> ConsentEvent:
    at = NOON + timedelta(hours=draw(st.integers(-5, 2)))
    return act(
        draw(st.sampled_from(kinds)), *draw(some_scope), number=number, at=at, channels=draw(some_channels),
        expires_at=draw(st.none() | st.just(at + timedelta(hours=draw(st.integers(1, 6))))),
        addresses=draw(st.sampled_from([frozenset(), frozenset({MAILBOX}), frozenset({PHONE})])),
    )  # fmt: skip
