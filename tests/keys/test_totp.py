"""One-time codes of an authenticator application."""

from datetime import UTC, datetime, timedelta, timezone
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keys import totp

RFC_SEED = b"12345678901234567890"
NOW = datetime(2026, 3, 9, 14, 0, 12, tzinfo=UTC)
STEP = int(NOW.timestamp()) // 30


@pytest.mark.parametrize(
    ("seconds", "eight_digits"),
    [
        (59, "94287082"),
        (1111111109, "07081804"),
        (1111111111, "14050471"),
        (1234567890, "89005924"),
        (2000000000, "69279037"),
        (20000000000, "65353130"),
    ],
)
def test_codes_are_those_of_rfc_6238(seconds: int, eight_digits: str) -> None:
    """Six digits are the last six of the RFC's eight, appendix B, SHA-1 [IDN-05]."""
    assert totp.code_at(RFC_SEED, datetime.fromtimestamp(seconds, UTC)) == eight_digits[2:]


@given(seed=st.binary(min_size=20, max_size=20), drift=st.integers(-1, 1))
@settings(max_examples=50, deadline=None)
def test_a_code_of_this_step_or_its_neighbours_is_accepted(seed: bytes, drift: int) -> None:
    """A clock up to one step off is forgiven, and the accepted step is told [IDN-05]."""
    code = totp.code_at(seed, NOW + timedelta(seconds=30 * drift))
    assert totp.verify(seed, code, NOW, None) in {STEP - 1, STEP, STEP + 1}
    assert totp.code_at(seed, NOW + timedelta(seconds=30 * drift)) == code


@pytest.mark.parametrize("drift", [-2, 2, -20, 120])
def test_a_code_of_another_time_is_refused(drift: int) -> None:
    """Two steps off is too late or too early [IDN-05]."""
    assert totp.verify(RFC_SEED, totp.code_at(RFC_SEED, NOW + timedelta(seconds=30 * drift)), NOW, None) is None


def test_a_code_is_accepted_once() -> None:
    """The same code, or an earlier one, is refused after it was used [IDN-05]."""
    code = totp.code_at(RFC_SEED, NOW)
    accepted = totp.verify(RFC_SEED, code, NOW, None)
    assert accepted == STEP
    assert totp.verify(RFC_SEED, code, NOW, accepted) is None
    earlier = totp.code_at(RFC_SEED, NOW - timedelta(seconds=30))
    assert totp.verify(RFC_SEED, earlier, NOW, accepted) is None


def test_the_next_code_is_accepted_after_the_last() -> None:
    """A new step's code works right after the one before was used [IDN-05]."""
    later = NOW + timedelta(seconds=30)
    assert totp.verify(RFC_SEED, totp.code_at(RFC_SEED, later), later, STEP) == STEP + 1


def test_a_code_used_ahead_of_the_clock_is_not_accepted_again_in_its_own_step() -> None:
    """A code taken one step early is spent when its step comes [IDN-05]."""
    later = NOW + timedelta(seconds=30)
    code = totp.code_at(RFC_SEED, later)
    accepted = totp.verify(RFC_SEED, code, NOW, None)
    assert accepted == STEP + 1
    assert totp.verify(RFC_SEED, code, later, accepted) is None


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "abcdef", "-12345", "１２３４５６", "\udce9"])
def test_what_is_no_code_is_refused(typed: str) -> None:
    """Anything but the six digits is refused and raises nothing [IDN-05]."""
    assert totp.verify(RFC_SEED, typed, NOW, None) is None


def test_spaces_in_a_code_are_forgiven() -> None:
    """Applications show two groups of three, and people type them so [IDN-05]."""
    code = totp.code_at(RFC_SEED, NOW)
    assert totp.verify(RFC_SEED, f" {code[:3]}\u00a0{code[3:]} ", NOW, None) == STEP


def test_another_persons_code_is_refused() -> None:
    """A code belongs to its seed [IDN-05]."""
    other = bytes(20)
    assert totp.verify(RFC_SEED, totp.code_at(other, NOW), NOW, None) is None


def test_the_zone_of_the_clock_is_nothing_and_a_clock_without_one_is_refused() -> None:
    """The same moment in Montréal and in UTC has the same code; a moment without a zone has none [IDN-05]."""
    assert totp.code_at(RFC_SEED, NOW) == totp.code_at(RFC_SEED, NOW.astimezone(timezone(timedelta(hours=-4))))
    with pytest.raises(ValueError, match="zone"):
        totp.code_at(RFC_SEED, NOW.replace(tzinfo=None))


def test_seeds_are_160_bits_and_never_the_same() -> None:
    """A seed has the length that RFC 4226 recommends [IDN-05]."""
    seeds = {totp.new_seed() for _ in range(100)}
    assert len(seeds) == 100
    assert {len(seed) for seed in seeds} == {20}


def test_the_qr_address_says_who_where_and_how() -> None:
    """The address carries issuer, account and seed, without plus signs for spaces [IDN-05]."""
    address = totp.uri(RFC_SEED, "rose+test@courriel.example", "Clinique du Héron")
    parts = urlsplit(address)
    query = parse_qs(parts.query)
    assert (parts.scheme, parts.netloc) == ("otpauth", "totp")
    assert unquote(parts.path) == "/Clinique du Héron:rose+test@courriel.example"
    assert query["secret"] == ["GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"]
    assert query["issuer"] == ["Clinique du Héron"]
    assert "+" not in address
