"""The suite: the only file that names the algorithms of the product's own seals, hashes and signatures.

Suite 1 is HPKE base mode (RFC 9180) with the KEM MLKEM768-X25519 ("X-Wing", draft-connolly-cfrg-xwing-kem), HKDF-SHA256
and AES-256-GCM for sealing to a key pair; XChaCha20-Poly1305 for sealing under a symmetric key; Argon2id (RFC 9106) for
what a person remembers; Ed25519 (RFC 8032) with ML-DSA-65 (FIPS 204) for signatures. Nothing is home-made (SEC-06).

Every ciphertext starts with the suite's id, which is authenticated with it, so that a later suite can stand beside this
one and old blobs still open. (The one-time codes of `totp.py` follow RFC 6238 and are not part of the suite.)
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

import nacl.exceptions
import nacl.pwhash.argon2id
from cryptography.exceptions import InvalidSignature, InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, hpke
from cryptography.hazmat.primitives.asymmetric import ed25519, mldsa, mlkem, x25519
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from nacl.secret import Aead

SUITE: Final = 1
SEED_BYTES: Final = 32
PUBLIC_BYTES: Final = 1216  # ML-KEM-768 encapsulation key (1184), then the X25519 public key (32)
KEY_BYTES: Final = 32
SALT_BYTES: Final = 16

_MLKEM_PUBLIC: Final = 1184
_PREFIX: Final = bytes([SUITE])
_HPKE: Final = hpke.Suite(hpke.KEM.MLKEM768_X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)


class KeysError(Exception):
    """Something about keys went wrong; the subclasses say whose fault it is."""


class WrongSecretError(KeysError):
    """The password, code or share that a person gave is not the right one."""


class OpenError(KeysError):
    """A blob does not open: damaged, forged, moved from its place, sealed to another key, or of an unknown suite."""


class SuiteUnavailableError(KeysError):
    """The cryptographic library on this machine lacks an algorithm of the suite."""


class _Expanded:
    """The key objects of one private key, expanded once from its seed."""

    __slots__ = ("private", "public")

    def __init__(self, seed: bytes) -> None:
        # X-Wing, key generation: SHAKE-256 stretches the seed to the ML-KEM seed (d, z) and the X25519 scalar.
        stretched = hashlib.shake_256(seed).digest(96)
        lattice = mlkem.MLKEM768PrivateKey.from_seed_bytes(stretched[:64])
        curve = x25519.X25519PrivateKey.from_private_bytes(stretched[64:])
        self.private = hpke.MLKEM768X25519PrivateKey(lattice, curve)
        self.public = lattice.public_key().public_bytes_raw() + curve.public_key().public_bytes_raw()


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicKey:
    """The public half of a key pair: 1,216 bytes as in the X-Wing draft. Raises KeysError on another length."""

    raw: bytes

    def __post_init__(self) -> None:
        if len(self.raw) != PUBLIC_BYTES:
            raise KeysError(f"a public key has {PUBLIC_BYTES} bytes, not {len(self.raw)}")

    def __repr__(self) -> str:
        return f"PublicKey({self.raw[:4].hex()}…)"


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivateKey:
    """The private half of a key pair, kept as its 32-byte X-Wing seed; two are compared in constant time.

    The expanded key lives and dies with the object: opening many wraps expands it once, and no cache outlives it.
    """

    seed: bytes = field(repr=False)
    _expanded: _Expanded | None = field(default=None, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if len(self.seed) != SEED_BYTES:
            raise KeysError(f"a private key has {SEED_BYTES} bytes, not {len(self.seed)}")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PrivateKey) and equal(self.seed, other.seed)

    def __hash__(self) -> int:
        return hash(self.expanded().public)

    def expanded(self) -> _Expanded:
        """The key objects, made on first use."""
        if self._expanded is None:
            object.__setattr__(self, "_expanded", _Expanded(self.seed))
        assert self._expanded is not None
        return self._expanded

    def public(self) -> PublicKey:
        """The public half, to which anyone may seal."""
        return PublicKey(raw=self.expanded().public)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one guess of a password costs: Argon2id passes, and memory in bytes. Raises KeysError outside sane limits.

    The ceiling keeps a damaged or hostile database row from exhausting the machine.
    """

    operations: int
    memory: int

    def __post_init__(self) -> None:
        if not (1 <= self.operations <= 32 and 8 * 1024 <= self.memory <= 1024**3):
            raise KeysError(f"an Argon2id cost of {self.operations} passes over {self.memory} bytes is out of range")


