"""The suite: sealing to a key pair and under a key, and refusing everything else."""

import pytest
from cryptography.exceptions import UnsupportedAlgorithm
from hypothesis import given, settings
from hypothesis import strategies as st
from nacl.secret import Aead

from keys import suite
from keys.suite import Cost, KeysError, OpenError, PrivateKey, PublicKey, SuiteUnavailableError

KEY = b"k" * 32
ALICE = PrivateKey(seed=b"a" * 32)
SEALED_TO_ALICE = suite.wrap(b"secret", ALICE.public(), b"here")
SEALED_UNDER_KEY = suite.encrypt(b"secret", KEY, b"here")


@given(secret=st.binary(max_size=200), info=st.binary(max_size=50))
@settings(max_examples=30, deadline=None)
def test_a_wrap_opens_with_its_key_in_its_place(secret: bytes, info: bytes) -> None:
    """What is sealed to a public key comes back whole with the private half [SEC-01]."""
    assert suite.unwrap(suite.wrap(secret, ALICE.public(), info), ALICE, info) == secret


@given(plaintext=st.binary(max_size=2000), key=st.binary(min_size=32, max_size=32), associated=st.binary(max_size=50))
@settings(max_examples=50, deadline=None)
def test_a_ciphertext_opens_with_its_key_in_its_place(plaintext: bytes, key: bytes, associated: bytes) -> None:
    """What is sealed under a key comes back whole [SEC-01]."""
    blob = suite.encrypt(plaintext, key, associated)
    assert suite.decrypt(blob, key, associated) == plaintext
    assert len(blob) == len(plaintext) + 41


@given(bit=st.integers(0, 8 * len(SEALED_TO_ALICE) - 1))
@settings(max_examples=80, deadline=None)
def test_a_wrap_with_one_bit_flipped_does_not_open(bit: int) -> None:
    """A changed wrap is refused whichever bit was changed, the suite's id included [SEC-01]."""
    with pytest.raises(OpenError):
        suite.unwrap(flipped(SEALED_TO_ALICE, bit), ALICE, b"here")


def test_a_ciphertext_with_one_bit_flipped_does_not_open() -> None:
    """A changed ciphertext is refused whichever bit was changed, suite's id and nonce included [SEC-01]."""
    for bit in range(8 * len(SEALED_UNDER_KEY)):
        with pytest.raises(OpenError):
            suite.decrypt(flipped(SEALED_UNDER_KEY, bit), KEY, b"here")


@given(length=st.integers(0, len(SEALED_TO_ALICE) - 1))
@settings(max_examples=50, deadline=None)
def test_a_blob_cut_short_does_not_open(length: int) -> None:
    """A truncated blob is refused as such, never with another error [SEC-01]."""
    with pytest.raises(OpenError):
        suite.unwrap(SEALED_TO_ALICE[:length], ALICE, b"here")
    with pytest.raises(OpenError):
        suite.decrypt(SEALED_UNDER_KEY[: length % len(SEALED_UNDER_KEY)], KEY, b"here")


def test_neither_opens_elsewhere_or_for_another() -> None:
    """Another place or another key opens nothing [SEC-02]."""
    with pytest.raises(OpenError):
        suite.unwrap(SEALED_TO_ALICE, ALICE, b"there")
    with pytest.raises(OpenError):
        suite.unwrap(SEALED_TO_ALICE, PrivateKey(seed=b"b" * 32), b"here")
    with pytest.raises(OpenError):
        suite.decrypt(SEALED_UNDER_KEY, KEY, b"there")
    with pytest.raises(OpenError):
        suite.decrypt(SEALED_UNDER_KEY, b"K" * 32, b"here")


def test_every_ciphertext_names_its_suite_and_an_unknown_suite_is_refused() -> None:
    """A blob starts with the suite's id; one of a suite to come is refused, not guessed at [SEC-03]."""
    assert SEALED_TO_ALICE[0] == SEALED_UNDER_KEY[0] == suite.SUITE
    with pytest.raises(OpenError, match="suite"):
        suite.unwrap(b"\x02" + SEALED_TO_ALICE[1:], ALICE, b"here")
    with pytest.raises(OpenError, match="suite"):
        suite.decrypt(b"\x02" + SEALED_UNDER_KEY[1:], KEY, b"here")


def test_the_suites_id_is_authenticated() -> None:
    """The id is bound to both kinds of blob, so that a later suite cannot be made to read this one's [SEC-02]."""
    assert suite._HPKE.decrypt(SEALED_TO_ALICE[1:], ALICE.expanded().private, info=b"\x01here") == b"secret"
    assert Aead(KEY).decrypt(SEALED_UNDER_KEY[1:], b"\x01here") == b"secret"


