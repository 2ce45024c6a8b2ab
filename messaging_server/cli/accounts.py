"""`account reset`: a new one-time code, with recovery shares, for somebody whom nobody else can give one (IDN-08)."""

import asyncio
import json
from pathlib import Path
from typing import Annotated, Any

import typer

from keys.suite import WrongSecretError
from messaging_server.broker import recovering
from messaging_server.cli.serving import SettingsFile
from messaging_server.cli.signing_in import Answers, read_answers
from messaging_server.cli.standing import Host, Standing, refuse, standing
from messaging_server.clock import utc_now
from messaging_server.errors import NotAllowedError, NotFoundError
from messaging_server.record.reading import Reader

app = typer.Typer(no_args_is_help=True, help="Accounts, with recovery shares.")
Login = Annotated[str, typer.Argument(metavar="LOGIN", help="The person's sign-in name.")]


@app.callback()
def _group() -> None:
    """Accounts, with recovery shares."""


@app.command()
def reset(login: Login, answers: Answers = None, host: Host = None, settings_file: SettingsFile = None) -> None:
    """Print a new one-time code for a colleague or a patient; asks for the recovery shares, or reads them from a file.

    First make sure who asks. The second factor stays as it is, and a patient is told at every verified address.
    """
    printed = asyncio.run(_reset(login, read_answers(answers), settings_file, host))
    typer.echo(json.dumps(printed, indent=2, ensure_ascii=False))


async def _reset(login: str, given: dict[str, Any], settings_file: Path | None, host: str | None) -> dict[str, str]:
    async with standing(settings_file, host) as here:
        who = await by_shares(here, given)
        try:
            issued = await recovering.reset(here.means, here.clinic, who, login, utc_now())
        except NotFoundError as error:
            raise refuse("Nobody here has this sign-in name.") from error
        except NotAllowedError as error:
            raise refuse(f"The recovery key does not reach what this person needs: {error.code}.") from error
        until = issued.expires_at.isoformat(timespec="seconds")
        return {"login": issued.login, "code": issued.code, "expires_at": until}


async def by_shares(here: Standing, given: dict[str, Any]) -> Reader:
    """Whoever holds enough recovery shares; asks for them one by one until an empty line."""
    try:
        return await recovering.recovered(here.means, here.clinic, shares_of(given))
    except WrongSecretError as error:
        raise refuse(f"{error}.".capitalize()) from error


def shares_of(given: dict[str, Any]) -> list[str]:
    """The recovery shares of the answers, or as they are typed."""
    return list(map(str, given["shares"])) if "shares" in given else _asked()


def _asked() -> list[str]:
    shares: list[str] = []
    while share := str(typer.prompt("Recovery share (empty to end)", default="", show_default=False, err=True)).strip():
        shares.append(share)
    return shares
