"""A slip of the finger is read as the word that was meant."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from triage.slips import beginnings, is_slip, meant

ORDINARY = beginnings(["poitrine", "respire", "enceinte", "chest", "bleeding", "mal"])


@pytest.mark.parametrize(
    ("typed", "word"),
    [
        ("poirine", "poitrine"), ("poittrine", "poitrine"), ("potirine", "poitrine"), ("poidrine", "poitrine"),
        ("enceitne", None), ("enciente", "enceinte"), ("bleding", "bleeding"), ("knee", None), ("mla", None),
        ("respire", "respire"),
    ],
)  # fmt: skip
def test_a_letter_lost_doubled_changed_or_swapped_is_forgiven(typed: str, word: str | None) -> None:
    """The end of the word must be right, and short words have no slips [SEN-03]."""
    assert meant(typed, ORDINARY) == word


@given(st.text("abcde", min_size=2, max_size=9), st.integers(0, 8))
def test_two_slips_are_not_one(word: str, place: int) -> None:
    """Losing a letter is a slip; a word with two other letters at its ends is not."""
    place %= len(word)
    assert is_slip(word[:place] + word[place + 1 :], word)
    assert not is_slip(f"x{word}y", f"z{word}w")
