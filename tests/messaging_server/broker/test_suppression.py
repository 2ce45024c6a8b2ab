"""Small numbers do not show, and cannot be worked out from what does (MET-05)."""

from collections.abc import Callable, Iterable
from itertools import product

import pytest

from messaging_server.broker.suppression import LEAST, UNDER, Bound, Shown, halves, shown, thirds

Rule = Callable[..., tuple[Shown, ...]]


@pytest.mark.parametrize("number", range(12))
def test_a_number_alone_shows_from_five_on(number: int) -> None:
    """Nought is as hidden as four [MET-05]."""
    assert shown(number) == (UNDER if number < 5 else Shown(Bound.EXACT, number))


def lines(rule: Rule, parts: int, most: int) -> dict[tuple[Shown, ...], list[tuple[int, ...]]]:
    """Every line that can show, with all the numbers that could stand behind it."""
    out: dict[tuple[Shown, ...], list[tuple[int, ...]]] = {}
    for true in (one for one in product(range(most), repeat=parts) if sum(one) < most):
        out.setdefault(rule(*true), []).append(true)
    return out


@pytest.mark.parametrize(("rule", "parts", "most"), [(halves, 2, 60), (thirds, 3, 40)])
def test_whoever_knows_the_rules_cannot_work_out_a_hidden_number(rule: Rule, parts: int, most: int) -> None:
    """For each line at least four values stay possible wherever it hides one [MET-05]."""
    found = lines(rule, parts, most)
    open_values = [
        len({true[place] for true in behind})
        for line, behind in found.items()
        for place, cell in enumerate(line[1:])
        if cell is UNDER or cell == UNDER
    ]

    assert len(open_values) > 30
    assert min(open_values) >= 4


@pytest.mark.parametrize(("rule", "parts", "most"), [(halves, 2, 40), (thirds, 3, 30)])
def test_what_shows_is_true_and_never_small(rule: Rule, parts: int, most: int) -> None:
    """An exact number is the true one; no number under five stands in a line at all [MET-05]."""
    for line, behind in lines(rule, parts, most).items():
        for true in behind:
            assert all(holds(cell, number) for cell, number in zip(line, (sum(true), *true), strict=True))
        assert all(cell.value >= LEAST for cell in line)


def holds(cell: Shown, number: int) -> bool:
    """Whether what shows is true of a number."""
    return {
        Bound.EXACT: number == cell.value, Bound.UNDER: number < LEAST, Bound.OVER: number >= LEAST,
    }[cell.bound]  # fmt: skip


def told(cells: Iterable[Shown]) -> list[str]:
    """A line, short."""
    return [{Bound.EXACT: str(cell.value), Bound.UNDER: "<", Bound.OVER: "+"}[cell.bound] for cell in cells]


@pytest.mark.parametrize(
    ("parts", "line"),
    [
        ((12, 9, 25), ["46", "12", "9", "25"]), ((12, 3, 25), ["40", "+", "<", "25"]),
        ((200, 197, 3), ["400", "200", "+", "<"]), ((0, 0, 40), ["40", "<", "<", "+"]),
        ((1, 1, 1), ["<", "<", "<", "<"]), ((4, 4, 4), ["+", "<", "<", "<"]),
    ],
)  # fmt: skip
def test_as_much_shows_as_may(parts: tuple[int, int, int], line: list[str]) -> None:
    """What was found and what is left show where they can: they tell how much was judged [MET-04, MET-05]."""
    assert told(thirds(*parts)) == line
