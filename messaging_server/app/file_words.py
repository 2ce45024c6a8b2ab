"""The words in files that people send: PDF, Word, Excel and RTF (SEN-10).

Runs only in the process that reads beside the server: what a file does to these readers ends with that process. A page
or a picture without words is not read, and what was not read is said.
"""

import logging
from collections.abc import Callable, Iterator
from io import BytesIO
from types import MappingProxyType
from typing import NamedTuple
from zipfile import ZipFile

from lxml import etree
from pypdf import PageObject, PdfReader
from striprtf.striprtf import rtf_to_text

from triage.screen import LIMIT

MOST_PAGES = 500
MOST_BYTES = 64_000_000
"""Bytes of an office document's text once unpacked; the rest is left unread."""
CHUNK = 1 << 16
FEW = 200
"""Letters beside a picture below which the picture is taken for the message."""
_OFFICE = "application/vnd.openxmlformats-officedocument."
_WORD_PARTS = ("word/document", "word/header", "word/footer", "word/footnotes", "word/endnotes", "word/comments")
_SHEET_PARTS = ("xl/sharedStrings", "xl/worksheets/sheet", "xl/comments")
_BREAKS = frozenset({"p", "br", "tab", "si", "is"})


class Found(NamedTuple):
    """The words of a file, at most `LIMIT` letters, and whether they are all that it shows."""

    text: str
    whole: bool


def words_of(kind: str, content: bytes) -> Found | None:
    """The words of a file of this media type; None where there are none or it cannot be read. Raises nothing."""
    try:
        found = _READERS[kind](content)
    except Exception:  # noqa: BLE001  # whatever is wrong with somebody's file, it is not read, and that is said
        return None
    text = found.text.replace("\0", "")
    return Found(text[:LIMIT], found.whole and len(text) <= LIMIT) if text.strip() else None


def _pdf(content: bytes) -> Found:
    """Page by page, with what was filled in and noted on it; a page without words is a picture of them."""
    logging.getLogger("pypdf").disabled = True  # what it complains of might quote the file
    reader = PdfReader(BytesIO(content))
    if reader.is_encrypted and not reader.decrypt(""):
        return Found("", whole=False)
    pages: list[str] = []
    for page in reader.pages[:MOST_PAGES]:
        pages.append(page.extract_text())
        if sum(map(len, pages)) > LIMIT:
            break
    whole = len(pages) == len(reader.pages) and all(text.strip() for text in pages)
    filled = (str(value) for value in (reader.get_form_text_fields() or {}).values() if value)
    noted = (note for page in reader.pages[: len(pages)] for note in _notes(page))
    return Found("\n\n".join([*pages, *filled, *noted]), whole)


def _notes(page: PageObject) -> Iterator[str]:
    for note in page.annotations or ():
        said = note.get_object().get("/Contents")
        if said:
            yield str(said)


def _office(parts: tuple[str, ...], pictures: str) -> Callable[[bytes], Found]:
    """A reader of office documents: the text of all their parts that show any (ECMA-376)."""

    def read(content: bytes) -> Found:
        with ZipFile(BytesIO(content)) as packed:
            shown = [one for one in packed.infolist() if one.filename.startswith(parts)]
            text = "".join(piece for one in shown for piece in _pieces(packed, one.filename))
            illustrated = any(name.startswith(pictures) for name in packed.namelist())
        small = all(one.file_size <= MOST_BYTES for one in shown)
        return Found(text, small and (len(text) >= FEW or not illustrated))

    return read


def _pieces(packed: ZipFile, name: str) -> Iterator[str]:
    """What stands in the text elements of a member, as far as `MOST_BYTES` reach; no entity of its own is followed."""
    parser = etree.XMLPullParser(events=("end",), resolve_entities=False, no_network=True, load_dtd=False)
    with packed.open(name) as member:
        for _ in range(0, MOST_BYTES, CHUNK):
            chunk = member.read(CHUNK)
            if not chunk:
                break
            parser.feed(chunk)
            for _, element in parser.read_events():
                yield from _said(element)
                element.clear()
    yield "\n"


def _said(element: etree._Element) -> Iterator[str]:
    tag = str(element.tag).rpartition("}")[2]
    if tag == "t":
        yield element.text or ""
    elif tag in _BREAKS:
        yield "\n"


def _rtf(content: bytes) -> Found:
    text = str(rtf_to_text(content.decode("latin-1"), errors="ignore"))  # type: ignore[no-untyped-call]
    return Found(text, whole=b"\\pict" not in content or len(text) >= FEW)


_READERS = MappingProxyType({
    "application/pdf": _pdf,
    "application/rtf": _rtf,
    f"{_OFFICE}wordprocessingml.document": _office(_WORD_PARTS, "word/media/"),
    f"{_OFFICE}spreadsheetml.sheet": _office(_SHEET_PARTS, "xl/media/"),
})
