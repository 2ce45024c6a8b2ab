"""The table that judges a message: what it may depend on, for every case that can be put together."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from consent.model import Channel
from messaging_server.broker.case import Case, Disposition
from messaging_server.broker.chain import decide
from messaging_server.broker.notices import Notice
from messaging_server.message import Automatic, Keyword
from triage.model import Priority

NOW = datetime(2026, 11, 24, 15, tzinfo=UTC)
FLAGS = st.lists(st.sampled_from(["suicide", "violence", "cardiac"]), max_size=2)
FINDINGS = st.tuples(st.sampled_from(Priority), FLAGS)
YES = st.booleans()
FACTS = st.fixed_dictionaries({
    "channel": st.sampled_from(Channel), "seen_before": YES, "automatic": st.none() | st.sampled_from(Automatic),
    "about_delivery": YES, "keyword": st.none() | st.sampled_from(Keyword), "unreadable": YES, "identified": YES,
    "ambiguous": YES, "stopped_before": YES, "authenticated": YES, "consented": YES, "texts_answered": YES,
    "answers_this_thread": st.integers(0, 3), "answers_today": st.integers(0, 8),
    "redirects_this_hour": st.integers(0, 5),
})  # fmt: skip


def case(facts: dict[str, object], found: tuple[Priority, list[str]]) -> Case:
    return Case(now=NOW, priority=found[0], flags=tuple(found[1]), **facts)  # type: ignore[arg-type]


@given(FACTS, FINDINGS, FINDINGS)
def test_what_the_screening_finds_refuses_nobody(
    facts: dict[str, object], one: tuple[Priority, list[str]], other: tuple[Priority, list[str]]
) -> None:
    """Whether a human's message is accepted or held rests on no finding: people decide that [SEN-14, SEN-08]."""
    written = facts | {"automatic": None}
    assert decide(case(written, one)).disposition is decide(case(written, other)).disposition


@given(FACTS, FLAGS)
def test_what_looks_grave_is_set_aside_for_no_header(facts: dict[str, object], flags: list[str]) -> None:
    """A mail that calls itself a machine's and tells of danger is put before a person [SEN-14, TRI-09]."""
    grave = decide(case(facts, (Priority.STAT, flags))).disposition
    assert grave is not Disposition.SET_ASIDE


@given(FACTS, FINDINGS)
def test_a_machine_is_never_answered(facts: dict[str, object], found: tuple[Priority, list[str]]) -> None:
    """Whatever it wrote, by whatever door [ACK-11]."""
    decision = decide(case(facts | {"automatic": Automatic.AUTO_REPLY}, found))
    assert not decision.by_channel


@given(FACTS)
def test_an_emergency_of_somebody_known_is_answered_however_often(facts: dict[str, object]) -> None:
    """No throttle stands before it: the emergency card leaves each time (promise 6) [ACK-07]."""
    human = {"automatic": None, "about_delivery": False, "seen_before": False, "keyword": None, "unreadable": False}
    known = human | {"identified": True, "ambiguous": False, "authenticated": True, "consented": True}
    decision = decide(case(facts | known, (Priority.STAT, [])))
    assert (decision.notice, decision.by_channel) == (Notice.EMERGENCY, True)
    assert decision.disposition is Disposition.ACCEPTED
