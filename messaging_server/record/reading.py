"""The one way from what rests to what can be read: walk the grants, write the reading down, then open.

An account holds a grant to its teams, teams hold grants to records, and a record's keys hold the wraps of content
keys; a patient's account holds a grant to the record itself. Whoever has no such way gets `NotFoundError`, the same
as for what does not exist. The entry that somebody read is durable before a word is opened (AUD-04, promise 8).
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from keys.envelope import ContentKey, Context, Sealed, Wrap, open_sealed, unwrap_content_key
from keys.grants import Grant, accept
from keys.suite import PrivateKey
from messaging_server.errors import NotFoundError
from messaging_server.record import ledger
from messaging_server.record.content import FileNote, read_content, read_judgement, read_words
from messaging_server.record.entry import EntryKind, Fact
from messaging_server.record.opened import OpenedExchange, OpenedThread
from messaging_server.storage import keyring, own_words, threads
from messaging_server.storage.accounts import AccountRole
from messaging_server.storage.database import Connection, Database

CONTENT, STAFF, SUBJECT, WORDS = "content", "staff", "subject", "words"
ACCOUNT_KEY_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Somebody signed in, with their account's private key for the time of one request."""

    clinic: UUID
    account: UUID
    person: UUID
    role: AccountRole
    private: PrivateKey = field(repr=False)

    @property
    def is_patient(self) -> bool:
        """Whether this is a patient and not staff."""
        return self.role == AccountRole.PATIENT


class Keyring:
    """The private keys that one reader can reach, by (key, version); lives as long as one request."""

    def __init__(self, reader: Reader) -> None:
        self._clinic = reader.clinic
        self._held: dict[tuple[UUID, int], PrivateKey] = {(reader.account, ACCOUNT_KEY_VERSION): reader.private}

    def __repr__(self) -> str:
        return f"Keyring({len(self._held)} keys)"

    def learn(self, grants: Iterable[Grant]) -> None:
        """Accept every grant whose holder's key is held, until nothing more opens."""
        waiting = list(grants)
        while ready := [g for g in waiting if (g.holder, g.holder_version) in self._held]:
            waiting = [g for g in waiting if (g.holder, g.holder_version) not in self._held]
            for item in ready:
                if (item.key, item.version) not in self._held:
                    private = accept(item, self._held[item.holder, item.holder_version], self._clinic)
                    self._held[item.key, item.version] = private

    def held(self, key: UUID) -> dict[int, PrivateKey]:
        """Every version held of a key."""
        return {version: private for (held, version), private in self._held.items() if held == key}

    def content_keys(self, wraps: Iterable[Wrap]) -> dict[UUID, ContentKey]:
        """The content keys that these wraps give to this reader."""
        found: dict[UUID, ContentKey] = {}
        for wrap in wraps:
            private = self._held.get((wrap.holder, wrap.version))
            if private is not None and wrap.content_key not in found:
                found[wrap.content_key] = unwrap_content_key(wrap, private, self._clinic)
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ways:
    wraps: tuple[Wrap, ...]
    grants: tuple[Grant, ...]


def _ways(connection: Connection, reader: Reader, content_keys: Collection[UUID]) -> _Ways:
    """The wraps of some content keys, and every grant between the reader and them: a bounded number of rows."""
    teams = keyring.team_grants_to(connection, reader.clinic, reader.account)
    wraps = keyring.wraps_of(connection, content_keys)
    steps = {reader.account} | {grant.key for grant in teams}
    grants = keyring.grants_of(connection, {wrap.holder for wrap in wraps}, steps)
    return _Ways(wraps=wraps, grants=(*teams, *grants))


def _content_keys(reader: Reader, ways: _Ways) -> dict[UUID, ContentKey]:
    ring = Keyring(reader)
    ring.learn(ways.grants)
    return ring.content_keys(ways.wraps)


async def reachable_keys(
    database: Database, reader: Reader, keys: Collection[UUID]
) -> Mapping[UUID, dict[int, PrivateKey]]:
    """Every version that the reader can reach of some shared keys: for granting them on, nothing else."""

    def query(connection: Connection) -> tuple[Grant, ...]:
        teams = keyring.team_grants_to(connection, reader.clinic, reader.account)
        steps = {reader.account} | {grant.key for grant in teams}
        return (*teams, *keyring.grants_of(connection, keys, steps))

    ring = Keyring(reader)
    ring.learn(await database.read(query))
    return {key: ring.held(key) for key in keys}


