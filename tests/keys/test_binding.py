"""Binding: no two places are written the same."""

from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keys.binding import Part, bind

PARTS = st.lists(
    st.one_of(st.uuids(), st.text(max_size=6), st.binary(max_size=16), st.integers(0, 2**64 - 1)), max_size=4
)


@given(one=PARTS, other=PARTS)
@settings(max_examples=100)
def test_two_lists_of_parts_are_written_alike_only_when_they_are_alike(one: list[Part], other: list[Part]) -> None:
    """No list of parts can pass for another [SEC-02]."""
    assert (bind("p", *one) == bind("p", *other)) == (typed(one) == typed(other))


@given(text=st.text(min_size=1, max_size=20), cut=st.integers(0, 20))
@settings(max_examples=100)
def test_a_boundary_cannot_move(text: str, cut: int) -> None:
    """Two parts whose letters run together the same are still two different places [SEC-02]."""
    at, another = cut % len(text), (cut + 1) % len(text)
    if at != another:
        assert bind("p", text[:at], text[at:]) != bind("p", text[:another], text[another:])


def test_parts_of_another_type_are_another_place() -> None:
    """The same bytes as text, as bytes, as a number and as an id are four places [SEC-02]."""
    raw = b"\x00" * 7 + b"A"
    assert len({bind("p", raw), bind("p", raw.decode()), bind("p", 65)}) == 3
    assert bind("p", UUID(int=65)) != bind("p", UUID(int=65).bytes)


def test_the_purpose_is_part_of_the_place() -> None:
    """The same parts for another purpose are another place [SEC-02]."""
    assert bind("grant", 1) != bind("content key", 1)


def test_a_number_that_does_not_fit_is_refused() -> None:
    """A number too large or negative raises instead of wrapping round [SEC-02]."""
    for number in (-1, 2**64):
        with pytest.raises(OverflowError):
            bind("p", number)


def typed(parts: list[Part]) -> list[tuple[type, Part]]:
    return [(type(part), part) for part in parts]
