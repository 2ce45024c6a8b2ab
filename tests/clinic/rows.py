"""The smallest rows that a storage test needs: one clinic, one record, one thread, one exchange; nothing is opened."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

from consent.model import Channel
from keys.envelope import Sealed
from messaging_server.record.entry import GENESIS
from messaging_server.storage import clinics, outbox, records, threads
from messaging_server.storage.database import Connection
from messaging_server.storage.outbox import DeliveryRow, DeliveryState
from messaging_server.storage.threads import ExchangeRow, ExchangeState, Role, ThreadRow, Way

NOON = datetime(2026, 11, 24, 17, 0, tzinfo=UTC)
DOTS = Sealed(blob=b"\x01 sealed")


class Place:
    """A clinic with an intake record and one thread with one exchange, ready to hang deliveries on."""

    def __init__(self) -> None:
        self.clinic, self.record, self.thread, self.exchange = uuid4(), uuid4(), uuid4(), uuid4()

    def make(self, connection: Connection) -> None:
        """Write it."""
        clinics.add_clinic(connection, self.clinic, f"{self.clinic}.test", NOON)
        records.add_record(connection, self.record_row())
        threads.add_thread(connection, self.thread_row())
        threads.add_exchange(connection, self.exchange_row())

    def record_row(self) -> records.RecordRow:
        """Its record."""
        return records.RecordRow(
            id=self.record, clinic_id=self.clinic, kind=records.RecordKind.INTAKE, person_id=None,
            shared_key_id=uuid4(), clinic_key_id=uuid4(), head_seq=0, head_hash=GENESIS, created_at=NOON,
        )  # fmt: skip

    def thread_row(self) -> ThreadRow:
        """Its thread."""
        return ThreadRow(
            id=self.thread, clinic_id=self.clinic, record_id=self.record, state="open", category="message",
            subject=DOTS, subject_key_id=uuid4(), created_at=NOON, last_at=NOON, last_by=Role.PATIENT,
        )  # fmt: skip

    def exchange_row(self) -> ExchangeRow:
        """Its exchange."""
        return ExchangeRow(
            id=self.exchange, clinic_id=self.clinic, record_id=self.record, thread_id=self.thread,
            direction=Way.IN, channel=Channel.WEB, automatic=False, author_id=None, author_role=Role.UNKNOWN,
            state=ExchangeState.HELD, content=DOTS, content_key_id=uuid4(), size=7, created_at=NOON, visible_at=NOON,
        )  # fmt: skip

    def queue(self, connection: Connection, number: int) -> list[UUID]:
        """Queue so many deliveries, all due at noon."""
        rows = [
            DeliveryRow(
                id=uuid4(), clinic_id=self.clinic, record_id=self.record, exchange_id=self.exchange, address_id=None,
                channel=Channel.EMAIL, automatic=False, state=DeliveryState.QUEUED, content=DOTS,
                content_key_id=uuid4(), payload=b"", created_at=NOON, next_at=NOON,
            )
            for _ in range(number)
        ]  # fmt: skip
        outbox.add_deliveries(connection, rows)
        return [row.id for row in rows]
