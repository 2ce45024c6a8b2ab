"""The clinics of this installation, as their policies in force make them."""

import json
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from messaging_server.app.rulebook import builtin_rules
from messaging_server.broker.clinic import Clinic
from messaging_server.errors import UnavailableError
from messaging_server.message import ClinicId
from messaging_server.settings import Settings
from messaging_server.storage import clinics as stored
from messaging_server.storage.database import Connection, Database
from triage import helplines, policy
from triage.calendar import Calendar
from triage.helplines import HelpLines
from triage.policy import Policy
from triage.rules import Ruleset


def builtin_lines() -> HelpLines:
    """The dated help lines that ship with this version (ACK-06)."""
    return helplines.load((Path(str(files("triage"))) / "data" / "helplines.toml").read_bytes())


def builtin_policy(name: str = "quebec") -> Policy:
    """A policy to begin with: `quebec` or `ontario`."""
    return policy.parse_toml((Path(str(files("triage"))) / "policies" / f"{name}.toml").read_bytes())


def make(
    clinic: ClinicId, host: str, in_force: Policy, settings: Settings, ruleset: Ruleset, lines: HelpLines
) -> Clinic:
    """A clinic from its policy."""
    return Clinic(
        id=clinic, host=host, policy=in_force, calendar=Calendar(in_force), ruleset=ruleset, lines=lines,
        portal_url=settings.web.public_url,
    )  # fmt: skip


class Directory(dict[ClinicId, Clinic]):
    """Every clinic by id, read again whenever a policy changes."""

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self._settings = settings
        self._ruleset = builtin_rules(settings.rules_folder)
        self._lines = builtin_lines()

    async def refresh(self, database: Database) -> None:
        """Take up what the database says now."""
        found = await database.read(_load)
        for clinic, host, version, document in found:
            known, portal = self.get(clinic), self._portal(host, alone=len(found) == 1)
            if known is None or (known.policy.version, known.portal_url) != (version, portal):
                in_force = policy.parse(json.loads(document) | {"version": version})
                made = make(clinic, host, in_force, self._settings, self._ruleset, self._lines)
                self[clinic] = replace(made, portal_url=portal)

    def _portal(self, host: str, *, alone: bool) -> str:
        """Where a clinic's people reach its pages: the public address, or the same under its own host beside others."""
        public = self._settings.web.public_url
        if alone:
            return public
        parts = urlsplit(public)
        return urlunsplit(parts._replace(netloc=f"{host}:{parts.port}" if parts.port else host))

    def by_host(self, host: str) -> Clinic | None:
        """The clinic that this host name belongs to; the only one, where there is only one."""
        bare = host.rsplit(":", 1)[0].strip("[]").casefold()
        for clinic in self.values():
            if clinic.host == bare:
                return clinic
        return next(iter(self.values())) if len(self) == 1 else None

    def by_mail(self, local: str, domain: str) -> Clinic | None:
        """The clinic that a mail address of ours belongs to.

        Raises UnavailableError where two clinics claim it: the sender keeps the mail, and neither reads the other's.
        """
        claiming = [clinic for clinic in self.values() if self._claims(clinic, local.casefold(), domain.casefold())]
        if len(claiming) > 1:
            raise UnavailableError("two clinics have this address")
        return claiming[0] if claiming else None

    def _claims(self, clinic: Clinic, local: str, domain: str) -> bool:
        if domain != mail_domain(clinic, self._settings).casefold():
            return False
        own = {address.casefold() for address in clinic.policy.mail.addresses}
        ours = own or {f"{self._settings.smtp.mailbox}@{domain}".casefold()}
        return f"{local}@{domain}" in ours or local.startswith(("reply+", "bounce+"))

    def by_number(self) -> Clinic | None:
        """The clinic that this server's one number belongs to; None before any is founded.

        Raises UnavailableError where there are several: a text is then filed nowhere rather than with the wrong one.
        """
        if len(self) > 1:
            raise UnavailableError("one number, several clinics")
        return next(iter(self.values()), None)


def mail_domain(clinic: Clinic, settings: Settings) -> str:
    """The domain that a clinic's mail comes from and is answered to: its own, or the server's where it names none."""
    return clinic.policy.mail.domain or settings.smtp.domain


def _load(connection: Connection) -> list[tuple[ClinicId, str, int, str]]:
    return [
        (ClinicId(clinic), host, *stored.current_policy(connection, clinic))
        for clinic, host in stored.clinics(connection)
    ]
