"""What the shipped rules and model recognise of the tuned part: a change that makes them worse fails here (SEN-03).

The floors stand in `docs/screening.md` and lie a little below what was measured: they hold what was reached. They are
not the aims, and the tuned part flatters; only the benchmark reads the untouched part.
"""

import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from bench.labelled import SPOKEN_OF, Judged, judged, labelled, screened, share
from messaging_server.app.rulebook import builtin_rules
from triage.model import Direction, Priority
from triage.rule import Ruleset

PAPER = Path(__file__).parents[2] / "docs" / "screening.md"
FLOORS = {
    name.strip(): float(floor)
    for name, floor in re.findall(r"^\| ([a-z_, ]+) \| (0\.\d+) \|$", PAPER.read_text(encoding="utf-8"), re.MULTILINE)
}


@pytest.fixture(scope="module")
def ruleset() -> Ruleset:
    return builtin_rules()


@pytest.fixture(scope="module")
def found(ruleset: Ruleset) -> Sequence[Judged]:
    return judged(labelled("tuned"), ruleset)


def test_emergencies_stay_recognised(found: Sequence[Judged]) -> None:
    """As emergencies, and at least as urgent; the clear ones most of all (ACK-07)."""
    grave = [one for one in found if one.label.priority is Priority.STAT]
    clear = share(one.priority is Priority.STAT for one in grave if one.label.clear)
    raised = share(one.priority is not Priority.ROUTINE for one in grave)
    assert clear.hits / clear.of >= FLOORS["emergencies, clear"]
    assert raised.hits / raised.of >= FLOORS["emergencies, at least urgent"]


def test_harmless_messages_stay_harmless(found: Sequence[Judged]) -> None:
    """Administrative and ordinary messages are hardly ever called an emergency, and traps seldom."""
    calm = share(one.priority is not Priority.STAT for one in found if one.label.kind in {"admin", "plain"})
    traps = share(one.priority is not Priority.STAT for one in found if one.label.kind == "trap")
    assert calm.hits / calm.of >= FLOORS["ordinary, no emergency"]
    assert traps.hits / traps.of >= FLOORS["traps, no emergency"]


def test_priorities_stay_acceptable(found: Sequence[Judged]) -> None:
    """A sensible panel would accept most of them."""
    inbound = [one for one in found if one.label.direction is Direction.INBOUND]
    accepted = share(one.priority in one.label.acceptable for one in inbound)
    assert accepted.hits / accepted.of >= FLOORS["priority acceptable"]


@pytest.mark.parametrize("topic", SPOKEN_OF)
def test_each_topic_stays_recognised(found: Sequence[Judged], topic: str) -> None:
    """In both languages together, told by name or not (SEN-03)."""
    recalled = share(topic in one.topics for one in found if topic in one.label.topics)
    assert recalled.hits / recalled.of >= FLOORS[topic]


def test_a_french_emergency_is_one_without_its_accents_and_in_capitals(ruleset: Ruleset) -> None:
    """Other hands, the same danger (SEN-03)."""
    for text in ("J'ai très mal à la poitrine et au bras gauche", "J'AI TRES MAL A LA POITRINE ET AU BRAS GAUCHE"):
        assert screened(text, ruleset).priority is Priority.STAT
