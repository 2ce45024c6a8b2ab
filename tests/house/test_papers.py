"""The papers can be followed: their links lead somewhere and their examples are accepted as they stand."""

import re
import tomllib
from pathlib import Path

import pytest

from messaging_server import settings
from messaging_server.cli.founding import clinic_of
from messaging_server.settings import Settings
from messaging_server.storage.accounts import AccountRole

ROOT = Path(__file__).parents[2]
PAPERS = sorted((*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")))
LINK = re.compile(r"\]\((?!https?://|#|mailto:)([^)#\s]+)")
TOML = re.compile(r"```toml\n(.*?)```", re.DOTALL)
MAKE = re.compile(r"(?:^|`)(?:\w+=\S+ )*make (\w+)", re.MULTILINE)
DECISIONS = ROOT / "docs" / "decisions"


def _example(paper: str) -> str:
    found = TOML.search((ROOT / "docs" / paper).read_text(encoding="utf-8"))
    assert found, paper
    return found.group(1)


@pytest.mark.parametrize("paper", PAPERS, ids=[str(paper.relative_to(ROOT)) for paper in PAPERS])
def test_every_link_of_a_paper_leads_somewhere(paper: Path) -> None:
    """A link to a file or a folder of the project finds it."""
    links = LINK.findall(paper.read_text(encoding="utf-8"))

    assert [link for link in links if not (paper.parent / link).exists()] == []


def test_every_command_of_make_that_the_papers_name_exists() -> None:
    """What the papers tell people to type is a target of the Makefile, with its line of help."""
    targets = set(re.findall(r"^([a-z]+):.*## ", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = {name for paper in PAPERS for name in MAKE.findall(paper.read_text(encoding="utf-8"))}

    assert {"demo", "test", "check"} <= named
    assert named <= targets


def test_the_example_of_settings_is_accepted(tmp_path: Path) -> None:
    """Somebody may begin with the example of the settings' page."""
    path = tmp_path / "settings.toml"
    path.write_text(_example("settings.md"), encoding="utf-8")

    assert settings.load(path).smtp.check_locally


def test_the_example_of_answers_founds_a_clinic() -> None:
    """The answers that the operating page shows make a clinic whose policy is accepted."""
    answers = tomllib.loads(_example("operating.md"))
    clinic, _ = clinic_of(Settings(), answers)

    assert clinic.host == answers["host"]
    assert clinic.policy.names["en"] == "Old Mill Clinic"
    roles = {AccountRole(one["role"]) for one in answers["members"]}
    assert roles >= {AccountRole.PHYSICIAN, AccountRole.ADMINISTRATOR}


def test_every_decision_is_listed_and_says_matter_decision_and_consequence() -> None:
    """A record of a decision has its three parts, its number once, and its line in the list."""
    listed = (DECISIONS / "README.md").read_text(encoding="utf-8")
    records = sorted(path for path in DECISIONS.glob("*.md") if path.name != "README.md")
    numbers = [path.name[:4] for path in records]

    assert numbers == [f"{number:04}" for number in range(1, len(records) + 1)]
    for path in records:
        text = path.read_text(encoding="utf-8")
        assert f"({path.name})" in listed
        assert text.startswith(f"# {path.name[:4]} ")
        assert [part for part in ("**Matter.**", "**Decision.**", "**What follows.**") if part not in text] == []
