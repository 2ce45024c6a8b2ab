"""`policy export` and `policy import`: a clinic's written procedure as a TOML file, out and in (TRI-01)."""

import asyncio
from pathlib import Path
from typing import Annotated

import tomli_w
import typer

from messaging_server.broker import amending, publishing
from messaging_server.cli.serving import SettingsFile
from messaging_server.cli.standing import Host, Standing, refuse, standing
from messaging_server.clock import utc_now
from messaging_server.errors import ConflictError, InvalidError
from triage.policy import Policy, PolicyError, parse_toml, problems, to_document

app = typer.Typer(no_args_is_help=True, help="The clinic's policy as a TOML file.")
Out = Annotated[Path | None, typer.Option("--out", "-o", help="File to write; else standard output.")]
Source = Annotated[Path, typer.Argument(metavar="FILE", help="TOML file, as `policy export` writes it.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask before the change.")]


@app.command("export")
def export(out: Out = None, host: Host = None, settings_file: SettingsFile = None) -> None:
    """Write the policy in force as TOML."""
    text = asyncio.run(_export(settings_file, host))
    if out is None:
        typer.echo(text, nl=False)
    else:
        out.write_text(text, encoding="utf-8")


async def _export(settings_file: Path | None, host: str | None) -> str:
    async with standing(settings_file, host) as here:
        return tomli_w.dumps(to_document(here.clinic.policy), multiline_strings=False)


@app.command("import")
def bring_in(source: Source, *, yes: Yes = False, host: Host = None, settings_file: SettingsFile = None) -> None:
    """Show what a policy file would change and for whom; then put it in force as a new version.

    A running server takes it up within seconds. Exit code 1 when nothing was changed for a reason.
    """
    asyncio.run(_import(_read(source), settings_file, host, yes=yes))


def _read(source: Path) -> Policy:
    try:
        return parse_toml(source.read_bytes())
    except OSError as error:
        raise refuse(f"{source}: {error.strerror}") from error
    except PolicyError as error:
        raise refuse(f"{source}: {error}") from error


async def _import(policy: Policy, settings_file: Path | None, host: str | None, *, yes: bool) -> None:
    async with standing(settings_file, host) as here:
        try:
            await _put_in_force(here, policy, yes=yes)
        except ConflictError as error:
            raise refuse("Another version was put in force meanwhile: export again, and change that.") from error
        except InvalidError as error:
            raise refuse(_sentence(error)) from error


async def _put_in_force(here: Standing, policy: Policy, *, yes: bool) -> None:
    known = here.clinic.policy
    if policy.version != known.version:
        raise refuse(
            f"The file was made from version {policy.version}, and version {known.version} is in force. Export again, "
            "and make the change there: else what changed between them would be undone."
        )
    found = amending.changes(known, policy)
    if not found:
        await publishing.publish(here.means, here.clinic, utc_now())  # an import may have been cut short before this
        typer.echo("Nothing changes.")
        return
    for change in found:
        typer.echo(f"{change.path}: {change.before} → {change.after} ({change.whom})")
    if await amending.new_text(here.means, here.clinic, policy):
        typer.echo("The words that patients agree to change: a new version of the consent text will be published.")
    for problem in problems(policy):
        typer.echo(f"To settle: {problem.path} ({problem.code})")
    if not yes:
        typer.confirm("Put this in force?", abort=True)
    done = await amending.amend(here.means, here.clinic, policy, utc_now())
    typer.echo(f"Policy version {done.policy_version} is in force, with consent text version {done.text_version}.")
    if done.to_inform:
        typer.echo(f"Patients who agreed to an older text, to be informed again: {len(done.to_inform)}.")


def _sentence(error: InvalidError) -> str:
    if error.code == "teams_come_with_keys":
        return (
            f"{error.field}: who is in a team, and whether it reads records, cannot be changed by a file, because keys "
            "make teams. Invite and admit colleagues on the team's page."
        )
    return f"{error.field}: {error.code}"
