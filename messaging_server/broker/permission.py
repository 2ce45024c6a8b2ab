"""Recording what a patient agreed to, refused or took back: acts that are only ever added (CON-08, CON-13 to CON-15).

Each act is attested in the record's ledger; what ends by it is brought to its end in the same transaction.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from consent.model import Act, Channel, ConsentEvent, Method, Scope
from keys.envelope import Wrap
from messaging_server.broker import evidence, rotation, withdrawal
from messaging_server.broker.clinic import Clinic, Means
from messaging_server.broker.filing import Filing, MovedError, write
from messaging_server.broker.sealing import audience
from messaging_server.errors import InvalidError, NotAllowedError, NotFoundError, UnavailableError
from messaging_server.message import Attachment, new_id
from messaging_server.record import ledger
from messaging_server.record.entry import EntryKind, Fact
from messaging_server.record.reading import Reader
from messaging_server.storage import consents, keyring, records
from messaging_server.storage.database import Connection
from messaging_server.storage.people import AddressRow

ATTEMPTS = 4
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
    evidence: Attachment | None = field(default=None, repr=False)
    """The scan of a signed form."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    """One act with its note, sealed to the record's clinical teams, and what the ledger says of it."""

    act: ConsentEvent
    wraps: tuple[Wrap, ...]
    note: consents.Note | None
    fact: Fact
    evidence: Filing | None = None


def check(given: Given) -> None:
    """Raise InvalidError when the act cannot be recorded as it stands; a withdrawal is never made hard (CON-13)."""
    if given.act is Act.ACCEPTED and not given.scope:
        raise InvalidError("scope", "empty")
    if any(cell.channel not in given.channels for cell in given.scope):
        raise InvalidError("scope", "outside_channels")
    giving = given.act is not Act.WITHDRAWN and given.method in {Method.VERBAL, Method.SIGNED_FORM}
    if giving and not given.note.strip():
        raise InvalidError("note", "missing")
    if not given.channels:
        raise InvalidError("channels", "empty")
    if given.evidence is not None and given.evidence.media_type not in evidence.KINDS:
        raise InvalidError("evidence", "not_a_scan")


async def record(means: Means, clinic: Clinic, who: Reader, person_id: UUID, given: Given, now: datetime) -> UUID:
    """Add an act to the register; patients speak for themselves online, staff for what they heard or hold on paper."""
    return (await record_all(means, clinic, who, person_id, [given], now))[0]


async def record_all(
    means: Means, clinic: Clinic, who: Reader, person_id: UUID, said: Sequence[Given], now: datetime
) -> tuple[UUID, ...]:
    """Add the acts of one conversation together, with everything that follows from them; what ends has one receipt."""
    for given in said:
        check(given)
        _may_record(who, person_id, given)
    for _ in range(ATTEMPTS):
        await rotation.rotate_if_due(means, clinic, await _record_of(means, clinic, person_id), now)
        known, text = await means.database.read(lambda c: _load(c, clinic, person_id))
        acts = tuple(_act(who, known, given, text, now, clinic.policy.consent_months) for given in said)
        lines = tuple(_line(clinic, who, known, act, given) for act, given in zip(acts, said, strict=True))
        receipt = withdrawal.receipt(means, clinic, known, (*known.acts, *acts), now)
        try:
            await means.database.write(_unit(clinic, known, lines, receipt, now))
        except MovedError:
            continue
        means.wake("outbox")
        means.wake("board")
        return tuple(act.id for act in acts)
    raise UnavailableError("the ground kept moving under a consent")


def _unit(
    clinic: Clinic, known: withdrawal.Whose, lines: Sequence[_Line], receipt: Filing | None, now: datetime
) -> Callable[[Connection], None]:
    def unit(connection: Connection) -> None:
        if consents.consents_of(connection, known.person.id) != known.acts:
            raise MovedError("another act was recorded meanwhile")
        for line in lines:
            keyring.add_wraps(connection, clinic.id, line.wraps)
            consents.add_consent(connection, clinic.id, line.act, line.note)
            ledger.append(connection, clinic.id, known.record.id, [line.fact], now)
            if line.evidence is not None:
                write(connection, line.evidence)
        if receipt is not None:
            withdrawal.follow(connection, clinic, known, now)
            write(connection, receipt)

    return unit


