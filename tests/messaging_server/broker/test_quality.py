"""The report on the screening's quality: pure, of invented counts and times."""

from dataclasses import fields
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from messaging_server.broker.counting import Cell, Group, Kind, Outcome
from messaging_server.broker.period import Period
from messaging_server.broker.quality import ASKED, Alert, Report, alerts_of, report, timed
from messaging_server.broker.quality_words import Words, sheet
from messaging_server.broker.suppression import OVER, UNDER, Bound, Shown
from messaging_server.storage.queries.quality import Emergency, Event
from messaging_server.texts import Language
from tests.clinic.world import RULES, TEXTS
from triage.model import Topic

START, END = datetime(2026, 11, 1, 5, tzinfo=UTC), datetime(2026, 12, 1, 5, tzinfo=UTC)
NOON = datetime(2026, 11, 24, 17, tzinfo=UTC)
TASK, OTHER = UUID(int=1), UUID(int=2)
NOBODY = timed((), 10, NOON)
Counts = tuple[tuple[Cell, int], ...]


def counted(kind: Kind, name: str, times: tuple[int, int, int], *, topic: str = "", version: str = "v1") -> Counts:
    """Numbers of one group: found, confirmed, refuted."""
    group = Group(kind=kind, name=name, topic=topic, ruleset=version)
    return tuple((group.cell(outcome), one) for outcome, one in zip(Outcome, times, strict=True))


def exact(*numbers: int) -> tuple[Shown, ...]:
    """Numbers that show."""
    return tuple(Shown(Bound.EXACT, number) for number in numbers)


def test_what_was_found_and_judged_is_counted_by_message_topic_family_and_rule() -> None:
    """Months and versions of the rules are added up; what nobody judged is the rest [SEN-13, MET-04]."""
    made = report(
        (
            *counted(Kind.MESSAGE, "", (60, 20, 10)), *counted(Kind.TOPIC, "oncology", (30, 10, 8)),
            *counted(Kind.RULE, "cancer.named", (20, 6, 6), topic="oncology"),
            *counted(Kind.RULE, "cancer.named", (20, 6, 6), topic="oncology", version="v2"),
            *counted(Kind.FAMILY, "cardiac", (9, 2, 0)), *counted(Kind.RULE, "learned.stat", (50, 12, 9)),
        ), 7, NOBODY,
    )  # fmt: skip
    named, learned = made.rules[1], made.rules[0]

    assert (made.messages.found, made.messages.confirmed, made.messages.refuted, made.messages.unjudged) == exact(
        60, 20, 10, 30
    )
    assert made.messages.share == 50
    assert [line.name for line in made.topics] == list(ASKED)
    assert (named.name, named.topic, named.learned) == ("cancer.named", "oncology", False)
    assert (named.found, named.unjudged) == exact(40, 16)
    assert (learned.name, learned.learned, learned.found) == ("learned.stat", True, *exact(50))
    assert (made.families[0].found, made.families[0].confirmed) == (OVER, UNDER)
    assert made.overrides == Shown(Bound.EXACT, 7)
    assert made.versions == ("v1", "v2")


def test_what_spoke_in_few_messages_is_not_named() -> None:
    """Neither rule nor family nor topic of an override shows that anybody wrote of it [MET-05]."""
    made = report(
        (
            *counted(Kind.RULE, "infections.hiv", (4, 0, 0), topic="sti_bbi"),
            *counted(Kind.FAMILY, "suicide", (4, 4, 0)),
            *counted(Kind.OVERRIDE, "oncology", (4, 0, 0)), *counted(Kind.OVERRIDE, "addiction", (5, 0, 0)),
        ), 4, NOBODY,
    )  # fmt: skip

    assert (made.rules, made.families) == ((), ())
    assert made.overridden == ((Topic.ADDICTION, *exact(5)),)
    assert made.overrides == UNDER
    assert {line.found for line in made.topics} == {UNDER}
    assert made.messages.share is None


def test_findings_older_than_the_counts_take_nothing_below_nought() -> None:
    """A word on what was never counted as found leaves no number that cannot be [MET-04]."""
    made = report(counted(Kind.MESSAGE, "", (5, 9, 0)), 0, NOBODY)

    assert made.messages.unjudged == UNDER


def happened(minute: int, act: str, *, by: bool = False, before: str | None = None, after: str | None = None) -> Event:
    """Something that happened to the first emergency, minutes after noon."""
    return Event(task=TASK, at=NOON + timedelta(minutes=minute), act=act, by_person=by, before=before, after=after)


def first(received: datetime, *events: Event, closed: datetime | None = None) -> tuple[Alert, ...]:
    """The alerts of one emergency in November."""
    return alerts_of([Emergency(task=TASK, received_at=received, closed_at=closed)], events, START, END)


