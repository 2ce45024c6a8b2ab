"""The rules prove themselves, and a rule that nobody could sign is refused."""

from collections.abc import Callable

import pytest

from triage.model import Assessment, Direction, Part, Priority, Topic
from triage.proving import prove
from triage.rules import RuleError, Ruleset, load
from triage.screen import assess

GOOD = """
source = "a book"
reviewer = "a clinician"
[[rule]]
id = "knee.pain"
priority = "urgent"
rationale = "knees matter"
fr = "mal au genou"
en = "knee pain"
match_fr = "J'ai mal au genou"
miss_fr = "J'ai mal au pied"
match_en = "I have knee pain"
miss_en = "I have foot pain"
"""


def refused(text: str) -> RuleError:
    with pytest.raises(RuleError) as caught:
        load({"knee.toml": text.encode()})
    return caught.value


def test_the_built_in_rules_keep_their_promises(ruleset: Ruleset) -> None:
    """Every rule matches the examples that it must and misses those that it must not [SEN-03]."""
    assert prove(ruleset) == ()


def test_each_rule_shows_its_reason_source_and_reviewer(ruleset: Ruleset) -> None:
    """A clinician can read who stands behind each rule and why [SEN-13]."""
    assert all(rule.rationale and rule.source and rule.reviewer and rule.examples for rule in ruleset.rules)


def test_all_sensitive_topics_but_the_patients_own_mark_have_rules(ruleset: Ruleset) -> None:
    """The catalogue of the guide is covered [SEN-01]."""
    assert {rule.topic for rule in ruleset.rules if rule.topic} == set(Topic) - {Topic.PATIENT_MARKED}


def test_every_family_of_danger_that_an_answer_names_has_a_rule(ruleset: Ruleset) -> None:
    """The families of red flags [ACK-07]."""
    families = {
        "suicide", "cardiac", "stroke", "respiratory", "anaphylaxis", "overdose", "haemorrhage", "obstetric",
        "neonatal", "sepsis", "head_injury", "diabetic", "abdomen", "testicular", "eye", "psychosis", "violence",
    }  # fmt: skip
    assert families <= {rule.flag for rule in ruleset.rules}


def test_the_version_names_the_content(files: dict[str, bytes], ruleset: Ruleset) -> None:
    """One byte more is another version, the same bytes are the same [SEN-13]."""
    assert load(files).version == ruleset.version
    name = next(iter(files))
    assert load({**files, name: files[name] + b"\n"}).version != ruleset.version
    assert ruleset.version.startswith("builtin@")
    assert len(ruleset.version) == len("builtin@") + 12


@pytest.mark.parametrize("key", ["rationale", "source", "reviewer", "match_fr", "miss_fr", "match_en", "miss_en"])
def test_a_rule_that_lacks_what_it_is_signed_for_is_refused(key: str) -> None:
    """No rationale, source, reviewer or example in a language that has terms: no rule [SEN-03, SEN-13]."""
    text = "\n".join(line for line in GOOD.splitlines() if not line.startswith(f"{key} ="))
    error = refused(text)
    assert (error.file, error.rule) == ("knee.toml", "knee.pain")
    assert error.sentence


@pytest.mark.parametrize(
    "change",
    [
        ("mal au genou", "mal (au genou"),
        ("mal au genou", ".. genou"),
        ("mal au genou", "gen*"),
        ("mal au genou", "<nobody> genou"),
        ('priority = "urgent"', 'priority = "soon"'),
        ('priority = "urgent"', 'colour = "red"'),
        ('priority = "urgent"', 'all = ["nothing"]'),
        ("[[rule]]", "[[rule"),
    ],
)
def test_a_rule_that_cannot_be_read_is_refused_in_words(change: tuple[str, str]) -> None:
    """The clinic is told which rule is wrong, and what is wrong with it [SEN-02]."""
    assert "knee.toml" in str(refused(GOOD.replace(*change)))


def test_two_rules_of_one_name_are_refused() -> None:
    """A reason names one rule [SEN-13]."""
    assert refused(GOOD + GOOD[GOOD.index("[[rule]]") :]).rule == "knee.pain"


def test_a_broken_promise_is_told_in_words() -> None:
    """A rule whose examples fail is named with the sentence [SEN-03]."""
    broken = load({"knee.toml": GOOD.replace('match_en = "I have knee', 'match_en = "I have toe').encode()})
    assert prove(broken) == ("knee.pain should match « I have toe pain »",)


def test_a_clinic_can_add_a_topic_rule_without_code(files: dict[str, bytes]) -> None:
    """The list is open: a file more is a rule more [SEN-02]."""
    own = load({**files, "own.toml": GOOD.replace('priority = "urgent"', 'topic = "emotional"').encode()})
    found = assess([Part("text", "mal au genou")], direction=Direction.INBOUND, language="fr", ruleset=own)
    assert found.topics == (Topic.EMOTIONAL,)


def test_a_misspelling_of_a_long_word_is_forgiven(read: Callable[[str], Assessment]) -> None:
    """Letters lost, doubled, swapped or held down [SEN-03]."""
    for text in ("dépresssion", "depresion", "chimiotherpaie", "gonorrhee", "scizophrenia"):
        assert read(text).topics, text


def test_an_ordinary_word_is_not_taken_for_a_slip(read: Callable[[str], Assessment]) -> None:
    """« addition » is not « addiction » [SEN-03]."""
    assert read("l'addition svp, in addition to the conclusion").topics == ()
    assert read("je vais me faire soigner").priority is Priority.ROUTINE