async def _record_of(means: Means, clinic: Clinic, person_id: UUID) -> UUID:
    found = await means.database.read(lambda c: records.record_of_person(c, clinic.id, person_id))
    if found is None:
        raise NotFoundError(str(person_id))
    return found.id


def _load(connection: Connection, clinic: Clinic, person_id: UUID) -> tuple[withdrawal.Whose, consents.ConsentTextRow]:
    known = withdrawal.whose(connection, clinic, person_id)
    text = consents.current_text(connection, clinic.id)
    if text is None:
        raise NotAllowedError("no_consent_text")
    return known, text


def _line(clinic: Clinic, who: Reader, known: withdrawal.Whose, act: ConsentEvent, given: Given) -> _Line:
    scan, digest = None, ""
    if given.evidence is not None:
        scan, digest = evidence.filed(clinic, who, known, act.id, given.evidence, act.at)
    words = given.note.strip()
    if not words:
        return _Line(act=act, wraps=(), note=None, fact=_fact(act, None, digest), evidence=scan)
    staff = audience(clinic.id, [known.holders[known.record.clinic_key_id]], act.at)
    sealed = staff.seal(act.id, NOTE, words.encode())
    note = consents.Note(sealed=sealed.sealed, content_key_id=staff.key.id)
    return _Line(act=act, wraps=staff.wraps, note=note, fact=_fact(act, sealed.commitment, digest), evidence=scan)


def _may_record(who: Reader, person_id: UUID, given: Given) -> None:
    if who.is_patient and (who.person != person_id or given.method is not Method.ONLINE):
        raise NotFoundError(str(person_id))
    if not who.is_patient and given.method is Method.ONLINE:
        raise NotAllowedError("only_the_patient_acts_online")


def _act(
    who: Reader, known: withdrawal.Whose, given: Given, text: consents.ConsentTextRow, now: datetime, months: int
) -> ConsentEvent:
    return ConsentEvent(
        id=new_id(now), person=known.person.id, act=given.act, method=given.method, scope=given.scope,
        channels=given.channels, text_version=text.version, text_hash=text.hash, language=given.language,
        obtained_by=who.account, at=now, has_note=bool(given.note.strip()), has_evidence=given.evidence is not None,
        expires_at=now + MONTH * months if given.act is Act.ACCEPTED else None,
        addresses=covered(known.addresses, given),
    )  # fmt: skip


def covered(addresses: Sequence[AddressRow], given: Given) -> frozenset[UUID]:
    """What an agreement covers: the addresses of its channels as they are known today, and none that comes later.

    None is named where there is none yet: the agreement is then about whichever comes (CON-15, CON-24).
    """
    if given.act is not Act.ACCEPTED:
        return frozenset()
    return frozenset(row.id for row in addresses if row.channel in given.channels)


def _fact(act: ConsentEvent, commitment: bytes | None, scan: str) -> Fact:
    cells = ",".join(sorted(f"{cell.channel}:{cell.category}" for cell in act.scope))
    proven: dict[str, str | int] = {"evidence": scan} if scan else {}
    return Fact(
        kind=EntryKind.CONSENT, at=act.at, parties={"person": act.person, "account": act.obtained_by},
        commitment=commitment,
        details=proven | {
            "act": act.act, "method": act.method, "scope": cells, "channels": ",".join(sorted(act.channels)),
            "text_version": act.text_version, "text_hash": act.text_hash.hex(), "consent": str(act.id),
            "addresses": ",".join(sorted(map(str, act.addresses))),
        },
    )  # fmt: skip