def test_nonces_are_192_random_bits_and_never_the_same() -> None:
    """Sealing the same text a thousand times gives a thousand nonces of 24 bytes [SEC-03]."""
    assert len({suite.encrypt(b"same", KEY, b"")[1:25] for _ in range(1000)}) == 1000


def test_wrapping_twice_gives_unrelated_blobs() -> None:
    """Equal secrets for one holder do not show as equal [SEC-01]."""
    assert suite.wrap(b"secret", ALICE.public(), b"here") != SEALED_TO_ALICE


def test_a_private_key_expands_once() -> None:
    """Opening many wraps with one key expands its seed once, and no cache outlives the key [SEC-03]."""
    key = suite.new_private_key()
    assert key.expanded() is key.expanded()
    assert key.expanded() is not PrivateKey(seed=key.seed).expanded()


def test_private_keys_are_equal_when_their_seeds_are() -> None:
    """Equality of private keys is that of their seeds, whether or not they were used yet [SEC-06]."""
    fresh = PrivateKey(seed=ALICE.seed)
    assert fresh == ALICE
    assert hash(fresh) == hash(ALICE)
    assert fresh != PrivateKey(seed=b"b" * 32)
    assert fresh != "a" * 32


@pytest.mark.parametrize("raw", [b"", b"x" * 1215, b"x" * 1217])
def test_a_public_key_of_another_length_is_refused(raw: bytes) -> None:
    """A malformed public key is refused where it is read, not at the first message [SEC-06]."""
    with pytest.raises(KeysError):
        PublicKey(raw=raw)


@pytest.mark.parametrize("raw", [b"\xff" * 1216, bytes(1216)])
def test_nothing_is_sealed_to_an_impossible_public_key(raw: bytes) -> None:
    """A public key outside the field or of low order takes no secret [SEC-06]."""
    with pytest.raises(KeysError):
        suite.wrap(b"secret", PublicKey(raw=raw), b"")


@pytest.mark.parametrize("length", [0, 16, 31, 33])
def test_keys_of_another_length_are_refused(length: int) -> None:
    """A symmetric key or a seed of the wrong length is an error of the product's own kind [SEC-06]."""
    with pytest.raises(KeysError):
        suite.encrypt(b"", bytes(length), b"")
    with pytest.raises(KeysError):
        suite.decrypt(SEALED_UNDER_KEY, bytes(length), b"here")
    with pytest.raises(KeysError):
        PrivateKey(seed=bytes(length))


@pytest.mark.parametrize(("operations", "memory"), [(0, 65536), (33, 65536), (1, 8191), (1, 1024**3 + 1), (-1, -1)])
def test_a_password_cost_out_of_range_is_refused(operations: int, memory: int) -> None:
    """A damaged row cannot ask for endless work or for none [IDN-07]."""
    with pytest.raises(KeysError):
        Cost(operations=operations, memory=memory)


def test_a_salt_of_another_length_is_refused() -> None:
    """A salt is 16 bytes, never fewer [IDN-07]."""
    with pytest.raises(KeysError):
        suite.argon2id(b"secret", b"short", Cost(operations=1, memory=8192))


def test_the_password_cost_in_force_is_above_the_floor() -> None:
    """Argon2id runs three passes over 64 MiB by default, above OWASP's least of two over 19 MiB [IDN-07]."""
    assert suite.PASSWORD_COST.operations >= 2
    assert suite.PASSWORD_COST.memory >= 19 * 1024**2


def test_the_suite_is_available_here() -> None:
    """The start-up check passes on a machine with the pinned libraries [SEC-06]."""
    suite.require_suite()


def test_a_machine_without_the_suite_is_told_so_in_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a library that lacks an algorithm, start-up is refused in words that say what to install [SEC-06]."""

    class Lacking:
        def __init__(self, seed: bytes) -> None:
            raise UnsupportedAlgorithm("ML-KEM-768 is not supported by this backend")

    monkeypatch.setattr(suite, "_Expanded", Lacking)
    with pytest.raises(SuiteUnavailableError, match="build it over OpenSSL"):
        suite.require_suite()


def test_a_suite_that_computes_wrongly_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A library whose answer is wrong is as good as missing [SEC-06]."""
    monkeypatch.setattr(suite, "decrypt", lambda blob, key, associated: b"something else")
    with pytest.raises(SuiteUnavailableError):
        suite.require_suite()


def flipped(blob: bytes, bit: int) -> bytes:
    changed = bytearray(blob)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)
