"""How many segments a text takes."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from messaging_server.channels.sms.segments import Encoding, encoding, offending, segments


@pytest.mark.parametrize("sign", [*list("çêîôûëïœ«»’“”…ÀÊŒ–"), "\xa0", "\u202f", "😀"])
def test_one_sign_outside_gsm_7_halves_the_room(sign: str) -> None:
    """Signs that French typography uses force UCS-2, and are named to whoever writes the text [SMS-16]."""
    assert encoding(f"Bonjour {sign}") is Encoding.UCS2
    assert offending(f"Bonjour {sign}{sign}") == (sign,)


@pytest.mark.parametrize("sign", list("éèàùÉÇäöüñ¿¡£@\n") + list("^{}\\[~]|€"))
def test_common_accents_stay_in_gsm_7(sign: str) -> None:
    """The accents and signs that GSM-7 has keep a text in it [SMS-16]."""
    assert encoding(f"Bonjour {sign}") is Encoding.GSM7
    assert offending(sign) == ()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", 0),
        ("a", 1),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("é" * 160, 1),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("a" * 158 + "€", 1),
        ("a" * 159 + "€", 2),
        ("a" * 152 + "€" + "a" * 152, 3),
        ("a" * 151 + "€" + "a" * 153, 2),
        ("ç" * 70, 1),
        ("ç" * 71, 2),
        ("ç" * 134, 2),
        ("ç" * 135, 3),
        ("a" * 69 + "ê", 1),
        ("a" * 70 + "ê", 2),
        ("\N{GRINNING FACE}" * 35, 1),
        ("\N{GRINNING FACE}" * 36, 2),
        ("\N{GRINNING FACE}" * 66, 2),
        ("\N{GRINNING FACE}" * 67, 3),
    ],
)
def test_segments_are_counted_as_the_network_cuts(text: str, expected: int) -> None:
    """160 or 153 septets, 70 or 67 units; no escape or surrogate pair is cut in two [SMS-08] [SMS-16]."""
    assert segments(text) == expected


@settings(max_examples=100)
@given(st.text(max_size=400), st.text(max_size=50))
def test_a_longer_text_never_takes_fewer_segments(text: str, more: str) -> None:
    """Adding to a text never makes it cheaper, so that a limit cannot be slipped past [SMS-08]."""
    assert segments(text + more) >= segments(text)


@settings(max_examples=100)
@given(st.text(min_size=1, max_size=600))
def test_segments_hold_the_whole_text(text: str) -> None:
    """The count lies between what the units need at best and what cut-off pairs can waste [SMS-16]."""
    if encoding(text) is Encoding.GSM7:
        units, alone, joined = len(text) + sum(text.count(sign) for sign in "\f^{}\\[~]|€"), 160, 153
    else:
        units, alone, joined = len(text.encode("utf-16-le", "surrogatepass")) // 2, 70, 67
    best = 1 if units <= alone else -(-units // joined)

    assert best <= segments(text) <= max(best, -(-units // (joined - 1)))
