"""Accounts: a key pair that a password or a recovery code unlocks, and that nobody else can (DESIGN 5, IDN-07, IDN-08).

One Argon2id over HMAC(pepper, password) feeds two keys that say nothing of one another: the login verifier, which is
stored, and the unlocking key, which never is. The pepper lies in the key file: the database alone cannot test a guess.
"""

import unicodedata
from dataclasses import dataclass, field, replace
from typing import Final
from uuid import UUID

from keys import codes, suite
from keys.binding import bind
from keys.envelope import Context
from keys.suite import PASSWORD_COST, Cost, OpenError, PrivateKey, PublicKey, WrongSecretError

_NOBODY: Final = UUID(int=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountKeys:
    """What is stored of an account's keys: nothing here opens anything without the password or the recovery code."""

    public: PublicKey
    cost: Cost
    salt: bytes
    verifier: bytes = field(repr=False)
    by_password: bytes = field(repr=False)
    by_recovery: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAccount:
    """An account just made; the recovery code is shown once and kept nowhere."""

    keys: AccountKeys
    private: PrivateKey = field(repr=False)
    recovery_code: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Owner:
    """Whose password it is, and the pepper it is mixed with."""

    pepper: bytes = field(repr=False)
    account: UUID
    clinic: UUID

    def place(self) -> bytes:
        return bind("account key by password", self.clinic, self.account)

    def recovery_context(self) -> Context:
        return Context(clinic=self.clinic, subject=self.account, field="account key by recovery code")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stretched:
    verifier: bytes = field(repr=False)
    unlocking: bytes = field(repr=False)


def create(password: str, pepper: bytes, account: UUID, clinic: UUID, cost: Cost = PASSWORD_COST) -> NewAccount:
    """A fresh key pair under a password, with a recovery code beside it. Two Argon2ids."""
    private, salt, code = suite.new_private_key(), suite.new_salt(), codes.new_code()
    owner = _Owner(pepper=pepper, account=account, clinic=clinic)
    stretched = _stretch(password, owner, salt, cost)
    keys = AccountKeys(
        public=private.public(),
        cost=cost,
        salt=salt,
        verifier=stretched.verifier,
        by_password=_lock(private, stretched, owner),
        by_recovery=_by_recovery(private, code, owner, cost),
    )
    return NewAccount(keys=keys, private=private, recovery_code=code)


def unlock(password: str, pepper: bytes, keys: AccountKeys, account: UUID, clinic: UUID) -> PrivateKey:
    """The account's private key. Passwords are compared as NFKC, so that é typed two ways is one é. One Argon2id.

    Raises WrongSecretError for a wrong password; OpenError when the password is right and the stored key is damaged.
    """
    owner = _Owner(pepper=pepper, account=account, clinic=clinic)
    stretched = _stretch(password, owner, keys.salt, keys.cost)
    if not suite.equal(stretched.verifier, keys.verifier):
        raise WrongSecretError("this is not the password of this account")
    seed = suite.decrypt(keys.by_password, stretched.unlocking, owner.place())
    return _matching(PrivateKey(seed=seed), keys)


def unlock_with_recovery(code: str, pepper: bytes, keys: AccountKeys, account: UUID, clinic: UUID) -> PrivateKey:
    """The account's private key, by its recovery code. Raises WrongSecretError or OpenError as `unlock` does."""
    owner = _Owner(pepper=pepper, account=account, clinic=clinic)
    sealed = codes.CodeSealed.load(keys.by_recovery)
    seed = codes.open_under_code(sealed, code, pepper, owner.recovery_context())
    return _matching(PrivateKey(seed=seed), keys)


def change_password(
    private: PrivateKey,
    password: str,
    pepper: bytes,
    keys: AccountKeys,
    account: UUID,
    clinic: UUID,
    cost: Cost = PASSWORD_COST,
) -> AccountKeys:
    """The same key under a new password and a new salt; the recovery code stays valid.

    Raises OpenError when the private key is not this account's.
    """
    salt, owner = suite.new_salt(), _Owner(pepper=pepper, account=account, clinic=clinic)
    stretched = _stretch(password, owner, salt, cost)
    return replace(
        keys,
        cost=cost,
        salt=salt,
        verifier=stretched.verifier,
        by_password=_lock(_matching(private, keys), stretched, owner),
    )


def new_recovery_code(
    private: PrivateKey, pepper: bytes, keys: AccountKeys, account: UUID, clinic: UUID
) -> tuple[AccountKeys, str]:
    """The same key under a new recovery code, shown once; the old code opens nothing more.

    Raises OpenError when the private key is not this account's.
    """
    code, owner = codes.new_code(), _Owner(pepper=pepper, account=account, clinic=clinic)
    sealed = _by_recovery(_matching(private, keys), code, owner, keys.cost)
    return replace(keys, by_recovery=sealed), code


def needs_rehash(keys: AccountKeys, cost: Cost) -> bool:
    """Whether the password was stretched at another cost than the one in force; the next sign-in can renew it."""
    return keys.cost != cost


def burn(pepper: bytes, cost: Cost = PASSWORD_COST) -> None:
    """The work of a failed `unlock`, for a user who does not exist, so that both take as long (IDN-09)."""
    _stretch("", _Owner(pepper=pepper, account=_NOBODY, clinic=_NOBODY), suite.new_salt(), cost)


def _stretch(password: str, owner: _Owner, salt: bytes, cost: Cost) -> _Stretched:
    normal = unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")
    root = suite.argon2id(suite.hmac_sha256(owner.pepper, bind("password", normal)), salt, cost)
    return _Stretched(
        verifier=suite.hkdf(root, bind("login verifier", owner.clinic, owner.account)),
        unlocking=suite.hkdf(root, bind("unlocking key", owner.clinic, owner.account)),
    )


def _lock(private: PrivateKey, stretched: _Stretched, owner: _Owner) -> bytes:
    return suite.encrypt(private.seed, stretched.unlocking, owner.place())


def _by_recovery(private: PrivateKey, code: str, owner: _Owner, cost: Cost) -> bytes:
    return codes.seal_under_code(private.seed, code, owner.pepper, owner.recovery_context(), cost).dump()


def _matching(private: PrivateKey, keys: AccountKeys) -> PrivateKey:
    # A public key that was swapped in the database would silently divert what others seal to this person.
    if not suite.equal(private.public().raw, keys.public.raw):
        raise OpenError("the account's public key does not belong to its private key")
    return private