async def reachable_content_keys(
    database: Database, reader: Reader, content_keys: Collection[UUID]
) -> Mapping[UUID, ContentKey]:
    """The content keys among these that the reader can reach: for wrapping them on, nothing is opened."""
    ways = await database.read(lambda c: _ways(c, reader, content_keys))
    return _content_keys(reader, ways)


async def open_thread(
    database: Database, reader: Reader, thread_id: UUID, now: datetime, act: EntryKind = EntryKind.READ
) -> OpenedThread:
    """A thread with its exchanges; the reading stands in the record's ledger before anything is opened.

    `act` is DOWNLOADED where the words leave as a file (AUD-01).
    """

    def query(connection: Connection) -> tuple[threads.ThreadRow, tuple[threads.ExchangeRow, ...], _Ways]:
        row = threads.thread(connection, reader.clinic, thread_id)
        if row is None:
            raise NotFoundError(str(thread_id))
        rows = tuple(r for r in threads.exchanges_of_thread(connection, thread_id) if _may_see(r, reader, now))
        return row, rows, _ways(connection, reader, _keys_of(row, rows))

    row, rows, ways = await database.read(query)
    keys = _content_keys(reader, ways)
    readable = [r for r in rows if r.content_key_id in keys]
    if not readable:
        raise NotFoundError(str(thread_id))
    await _note_reading(database, reader, readable[-1], now, act)
    return OpenedThread(
        row=row, subject=_subject(reader, row, keys) or "",
        exchanges=tuple(_opened(reader, r, keys) for r in readable),
    )  # fmt: skip


async def open_own(
    database: Database, reader: Reader, exchange_id: UUID, now: datetime, act: EntryKind = EntryKind.READ
) -> OpenedThread:
    """One exchange that the reader wrote, in its thread; nothing else of the thread counts as opened by it (T-42)."""

    def query(connection: Connection) -> tuple[threads.ThreadRow, threads.ExchangeRow, _Ways]:
        own = threads.exchange(connection, reader.clinic, exchange_id)
        row = threads.thread(connection, reader.clinic, own.thread_id) if own else None
        if own is None or row is None or own.author_id not in {reader.account, reader.person}:
            raise NotFoundError(str(exchange_id))
        return row, own, _ways(connection, reader, _keys_of(row, [own]))

    row, own, ways = await database.read(query)
    keys = _content_keys(reader, ways)
    if own.content_key_id not in keys:
        raise NotFoundError(str(exchange_id))
    await _note_reading(database, reader, own, now, act, opens=False)
    return OpenedThread(row=row, subject=_subject(reader, row, keys) or "", exchanges=(_opened(reader, own, keys),))


def _keys_of(row: threads.ThreadRow, rows: Sequence[threads.ExchangeRow]) -> set[UUID]:
    staff = {r.staff_key_id for r in rows if r.staff_key_id}
    return {row.subject_key_id} | {r.content_key_id for r in rows} | staff


def _may_see(row: threads.ExchangeRow, reader: Reader, now: datetime) -> bool:
    if not reader.is_patient:
        return True
    shown = row.state in {threads.ExchangeState.FILED, threads.ExchangeState.HELD}
    return row.direction != threads.Way.NOTE and row.visible_at <= now and shown


async def _note_reading(
    database: Database, reader: Reader, newest: threads.ExchangeRow, now: datetime, act: EntryKind, *,
    opens: bool = True,
) -> None:  # fmt: skip
    fact = Fact(
        kind=act, at=now, exchange=newest.id, parties={"account": reader.account, "person": reader.person},
        details={"role": reader.role, "thread": str(newest.thread_id)},
    )  # fmt: skip

    def unit(connection: Connection) -> None:
        ledger.append(connection, reader.clinic, newest.record_id, [fact], now)
        if reader.is_patient and opens:
            threads.mark_opened(connection, newest.thread_id, now)

    await database.write(unit)


def _opened(reader: Reader, row: threads.ExchangeRow, keys: Mapping[UUID, ContentKey]) -> OpenedExchange:
    content = _open(reader, row.content, keys[row.content_key_id], row.id, CONTENT)
    judgement = None
    staff_key = keys.get(row.staff_key_id) if row.staff_key_id else None
    if row.staff_content is not None and staff_key is not None and not reader.is_patient:
        judgement = read_judgement(_open(reader, row.staff_content, staff_key, row.id, STAFF))
    return OpenedExchange(row=row, content=read_content(content), judgement=judgement)


