"""The table of thefts in `docs/privacy.md` and the trials of it are the same list."""

import re
from collections.abc import Callable
from typing import Any

from tests.clinic.process import ROOT
from tests.journeys.faults import test_canaries, test_theft, test_theft_backup, test_theft_running

TRIALS: dict[str, tuple[Callable[..., Any], ...]] = {
    "The disk": (test_canaries.test_no_word_of_a_day_rests_in_clear, test_theft.test_the_database_alone_names_nobody),
    "The database alone": (
        test_theft.test_nothing_that_lies_in_the_database_is_a_key_to_it,
        test_theft.test_the_database_alone_cannot_test_a_password,
        test_theft.test_a_live_session_opens_with_its_cookie_and_with_nothing_else,
    ),
    "The database and the key file": (
        test_theft.test_the_database_and_the_key_file_open_no_word_and_no_way_to_one,
        test_theft.test_with_the_key_file_the_thief_learns_who_but_no_word,
    ),
    "A backup": (
        test_theft_backup.test_a_backup_opens_with_nothing_of_the_machine_it_was_made_on,
        test_theft_backup.test_a_backup_opens_with_enough_shares,
    ),
    "The live server's memory": (
        test_theft_running.test_the_memory_of_a_server_holds_nothing_that_nobody_opened,
    ),
    "A clinician's account": (
        test_theft.test_a_clinicians_password_opens_what_the_clinician_may_open,
        test_theft.test_the_password_of_somebody_without_the_records_key_opens_no_clinical_word,
    ),
    "A patient's telephone": (test_theft.test_what_comes_to_a_telephone_says_nothing,),
    "A patient's account": (test_theft.test_a_patients_password_opens_that_patients_own,),
    "m recovery shares": (test_theft.test_enough_recovery_shares_open_everything_and_fewer_nothing,),
}


def test_each_row_of_the_table_has_its_trial() -> None:
    """Whoever writes a row about a theft says here which test commits it [SEC-04]."""
    paper = (ROOT / "docs" / "privacy.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| \*\*([^*]+)\*\*", paper, re.MULTILINE)

    assert rows == list(TRIALS)