PASSWORD_COST: Final = Cost(operations=3, memory=64 * 1024**2)


def require_suite() -> None:
    """Prove at start-up that every algorithm works here, by sealing, opening and signing once.

    Raises SuiteUnavailableError, for example on a distribution's build of `cryptography` over OpenSSL before 3.5.
    """
    try:
        key = new_private_key()
        sealed = unwrap(wrap(b"suite", key.public(), b""), key, b"") == b"suite"
        seeds = SigningSeeds(classic=secrets.token_bytes(32), quantum_safe=secrets.token_bytes(32))
        signed = verify_both(verifying_pair(seeds), b"suite", sign_both(seeds, b"suite"))
        opened = decrypt(encrypt(b"suite", key.seed, b""), key.seed, b"") == b"suite"
    except (UnsupportedAlgorithm, AttributeError, KeysError) as error:
        raise SuiteUnavailableError(_MISSING) from error
    if not (sealed and signed and opened):
        raise SuiteUnavailableError(_MISSING)


_MISSING: Final = (
    "The cryptographic library on this machine lacks ML-KEM-768 with X25519, ML-DSA-65 or XChaCha20-Poly1305. "
    "Install cryptography 50 or later from its wheel, or build it over OpenSSL 3.5 or later."
)


def new_private_key() -> PrivateKey:
    """A key pair from 32 random bytes."""
    return PrivateKey(seed=secrets.token_bytes(SEED_BYTES))


def new_key() -> bytes:
    """A symmetric key of 256 random bits."""
    return secrets.token_bytes(KEY_BYTES)


def new_salt() -> bytes:
    """A salt for a password or a code: 128 random bits."""
    return secrets.token_bytes(SALT_BYTES)


# Public halves only, so that the mail intake, which seals to the same few teams, parses each once.
@lru_cache(maxsize=1024)
def _parsed(raw: bytes) -> hpke.MLKEM768X25519PublicKey:
    try:
        lattice = mlkem.MLKEM768PublicKey.from_public_bytes(raw[:_MLKEM_PUBLIC])
        curve = x25519.X25519PublicKey.from_public_bytes(raw[_MLKEM_PUBLIC:])
    except ValueError as error:
        raise KeysError("a public key is malformed") from error
    return hpke.MLKEM768X25519PublicKey(lattice, curve)


def wrap(secret: bytes, to: PublicKey, info: bytes) -> bytes:
    """Seal to a public key (RFC 9180, single-shot base mode); only its private half and the same `info` open it.

    Base mode does not say who sealed: anyone may seal to a public key. Raises KeysError on a malformed public key.
    """
    try:
        return _PREFIX + _HPKE.encrypt(secret, _parsed(to.raw), info=_PREFIX + info)
    except ValueError as error:
        raise KeysError("nothing can be sealed to this public key") from error


def unwrap(blob: bytes, key: PrivateKey, info: bytes) -> bytes:
    """Open what `wrap` sealed. Raises OpenError for another key, another `info`, or a changed blob."""
    body = _body(blob)
    try:
        return _HPKE.decrypt(body, key.expanded().private, info=_PREFIX + info)
    except (InvalidTag, ValueError) as error:
        raise OpenError("this wrap does not open with this key in this place") from error


def encrypt(plaintext: bytes, key: bytes, associated: bytes) -> bytes:
    """Seal under a 32-byte key: suite id, 24 random nonce bytes (SEC-03), ciphertext and tag (41 bytes longer)."""
    return _PREFIX + Aead(_checked(key)).encrypt(plaintext, _PREFIX + associated)


def decrypt(blob: bytes, key: bytes, associated: bytes) -> bytes:
    """Open what `encrypt` sealed. Raises OpenError for another key, other associated data, or a changed blob."""
    body = _body(blob)
    if len(body) < Aead.NONCE_SIZE + Aead.MACBYTES:
        raise OpenError("this ciphertext is cut short")
    try:
        return Aead(_checked(key)).decrypt(body, _PREFIX + associated)
    except nacl.exceptions.CryptoError as error:
        raise OpenError("this ciphertext does not open with this key in this place") from error


