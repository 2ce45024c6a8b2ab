"""Bytes of a mail in, what it says out: pure, bounded, and never failing on what it cannot understand.

Only what SMTP itself must refuse is refused here (`MailRefusedError`); every other fault becomes a code in `defects`
and the message is kept for a human (EIN-16).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from messaging_server.broker import files
from messaging_server.channels.email import addresses, charsets, hypertext, mime
from messaging_server.message import Attachment

MAIL_BYTES = 25 * 1024 * 1024
HOPS = 100
TEXT_LETTERS = 500_000

_MESSAGE_ID = re.compile(r"<[^\s<>]{1,500}>")
_WATCHED = frozenset({"application/pgp-encrypted", "application/pkcs7-mime", "application/x-pkcs7-mime"})
_MARKUP_TYPES = frozenset({"text/html", "text/enriched", "application/xhtml+xml"})


class MailRefusedError(Exception):
    """A mail that the protocol obliges us to refuse; `code` for the log, `smtp` is the reply, without any content."""

    def __init__(self, code: str, smtp: str) -> None:
        super().__init__(code)
        self.code = code
        self.smtp = smtp


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedMail:
    """What a mail says of itself. Nothing in it is proved: see `authenticate`."""

    from_address: str | None = field(default=None, repr=False)
    """The mailbox of the one From header, domain in lower case and ASCII; None unless it is beyond doubt (EIN-07)."""
    from_domain: str | None = field(default=None, repr=False)
    recipients: tuple[str, ...] = field(default=(), repr=False)
    """The addresses of To and Cc, each once (EIN-19)."""
    subject: str = field(default="", repr=False)
    message_id: str | None = field(default=None, repr=False)
    in_reply_to: str | None = field(default=None, repr=False)
    references: tuple[str, ...] = field(default=(), repr=False)
    claimed_at: datetime | None = None
    """The Date header in UTC: a claim only (EIN-24)."""
    text: str = field(default="", repr=False)
    attachments: tuple[Attachment, ...] = field(default=(), repr=False)
    headers: mime.Headers = field(default=(), repr=False)
    media_type: str = "text/plain"
    report_type: str | None = None
    """The `report-type` of a multipart/report (RFC 6522), in lower case."""
    report_parts: tuple[mime.Part, ...] = field(default=(), repr=False)
    defects: tuple[str, ...] = ()

    def other_recipients(self, ours: frozenset[str]) -> int:
        """How many addresses in To and Cc are not ours; `ours` are normalised addresses in lower case (EIN-19)."""
        return sum(1 for address in self.recipients if address.lower() not in ours)


def with_crlf(raw: bytes) -> bytes:
    """A mail from a file, where line ends are LF, as it came over the wire; a file that has CRLF is left as it is."""
    return raw if b"\r\n" in raw else raw.replace(b"\n", b"\r\n")


def refuse_unfit(raw: bytes) -> None:
    """Raise `MailRefusedError` for what SMTP must refuse: size, bare CR, LF or NUL (EIN-03), too many hops (EIN-21)."""
    if len(raw) > MAIL_BYTES:
        raise MailRefusedError("too_large", "552 5.3.4 Message too big for system")
    # Where every CR and LF belongs to a CRLF the three counts agree; counting is fifty times faster than a pattern.
    if not raw.count(b"\r\n") == raw.count(b"\r") == raw.count(b"\n") or b"\x00" in raw:
        raise MailRefusedError("bare_control", "550 5.6.0 Bare CR, LF or NUL in the message (RFC 5322 section 2.3)")
    end = raw.find(b"\r\n\r\n")
    head = (b"\r\n" + raw[: end if end >= 0 else len(raw)]).lower()
    if head.count(b"\r\nreceived:") > HOPS:
        raise MailRefusedError("too_many_hops", "554 5.4.6 Too many hops: this message goes round in a loop")


def read_mail(raw: bytes) -> ParsedMail:
    """What a mail with CRLF line ends says; time and memory are bounded whatever it holds.

    Raises `MailRefusedError` as `refuse_unfit` does, and nothing else.
    """
    refuse_unfit(raw)
    top, found = mime.read(raw)
    notes = dict.fromkeys(found)
    author = _author(top.headers, notes)
    body = _Body(notes)
    body.gather(top, root=True)
    text = body.text()
    subject = _one_line(charsets.words(mime.first(top.headers, "subject")))
    if not (text.strip() or subject or body.files):
        notes["empty"] = None
    report = top.parameters.get("report-type") if top.media_type == "multipart/report" else None
    return ParsedMail(
        from_address=author,
        from_domain=author.rpartition("@")[2] if author else None,
        recipients=_recipients(top.headers),
        subject=subject,
        message_id=_message_ids(top.headers, "message-id", 1)[0],
        in_reply_to=_message_ids(top.headers, "in-reply-to", 1)[0],
        references=tuple(one for one in _message_ids(top.headers, "references", 50) if one),
        claimed_at=_date(mime.first(top.headers, "date")),
        text=text,
        attachments=tuple(body.files),
        headers=top.headers,
        media_type=top.media_type,
        report_type=report.lower() if report is not None else None,
        report_parts=top.children if top.media_type == "multipart/report" else (),
        defects=tuple(notes),
    )


def _author(headers: mime.Headers, notes: dict[str, None]) -> str | None:
    """The one mailbox of the one From header, if nothing at all makes the header block doubtful (EIN-07)."""
    froms = mime.values(headers, "from")
    doubtful = bool({"header_malformed", "header_too_large", "too_many_headers"} & notes.keys())
    author = addresses.one_mailbox(froms[0]) if len(froms) == 1 else None
    if len(froms) != 1:
        notes["from_missing" if not froms else "from_repeated"] = None
    elif author is None:
        notes["from_unclear"] = None
    elif addresses.mixes_scripts(author):
        notes["from_mixes_scripts"] = None
    return None if doubtful else author


def _recipients(headers: mime.Headers) -> tuple[str, ...]:
    found = (addresses.every_mailbox(value) for name, value in headers if name in {"to", "cc"})
    return tuple(dict.fromkeys(address for several in found for address in several))


def _message_ids(headers: mime.Headers, name: str, most: int) -> tuple[str | None, ...]:
    found = _MESSAGE_ID.findall(mime.first(headers, name)[:8192])[:most]
    return tuple(found) or (None,)


def _one_line(value: str) -> str:
    return " ".join(value.replace("\x00", "").split())


def _date(value: str) -> datetime | None:
    try:
        when = parsedate_to_datetime(value[:100])
        return (when.replace(tzinfo=UTC) if when.tzinfo is None else when).astimezone(UTC)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


class _Body:
    """The text and the files of a message, gathered while walking its tree."""

    def __init__(self, notes: dict[str, None]) -> None:
        self._notes = notes
        self._texts: list[str] = []
        self.files: list[Attachment] = []

    def text(self) -> str:
        """All readable text in order; beyond half a million letters it is cut, which is a defect."""
        whole = "\n".join(text.strip("\n") for text in self._texts if text.strip())
        if len(whole) > TEXT_LETTERS:
            self._notes["text_too_long"] = None
        return whole[:TEXT_LETTERS]

    def gather(self, part: mime.Part, *, speaking: bool = True, root: bool = False) -> None:
        """Take a part in; where not `speaking`, only its files count: its words were said by another alternative."""
        if part.media_type in _WATCHED or part.media_type == "multipart/encrypted":
            self._notes["encrypted"] = None
        if part.media_type == "multipart/alternative":
            chosen = _best(part.children)
            for child in part.children:
                self.gather(child, speaking=speaking and child is chosen)
        elif part.media_type.startswith("multipart/"):
            for child in part.children:
                self.gather(child, speaking=speaking)
        elif _is_body(part, root=root):
            if speaking:
                self._texts.append(self._words(part))
        else:
            self._keep(part)

    def _words(self, part: mime.Part) -> str:
        text, defect = charsets.decode(part.body, part.parameters.get("charset"))
        if defect:
            self._notes[defect] = None
        text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "\ufffd")
        if part.media_type in _MARKUP_TYPES:
            return hypertext.to_text(text[: 4 * TEXT_LETTERS])
        if part.parameters.get("format", "").lower() == "flowed":
            return unflow(text, delsp=part.parameters.get("delsp", "").lower() == "yes")
        return text

    def _keep(self, part: mime.Part) -> None:
        kind = files.sniff(part.body)
        if kind == "application/ms-tnef" or part.media_type == "application/ms-tnef":
            self._notes["tnef"] = None
        nested = "\n".join(self._nested(part)) if part.children else None
        readable = part.media_type.startswith("text/") or kind in {"text/plain", "text/html"}
        if nested is None and readable and files.readable(part.body):
            plain, _ = charsets.decode(part.body, part.parameters.get("charset"))
            nested = hypertext.to_text(plain) if kind == "text/html" else plain
        name = part.filename or ("message.eml" if part.children else "")
        self.files.append(
            Attachment(
                filename=files.safe_name(name),
                media_type="message/rfc822" if part.children else kind,
                content=part.body,
                text=nested,
            )
        )

    def _nested(self, part: mime.Part) -> Iterator[str]:
        """The subject and the words of a mail within the mail; the files in it are kept beside the others."""
        inner = _Body(self._notes)
        for child in part.children:
            yield _one_line(charsets.words(mime.first(child.headers, "subject")))
            inner.gather(child, root=True)
        yield inner.text()
        self.files.extend(inner.files)


def _is_body(part: mime.Part, *, root: bool) -> bool:
    """Text to read on, rather than a file: some clients send the words of a mail in several inline parts."""
    if part.disposition == "attachment" or (part.filename and not root):
        return False
    return part.media_type in _MARKUP_TYPES or part.media_type == "text/plain"


def _best(alternatives: tuple[mime.Part, ...]) -> mime.Part | None:
    """Plain text if it says anything, else HTML, else the last, which the author preferred (RFC 2046 section 5.1.4)."""
    for kind in ("text/plain", "text/html"):
        for one in alternatives:
            if one.media_type == kind and one.body.strip():
                return one
    return next((one for one in reversed(alternatives) if one.children), None)


def unflow(text: str, *, delsp: bool) -> str:
    """Text of `format=flowed` with its soft line breaks joined, quotation depth kept (RFC 3676 section 4)."""
    paragraphs: list[list[str]] = []
    flowing, depth_before = False, 0
    for line in text.split("\n"):
        bare = line.lstrip(">")
        depth = len(line) - len(bare)
        content = bare.removeprefix(" ")
        soft = content.endswith(" ") and content != "-- "
        said = content[:-1] if soft and delsp else content
        if flowing and depth == depth_before and content != "-- ":
            paragraphs[-1].append(said)
        else:
            paragraphs.append([f"{'>' * depth} {said}" if depth else said])
        flowing, depth_before = soft, depth
    return "\n".join("".join(pieces) for pieces in paragraphs)
