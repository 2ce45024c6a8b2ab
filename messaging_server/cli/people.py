"""`people import`: patients from a CSV file, judged first, enrolled on request by a signed-in colleague (IDN-01)."""

import asyncio
import json
from pathlib import Path
from typing import Annotated

import typer

from messaging_server.broker import enrolment, listing
from messaging_server.broker.listing import Judged, Listed
from messaging_server.cli.serving import SettingsFile
from messaging_server.cli.signing_in import Answers, sign_in
from messaging_server.cli.standing import Host, Standing, refuse, standing
from messaging_server.clock import utc_now
from messaging_server.errors import InvalidError

app = typer.Typer(no_args_is_help=True, help="The clinic's patients.")
Source = Annotated[Path, typer.Argument(metavar="FILE.csv", help="Columns: " + ", ".join(listing.KNOWN) + ".")]
Apply = Annotated[bool, typer.Option("--apply", help="Enrol them; otherwise the list is only judged.")]


@app.callback()
def _group() -> None:
    """The clinic's patients."""


@app.command("import")
def bring_in(
    source: Source, answers: Answers = None, host: Host = None, settings_file: SettingsFile = None,
    *, apply: Apply = False,
) -> None:  # fmt: skip
    """Judge a list of patients; with --apply, enrol those who are new and print their one-time codes.

    Whoever is a patient already is passed over, so that a list may be given again. With any fault nobody is enrolled,
    and the exit code is 1.
    """
    asyncio.run(_import(_read(source), answers, settings_file, host, apply=apply))


def _read(source: Path) -> str:
    try:
        return source.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise refuse(f"{source}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise refuse(f"{source} is not UTF-8: save it as “CSV UTF-8”.") from error


async def _import(
    text: str, answers: Path | None, settings_file: Path | None, host: str | None, *, apply: bool
) -> None:  # fmt: skip
    async with standing(settings_file, host) as here:
        judged = await _judge(here, text)
        if judged.faults:
            raise typer.Exit(1)
        if apply and judged.fresh:
            await _enrol(here, judged.fresh, answers)


async def _judge(here: Standing, text: str) -> Judged:
    clinic = here.clinic
    try:
        listed, faults = listing.read(text, clinic.policy.default_language, clinic.local(utc_now()).date())
    except InvalidError as error:
        raise refuse(_sentence(error)) from error
    judged = await listing.judge(here.means, clinic, listed, faults)
    for fault in judged.faults:
        typer.echo(f"line {fault.number}: {fault.field} {fault.why}", err=True)
    for number in judged.enrolled:
        typer.echo(f"line {number}: already a patient, passed over", err=True)
    counts = (len(judged.fresh), len(judged.enrolled), len(judged.faults))
    typer.echo("new: {}, already here: {}, faults: {}".format(*counts), err=True)
    return judged


def _sentence(error: InvalidError) -> str:
    if error.code == "column":
        return f"Column {error.field}: missing, twice there, or not one of {', '.join(listing.KNOWN)}."
    return f"From {error.field} on this is no table."


async def _enrol(here: Standing, fresh: tuple[Listed, ...], answers: Path | None) -> None:
    """Enrol one after the other; each code is printed as soon as its patient is there, for it is kept nowhere."""
    who = await sign_in(here, answers)
    if who.role not in enrolment.ENROLLING:
        raise refuse("An administrator enrols nobody: sign in as a member of a team.")
    for line in fresh:
        try:
            issued = await enrolment.enrol(here.means, here.clinic, who, line.new, utc_now())
        except InvalidError as error:
            raise refuse(f"line {line.number}: {error.field} {error.code}; the lines before it are enrolled") from error
        printed = {
            "line": line.number, "name": line.new.name.full, "login": issued.login, "code": issued.code,
            "expires_at": issued.expires_at.isoformat(timespec="seconds"),
        }  # fmt: skip
        typer.echo(json.dumps(printed, ensure_ascii=False))
