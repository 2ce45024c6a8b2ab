"""The list of requirements and the tests that cite them agree."""

import re
from pathlib import Path

from tests.house.coverage import AREAS, LEVELS, Requirement, Sentence, cited, requirements, sentences, table

GUIDE = re.compile(r"\b00[0-4] L\d+")


def test_every_identifier_that_a_test_cites_is_a_requirement() -> None:
    """A test can cite only requirements and traps that stand in the list."""
    known = {row.id for row in requirements()}
    unknown = {one: where for one, where in cited(sentences()).items() if one not in known}

    assert unknown == {}


def test_every_test_says_its_behaviour_in_a_sentence() -> None:
    """A test without a sentence proves something that nobody can name."""
    silent = [one.where for one in sentences() if not one.text.strip()]

    assert silent == []


def test_the_list_names_each_requirement_once_in_the_order_of_its_area() -> None:
    """Identifiers are unique, their areas known and together, and their numbers rise."""
    ids = [row.id for row in requirements()]
    order = {area: place for place, area in enumerate(AREAS)}

    assert ids == sorted(set(ids), key=lambda one: (order[one.rpartition("-")[0]], one))


def test_every_requirement_has_a_level_a_wording_and_a_source() -> None:
    """A line of the list is short enough to read at a glance, and most come from a line of the guides."""
    for row in requirements():
        assert row.level in LEVELS, row.id
        assert 15 <= len(row.wording) <= 240, row.id
        assert row.wording == row.wording.strip(), row.id
        assert row.source.strip() or row.level == "TRAP", row.id
    assert sum(bool(GUIDE.search(row.source)) for row in requirements()) > 200


def test_citations_are_found_and_counted(tmp_path: Path) -> None:
    """The table counts a requirement once however many tests cite it, and not in the middle of other words."""
    (tmp_path / "test_one.py").write_text(
        'def test_a():\n    """Held mail is kept [CON-01, SEC-02]."""\n'
        'async def test_b():\n    """Kept [CON-01]; signed with ML-DSA-65, GMT-05, X-CON-02 or CON-021."""\n'
        'def other():\n    """Not a test [CON-03]."""\n',
        encoding="utf-8",
    )
    found = cited(sentences(tmp_path))
    rows = tuple(
        Requirement(id=one, level=level, wording="-", source="-")
        for one, level in (("CON-01", "MUST"), ("CON-02", "MUST"), ("SEC-02", "SHOULD"))
    )

    assert found == {"CON-01": ("test_one.py::test_a", "test_one.py::test_b"), "SEC-02": ("test_one.py::test_a",)}
    assert [" ".join(line.split()) for line in table(rows, found)] == [
        "area MUST SHOULD TRAP",
        "CON consent gate 1 of 2",
        "SEC security 1 of 1",
        "all 1 of 2 1 of 1",
    ]


def test_a_test_without_a_docstring_is_noticed(tmp_path: Path) -> None:
    """The search for silent tests would find one."""
    (tmp_path / "test_two.py").write_text("def test_silent():\n    pass\n", encoding="utf-8")

    assert list(sentences(tmp_path)) == [Sentence(where="test_two.py::test_silent", text="")]