def test_an_alert_runs_from_the_message_to_the_first_thing_that_a_person_does() -> None:
    """What the server does by itself is nobody's answer [TRI-09, MET-04]."""
    found = first(
        NOON, happened(0, "escalated", after="alerted"), happened(4, "acknowledge", by=True),
        happened(9, "claim", by=True),
    )  # fmt: skip

    assert found == (Alert(raised_at=NOON, seen_at=NOON + timedelta(minutes=4)),)


def test_a_question_that_turns_grave_is_an_emergency_from_then_on() -> None:
    """Who took it while it was calm has not answered the alert [TRI-09, MET-04]."""
    grave = happened(30, "new_message", before="routine", after="stat")
    found = first(
        NOON - timedelta(days=40), happened(2, "claim", by=True), grave,
        happened(31, "new_message", before="stat", after="stat"), happened(37, "answered", by=True, after="answered"),
    )  # fmt: skip

    assert found == (Alert(raised_at=grave.at, seen_at=NOON + timedelta(minutes=37)),)


def test_an_emergency_of_another_month_is_counted_there() -> None:
    """One that stays open for weeks is one alert, in the month in which it began [MET-04]."""
    assert first(START - timedelta(seconds=1)) == ()
    assert first(END) == ()
    assert first(START) == (Alert(raised_at=START, seen_at=None),)


def waited(*minutes: float) -> list[Alert]:
    """Alerts that a person came to after so many minutes."""
    return [Alert(raised_at=NOON, seen_at=NOON + timedelta(minutes=minute)) for minute in minutes]


def test_times_are_by_rank_and_the_late_are_counted() -> None:
    """Median, ninetieth of a hundred, longest; just in time is in time [MET-04]."""
    made = timed(waited(*range(1, 11), *([10] * 4), 11, 12, 13, 14, 15, 240.5), 10, NOON)

    assert (made.total, made.in_time, made.late) == exact(20, 14, 6)
    assert (made.median, made.ninetieth, made.longest) == (10, 14, 241)


def test_an_alert_that_nobody_has_seen_counts_with_its_time_so_far() -> None:
    """The worst does not drop out because it has no end yet [MET-04]."""
    unseen = Alert(raised_at=NOON - timedelta(hours=5), seen_at=None)
    made = timed([*waited(1, 1, 1, 1), unseen], 10, NOON)

    assert made.longest == 300
    assert made.late == UNDER


@pytest.mark.parametrize("number", range(5))
def test_few_emergencies_have_no_times(number: int) -> None:
    """The longest of three waits is somebody's [MET-05]."""
    made = timed(waited(*range(number)), 10, NOON)

    assert (made.total, made.in_time, made.late) == (UNDER, UNDER, UNDER)
    assert (made.median, made.ninetieth, made.longest) == (None, None, None)


def told(made: Report, language: Language) -> str:
    """Everything that a report says."""
    november = Period(year=2026, month=11, months=1)
    lines = sheet(Words(texts=TEXTS, language=language), made, november, NOON).lines()
    return "\n".join(" | ".join(line) for line in lines)


@pytest.mark.parametrize(
    ("language", "noisy", "promise"),
    [(Language.EN, "misses cases", "nothing sensitive"), (Language.FR, "laisse passer", "rien de sensible")],
)
def test_the_report_says_that_the_screening_misses_cases_and_never_that_there_was_nothing(
    language: Language, noisy: str, promise: str
) -> None:
    """With everything to show and with nothing [ACK-25, SEN-15]."""
    for cells in ((), counted(Kind.TOPIC, "oncology", (30, 10, 8))):
        text = told(report(cells, 0, NOBODY), language)

        assert noisy in text
        assert promise not in text.lower()
        assert "| < 5" in text


@pytest.mark.parametrize("language", Language)
def test_every_family_of_the_rules_has_its_name(language: Language) -> None:
    """A clinic's own family is shown by the name that its rule gives it [ACC-07]."""
    words = Words(texts=TEXTS, language=language)
    families = {rule.flag for rule in RULES.rules if rule.flag}

    assert [name for name in families if not TEXTS.has(language, f"family.{name}")] == []
    assert words.family("own_family") == "own_family"


def test_a_report_has_no_room_for_anybody() -> None:
    """Lines, numbers and versions: no field takes an id [MET-05]."""
    assert {field.name for field in fields(Report)} == {
        "messages", "topics", "families", "rules", "overrides", "overridden", "alerts", "versions",
    }  # fmt: skip
    assert "UUID" not in "".join(str(field.type) for field in fields(Report))
