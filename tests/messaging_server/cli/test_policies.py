"""`policy export` and `policy import`."""

from pathlib import Path
from typing import Any

import pytest
import tomli_w

from messaging_server.app.clinics import builtin_policy
from messaging_server.broker import amending
from messaging_server.errors import ConflictError
from messaging_server.storage import clinics
from tests.clinic.world import World
from tests.messaging_server.cli.conftest import Run
from triage.policy import parse, parse_toml, to_document


@pytest.fixture
def changed(world: World, tmp_path: Path) -> Path:
    """The clinic's policy with a slower queue and other readers."""
    document = to_document(world.clinic.policy)
    document["queues"]["renewals"]["response"]["count"] = 4
    document["access"]["fr"] = "Tout le monde lit tout."
    return written(tmp_path, document)


def written(folder: Path, document: dict[str, Any]) -> Path:
    """A policy as a file."""
    path = folder / "policy.toml"
    path.write_text(tomli_w.dumps(document), encoding="utf-8")
    return path


async def in_force(world: World) -> tuple[int, str]:
    """The newest policy in the database."""
    return await world.means.database.read(lambda c: clinics.current_policy(c, world.clinic.id))


async def test_what_is_exported_can_be_imported(world: World, run: Run) -> None:
    """The file is the policy in force, whole [TRI-01]."""
    result = await run("policy", "export")
    assert parse_toml(result.stdout.encode()) == world.clinic.policy


async def test_an_import_shows_what_changes_for_whom_and_makes_a_new_version(
    world: World, run: Run, changed: Path
) -> None:
    """Response times and readers are shown with those they touch; a new consent text follows them [CON-07, TRI-01]."""
    result = await run("policy", "import", changed, "--yes")
    assert result.exit_code == 0, result.output
    assert "queues.renewals.response.count: 2 → 4 (patients and teams)" in result.output
    assert "Tout le monde lit tout. (patients)" in result.output
    assert "Policy version 2 is in force, with consent text version 2." in result.output
    assert (await in_force(world))[0] == 2


async def test_people_who_agreed_to_the_older_text_are_counted(world: World, run: Run, changed: Path) -> None:
    """They are to be informed again [CON-07]."""
    await world.consent()
    result = await run("policy", "import", changed, "--yes")
    assert "to be informed again: 1." in result.output


async def test_a_change_that_no_patient_is_told_of_keeps_the_consent_text(
    world: World, run: Run, tmp_path: Path
) -> None:
    """Only words that change make a new version of the text [CON-07]."""
    path = written(tmp_path, to_document(world.clinic.policy) | {"send_delay_seconds": 30})
    result = await run("policy", "import", path, "--yes")
    assert "Policy version 2 is in force, with consent text version 1." in result.output
    assert "new version of the consent text" not in result.output


async def test_nothing_is_changed_without_a_yes(world: World, run: Run, changed: Path) -> None:
    """The change is shown first; whoever declines leaves all as it was [TRI-01]."""
    result = await run("policy", "import", changed, given="n\n")
    assert result.exit_code == 1
    assert (await in_force(world))[0] == 1


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"version": 7}, "version 7, and version 1 is in force"),
        ({"colour": "blue"}, "colour: is not a setting that exists"),
        ({"default_language": "de"}, "default_language"),
    ],
)
async def test_a_file_that_cannot_be_taken_changes_nothing(
    world: World, run: Run, tmp_path: Path, change: dict[str, Any], said: str
) -> None:
    """The field is named, and what others changed meanwhile is not undone [TRI-01]."""
    path = written(tmp_path, to_document(world.clinic.policy) | change)
    result = await run("policy", "import", path, "--yes")
    assert result.exit_code == 1
    assert said in result.output
    assert (await in_force(world))[0] == 1


async def test_a_file_cannot_put_anybody_in_a_team(world: World, run: Run, tmp_path: Path) -> None:
    """Keys make teams: a document alone opens no record [TRI-10]."""
    document = to_document(world.clinic.policy)
    document["teams"]["front_desk"]["reads_records"] = True
    result = await run("policy", "import", written(tmp_path, document), "--yes")
    assert result.exit_code == 1
    assert "keys make teams" in result.output
    assert (await in_force(world))[0] == 1


async def test_two_amendments_of_one_version_do_not_both_count(world: World) -> None:
    """The second finds that the ground moved [TRI-08]."""
    policy = parse(to_document(world.clinic.policy) | {"send_delay_seconds": 30})
    await amending.amend(world.means, world.clinic, policy, world.now)
    with pytest.raises(ConflictError):
        await amending.amend(world.means, world.clinic, policy, world.now)


async def test_a_clinic_must_be_named_where_it_could_be_another(world: World, run: Run) -> None:
    """A command never works on a clinic by guess [REC-05]."""
    assert (await run("policy", "export", "--clinic", "clinique.test")).exit_code == 0
    result = await run("policy", "export", "--clinic", "ailleurs.test")
    assert result.exit_code == 2
    assert "clinique.test" in result.output


def test_every_difference_is_told_and_nothing_else() -> None:
    """A setting that appears or goes is a change as well [TRI-01]."""
    before = builtin_policy()
    after = parse(to_document(before) | {"minimum": {"appointments": "plain"}, "version": 9})
    (change,) = amending.changes(before, after)
    assert (change.path, change.before, change.after) == ("minimum.appointments", amending.MISSING, "plain")
    assert amending.changes(after, after) == ()


def test_due_times_follow_the_hours_of_the_new_version(world: World) -> None:
    """The calendar follows the policy: due times come from the new hours [TRI-03]."""
    closed = parse(to_document(world.clinic.policy) | {"hours": {"monday": ["09:00-10:00"]}})
    made = amending.amended(world.clinic, closed)
    assert made.policy.version == 2
    assert not made.calendar.is_open(world.now)
