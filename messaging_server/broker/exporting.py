"""One record as open files: a readable page for each conversation, JSON for programs, the files as they came (REC-10).

Every conversation that is taken out stands in the record's ledger before its words are opened (AUD-01, AUD-04). What is
made here is in clear: where it is kept is for whoever asked for it.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from messaging_server.broker import directory
from messaging_server.broker.clinic import Clinic, Means, language_of
from messaging_server.errors import NotAllowedError, NotFoundError
from messaging_server.record.content import content_bytes, judgement_bytes
from messaging_server.record.entry import EntryKind
from messaging_server.record.opened import OpenedExchange, OpenedThread
from messaging_server.record.reading import Reader, open_blob, open_own_words, open_thread
from messaging_server.record.transcript import Transcribing, transcript
from messaging_server.storage import consents, people, records, threads
from messaging_server.storage.database import Connection
from messaging_server.storage.people import PersonRow
from messaging_server.storage.queries import inbox, whole_record
from messaging_server.storage.records import RecordRow
from messaging_server.texts import Language

RAW: Final = "raw"
_UNSAFE: Final = re.compile(r"[^\w.\- ]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """The files of an export, by their path in its folder; `missing` names what they do not hold."""

    files: Mapping[str, bytes] = field(repr=False)
    conversations: int
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ground:
    record: RecordRow
    person: PersonRow
    sizes: Mapping[UUID, int]


async def find_record(means: Means, clinic: Clinic, name: str) -> UUID:
    """The record that a patient's sign-in name or the record's own id means. Raises NotFoundError."""
    login = directory.login_fingerprint(means.keys, clinic.id, name)
    found = await means.database.read(lambda c: whole_record.record_of_login(c, clinic.id, login))
    if found is None:
        try:
            wanted = UUID(name)
        except ValueError as error:
            raise NotFoundError("record") from error
        found = await means.database.read(lambda c: records.record(c, clinic.id, wanted))
    if found is None or found.person_id is None:
        raise NotFoundError("record")
    return found.id


async def export(means: Means, clinic: Clinic, who: Reader, record: UUID, now: datetime) -> Exported:
    """Everything of a record that the reader's keys open. Raises NotAllowedError where they open nothing of it."""
    ground = await means.database.read(lambda c: _ground(c, clinic, record))
    opened: list[OpenedThread] = []
    missing: list[str] = []
    for thread, size in ground.sizes.items():
        try:
            opened.append(await open_thread(means.database, who, thread, now, EntryKind.DOWNLOADED))
        except NotFoundError:
            missing.append(f"conversation {thread}: no key reaches it")
            continue
        if len(opened[-1].exchanges) < size:
            missing.append(f"conversation {thread}: {size - len(opened[-1].exchanges)} of {size} messages")
    if ground.sizes and not opened:
        raise NotAllowedError("no_key_to_this_record")
    files: dict[str, bytes] = {}
    for number, one in enumerate(opened, start=1):
        files[f"conversations/{number:04}.html"] = await _page(means, clinic, ground, one, now)
        files |= await _attached(means, who, one, now)
    own = await open_own_words(means.database, who, record)
    document = await means.database.read(lambda c: _document(c, means, clinic, ground, opened))
    files["record.json"] = _json(document | {"own_words": list(own.values())})
    files["ledger.jsonl"] = await means.database.read(lambda c: _ledger(c, record))
    return Exported(files=files, conversations=len(opened), missing=tuple(missing))


def _ground(connection: Connection, clinic: Clinic, record: UUID) -> _Ground:
    row = records.record(connection, clinic.id, record)
    person = people.person(connection, clinic.id, row.person_id) if row and row.person_id else None
    if row is None or person is None:
        raise NotFoundError(str(record))
    return _Ground(record=row, person=person, sizes=whole_record.thread_sizes(connection, record))


async def _page(means: Means, clinic: Clinic, ground: _Ground, opened: OpenedThread, now: datetime) -> bytes:
    """A conversation to read and print, in the patient's language."""
    rows = [exchange.row for exchange in opened.exchanges]
    leaving = await means.database.read(lambda c: inbox.deliveries(c, [row.id for row in rows]))
    authors = {row.author_id for row in rows if row.author_id}
    found = await means.database.read(lambda c: inbox.colleagues(c, clinic.id, authors))
    patient = directory.open_name(means.keys, ground.person).full
    language = language_of(ground.person.language, clinic)
    names = {account: _called(means, one.person, language) for account, one in found.items()}
    how = Transcribing(
        names=names | {ground.person.id: patient}, clinic=clinic.policy.names[language], patient=patient,
        zone=clinic.zone, made_at=now, leaving=leaving,
    )  # fmt: skip
    return transcript(means.texts, language, opened, how).encode()


