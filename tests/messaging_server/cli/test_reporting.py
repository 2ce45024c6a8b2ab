"""`report screening`."""

import csv
from io import StringIO

import pytest

from tests.clinic.world import World
from tests.messaging_server.cli.conftest import Run

SAD = "Bonjour, je suis en dépression depuis le printemps."


async def test_the_report_is_printed_without_a_sign_in(world: World, run: Run) -> None:
    """The same numbers as on the page, small ones hidden, with what must be read beside them [MET-04, MET-05]."""
    await world.consent()
    for _ in range(5):
        await world.write(SAD)
    result = await run("report", "screening", "--month", "2026-11")
    other = await run("report", "screening", "--month", "2026-10")

    assert (result.exit_code, other.exit_code) == (0, 0)
    [line] = [line for line in result.stdout.splitlines() if line.strip().startswith("Mental health")]
    assert line.split()[-8:] == ["≥", "5", "<", "5", "<", "5", "≥", "5"]
    assert "misses cases" in result.stdout
    assert "≥ 5 " not in other.stdout.partition("By topic")[2]


async def test_the_table_is_printed_for_a_spreadsheet(world: World, run: Run) -> None:
    """In the language that is asked for, quoted whole [MET-05]."""
    await world.consent()
    for _ in range(5):
        await world.write(SAD)
    result = await run("report", "screening", "--quarter", "2026-Q4", "--csv", "--language", "fr")
    lines = list(csv.reader(StringIO(result.stdout.removeprefix("\ufeff"))))

    assert ["Qualité du tri"] in lines
    assert ["Santé mentale", "≥ 5", "< 5", "< 5", "≥ 5"] in lines


@pytest.mark.parametrize(
    "arguments", [("--month", "2026-Q4"), ("--month", "novembre"), ("--year", "2026", "--month", "2026-11")]
)
async def test_a_time_that_makes_no_sense_is_refused(run: Run, arguments: tuple[str, ...]) -> None:
    """One time, of its own kind [MET-04]."""
    assert (await run("report", "screening", *arguments)).exit_code == 2
