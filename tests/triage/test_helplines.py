"""The help lines: which are shown, in which order, and what the data may never say."""

import re
from datetime import date
from importlib.resources import files
from itertools import product

import pytest
import tomli_w

from triage.fields import PolicyError
from triage.helplines import HelpLines, LineKind, lines_for, load, stale

DATA = (files("triage") / "data" / "helplines.toml").read_bytes()
FLAGS = (
    "suicide", "cardiac", "stroke", "respiratory", "anaphylaxis", "overdose", "haemorrhage", "obstetric", "neonatal",
    "sepsis", "head_injury", "diabetic", "abdomen", "testicular", "eye", "psychosis", "violence",
)  # fmt: skip


@pytest.fixture
def lines() -> HelpLines:
    return load(DATA)


def shown(lines: HelpLines, province: str, *flags: str) -> list[str]:
    return [line.id for line in lines_for(lines, province, flags, "fr")]


def test_quebec_reads_911_811_appelle_then_988(lines: HelpLines) -> None:
    """911; 811 options 1 and 2; 1 866 APPELLE and its texts before 988; no option 3 unasked [ACK-23]."""
    assert shown(lines, "QC") == [
        "911", "qc-info-sante", "qc-info-social", "qc-appelle", "ca-988", "qc-drogue", "qc-poison",
    ]  # fmt: skip
    by_id = {line.id: line for line in lines_for(lines, "QC")}
    assert by_id["qc-info-sante"].number == "811, option 1"
    assert by_id["qc-info-social"].number == "811, option 2"
    assert by_id["qc-appelle"].number.startswith("1 866 APPELLE")
    assert by_id["qc-appelle"].text_number == "535353"
    assert by_id["qc-poison"].number == "1 800 463-5060"


def test_ontario_reads_911_811_988_connex_then_poison(lines: HelpLines) -> None:
    """911; 811; 988; ConnexOntario; the poison line of Ontario and not that of the professionals [ACK-23]."""
    found = lines_for(lines, "ON", language="en")
    assert [line.number for line in found] == ["911", "811", "988", "1-866-531-2600", "1-844-764-7669"]


def test_the_access_line_is_for_people_without_a_family_doctor(lines: HelpLines) -> None:
    """811 option 3 appears only for them, and is not said to answer day and night [ACK-23]."""
    assert "qc-gap" in shown(lines, "QC", "no_family_doctor")
    gap = next(line for line in lines.lines if line.id == "qc-gap")
    assert "24" not in gap.hours["fr"] + gap.hours["en"]


@pytest.mark.parametrize(("province", "flag"), list(product(["QC", "ON"], FLAGS)))
def test_whatever_the_danger_911_comes_first_and_811_second(lines: HelpLines, province: str, flag: str) -> None:
    """Every red flag keeps the emergency number at the head, then the health line [ACK-07]."""
    kinds = [line.kind for line in lines_for(lines, province, {flag})]
    assert kinds[:2] == [LineKind.EMERGENCY, LineKind.HEALTH_LINE]
    assert {LineKind.SUICIDE, LineKind.POISON} <= set(kinds)


@pytest.mark.parametrize(
    ("province", "flag", "line"),
    [
        ("QC", "overdose", "qc-poison"),
        ("ON", "overdose", "on-poison"),
        ("QC", "violence", "qc-violence"),
        ("ON", "violence", "on-talk4healing"),
        ("QC", "suicide", "qc-appelle"),
        ("ON", "psychosis", "ca-988"),
    ],
)
def test_the_line_that_a_danger_calls_for_follows_the_health_lines(
    lines: HelpLines, province: str, flag: str, line: str
) -> None:
    """The matching direction comes right after 911 and 811 [ACK-07]."""
    first = [one for one in lines_for(lines, province, {flag}) if one.id not in {"911", "qc-info-social"}]
    assert [one.id for one in first if one.kind is not LineKind.HEALTH_LINE][0] == line  # noqa: RUF015  # reads plainer


@pytest.mark.parametrize(("province", "flag"), list(product(["QC", "ON"], [f for f in FLAGS if f != "violence"])))
def test_lines_for_violence_appear_for_violence_alone(lines: HelpLines, province: str, flag: str) -> None:
    """A card that may be read by others holds no line against violence [ACK-08]."""
    assert LineKind.VIOLENCE not in {line.kind for line in lines_for(lines, province, {flag})}


@pytest.mark.parametrize("province", ["QC", "ON"])
def test_a_province_never_shows_the_lines_of_the_other(lines: HelpLines, province: str) -> None:
    """Québec has its own poison line, and Ontario its own [ACK-06, ACK-23]."""
    for line in lines_for(lines, province, FLAGS):
        assert line.province in {province, "CA"}


