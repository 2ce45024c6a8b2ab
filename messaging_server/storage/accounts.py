"""Accounts, signed-in sessions and activation codes: what signing in needs, and nothing that opens a message."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Connection, select

from keys.accounts import AccountKeys
from keys.suite import Cost, PublicKey
from messaging_server.storage import tables
from messaging_server.storage.rows import as_rows, insert


class AccountRole(StrEnum):
    """What an account may do (IDN-22); an operator reads nothing."""

    PATIENT = "patient"
    RECEPTION = "reception"
    NURSE = "nurse"
    OTHER_PROFESSIONAL = "other_professional"
    PHYSICIAN = "physician"
    ADMINISTRATOR = "administrator"


STAFF = frozenset(AccountRole) - {AccountRole.PATIENT}


class AccountState(StrEnum):
    """Where an account stands; only an active one signs in."""

    ACTIVE = "active"
    WAITING = "waiting"
    """Made by a colleague who is not admitted to a team yet: signs in, reads nothing."""
    BLOCKED = "blocked"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRow:
    """One account: its public key, and its private key as the password and the recovery code each seal it."""

    id: UUID
    clinic_id: UUID
    person_id: UUID
    role: AccountRole
    login_fp: bytes = field(repr=False)
    state: AccountState
    public_key: bytes = field(repr=False)
    salt: bytes = field(repr=False)
    cost_operations: int
    cost_memory: int
    verifier: bytes = field(repr=False)
    by_password: bytes = field(repr=False)
    by_recovery: bytes = field(repr=False)
    sealed_totp: bytes | None = field(default=None, repr=False)
    totp_step: int | None = None
    failures: int = 0
    retry_at: datetime | None = None
    last_sign_in_at: datetime | None = None
    created_at: datetime

    @property
    def keys(self) -> AccountKeys:
        """The keys as the package `keys` wants them."""
        return AccountKeys(
            public=PublicKey(raw=self.public_key),
            cost=Cost(operations=self.cost_operations, memory=self.cost_memory),
            salt=self.salt, verifier=self.verifier, by_password=self.by_password, by_recovery=self.by_recovery,
        )  # fmt: skip


class SessionState(StrEnum):
    """How far a sign-in has come."""

    SECOND_FACTOR = "second_factor"
    """The password was right; the code of the second factor is still asked for."""
    SIGNED_IN = "signed_in"
    ENROLLING = "enrolling"
    """First sign-in: the steps after the password are not finished."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRow:
    """A live session; `sealed_key` opens only with the cookie's token, which is not kept here."""

    token_fp: bytes = field(repr=False)
    clinic_id: UUID
    account_id: UUID
    state: SessionState
    sealed_key: bytes = field(repr=False)
    language: str
    created_at: datetime
    seen_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivationRow:
    """A one-time code's trace: its fingerprint, and what it unlocks (nothing for a colleague)."""

    id: UUID
    clinic_id: UUID
    person_id: UUID
    role: AccountRole
    code_fp: bytes = field(repr=False)
    sealed_keys: bytes | None = field(default=None, repr=False)
    tries: int = 0
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None = None


def add_account(connection: Connection, row: AccountRow) -> None:
    """Add an account."""
    insert(connection, tables.accounts, row)


def change_account(connection: Connection, account_id: UUID, **values: object) -> None:
    """Change an account's state, keys, second factor or guessing counters."""
    plain = {name: value.value if isinstance(value, StrEnum) else value for name, value in values.items()}
    connection.execute(tables.accounts.update().where(tables.accounts.c.id == account_id).values(**plain))


def account(connection: Connection, clinic: UUID, account_id: UUID) -> AccountRow | None:
    """One account of this clinic, or None."""
    c = tables.accounts.c
    found = connection.execute(select(tables.accounts).where(c.clinic_id == clinic, c.id == account_id)).all()
    return next(iter(as_rows(AccountRow, found)), None)


def account_by_login(connection: Connection, clinic: UUID, login_fp: bytes) -> AccountRow | None:
    """The account with this sign-in name, by its fingerprint."""
    c = tables.accounts.c
    found = connection.execute(select(tables.accounts).where(c.clinic_id == clinic, c.login_fp == login_fp)).all()
    return next(iter(as_rows(AccountRow, found)), None)


def accounts_of(connection: Connection, person: UUID) -> tuple[AccountRow, ...]:
    """The accounts of a person: one in practice."""
    found = connection.execute(select(tables.accounts).where(tables.accounts.c.person_id == person)).all()
    return as_rows(AccountRow, found)


