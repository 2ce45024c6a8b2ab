"""The invented people of the demonstration. Nobody here exists; addresses and numbers lead nowhere."""

import secrets
from dataclasses import dataclass, field

from messaging_server.broker.admission import NewColleague
from messaging_server.broker.directory import Name
from messaging_server.storage.accounts import AccountRole

DOMAIN = "demo.invalid"
CLINIC_ADDRESS = f"messages@{DOMAIN}"
CLINIC_NUMBER = "+15145550199"


@dataclass(frozen=True, slots=True, kw_only=True)
class Patient:
    """An invented patient."""

    key: str
    first: str
    last: str
    birth_date: str
    language: str
    email: bool = True
    phone: str = ""
    consents: str = "all"
    """`all`, `web` only, `no_sms`, or `none`: enrolled, signed in, and has not agreed to anything yet."""

    @property
    def address(self) -> str:
        """An address that leads to the demonstration's own page and nowhere else."""
        return f"{self.key}@patients.{DOMAIN}" if self.email else ""


COLLEAGUES = (
    NewColleague(
        name=Name(first="Hélène", last="Marchand"), role=AccountRole.PHYSICIAN, language="fr", login="hmarchand",
        titles={"fr": "Médecin de famille", "en": "Family physician"}, phone="514 555-0101",
    ),
    NewColleague(
        name=Name(first="Marc", last="Ouellet"), role=AccountRole.NURSE, language="fr", login="mouellet",
        titles={"fr": "Infirmier clinicien", "en": "Nurse clinician"}, phone="514 555-0102",
    ),
    NewColleague(
        name=Name(first="Priya", last="Raman"), role=AccountRole.NURSE, language="en", login="praman",
        titles={"fr": "Infirmière praticienne spécialisée", "en": "Nurse practitioner"}, phone="514 555-0104",
    ),
    NewColleague(
        name=Name(first="Inès", last="Benali"), role=AccountRole.RECEPTION, language="fr", login="ibenali",
        titles={"fr": "Adjointe administrative", "en": "Administrative assistant"}, phone="514 555-0103",
    ),
    NewColleague(
        name=Name(first="Paul", last="Gendron"), role=AccountRole.ADMINISTRATOR, language="fr", login="pgendron"
    ),
)  # fmt: skip

_TABLE = """
rose.lavigne      | Rose      | Lavigne   | 1951-03-09 | fr | mail | +15145550123 | all
thomas.okafor     | Thomas    | Okafor    | 1968-11-30 | en | mail | +15145550124 | all
nadia.haddad      | Nadia     | Haddad    | 1987-06-18 | fr | mail | +15145550125 | all
jeanguy.pelletier | Jean-Guy  | Pelletier | 1945-01-22 | fr | mail | +15145550126 | all
chloe.bergeron    | Chloé     | Bergeron  | 1999-09-02 | fr | mail |              | no_sms
grace.macleod     | Grace     | MacLeod   | 1992-04-14 | en | mail | +15145550128 | all
marieeve.gagnon   | Marie-Ève | Gagnon    | 1979-12-05 | fr | mail | +15145550129 | all
samuel.roy        | Samuel    | Roy       | 1990-08-27 | fr | mail | +15145550130 | all
anh.tran          | Anh       | Tran      | 1983-02-11 | en | mail |              | none
lucien.ferland    | Lucien    | Ferland   | 1958-07-07 | fr | mail |              | no_sms
olivia.smith      | Olivia    | Smith     | 1974-10-19 | en | mail |              | web
yvonne.cote       | Yvonne    | Côté      | 1939-05-25 | fr |      |              | web
"""


def _patient(line: str) -> Patient:
    key, first, last, birth_date, language, mail, phone, consents = (cell.strip() for cell in line.split("|"))
    return Patient(
        key=key, first=first, last=last, birth_date=birth_date, language=language, email=bool(mail), phone=phone,
        consents=consents,
    )  # fmt: skip


PATIENTS = tuple(map(_patient, _TABLE.strip().splitlines()))


def new_password() -> str:
    """A password nobody chose: five groups of letters and digits."""
    letters = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(letters) for _ in range(5)) for _ in range(4))


@dataclass(slots=True, kw_only=True)
class Ready:
    """Somebody who can sign in, as `people.json` tells."""

    name: str
    role: str
    login: str
    password: str = field(repr=False)
    totp_seed: str = field(default="", repr=False)
    """Base32; empty for those without a second factor."""
    email: str = ""
    phone: str = ""
    account: str = ""
    reply_addresses: list[str] = field(default_factory=list)
