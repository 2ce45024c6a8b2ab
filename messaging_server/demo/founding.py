"""Founding the demonstration's clinic: everybody enrolled and signed in once, with the consents they have given."""

import base64
import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

from consent.model import Act, Category, Channel, Method, Scope
from keys import totp
from messaging_server.app.clinics import builtin_lines, builtin_policy, make
from messaging_server.app.rulebook import builtin_rules
from messaging_server.broker import admission, enrolment, founding, permission, publishing
from messaging_server.broker.clinic import Clinic, Means
from messaging_server.broker.directory import Name
from messaging_server.broker.enrolment import Issued, NewPatient
from messaging_server.demo.people import COLLEAGUES, DOMAIN, PATIENTS, Patient, Ready, new_password
from messaging_server.message import ClinicId, new_id
from messaging_server.record.reading import Reader
from messaging_server.settings import Settings
from messaging_server.storage import accounts, people
from messaging_server.storage.accounts import AccountRole
from messaging_server.storage.database import Connection
from messaging_server.web.second_factor import seal_seed
from triage import policy


@dataclass(slots=True, kw_only=True)
class Cast:
    """Everybody, signed in, and what `people.json` says of them."""

    clinic: Clinic
    shares: tuple[str, ...]
    ready: list[Ready]
    staff: dict[AccountRole, Reader]
    patients: dict[str, Reader]


def demo_policy() -> policy.Policy:
    """The built-in policy with an invented clinic's name on it."""
    document = policy.to_document(builtin_policy("quebec"))
    document |= {
        "version": 1,
        "names": {"fr": "Clinique du Parc", "en": "Parc Clinic"},
        "phone": "514 555-0100",
        "responsible_physician": "Dre Hélène Marchand",
        "privacy_officer": {
            "name": "Paul Gendron",
            "contact": {"fr": "514 555-0105 ou à la réception", "en": "514 555-0105, or at the reception"},
        },
        "alerts": [f"garde@{DOMAIN}"],
        # Half an hour of quiet, so that whoever tries the clinic in the evening sees its texts leave.
        "quiet_hours": "03:00-03:30",
        "mail": {"domain": DOMAIN, "addresses": [f"messages@{DOMAIN}"], "trusted_authserv_id": DOMAIN},
    }
    return policy.parse(document)


async def found(means: Means, settings: Settings, now: datetime) -> Cast:
    """Found the clinic and bring in its people."""
    in_force = demo_policy()
    clinic = make(
        ClinicId(new_id(now)), "127.0.0.1", in_force, settings, builtin_rules(settings.rules_folder), builtin_lines()
    )
    document = json.dumps(policy.to_document(in_force), ensure_ascii=False)
    founded = await founding.found(means, clinic, document, COLLEAGUES, (2, 3), now)
    await publishing.publish(means, clinic, now)
    cast = Cast(clinic=clinic, shares=founded.shares, ready=[], staff={}, patients={})
    for colleague, issued in founded.issued:
        reader, ready = await _sign_in(means, clinic, issued, "", now)
        ready.name, ready.role = colleague.name.full, colleague.role.value
        await _second_factor(means, clinic, reader, ready)
        if reader.role not in cast.staff:
            cast.staff[reader.role] = reader
        elif reader.role is AccountRole.NURSE:
            await admission.admit(means, clinic, cast.staff[AccountRole.PHYSICIAN], reader.account, now)
        cast.ready.append(ready)
    await admission.admit(means, clinic, cast.staff[AccountRole.PHYSICIAN], cast.staff[AccountRole.NURSE].account, now)
    for patient in PATIENTS:
        await _bring_in(means, cast, patient, now)
    return cast


async def _sign_in(
    means: Means, clinic: Clinic, issued: Issued, birth_date: str, now: datetime
) -> tuple[Reader, Ready]:
    password = new_password()
    opened = await admission.check_code(means, clinic, issued.code, birth_date, now)
    made = await admission.activate(means, clinic, opened, issued.code, password, now)
    account = made.account
    reader = Reader(
        clinic=clinic.id, account=account.id, person=account.person_id, role=AccountRole(account.role),
        private=made.private,
    )  # fmt: skip
    return reader, Ready(
        name="", role=account.role, login=issued.login, password=password, account=str(account.id)
    )


async def _second_factor(means: Means, clinic: Clinic, reader: Reader, ready: Ready) -> None:
    seed = totp.new_seed()
    ready.totp_seed = base64.b32encode(seed).decode().rstrip("=")
    sealed = seal_seed(means.keys, clinic.id, reader.account, seed)
    await means.database.write(lambda c: accounts.change_account(c, reader.account, sealed_totp=sealed))


async def _bring_in(means: Means, cast: Cast, patient: Patient, now: datetime) -> None:
    new = NewPatient(
        name=Name(first=patient.first, last=patient.last), birth_date=patient.birth_date, language=patient.language,
        email=patient.address, phone=patient.phone, email_is_personal=True, phone_is_personal=True,
        seen_document="health_card",
    )  # fmt: skip
    issued = await enrolment.enrol(means, cast.clinic, cast.staff[AccountRole.RECEPTION], new, now)
    reader, ready = await _sign_in(means, cast.clinic, issued, patient.birth_date, now)
    ready.name, ready.email, ready.phone = f"{patient.first} {patient.last}", patient.address, patient.phone
    cast.patients[patient.key] = reader
    cast.ready.append(ready)
    await _verify(means, reader.person, now)
    await _agree(means, cast.clinic, reader, patient, now)


async def _verify(means: Means, person: UUID, now: datetime) -> None:
    def unit(connection: Connection) -> None:
        for row in people.addresses_of(connection, person):
            people.change_address(connection, row.id, verified_at=now)

    await means.database.write(unit)


AGREED = {
    "all": frozenset(Channel), "no_sms": frozenset({Channel.WEB, Channel.EMAIL}), "web": frozenset({Channel.WEB}),
    "none": frozenset(),
}  # fmt: skip


async def _agree(means: Means, clinic: Clinic, reader: Reader, patient: Patient, now: datetime) -> None:
    channels = AGREED[patient.consents]
    if not channels:
        return
    scope = frozenset(Scope(channel, category) for channel in channels for category in Category)
    given = permission.Given(
        act=Act.ACCEPTED, method=Method.ONLINE, channels=channels, scope=scope, language=patient.language
    )
    await permission.record(means, clinic, reader, reader.person, given, now)


def write_people(folder: Path, cast: Cast, extra: dict[str, object]) -> None:
    """Tell who can sign in: names, random passwords, TOTP seeds, addresses and numbers."""
    document = {"people": [{name: getattr(one, name) for name in Ready.__slots__} for one in cast.ready]} | extra
    path = folder / "people.json"
    path.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    path.chmod(0o600)