def staff_accounts(connection: Connection, clinic: UUID) -> tuple[AccountRow, ...]:
    """Every staff account of a clinic."""
    c = tables.accounts.c
    query = select(tables.accounts).where(c.clinic_id == clinic, c.role != AccountRole.PATIENT.value)
    return as_rows(AccountRow, connection.execute(query.order_by(c.created_at)).all())


def add_session(connection: Connection, row: SessionRow) -> None:
    """Begin a session."""
    insert(connection, tables.web_sessions, row)


def session(connection: Connection, token_fp: bytes) -> SessionRow | None:
    """The session of a cookie, or None."""
    found = connection.execute(select(tables.web_sessions).where(tables.web_sessions.c.token_fp == token_fp)).all()
    return next(iter(as_rows(SessionRow, found)), None)


def change_session(connection: Connection, token_fp: bytes, **values: object) -> None:
    """Change a session: seen again, one step further, another language."""
    c = tables.web_sessions.c
    plain = {name: value.value if isinstance(value, StrEnum) else value for name, value in values.items()}
    connection.execute(tables.web_sessions.update().where(c.token_fp == token_fp).values(**plain))


def end_session(connection: Connection, token_fp: bytes) -> None:
    """End one session."""
    connection.execute(tables.web_sessions.delete().where(tables.web_sessions.c.token_fp == token_fp))


def end_sessions(connection: Connection, account_id: UUID) -> None:
    """End every session of an account."""
    connection.execute(tables.web_sessions.delete().where(tables.web_sessions.c.account_id == account_id))


def end_expired(connection: Connection, now: datetime, idle_before: datetime) -> None:
    """Let go of sessions past their time."""
    c = tables.web_sessions.c
    connection.execute(tables.web_sessions.delete().where((c.expires_at <= now) | (c.seen_at <= idle_before)))


def sessions_of(connection: Connection, account_id: UUID) -> tuple[SessionRow, ...]:
    """The live sessions of an account, newest first."""
    c = tables.web_sessions.c
    query = select(tables.web_sessions).where(c.account_id == account_id).order_by(c.created_at.desc())
    return as_rows(SessionRow, connection.execute(query).all())


def add_activation(connection: Connection, row: ActivationRow) -> None:
    """Add a code; the person's earlier unused codes end."""
    c = tables.activations.c
    connection.execute(tables.activations.delete().where(c.person_id == row.person_id, c.used_at.is_(None)))
    insert(connection, tables.activations, row)


def activation(connection: Connection, clinic: UUID, code_fp: bytes) -> ActivationRow | None:
    """The trace of a code, or None."""
    c = tables.activations.c
    found = connection.execute(select(tables.activations).where(c.clinic_id == clinic, c.code_fp == code_fp)).all()
    return next(iter(as_rows(ActivationRow, found)), None)


def use_activation(connection: Connection, activation_id: UUID, now: datetime) -> bool:
    """Use a code up: its wrap goes, and a second use finds nothing; False when it was used already."""
    c = tables.activations.c
    done = connection.execute(
        tables.activations.update().where(c.id == activation_id, c.used_at.is_(None))
        .values(used_at=now, sealed_keys=None)
    )  # fmt: skip
    return done.rowcount == 1


def code_with_keys_waits(connection: Connection, person: UUID, now: datetime) -> bool:
    """Whether a code that carries keys was given to this person and can still be used."""
    c = tables.activations.c
    waiting = (c.person_id == person, c.used_at.is_(None), c.sealed_keys.is_not(None), c.expires_at > now)
    return connection.execute(select(c.id).where(*waiting).limit(1)).first() is not None


def end_codes_with_keys(connection: Connection, clinic: UUID, roles: Collection[str]) -> None:
    """End the unused codes of these roles that carry keys, for those keys are about to be replaced."""
    c = tables.activations.c
    which = (c.clinic_id == clinic, c.role.in_(sorted(roles)), c.used_at.is_(None), c.sealed_keys.is_not(None))
    connection.execute(tables.activations.delete().where(*which))


def end_codes(connection: Connection, person: UUID) -> None:
    """End the unused codes of a person."""
    c = tables.activations.c
    connection.execute(tables.activations.delete().where(c.person_id == person, c.used_at.is_(None)))


def count_try(connection: Connection, activation_id: UUID) -> None:
    """Count a wrong second identifier given with a code."""
    c = tables.activations.c
    connection.execute(tables.activations.update().where(c.id == activation_id).values(tries=c.tries + 1))
