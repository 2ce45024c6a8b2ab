"""What every decision of the broker needs: the clinic with its rules, and the means to act."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from keys.server import ServerKeys
from keys.suite import PASSWORD_COST, Cost
from messaging_server.broker.screening import Opening, Reading, in_a_thread, unopened
from messaging_server.message import ClinicId
from messaging_server.storage.database import Database
from messaging_server.texts import Language, Texts
from triage.calendar import Calendar
from triage.helplines import HelpLines
from triage.model import QueueName
from triage.policy import Policy
from triage.rules import Ruleset


@dataclass(frozen=True, slots=True, kw_only=True)
class Clinic:
    """One clinic as its policy in force makes it."""

    id: ClinicId
    host: str
    policy: Policy
    calendar: Calendar
    ruleset: Ruleset = field(repr=False)
    lines: HelpLines = field(repr=False)
    portal_url: str
    """Where people sign in; it names no person and no message (EOU-15)."""

    @property
    def zone(self) -> ZoneInfo:
        """The clinic's time zone: every date that a person reads is in it (REC-13)."""
        return ZoneInfo(self.policy.timezone)

    def team_of(self, queue: QueueName) -> str:
        """The team that serves a queue."""
        return self.policy.queues[queue].team

    def reads_records(self, team: str) -> bool:
        """Whether a team holds the keys of records; reception does not (TRI-10)."""
        return self.policy.teams[team].reads_records

    def roles_of(self, team: str) -> frozenset[str]:
        """The roles that a team is made of."""
        return frozenset(self.policy.teams[team].roles)

    def teams_of(self, role: str) -> tuple[str, ...]:
        """The teams that a role belongs to."""
        return tuple(name for name, team in self.policy.teams.items() if role in team.roles)

    def local(self, at: datetime) -> datetime:
        """An instant in clinic time."""
        return at.astimezone(self.zone)


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What the broker acts with; made once by the wiring place."""

    database: Database
    keys: ServerKeys = field(repr=False)
    texts: Texts = field(repr=False)
    wake: Callable[[str], None]
    """Called after a commit with the name of what moved: `outbox` or `board`."""
    read: Reading = in_a_thread
    """Reads long texts."""
    open_file: Opening = unopened
    """Gives the words of files that are more than plain text."""
    cost: Cost = PASSWORD_COST
    """What one guess at a password or a one-time code costs whoever has stolen the database."""


def language_of(code: str, clinic: Clinic) -> Language:
    """A person's language, or the clinic's when it is none of ours (ACC-08)."""
    return Language(code) if code in set(Language) else Language(clinic.policy.default_language)


Clinics = Mapping[ClinicId, Clinic]
