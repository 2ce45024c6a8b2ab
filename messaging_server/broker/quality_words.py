"""The report on the screening in words. It never says that a message held nothing (SEN-15, ACK-25)."""

from dataclasses import dataclass
from datetime import date, datetime

from messaging_server.broker.period import Period
from messaging_server.broker.quality import Alerts, Line, Report
from messaging_server.broker.sheets import Sheet, Table
from messaging_server.broker.suppression import LEAST, OVER, UNDER, Bound, Shown
from messaging_server.texts import Language, Texts

NOTHING = "–"
SIGNS = {Bound.EXACT: "", Bound.UNDER: "< ", Bound.OVER: "≥ "}


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """Somebody who says it."""

    texts: Texts
    language: Language

    def __call__(self, key: str, **values: object) -> str:
        """One sentence. Raises KeyError for an unknown one."""
        return self.texts.gettext(self.language, key, **values)

    def number(self, number: Shown) -> str:
        """A number, or as much of it as may be told."""
        return SIGNS[number.bound] + str(number.value)

    def family(self, name: str) -> str:
        """A family of red flags; one of a clinic's own rules has only the name that the rule gives it."""
        return self(f"family.{name}") if self.texts.has(self.language, f"family.{name}") else name

    def period(self, period: Period, today: date) -> str:
        """A period, and whether it is still under way."""
        said = self._period(period)
        return self("quality.so_far", period=said) if period.days[1] > today else said

    def _period(self, period: Period) -> str:
        if period.months == 1:
            return self.texts.month(self.language, period.days[0])
        if period.months == 3:
            return self("quality.quarter", number=period.quarter, year=period.year)
        return self("quality.year", year=period.year)


def sheet(words: Words, report: Report, period: Period, local: datetime) -> Sheet:
    """The whole report, as it stands at a moment in clinic time."""
    return Sheet(
        title=words("quality.title"), period=words.period(period, local.date()),
        about=(words("quality.noisy"), words("quality.unit"), _small(words)),
        tables=(
            _messages(words, report), _topics(words, report), _families(words, report), _rules(words, report),
            _overrides(words, report), _alerts(words, report.alerts),
        ),
    )  # fmt: skip


def _small(words: Words) -> str:
    under, over = (words.number(sign).replace(" ", "\N{NO-BREAK SPACE}") for sign in (UNDER, OVER))
    return words("quality.small", least=LEAST, under=under, over=over)


def _head(words: Words, *first: str) -> tuple[str, ...]:
    return (*first, *(words(f"quality.{name}") for name in ("found", "confirmed", "refuted", "unjudged")))


def _cells(words: Words, line: Line, *first: str) -> tuple[str, ...]:
    return (*first, *map(words.number, (line.found, line.confirmed, line.refuted, line.unjudged)))


def _messages(words: Words, report: Report) -> Table:
    share = report.messages.share
    return Table(
        key="messages", caption=words("quality.messages"), head=_head(words, words("quality.what")),
        rows=(_cells(words, report.messages, words("quality.any")),),
        foot=words("quality.share_hidden") if share is None else words("quality.share", share=share),
    )  # fmt: skip


def _topics(words: Words, report: Report) -> Table:
    rows = tuple(_cells(words, line, words(f"topic.{line.name}")) for line in report.topics)
    return Table(key="topics", caption=words("quality.topics"), head=_head(words, words("quality.topic")), rows=rows)


def _families(words: Words, report: Report) -> Table:
    rows = tuple(_cells(words, line, words.family(line.name)) for line in report.families)
    return Table(
        key="families", caption=words("quality.families"), head=_head(words, words("quality.family")), rows=rows,
        empty=words("quality.too_few", least=LEAST), foot=words("quality.only_often", least=LEAST) if rows else "",
    )  # fmt: skip


def _rules(words: Words, report: Report) -> Table:
    rows = tuple(_cells(words, line, line.name, *_rule(words, line)) for line in report.rules)
    often = words("quality.only_often", least=LEAST)
    versions = words("quality.versions", versions=", ".join(report.versions))
    return Table(
        key="rules", caption=words("quality.rules"), words=3,
        head=_head(words, words("quality.rule"), words("quality.kind"), words("quality.topic")), rows=rows,
        empty=words("quality.too_few", least=LEAST), foot=f"{often} {versions}" if rows else "",
    )  # fmt: skip


def _rule(words: Words, line: Line) -> tuple[str, str]:
    kind = words("quality.learned") if line.learned else words("quality.written")
    return kind, words(f"topic.{line.topic}") if line.topic else NOTHING


def _overrides(words: Words, report: Report) -> Table:
    topics = tuple((words(f"topic.{name}"), words.number(number)) for name, number in report.overridden)
    return Table(
        key="overrides", caption=words("quality.overrides"), head=(words("quality.what"), words("quality.number")),
        rows=((words("quality.overridden"), words.number(report.overrides)), *topics),
        foot=words("quality.reasons", least=LEAST),
    )  # fmt: skip


def _alerts(words: Words, alerts: Alerts) -> Table:
    times = (("median", alerts.median), ("ninetieth", alerts.ninetieth), ("longest", alerts.longest))
    minutes = tuple(
        (words(f"quality.{name}"), NOTHING if time is None else words("quality.minutes", count=time))
        for name, time in times
    )
    return Table(
        key="alerts", caption=words("quality.alerts"), head=(words("quality.what"), words("quality.number")),
        rows=(
            (words("quality.emergencies"), words.number(alerts.total)),
            (words("quality.in_time", target=alerts.target), words.number(alerts.in_time)),
            (words("quality.late"), words.number(alerts.late)), *minutes,
        ),
        foot=words("quality.alerts_note"),
    )  # fmt: skip
