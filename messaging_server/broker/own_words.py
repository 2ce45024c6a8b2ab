"""The words that a patient holds to be sensitive: kept sealed under the record's key, and looked for (SEN-09).

Only somebody signed in whose keys reach the record can look for them; the list itself is its owner's alone. The ledger
says that it grew or shrank, and not by what.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from keys.envelope import HolderKey
from messaging_server.broker import rotation
from messaging_server.broker.clinic import Clinic, Means
from messaging_server.broker.sealing import Audience, audience
from messaging_server.errors import ConflictError, InvalidError, NotFoundError
from messaging_server.message import new_id
from messaging_server.record import ledger, reading
from messaging_server.record.content import words_bytes
from messaging_server.record.entry import EntryKind, Fact
from messaging_server.record.reading import Reader
from messaging_server.storage import keyring, own_words, records
from messaging_server.storage.database import Connection
from messaging_server.storage.own_words import OwnWordsRow
from messaging_server.storage.records import RecordRow
from triage.own_words import same, says_something

MOST: Final = 20
"""Phrases of one patient: a list that its owner still knows by heart."""
SHORTEST: Final = 2
LONGEST: Final = 60


async def own(means: Means, clinic: Clinic, who: Reader) -> Mapping[UUID, str]:
    """The patient's own phrases, oldest first, by the id that takes one away."""
    record = await means.database.read(lambda c: _record(c, clinic, who))
    return await reading.open_own_words(means.database, who, record.id) if record.own_words else {}


async def of_record(means: Means, who: Reader, record: RecordRow) -> tuple[str, ...] | None:
    """The phrases to look for in what concerns a record; None where there are some and no key of this reader's."""
    if not record.own_words:
        return ()
    found = await reading.open_own_words(means.database, who, record.id)
    return tuple(found.values()) or None


async def add(means: Means, clinic: Clinic, who: Reader, phrase: str, now: datetime) -> None:
    """Keep one more phrase. Raises InvalidError("phrase", …), ConflictError where a key was rotated meanwhile."""
    text = " ".join(phrase.split())
    _refuse(text, await own(means, clinic, who))
    record = await means.database.read(lambda c: _record(c, clinic, who))
    await rotation.rotate_if_due(means, clinic, record.id, now)
    holder = await means.database.read(lambda c: _holder(c, record))
    readers = audience(clinic.id, [holder], now)
    row = _sealed(readers, record, text, now)

    def unit(connection: Connection) -> None:
        if len(own_words.of_record(connection, record.id)) >= MOST:
            raise InvalidError("phrase", "too_many")
        if not keyring.unchanged(connection, readers.holders):
            raise ConflictError("changed")
        own_words.add(connection, row)
        keyring.add_wraps(connection, clinic.id, readers.wraps)
        ledger.append(connection, clinic.id, record.id, [_fact(who, "added", now)], now)

    await means.database.write(unit)


async def remove(means: Means, clinic: Clinic, who: Reader, phrase: UUID, now: datetime) -> None:
    """Forget one of one's own phrases; one that is gone already is gone. Marks that were set stay."""

    def unit(connection: Connection) -> None:
        record = _record(connection, clinic, who)
        row = next((one for one in own_words.of_record(connection, record.id) if one.id == phrase), None)
        if row is not None and own_words.remove(connection, row):
            ledger.append(connection, clinic.id, record.id, [_fact(who, "removed", now)], now)

    await means.database.write(unit)


def _refuse(text: str, known: Mapping[UUID, str]) -> None:
    found = _fault(text, tuple(known.values()))
    if found is not None:
        raise InvalidError("phrase", found)


def _fault(text: str, known: Sequence[str]) -> str | None:
    """What keeps a phrase from the list, by code."""
    if not text:
        return "required"
    if len(text) > LONGEST:
        return "too_long"
    if len(text) < SHORTEST:
        return "too_short"
    if not says_something(text):
        return "no_word"
    if any(same(text, one) for one in known):
        return "repeated"
    return "too_many" if len(known) >= MOST else None


def _record(connection: Connection, clinic: Clinic, who: Reader) -> RecordRow:
    found = records.record_of_person(connection, clinic.id, who.person) if who.is_patient else None
    if found is None:
        raise NotFoundError("no list of words")
    return found


def _holder(connection: Connection, record: RecordRow) -> HolderKey:
    return keyring.holders(connection, {record.shared_key_id})[record.shared_key_id]


def _sealed(readers: Audience, record: RecordRow, text: str, now: datetime) -> OwnWordsRow:
    row = new_id(now)
    return OwnWordsRow(
        id=row, clinic_id=record.clinic_id, record_id=record.id,
        content=readers.seal(row, reading.WORDS, words_bytes(text)).sealed, content_key_id=readers.key.id,
        created_at=now,
    )  # fmt: skip


def _fact(who: Reader, act: str, now: datetime) -> Fact:
    return Fact(kind=EntryKind.OWN_WORDS, at=now, parties={"account": who.account}, details={"act": act})
