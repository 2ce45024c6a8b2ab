"""`people import`."""

import json
from datetime import date
from pathlib import Path

import pytest
import tomli_w
from hypothesis import given
from hypothesis import strategies as st

from keys import totp
from messaging_server.broker import admission, listing
from messaging_server.clock import utc_now
from messaging_server.errors import InvalidError
from messaging_server.storage import accounts, records
from messaging_server.storage.accounts import AccountRole
from tests.clinic.entering import give_second_factor, login_of
from tests.clinic.world import PASSWORD, World
from tests.messaging_server.cli.conftest import Run

HEAD = "first,last,birth_date,language,email,phone\n"
NEW = "Émile,Caron,1948-02-29,fr,emile.caron@exemple.test,\n" + "Ada,Boyd,2001-05-06,en,,514 555-0188\n"
TODAY = date(2026, 11, 24)


@pytest.fixture
async def answers(world: World, tmp_path: Path) -> Path:
    """What the receptionist would type at the terminal."""
    return await answers_of(world, tmp_path, AccountRole.RECEPTION)


async def answers_of(world: World, folder: Path, role: AccountRole) -> Path:
    """A colleague's name, password and code of this moment, as a file."""
    who = world.staff(role)
    seed = await give_second_factor(world, who)
    told = {"login": await login_of(world, who), "password": PASSWORD, "code": totp.code_at(seed, utc_now())}
    path = folder / "answers.toml"
    path.write_text(tomli_w.dumps(told), encoding="utf-8")
    return path


def listed(folder: Path, text: str) -> Path:
    """A list as a file."""
    path = folder / "patients.csv"
    path.write_text(text, encoding="utf-8-sig")
    return path


def spoil(path: Path, name: str) -> None:
    """One answer of the file, made wrong."""
    path.write_text(path.read_text().replace(f'{name} = "', f'{name} = "0', 1))


async def patients(world: World) -> int:
    """How many patients have a record."""
    found = await world.means.database.read(lambda c: records.all_records(c, world.clinic.id))
    return sum(1 for record in found if record.person_id)


async def test_a_list_is_only_judged_unless_asked_for(world: World, run: Run, tmp_path: Path) -> None:
    """Nobody is enrolled by a look, and nobody needs to sign in for it [DIR-01]."""
    result = await run("people", "import", listed(tmp_path, HEAD + NEW))
    assert (result.exit_code, result.stdout) == (0, "")
    assert "new: 2, already here: 0, faults: 0" in result.stderr
    assert await patients(world) == 1


async def test_a_signed_in_colleague_enrols_a_list_and_each_code_works(
    world: World, run: Run, tmp_path: Path, answers: Path
) -> None:
    """Each new patient gets a record and a code that is printed once [IDN-01, IDN-03]."""
    result = await run("people", "import", listed(tmp_path, HEAD + NEW), "--apply", "--answers", answers)
    assert result.exit_code == 0, result.output
    first, second = map(json.loads, result.stdout.splitlines())
    assert (first["name"], first["login"]) == ("Émile Caron", "emile.caron@exemple.test")
    opened = await admission.check_code(world.means, world.clinic, second["code"], "2001-05-06", utc_now())
    assert opened.trace.sealed_keys is not None
    assert await patients(world) == 3


async def test_a_list_may_be_given_twice(world: World, run: Run, tmp_path: Path, answers: Path) -> None:
    """Whoever is here already is passed over, not enrolled twice [DIR-01]."""
    path = listed(tmp_path, HEAD + NEW)
    await run("people", "import", path, "--apply", "--answers", answers)
    again = await run("people", "import", path, "--apply", "--answers", answers)
    assert "new: 0, already here: 2, faults: 0" in again.stderr
    assert (again.exit_code, again.stdout) == (0, "")


@pytest.mark.parametrize(
    ("line", "field", "why"),
    [
        ("Léo,Roy,1990-13-01,fr,,", "birth_date", "not_a_date"),
        ("Léo,Roy,2090-01-01,fr,,", "birth_date", "not_a_date"),
        ("Léo,Roy,1790-01-01,fr,,", "birth_date", "not_a_date"),
        ("Léo,,1990-01-01,fr,,", "last", "missing"),
        ("Léo,Roy,1990-01-01,de,,", "language", "not_a_language"),
        ("Léo,Roy,1990-01-01,fr,pas une adresse,", "email", "not_an_address"),
        ("Léo,Roy,1990-01-01,fr,,12", "phone", "not_a_number"),
        ("Léo,Roy,1990-01-01,fr", "line", "columns_do_not_match"),
        ("Léo,Roy,1990-01-01,fr,,,,", "line", "columns_do_not_match"),
    ],
)
def test_a_line_that_cannot_be_used_names_its_field(line: str, field: str, why: str) -> None:
    """The other lines are read all the same [DIR-01]."""
    lines, faults = listing.read(HEAD + NEW + line, "fr", TODAY)
    assert len(lines) == 2
    assert faults == (listing.Fault(number=4, field=field, why=why),)


