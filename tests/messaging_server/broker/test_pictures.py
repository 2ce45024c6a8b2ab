"""What is left of a photo when its place and its device are taken out."""

import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messaging_server.broker.pictures import JPEG, MOST_DOTS, PNG, cleaned

PLACE = b"GPSLatitude 45.5017 Montreal"
DEVICE = b"Invented Phone 12 serial 0042"


def segment(marker: int, body: bytes) -> bytes:
    return bytes((0xFF, marker)) + struct.pack(">H", len(body) + 2) + body


def exif(orientation: int, order: str = ">") -> bytes:
    """An Exif segment as a telephone writes it: which way up, which device, which place."""
    mark = b"MM\x00*" if order == ">" else b"II*\x00"
    entries = struct.pack(order + "HHII", 0x010F, 2, len(DEVICE), 38)
    entries += struct.pack(order + "HHIHH", 0x0112, 3, 1, orientation, 0)
    tiff = mark + struct.pack(order + "IH", 8, 2) + entries + struct.pack(order + "I", 0) + DEVICE + PLACE
    return segment(0xE1, b"Exif\x00\x00" + tiff)


JFIF = segment(0xE0, b"JFIF\x00\x01\x02\x00\x00\x01\x00\x01\x00\x00")
TABLES = segment(0xDB, bytes(65)) + segment(0xC4, b"\x00" + bytes(16))
FRAME = segment(0xC0, b"\x08" + struct.pack(">HH", 8, 8) + b"\x01\x01\x11\x00")
SCAN = segment(0xDA, b"\x01\x01\x00\x00\x3f\x00") + b"coded\xff\x00dots\xff\xd0more"
END = b"\xff\xd9"
TOLD = (
    exif(6), segment(0xE1, b"http://ns.adobe.com/xap/1.0/\x00" + PLACE), segment(0xED, b"Photoshop 3.0\x00" + PLACE),
    segment(0xE2, b"ICC_PROFILE\x00\x01\x01" + DEVICE), segment(0xE2, b"MPF\x00" + DEVICE), segment(0xFE, PLACE),
    segment(0xE0, b"JFXX\x00\x10" + PLACE), segment(0xE5, DEVICE), segment(0xEE, b"Adobe" + PLACE),
)  # fmt: skip


def jpeg(*extra: bytes) -> bytes:
    return b"\xff\xd8" + JFIF + b"".join(extra) + TABLES + FRAME + SCAN + END


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


HEADER = chunk(b"IHDR", struct.pack(">II", 1, 1) + b"\x08\x00\x00\x00\x00")
DOTS = chunk(b"IDAT", zlib.compress(b"\x00\x00"))


def png(*extra: bytes, header: bytes = HEADER) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(extra) + DOTS + chunk(b"IEND", b"")


@pytest.mark.parametrize("told", TOLD)
def test_every_segment_that_could_tell_is_gone(told: bytes) -> None:
    """Exif, XMP, IPTC, profiles, previews, comments: neither place nor device is left [EIN-15]."""
    copy = cleaned(jpeg(told), JPEG)

    assert copy is not None
    assert PLACE not in copy
    assert DEVICE not in copy
    assert TABLES + FRAME + SCAN + END in copy


def test_what_follows_the_end_is_gone() -> None:
    """A second picture or anything else hung on behind does not come along [EIN-15]."""
    assert cleaned(jpeg() + PLACE, JPEG) == jpeg()
    assert cleaned(png() + PLACE, PNG) == png()


@pytest.mark.parametrize("order", [">", "<"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photo_stays_the_right_way_up(orientation: int, order: str) -> None:
    """Which way the camera was held is said again, by itself: a clinician must not see a limb turned [EIN-15]."""
    copy = cleaned(jpeg(exif(orientation, order)), JPEG)
    alone = b"Exif\x00\x00MM\x00*" + struct.pack(">IHHHIHHI", 8, 1, 0x0112, 3, 1, orientation, 0, 0)

    assert copy is not None
    assert (alone in copy) is (orientation != 1)
    assert len(copy) == len(jpeg()) + (len(alone) + 4 if orientation != 1 else 0)


@pytest.mark.parametrize("kind", [b"tEXt", b"zTXt", b"iTXt", b"eXIf", b"tIME", b"iCCP", b"acTL", b"prVt"])
def test_every_chunk_that_could_tell_is_gone(kind: bytes) -> None:
    """Text, time, Exif, profiles, animation and private chunks are left out; the picture stays whole [EIN-15]."""
    assert cleaned(png(chunk(kind, PLACE)), PNG) == png()


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"", JPEG), (b"", PNG), (b"\x89PNG invented", PNG), (jpeg()[:-2], JPEG), (jpeg()[:40], JPEG),
        (b"\xff\xd8" + JFIF + END, JPEG), (b"<svg/>", "image/svg+xml"), (png(), "image/gif"), (png(), JPEG),
        (png(chunk(b"NEWC", b"x")), PNG), (png()[:-1], PNG), (png().replace(b"IDAT", b"IDaT"), PNG),
        (png(header=chunk(b"IHDR", struct.pack(">II", 65535, 65535) + b"\x08\x00\x00\x00\x00")), PNG),
        (jpeg().replace(FRAME[:9], FRAME[:5] + b"\xff\xff\xff\xff"), JPEG),
    ],
)  # fmt: skip
def test_what_is_not_plainly_built_gives_no_copy(content: bytes, kind: str) -> None:
    """Cut off, damaged, of another kind, or claiming more dots than a device can hold: it is not shown [SEC-10]."""
    assert cleaned(content, kind) is None
    assert MOST_DOTS < 65535 * 65535


@given(st.lists(st.sampled_from([*TOLD, JFIF, TABLES, FRAME, SCAN, END, b"\xff", b"\x00"])), st.binary(max_size=40))
def test_no_jpeg_however_built_tells_anything(pieces: list[bytes], more: bytes) -> None:
    """Whatever the order of the parts, the copy holds no place and no device, or there is none [EIN-15]."""
    copy = cleaned(b"\xff\xd8" + b"".join(pieces) + more + END, JPEG)

    assert copy is None or (PLACE not in copy and DEVICE not in copy)


@given(st.binary(max_size=400), st.sampled_from([JPEG, PNG]))
def test_any_bytes_are_cleaned_or_refused(content: bytes, kind: str) -> None:
    """Nothing that comes in makes it fail, and cleaning twice changes nothing more [EIN-15]."""
    start = {JPEG: b"\xff\xd8", PNG: b"\x89PNG\r\n\x1a\n"}[kind]
    copy = cleaned(start + content, kind)

    assert copy is None or cleaned(copy, kind) == copy
