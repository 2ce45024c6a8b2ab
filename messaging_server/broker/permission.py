"""Recording what a patient agreed to, refused or took back: acts that are only ever added (CON-08, CON-13 to CON-15).

A withdrawal stops what is queued in the same transaction that records it, and is attested in the record's ledger.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from consent.model import Act, Channel, ConsentEvent, Method, Scope
from consent.register import ChannelState, standing
from keys.envelope import HolderKey
from messaging_server.broker.clinic import Clinic, Means
from messaging_server.broker.sealing import audience
from messaging_server.errors import InvalidError, NotAllowedError, NotFoundError
from messaging_server.message import new_id
from messaging_server.record import ledger
from messaging_server.record.entry import EntryKind, Fact
from messaging_server.record.reading import Reader
from messaging_server.storage import consents, keyring, outbox, people, records
from messaging_server.storage.database import Connection

NOTE = "consent-note"
MONTH = timedelta(days=30.4375)
"""A month of the mean year: a consent ends after so many (CON-25), to the day is not promised."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What was said about consent: which channels it settles, which cells it grants, how, and with what note."""

    act: Act
    method: Method
    channels: frozenset[Channel]
    scope: frozenset[Scope]
    language: str
    note: str = field(default="", repr=False)
    """The explanations given, for a verbal consent; the typed signature of a signed form (CON-08)."""


def check(given: Given) -> None:
    """Raise InvalidError when the act cannot be recorded as it stands."""
    if given.act is Act.ACCEPTED and not given.scope:
        raise InvalidError("scope", "empty")
    if any(cell.channel not in given.channels for cell in given.scope):
        raise InvalidError("scope", "outside_channels")
    if given.method in {Method.VERBAL, Method.SIGNED_FORM} and not given.note.strip():
        raise InvalidError("note", "missing")
    if not given.channels:
        raise InvalidError("channels", "empty")


async def record(means: Means, clinic: Clinic, who: Reader, person_id: UUID, given: Given, now: datetime) -> UUID:
    """Add an act to the register; patients speak for themselves online, staff for what they heard or hold on paper."""
    check(given)
    _may_record(who, person_id, given)
    ground = await means.database.read(lambda c: _load(c, clinic, person_id))
    act = _act(who, person_id, given, ground.text, now, clinic.policy.consent_months)
    staff = audience(clinic.id, [ground.staff_key], now)
    note = staff.seal(act.id, NOTE, given.note.encode()) if given.note.strip() else None

    def unit(connection: Connection) -> None:
        sealed = consents.Note(sealed=note.sealed, content_key_id=staff.key.id) if note else None
        if note:
            keyring.add_wraps(connection, clinic.id, staff.wraps)
        consents.add_consent(connection, clinic.id, act, sealed)
        if given.act in {Act.WITHDRAWN, Act.REFUSED}:
            stop_queued(connection, person_id, now)
        ledger.append(connection, clinic.id, ground.record.id, [_fact(act, note.commitment if note else None)], now)

    await means.database.write(unit)
    means.wake("outbox")
    return act.id


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    record: records.RecordRow
    text: consents.ConsentTextRow
    staff_key: HolderKey


def _load(connection: Connection, clinic: Clinic, person_id: UUID) -> _Known:
    record_row = records.record_of_person(connection, clinic.id, person_id)
    if record_row is None:
        raise NotFoundError(str(person_id))
    text = consents.current_text(connection, clinic.id)
    if text is None:
        raise NotAllowedError("no_consent_text")
    holders = keyring.holders(connection, {record_row.clinic_key_id})
    return _Known(record=record_row, text=text, staff_key=holders[record_row.clinic_key_id])


def _may_record(who: Reader, person_id: UUID, given: Given) -> None:
    if who.is_patient and (who.person != person_id or given.method is not Method.ONLINE):
        raise NotFoundError(str(person_id))
    if not who.is_patient and given.method is Method.ONLINE:
        raise NotAllowedError("only_the_patient_acts_online")


def _act(
    who: Reader, person_id: UUID, given: Given, text: consents.ConsentTextRow, now: datetime, months: int
) -> ConsentEvent:
    return ConsentEvent(
        id=new_id(now), person=person_id, act=given.act, method=given.method, scope=given.scope,
        channels=given.channels, text_version=text.version, text_hash=text.hash, language=given.language,
        obtained_by=who.account, at=now, has_note=bool(given.note.strip()), has_evidence=False,
        expires_at=now + MONTH * months if given.act is Act.ACCEPTED else None,
    )  # fmt: skip


def _fact(act: ConsentEvent, commitment: bytes | None) -> Fact:
    cells = ",".join(sorted(f"{cell.channel}:{cell.category}" for cell in act.scope))
    return Fact(
        kind=EntryKind.CONSENT, at=act.at, parties={"person": act.person, "account": act.obtained_by},
        commitment=commitment,
        details={
            "act": act.act, "method": act.method, "scope": cells, "channels": ",".join(sorted(act.channels)),
            "text_version": act.text_version, "text_hash": act.text_hash.hex(), "consent": str(act.id),
        },
    )  # fmt: skip


def stop_queued(connection: Connection, person_id: UUID, now: datetime) -> None:
    """Stop what is queued on every channel that has nothing agreed any more: a withdrawal works at once (CON-13).

    Where something is still agreed, the gate decides each delivery at the moment of sending.
    """
    agreed = standing(consents.consents_of(connection, person_id), now).channels
    for address in people.addresses_of(connection, person_id):
        if agreed.get(Channel(address.channel)) not in {ChannelState.ACTIVE, ChannelState.PARTIAL}:
            outbox.stop_for_address(connection, address.id, now, code="withdrawn")
