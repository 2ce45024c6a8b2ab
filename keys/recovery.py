"""Recovery: m of n printed shares open the recovery key together, and fewer open nothing (DESIGN 5).

There is no secret-sharing arithmetic here. For each set of m shares the private key is sealed once more, under a key
that HKDF makes of exactly those shares; each share has 256 random bits, so a missing one cannot be guessed.
"""

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Final
from uuid import UUID

from keys import printed, suite
from keys.binding import bind
from keys.suite import KeysError, PrivateKey, PublicKey, WrongSecretError

MOST_SHARES: Final = 9  # at worst 126 sealed sets; the number stays one digit on paper
_SHARE_BYTES: Final = 32
_CHECK_BYTES: Final = 3
_LETTERS: Final = (_SHARE_BYTES + _CHECK_BYTES) * 8 // 5
_GROUP: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedSubset:
    """The recovery key sealed under one set of shares, named by their numbers in order."""

    members: tuple[int, ...]
    blob: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoverySet:
    """A recovery key just made. The shares are printed and forgotten; `public` and `subsets` are stored."""

    public: PublicKey
    private: PrivateKey = field(repr=False)
    needed: int
    shares: tuple[str, ...] = field(repr=False)
    subsets: tuple[SealedSubset, ...]


def create(needed: int, total: int, clinic: UUID) -> RecoverySet:
    """A recovery key of which any `needed` of `total` shares make the private half. Raises KeysError out of range."""
    if not 1 <= needed <= total <= MOST_SHARES:
        raise KeysError(f"recovery needs 1 to {MOST_SHARES} shares, and no more to open it than there are")
    private = suite.new_private_key()
    secret = {number: secrets.token_bytes(_SHARE_BYTES) for number in range(1, total + 1)}
    return RecoverySet(
        public=private.public(),
        private=private,
        needed=needed,
        shares=tuple(_written(number, share) for number, share in secret.items()),
        subsets=tuple(_sealed(private, members, secret, clinic) for members in combinations(secret, needed)),
    )


def combine(shares: Sequence[str], subsets: Sequence[SealedSubset], clinic: UUID) -> PrivateKey:
    """The recovery private key from enough printed shares, in any order; more than enough is fine.

    Raises WrongSecretError when a share is mistyped (it says which), given twice with different words, of another
    printing, or when there are too few.
    """
    secret = _collected(shares)
    complete = [subset for subset in subsets if set(subset.members) <= secret.keys()]
    if not complete:
        needed = min((len(subset.members) for subset in subsets), default=0)
        raise WrongSecretError(f"{len(secret)} different shares were given; this recovery key needs {needed}")
    for subset in complete:
        try:
            seed = suite.decrypt(subset.blob, _key(subset.members, secret), _place(subset.members, clinic))
        except suite.OpenError:
            continue  # with shares to spare, one that is of another printing spoils only the sets it is in
        return PrivateKey(seed=seed)
    raise WrongSecretError("these shares do not belong together, or belong to another recovery key")


def _collected(shares: Sequence[str]) -> dict[int, bytes]:
    secret: dict[int, bytes] = {}
    for place, text in enumerate(shares, start=1):
        number, share = _read(text, place)
        if not suite.equal(secret.setdefault(number, share), share):
            raise WrongSecretError(f"share number {number} was given twice, with different letters")
    return secret


def _written(number: int, share: bytes) -> str:
    body = int.from_bytes(share + _check(number, share), "big")
    return f"{number}-{printed.grouped(printed.letters(body, _LETTERS), _GROUP)}"


def _read(text: str, place: int) -> tuple[int, bytes]:
    """A printed share as its number and its 256 bits; `place` is which of the given shares it was."""
    if (found := re.match(r"\s*([1-9])[\s:.\-–—]+(.+)", text, re.ASCII | re.DOTALL)) is None:
        raise WrongSecretError(f"the share given as no. {place} does not begin with its number and a hyphen")
    number = int(found[1])
    try:
        body = printed.number(printed.cleaned(found[2], _LETTERS)).to_bytes(_SHARE_BYTES + _CHECK_BYTES, "big")
    except WrongSecretError as error:
        raise WrongSecretError(f"share number {number} cannot be read: {error}") from None
    share, check = body[:_SHARE_BYTES], body[_SHARE_BYTES:]
    if not suite.equal(check, _check(number, share)):
        raise WrongSecretError(f"share number {number} was mistyped: its letters do not fit together")
    return number, share


def _check(number: int, share: bytes) -> bytes:
    return suite.digest(bind("recovery share check", number, share))[:_CHECK_BYTES]


def _sealed(private: PrivateKey, members: tuple[int, ...], secret: Mapping[int, bytes], clinic: UUID) -> SealedSubset:
    blob = suite.encrypt(private.seed, _key(members, secret), _place(members, clinic))
    return SealedSubset(members=members, blob=blob)


def _key(members: Sequence[int], secret: Mapping[int, bytes]) -> bytes:
    together = b"".join(secret[number] for number in sorted(members))
    return suite.hkdf(together, bind("recovery shares"))


def _place(members: Sequence[int], clinic: UUID) -> bytes:
    return bind("recovery key", clinic, bytes(sorted(members)))
