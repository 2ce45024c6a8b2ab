"""Bytes that say which charset they are in, and often lie: read without ever failing (EIN-16).

Every pattern here takes time linear in its input: a subject of two megabytes of encoded words costs milliseconds.
"""

import binascii
import codecs
import re
from urllib.parse import unquote_to_bytes

from messaging_server.broker.files import guess

_KNOWN = frozenset({
    "ascii", "utf-8", "utf-8-sig", "utf-16", "utf-16-be", "utf-16-le", "iso8859-1", "iso8859-2", "iso8859-3",
    "iso8859-4", "iso8859-5", "iso8859-6", "iso8859-7", "iso8859-8", "iso8859-9", "iso8859-10", "iso8859-13",
    "iso8859-14", "iso8859-15", "iso8859-16", "cp1250", "cp1251", "cp1252", "cp1253", "cp1254", "cp1255", "cp1256",
    "cp1257", "cp1258", "cp437", "cp850", "cp852", "cp866", "koi8-r", "koi8-u", "mac-roman", "big5", "gb2312",
    "gbk", "gb18030", "shift_jis", "cp932", "iso2022_jp", "euc_jp", "euc_kr", "cp949", "iso2022_kr", "tis-620",
})
"""Codecs that are charsets of mail: Python also knows `punycode`, `unicode_escape` and others that are none."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:+-]{0,39}")
_WORD = re.compile(r"=\?([^?*\s]{1,40})(?:\*[^?\s]{0,40})?\?([bBqQ])\?([^?\s]*)\?=")
_BLANK = re.compile(r"\s+")


def codec(charset: str | None) -> str | None:
    """The name of the codec to use for a charset label, or None for a label that is not a charset of mail.

    ISO-8859-1 is read as windows-1252, as every mail program does: its other 32 code points are controls. No label,
    and ASCII, are answered with `ascii`, which `decode` takes for "say nothing".
    """
    if not charset:
        return "ascii"
    name = charset.strip().strip("'\"").lower()
    if not _NAME.fullmatch(name):
        return None
    try:
        known = codecs.lookup(name).name
    except LookupError:
        return None
    if known not in _KNOWN:
        return None
    return {"iso8859-1": "cp1252", "utf-8": "utf-8-sig"}.get(known, known)


def decode(data: bytes, charset: str | None) -> tuple[str, str | None]:
    """The text, and the code of what was wrong with it: `charset_unknown`, `charset_invalid` or None."""
    name = codec(charset)
    if name is None:
        return guess(data), "charset_unknown"
    if name == "ascii":
        return guess(data), None
    try:
        return data.decode(name), None
    except UnicodeDecodeError:
        return data.decode(name, "replace"), "charset_invalid"


def words(value: str) -> str:
    """A header value with its encoded words decoded (RFC 2047); what is not a correct one stays as it is.

    White space between two encoded words is dropped (section 6.2), and neighbours of one charset are joined as bytes
    first: many mailers cut a letter of several bytes in two.
    """
    if "=?" not in value:
        return value
    out: list[str] = []
    pending, pending_charset, position = b"", "", 0
    for match in _WORD.finditer(value):
        between = value[position : match.start()]
        charset, data = match[1].lower(), _word_bytes(match[2], match[3])
        joined = bool(pending_charset) and _BLANK.fullmatch(between) is not None
        if pending_charset and not (joined and charset == pending_charset):
            out.append(decode(pending, pending_charset)[0])
            pending = b""
        if between and not joined:
            out.append(between)
        pending, pending_charset, position = pending + data, charset, match.end()
    if pending_charset:
        out.append(decode(pending, pending_charset)[0])
    return "".join(out) + value[position:]


def _word_bytes(encoding: str, text: str) -> bytes:
    data = text.encode("utf-8", "replace")
    if encoding in "qQ":
        return binascii.a2b_qp(data, header=True)
    return base64_bytes(data)[0]


def base64_bytes(data: bytes) -> tuple[bytes, bool]:
    """What base64 says, and whether it said it correctly; letters of no meaning are skipped (RFC 2045 section 6.8)."""
    try:  # twenty-five megabytes of photo are nearly always correct: no pattern looks at them
        return binascii.a2b_base64(data.translate(None, b"\r\n\t "), strict_mode=True), True
    except binascii.Error:
        return _mended_base64(data)


def _mended_base64(data: bytes) -> tuple[bytes, bool]:
    """Base64 with letters of no meaning skipped; padding left out is no fault, a lost letter is."""
    letters = re.sub(rb"[^A-Za-z0-9+/]", b"", data)
    clean = not re.search(rb"[^A-Za-z0-9+/=\s]", data)
    if len(letters) % 4 == 1:
        letters, clean = letters[:-1], False
    missing = -len(letters) % 4
    return binascii.a2b_base64(letters + b"=" * missing), clean


def extended(value: str) -> str:
    """An RFC 2231 value, `charset'language'percent-encoded`."""
    charset, _, rest = value.partition("'")
    _, quote, text = rest.partition("'")
    if not quote:
        return guess(unquote_to_bytes(value))
    return decode(unquote_to_bytes(text), charset)[0]
