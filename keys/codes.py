"""One-time codes: 100 random bits on a slip of paper, and secrets sealed under them (IDN-03).

A code is single-use and expires; that is the caller's to enforce. What is sealed under it may lie in an old backup for
years, so a guess costs as much as a password's, and needs the pepper of the key file too.
"""

import secrets
from dataclasses import dataclass, field
from typing import Final

from keys import printed, suite
from keys.binding import bind
from keys.envelope import Context, Sealed
from keys.suite import PASSWORD_COST, Cost, OpenError, WrongSecretError

_LETTERS: Final = 20
_GROUP: Final = 5
_HEAD: Final = 4 + 8 + suite.SALT_BYTES


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeSealed:
    """A secret sealed under a one-time code, with what a guess at the code costs."""

    salt: bytes
    cost: Cost
    blob: bytes = field(repr=False)

    def dump(self) -> bytes:
        """One blob for one column: passes, memory, salt, ciphertext."""
        return self.cost.operations.to_bytes(4, "big") + self.cost.memory.to_bytes(8, "big") + self.salt + self.blob

    @classmethod
    def load(cls, data: bytes) -> "CodeSealed":
        """Read what `dump` wrote. Raises OpenError when it is too short, KeysError on an impossible cost."""
        if len(data) <= _HEAD:
            raise OpenError("what was sealed under a code is cut short")
        cost = Cost(operations=int.from_bytes(data[:4], "big"), memory=int.from_bytes(data[4:12], "big"))
        return cls(salt=data[12:_HEAD], cost=cost, blob=data[_HEAD:])


def new_code() -> str:
    """100 random bits as 20 letters and digits, in four groups of five."""
    return printed.grouped(printed.letters(secrets.randbits(5 * _LETTERS), _LETTERS), _GROUP)


def normalise(code: str) -> str:
    """A typed code as it was printed: any case, spaces or hyphens, O for 0, I or L for 1.

    Raises WrongSecretError on any other character or another length.
    """
    return printed.grouped(printed.cleaned(code, _LETTERS), _GROUP)


def seal_under_code(
    secret: bytes, code: str, pepper: bytes, context: Context, cost: Cost = PASSWORD_COST
) -> CodeSealed:
    """Seal a secret so that the code and the pepper together open it, in its context. One Argon2id."""
    salt = suite.new_salt()
    blob = suite.encrypt(secret, _key(code, pepper, salt, cost), bind("under a one-time code", context.encode()))
    return CodeSealed(salt=salt, cost=cost, blob=blob)


def open_under_code(sealed: CodeSealed, code: str, pepper: bytes, context: Context) -> bytes:
    """Open it again. Raises WrongSecretError for another code, pepper or context: they look alike."""
    try:
        key = _key(code, pepper, sealed.salt, sealed.cost)
        associated = bind("under a one-time code", context.encode(Sealed(blob=sealed.blob).suite))
        return suite.decrypt(sealed.blob, key, associated)
    except OpenError as error:
        raise WrongSecretError("this code opens nothing here") from error


def _key(code: str, pepper: bytes, salt: bytes, cost: Cost) -> bytes:
    peppered = suite.hmac_sha256(pepper, bind("one-time code", normalise(code)))
    return suite.hkdf(suite.argon2id(peppered, salt, cost), bind("key under a one-time code"))
