"""What signing in asks of the database: who it is, whether they were asked for their consent, and under which text."""

from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import Connection, exists, select

from consent.model import Act, ConsentEvent
from messaging_server.storage import accounts, consents, people, tables
from messaging_server.storage.accounts import AccountRow
from messaging_server.storage.consents import ConsentTextRow
from messaging_server.storage.people import AddressRow, PersonRow

ANSWERS = (Act.ACCEPTED.value, Act.REFUSED.value, Act.WITHDRAWN.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entrant:
    """Somebody at the door."""

    person: PersonRow = field(repr=False)
    unasked: bool
    """The clinic has published a consent text, and this person has answered none yet."""


def account_by_login(connection: Connection, clinic: UUID, login_fp: bytes) -> AccountRow | None:
    """The account with this sign-in name, by its fingerprint."""
    return accounts.account_by_login(connection, clinic, login_fp)


def entrant(connection: Connection, clinic: UUID, person_id: UUID) -> Entrant | None:
    """Who an account belongs to, and whether their consent was never asked for (CON-03)."""
    person = people.person(connection, clinic, person_id)
    if person is None:
        return None
    c = tables.consents.c
    answered = connection.execute(select(exists().where(c.person_id == person_id, c.act.in_(ANSWERS)))).scalar_one()
    published = consents.current_text(connection, clinic) is not None
    return Entrant(person=person, unasked=published and not answered)


def had_account(connection: Connection, account: AccountRow) -> bool:
    """Whether this person had another account before: a forgotten password, and not a first sign-in."""
    return any(other.id != account.id for other in accounts.accounts_of(connection, account.person_id))


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentGround:
    """What the pages of consent are made of."""

    person: PersonRow = field(repr=False)
    text: ConsentTextRow | None
    addresses: tuple[AddressRow, ...] = field(repr=False)
    acts: tuple[ConsentEvent, ...]


def consent_ground(connection: Connection, clinic: UUID, person_id: UUID) -> ConsentGround | None:
    """The text in force, the addresses and the register of one person."""
    person = people.person(connection, clinic, person_id)
    if person is None:
        return None
    return ConsentGround(
        person=person, text=consents.current_text(connection, clinic),
        addresses=people.addresses_of(connection, person_id), acts=consents.consents_of(connection, person_id),
    )  # fmt: skip


def text_version(connection: Connection, clinic: UUID, version: int) -> ConsentTextRow | None:
    """One published consent text."""
    return consents.text_version(connection, clinic, version)
