"""Marking the words of findings in a text: nothing added, nothing lost, nothing marked twice."""

from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from messaging_server.web.findings import Finding, segments
from triage.model import Certainty, Priority, Reason, Topic

HERE, ELSEWHERE = UUID(int=1), UUID(int=2)


def finding(number: int, start: int, end: int, *, exchange: UUID = HERE, part: str = "new_text") -> Finding:
    """A finding on some letters."""
    reason = Reason(
        rule="invented", topic=Topic.ONCOLOGY, priority=Priority.ROUTINE, part=part, start=start, end=end, words="",
        context=Certainty.AFFIRMED,
    )  # fmt: skip
    return Finding(number=number, exchange=exchange, reason=reason, ruleset="rules@1")


spans = st.lists(st.tuples(st.integers(-5, 60), st.integers(-5, 60)), max_size=8)


@settings(max_examples=80)
@given(st.text(max_size=50), spans)
def test_the_pieces_are_the_text(text: str, found: list[tuple[int, int]]) -> None:
    """Whatever the spans, out of bounds or over each other, the pieces give the text back [SEN-13]."""
    pieces = segments(text, [finding(n, *span) for n, span in enumerate(found, 1)], HERE)

    assert text == "".join(piece.text for piece in pieces)


def test_where_two_findings_overlap_the_first_is_marked() -> None:
    """Marks never cross; the other stands in the list beside [SEN-13]."""
    pieces = segments("un cancer du sein", [finding(1, 3, 9), finding(2, 3, 17), finding(3, 13, 17)], HERE)

    assert [(p.text, p.finding) for p in pieces] == [("un ", None), ("cancer", 1), (" du ", None), ("sein", 3)]


def test_a_finding_of_another_message_or_part_marks_nothing_here() -> None:
    """Spans count letters of their own part only [SEN-13]."""
    pieces = segments("bonjour", [finding(1, 0, 3, exchange=ELSEWHERE), finding(2, 0, 3, part="subject")], HERE)

    assert [(p.text, p.finding) for p in pieces] == [("bonjour", None)]
