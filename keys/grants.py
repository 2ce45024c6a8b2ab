"""Shared keys and grants: a key pair that several hold. The grant is the membership (DESIGN 5)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from keys import suite
from keys.binding import bind
from keys.envelope import HolderKey
from keys.suite import KeysError, PrivateKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """The private half of a shared key, sealed to one holder's public key."""

    key: UUID
    version: int
    holder: UUID
    holder_version: int
    blob: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSharedKey:
    """A shared key just made: its public side, its private half (for this write only), and everyone's grant."""

    holder: HolderKey
    private: PrivateKey = field(repr=False)
    grants: tuple[Grant, ...]


def grant(private: PrivateKey, key: UUID, version: int, holder: HolderKey, clinic: UUID) -> Grant:
    """Admit a holder: seal the shared key's private half to their public key."""
    blob = suite.wrap(private.seed, holder.public, _info(clinic, key, version, holder.id, holder.version))
    return Grant(key=key, version=version, holder=holder.id, holder_version=holder.version, blob=blob)


def accept(grant: Grant, holder: PrivateKey, clinic: UUID) -> PrivateKey:
    """The shared key's private half, for its holder.

    A seal to a public key does not say who made it: whoever reads a grant back from the database compares
    `.public()` with the public key in the ledger. Raises OpenError for another holder, version, key or clinic.
    """
    info = _info(clinic, grant.key, grant.version, grant.holder, grant.holder_version)
    return PrivateKey(seed=suite.unwrap(grant.blob, holder, info))


def new_shared_key(
    id: UUID,  # noqa: A002  # the noun's own field
    version: int,
    holders: Sequence[HolderKey],
    clinic: UUID,
) -> NewSharedKey:
    """A fresh pair granted to all its holders; needs nobody signed in, because it uses only their public keys.

    Rotation is the same call with the next version and those who remain (SEC-03). Raises KeysError without a
    holder: the last holder cannot be removed, or what the key seals would be lost.
    """
    if not holders:
        raise KeysError("a shared key needs at least one holder: the last one cannot be removed")
    private = suite.new_private_key()
    return NewSharedKey(
        holder=HolderKey(id=id, version=version, public=private.public()),
        private=private,
        grants=tuple(grant(private, id, version, holder, clinic) for holder in holders),
    )


def _info(clinic: UUID, key: UUID, version: int, holder: UUID, holder_version: int) -> bytes:
    return bind("grant", clinic, key, version, holder, holder_version)
