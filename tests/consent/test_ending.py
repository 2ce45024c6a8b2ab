"""What ended between two states of the register."""

from hypothesis import given

from consent.acts import everything
from consent.ending import Ended, agreed, ended
from consent.model import Act, Category, Channel, ConsentEvent, Scope
from tests.consent.invented import NOON, act, histories

WEB, MAIL = everything([Channel.WEB]), everything([Channel.EMAIL])
GIVEN = act(Act.ACCEPTED, *WEB, *MAIL)


def test_a_whole_way_that_ended_names_no_kinds() -> None:
    """Nothing is left of it, and so nothing is counted up [CON-13]."""
    closed = act(Act.WITHDRAWN, *MAIL, number=2)
    assert ended([GIVEN], [GIVEN, closed], NOON) == (Ended(channel=Channel.EMAIL),)


def test_a_part_that_ended_names_its_kinds() -> None:
    """The kinds taken back stand in the order of the guide [CON-10, CON-13]."""
    cells = (Scope(Channel.WEB, Category.BROADCAST), Scope(Channel.WEB, Category.RECEIPT))
    closed = act(Act.WITHDRAWN, *cells, number=2)
    told = (Category.RECEIPT, Category.BROADCAST)
    assert ended([GIVEN], [GIVEN, closed], NOON) == (Ended(channel=Channel.WEB, categories=told),)


def test_what_was_never_agreed_does_not_end() -> None:
    """A refusal of texts that nobody had agreed to takes nothing back [CON-12, CON-13]."""
    assert ended([GIVEN], [GIVEN, act(Act.REFUSED, *everything([Channel.SMS]), number=2)], NOON) == ()


@given(histories(), histories())
def test_something_ended_exactly_when_a_cell_was_lost(before: list[ConsentEvent], more: list[ConsentEvent]) -> None:
    """Whatever the acts, every way that lost a cell is told, and no other [CON-13]."""
    after = [*before, *more]
    lost = agreed(before, NOON) - agreed(after, NOON)
    assert {one.channel for one in ended(before, after, NOON)} == {cell.channel for cell in lost}
