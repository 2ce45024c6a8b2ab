"""The theft of a backup: worth a database alone, until enough recovery shares are there too."""

import subprocess
import sys

import pytest

from keys.accounts import unlock
from tests.clinic.process import ROOT
from tests.journeys.faults.loot import Loot
from tests.journeys.faults.thief import secrets_in, secrets_lying_about, secrets_of_shares, stolen


def test_a_backup_opens_with_nothing_of_the_machine_it_was_made_on(loot: Loot) -> None:
    """Database, backup and every secret of the key file, tried on everything: not one thing opens [SEC-04, SEC-16]."""
    assert len(secrets_in(loot.key_file)) == 6
    assert loot.open_backup() == []


def test_a_backup_does_not_open_with_what_lies_in_the_database(loot: Loot) -> None:
    """No verifier, hash or fingerprint is the key of an archive, or makes the recovery key [SEC-04, SEC-16]."""
    with stolen(loot.premises.database) as connection:
        lying = secrets_lying_about(connection)
    assert len(lying) > 100
    assert loot.open_only_backup(*lying) == []


@pytest.mark.parametrize(("shares", "opens"), [(1, False), (2, True)])
def test_a_backup_opens_with_enough_shares(loot: Loot, shares: int, *, opens: bool) -> None:
    """Two of three shares open the archive and what is in it; one gives nothing [SEC-04, SEC-16]."""
    opened = loot.open_only_backup(*secrets_of_shares(loot.premises.cast.shares[:shares]))

    assert {one.kind for one in opened} == ({"shares", "archive key", "archive"} if opens else set())
    assert any(b"server.keys" in one.inside for one in opened) is opens


def test_a_clinician_s_password_opens_no_backup(loot: Loot) -> None:
    """It opens what it may in the database beside it; the archive, and the key file in it, stay shut [SEC-04]."""
    doctor = loot.account(loot.premises.one("Hélène"))
    password = loot.premises.one("Hélène").password
    own = unlock(password, loot.keys.pepper, doctor.keys, doctor.id, doctor.clinic_id)
    kinds = {one.kind for one in loot.open_backup(own.seed)}

    assert "content" in kinds
    assert kinds & {"shares", "archive key", "archive"} == set()


def test_the_thief_runs_as_a_program_and_comes_back_with_nothing(loot: Loot) -> None:
    """With database, backup and key file the program opens nothing without a secret of a person [SEC-04]."""
    database, key_file = loot.premises.database, loot.premises.settings.key_file
    doctor = loot.account(loot.premises.one("Hélène"))
    secret = unlock(loot.premises.one("Hélène").password, loot.keys.pepper, doctor.keys, doctor.id, doctor.clinic_id)

    assert run_thief(database) == ""
    assert run_thief(loot.backup, key_file) == ""
    assert run_thief(database, loot.backup, key_file) == ""
    assert "content\t" in run_thief(database, loot.backup, key_file, secret.seed.hex())


def run_thief(*arguments: object) -> str:
    """What the thief prints."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.journeys.faults.thief", *map(str, arguments)], cwd=ROOT, check=True,
        capture_output=True, text=True,
    )  # fmt: skip
    return done.stdout