def _open(reader: Reader, sealed: Sealed, key: ContentKey, subject: UUID, field_name: str) -> bytes:
    return open_sealed(sealed, key, Context(clinic=reader.clinic, subject=subject, field=field_name)).content


def _subject(reader: Reader, row: threads.ThreadRow, keys: Mapping[UUID, ContentKey]) -> str | None:
    key = keys.get(row.subject_key_id)
    return None if key is None else _open(reader, row.subject, key, row.id, SUBJECT).decode()


async def subjects(database: Database, reader: Reader, rows: Sequence[threads.ThreadRow]) -> Mapping[UUID, str]:
    """The subjects of a patient's own threads, for the inbox; staff see no subject outside an opened item."""
    if not reader.is_patient:
        raise NotFoundError("subjects are for the patient's inbox")
    ways = await database.read(lambda c: _ways(c, reader, {row.subject_key_id for row in rows}))
    keys = _content_keys(reader, ways)
    return {row.id: subject for row in rows if (subject := _subject(reader, row, keys)) is not None}


async def open_own_words(database: Database, reader: Reader, record: UUID) -> Mapping[UUID, str]:
    """A patient's own sensitive words, by row, as far as the reader's keys reach (SEN-09).

    Nobody reads by this: the words are shown to their owner, and to others only where they wrote or opened them anyway.
    """

    def query(connection: Connection) -> tuple[tuple[own_words.OwnWordsRow, ...], _Ways]:
        rows = own_words.of_record(connection, record)
        return rows, _ways(connection, reader, {row.content_key_id for row in rows})

    rows, ways = await database.read(query)
    keys = _content_keys(reader, ways)
    return {
        row.id: read_words(_open(reader, row.content, keys[row.content_key_id], row.id, WORDS))
        for row in rows if row.content_key_id in keys
    }  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedFile:
    """A file of an exchange, with what its message says of it; the raw original of a mail has no note."""

    note: FileNote | None
    content: bytes = field(repr=False)
    own: bool
    """The reader sent it."""


def _file(
    connection: Connection, reader: Reader, exchange_id: UUID, number: int, now: datetime
) -> tuple[threads.ExchangeRow, threads.BlobRow, _Ways]:
    row = threads.exchange(connection, reader.clinic, exchange_id)
    blobs = [b for b in threads.blobs_of(connection, [exchange_id]) if b.number == number]
    if row is None or not blobs or not _may_see(row, reader, now):
        raise NotFoundError(str(exchange_id))
    return row, blobs[0], _ways(connection, reader, {blobs[0].content_key_id, row.content_key_id})


async def file_in_reach(database: Database, reader: Reader, exchange_id: UUID, number: int, now: datetime) -> None:
    """Raise NotFoundError unless this reader can open the file; nothing is opened yet."""
    _, blob, ways = await database.read(lambda c: _file(c, reader, exchange_id, number, now))
    if blob.content_key_id not in _content_keys(reader, ways):
        raise NotFoundError(str(exchange_id))


async def open_file(
    database: Database, reader: Reader, exchange_id: UUID, number: int, now: datetime,
    act: EntryKind = EntryKind.DOWNLOADED,
) -> OpenedFile:  # fmt: skip
    """One file of an exchange; that it was opened stands in the ledger first (AUD-01, SEN-11).

    `act` is READ where it is shown and not saved.
    """
    row, blob, ways = await database.read(lambda c: _file(c, reader, exchange_id, number, now))
    keys = _content_keys(reader, ways)
    if blob.content_key_id not in keys:
        raise NotFoundError(str(exchange_id))
    fact = Fact(
        kind=act, at=now, exchange=exchange_id, parties={"account": reader.account, "person": reader.person},
        details={"role": reader.role, "thread": str(row.thread_id), "number": number},
    )  # fmt: skip
    await database.write(lambda c: ledger.append(c, reader.clinic, row.record_id, [fact], now))
    said = keys.get(row.content_key_id)
    notes = read_content(_open(reader, row.content, said, row.id, CONTENT)).files if said else ()
    return OpenedFile(
        note=notes[number] if number < len(notes) else None,
        content=_open(reader, blob.content, keys[blob.content_key_id], exchange_id, f"blob:{number}"),
        own=row.author_id in {reader.account, reader.person},
    )  # fmt: skip


async def open_blob(database: Database, reader: Reader, exchange_id: UUID, number: int, now: datetime) -> bytes:
    """The bytes of one file of an exchange, as they were sealed."""
    return (await open_file(database, reader, exchange_id, number, now)).content
