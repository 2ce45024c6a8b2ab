"""Signing in at the terminal, for what only a colleague may do: name, password and the code of the second factor.

The same rules as at the pages: who guesses waits, a code counts once, all that is wrong looks alike (IDN-05, IDN-09).
"""

import asyncio
import tomllib
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from keys import totp
from keys.accounts import burn, unlock
from keys.suite import PrivateKey, WrongSecretError
from messaging_server.broker.directory import login_fingerprint
from messaging_server.cli.standing import Standing, refuse
from messaging_server.clock import utc_now
from messaging_server.record.reading import Reader
from messaging_server.storage import accounts, clinics
from messaging_server.storage.accounts import STAFF, AccountRole, AccountRow, AccountState
from messaging_server.storage.database import Connection
from messaging_server.web.guessing import audit_row
from messaging_server.web.limits import wait_after
from messaging_server.web.second_factor import accept_step, open_seed

Answers = Annotated[
    Path | None, typer.Option("--answers", help="TOML file with login, password and code, or shares; else asked for.")
]
REFUSED = "This sign-in was refused. Staff with a second factor can sign in here; after wrong tries, wait."


def read_answers(path: Path | None) -> dict[str, Any]:
    """The answers of a file; nothing where there is none, and everything is asked for."""
    if path is None:
        return {}
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise refuse(f"{path} cannot be read: {error}", 2) from error


def ask(given: dict[str, Any], name: str, question: str, *, secret: bool = True) -> str:
    """An answer of the file, else of the person at the terminal; a secret is not shown while it is typed."""
    if name in given:
        return str(given[name])
    return str(typer.prompt(question, hide_input=secret, err=True))


async def sign_in(here: Standing, answers: Path | None) -> Reader:
    """A colleague of the clinic, signed in for this command. Ends the command where anything is wrong."""
    given = read_answers(answers)
    login, password = ask(given, "login", "Sign-in name", secret=False), ask(given, "password", "Password")
    code, now = ask(given, "code", "Code of the second factor", secret=False), utc_now()
    name = login_fingerprint(here.means.keys, here.clinic.id, login)
    account = await here.means.database.read(lambda c: accounts.account_by_login(c, here.clinic.id, name))
    if account is not None and account.retry_at is not None and account.retry_at > now:
        raise refuse(REFUSED)
    private = await asyncio.to_thread(_unlock, here, account, password)
    if account is None or private is None or not await _second_factor(here, account, code, now):
        await here.means.database.write(lambda c: _note_failure(c, here, account, now))
        raise refuse(REFUSED)
    await here.means.database.write(lambda c: _note_entry(c, here, account, now))
    return Reader(
        clinic=here.clinic.id, account=account.id, person=account.person_id, role=AccountRole(account.role),
        private=private,
    )  # fmt: skip


def _unlock(here: Standing, account: AccountRow | None, password: str) -> PrivateKey | None:
    """The account's key, or None; one Argon2id whether the name exists or not."""
    if account is None:
        burn(here.means.keys.pepper)
        return None
    try:
        return unlock(password, here.means.keys.pepper, account.keys, account.id, here.clinic.id)
    except WrongSecretError:
        return None


async def _second_factor(here: Standing, account: AccountRow, code: str, now: datetime) -> bool:
    seed = open_seed(here.means.keys, account)
    allowed = account.state == AccountState.ACTIVE and AccountRole(account.role) in STAFF
    step = totp.verify(seed, code, now, account.totp_step) if seed and allowed else None
    return step is not None and await here.means.database.write(lambda c: accept_step(c, account, step))


def _note_failure(connection: Connection, here: Standing, account: AccountRow | None, now: datetime) -> None:
    known = account.id if account else None
    clinics.note_audit(connection, audit_row(here.clinic.id, known, "sign_in_terminal", "failed", now))
    fresh = accounts.account(connection, here.clinic.id, account.id) if account else None
    if fresh is not None:
        failures = fresh.failures + 1
        accounts.change_account(connection, fresh.id, failures=failures, retry_at=now + wait_after(failures))


def _note_entry(connection: Connection, here: Standing, account: AccountRow, now: datetime) -> None:
    accounts.change_account(connection, account.id, failures=0, retry_at=None, last_sign_in_at=now)
    clinics.note_audit(connection, audit_row(here.clinic.id, account.id, "sign_in_terminal", "done", now))