def _body(blob: bytes) -> bytes:
    if blob[:1] != _PREFIX:
        raise OpenError("this blob names no suite that is known here")
    return blob[1:]


def _checked(key: bytes) -> bytes:
    if len(key) != KEY_BYTES:
        raise KeysError(f"a symmetric key has {KEY_BYTES} bytes, not {len(key)}")
    return key


def hkdf(secret: bytes, info: bytes, length: int = 32, salt: bytes = b"") -> bytes:
    """HKDF-SHA256 (RFC 5869): `length` bytes for one purpose, named by `info`."""
    return HKDF(algorithm=hashes.SHA256(), length=length, salt=salt or None, info=info).derive(secret)


def hmac_sha256(key: bytes, message: bytes) -> bytes:
    """HMAC-SHA-256 (RFC 2104): 32 bytes."""
    return hmac.digest(key, message, "sha256")


def digest(message: bytes) -> bytes:
    """SHA-256: 32 bytes; for ciphertext and public values only, never for content (DESIGN 5)."""
    return hashlib.sha256(message).digest()


def purpose_digest(message: bytes, purpose: bytes) -> bytes:
    """BLAKE2b-256 under a purpose of at most 16 bytes; for values with at least 128 random bits."""
    return hashlib.blake2b(message, digest_size=32, person=purpose).digest()


def equal(a: bytes, b: bytes) -> bool:
    """Whether two byte strings are the same, in time that does not depend on where they differ (SEC-06)."""
    return hmac.compare_digest(a, b)


def argon2id(secret: bytes, salt: bytes, cost: Cost, length: int = 32) -> bytes:
    """Argon2id version 1.3 with one lane (RFC 9106): 16 to 64 bytes, slow to guess. KeysError on a wrong salt."""
    if len(salt) != SALT_BYTES:
        raise KeysError(f"a salt has {SALT_BYTES} bytes, not {len(salt)}")
    return nacl.pwhash.argon2id.kdf(length, secret, salt, opslimit=cost.operations, memlimit=cost.memory)


_ED_PUBLIC: Final = 32
_ED_SIGNATURE: Final = 64
_SIGNED: Final = b"messaging-server signature" + _PREFIX


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningSeeds:
    """The seeds of a signing pair, 32 bytes each: one classic (Ed25519), one quantum-safe (ML-DSA-65)."""

    classic: bytes = field(repr=False)
    quantum_safe: bytes = field(repr=False)


def sign_both(seeds: SigningSeeds, message: bytes) -> bytes:
    """Suite id, Ed25519 signature, ML-DSA-65 signature: 3,374 bytes over the same labelled message."""
    classic = ed25519.Ed25519PrivateKey.from_private_bytes(seeds.classic).sign(_SIGNED + message)
    quantum_safe = mldsa.MLDSA65PrivateKey.from_seed_bytes(seeds.quantum_safe).sign(_SIGNED + message)
    return _PREFIX + classic + quantum_safe


def verifying_pair(seeds: SigningSeeds) -> bytes:
    """Suite id and both public keys: 1,985 bytes to publish."""
    classic = ed25519.Ed25519PrivateKey.from_private_bytes(seeds.classic).public_key().public_bytes_raw()
    quantum_safe = mldsa.MLDSA65PrivateKey.from_seed_bytes(seeds.quantum_safe).public_key().public_bytes_raw()
    return _PREFIX + classic + quantum_safe


def verify_both(verifying: bytes, message: bytes, signature: bytes) -> bool:
    """Whether both signatures hold: one alone is worth nothing; anything malformed is simply not a signature."""
    if verifying[:1] != _PREFIX or signature[:1] != _PREFIX:
        return False
    keys, blob = verifying[1:], signature[1:]
    try:
        classic = ed25519.Ed25519PublicKey.from_public_bytes(keys[:_ED_PUBLIC])
        quantum_safe = mldsa.MLDSA65PublicKey.from_public_bytes(keys[_ED_PUBLIC:])
        classic.verify(blob[:_ED_SIGNATURE], _SIGNED + message)
        quantum_safe.verify(blob[_ED_SIGNATURE:], _SIGNED + message)
    except (InvalidSignature, ValueError):
        return False
    return True
