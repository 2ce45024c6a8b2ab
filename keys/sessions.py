"""Sessions: the account's key rests sealed under a token that only the person's cookie holds (DESIGN 5, IDN-10)."""

import secrets
from typing import Final
from uuid import UUID

from keys import suite
from keys.binding import bind
from keys.suite import PrivateKey

_TOKEN_BYTES: Final = 32


def new_token() -> str:
    """256 random bits, safe in a cookie and in a URL: 43 characters."""
    return secrets.token_urlsafe(_TOKEN_BYTES)


def token_fingerprint(token: str) -> bytes:
    """What the database knows a token by: 32 bytes from which neither the token nor its sealing key can be had."""
    return suite.purpose_digest(token.encode(), b"session lookup")


def seal_for_session(private: PrivateKey, token: str, account: UUID) -> bytes:
    """The account's private key, sealed under the token for as long as the session lives."""
    return suite.encrypt(private.seed, _key(token), _place(account))


def open_for_session(blob: bytes, token: str, account: UUID) -> PrivateKey:
    """The private key again. Raises OpenError for another token, another account, or a changed blob."""
    return PrivateKey(seed=suite.decrypt(blob, _key(token), _place(account)))


def _key(token: str) -> bytes:
    return suite.hkdf(token.encode(), bind("session key"))


def _place(account: UUID) -> bytes:
    return bind("account key in a session", account)
