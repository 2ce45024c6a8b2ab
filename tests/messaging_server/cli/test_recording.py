"""`record export` and `record verify`."""

import json
from pathlib import Path

import pytest
import tomli_w

from keys import totp
from messaging_server.broker import exporting
from messaging_server.clock import utc_now
from messaging_server.errors import NotAllowedError
from messaging_server.message import Attachment
from messaging_server.record.entry import EntryKind, entry_hash
from messaging_server.storage import records
from messaging_server.storage.accounts import AccountRole
from tests.clinic.answering import answer
from tests.clinic.entering import give_second_factor, login_of
from tests.clinic.world import PASSWORD, World
from tests.messaging_server.cli.conftest import Run

WORDS = "Mon test de glycémie est à 7,2 — inquiétant ?"


@pytest.fixture
def shares(world: World, tmp_path: Path) -> Path:
    """Two of the three printed shares, as a file."""
    path = tmp_path / "shares.toml"
    path.write_text(tomli_w.dumps({"shares": list(world.founded.shares[:2])}), encoding="utf-8")
    return path


async def told(world: World, folder: Path, role: AccountRole) -> Path:
    """A colleague's sign-in of this moment, as a file."""
    who = world.staff(role)
    seed = await give_second_factor(world, who)
    given = {"login": await login_of(world, who), "password": PASSWORD, "code": totp.code_at(seed, utc_now())}
    path = folder / "answers.toml"
    path.write_text(tomli_w.dumps(given), encoding="utf-8")
    return path


async def written(world: World) -> None:
    """A mail with a file, an answer to a message, a consent."""
    await world.consent()
    asked = await world.write(WORDS)
    await answer(world, asked.thread)
    note = Attachment(filename="../../étiquette.txt", media_type="text/plain", content=b"two a day", text="two a day")
    await world.mail("Voici la photo.", attachments=(note,))


async def kinds(world: World) -> list[str]:
    """What the patient's ledger tells, in order."""
    record = await world.means.database.read(lambda c: records.record_of_person(c, world.clinic.id, world.rose.person))
    assert record is not None
    entries = await world.means.database.read(lambda c: records.entries_of(c, record.id))
    return [entry.kind for entry in entries]


async def test_shares_take_a_whole_record_out_as_open_files(
    world: World, run: Run, tmp_path: Path, shares: Path
) -> None:
    """Pages to read, JSON for programs, the files as they came, readable by their owner alone [REC-10, REC-11]."""
    await written(world)
    folder = tmp_path / "out"
    result = await run("record", "export", world.patient_email, folder, "--shares", "--answers", shares)
    assert result.exit_code == 0, result.output
    pages = [path.read_text() for path in sorted((folder / "conversations").iterdir())]
    assert any("glycémie est à 7,2" in page for page in pages)
    document = json.loads((folder / "record.json").read_text())
    assert document["patient"]["name"] == "Rose Lavigne"
    assert [act["act"] for act in document["consents"]] == ["accepted"]
    said = [message["content"]["text"] for one in document["conversations"] for message in one["messages"]]
    assert WORDS in said
    held = sorted(path.name for path in (folder / "files").rglob("*") if path.is_file())
    assert len(held) == 2
    assert {path.read_bytes() for path in (folder / "files").rglob("*") if path.is_file()} == {
        b"two a day", b"raw Voici la photo.",
    }  # fmt: skip
    assert folder.stat().st_mode & 0o077 == 0


async def test_the_exported_ledger_can_be_hashed_again_by_anybody(
    world: World, run: Run, tmp_path: Path, shares: Path
) -> None:
    """Each line's body gives its hash, with no key [REC-03]."""
    await written(world)
    await run("record", "export", world.patient_email, tmp_path / "out", "--shares", "--answers", shares)
    lines = [json.loads(line) for line in (tmp_path / "out" / "ledger.jsonl").read_text().splitlines()]
    assert [line["seq"] for line in lines] == list(range(1, len(lines) + 1))
    assert all(entry_hash(line["body"].encode()).hex() == line["hash"] for line in lines)


