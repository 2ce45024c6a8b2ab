"""An invented clinic for tests: founded, staffed and with a patient, through the broker's own doors."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

from consent.model import Act, Category, Channel, Method, Scope
from keys.server import ServerKeys
from keys.suite import Cost
from messaging_server.app.clinics import builtin_lines, builtin_policy, make
from messaging_server.app.rulebook import builtin_rules
from messaging_server.broker import admission, enrolment, founding, inbound, permission, publishing
from messaging_server.broker.admission import NewColleague
from messaging_server.broker.clinic import Clinic, Means
from messaging_server.broker.directory import Name
from messaging_server.broker.enrolment import Issued, NewPatient
from messaging_server.broker.founding import Founded
from messaging_server.broker.receipt import Receipt
from messaging_server.message import Authentication, ClinicId, IncomingMessage, Verification, new_id
from messaging_server.record.reading import Reader
from messaging_server.settings import Settings
from messaging_server.storage import people
from messaging_server.storage.accounts import AccountRole
from messaging_server.storage.database import Connection
from messaging_server.storage.opening import open_database
from messaging_server.texts import Texts
from triage import policy

CHEAP = Cost(operations=1, memory=8 * 1024 * 1024)
"""So that a test does not spend its time on passwords; the real cost has its own test."""
TUESDAY = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
"""A working day, 10 a.m. in Montréal."""
PASSWORD = "un long mot de passe pour rire"
TEXTS = Texts.load()
RULES = builtin_rules()
LINES = builtin_lines()
PASSED = Authentication(dmarc=Verification.PASS, source="header", aligned=True)
EVERYTHING = frozenset(Scope(channel, category) for channel in Channel for category in Category)


@dataclass(slots=True)
class World:
    """The clinic, its people, and a clock that moves only when told."""

    means: Means
    clinic: Clinic
    settings: Settings
    founded: Founded
    now: datetime = TUESDAY
    woken: list[str] = field(default_factory=list)
    readers: dict[AccountRole, Reader] = field(default_factory=dict)
    patient: Reader | None = None
    patient_email: str = "rose.lavigne@exemple.test"
    patient_phone: str = "+15145550123"

    def clock(self) -> datetime:
        """The world's present instant."""
        return self.now

    def later(self, **span: float) -> datetime:
        """Move the clock on."""
        self.now += timedelta(**span)
        return self.now

    def staff(self, role: AccountRole = AccountRole.PHYSICIAN) -> Reader:
        """A signed-in colleague."""
        return self.readers[role]

    @property
    def rose(self) -> Reader:
        """The signed-in patient."""
        assert self.patient is not None
        return self.patient

    async def enrol(self, new: NewPatient) -> Issued:
        """Enrol somebody at the counter."""
        return await enrolment.enrol(self.means, self.clinic, self.staff(AccountRole.RECEPTION), new, self.now)

    async def sign_in_first(self, issued: Issued, birth_date: str) -> Reader:
        """Turn a code into an account."""
        opened = await admission.check_code(self.means, self.clinic, issued.code, birth_date, self.now)
        made = await admission.activate(self.means, self.clinic, opened, issued.code, PASSWORD, self.now)
        account = made.account
        return Reader(
            clinic=self.clinic.id, account=account.id, person=account.person_id, role=AccountRole(account.role),
            private=made.private,
        )  # fmt: skip

    async def verify_addresses(self, person: UUID) -> None:
        """Mark every address of a person as verified, as the code that comes back would."""

        def unit(connection: Connection) -> None:
            for row in people.addresses_of(connection, person):
                people.change_address(connection, row.id, verified_at=self.now)

        await self.means.database.write(unit)

    async def consent(
        self, who: Reader | None = None, scope: frozenset[Scope] = EVERYTHING, act: Act = Act.ACCEPTED
    ) -> UUID:
        """Let the patient agree (to everything, unless told otherwise) or take it back, online."""
        given = permission.Given(
            act=act, method=Method.ONLINE, channels=frozenset(cell.channel for cell in scope), scope=scope,
            language="fr",
        )  # fmt: skip
        reader = who or self.rose
        return await permission.record(self.means, self.clinic, reader, reader.person, given, self.now)

    async def write(self, text: str, *, subject: str = "Question", **given: object) -> Receipt:
        """A message of the patient by the web inbox."""
        message = IncomingMessage(
            clinic=self.clinic.id, channel=Channel.WEB, received_at=self.now, subject=subject, new_text=text,
            idempotency=new_id(self.now).bytes, account=self.rose.account,  # type: ignore[arg-type]
        )  # fmt: skip
        return await inbound.receive(self.means, self.clinic, replace(message, **given))  # type: ignore[arg-type]

    async def mail(self, text: str, *, sender: str | None = None, **given: object) -> Receipt:
        """A mail, as the e-mail door hands it in after an aligned pass."""
        message = IncomingMessage(
            clinic=self.clinic.id, channel=Channel.EMAIL, received_at=self.now, subject="Bonjour", new_text=text,
            idempotency=new_id(self.now).bytes, sender=sender or self.patient_email, authentication=PASSED,
            raw=b"raw " + text.encode(),
        )  # fmt: skip
        return await inbound.receive(self.means, self.clinic, replace(message, **given))  # type: ignore[arg-type]

    async def text(self, text: str, *, sender: str | None = None, **given: object) -> Receipt:
        """A text message, as the webhook hands it in."""
        message = IncomingMessage(
            clinic=self.clinic.id, channel=Channel.SMS, received_at=self.now, new_text=text,
            idempotency=new_id(self.now).bytes, sender=sender or self.patient_phone,
        )  # fmt: skip
        return await inbound.receive(self.means, self.clinic, replace(message, **given))  # type: ignore[arg-type]


