"""Passwords: long enough and not the first guess, with no rule of composition."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keys.passwords import problem


@pytest.mark.parametrize("password", ["", "court", "sept777", "caribou-lunette"[:14]])
def test_a_password_below_the_minimum_is_too_short(password: str) -> None:
    """Fewer characters than the minimum are refused, 8 for patients and 15 for staff [IDN-07]."""
    assert problem(password, minimum=15 if len(password) == 14 else 8) == "too_short"


@pytest.mark.parametrize(
    "password",
    ["password", "12345678", "motdepasse", "bonjourbonjour", "aaaaaaaaaaaaaaaaaaaa", "qwertyuiop", "tabarnak1985"],
)
def test_a_password_that_everybody_guesses_is_too_common(password: str) -> None:
    """Common passwords are refused in English and in French [IDN-07]."""
    assert problem(password, minimum=8) == "too_common"


@pytest.mark.parametrize("password", ["tremblay1975", "Marie.Tremblay", "lesmessages", "marie@courriel.example"])
def test_a_password_made_of_what_is_known_about_the_person_is_too_common(password: str) -> None:
    """The person's names, address and year, and the clinic's name, count as guesses [IDN-07]."""
    words = ["Marie Tremblay", "marie@courriel.example", "1975-03-02", "Clinique Les Messages", "lesmessages"]
    assert problem(password, minimum=8, words=words) == "too_common"


@pytest.mark.parametrize(
    "password",
    ["caribou lunette violon", "treize hérons sous la pluie", "ЖуравлиЛетятНаЮг", "kdwpvqzmxj", "73920184650318"],
)
def test_no_composition_is_demanded(password: str) -> None:
    """Words alone, letters alone, digits alone and any script will do, if hard to guess [IDN-07]."""
    assert problem(password, minimum=8) is None


def test_staff_need_a_password_that_is_harder_to_guess() -> None:
    """At fifteen characters and more a password that would do for a patient can still be too easy [IDN-07]."""
    easy = "jessicamichael12"
    assert problem(easy, minimum=8) is None
    assert problem(easy, minimum=15) == "too_common"
    assert problem("treize hérons sous la pluie", minimum=15) is None


def test_long_passwords_are_welcome_up_to_256() -> None:
    """At least 64 characters are allowed; 256 are the ceiling [IDN-07]."""
    phrase = "treize hérons sous la pluie regardent un train qui ne vient pas; "
    assert problem(phrase * 2, minimum=15) is None
    assert problem((phrase * 4)[:256], minimum=15) is None
    assert problem((phrase * 4)[:257], minimum=15) == "too_long"


def test_characters_are_counted_as_they_are_compared() -> None:
    """An accent typed as two code points counts once [IDN-07]."""
    assert problem("e\u0301" * 7, minimum=8) == "too_short"


@given(password=st.text(max_size=300), words=st.lists(st.text(max_size=20), max_size=3))
@settings(max_examples=60, deadline=None)
def test_every_password_gets_an_answer(password: str, words: list[str]) -> None:
    """Whatever is typed, the answer is one of the known codes or none [IDN-07]."""
    assert problem(password, minimum=8, words=words) in {None, "too_short", "too_long", "too_common"}
