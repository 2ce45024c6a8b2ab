"""The word of a trusted relay, and all the ways to forge it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from messaging_server.channels.email import authenticate
from messaging_server.message import Authentication, Verification

PASS, FAIL, NONE, TEMPERROR = Verification.PASS, Verification.FAIL, Verification.NONE, Verification.TEMPERROR
OWN_HOP = ("received", "from mx.exemple.ca (mx [192.0.2.1]) by Relais.example (Postfix) id 1; Tue, 3 Nov 2026")
OTHER_HOP = ("received", "from x by mx.evil.example; Tue, 3 Nov 2026 09:15:00 -0500")


def results(value: str) -> tuple[str, str]:
    return ("authentication-results", value)


def read(*headers: tuple[str, str], trusted: str | None = "relais.example") -> Authentication:
    return authenticate.from_header(headers, trusted, "exemple.ca")


@pytest.mark.parametrize(
    ("value", "spf", "dkim", "dmarc", "aligned"),
    [
        ("relais.example; dmarc=pass header.from=exemple.ca", NONE, NONE, PASS, True),
        ("relais.example; dmarc=pass (p=reject dis=none) header.from=Exemple.CA", NONE, NONE, PASS, True),
        ("RELAIS.example 1; dkim=pass header.d=exemple.ca", NONE, PASS, NONE, True),
        ("relais.example; dkim=pass (2048-bit key) header.i=@courriel.exemple.ca header.s=a", NONE, PASS, NONE, True),
        ("relais.example; spf=pass smtp.mailfrom=zoe@exemple.ca; dkim=none", PASS, NONE, NONE, True),
        ('relais.example; spf=pass reason="bon; hôte" smtp.mailfrom="zoe@exemple.ca"', PASS, NONE, NONE, True),
        ("relais.example; dkim = pass header.d = exemple.ca", NONE, PASS, NONE, True),
        ("relais.example; dkim=fail header.d=exemple.ca; dkim=pass header.d=exemple.ca", NONE, PASS, NONE, True),
        ("relais.example; none", NONE, NONE, NONE, False),
        ("relais.example; spf=softfail smtp.mailfrom=exemple.ca; dkim=neutral", FAIL, NONE, NONE, False),
        ("relais.example; dmarc=temperror header.from=exemple.ca", NONE, NONE, TEMPERROR, False),
        ("relais.example; dmarc=pass header.from=evil.com", NONE, NONE, FAIL, False),
        ("relais.example; dkim=pass header.d=evil.com", NONE, PASS, NONE, False),
        ("relais.example; dkim=pass header.d=evilexemple.ca", NONE, PASS, NONE, False),
        ("relais.example; dkim=pass header.d=ca", NONE, PASS, NONE, False),
        ("relais.example; dkim=pass", NONE, PASS, NONE, False),
        ("relais.example; spf=pass smtp.helo=exemple.ca", PASS, NONE, NONE, False),
        ("relais.example; spf=pass smtp.mailfrom=exemple.ca@evil.com", PASS, NONE, NONE, False),
        ("relais.example; dkim=pass header.d=exemple.ca; dmarc=fail header.from=exemple.ca", NONE, PASS, FAIL, False),
        ("relais.example; dmarc=fail (dmarc=pass) header.from=exemple.ca", NONE, NONE, FAIL, False),
        ('relais.example; dmarc=fail reason="; dmarc=pass" header.from=exemple.ca', NONE, NONE, FAIL, False),
        ("relais.example; dmarc/2=pass header.from=exemple.ca", NONE, NONE, NONE, False),
        ("relais.example; xdmarc=pass header.from=exemple.ca", NONE, NONE, NONE, False),
    ],
)
def test_the_relays_word_is_read_exactly(
    value: str, spf: Verification, dkim: Verification, dmarc: Verification, aligned: bool
) -> None:
    """Results are read with comments, quotations and versions, and count only when aligned with the author [EIN-08]."""
    got = read(results(value))
    assert (got.spf, got.dkim, got.dmarc, got.aligned) == (spf, dkim, dmarc, aligned)
    assert got.source == "header"


GOOD = "relais.example; dmarc=pass header.from=exemple.ca"
BAD = "relais.example; dmarc=fail header.from=exemple.ca"


@pytest.mark.parametrize(
    "value",
    [
        "evil.example; dmarc=pass header.from=exemple.ca",
        "relais.example.evil.com; dmarc=pass header.from=exemple.ca",
        "evil.relais.example; dmarc=pass header.from=exemple.ca",
        "relais.example 2; dmarc=pass header.from=exemple.ca",
        "relais.example x y; dmarc=pass header.from=exemple.ca",
        "(relais.example) evil.example; dmarc=pass header.from=exemple.ca",
        "dmarc=pass header.from=exemple.ca",
        "",
        ";;;",
        "relais.example; " + "dmarc=pass " * 5000,
    ],
)
def test_another_writer_is_not_believed(value: str) -> None:
    """Only the exact authserv-id, in a version that we know, is believed [EIN-08]."""
    assert read(results(value)) == Authentication()


@pytest.mark.parametrize(
    ("headers", "aligned"),
    [
        ((results(GOOD), OWN_HOP), True),
        ((OWN_HOP, results(GOOD)), True),
        ((results("relais.example; spf=none"), results(GOOD), OWN_HOP), True),
        ((OTHER_HOP, results(GOOD)), False),
        ((OWN_HOP, OTHER_HOP, results(GOOD)), False),
        ((OWN_HOP, results("relais.example; spf=none"), results(GOOD)), False),
        ((results("relais.example; spf=none"), OWN_HOP, results(GOOD)), False),
        ((results(BAD), results(GOOD), OWN_HOP), False),
        ((("received", "sans hôte"), results(GOOD)), False),
    ],
)
def test_only_the_relays_own_place_counts(headers: tuple[tuple[str, str], ...], aligned: bool) -> None:
    """A header that came in from outside, under any hop or beside the relay's own, is not read [EIN-08]."""
    assert read(*headers).aligned is aligned


def test_without_a_configured_relay_no_header_counts() -> None:
    """Trusting nobody is the default: the most perfect header is then worth nothing [EIN-08]."""
    assert read(results(GOOD), trusted=None) == Authentication()
    assert authenticate.from_header((results(GOOD),), "relais.example", "") == Authentication()


@pytest.mark.parametrize(
    ("proved", "claimed", "aligned"),
    [
        ("exemple.ca", "exemple.ca", True),
        ("courriel.exemple.ca", "exemple.ca", True),
        ("exemple.ca.", "Exemple.ca", True),
        ("exemple.ca", "courriel.exemple.ca", False),
        ("ca", "exemple.ca", False),
        ("", "exemple.ca", False),
    ],
)
def test_alignment_goes_one_way(proved: str, claimed: str, aligned: bool) -> None:
    """A domain under the author's speaks for it; one above may be anyone's, as `ca` is [EIN-08]."""
    assert authenticate.aligned(proved, claimed) is aligned


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet=st.sampled_from('relais.example;= ()"\\dmarcpass/12\r\n\t\x00é'), max_size=120))
def test_no_header_makes_the_reader_fail(value: str) -> None:
    """Whatever stands in the header, the answer is a verdict; without the relay's name it is never a pass [EIN-08]."""
    assert not read(results(value), trusted="autre.example").aligned
    read(results(f"relais.example;{value}"))
