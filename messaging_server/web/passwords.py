"""A new password, chosen twice: what is wrong with it, in the words of the form (IDN-07)."""

import asyncio
from collections.abc import Sequence
from typing import Final

from aiohttp import web

from keys.accounts import unlock
from keys.passwords import STAFF_MINIMUM, problem
from keys.suite import PrivateKey
from messaging_server.broker.directory import open_name, open_profile
from messaging_server.storage.accounts import AccountRole, AccountRow
from messaging_server.storage.people import PersonRow
from messaging_server.web.guessing import prove_again
from messaging_server.web.posted import Fields
from messaging_server.web.views.frame import ErrorCode
from messaging_server.web.visit import Visit

PATIENT_MINIMUM: Final = 8
_CODES: Final = {
    "too_short": ErrorCode.PASSWORD_SHORT,
    "too_long": ErrorCode.TOO_LONG,
    "too_common": ErrorCode.PASSWORD_COMMON,
}


def minimum(role: str) -> int:
    """The least number of characters: staff open many records with one password."""
    return PATIENT_MINIMUM if role == AccountRole.PATIENT else STAFF_MINIMUM


def words_of(here: Visit, person: PersonRow) -> Sequence[str]:
    """What an acquaintance would try first: name, sign-in name, birth date, the clinic's name."""
    name, profile = open_name(here.means.keys, person), open_profile(here.means.keys, person)
    own = (name.first, name.last, name.full, profile.login, profile.birth_date, *here.clinic.policy.names.values())
    return [word for word in own if word]


async def chosen(form: Fields, least: int, words: Sequence[str]) -> str:
    """The new password of a form; whatever is wrong with it is noted in `form.errors`."""
    password, again = form.secret("password"), form.secret("again")
    if form.errors:
        return password
    wrong = await asyncio.to_thread(problem, password, minimum=least, words=words)
    if wrong is not None:
        form.wrong("password", _CODES[wrong])
    elif password != again:
        form.wrong("again", ErrorCode.PASSWORD_DIFFERENT)
    return password


async def check_current(request: web.Request, here: Visit, account: AccountRow, form: Fields) -> None:
    """The present password again: a browser left open shall not be enough for the gravest acts (IDN-11, SEC-15)."""
    current = form.secret("current")
    if form.errors:
        return

    def opening(row: AccountRow) -> PrivateKey:
        return unlock(current, here.means.keys.pepper, row.keys, row.id, here.clinic.id)

    wrong = await prove_again(request, here, account, "password", opening)
    if wrong is not None:
        form.wrong("current", wrong)