async def test_an_export_stands_in_the_record_that_it_took_out(
    world: World, run: Run, tmp_path: Path, shares: Path
) -> None:
    """Nobody reads in secret, not even with the shares [AUD-01, AUD-04]."""
    await written(world)
    before = (await kinds(world)).count(EntryKind.DOWNLOADED)
    await run("record", "export", world.patient_email, tmp_path / "out", "--shares", "--answers", shares)
    assert (await kinds(world)).count(EntryKind.DOWNLOADED) > before


async def test_a_colleague_of_the_clinical_team_exports_with_a_sign_in(
    world: World, run: Run, tmp_path: Path
) -> None:
    """Their own keys open it, and nothing else is needed [IDN-22]."""
    await written(world)
    answers = await told(world, tmp_path, AccountRole.PHYSICIAN)
    result = await run("record", "export", world.patient_email, tmp_path / "out", "--answers", answers)
    assert result.exit_code == 0, result.output
    judged = [
        message["judgement"]
        for one in json.loads((tmp_path / "out" / "record.json").read_text())["conversations"]
        for message in one["messages"]
    ]
    assert any(one and one["assessment"] for one in judged)


@pytest.mark.parametrize("role", [AccountRole.ADMINISTRATOR, AccountRole.RECEPTION])
async def test_whoever_holds_no_key_of_a_record_exports_nothing_of_it(
    world: World, run: Run, tmp_path: Path, role: AccountRole
) -> None:
    """A password is not enough: keys are [TRI-10, IDN-22]."""
    await world.consent()
    await world.write(WORDS)
    answers = await told(world, tmp_path, role)
    result = await run("record", "export", world.patient_email, tmp_path / "out", "--answers", answers)
    assert (result.exit_code, "No key of yours opens this record." in result.stderr) == (1, True)
    assert not (tmp_path / "out").exists()


async def test_what_an_export_does_not_hold_is_named(world: World) -> None:
    """The receptionist's keys reach an appointment and nothing else: the rest is said to be missing [REC-10]."""
    await world.consent()
    await world.write("J’aimerais prendre rendez-vous.", reason="appointment")
    await world.write(WORDS)
    record = await exporting.find_record(world.means, world.clinic, world.patient_email)
    desk = world.staff(AccountRole.RECEPTION)
    made = await exporting.export(world.means, world.clinic, desk, record, world.now)
    assert made.conversations == 1
    assert [one.endswith("no key reaches it") for one in made.missing] == [True]
    assert WORDS.encode() not in b"".join(made.files.values())


async def test_a_record_is_found_by_sign_in_name_or_by_its_own_id(world: World) -> None:
    """Finding it opens nothing: without a key of it, nothing comes out [REC-05, TRI-10]."""
    record = await exporting.find_record(world.means, world.clinic, world.patient_email)
    assert await exporting.find_record(world.means, world.clinic, str(record)) == record
    await world.write(WORDS)
    with pytest.raises(NotAllowedError):
        await exporting.export(world.means, world.clinic, world.staff(AccountRole.ADMINISTRATOR), record, world.now)


async def test_an_export_overwrites_nothing(run: Run, world: World, tmp_path: Path, shares: Path) -> None:
    """A folder with anything in it is refused before anything is opened [REC-10]."""
    assert shares.parent == tmp_path
    result = await run("record", "export", world.patient_email, tmp_path, "--shares", "--answers", shares)
    assert result.exit_code == 2


async def test_a_name_without_a_record_is_refused(run: Run, tmp_path: Path, shares: Path) -> None:
    """Neither a colleague's name nor nobody's has one [REC-05]."""
    result = await run("record", "export", "hmarchand", tmp_path / "out", "--shares", "--answers", shares)
    assert (result.exit_code, "There is no such record here." in result.stderr) == (1, True)


async def test_a_founded_clinic_verifies(world: World, run: Run) -> None:
    """Every ledger hashes, with no key [REC-03]."""
    await world.write(WORDS)
    result = await run("record", "verify")
    assert (result.exit_code, "no fault" in result.stdout) == (0, True), result.output