MEMBERS = (
    NewColleague(
        name=Name(first="Hélène", last="Marchand"), role=AccountRole.PHYSICIAN, language="fr", login="hmarchand",
        titles={"fr": "Médecin de famille", "en": "Family physician"}, phone="514 555-0101",
    ),
    NewColleague(
        name=Name(first="Marc", last="Ouellet"), role=AccountRole.NURSE, language="fr", login="mouellet",
        titles={"fr": "Infirmier clinicien", "en": "Nurse clinician"}, phone="514 555-0102",
    ),
    NewColleague(
        name=Name(first="Inès", last="Benali"), role=AccountRole.RECEPTION, language="fr", login="ibenali",
        titles={"fr": "Adjointe", "en": "Administrative assistant"}, phone="514 555-0103",
    ),
    NewColleague(
        name=Name(first="Paul", last="Gendron"), role=AccountRole.ADMINISTRATOR, language="fr", login="pgendron"
    ),
)  # fmt: skip

ROSE = NewPatient(
    name=Name(first="Rose", last="Lavigne"), birth_date="1951-03-09", language="fr",
    email="rose.lavigne@exemple.test", phone="514 555-0123", email_is_personal=True, phone_is_personal=True,
    seen_document="health_card",
)  # fmt: skip


@asynccontextmanager
async def open_world(
    url: str, folder: Path, *, host: str = "clinique.test", **laid_over: object
) -> AsyncIterator[World]:
    """Found the clinic on the database at `url`, sign everybody in, enrol the patient (who has not consented yet)."""
    settings = Settings(database=url, key_file=folder / "server.keys")
    document = policy.to_document(builtin_policy()) | {"version": 1} | laid_over
    in_force = policy.parse(document)
    keys = ServerKeys.generate()
    database = await open_database(url)
    woken: list[str] = []
    means = Means(database=database, keys=keys, texts=TEXTS, wake=woken.append, cost=CHEAP)
    clinic = make(ClinicId(new_id(TUESDAY)), host, in_force, settings, RULES, LINES)
    try:
        yield await _found(means, clinic, settings, woken)
    finally:
        await database.close()


async def found_once(url: str, folder: Path) -> World:
    """A world to copy: founded and closed again."""
    async with open_world(url, folder) as made:
        return made


@asynccontextmanager
async def open_copy(pattern: World, url: str, folder: Path) -> AsyncIterator[World]:
    """The pattern's clinic and people on a copy of its database at `url`."""
    database = await open_database(url)
    woken: list[str] = []
    means = replace(pattern.means, database=database, wake=woken.append)
    settings = Settings(database=url, key_file=folder / "server.keys")
    try:
        yield replace(pattern, means=means, settings=settings, woken=woken, readers=dict(pattern.readers))
    finally:
        await database.close()


async def found_beside(world: World, host: str = "voisine.test", **laid_over: object) -> World:
    """A second clinic in the same database, under the same server's keys, with people of the same names (REC-05)."""
    in_force = policy.parse(policy.to_document(world.clinic.policy) | laid_over)
    clinic = make(ClinicId(new_id(TUESDAY)), host, in_force, world.settings, RULES, LINES)
    return await _found(world.means, clinic, world.settings, world.woken)


async def _found(means: Means, clinic: Clinic, settings: Settings, woken: list[str]) -> World:
    founded = await founding.found(means, clinic, policy_json(clinic.policy), MEMBERS, (2, 3), TUESDAY)
    await publishing.publish(means, clinic, TUESDAY)
    made = World(means=means, clinic=clinic, settings=settings, founded=founded, woken=woken)
    await _staff(made)
    issued = await made.enrol(ROSE)
    made.patient = await made.sign_in_first(issued, ROSE.birth_date)
    await made.verify_addresses(made.patient.person)
    return made


def policy_json(in_force: policy.Policy) -> str:
    """A policy as it is stored."""
    import json  # noqa: PLC0415

    return json.dumps(policy.to_document(in_force), ensure_ascii=False)


async def _staff(made: World) -> None:
    """First sign-ins; the nurse is admitted by the physician, who got the team's key with her code."""
    for member, issued in made.founded.issued:
        reader = await made.sign_in_first(issued, "")
        made.readers[member.role] = reader
    await admission.admit(made.means, made.clinic, made.staff(), made.staff(AccountRole.NURSE).account, made.now)
