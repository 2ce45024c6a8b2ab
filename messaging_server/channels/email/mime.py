"""The outer form of a mail: its header blocks and its parts, found within bounds (EIN-21).

Why not the standard parser: it applies its parameter reader to every part while it parses, before anyone can set a
bound, and that reader takes quadratic time (8 s for one `Content-Type` of 120 KB). Here every step is a search for
fixed bytes, bounded in depth, in parts and in the size of each header block.
"""

import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from messaging_server.broker.files import guess
from messaging_server.channels.email import charsets

HEADER_BYTES = 64 * 1024
PART_HEADER_BYTES = 16 * 1024
HEADER_COUNT = 200
PARTS = 100
DEPTH = 10
_PARAMETER_BYTES = 4096

Headers = tuple[tuple[str, str], ...]
"""Names in lower case and unfolded values, in the order of the message, encoded words untouched."""

_FIELD = re.compile(rb"([!-9;-~]{1,100})[ \t]*:[ \t]*(.*)", re.DOTALL)
_TYPE = re.compile(r"[a-z0-9!#$&^_.+-]{1,80}/[a-z0-9!#$&^_.+-]{1,80}")
_PIECE = re.compile(r'"(?:[^"\\]|\\.)*(?:"|\Z)|[^";]+|;|"', re.DOTALL)
_SEGMENT = re.compile(r"([^*]+)(?:\*(\d{1,2}))?(\*)?")
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One node of the tree of a message."""

    headers: Headers = field(repr=False)
    media_type: str
    parameters: Mapping[str, str] = field(repr=False)
    disposition: str
    """`inline`, `attachment` or empty where nothing was said."""
    filename: str = field(repr=False)
    """As claimed: not yet made safe; empty where none was given."""
    body: bytes = field(repr=False)
    """The content with its transfer encoding undone; empty for a multipart whose parts were found."""
    children: tuple["Part", ...] = field(default=(), repr=False)


class _Walk:
    """What one reading has found so far: the number of parts, and what was wrong."""

    def __init__(self) -> None:
        self.parts = 0
        self.defects: dict[str, None] = {}

    def note(self, code: str | None) -> None:
        if code:
            self.defects[code] = None


def read(raw: bytes) -> tuple[Part, tuple[str, ...]]:
    """The tree of a message with CRLF line ends, and the codes of what was wrong with it; never fails."""
    walk = _Walk()
    headers, body, notes = header_block(raw, HEADER_BYTES)
    for code in notes:
        walk.note(code)
    return _part(headers, body, 1, "text/plain", walk), tuple(walk.defects)


def values(headers: Headers, name: str) -> tuple[str, ...]:
    """All values of a header, in order; `name` is in lower case."""
    return tuple(value for key, value in headers if key == name)


def first(headers: Headers, name: str) -> str:
    """The first value of a header, or the empty string."""
    return next((value for key, value in headers if key == name), "")


def header_block(data: bytes, limit: int) -> tuple[Headers, bytes, tuple[str, ...]]:
    """The headers at the head of `data`, the body after them, and the codes of what was wrong.

    A line that is no header ends the block and begins the body, so that no word is lost between the two.
    """
    if not data or data.startswith(b"\r\n"):
        return (), data[2:], ()
    end = data.find(b"\r\n\r\n")
    head, body = (data, b"") if end < 0 else (data[:end], data[end + 4 :])
    notes = ["header_too_large"] if len(head) > limit else []
    if notes:
        head = head[: max(head.rfind(b"\r\n", 0, limit), 0)]
    lines = head.removesuffix(b"\r\n").split(b"\r\n")
    fields, read = _fields(lines)
    if read < len(lines):
        notes.append("header_malformed")
        body = b"\r\n".join([*lines[read:], b"", body])
    if len(fields) > HEADER_COUNT:
        notes.append("too_many_headers")
    kept = fields[:HEADER_COUNT]
    headers = tuple((name, guess(b"".join(chunks)).strip()) for name, chunks in kept)
    return headers, body, tuple(notes)


def _fields(lines: list[bytes]) -> tuple[list[tuple[str, list[bytes]]], int]:
    """The header fields at the head of the lines, and how many lines they took."""
    fields: list[tuple[str, list[bytes]]] = []
    for number, line in enumerate(lines):
        match = _FIELD.fullmatch(line)
        if line[:1] in {b" ", b"\t"} and fields:
            fields[-1][1].append(line)
        elif match:
            fields.append((match[1].decode("ascii").lower(), [match[2]]))
        elif number or not line.startswith(b"From "):  # an mbox line, added by some relays, is no harm
            return fields, number
    return fields, len(lines)


def parameters(value: str) -> tuple[str, dict[str, str]]:
    """The value of a structured header before its first semicolon, and its parameters (RFC 2045, RFC 2231)."""
    pieces = [""]
    for piece in _PIECE.findall(value[:_PARAMETER_BYTES]):
        if piece == ";":
            pieces.append("")
        else:
            pieces[-1] += piece
    segments: dict[str, dict[int, str]] = {}
    plain: dict[str, str] = {}
    for piece in pieces[1:101]:
        name, equals, text = piece.partition("=")
        match = _SEGMENT.fullmatch(name.strip().lower())
        if not equals or not match:
            continue
        bare = _unquoted(text.strip())
        if match[2] is None and match[3] is None:
            plain.setdefault(match[1], bare)
        else:
            segments.setdefault(match[1], {})[int(match[2] or 0)] = bare if match[3] else _percent(bare)
    extended = {name: charsets.extended(_charset_first(found)) for name, found in segments.items()}
    return pieces[0].strip(), plain | extended


def _charset_first(found: dict[int, str]) -> str:
    text = "".join(found[number] for number in sorted(found))
    return text if text.count("'") >= 2 else f"''{text}"


def _percent(text: str) -> str:
    """A segment that was not percent-encoded, made so, to be joined with those that are."""
    return text.replace("%", "%25")


def _unquoted(text: str) -> str:
    if not text.startswith('"'):
        return text
    return _ESCAPE.sub(r"\1", text[1:].removesuffix('"'))


def _part(headers: Headers, body: bytes, depth: int, default: str, walk: _Walk) -> Part:
    walk.parts += 1
    kind, given = parameters(first(headers, "content-type"))
    media_type = kind.lower() if _TYPE.fullmatch(kind.lower()) else default
    shown, shown_given = parameters(first(headers, "content-disposition"))
    children: tuple[Part, ...] = ()
    content = body
    if media_type.startswith("multipart/"):
        children = _children(body, given.get("boundary", ""), depth, media_type, walk)
        content = b"" if children else body
    else:
        content, defect = _content(body, first(headers, "content-transfer-encoding"))
        walk.note(defect)
    if media_type in {"message/rfc822", "message/global"} and _may_descend(depth, walk):
        children = (_inner(content, depth, "text/plain", walk),)
    return Part(
        headers=headers,
        media_type=media_type if children or not media_type.startswith("multipart/") else "text/plain",
        parameters=given,
        disposition=shown.lower(),
        filename=charsets.words(shown_given.get("filename") or given.get("name") or ""),
        body=content,
        children=children,
    )


def _inner(data: bytes, depth: int, default: str, walk: _Walk) -> Part:
    headers, body, notes = header_block(data, PART_HEADER_BYTES)
    for code in notes:  # named apart: a fault inside a part throws no doubt on the author of the whole
        walk.note(f"part_{code}")
    return _part(headers, body, depth + 1, default, walk)


def _may_descend(depth: int, walk: _Walk) -> bool:
    if depth >= DEPTH:
        walk.note("too_deep")
    if walk.parts >= PARTS:
        walk.note("too_many_parts")
    return depth < DEPTH and walk.parts < PARTS


def _children(body: bytes, boundary: str, depth: int, media_type: str, walk: _Walk) -> tuple[Part, ...]:
    """The parts of a multipart; none, with the reason noted, where the whole must be read as plain text."""
    if not boundary:
        walk.note("boundary_missing")
        return ()
    chunks = _chunks(body, boundary.encode("utf-8", "replace"), walk)
    default = "message/rfc822" if media_type == "multipart/digest" else "text/plain"
    found: list[Part] = []
    for chunk in chunks:
        if not _may_descend(depth, walk):
            break
        found.append(_inner(chunk, depth, default, walk))
    return tuple(found)


def _chunks(body: bytes, boundary: bytes, walk: _Walk) -> list[bytes]:
    """The bytes between the delimiter lines (RFC 2046 section 5.1.1); the line end before one belongs to it."""
    delimiter = re.compile(rb"(?:\A|\r\n)--" + re.escape(boundary) + rb"(--)?[ \t]*(?=\r\n|\Z)")
    chunks: list[bytes] = []
    start = -1
    for match in delimiter.finditer(body):
        if start >= 0:
            chunks.append(body[start : match.start()].removeprefix(b"\r\n"))
        if len(chunks) > PARTS or match[1]:
            return chunks
        start = match.end()
    walk.note("boundary_unclosed" if start >= 0 else "boundary_not_found")
    return [*chunks, body[start:].removeprefix(b"\r\n")] if start >= 0 else []


def _content(body: bytes, encoding: str) -> tuple[bytes, str | None]:
    match encoding.partition("(")[0].strip().lower():
        case "base64":
            data, clean = charsets.base64_bytes(body)
            return data, None if clean else "base64_invalid"
        case "quoted-printable":
            return binascii.a2b_qp(body), None
        case "" | "7bit" | "8bit" | "binary":
            return body, None
        case _:
            return body, "encoding_unknown"
