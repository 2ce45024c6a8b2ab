"""What an export asks of the database: everything of one record, by pages where it may be long."""

from uuid import UUID

from sqlalchemy import Connection, func, select

from messaging_server.storage import accounts, records, tables
from messaging_server.storage.records import EntryRow, RecordRow

PAGE = 5_000


def record_of_login(connection: Connection, clinic: UUID, login_fp: bytes) -> RecordRow | None:
    """The record of the patient with this sign-in name."""
    account = accounts.account_by_login(connection, clinic, login_fp)
    return records.record_of_person(connection, clinic, account.person_id) if account else None


def thread_sizes(connection: Connection, record: UUID) -> dict[UUID, int]:
    """The threads of a record, oldest first, with how many exchanges each has."""
    t, e = tables.threads.c, tables.exchanges.c
    query = (
        select(t.id, func.count(e.id)).join(tables.exchanges, e.thread_id == t.id).where(t.record_id == record)
        .group_by(t.id, t.created_at).order_by(t.created_at, t.id)
    )  # fmt: skip
    return {row[0]: int(row[1]) for row in connection.execute(query)}


def ledger(connection: Connection, record: UUID) -> tuple[EntryRow, ...]:
    """The whole ledger of a record, in order."""
    found: list[EntryRow] = []
    while page := records.entries_of(connection, record, found[-1].seq if found else 0, PAGE):
        found += page
    return tuple(found)
