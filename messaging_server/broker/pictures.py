"""A copy of a picture without what says where, when and with what it was taken (EIN-15).

Nothing is decoded: the file is cut along its own structure, and only the parts that a browser needs to draw it are
copied. What is not on the list (Exif, XMP, IPTC, comments, thumbnails, colour profiles that can name a device, anything
behind the end) stays in the sealed original alone. A file whose structure is not plain gives no copy.
"""

import re
import struct
import zlib
from typing import Final

JPEG: Final = "image/jpeg"
PNG: Final = "image/png"
SHOWN: Final = frozenset({JPEG, PNG})
"""The pictures that can be shown in a page."""
MOST_DOTS: Final = 100_000_000
"""Width times height: a small file may claim a picture that no device can hold."""

_FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_DRAWN: Final = _FRAMES | {0xC4, 0xCC, 0xDA, 0xDB, 0xDC, 0xDD}
"""Frames, tables, scans and restart intervals (ITU-T T.81, table B.1)."""
_SCAN_END: Final = re.compile(rb"\xff+[^\x00\xff\xd0-\xd7]", re.DOTALL)
_ORIENTATION: Final = 0x0112
_MOST_PARTS: Final = 20_000
_CHUNKS: Final = frozenset({
    b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"sBIT", b"bKGD", b"pHYs",
})
"""What draws a PNG (W3C PNG, third edition, section 11); text, time, Exif, profiles and animation are left out."""


def cleaned(content: bytes, media_type: str) -> bytes | None:
    """The copy that may be shown or passed on; None for another kind, and for a file that is not plainly built."""
    try:
        if media_type == JPEG:
            return _jpeg(content)
        return _png(content) if media_type == PNG else None
    except (IndexError, struct.error, ValueError):
        return None


def _jpeg(content: bytes) -> bytes:
    if content[:2] != b"\xff\xd8":
        raise ValueError("no start of image")
    out, place, turned, drawn = [b"\xff\xd8"], 2, 1, False
    for _ in range(_MOST_PARTS):
        marker, place = _marker(content, place)
        if marker == 0xD9:
            if not drawn:
                raise ValueError("nothing is drawn")
            head = _turn(turned) if turned != 1 else b""
            return b"".join([out[0], head, *out[1:], b"\xff\xd9"])
        (length,) = struct.unpack_from(">H", content, place)
        segment = content[place : place + length]
        if length < 2 or len(segment) < length:
            raise ValueError("cut off")
        place += length
        if marker == 0xE1 and segment[2:8] == b"Exif\x00\x00":
            turned = _orientation(segment[8:])
        if marker in _FRAMES:
            _reasonable(*struct.unpack_from(">HH", segment, 3))
        if not _needed(marker, segment):
            continue
        out.append(bytes((0xFF, marker)) + segment)
        if marker == 0xDA:
            drawn, end = True, _scan_end(content, place)
            out.append(content[place:end])
            place = end
    raise ValueError("too many segments")


def _marker(content: bytes, place: int) -> tuple[int, int]:
    """The marker at a place, fill bytes skipped (T.81, B.1.1.2), and where its segment begins."""
    if content[place] != 0xFF:
        raise ValueError("no marker")
    while content[place] == 0xFF:
        place += 1
    return content[place], place + 1


def _needed(marker: int, segment: bytes) -> bool:
    """JFIF's own header without its thumbnail, Adobe's word on colours, and what draws."""
    if marker == 0xE0:
        return segment[2:7] == b"JFIF\x00" and len(segment) == 16
    if marker == 0xEE:
        return segment[2:7] == b"Adobe" and len(segment) == 14
    return marker in _DRAWN


def _scan_end(content: bytes, place: int) -> int:
    """Where the coded dots end: at the next marker that is no restart."""
    found = _SCAN_END.search(content, place)
    if found is None:
        raise ValueError("a scan without an end")
    return found.start()


def _orientation(tiff: bytes) -> int:
    """Which way up the camera was held (Exif 2.3, 4.6.4 A): kept, or a photo would lie on its side; 1 where unsaid."""
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if order is None or len(tiff) < 14:
        return 1
    (start,) = struct.unpack_from(order + "I", tiff, 4)
    if start + 2 > len(tiff):
        return 1
    (count,) = struct.unpack_from(order + "H", tiff, start)
    for number in range(min(count, 100)):
        place = start + 2 + 12 * number
        if place + 12 > len(tiff):
            return 1
        tag, kind, _, value = struct.unpack_from(order + "HHIH", tiff, place)
        if tag == _ORIENTATION:
            return value if kind == 3 and 1 <= value <= 8 else 1
    return 1


def _turn(orientation: int) -> bytes:
    """An Exif segment that says which way up, and nothing else."""
    tiff = b"MM\x00*" + struct.pack(">IHHHIHHI", 8, 1, _ORIENTATION, 3, 1, orientation, 0, 0)
    body = b"Exif\x00\x00" + tiff
    return b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body


def _reasonable(height: int, width: int) -> None:
    if not 0 < height * width <= MOST_DOTS:
        raise ValueError("too many dots")


def _png(content: bytes) -> bytes:
    if content[:8] != b"\x89PNG\r\n\x1a\n" or content[12:16] != b"IHDR":
        raise ValueError("no start of image")
    _reasonable(*struct.unpack_from(">II", content, 16))
    out, place, drawn = [content[:8]], 8, False
    for _ in range(_MOST_PARTS):
        (length,) = struct.unpack_from(">I", content, place)
        kind, end = content[place + 4 : place + 8], place + 12 + length
        (claimed,) = struct.unpack_from(">I", content, end - 4)
        if zlib.crc32(content[place + 4 : end - 4]) != claimed:
            raise ValueError("a damaged chunk")
        if kind in _CHUNKS:
            out.append(content[place:end])
            drawn = drawn or kind == b"IDAT"
        elif not kind[0] & 0x20:
            raise ValueError("a critical chunk that is not known")
        if kind == b"IEND":
            if not drawn:
                raise ValueError("nothing is drawn")
            return b"".join(out)
        place = end
    raise ValueError("too many chunks")
