"""The throw-away clinic of the benchmarks: one physician and fifty enrolled patients who have agreed to everything.

Passwords and codes cost next to nothing here; everything that a message meets is as it is in a real clinic.
"""

import asyncio
import json
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from consent.model import Act, Category, Channel, Method, Scope
from keys.sessions import new_token, seal_for_session, token_fingerprint
from keys.suite import Cost, PrivateKey
from messaging_server.broker import admission, enrolment, founding, permission, publishing
from messaging_server.broker.clinic import Clinic, Means
from messaging_server.broker.directory import Name
from messaging_server.broker.enrolment import Issued, NewPatient
from messaging_server.cli.founding import clinic_of, ensure_keys
from messaging_server.clock import utc_now
from messaging_server.record.reading import Reader
from messaging_server.settings import Settings
from messaging_server.storage import accounts, people
from messaging_server.storage.accounts import AccountRole, SessionRow, SessionState
from messaging_server.storage.database import Connection
from messaging_server.storage.opening import open_database
from messaging_server.texts import Texts

PATIENTS = 50
CHEAP = Cost(operations=1, memory=8 * 1024 * 1024)
BORN = "1980-01-01"
COLLEAGUES = tuple(
    admission.NewColleague(name=Name(first="A", last=login), role=role, language="fr", login=login, phone=phone)
    for role, login, phone in (
        (AccountRole.PHYSICIAN, "physician", "514 555-0101"), (AccountRole.RECEPTION, "reception", ""),
    )
)  # fmt: skip


def settings_of(folder: Path) -> Settings:
    """Everything in one folder, both doors on free loopback ports, a relay that nobody answers."""
    return Settings.model_validate({
        "database": f"sqlite:///{folder}/clinic.sqlite3",
        "key_file": folder / "server.keys",
        "log_level": "error",
        "web": {"port": 0},
        "smtp": {"port": 0, "domain": "bench.invalid", "authserv_id": "bench.invalid"},
        "relay": {"tls": "none_loopback", "port": 1},
    })  # fmt: skip


def found(folder: Path) -> None:
    """Found the clinic in a folder, and note there who can read what."""
    asyncio.run(_found(folder))


async def _found(folder: Path) -> None:
    settings, now = settings_of(folder), utc_now()
    database = await open_database(settings.database.get_secret_value())
    try:
        means = Means(
            database=database, keys=ensure_keys(settings), texts=Texts.load(), wake=lambda _name: None, cost=CHEAP
        )
        clinic, document = clinic_of(settings, {"host": "127.0.0.1"})
        founded = await founding.found(means, clinic, document, COLLEAGUES, (2, 3), now)
        await publishing.publish(means, clinic, now)
        readers = [await _sign_in(means, clinic, issued, "", now) for _, issued in founded.issued]
        reception = readers[-1]
        readers += [await _patient(means, clinic, reception, number, now) for number in range(PATIENTS)]
    finally:
        await database.close()
    listed = [{"role": r.role, "account": str(r.account), "seed": r.private.seed.hex()} for r in readers]
    document = json.dumps({"clinic": str(clinic.id), "people": listed})
    (folder / "people.json").write_text(document, encoding="utf-8")


async def _sign_in(means: Means, clinic: Clinic, issued: Issued, born: str, now: datetime) -> Reader:
    opened = await admission.check_code(means, clinic, issued.code, born, now)
    made = await admission.activate(means, clinic, opened, issued.code, "a password of the benchmark", now)
    account = made.account
    return Reader(
        clinic=clinic.id, account=account.id, person=account.person_id, role=AccountRole(account.role),
        private=made.private,
    )  # fmt: skip


async def _patient(means: Means, clinic: Clinic, reception: Reader, number: int, now: datetime) -> Reader:
    new = NewPatient(
        name=Name(first="P", last=f"Patient{number}"), birth_date=BORN, language="fr" if number % 2 else "en",
        email=f"patient{number}@patients.invalid", email_is_personal=True, seen_document="health_card",
    )  # fmt: skip
    issued = await enrolment.enrol(means, clinic, reception, new, now)
    reader = await _sign_in(means, clinic, issued, BORN, now)

    def verify(connection: Connection) -> None:
        for row in people.addresses_of(connection, reader.person):
            people.change_address(connection, row.id, verified_at=now)

    await means.database.write(verify)
    scope = frozenset(Scope(channel, category) for channel in Channel for category in Category)
    given = permission.Given(
        act=Act.ACCEPTED, method=Method.ONLINE, channels=frozenset(Channel), scope=scope, language=new.language
    )
    await permission.record(means, clinic, reader, reader.person, given, now)
    return reader


async def begin_sessions(means: Means, folder: Path) -> dict[str, list[str]]:
    """Begin a session for everybody; gives the cookies' tokens by role."""
    noted = json.loads((folder / "people.json").read_text(encoding="utf-8"))
    tokens: dict[str, list[str]] = {}
    rows = []
    for one in noted["people"]:
        token = new_token()
        tokens.setdefault(one["role"], []).append(token)
        rows.append(_session(UUID(noted["clinic"]), UUID(one["account"]), bytes.fromhex(one["seed"]), token))

    def unit(connection: Connection) -> None:
        for row in rows:
            accounts.add_session(connection, row)

    await means.database.write(unit)
    return tokens


def _session(clinic: UUID, account: UUID, seed: bytes, token: str) -> SessionRow:
    now = utc_now()
    return SessionRow(
        token_fp=token_fingerprint(token), clinic_id=clinic, account_id=account, state=SessionState.SIGNED_IN,
        sealed_key=seal_for_session(PrivateKey(seed=seed), token, account), language="fr", created_at=now, seen_at=now,
        expires_at=now + timedelta(hours=12),
    )  # fmt: skip
