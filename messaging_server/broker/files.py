"""Files that come with a message: named safely, typed by what they hold, never by what they claim (EIN-14).

Only the first bytes, the names of an archive's members and plain text are looked at; nothing is decoded here.
"""

import re
import unicodedata

_NAME_LETTERS = 120
_READ_BYTES = 1_000_000
_HEAD_BYTES = 4096

_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"%PDF-", "application/pdf"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"{\\rtf", "application/rtf"),
    (b"\x78\x9f\x3e\x22", "application/ms-tnef"),
)
_BRANDS: tuple[tuple[bytes, str], ...] = (
    (b"heic", "image/heic"),
    (b"heix", "image/heic"),
    (b"mif1", "image/heic"),
    (b"msf1", "image/heic"),
    (b"M4A ", "audio/mp4"),
    (b"M4B ", "audio/mp4"),
)
"""Major brands of ISO base media files (ISO/IEC 14496-12); any other is taken for video."""
_OFFICE: tuple[tuple[bytes, str], ...] = (
    (b"word/", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    (b"xl/", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
)
_MARKUP = re.compile(
    rb"\s*(?:<!--.{0,500}?-->\s*)?<(?:!doctype html|html|head|body|script|svg|\?xml)\b",
    re.IGNORECASE | re.DOTALL,
)
_CONTROLS = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_RESERVED = re.compile(r'[<>:"|?*]')

UNKNOWN = "application/octet-stream"
"""Any content that is on no list: kept whole, described, never opened for anyone."""

ENDINGS = {
    "application/pdf": ("pdf",),
    "image/jpeg": ("jpg", "jpeg"),
    "image/png": ("png",),
    "image/gif": ("gif",),
    "image/webp": ("webp",),
    "image/heic": ("heic", "heif"),
    "image/tiff": ("tif", "tiff"),
    "text/plain": ("txt", "text", "csv", "md", "log"),
    "application/rtf": ("rtf",),
    _OFFICE[0][1]: ("docx",),
    _OFFICE[1][1]: ("xlsx",),
}
"""What the pages take, and the endings that such a file may have; anything else is refused with a sentence."""

WORDY = frozenset({"application/pdf", "application/rtf", *(kind for _, kind in _OFFICE)})
"""Kinds that hold words which must be unpacked before they can be screened (SEN-10)."""


def sniff(content: bytes) -> str:
    """The media type that the bytes themselves show, from a short list; `application/octet-stream` otherwise."""
    head = content[:_HEAD_BYTES]
    for magic, media_type in _MAGIC:
        if head.startswith(magic):
            return media_type
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    if head[4:8] == b"ftyp":
        return next((kind for brand, kind in _BRANDS if head[8:12] == brand), "video/mp4")
    if head.startswith(b"PK\x03\x04"):
        return _zipped(content)
    if head[128:132] == b"DICM":
        return "application/dicom"
    return _textual(head)


def _zipped(content: bytes) -> str:
    """An office document shows the names of its members at its head and in the directory at its end."""
    names = content[:_HEAD_BYTES] + content[-64 * 1024 :]
    if b"[Content_Types].xml" not in names or b"vbaProject.bin" in names:
        return "application/zip"
    return next((kind for folder, kind in _OFFICE if folder in names), "application/zip")


def _textual(head: bytes) -> str:
    if _MARKUP.match(head):
        return "image/svg+xml" if b"<svg" in head.lower() else "text/html"
    if not head or _CONTROLS.search(head):
        return UNKNOWN
    return "text/plain"


def readable(content: bytes) -> bool:
    """Whether the content is text that a screening can read in one go."""
    return len(content) <= _READ_BYTES and sniff(content) in {"text/plain", "text/html"}


def guess(data: bytes) -> str:
    """Text of no known charset: UTF-8 if it is that, else windows-1252, the commonest other in Québec."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def safe_name(claimed: str) -> str:
    """The last part of the claimed name without anything that deceives a reader or a file system.

    Controls and direction overrides go (U+202E makes `facture` + `fdp.exe` look like a PDF), as do paths and reserved
    letters; what is left is cut to 120 letters, its ending kept.
    """
    name = re.split(r"[/\\]", unicodedata.normalize("NFC", claimed))[-1]
    name = "".join(letter for letter in name if unicodedata.category(letter) not in {"Cc", "Cf", "Cs", "Co", "Cn"})
    name = _RESERVED.sub("_", " ".join(name.split())).strip(" .")
    if len(name) > _NAME_LETTERS:
        stem, dot, ending = name.rpartition(".")
        keep = f"{dot}{ending}" if stem and len(ending) <= 10 else ""
        name = name[: _NAME_LETTERS - len(keep)] + keep
    return name or "attachment"


def shows(media_type: str) -> bool:
    """Whether a file is a picture or a film: what it shows, as somebody's body, no screening can tell (SEN-11)."""
    return media_type.startswith(("image/", "video/"))


def download_name(filename: str, media_type: str) -> str:
    """The name under which a file is passed on: its ending says what it is; empty where nobody knows what it is."""
    endings = ENDINGS.get(media_type)
    if endings is None:
        return ""
    return filename if filename.lower().endswith(tuple(f".{one}" for one in endings)) else f"{filename}.{endings[0]}"
