"""One-time codes: read from paper, forgiving in form, and worth nothing when wrong."""

import string
from contextlib import suppress
from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keys import codes, printed
from keys.codes import CodeSealed
from keys.envelope import Context
from keys.suite import Cost, KeysError, OpenError, WrongSecretError

CODE = st.text(alphabet=printed.ALPHABET, min_size=20, max_size=20).map(lambda text: printed.grouped(text, 5))


def test_a_code_is_100_random_bits_in_four_groups() -> None:
    """A code has four groups of five letters and digits, without I, L, O or U, and never repeats [IDN-03]."""
    made = {codes.new_code() for _ in range(300)}
    assert len(made) == 300
    for code in made:
        assert [len(group) for group in code.split("-")] == [5, 5, 5, 5]
        assert not set(code) & set("ILOU")
    assert set("".join(made)) == set(printed.ALPHABET) | {"-"}


@given(code=CODE, space=st.sampled_from(["", " ", "-", " - ", "\u00a0", "\u2011", "\n", "\u2013"]))
@settings(max_examples=80)
def test_a_code_is_read_however_it_is_typed(code: str, space: str) -> None:
    """Case, spaces, kinds of hyphen, an O for 0 and an I or L for 1 are forgiven [IDN-03]."""
    typed = f" {code.lower().replace('-', space).replace('0', 'o').replace('1', 'l')} "
    assert codes.normalise(typed) == code
    assert codes.normalise(code.replace("1", "I").replace("0", "O")) == code
    assert codes.normalise(codes.normalise(code)) == code


def test_wide_letters_of_an_eastern_keyboard_are_read() -> None:
    """Full-width letters and digits are the same letters and digits [IDN-03]."""
    assert codes.normalise("ＡＢ１２３" * 4) == "-".join(["AB123"] * 4)


@given(typed=st.text(max_size=30))
@settings(max_examples=100)
def test_anything_else_is_refused_as_a_wrong_code(typed: str) -> None:
    """What is not twenty letters and digits is a wrong code, never another error [IDN-03]."""
    with suppress(WrongSecretError):  # the only other way out
        assert len(codes.normalise(typed)) == 23


@pytest.mark.parametrize("typed", ["", "0" * 19, "0" * 21, "U" * 20, "0" * 19 + "!", "0" * 19 + "é", "0" * 19 + "ı"])
def test_a_code_of_another_length_or_alphabet_is_refused(typed: str) -> None:
    """A missing letter, one too many, a U, a sign or a foreign letter is refused [IDN-03]."""
    with pytest.raises(WrongSecretError):
        codes.normalise(typed)


@given(secret=st.binary(max_size=100), code=CODE)
@settings(max_examples=25, deadline=None)
def test_the_code_opens_what_was_sealed_under_it(secret: bytes, code: str) -> None:
    """The person with the slip of paper opens what staff sealed for them [IDN-03]."""
    place, cheap = Context(clinic=UUID(int=1), subject=UUID(int=2), field="activation"), Cost(operations=1, memory=8192)
    sealed = codes.seal_under_code(secret, code, b"p" * 32, place, cheap)
    assert codes.open_under_code(sealed, code.lower().replace("-", " "), b"p" * 32, place) == secret
    assert codes.open_under_code(CodeSealed.load(sealed.dump()), code, b"p" * 32, place) == secret


def test_a_wrong_code_pepper_or_place_opens_nothing(context: Context, cheap: Cost, pepper: bytes) -> None:
    """Another code, another key file, or another row gives a wrong code [IDN-03] [SEC-02] [SEC-04]."""
    code = codes.new_code()
    sealed = codes.seal_under_code(b"secret", code, pepper, context, cheap)
    wrong = [
        (codes.new_code(), pepper, context),
        ("no code at all", pepper, context),
        (code, b"q" * 32, context),
        (code, pepper, replace(context, subject=UUID(int=99))),
        (code, pepper, replace(context, clinic=UUID(int=99))),
        (code, pepper, replace(context, field="other")),
    ]
    for tried, mixed, place in wrong:
        with pytest.raises(WrongSecretError):
            codes.open_under_code(sealed, tried, mixed, place)


def test_a_damaged_row_opens_nothing(context: Context, cheap: Cost, pepper: bytes) -> None:
    """Another salt or cost, a changed or an empty blob opens nothing [IDN-03] [SEC-02]."""
    code = codes.new_code()
    sealed = codes.seal_under_code(b"secret", code, pepper, context, cheap)
    damaged = [
        replace(sealed, salt=b"s" * 16),
        replace(sealed, cost=Cost(operations=2, memory=8192)),
        replace(sealed, blob=sealed.blob[:-1]),
        replace(sealed, blob=b""),
    ]
    for row in damaged:
        with pytest.raises(WrongSecretError):
            codes.open_under_code(row, code, pepper, context)


def test_a_stored_code_that_is_cut_short_or_too_dear_is_refused(
    context: Context, cheap: Cost, pepper: bytes
) -> None:
    """A truncated column is damage, and a cost that would exhaust the machine is refused unread [SEC-02] [IDN-03]."""
    data = codes.seal_under_code(b"secret", codes.new_code(), pepper, context, cheap).dump()
    with pytest.raises(OpenError):
        CodeSealed.load(data[:20])
    with pytest.raises(KeysError):
        CodeSealed.load(b"\xff" * 12 + data[12:])


@given(number=st.integers(0, 2**100 - 1))
@settings(max_examples=60)
def test_letters_and_numbers_are_each_others_inverse(number: int) -> None:
    """A number is written in letters and read back the same [IDN-03]."""
    text = printed.letters(number, 20)
    assert printed.number(text) == number
    assert set(text) <= set(string.digits + string.ascii_uppercase)
