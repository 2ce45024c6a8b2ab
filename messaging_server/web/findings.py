"""Why an item stands here: each finding with its number, its words marked in the text, and what a human said of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from messaging_server.broker.labels import Label, labels_of, word_on
from messaging_server.record.opened import OpenedExchange
from messaging_server.web.views.item import FindingState, FindingView, Segment
from triage.model import Reason

BODY = "new_text"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A reason of the screening in one exchange, numbered through the thread."""

    number: int
    exchange: UUID
    reason: Reason
    ruleset: str
    state: FindingState = FindingState.OPEN

    @property
    def view(self) -> FindingView:
        """The finding as the page shows it."""
        r = self.reason
        return FindingView(
            number=self.number, topic=r.topic, priority=r.priority, words=r.words, certainty=r.context, rule=r.rule,
            ruleset=self.ruleset, part=r.part, state=self.state,
        )  # fmt: skip

    def said(self, *, confirmed: bool) -> Label:
        """What a human says of it."""
        r = self.reason
        return Label(
            exchange=self.exchange, rule=r.rule, ruleset=self.ruleset, part=r.part, start=r.start, end=r.end,
            confirmed=confirmed,
        )  # fmt: skip


def findings_of(exchanges: Sequence[OpenedExchange]) -> tuple[Finding, ...]:
    """Every finding in what came in, oldest first; numbers stay the same when more comes (SEN-13).

    What was found later, when a message was first opened, stands in a note beside it (SEN-09).
    """
    labels = labels_of(exchanges)
    found = (
        (about, reason, one.judgement.assessment.ruleset)
        for one in exchanges
        if (about := _about(one)) and one.judgement and one.judgement.assessment
        for reason in one.judgement.assessment.reasons
    )
    return tuple(
        Finding(number=place, exchange=exchange, reason=reason, ruleset=ruleset, state=_state(labels, exchange, reason))
        for place, (exchange, reason, ruleset) in enumerate(found, 1)
    )


def _about(one: OpenedExchange) -> UUID | None:
    """The message that a judgement is on: its own, or the one that it stands beside; none for what we said."""
    return {"in": one.row.id, "note": one.row.in_reply_to}.get(one.row.direction)


def _state(labels: Sequence[Label], exchange: UUID, reason: Reason) -> FindingState:
    said = word_on(labels, exchange, reason)
    if said is None:
        return FindingState.OPEN
    return FindingState.CONFIRMED if said else FindingState.REFUTED


def not_screened(exchanges: Sequence[OpenedExchange]) -> tuple[str, ...]:
    """What nobody and nothing has read yet: never taken for clear (SEN-10)."""
    parts = (
        part
        for one in exchanges
        if one.judgement and one.judgement.assessment and one.row.direction != "out"
        for part in one.judgement.assessment.not_screened
    )
    return tuple(dict.fromkeys(parts))


def segments(text: str, findings: Sequence[Finding], exchange: UUID, part: str = BODY) -> tuple[Segment, ...]:
    """A text cut where findings begin and end; where two overlap, the first is marked and both are listed."""
    spans = sorted(
        (one.reason.start, one.reason.end, one.number)
        for one in findings
        if one.exchange == exchange and one.reason.part == part and 0 <= one.reason.start < one.reason.end <= len(text)
    )
    pieces: list[Segment] = []
    done = 0
    for start, end, number in spans:
        if start < done:
            continue
        pieces += [Segment(text[done:start])] if start > done else []
        pieces.append(Segment(text[start:end], number))
        done = end
    return (*pieces, Segment(text[done:])) if done < len(text) or not pieces else tuple(pieces)
