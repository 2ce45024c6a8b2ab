"""Mail addresses, read strictly."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from messaging_server.channels.email import addresses


@pytest.mark.parametrize(
    ("header", "address"),
    [
        ("lea.tremblay@exemple.ca", "lea.tremblay@exemple.ca"),
        ("Léa Tremblay <lea@exemple.ca>", "lea@exemple.ca"),
        ('"Tremblay, Léa" <lea@exemple.ca>', "lea@exemple.ca"),
        ("=?utf-8?q?L=C3=A9a?= <lea@Exemple.CA>", "lea@exemple.ca"),
        ('"clinique@ok.ca" <lea@exemple.ca>', "lea@exemple.ca"),
        ("lea@exemple.ca (Léa (chez elle))", "lea@exemple.ca"),
        ("<Lea+notes@exemple.ca>", "Lea+notes@exemple.ca"),
        ("Léa <léa@québec.example>", "léa@xn--qubec-csa.example"),
    ],
)
def test_one_plain_mailbox_is_read(header: str, address: str) -> None:
    """One mailbox is read, its domain in lower case and ASCII, its local part untouched [EIN-07, EIN-10, EIN-27]."""
    assert addresses.one_mailbox(header) == address


@pytest.mark.parametrize(
    "header",
    [
        "patient@ok.ca <evil@x.com>",
        "patient@ok.ca, evil@x.com",
        "<patient@ok.ca> <evil@x.com>",
        "patient@ok.ca(evil <evil@x.com>",
        '"patient@ok.ca <evil@x.com>',
        "amis: patient@ok.ca;",
        "amis:;",
        "<@relais.ca:patient@ok.ca>",
        "patient@ok.ca]",
        "patient@[192.0.2.1]",
        '"deux mots"@ok.ca',
        "patient@ok..ca",
        "patient@-ok.ca",
        "patient..a@ok.ca",
        "patient @ok.ca",
        "patient@ok.ca evil",
        "patient",
        "@ok.ca",
        "",
        f"{'a' * 65}@ok.ca",
        f"a@{'b' * 64}.ca",
    ],
)
def test_what_can_be_read_in_two_ways_is_nobody(header: str) -> None:
    """A From that is not exactly one mailbox gives no author, the trick of CVE-2023-27043 included [EIN-07]."""
    assert addresses.one_mailbox(header) is None


def test_every_recipient_is_counted() -> None:
    """Groups, names and commas do not hide the other recipients of a mail [EIN-19]."""
    value = 'Famille: "Roy, Zoé" <zoe@a.ca>, luc@b.ca;, <clinique@c.ca>'
    assert addresses.every_mailbox(value) == ("zoe@a.ca", "luc@b.ca", "clinique@c.ca")


@pytest.mark.parametrize(
    ("address", "mixed"),
    [
        ("p\u0430tient@ok.ca", True),  # a Cyrillic a among Latin letters
        ("patient@xn--pypl-53dc.example", True),
        ("léa@québec.example", False),
        ("\u043b\u0435\u043d\u0430@ok.ca", False),  # all Cyrillic: a name, not a trick
        ("patient@ok.ca", False),
    ],
)
def test_look_alike_letters_are_flagged(address: str, mixed: bool) -> None:
    """Letters of two look-alike scripts in one word are flagged, an honest foreign word is not [EIN-10]."""
    assert addresses.mixes_scripts(address) is mixed


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=80))
def test_a_normalised_address_stays_as_it_is(text: str) -> None:
    """Normalising twice is normalising once, whatever comes in, so that addresses can be compared exactly [EIN-10]."""
    for candidate in (text, f"{text}@exemple.ca", f"lea@{text}"):
        once = addresses.normalise(candidate)
        if once is not None:
            assert addresses.normalise(once) == once
            assert not set(once) & set(" \r\n\x00<>,;:")
        addresses.one_mailbox(candidate)
        addresses.every_mailbox(candidate)
