"""`report screening`: how the screening did, without anybody in it; nobody needs to sign in (MET-04, MET-05)."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from messaging_server.broker import sheets
from messaging_server.broker.period import Period, offered, read
from messaging_server.broker.quality_words import Words, sheet
from messaging_server.broker.reporting import screening as screened
from messaging_server.cli.serving import SettingsFile
from messaging_server.cli.standing import Host, refuse, standing
from messaging_server.clock import utc_now
from messaging_server.texts import Language

app = typer.Typer(no_args_is_help=True, help="Numbers for those who lead the clinic.")
Month = Annotated[str | None, typer.Option("--month", help="A month, as 2026-11; else this month.")]
Quarter = Annotated[str | None, typer.Option("--quarter", help="A quarter, as 2026-Q4.")]
Year = Annotated[str | None, typer.Option("--year", help="A year, as 2026.")]
Csv = Annotated[bool, typer.Option("--csv", help="For a spreadsheet, with a comma between two cells.")]
Speaking = Annotated[Language, typer.Option("--language", help="Of the words.")]


@app.callback()
def _group() -> None:
    """Numbers for those who lead the clinic."""


@app.command()
def screening(
    month: Month = None, quarter: Quarter = None, year: Year = None, language: Speaking = Language.EN,
    host: Host = None, settings_file: SettingsFile = None, *, csv: Csv = False,
) -> None:  # fmt: skip
    """What the screening found and people judged, overrides, and how fast a person came to emergencies.

    Numbers under 5 do not show. The same report is on a page for physicians and administrators.
    """
    given = [(1, month), (3, quarter), (12, year)]
    asyncio.run(_screening(_period(given), language, settings_file, host, csv=csv))


def _period(given: list[tuple[int, str | None]]) -> Period | None:
    named = [(months, name) for months, name in given if name is not None]
    if len(named) > 1:
        raise refuse("Give one of --month, --quarter and --year.", 2)
    for months, name in named:
        found = read(name)
        if found is None or found.months != months:
            raise refuse(f"{name!r} is none: a month is as 2026-11, a quarter as 2026-Q4, a year as 2026.", 2)
        return found
    return None


async def _screening(
    period: Period | None, language: Language, settings_file: Path | None, host: str | None, *, csv: bool
) -> None:
    async with standing(settings_file, host) as here:
        now = utc_now()
        local = here.clinic.local(now)
        chosen = period or offered(local.date())[0]
        found = await screened(here.means, here.clinic, chosen, now)
        told = sheet(Words(texts=here.means.texts, language=language), found, chosen, local)
        if csv:
            typer.echo(sheets.for_spreadsheet(told, ","), nl=False)
        else:
            typer.echo(sheets.for_terminal(told))
