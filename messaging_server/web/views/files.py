"""Files on the pages: what may be attached, and how one that came is shown."""

from dataclasses import dataclass, field
from enum import StrEnum


@dataclass(frozen=True, slots=True, kw_only=True)
class FileOffer:
    """How many files may go with a message, and how large each may be."""

    most: int
    megabytes: int
    accept: str
    """The endings that a browser offers first."""


class FileKind(StrEnum):
    """What a file is, in a word, told by its content."""

    PDF = "pdf"
    PICTURE = "picture"
    TEXT = "text"
    DOCUMENT = "document"
    SHEET = "sheet"
    MAIL = "mail"
    SOUND = "sound"
    FILM = "film"
    OTHER = "other"


def kind_of(media_type: str) -> FileKind:
    """The word for a media type."""
    family = {"image": FileKind.PICTURE, "audio": FileKind.SOUND, "video": FileKind.FILM}
    known = {
        "application/pdf": FileKind.PDF, "text/plain": FileKind.TEXT, "application/rtf": FileKind.DOCUMENT,
        "message/rfc822": FileKind.MAIL, "image/svg+xml": FileKind.OTHER,
    }  # fmt: skip
    if media_type.endswith(".document"):
        return FileKind.DOCUMENT
    if media_type.endswith(".sheet"):
        return FileKind.SHEET
    return known.get(media_type) or family.get(media_type.partition("/")[0], FileKind.OTHER)


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachmentView:
    """A file of an exchange; images wait behind a click (SEN-11)."""

    name: str = field(repr=False)
    url: str
    size_kb: int
    kind: FileKind = FileKind.OTHER
    screened: bool = True
