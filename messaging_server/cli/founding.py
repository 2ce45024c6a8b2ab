"""`init`: found a clinic on this installation."""

import asyncio
import json
import os
import tomllib
from pathlib import Path
from typing import Annotated, Any

import typer

from keys import server as server_keys
from messaging_server.app.clinics import builtin_lines, builtin_policy, make
from messaging_server.app.rulebook import builtin_rules
from messaging_server.broker import founding, publishing
from messaging_server.broker.admission import NewColleague
from messaging_server.broker.clinic import Clinic, Means
from messaging_server.broker.directory import Name, titles_of
from messaging_server.cli.serving import SettingsFile, read_settings
from messaging_server.clock import utc_now
from messaging_server.message import ClinicId, new_id
from messaging_server.settings import Settings
from messaging_server.storage.accounts import AccountRole
from messaging_server.storage.opening import open_database
from messaging_server.texts import Texts
from triage import policy

Answers = Annotated[Path, typer.Option("--answers", help="TOML file: the clinic, its policy, its first people.")]


def init(answers: Answers, settings_file: SettingsFile = None) -> None:
    """Found a clinic: keys, recovery shares, teams, and one-time codes for its first people.

    The shares and codes are printed once, as JSON, and kept nowhere: hand them out on paper.
    """
    chosen = read_settings(settings_file)
    given = tomllib.loads(answers.read_text(encoding="utf-8"))
    printed = asyncio.run(found(chosen, given))
    typer.echo(json.dumps(printed, indent=2, ensure_ascii=False))


async def found(chosen: Settings, given: dict[str, Any]) -> dict[str, Any]:
    """Do what `init` does; gives what must be shown once."""
    keys = ensure_keys(chosen)
    now = utc_now()
    database = await open_database(chosen.database.get_secret_value())
    try:
        means = Means(database=database, keys=keys, texts=Texts.load(), wake=lambda _name: None)
        clinic, document = clinic_of(chosen, given)
        members = [_member(one) for one in given["members"]]
        shares = given.get("recovery", {})
        result = await founding.found(
            means, clinic, document, members, (shares.get("needed", 2), shares.get("total", 3)), now
        )
        await publishing.publish(means, clinic, now)
    finally:
        await database.close()
    return {
        "clinic": str(clinic.id), "host": clinic.host, "recovery_shares": list(result.shares),
        "people": [
            {"name": member.name.full, "role": member.role.value, "login": issued.login, "code": issued.code,
             "expires_at": issued.expires_at.isoformat()}
            for member, issued in result.issued
        ],
    }  # fmt: skip


def ensure_keys(chosen: Settings) -> server_keys.ServerKeys:
    """The key file's keys; a new file, readable by its owner alone, when there is none (SEC-04)."""
    path = chosen.key_file
    if path.is_file():
        return server_keys.load(path.read_bytes())
    keys = server_keys.ServerKeys.generate()
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(server_keys.dump(keys))
        file.flush()
        os.fsync(file.fileno())
    return keys


def clinic_of(chosen: Settings, given: dict[str, Any]) -> tuple[Clinic, str]:
    """The clinic that the answers describe: a built-in policy with the answers' own fields laid over it."""
    base = policy.to_document(builtin_policy(given.get("policy_base", "quebec")))
    document = base | given.get("policy", {}) | {"version": 1}
    in_force = policy.parse(document)
    clinic = make(
        ClinicId(new_id(utc_now())), given["host"].casefold(), in_force, chosen,
        builtin_rules(chosen.rules_folder), builtin_lines(),
    )  # fmt: skip
    return clinic, json.dumps(policy.to_document(in_force), ensure_ascii=False)


def _member(one: dict[str, Any]) -> NewColleague:
    return NewColleague(
        name=Name(first=one["first"], last=one["last"]), role=AccountRole(one["role"]),
        language=one.get("language", "fr"), login=one["login"], titles=titles_of(one.get("title", "")),
        phone=one.get("phone", ""),
    )  # fmt: skip
