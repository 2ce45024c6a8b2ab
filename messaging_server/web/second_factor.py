"""The second factor as the pages use it: the seed under the directory key, its picture, its check (IDN-05, IDN-08)."""

import base64
from dataclasses import replace
from io import BytesIO
from typing import Final
from uuid import UUID

import segno

from keys import totp
from keys.server import ServerKeys, open_directory, seal_directory
from keys.suite import OpenError
from messaging_server.storage import accounts
from messaging_server.storage.accounts import AccountRow
from messaging_server.storage.database import Connection
from messaging_server.web.guessing import audit
from messaging_server.web.posted import Fields
from messaging_server.web.views.frame import ErrorCode
from messaging_server.web.visit import Visit

FIELD: Final = "totp"
LONGEST_PENDING: Final = 600
"""Characters of a sealed seed in a form."""


def seal_seed(keys: ServerKeys, clinic: UUID, account: UUID, seed: bytes) -> bytes:
    """A seed as the account keeps it: the server must read it to compare a code, a reset must not lose it."""
    return seal_directory(keys, seed.hex(), clinic, account, FIELD)


def open_seed(keys: ServerKeys, account: AccountRow) -> bytes | None:
    """The seed of an account; None when it has no second factor."""
    if account.sealed_totp is None:
        return None
    return bytes.fromhex(open_directory(keys, account.sealed_totp, account.clinic_id, account.id, FIELD))


def seal_pending(here: Visit, account: UUID, seed: bytes) -> str:
    """A seed that is on a page and not in force yet: it comes back in the form, readable for this session only."""
    return seal_directory(here.means.keys, seed.hex(), here.clinic.id, account, f"{FIELD} pending {here.csrf}").hex()


def open_pending(here: Visit, account: UUID, text: str) -> bytes | None:
    """The seed of the page that this form was on; None when it is not one of ours."""
    try:
        blob = bytes.fromhex(text)
        return bytes.fromhex(
            open_directory(here.means.keys, blob, here.clinic.id, account, f"{FIELD} pending {here.csrf}")
        )
    except (ValueError, OpenError):
        return None


def letters(seed: bytes) -> str:
    """The seed to type by hand: base32 in groups of four."""
    plain = base64.b32encode(seed).decode().rstrip("=")
    return " ".join(plain[at : at + 4] for at in range(0, len(plain), 4))


def picture(seed: bytes, login: str, issuer: str) -> str:
    """The seed as a QR code: an SVG document in base64, dark on white whatever the colours of the page."""
    drawn = BytesIO()
    code = segno.make(totp.uri(seed, login, issuer), error="m", micro=False)
    code.save(drawn, kind="svg", scale=4, border=4, light="white", xmldecl=False)
    return base64.b64encode(drawn.getvalue()).decode()


def accept_step(connection: Connection, account: AccountRow, step: int) -> bool:
    """Note that a code was used; False when it, or a later one, was used meanwhile (RFC 6238, section 5.2)."""
    now = accounts.account(connection, account.clinic_id, account.id)
    if now is None or (now.totp_step is not None and now.totp_step >= step):
        return False
    accounts.change_account(connection, account.id, totp_step=step)
    return True


async def take(here: Visit, account: AccountRow, seed: bytes, form: Fields) -> AccountRow | None:
    """Take a seed into use if the form's code is of it; the account as it is then, or None and the form's errors."""
    code = form.text("code", 20, required=True)
    step = None if form.errors else totp.verify(seed, code, here.now, None)
    if step is None:
        form.wrong("code", ErrorCode.CODE_WRONG)
        return None
    sealed = seal_seed(here.means.keys, here.clinic.id, account.id, seed)

    def unit(connection: Connection) -> None:
        accounts.change_account(connection, account.id, sealed_totp=sealed, totp_step=step)
        audit(connection, here, account.id, "second_factor", "set")

    await here.means.database.write(unit)
    return replace(account, sealed_totp=sealed, totp_step=step)
