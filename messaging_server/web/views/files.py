"""Files on the pages: what may be attached, and how one that came is shown."""

from dataclasses import dataclass, field
from enum import StrEnum

from messaging_server.broker.pictures import SHOWN
from messaging_server.record.content import FileNote


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
    """A file of an exchange; pictures wait behind a click (SEN-11)."""

    name: str = field(repr=False)
    url: str
    """Where it is saved from."""
    shown_at: str = ""
    """The page that shows it, for a picture that a page can show."""
    size_kb: int
    kind: FileKind = FileKind.OTHER
    screened: bool = True
    tells: bool = False
    """A picture whose place and device could not be taken out of the copy that is saved (EIN-15)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PicturePage:
    """One picture, which its reader asked to see."""

    shown: str
    download: str
    back: str


def attachment_view(
    note: FileNote, url: str, *, size: int, came_from: str, own: bool = False, screened: bool = True
) -> AttachmentView:
    """How a file is shown: `came_from` is the query of the page to come back to, as `thread=…`."""
    shown = f"{url}/picture?{came_from}" if note.media_type in SHOWN else ""
    kind = kind_of(note.media_type)
    return AttachmentView(
        name=note.filename, url=url, shown_at=shown, size_kb=-(-size // 1024), kind=kind, screened=screened,
        tells=kind in {FileKind.PICTURE, FileKind.FILM} and not shown and not own,
    )  # fmt: skip
