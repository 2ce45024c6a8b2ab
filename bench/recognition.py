"""How well the screening recognises what the labelled messages are about, and how often it is alarmed by real ones.

Read `docs/screening.md` for what these figures prove and what they do not. PART=tuned leaves the other part alone.
"""

import json
import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from bench import readings
from bench.labelled import ACTS, GRAVITY, SPOKEN_OF, Judged, Share, judged, labelled, screened, share, variants
from messaging_server.app.rulebook import builtin_rules
from triage.model import Direction, Priority, Topic
from triage.rule import Ruleset

REAL = Path(__file__).parents[2] / "shared" / "data" / "patient_messages_dev.jsonl"
"""Real questions without labels, where the development data are at hand (REAL=file names others)."""
KINDS = ("trap", "topic", "urgent", "admin", "plain")


def main() -> None:
    """Print the tables of each part, and of real messages where there are any."""
    ruleset = builtin_rules()
    print(f"\nRecognition, {ruleset.version}: share, 95 % interval, messages")
    for part in [os.environ["PART"]] if "PART" in os.environ else ["tuned", "untouched"]:
        found = judged(labelled(part), ruleset)
        print(f"\n{part} part, {len(found)} messages: {'all':>26} {'French':>26} {'English':>26}")
        headline = _table(found)
        _robustness(found, ruleset)
        if part == "untouched":
            readings.note(ruleset.version, headline)
    _alarms(ruleset)


def _table(found: Sequence[Judged]) -> dict[str, Share]:
    """Print one part's figures; the first column of each line, by name."""
    inbound = [one for one in found if one.label.direction is Direction.INBOUND]
    grave = [one for one in inbound if one.label.priority is Priority.STAT]
    lines = [*_urgency(inbound, grave), *_topics(found, inbound)]
    return {name: _line(name, chosen, says) for name, chosen, says in lines}


Line = tuple[str, Sequence[Judged], Callable[[Judged], bool]]


def _urgency(inbound: Sequence[Judged], grave: Sequence[Judged]) -> Iterable[Line]:
    yield "emergencies, clear", [one for one in grave if one.label.clear], _stat
    yield "emergencies", grave, _stat
    yield "emergencies, at least urgent", grave, _raised
    for kind in KINDS:
        others = [one for one in inbound if one.label.kind == kind and Priority.STAT not in one.label.acceptable]
        yield f"false emergencies, {kind}", others, _stat
    yield "urgent, at least urgent", [one for one in inbound if one.label.priority is Priority.URGENT], _raised
    yield "priority acceptable", inbound, lambda one: one.priority in one.label.acceptable
    yield "missed by two levels", inbound, _missed_widely


def _topics(found: Sequence[Judged], inbound: Sequence[Judged]) -> Iterable[Line]:
    named = [one for one in found if not one.label.topics.isdisjoint(SPOKEN_OF)]
    yield "any sensitive topic, recall", named, lambda one: one.sensitive
    quiet = [one for one in inbound if not one.label.topics and one.label.kind in {"plain", "admin", "urgent"}]
    yield "none sensitive, left alone", quiet, lambda one: not one.sensitive
    for topic in (*SPOKEN_OF, *ACTS):
        told = [one for one in found if topic in SPOKEN_OF or one.label.direction is Direction.OUTBOUND]
        yield f"{topic}, recall", [one for one in told if topic in one.label.topics], _finds(topic)
        yield f"{topic}, precision", [one for one in told if topic in one.topics], _labels(topic)


def _stat(one: Judged) -> bool:
    return one.priority is Priority.STAT


def _raised(one: Judged) -> bool:
    return one.priority is not Priority.ROUTINE


def _missed_widely(one: Judged) -> bool:
    return GRAVITY[one.label.priority] - GRAVITY[one.priority] > 1


def _finds(topic: Topic) -> Callable[[Judged], bool]:
    return lambda one: topic in one.topics


def _labels(topic: Topic) -> Callable[[Judged], bool]:
    return lambda one: topic in one.label.topics


def _line(name: str, chosen: Sequence[Judged], says: Callable[[Judged], bool]) -> Share:
    """Print one line: all, French, English; the share of all."""
    shares = [share(says(one) for one in chosen if lang in {None, one.label.lang}) for lang in (None, "fr", "en")]
    print(f"  {name:<32}" + "".join(f"{one!s:>27}" for one in shares), flush=True)
    return shares[0]


def _robustness(found: Sequence[Judged], ruleset: Ruleset) -> None:
    """French messages as other hands would have written them: recall of emergencies and of sensitive topics."""
    french = [one.label for one in found if one.label.lang == "fr"]
    for name, labels in variants(french):
        again = judged(labels, ruleset)
        grave = share(_stat(one) for one in again if one.label.priority is Priority.STAT)
        sensitive = share(one.sensitive for one in again if not one.label.topics.isdisjoint(SPOKEN_OF))
        print(f"  French, {name:<24}{'emergencies':>20} {grave!s:>27}{'sensitive':>12} {sensitive!s:>27}")


def _alarms(ruleset: Ruleset) -> None:
    """How often real questions, nearly all of them harmless, raise something."""
    place = Path(os.environ.get("REAL", REAL))
    if not place.exists():
        print("\nno real messages at hand: REAL=file.jsonl names some (one object a line: source, lang, text)")
        return
    rows = [json.loads(line) for line in place.read_text(encoding="utf-8").splitlines()]
    print(f"\nreal messages without labels: {'emergency':>27}{'urgent or more':>27}{'any topic':>27}")
    for source in sorted({(row["source"], row["lang"]) for row in rows}):
        found = [screened(row["text"], ruleset) for row in rows if (row["source"], row["lang"]) == source]
        stat = share(one.priority is Priority.STAT for one in found)
        raised = share(one.priority is not Priority.ROUTINE for one in found)
        topics = share(bool(one.topics) for one in found)
        print(f"  {source[0]:<24}{source[1]:<4}{stat!s:>27}{raised!s:>27}{topics!s:>27}", flush=True)


if __name__ == "__main__":
    main()
