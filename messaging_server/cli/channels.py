"""`channel pause` and `channel resume`: what would leave by a channel waits, now or from–to."""

import asyncio
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from consent.model import Channel
from messaging_server.broker import pausing
from messaging_server.broker.clinic import Clinic
from messaging_server.cli.serving import SettingsFile
from messaging_server.cli.standing import Host, refuse, standing
from messaging_server.clock import utc_now
from messaging_server.errors import InvalidError

app = typer.Typer(no_args_is_help=True, help="Let a channel rest, and let it go on.")


class Leaving(StrEnum):
    """A channel by which something leaves."""

    EMAIL = "email"
    SMS = "sms"


Which = Annotated[Leaving, typer.Argument(help="The channel.")]
From = Annotated[str | None, typer.Option("--from", help="Beginning, as 2026-12-24T17:00; else now.")]
Until = Annotated[str | None, typer.Option("--to", help="End; else until `channel resume`.")]


@app.command()
def pause(
    channel: Which, start: From = None, end: Until = None, host: Host = None, settings_file: SettingsFile = None
) -> None:
    """Let a channel rest: answers and notices wait, emergency texts and alerts still leave; all that comes is taken.

    Moments without an offset are in clinic time.
    """
    asyncio.run(_pause(Channel(channel.value), start, end, settings_file, host))


async def _pause(
    channel: Channel, start: str | None, end: str | None, settings_file: Path | None, host: str | None
) -> None:
    async with standing(settings_file, host) as here:
        now = utc_now()
        first, last = _moment(start, here.clinic) or now, _moment(end, here.clinic)
        try:
            await pausing.pause(here.means, here.clinic, channel, first, last, now)
        except InvalidError as error:
            raise refuse("The end must lie in the future and after the beginning.", 2) from error
        until = here.clinic.local(last).isoformat(timespec="minutes") if last else "somebody resumes it"
        typer.echo(f"{channel} rests from {here.clinic.local(first).isoformat(timespec='minutes')} until {until}.")


def _moment(text: str | None, clinic: Clinic) -> datetime | None:
    if text is None:
        return None
    try:
        given = datetime.fromisoformat(text)
    except ValueError as error:
        raise refuse(f"{text!r} is no moment such as 2026-12-24T17:00.", 2) from error
    return given if given.tzinfo else given.replace(tzinfo=clinic.zone)


@app.command()
def resume(channel: Which, host: Host = None, settings_file: SettingsFile = None) -> None:
    """Let a channel go on now; also takes back a pause that is still to come."""
    asyncio.run(_resume(Channel(channel.value), settings_file, host))


async def _resume(channel: Channel, settings_file: Path | None, host: str | None) -> None:
    async with standing(settings_file, host) as here:
        freed = await pausing.resume(here.means, here.clinic, channel, utc_now())
        if freed is None:
            raise refuse(f"{channel} was not paused.")
        typer.echo(f"{channel} goes on; {freed} waiting deliveries leave now.")
