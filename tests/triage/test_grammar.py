"""The small grammars of what patients measure."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from triage.fold import fold
from triage.grammar import measures


def told(text: str) -> dict[str, float]:
    return {measure.kind: round(measure.value, 1) for measure in measures(fold(text).words)}


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("Mon bébé de 2 mois", "age_days", 60),
        ("bébé a trois semaines", "age_days", 21),
        ("my 6 week old", "age_days", 42),
        ("45 yo man", "age_days", 45 * 365),
        ("il y a 10 ans", "ago_days", 3650),
        ("three years ago", "ago_days", 1095),
        ("en 2012", "ago_days", 13 * 365),
        ("depuis 3 jours", "duration_days", 3),
        ("enceinte de 34 semaines", "gestation_weeks", 34),
        ("32 weeks pregnant", "gestation_weeks", 32),
        ("39,5 de fièvre", "temperature_c", 39.5),
        ("38.3°C", "temperature_c", 38.3),
        ("fever of 101.3", "temperature_c", 38.5),
        ("température à 40", "temperature_c", 40),
        ("pris 20 comprimés", "pills", 20),
        ("une trentaine de pilules", "pills", 30),
        ("190/115", "systolic", 190),
        ("180 sur 110", "diastolic", 110),
        ("ma pression est à 185", "systolic", 185),
        ("glycémie à 22,4", "glucose_mmol", 22.4),
        ("my sugar is 450", "glucose_mmol", 25),
        ("saturation à 86 %", "oxygen_percent", 86),
        ("my pulse is 150", "pulse_bpm", 150),
    ],
)
def test_a_quantity_is_read_in_its_unit(text: str, kind: str, value: float) -> None:
    """Ages, times, temperatures, amounts and readings, in words and in figures [SEN-03, ACK-07]."""
    assert told(text)[kind] == value


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("bébé tousse depuis 3 semaines", "age_days"),
        ("rendez-vous le 39 rue Papineau", "temperature_c"),
        ("au 3e étage, porte 190", "systolic"),
        ("12/05/2024", "systolic"),
        ("appelez au 450 555-0123", "glucose_mmol"),
    ],
)
def test_a_number_that_is_something_else_is_not_read_as_a_quantity(text: str, kind: str) -> None:
    """Durations, addresses, dates and telephone numbers [SEN-03]."""
    assert kind not in told(text)


@given(st.text("0123456789,./ °%mois ans fievre sugar\u0663", max_size=60))
def test_no_row_of_figures_breaks_the_grammars(text: str) -> None:
    """Any row of figures is read, and spans stay within the words [SEN-21]."""
    words = fold(text).words
    assert all(0 <= measure.start < measure.end <= len(words) for measure in measures(words))