async def test_one_line_that_cannot_be_used_stops_the_whole_list(
    world: World, run: Run, tmp_path: Path, answers: Path
) -> None:
    """What is wrong is named line by line, no word of it is repeated, and nobody is enrolled [CON-20, DIR-01]."""
    bad = (
        "Léo,Roy,1990-01-01,fr,emile.caron@exemple.test,\n" "emile,CARON,1948-02-29,fr,,\n"
        "Léa,Roy,1990-01-01,fr,rose.lavigne@exemple.test,\n" "Luc,Roy,hier,fr,,\n"
    )  # fmt: skip
    result = await run("people", "import", listed(tmp_path, HEAD + NEW + bad), "--apply", "--answers", answers)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.splitlines()[:4] == [
        "line 4: email twice_in_the_list", "line 5: line twice_in_the_list", "line 6: email already_used",
        "line 7: birth_date not_a_date",
    ]  # fmt: skip
    assert await patients(world) == 1


async def test_a_patient_of_the_clinic_is_known_by_name_and_birth_date(world: World, run: Run, tmp_path: Path) -> None:
    """Accents and case do not make another person; another birth date does [DIR-01]."""
    text = HEAD + "ROSE,lavigne,1951-03-09,fr,,\nRose,Lavigne,1980-01-01,fr,,\n"
    result = await run("people", "import", listed(tmp_path, text))
    assert "line 2: already a patient" in result.stderr
    assert "new: 1, already here: 1" in result.stderr


@pytest.mark.parametrize("wrong", ["password", "code", "login"])
async def test_a_wrong_sign_in_enrols_nobody_and_says_no_more_than_that(
    world: World, run: Run, tmp_path: Path, answers: Path, wrong: str
) -> None:
    """Whatever was wrong, the words are the same, and the try is written down [IDN-05, IDN-09]."""
    spoil(answers, wrong)
    result = await run("people", "import", listed(tmp_path, HEAD + NEW), "--apply", "--answers", answers)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "This sign-in was refused." in result.stderr
    assert await patients(world) == 1
    who = world.staff(AccountRole.RECEPTION)
    account = await world.means.database.read(lambda c: accounts.account(c, world.clinic.id, who.account))
    assert account is not None
    assert account.failures == (0 if wrong == "login" else 1)


async def test_a_code_of_the_second_factor_counts_once_at_the_terminal(
    world: World, run: Run, tmp_path: Path, answers: Path
) -> None:
    """A code that was looked at over a shoulder is worth nothing [IDN-05]."""
    path = listed(tmp_path, HEAD + NEW)
    assert (await run("people", "import", path, "--apply", "--answers", answers)).exit_code == 0
    path = listed(tmp_path, HEAD + "Léo,Roy,1990-01-01,fr,,\n")
    assert (await run("people", "import", path, "--apply", "--answers", answers)).exit_code == 1
    assert await patients(world) == 3


async def test_an_administrator_enrols_nobody(world: World, run: Run, tmp_path: Path) -> None:
    """Whoever administers reads nothing and opens no record [IDN-22]."""
    told = await answers_of(world, tmp_path, AccountRole.ADMINISTRATOR)
    result = await run("people", "import", listed(tmp_path, HEAD + NEW), "--apply", "--answers", told)
    assert result.exit_code == 1
    assert "An administrator enrols nobody" in result.stderr
    assert await patients(world) == 1


async def test_a_file_that_is_no_list_is_refused_in_words(run: Run, tmp_path: Path) -> None:
    """A missing column, another encoding and a missing file each have their sentence [DIR-01]."""
    assert "Column birth_date" in (await run("people", "import", listed(tmp_path, "first,last\n"))).stderr
    assert "Column colour" in (await run("people", "import", listed(tmp_path, HEAD[:-1] + ",colour\n"))).stderr
    path = tmp_path / "latin.csv"
    path.write_bytes(HEAD.encode() + "Émile".encode("latin-1"))
    assert "is not UTF-8" in (await run("people", "import", path)).stderr
    assert "No such file" in (await run("people", "import", tmp_path / "none.csv")).stderr


def test_semicolons_and_french_answers_are_read() -> None:
    """A spreadsheet in French writes semicolons, and people write « oui » [DIR-01]."""
    text = "first;last;birth_date;email;email_is_personal\nÉmile;Caron;1948-02-29;e@exemple.test;Oui\n"
    (line,), faults = listing.read(text, "fr", TODAY)
    assert faults == ()
    assert (line.new.email_is_personal, line.new.phone_is_personal, line.new.language) == (True, False, "fr")


@given(st.text(max_size=300))
def test_any_text_gives_lines_and_faults_and_nothing_else(text: str) -> None:
    """Whatever a file holds, each line is used or named [DIR-01]."""
    try:
        lines, faults = listing.read(HEAD + text, "fr", TODAY)
    except InvalidError:
        return
    assert len({*(line.number for line in lines), *(fault.number for fault in faults)}) == len(lines) + len(faults)
