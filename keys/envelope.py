"""The envelope: content sealed under a content key, and the content key sealed to each audience (DESIGN 5).

A ciphertext knows its place: its context is authenticated with it, so a row that is moved does not open (SEC-02).
"""

import secrets
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from keys import suite
from keys.binding import bind
from keys.suite import SUITE, OpenError, PrivateKey, PublicKey

COMMITMENT_KEY_BYTES: Final = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """Where a ciphertext belongs: the clinic, the thing it is part of (an exchange, a person), and which field."""

    clinic: UUID
    subject: UUID
    field: str

    def encode(self, suite_id: int = SUITE) -> bytes:
        """The context as associated data: a format label, the suite's id, then each part with its length."""
        return bind("content", suite_id, self.clinic, self.subject, self.field)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """Ciphertext as it rests: suite id, nonce, ciphertext and tag. It prints as dots and a size."""

    blob: bytes = field(repr=False)

    def __repr__(self) -> str:
        return f"Sealed(••• {len(self.blob)} bytes)"

    @property
    def suite(self) -> int:
        """The id of the suite that sealed it. Raises OpenError on an empty blob."""
        if not self.blob:
            raise OpenError("an empty blob names no suite")
        return self.blob[0]

    @property
    def digest(self) -> bytes:
        """SHA-256 of the ciphertext, for the ledger: it verifies with no key (DESIGN 6)."""
        return suite.digest(self.blob)


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentKey:
    """The random key of one audience in one write."""

    id: UUID
    secret: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Committed:
    """What sealing gives: the ciphertext, and the ledger's commitment to the plaintext."""

    sealed: Sealed
    commitment: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """What opening gives: the content, and the key with which anyone can check the ledger's commitment to it."""

    content: bytes = field(repr=False)
    commitment_key: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class HolderKey:
    """The public key of whoever is to read: an account, a team, a record, recovery; with its version."""

    id: UUID
    version: int
    public: PublicKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrap:
    """A content key sealed to one holder."""

    content_key: UUID
    holder: UUID
    version: int
    blob: bytes = field(repr=False)


def new_content_key(id: UUID) -> ContentKey:  # noqa: A002  # the noun's own field
    """A random content key under the id that its wraps will carry."""
    return ContentKey(id=id, secret=suite.new_key())


def seal(plaintext: bytes, key: ContentKey, context: Context) -> Committed:
    """Seal content in its place. The key of its commitment is random and rests sealed beside it (DESIGN 6)."""
    commitment_key = secrets.token_bytes(COMMITMENT_KEY_BYTES)
    blob = suite.encrypt(commitment_key + plaintext, key.secret, context.encode())
    return Committed(sealed=Sealed(blob=blob), commitment=commitment(commitment_key, plaintext))


def open_sealed(sealed: Sealed, key: ContentKey, context: Context) -> Opened:
    """Open content in its place. Raises OpenError for another key, another context, or a changed blob."""
    inside = suite.decrypt(sealed.blob, key.secret, context.encode(sealed.suite))
    if len(inside) < COMMITMENT_KEY_BYTES:
        raise OpenError("this ciphertext holds no commitment key")
    return Opened(content=inside[COMMITMENT_KEY_BYTES:], commitment_key=inside[:COMMITMENT_KEY_BYTES])


def commitment(commitment_key: bytes, content: bytes) -> bytes:
    """The commitment to a content: HMAC-SHA-256 under its own random key, 32 bytes.

    The AEAD alone does not commit: two keys can open one ciphertext to two texts. This value can have one text only.
    """
    return suite.hmac_sha256(commitment_key, content)


def wrap_content_key(key: ContentKey, holder: HolderKey, clinic: UUID) -> Wrap:
    """Let one holder read what the content key sealed."""
    blob = suite.wrap(key.secret, holder.public, _wrap_info(clinic, key.id, holder.id, holder.version))
    return Wrap(content_key=key.id, holder=holder.id, version=holder.version, blob=blob)


def unwrap_content_key(wrap: Wrap, private: PrivateKey, clinic: UUID) -> ContentKey:
    """The content key, for its holder. Raises OpenError for another holder, version, clinic or content key."""
    info = _wrap_info(clinic, wrap.content_key, wrap.holder, wrap.version)
    return ContentKey(id=wrap.content_key, secret=suite.unwrap(wrap.blob, private, info))


def _wrap_info(clinic: UUID, content_key: UUID, holder: UUID, version: int) -> bytes:
    return bind("content key", clinic, content_key, holder, version)
