"""Proving that an address is its owner's: a six-digit code goes there, and comes back typed (DIR-03, SMS-21).

The code is asked for and typed in by the signed-in patient, or by staff with the patient before them.
"""

import secrets
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from consent.model import Channel
from keys.envelope import HolderKey
from keys.server import fingerprint
from keys.suite import equal
from messaging_server.broker import saying
from messaging_server.broker.clinic import Clinic, Means, language_of
from messaging_server.broker.filing import Filing, write
from messaging_server.broker.notices import Notice
from messaging_server.broker.sealing import Audience, all_holders, audience
from messaging_server.errors import InvalidError, NotAllowedError, NotFoundError
from messaging_server.message import new_id
from messaging_server.record import ledger
from messaging_server.record.entry import EntryKind, Fact
from messaging_server.record.reading import Reader
from messaging_server.storage import keyring, people, records, threads
from messaging_server.storage.database import Connection
from messaging_server.storage.people import AddressRow
from messaging_server.texts import Language

LIFE = timedelta(hours=24)
TRIES = 5
SEND_AGAIN = timedelta(minutes=10)
"""How long one waits for a code before another one may leave."""
HIDDEN = "······"
"""What the record keeps in the code's place: who reads the record must not be able to answer for the mailbox."""


def _load(
    connection: Connection, clinic: Clinic, who: Reader, address_id: UUID
) -> tuple[AddressRow, people.PersonRow, records.RecordRow, dict[UUID, HolderKey]]:
    address = people.address(connection, clinic.id, address_id)
    owner = address.person_id if address else None
    if address is None or owner is None or (who.is_patient and owner != who.person):
        raise NotFoundError(str(address_id))
    person = people.person(connection, clinic.id, owner)
    record = records.record_of_person(connection, clinic.id, owner)
    if person is None or record is None:
        raise NotFoundError(str(address_id))
    return address, person, record, keyring.holders(connection, {record.shared_key_id, record.clinic_key_id})


def waits(address: AddressRow, now: datetime) -> bool:
    """Whether a code left a moment ago, so that no second one leaves."""
    return address.check_until is not None and now < address.check_until - LIFE + SEND_AGAIN


async def send_code(means: Means, clinic: Clinic, who: Reader, address_id: UUID, now: datetime) -> None:
    """Send a code to an address; it is archived like every text, and a new one replaces the one before.

    While a fresh one is on its way nothing leaves: each would be five guesses more.
    Raises NotAllowedError("opted_out") for a number that was stopped: only its holder starts it again (SMS-14).
    """
    address, person, record, holders = await means.database.read(lambda c: _load(c, clinic, who, address_id))
    if address.state == people.AddressStatus.OPTED_OUT:
        raise NotAllowedError("opted_out")
    code = f"{secrets.randbelow(10**6):06d}"
    language = language_of(person.language, clinic)
    readers = audience(clinic.id, [holders[record.shared_key_id]], now)
    staff = audience(clinic.id, [holders[record.clinic_key_id]], now)
    thread = _thread(means, clinic, record, readers, language, now)
    place = saying.Place(record=record.id, thread=thread.id, readers=readers, staff=staff)
    facts = replace(saying.notice_facts(clinic, language, now), code=code, expires=clinic.local(now + LIFE))
    kept = replace(facts, code=HIDDEN)
    said = saying.file_notice(means, clinic, place, Notice.ADDRESS_CHECK, language, kept, now)
    sending = saying.Sending(
        notice=Notice.ADDRESS_CHECK, channel=Channel(address.channel), language=language, address=address.id,
        next_at=now,
    )  # fmt: skip
    sent = saying.queue_text(means, clinic, place, said.exchanges[0].id, sending, facts, now, kept)
    check = _check(means, clinic, address.id, code)
    filing = Filing(
        clinic=clinic.id, record=record.id, now=now, sealed_to=all_holders([readers, staff]),
        wraps=(*readers.wraps, *staff.wraps), new_thread=thread, exchanges=said.exchanges,
        deliveries=sent.deliveries, facts=(*said.facts, *sent.facts),
    )  # fmt: skip

    def unit(connection: Connection) -> None:
        if not waits(_load(connection, clinic, who, address_id)[0], now):
            write(connection, filing)
            people.change_address(connection, address.id, check_fp=check, check_until=now + LIFE, check_tries=0)

    await means.database.write(unit)
    means.wake("outbox")


def _check(means: Means, clinic: Clinic, address: UUID, code: str) -> bytes:
    return fingerprint(means.keys, clinic.id, "address-check", address.bytes + code.encode())


def _thread(
    means: Means, clinic: Clinic, record: records.RecordRow, readers: Audience, language: Language,
    now: datetime,
) -> threads.ThreadRow:  # fmt: skip
    thread = new_id(now)
    subject = means.texts.gettext(language, "address_check.subject")
    return threads.ThreadRow(
        id=thread, clinic_id=clinic.id, record_id=record.id, state="closed", category="address_check",
        subject=readers.seal_subject(thread, subject).sealed, subject_key_id=readers.key.id, created_at=now,
        last_at=now, last_by=threads.Role.SYSTEM,
    )  # fmt: skip


async def confirm(means: Means, clinic: Clinic, who: Reader, address_id: UUID, code: str, now: datetime) -> None:
    """Mark an address verified. Raises InvalidError("code", …) for a wrong or late code; few tries are given."""
    given = _check(means, clinic, address_id, code.strip())

    def unit(connection: Connection) -> bool:
        address, _, record, _ = _load(connection, clinic, who, address_id)
        fresh = address.check_until is not None and address.check_until > now and address.check_tries < TRIES
        if not (fresh and address.check_fp is not None and equal(address.check_fp, given)):
            people.change_address(connection, address_id, check_tries=address.check_tries + 1)
            return False
        people.change_address(
            connection, address_id, verified_at=now, check_fp=None, check_until=None,
            state=_proven(address), changed_at=now,
        )  # fmt: skip
        ledger.append(connection, clinic.id, record.id, [_verified(address, who, now)], now)
        return True

    if not await means.database.write(unit):
        raise InvalidError("code", "not_valid")


def _proven(address: AddressRow) -> people.AddressStatus:
    """In use again, unless its holder stopped it: a code proves whose it is, and does not undo a stop (SMS-14)."""
    stopped = address.state == people.AddressStatus.OPTED_OUT
    return people.AddressStatus.OPTED_OUT if stopped else people.AddressStatus.ACTIVE


def _verified(address: AddressRow, who: Reader, now: datetime) -> Fact:
    return Fact(
        kind=EntryKind.CONSENT, at=now, channel=address.channel, details={"act": "address_verified"},
        parties={"address": address.id, "account": who.account},
    )  # fmt: skip
