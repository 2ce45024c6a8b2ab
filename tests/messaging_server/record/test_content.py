"""What is sealed comes back word for word, and shows nothing of itself when printed."""

import json
from uuid import uuid4

from hypothesis import given, settings
from hypothesis import strategies as st

from consent.model import Category, Verdict
from messaging_server.record.content import (
    Content,
    FileNote,
    Judgement,
    content_bytes,
    judgement_bytes,
    read_content,
    read_judgement,
)
from triage.model import Assessment, Certainty, Priority, QueueName, Reason, Topic

WORDS = st.text(st.characters(exclude_categories=()), max_size=30)
FILES = st.builds(FileNote, filename=WORDS, media_type=WORDS, size=st.integers(0, 10**10))
CONTENTS = st.builds(
    Content, subject=WORDS, text=WORDS, quoted=WORDS, sender=WORDS, files=st.lists(FILES, max_size=2).map(tuple)
)
REASONS = st.builds(
    Reason, rule=WORDS, topic=st.none() | st.sampled_from(Topic), priority=st.sampled_from(Priority), part=WORDS,
    start=st.integers(0, 99), end=st.integers(0, 99), words=WORDS, context=st.sampled_from(Certainty),
)  # fmt: skip
ASSESSMENTS = st.builds(
    Assessment, topics=st.lists(st.sampled_from(Topic), max_size=3).map(tuple), priority=st.sampled_from(Priority),
    queue=st.sampled_from(QueueName), flags=st.lists(WORDS, max_size=2).map(tuple),
    reasons=st.lists(REASONS, max_size=2).map(tuple), ruleset=WORDS,
    not_screened=st.lists(WORDS, max_size=2).map(tuple),
)  # fmt: skip
JUDGEMENTS = st.builds(
    Judgement, assessment=st.none() | ASSESSMENTS, findings=st.lists(st.tuples(WORDS, WORDS), max_size=2).map(tuple),
    notice=st.none() | WORDS, verdict=st.none() | st.from_type(Verdict), policy_version=st.none() | st.integers(1, 99),
    category=st.none() | st.sampled_from(Category), questions=st.dictionaries(WORDS, st.booleans(), max_size=3),
    override=st.none() | WORDS, warnings=st.lists(WORDS, max_size=2).map(tuple), person_hint=st.none() | st.uuids(),
)  # fmt: skip


@given(CONTENTS)
def test_a_content_comes_back_as_it_was_sealed(content: Content) -> None:
    """Every letter, lone surrogates of broken mail included [REC-11]."""
    assert read_content(content_bytes(content)) == content


@settings(max_examples=60)
@given(JUDGEMENTS)
def test_a_judgement_comes_back_as_it_was_sealed(judgement: Judgement) -> None:
    """Which rule, which words, which version, which addresses, who overrode it and why [SEN-13, CON-26]."""
    assert read_judgement(judgement_bytes(judgement)) == judgement


def test_a_sealed_document_names_its_version() -> None:
    """A record that is opened in twenty years says how to read it [RET-10]."""
    for data in (content_bytes(Content(subject="", text="")), judgement_bytes(Judgement())):
        assert json.loads(data)["v"] == 1


def test_nothing_said_shows_when_it_is_printed() -> None:
    """A log line or a traceback that prints these shows no word [AUD-02]."""
    word = "tangerine"
    reason = Reason(
        rule="r", topic=None, priority=Priority.ROUTINE, part="text", start=0, end=9, words=word,
        context=Certainty.AFFIRMED,
    )  # fmt: skip
    assessed = Assessment(
        topics=(), priority=Priority.ROUTINE, queue=QueueName.CLINICAL, reasons=(reason,), ruleset="r@1"
    )
    note = FileNote(filename=word, media_type="text/plain", size=1)
    content = Content(subject=word, text=word, quoted=word, sender=word, files=(note,))
    judgement = Judgement(assessment=assessed, override=word, person_hint=uuid4())
    assert word not in repr((content, judgement))
