"""A report as a file for a spreadsheet and at the terminal."""

import csv
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messaging_server.broker.sheets import Sheet, Table, for_spreadsheet, for_terminal, harmless

TABLE = Table(
    key="one", caption="By rule", head=("Rule", "Found"), rows=(("=cmd|' /C calc'!A1", "< 5"), ("plain", "12")),
    foot="That is all.",
)  # fmt: skip
NONE = Table(key="two", caption="By family", head=("Family", "Found"), empty="Too few.")
SHEET = Sheet(title="Report", period="November 2026", about=("It is noisy.",), tables=(TABLE, NONE))


@pytest.mark.parametrize(
    "cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "\N{NO-BREAK SPACE}=1"]
)  # fmt: skip
def test_what_a_spreadsheet_would_run_it_does_not(cell: str) -> None:
    """A clinic's own rule may be called anything; it is never a formula [MET-05]."""
    assert harmless(cell) == f"'{cell}"


@given(st.text(max_size=30), st.text(max_size=30), st.sampled_from(",;"))
def test_a_file_is_read_back_as_it_was_and_holds_no_formula(name: str, number: str, separator: str) -> None:
    """Whatever the cells hold, separators and quotes included [MET-05]."""
    table = Table(key="one", caption="c", head=("a", "b"), rows=((name, number),))
    made = for_spreadsheet(Sheet(title="t", period="p", about=(), tables=(table,)), separator)
    lines = list(csv.reader(StringIO(made.removeprefix("\ufeff"), newline=""), delimiter=separator))

    assert lines[-1] == [harmless(name), harmless(number)]
    assert all(not cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n")) for line in lines for cell in line)


def test_a_file_says_what_the_page_says() -> None:
    """Title, time, warning and every table with its foot, quoted whole [MET-04, MET-05]."""
    made = for_spreadsheet(SHEET, ";")

    assert made.startswith('\ufeff"Report"\r\n"November 2026"\r\n"It is noisy."\r\n')
    assert '"\'=cmd|\' /C calc\'!A1";"< 5"\r\n"plain";"12"\r\n"That is all."\r\n' in made
    assert made.endswith('"By family"\r\n"Too few."\r\n')


def test_columns_stand_under_each_other_at_the_terminal() -> None:
    """Words to the left, numbers to the right [MET-04]."""
    lines = for_terminal(SHEET).splitlines()

    assert lines[:3] == ["Report", "November 2026", "It is noisy."]
    assert lines[5:8] == [
        "  Rule                Found", "  =cmd|' /C calc'!A1    < 5", "  plain                  12",
    ]  # fmt: skip
    assert lines[-1] == "  Too few."