def test_only_verified_rows_are_shown(lines: HelpLines) -> None:
    """The rows that could not be verified are kept disabled, with a note that says so [ACK-06]."""
    disabled = {line.id for line in lines.lines if not line.enabled}
    assert disabled == {"qc-info-sante-outaouais", "on-violence", "qc-tel-jeunes", "ca-hope"}
    flags = (*FLAGS, "no_family_doctor")
    everything = {line.id for province in ("QC", "ON") for line in lines_for(lines, province, flags)}
    assert everything == {line.id for line in lines.lines} - disabled
    for unverified in ("438 601", "247247", "0511", "4036", "2266", "3310", "797-0007"):
        assert not any(unverified in f"{line.number}{line.text_number}" for line in lines.lines if line.enabled)


def test_every_shown_row_has_number_modes_hours_source_and_date(lines: HelpLines) -> None:
    """Each entry carries what a reader and the start-up check need, in both languages [ACK-06]."""
    for line in lines.lines:
        assert re.fullmatch(r"tel:(\+1[0-9]{10}|[0-9]{3})", line.tel_uri), line.id
        assert re.sub(r"\D", "", line.tel_uri.removeprefix("tel:+1"))[-4:] in re.sub(r"\D", "", line.number), line.id
        assert line.source.strip()
        if line.enabled:
            assert all(line.hours[language].strip() and line.name[language].strip() for language in ("fr", "en"))
        assert bool(line.note["fr"]) is bool(line.note["en"])


def test_nothing_ever_says_to_text_911() -> None:
    """No row gives a text number for 911, and no words ask to text it, in either language [ACK-22]."""
    found = load(DATA)
    words = [text for line in found.lines for told in (line.name, line.hours, line.note) for text in told.values()]
    asks = re.compile(r"(text(o|ez|er)?|sms|message)\b.{0,20}911|911.{0,20}\b(text|texto|sms)", re.IGNORECASE)
    assert not any(asks.search(text) for text in words)
    assert all(line.text_number != "911" for line in found.lines)
    for line in found.lines:
        if line.kind is LineKind.EMERGENCY:
            assert line.text_number is None
            assert "911" not in line.note["fr"] + line.note["en"]


def row(**changes: object) -> dict[str, object]:
    both = {"fr": "a", "en": "b"}
    return {
        "id": "x", "kind": "emergency", "province": "CA", "number": "911", "tel_uri": "tel:911", "name": both,
        "hours": both, "note": both, "source": "s", "verified": "2026-03-01",
    } | changes  # fmt: skip


def data(*rows: dict[str, object]) -> bytes:
    return tomli_w.dumps({"lines": list(rows)}).encode()


@pytest.mark.parametrize(
    ("rows", "path"),
    [
        ([row(text_number="911")], "lines[0].text_number"),
        ([row(), row(id="y"), row(number="9-1-1")], "lines[2].id"),
        ([row(kind="health_line")], "lines"),
        ([row(enabled=False)], "lines"),
        ([row(name={"fr": "seul"})], "lines[0].name"),
        ([row(kind="pizza")], "lines[0].kind"),
        ([row(verified="hier")], "lines[0].verified"),
        ([{**row(), "fax": "1"}], "lines[0].fax"),
    ],
)
def test_wrong_rows_are_refused_with_their_path(rows: list[dict[str, object]], path: str) -> None:
    """A file that would text 911, repeat a row, lack a language or the emergency line is not taken [ACK-06, ACK-22]."""
    with pytest.raises(PolicyError) as refused:
        load(data(*rows))
    assert refused.value.path == path


def test_a_file_of_lines_that_is_not_toml_is_refused() -> None:
    """Bytes that are no TOML give a plain error [ACK-06]."""
    with pytest.raises(PolicyError, match="not TOML"):
        load(b"\xff")


@pytest.mark.parametrize(
    ("verified", "today", "told"),
    [
        ("2025-11-24", date(2026, 11, 24), False),
        ("2025-11-23", date(2026, 11, 24), True),
        ("2024-02-29", date(2025, 3, 1), False),
        ("2024-02-29", date(2025, 3, 2), True),
    ],
)
def test_a_row_older_than_twelve_months_is_told(verified: str, today: date, told: bool) -> None:
    """Start-up warns of enabled rows verified more than a year ago, and of no disabled one [ACK-06]."""
    found = load(data(row(verified=verified), row(id="y", enabled=False, verified="2001-01-01")))
    assert bool(stale(found, today)) is told


def test_a_line_that_answers_in_another_language_comes_after(lines: HelpLines) -> None:
    """The reader's language decides the order within one kind, and hides nothing [ACK-06]."""
    french, english = row(id="f", languages=["fr"]), row(id="e", languages=["en"])
    found = load(data(english, french))
    assert [line.id for line in lines_for(found, "QC", language="fr")] == ["f", "e"]
    assert [line.id for line in lines_for(found, "QC", language="en")] == ["e", "f"]


def test_a_provinces_own_line_comes_before_the_national_one_wherever_it_stands() -> None:
    """Even written first in the file, a national line of one kind follows the province's [ACK-23]."""
    national = row(id="n", kind="suicide", number="988")
    found = load(data(row(), national, row(id="p", kind="suicide", province="QC", number="1 866 APPELLE")))
    assert shown(found, "QC") == ["x", "p", "n"]
    assert shown(found, "ON") == ["x", "n"]
