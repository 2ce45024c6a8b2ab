"""An outgoing mail as bytes."""

import email
import email.policy
import re
from dataclasses import replace
from datetime import UTC, datetime
from email.message import EmailMessage

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from messaging_server.channels.email import compose, parse
from messaging_server.channels.email.compose import HeaderInjectionError, OutgoingMail

NOW = datetime(2026, 11, 3, 14, 5, 9, tzinfo=UTC)
PLAIN = OutgoingMail(
    to="zoe@exemple.ca",
    from_name="Clinique des Érables",
    from_address="clinique@sante.example",
    envelope_from="b.retour@sante.example",
    reply_to="r.jeton@sante.example",
    subject="Message de votre clinique",
    text="Bonjour,\n\nUn message vous attend\u00a0: ouvrez votre boîte.\n",
    message_id="<n1@sante.example>",
    in_reply_to="<p1@exemple.ca>",
    automatic=True,
    list_unsubscribe="https://sante.example/preferences",
    language="fr-CA",
)


def read(raw: bytes) -> EmailMessage:
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


def test_another_program_reads_what_was_meant() -> None:
    """The standard library reads back name, addresses, date, threading and text; one recipient, no envelope address
    [EOU-05, EOU-10, ACK-12].
    """
    raw = compose.build(PLAIN, NOW)
    got = read(raw)
    assert str(got["From"]) == "Clinique des Érables <clinique@sante.example>"
    assert (str(got["To"]), str(got["Reply-To"])) == ("zoe@exemple.ca", "r.jeton@sante.example")
    assert got["Date"].datetime == NOW
    assert (str(got["In-Reply-To"]), str(got["References"]).strip()) == ("<p1@exemple.ca>", "<p1@exemple.ca>")
    assert str(got["Content-Language"]) == "fr-CA"
    assert got.get_content().replace("\r\n", "\n") == PLAIN.text
    assert b"b.retour" not in raw
    assert got.defects == []


@pytest.mark.parametrize(("in_reply_to", "kind"), [("<p1@exemple.ca>", "auto-replied"), (None, "auto-generated")])
def test_an_automatic_mail_says_so(in_reply_to: str | None, kind: str) -> None:
    """A notice carries the marks that keep other machines silent [ACK-12, ACK-14]."""
    got = read(compose.build(replace(PLAIN, in_reply_to=in_reply_to), NOW))
    assert (got["Auto-Submitted"], got["X-Auto-Response-Suppress"]) == (kind, "All")


def test_a_mail_of_a_person_carries_no_mark_of_a_machine() -> None:
    """Without `automatic` nothing tells other programs to be silent [ACK-12]."""
    raw = compose.build(replace(PLAIN, automatic=False, list_unsubscribe=None, reply_to=None), NOW)
    assert not re.search(rb"Auto-Submitted|X-Auto|List-|Reply-To: <r", raw)


FIELDS = (
    "to", "from_name", "from_address", "envelope_from", "reply_to", "subject", "message_id", "in_reply_to",
    "list_unsubscribe", "language",
)  # fmt: skip


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("poison", ["\r\nBcc: evil@x.com", "\nX: y", "\rX: y", "\x00", "\x0b", "\u2028X: y"])
def test_no_header_can_be_smuggled_in(field: str, poison: str) -> None:
    """CR, LF, NUL and their like in any header value are an error that does not show the value [EOU-09]."""
    value = f"{getattr(PLAIN, field)}{poison}"
    with pytest.raises(HeaderInjectionError) as refused:
        compose.build(replace(PLAIN, **{field: value}), NOW)  # type: ignore[arg-type]  # each is a text
    assert "evil" not in str(refused.value)


@pytest.mark.parametrize("to", ["zoe@exemple.ca, luc@exemple.ca", "Zoé <zoe@exemple.ca>", "zoe", "", "a@b@c.ca"])
def test_there_is_exactly_one_recipient(to: str) -> None:
    """Two addresses, a name with an address, or none are refused [EOU-05]."""
    with pytest.raises(HeaderInjectionError):
        compose.build(replace(PLAIN, to=to), NOW)


@pytest.mark.parametrize("message_id", ["<a b@c>", "pas un identifiant", "<é@x.ca>", "<a@b> <c@d>"])
def test_an_odd_identifier_from_outside_is_left_out(message_id: str) -> None:
    """What a patient's program sent as Message-ID cannot stop our acknowledgement nor enter it unclean [EOU-09]."""
    got = read(compose.build(replace(PLAIN, in_reply_to=message_id), NOW))
    assert got["In-Reply-To"] is None


@settings(max_examples=100, deadline=None)
@given(text=st.text(max_size=300), name=st.text(max_size=80), subject=st.text(max_size=120))
def test_only_clean_lines_go_over_the_wire(text: str, name: str, subject: str) -> None:
    """Whatever the words, the bytes have CRLF only, short lines, and come back as they were [EOU-09, EOU-10]."""
    clean_name, clean_subject = (" ".join("".join(c for c in v if c.isprintable()).split()) for v in (name, subject))
    raw = compose.build(replace(PLAIN, text=text, from_name=clean_name, subject=clean_subject), NOW)
    assert not re.search(rb"\r(?!\n)|(?<!\r)\n|\x00", raw)
    assert max(len(line) for line in raw.split(b"\r\n")) <= 998
    got = parse.read_mail(raw)
    assert (got.from_address, got.subject) == ("clinique@sante.example", clean_subject)
    wanted = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "").rstrip("\n").lstrip("\n")
    assert got.text.strip("\n") == wanted.strip("\n") or not wanted.strip() or "\ufeff" in text


def test_dots_and_from_lines_survive() -> None:
    """A lone dot and a line that begins with `From ` arrive as they were written [EOU-10]."""
    text = ".\n..\nFrom here on\n.fin"
    assert parse.read_mail(compose.build(replace(PLAIN, text=text), NOW)).text.strip("\n") == text


def test_a_long_line_is_folded_and_unfolded() -> None:
    """A line of two thousand letters goes in pieces and arrives whole [EOU-10]."""
    text = "é" * 2000
    raw = compose.build(replace(PLAIN, text=text), NOW)
    assert max(len(line) for line in raw.split(b"\r\n")) <= 998
    assert parse.read_mail(raw).text.strip() == text