def _called(means: Means, person: PersonRow, language: Language) -> str:
    """A name, with the title where there is one."""
    name = directory.open_name(means.keys, person).full
    title = directory.open_profile(means.keys, person).title_in(language)
    return f"{name}, {title}" if title else name


async def _attached(means: Means, who: Reader, opened: OpenedThread, now: datetime) -> dict[str, bytes]:
    """The files of a conversation, and the mails as they came over the wire."""
    ids = [exchange.row.id for exchange in opened.exchanges]
    blobs = await means.database.read(lambda c: threads.blobs_of(c, ids))
    notes = {exchange.row.id: exchange.content.files for exchange in opened.exchanges}
    files: dict[str, bytes] = {}
    for blob in blobs:
        known = notes[blob.exchange_id]
        name = "mail.eml" if blob.kind == RAW else known[blob.number].filename if blob.number < len(known) else "file"
        place = f"files/{blob.exchange_id}/{blob.number:02}-{_safe(name)}"
        files[place] = await open_blob(means.database, who, blob.exchange_id, blob.number, now)
    return files


def _safe(name: str) -> str:
    """A file name that means the same on every system and leads nowhere."""
    return _UNSAFE.sub("_", name).strip(". ")[-100:] or "file"


def _document(
    connection: Connection, means: Means, clinic: Clinic, ground: _Ground, opened: Sequence[OpenedThread]
) -> dict[str, Any]:
    """The record for programs: who, what was agreed, what was said and how it was judged."""
    person, profile = ground.person, directory.open_profile(means.keys, ground.person)
    return {
        "format": 1, "clinic": clinic.policy.names, "record": str(ground.record.id),
        "patient": {
            "id": str(person.id), "name": directory.open_name(means.keys, person).full,
            "birth_date": profile.birth_date, "language": person.language,
            "addresses": [
                {"channel": row.channel, "value": directory.open_address(means.keys, row), "state": row.state,
                 "verified_at": row.verified_at, "personal": row.personal}
                for row in people.addresses_of(connection, person.id)
            ],
        },
        "consents": [
            {"act": act.act, "method": act.method, "at": act.at, "channels": sorted(act.channels),
             "scope": sorted(f"{cell.channel}:{cell.category}" for cell in act.scope),
             "text_version": act.text_version, "text_hash": act.text_hash.hex(), "language": act.language,
             "obtained_by": act.obtained_by, "expires_at": act.expires_at}
            for act in consents.consents_of(connection, person.id)
        ],
        "conversations": [
            {"id": one.row.id, "subject": one.subject, "state": one.row.state, "category": one.row.category,
             "messages": [_message(exchange) for exchange in one.exchanges]}
            for one in opened
        ],
    }  # fmt: skip


def _message(exchange: OpenedExchange) -> dict[str, Any]:
    row = exchange.row
    judged = json.loads(judgement_bytes(exchange.judgement)) if exchange.judgement else None
    return {
        "id": row.id, "direction": row.direction, "channel": row.channel, "automatic": row.automatic,
        "author": row.author_id, "author_role": row.author_role, "state": row.state, "created_at": row.created_at,
        "visible_at": row.visible_at, "opened_at": row.opened_at, "in_reply_to": row.in_reply_to,
        "content": json.loads(content_bytes(exchange.content).decode("utf-8", "surrogatepass")), "judgement": judged,
    }  # fmt: skip


def _json(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document, indent=1, ensure_ascii=True, default=_plain).encode()


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _ledger(connection: Connection, record: UUID) -> bytes:
    """The ledger, each body letter for letter as it was hashed, so that anybody can hash it again (REC-03)."""
    return "".join(_lines(connection, record)).encode()


def _lines(connection: Connection, record: UUID) -> Iterator[str]:
    for row in whole_record.ledger(connection, record):
        line = {"seq": row.seq, "leaf": row.leaf, "hash": row.hash.hex(), "body": row.body.decode("ascii")}
        yield json.dumps(line) + "\n"
