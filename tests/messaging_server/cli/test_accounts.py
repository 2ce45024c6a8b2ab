"""`account reset`."""

import json
from pathlib import Path

import pytest
import tomli_w

from keys.suite import WrongSecretError
from messaging_server.broker import admission, recovering
from messaging_server.clock import utc_now
from messaging_server.record.reading import Reader, open_thread, reachable_keys
from messaging_server.storage import accounts, keyring, outbox
from messaging_server.storage.accounts import AccountRole, AccountState
from messaging_server.storage.keyring import KeyKind
from tests.clinic.entering import account_of, give_second_factor, login_of
from tests.clinic.world import PASSWORD, World
from tests.messaging_server.cli.conftest import Run

NEW_PASSWORD = "un tout autre mot de passe"


@pytest.fixture
def shares(world: World, tmp_path: Path) -> Path:
    """Two of the three printed shares, as a file."""
    return written(tmp_path, *world.founded.shares[1:])


def written(folder: Path, *given: str) -> Path:
    """Shares as a file of answers."""
    path = folder / "shares.toml"
    path.write_text(tomli_w.dumps({"shares": list(given)}), encoding="utf-8")
    return path


async def used(world: World, code: str, birth_date: str = "") -> Reader:
    """The account that a code becomes."""
    opened = await admission.check_code(world.means, world.clinic, code, birth_date, utc_now())
    made = await admission.activate(world.means, world.clinic, opened, code, NEW_PASSWORD, utc_now())
    account = made.account
    assert account.state is AccountState.ACTIVE
    return Reader(
        clinic=world.clinic.id, account=account.id, person=account.person_id, role=AccountRole(account.role),
        private=made.private,
    )  # fmt: skip


async def test_a_patient_whom_shares_gave_a_code_reads_their_messages_again(
    world: World, run: Run, shares: Path
) -> None:
    """Shares reach the record, the code carries its key, and the old account ends with its use [IDN-08, SEC-04]."""
    receipt = await world.write("Bonjour, une question.")
    assert receipt.thread is not None
    result = await run("account", "reset", world.patient_email, "--answers", shares)
    assert result.exit_code == 0, result.output
    again = await used(world, json.loads(result.stdout)["code"], "1951-03-09")
    opened = await open_thread(world.means.database, again, receipt.thread, max(world.now, utc_now()))
    assert opened.exchanges[0].content.text == "Bonjour, une question."
    assert (await account_of(world, world.rose)).state == AccountState.BLOCKED


async def test_a_colleague_gets_the_keys_of_their_teams_back(world: World, run: Run, shares: Path) -> None:
    """Even the only member of a team: without this the team's way to its records would be lost [IDN-08]."""
    nurse = world.staff(AccountRole.NURSE)
    result = await run("account", "reset", await login_of(world, nurse), "--answers", shares)
    again = await used(world, json.loads(result.stdout)["code"])
    teams = await world.means.database.read(lambda c: keyring.keys_of_clinic(c, world.clinic.id, KeyKind.TEAM))
    wanted = {teams["clinical"].id, teams["front_desk"].id}
    held = await reachable_keys(world.means.database, again, wanted)
    assert [bool(held[teams[name].id]) for name in ("clinical", "front_desk")] == [True, False]


async def test_the_second_factor_stays(world: World, run: Run, shares: Path) -> None:
    """A reset stands for the password, never for the second factor [IDN-08]."""
    physician = world.staff(AccountRole.PHYSICIAN)
    await give_second_factor(world, physician)
    result = await run("account", "reset", await login_of(world, physician), "--answers", shares)
    again = await used(world, json.loads(result.stdout)["code"])
    assert (await account_of(world, again)).sealed_totp is not None


async def test_an_administrator_s_code_carries_no_key(world: World, run: Run, shares: Path) -> None:
    """Whoever administers reads nothing, after a reset as before [IDN-22]."""
    administrator = world.staff(AccountRole.ADMINISTRATOR)
    result = await run("account", "reset", await login_of(world, administrator), "--answers", shares)
    again = await used(world, json.loads(result.stdout)["code"])
    found = await world.means.database.read(lambda c: keyring.grants_to(c, world.clinic.id, [again.account]))
    assert found == ()


async def test_the_patient_is_told_at_every_verified_address(world: World, run: Run, shares: Path) -> None:
    """Nobody's account is opened anew in silence [IDN-08]."""
    before = await world.means.database.read(outbox.next_due)
    assert before is None
    assert (await run("account", "reset", world.patient_email, "--answers", shares)).exit_code == 0
    assert await world.means.database.read(outbox.next_due) is not None


async def test_until_the_code_is_used_nothing_has_changed_for_the_owner(
    world: World, run: Run, shares: Path
) -> None:
    """A reset that somebody else asked for shuts nobody out [IDN-08]."""
    assert (await run("account", "reset", world.patient_email, "--answers", shares)).exit_code == 0
    assert (await account_of(world, world.rose)).state == AccountState.ACTIVE
    assert await world.means.database.read(lambda c: accounts.accounts_of(c, world.rose.person))


async def test_too_few_or_mistyped_shares_open_nothing(world: World, run: Run, tmp_path: Path) -> None:
    """The sentence says which share is wrong, or how many are needed, and prints none of it [SEC-04]."""
    one, two, _ = world.founded.shares
    few = await run("account", "reset", world.patient_email, "--answers", written(tmp_path, one))
    assert (few.exit_code, few.stdout) == (1, "")
    assert "needs 2" in few.stderr
    swapped = two[:-1] + ("0" if two[-1] != "0" else "1")
    bad = await run("account", "reset", world.patient_email, "--answers", written(tmp_path, one, swapped))
    assert "hare number 2 was mistyped" in bad.stderr
    assert swapped[4:] not in bad.output


async def test_shares_can_be_typed_at_the_terminal(world: World, run: Run) -> None:
    """One after the other, and an empty line ends [SEC-04]."""
    one, _, three = world.founded.shares
    result = await run("account", "reset", world.patient_email, given=f"{one}\n{three}\n\n")
    _, _, printed = result.stdout.partition("{")  # before it, the runner shows what was typed
    assert json.loads("{" + printed)["login"] == world.patient_email


async def test_a_name_that_nobody_has_is_said_to_whoever_holds_the_shares(run: Run, shares: Path) -> None:
    """Only after the shares were right: without them the command tells nothing of anybody [IDN-09]."""
    result = await run("account", "reset", "personne", "--answers", shares)
    assert result.exit_code == 1
    assert "Nobody here has this sign-in name." in result.stderr


async def test_shares_of_another_clinic_make_nothing_here(world: World) -> None:
    """What another clinic printed does not belong together here [REC-05]."""
    with pytest.raises(WrongSecretError):
        await recovering.recovered(world.means, world.clinic, [PASSWORD, PASSWORD])
