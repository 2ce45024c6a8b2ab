"""The words that stop and resume texts (SMS-13, SMS-14).

A text is never treated as authenticated: STOP suspends the number at once and RESUME only lifts that suspension; what
was agreed to stays as it is in the consent register, so that resuming never gives more than a valid consent gave.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from consent.model import Channel
from messaging_server.broker import withdrawal
from messaging_server.broker.clinic import Clinic
from messaging_server.message import Keyword
from messaging_server.record import ledger
from messaging_server.record.entry import EntryKind, Fact
from messaging_server.storage import people, records
from messaging_server.storage.database import Connection
from messaging_server.storage.people import AddressRow, AddressStatus


def apply(
    connection: Connection, clinic: Clinic, word: Keyword, addresses: Sequence[AddressRow], now: datetime
) -> None:
    """Suspend or resume every entry of the number that wrote, and stop what was queued for it."""
    for address in addresses:
        if address.channel != Channel.SMS:
            continue
        if word is Keyword.STOP and address.state == AddressStatus.ACTIVE:
            people.change_address(connection, address.id, state=AddressStatus.OPTED_OUT, changed_at=now)
            withdrawal.stop_address(connection, clinic, address.id, "opted_out", now)
            _attest(connection, clinic, address, "opted_out", now)
        elif word is Keyword.START and address.state == AddressStatus.OPTED_OUT:
            people.change_address(connection, address.id, state=AddressStatus.ACTIVE, changed_at=now)
            _attest(connection, clinic, address, "resumed", now)


def _attest(connection: Connection, clinic: Clinic, address: AddressRow, act: str, now: datetime) -> None:
    person = address.person_id
    record = records.record_of_person(connection, clinic.id, person) if person else None
    if record is None:
        return
    parties: dict[str, UUID] = {"address": address.id}
    fact = Fact(kind=EntryKind.CONSENT, at=now, channel=Channel.SMS, parties=parties, details={"act": act})
    ledger.append(connection, clinic.id, record.id, [fact], now)
