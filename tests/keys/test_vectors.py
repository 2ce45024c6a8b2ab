"""The published vectors: what the suite's algorithms must give, to the byte [SEC-06]."""

import hashlib

import pytest
from cryptography.hazmat.bindings._rust import openssl
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric import x25519
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from nacl.bindings import crypto_generichash_blake2b_salt_personal
from nacl.secret import Aead

from keys import suite
from keys.suite import Cost, PrivateKey

XWING_SEED = bytes.fromhex("7f9c2ba4e88f827d616045507605853ed73b8093f6efbc88eb1a6eacfa66ef26")


def test_the_xwing_drafts_seed_gives_its_public_key() -> None:
    """Key generation follows the X-Wing draft's first test vector [SEC-06]."""
    raw = PrivateKey(seed=XWING_SEED).public().raw
    assert raw[:16].hex() == "e2236b35a8c24b39b10aa1323a96a919"
    assert raw[-8:].hex() == "c8cd049040ef6534"
    assert hashlib.sha256(raw).hexdigest() == "2e816deebcd76c5c80d0cd2d174478871658e8e2ff42bc9d4a6e486372e856bb"


def test_the_library_opens_the_hpke_vector_of_rfc_9180() -> None:
    """The library's HPKE is RFC 9180's: it opens encryption 1 of the base-mode vector A.1.1 [SEC-06]."""
    key = bytes.fromhex("4612c550263fc8ad58375df3f557aac531d26850903e55a9f23f21d8534e8ac8")
    enc = "37fda3567bdbd628e88668c3c8d7e97d1d1253b6d4ea6d44c150f741f1bf4431"
    ciphertext = (
        "f938558b5d72f1a23810b4be2ab4f84331acc02fc97babc53a52ae8218a355a96d8770ac83d07bea87e13c512a"
    )
    # The vector has associated data, which the library takes only under the lid.
    opened = openssl.hpke._decrypt_with_aad(
        hpke.Suite(hpke.KEM.X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_128_GCM),
        bytes.fromhex(enc + ciphertext),
        x25519.X25519PrivateKey.from_private_bytes(key),
        info=bytes.fromhex("4f6465206f6e2061204772656369616e2055726e"),
        aad=b"Count-0",
    )
    assert opened == b"Beauty is truth, truth beauty"


def test_the_sealing_cipher_is_the_drafts_xchacha() -> None:
    """Our cipher is XChaCha20-Poly1305, by the vector of draft-irtf-cfrg-xchacha, A.3.1 [SEC-06]."""
    text = (
        b"Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, "
        b"sunscreen would be it."
    )
    associated = bytes.fromhex("50515253c0c1c2c3c4c5c6c7")
    key, nonce = bytes(range(0x80, 0xA0)), bytes(range(0x40, 0x58))
    expected = bytes.fromhex(
        "bd6d179d3e83d43b9576579493c0e939572a1700252bfaccbed2902c21396cbb731c7f1b0b4aa6440bf3a82f4eda7e39ae64c670"
        "8c54c216cb96b72e1213b4522f8c9ba40db5d945b11b69b982c1bb9e3f3fac2bc369488f76b2383565d3fff921f9664c97637da9"
        "768812f615c68b13b52ec0875924c1c7987947deafd8780acf49"
    )
    assert Aead(key).encrypt(text, associated, nonce).ciphertext == expected
    blob = b"\x01" + Aead(key).encrypt(text, b"\x01" + associated, nonce)
    assert suite.decrypt(blob, key, associated) == text


@pytest.mark.parametrize(
    ("secret", "salt", "info", "length", "expected"),
    [
        (
            b"\x0b" * 22,
            bytes(range(13)),
            bytes(range(0xF0, 0xFA)),
            42,
            "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865",
        ),
        (
            b"\x0b" * 22,
            b"",
            b"",
            42,
            "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8",
        ),
    ],
)
def test_hkdf_gives_the_vectors_of_rfc_5869(
    secret: bytes, salt: bytes, info: bytes, length: int, expected: str
) -> None:
    """HKDF-SHA256 gives test cases 1 and 3 of RFC 5869 [SEC-06]."""
    assert suite.hkdf(secret, info, length, salt).hex() == expected


@pytest.mark.parametrize(
    ("key", "message", "expected"),
    [
        (b"\x0b" * 20, b"Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
        (
            b"Jefe",
            b"what do ya want for nothing?",
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
        ),
    ],
)
def test_hmac_gives_the_vectors_of_rfc_4231(key: bytes, message: bytes, expected: str) -> None:
    """HMAC-SHA-256 gives test cases 1 and 2 of RFC 4231 [SEC-06]."""
    assert suite.hmac_sha256(key, message).hex() == expected


def test_a_second_library_gives_the_argon2id_vector_of_rfc_9106() -> None:
    """The library we compare with is right by RFC 9106, section 5.3 [SEC-06]."""
    reference = Argon2id(
        salt=b"\x02" * 16,
        length=32,
        iterations=3,
        lanes=4,
        memory_cost=32,
        secret=b"\x03" * 8,
        ad=b"\x04" * 12,
    )
    expected = "0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659"
    assert reference.derive(b"\x01" * 32).hex() == expected


@pytest.mark.parametrize(("operations", "kibibytes", "length"), [(1, 8, 32), (2, 64, 64), (3, 1024, 32)])
def test_two_libraries_agree_on_argon2id(operations: int, kibibytes: int, length: int) -> None:
    """Our Argon2id gives what a second, vector-tested library gives at the same cost [IDN-07] [SEC-06]."""
    ours = suite.argon2id(b"secret", b"s" * 16, Cost(operations=operations, memory=kibibytes * 1024), length)
    reference = Argon2id(salt=b"s" * 16, length=length, iterations=operations, lanes=1, memory_cost=kibibytes)
    assert ours == reference.derive(b"secret")


def test_two_libraries_agree_on_the_purpose_digest() -> None:
    """BLAKE2b with a purpose is the same in libsodium [SEC-06]."""
    theirs = crypto_generichash_blake2b_salt_personal(b"token", digest_size=32, person=b"session lookup")
    assert suite.purpose_digest(b"token", b"session lookup") == theirs
