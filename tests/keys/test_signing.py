"""Signatures: two at once, and both must hold."""

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519, mldsa
from hypothesis import given, settings
from hypothesis import strategies as st

from keys import signing
from keys.server import ServerKeys

KEYS, OTHERS = ServerKeys.generate(), ServerKeys.generate()
VERIFYING = signing.verifying_key(KEYS)
MESSAGE = b"checkpoint 12 of an invented clinic"
SIGNATURE = signing.sign(KEYS, MESSAGE)
LABELLED = b"messaging-server signature\x01" + MESSAGE


@given(message=st.binary(max_size=200))
@settings(max_examples=10, deadline=None)
def test_a_signature_holds_for_its_message(message: bytes) -> None:
    """Whoever has the published key can check a checkpoint, offline [AUD-03]."""
    assert signing.verify(VERIFYING, message, signing.sign(KEYS, message))


def test_a_signature_holds_for_no_other_message_or_key() -> None:
    """Another text or another clinic's key does not verify [AUD-03]."""
    assert not signing.verify(VERIFYING, MESSAGE + b".", SIGNATURE)
    assert not signing.verify(signing.verifying_key(OTHERS), MESSAGE, SIGNATURE)


def test_both_halves_are_real_signatures_over_the_labelled_message() -> None:
    """The library itself verifies each half, Ed25519 and ML-DSA-65, by the published keys [SEC-06]."""
    ed25519.Ed25519PublicKey.from_public_bytes(VERIFYING[1:33]).verify(SIGNATURE[1:65], LABELLED)
    mldsa.MLDSA65PublicKey.from_public_bytes(VERIFYING[33:]).verify(SIGNATURE[65:], LABELLED)


def test_one_half_alone_is_worth_nothing() -> None:
    """Unless both halves are by the published key nothing verifies: breaking one scheme is not enough [SEC-06]."""
    forged = signing.sign(OTHERS, MESSAGE)
    assert not signing.verify(VERIFYING, MESSAGE, SIGNATURE[:65] + forged[65:])
    assert not signing.verify(VERIFYING, MESSAGE, forged[:65] + SIGNATURE[65:])


@given(bit=st.integers(0, 8 * len(SIGNATURE) - 1))
@settings(max_examples=60, deadline=None)
def test_a_signature_with_one_bit_flipped_does_not_verify(bit: int) -> None:
    """Any changed bit of either half spoils the whole [AUD-03]."""
    changed = bytearray(SIGNATURE)
    changed[bit // 8] ^= 1 << bit % 8
    assert not signing.verify(VERIFYING, MESSAGE, bytes(changed))


@pytest.mark.parametrize("junk", [b"", b"\x01", b"\x02" + bytes(100), b"\x01" + bytes(96), b"\x01" + bytes(5000)])
def test_junk_verifies_nothing_and_raises_nothing(junk: bytes) -> None:
    """A malformed key or signature is simply not a signature [AUD-03]."""
    assert not signing.verify(VERIFYING, MESSAGE, junk)
    assert not signing.verify(junk, MESSAGE, SIGNATURE)


def test_a_verifying_key_is_the_same_each_time_and_holds_no_seed() -> None:
    """What is published never changes for one key file and gives nothing away [SEC-04]."""
    assert signing.verifying_key(KEYS) == VERIFYING
    assert KEYS.ledger.classic not in VERIFYING
    assert KEYS.ledger.quantum_safe not in VERIFYING
