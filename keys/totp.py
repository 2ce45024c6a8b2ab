"""One-time codes of an authenticator application (RFC 6238): SHA-1, 30 seconds, six digits, as all expect (IDN-05)."""

import re
import secrets
from datetime import datetime
from typing import Final

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from keys.suite import equal

STEP_SECONDS: Final = 30
_DIGITS: Final = 6
_SEED_BYTES: Final = 20  # RFC 4226, section 4, R6: 160 bits recommended


def new_seed() -> bytes:
    """A shared secret of 160 random bits."""
    return secrets.token_bytes(_SEED_BYTES)


def code_at(seed: bytes, now: datetime) -> str:
    """The six digits at a moment. Raises ValueError for a time without a zone."""
    return _code(seed, _step(now))


def verify(seed: bytes, code: str, now: datetime, last_step: int | None) -> int | None:
    """The time step whose code this is, or None; keep it, and hand it in as `last_step` next time.

    One step early or late is forgiven (RFC 6238, section 5.2). A step up to `last_step` is never accepted again, so
    a code that was looked at over a shoulder is worthless. Raises ValueError for a time without a zone.
    """
    digits = re.sub(r"\s", "", code)
    present = _step(now)
    steps = [step for step in (present, present - 1, present + 1) if step >= 0]
    # Every candidate is compared, found or not: the time taken says nothing.
    matching = [step for step in steps if equal(_code(seed, step).encode(), digits.encode("utf-8", "replace"))]
    return next((step for step in matching if last_step is None or step > last_step), None)


def uri(seed: bytes, account: str, issuer: str) -> str:
    """The `otpauth:` address that an authenticator application reads as a QR code. It holds the seed."""
    # Some applications show a plus sign as it stands; %20 is a space to all of them.
    return _totp(seed).get_provisioning_uri(account, issuer).replace("+", "%20")


def _step(now: datetime) -> int:
    if now.tzinfo is None:
        raise ValueError("a moment without a time zone has no code")
    return int(now.timestamp()) // STEP_SECONDS


def _code(seed: bytes, step: int) -> str:
    return _totp(seed).generate(step * STEP_SECONDS).decode()


def _totp(seed: bytes) -> TOTP:
    # RFC 6238 names SHA-1, and applications know no other in practice; HMAC needs no collision resistance.
    return TOTP(seed, _DIGITS, SHA1(), STEP_SECONDS)  # noqa: S303  # see above
