"""What a request brings: ids that are none, lines of every system, words of every length."""

from hypothesis import given, settings
from hypothesis import strategies as st

from messaging_server.web.fields import id_or_none, missing_or_long, new_form_id, word_of
from messaging_server.web.views.frame import ErrorCode


@settings(max_examples=100)
@given(text=st.text(max_size=50))
def test_an_id_is_an_id_or_nothing(text: str) -> None:
    """No text that stands for an id in an address can break a page."""
    found = id_or_none(text)
    assert found is None or len(str(found)) == 36


@settings(max_examples=100)
@given(text=st.text(max_size=40), most=st.integers(min_value=1, max_value=40))
def test_a_field_is_right_when_it_is_filled_and_fits(text: str, most: int) -> None:
    """Empty is asked for, too long is said, everything else is taken [ACC-05]."""
    codes = [error.code for error in missing_or_long({"message": text}, "message", most)]
    expected = [ErrorCode.REQUIRED] if not text else [ErrorCode.TOO_LONG] if len(text) > most else []

    assert codes == expected


def test_a_word_that_is_too_long_is_no_word() -> None:
    """A choice or a code longer than any true one counts as none."""
    assert word_of({"code": "1" * 20}, "code", 20) == "1" * 20
    assert word_of({"code": "1" * 21}, "code", 20) == ""
    assert word_of({}, "code") == ""


def test_two_forms_never_share_their_mark() -> None:
    """Each form is its own, so that only a second sending of the same one is the same message [EIN-06]."""
    assert len({new_form_id() for _ in range(50)}) == 50
