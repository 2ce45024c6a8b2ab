"""An outgoing mail as bytes: one recipient, plain text, and no way to smuggle a header in (EOU-05, EOU-09, EOU-10)."""

import base64
import binascii
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime

from messaging_server.channels.email import addresses

_FORBIDDEN = re.compile(r"[\x00-\x08\x0a-\x1f\x7f\x85\u2028\u2029]")
"""CR, LF, NUL and whatever else some program takes for a line end; a tab is a blank."""
_MESSAGE_ID = re.compile(r"<[!-;=?-~]{1,250}@[!-;=?-~]{1,250}>")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")
_LINK = re.compile(r"https://[!-;=?-~]{1,900}")
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_WORD_BYTES = 45
"""Bytes that fit into one encoded word of 75 characters, in base64 (RFC 2047 section 2)."""


class HeaderInjectionError(ValueError):
    """A header value that would end its line, or is no value of its kind; `header` names it, the value is not shown."""

    def __init__(self, header: str) -> None:
        super().__init__(f"the value of {header} cannot stand in a header")
        self.header = header


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingMail:
    """One mail to one person. The subject is the caller's neutral constant, taken as it is (EOU-07)."""

    to: str = field(repr=False)
    from_name: str
    from_address: str
    """The clinic's own address (EOU-06)."""
    envelope_from: str = field(repr=False)
    """The reverse-path: the bounce address of this delivery, or empty for the null one (ACK-12). Not in the headers."""
    reply_to: str | None = field(default=None, repr=False)
    """The address of the thread, which holds its token."""
    subject: str
    text: str = field(repr=False)
    message_id: str = field(repr=False)
    """With its angle brackets; the same at every attempt."""
    in_reply_to: str | None = field(default=None, repr=False)
    """The Message-ID answered; one that is not well formed is left out, for it came from outside."""
    automatic: bool = False
    list_unsubscribe: str | None = field(default=None, repr=False)
    """An https link without any patient data in it (EOU-15)."""
    language: str
    """A language tag, e.g. `fr-CA`."""


def build(mail: OutgoingMail, now: datetime) -> bytes:
    """The mail as it goes over the wire: CRLF only, lines of at most 998 bytes (RFC 5322 section 2.1.1).

    Raises `HeaderInjectionError` for any header value that holds a line end, NUL or another control, and for an
    address, Message-ID, link or language that is not one.
    """
    encoding, body = _body(mail.text)
    headers = [
        ("Date", _date(now)),
        ("From", f"{_name(mail.from_name)}<{_address('From', mail.from_address)}>"),
        ("To", f"<{_address('To', mail.to)}>"),
        ("Subject", _encoded("Subject", mail.subject)),
        ("Message-ID", _matching("Message-ID", mail.message_id, _MESSAGE_ID)),
        *_threading(mail),
        *([("Reply-To", f"<{_address('Reply-To', mail.reply_to)}>")] if mail.reply_to is not None else []),
        *_automatic(mail),
        *_unsubscribe(mail.list_unsubscribe),
        ("Content-Language", _matching("Content-Language", mail.language, _LANGUAGE)),
        ("MIME-Version", "1.0"),
        ("Content-Type", 'text/plain; charset="utf-8"'),
        ("Content-Transfer-Encoding", encoding),
    ]
    if mail.envelope_from:
        _address("envelope", mail.envelope_from)
    head = "".join(f"{name}: {value}\r\n" for name, value in headers)
    return head.encode("utf-8") + b"\r\n" + body


def _threading(mail: OutgoingMail) -> list[tuple[str, str]]:
    if mail.in_reply_to is None:
        return []
    _clean("In-Reply-To", mail.in_reply_to)
    if not _MESSAGE_ID.fullmatch(mail.in_reply_to):
        return []
    return [("In-Reply-To", mail.in_reply_to), ("References", f"\r\n {mail.in_reply_to}")]


def _automatic(mail: OutgoingMail) -> list[tuple[str, str]]:
    """The marks that keep other machines from answering (RFC 3834 section 5, MS-OXCMAIL; ACK-12)."""
    if not mail.automatic:
        return []
    kind = "auto-replied" if mail.in_reply_to else "auto-generated"
    return [("Auto-Submitted", kind), ("X-Auto-Response-Suppress", "All")]


def _unsubscribe(link: str | None) -> list[tuple[str, str]]:
    return [] if link is None else [("List-Unsubscribe", f"<{_matching('List-Unsubscribe', link, _LINK)}>")]


def _clean(header: str, value: str) -> str:
    if _FORBIDDEN.search(value):
        raise HeaderInjectionError(header)
    return value


def _matching(header: str, value: str, form: re.Pattern[str]) -> str:
    if not form.fullmatch(value):
        raise HeaderInjectionError(header)
    return value


def _address(header: str, value: str) -> str:
    plain = addresses.normalise(_clean(header, value))
    if plain is None:
        raise HeaderInjectionError(header)
    return plain


def _name(name: str) -> str:
    """A display name as a quoted string or as encoded words, with a blank after it; empty for no name."""
    clean = " ".join(_clean("From", name).split())
    if not clean:
        return ""
    if clean.isascii() and len(clean) <= 60:
        return '"' + clean.replace("\\", "\\\\").replace('"', '\\"') + '" '
    return _words(clean) + " "


def _encoded(header: str, value: str) -> str:
    clean = " ".join(_clean(header, value).split())
    if clean.isascii() and len(clean) <= 60 and "=?" not in clean:
        return clean
    return _words(clean)


def _words(value: str) -> str:
    """Encoded words (RFC 2047), cut between letters and folded one to a line."""
    chunks = [b""]
    for letter in value:
        data = letter.encode("utf-8", "replace")
        if len(chunks[-1]) + len(data) > _WORD_BYTES:
            chunks.append(b"")
        chunks[-1] += data
    return "\r\n ".join(f"=?utf-8?B?{base64.b64encode(chunk).decode('ascii')}?=" for chunk in chunks)


def _date(now: datetime) -> str:
    """The instant in UTC as RFC 5322 section 3.3 writes it; the names are English whatever the locale."""
    at = now.astimezone(UTC)
    return f"{_DAYS[at.weekday()]}, {at.day:02} {_MONTHS[at.month - 1]} {at:%Y %H:%M:%S} +0000"


def _body(text: str) -> tuple[str, bytes]:
    """The text with its transfer encoding: as it is where it is short ASCII lines, else quoted-printable."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "").rstrip("\n").split("\n")
    if text.isascii() and all(len(line) <= 76 and not line.startswith("From ") for line in lines):
        return "7bit", "".join(f"{line}\r\n" for line in lines).encode("ascii")
    encoded = binascii.b2a_qp("\n".join([*lines, ""]).encode("utf-8", "replace"), istext=True)
    return "quoted-printable", encoded.replace(b"\n", b"\r\n")
