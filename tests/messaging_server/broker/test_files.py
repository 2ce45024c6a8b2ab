"""What a file is, told by its bytes, and what its name may still say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messaging_server.broker import files


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"%PDF-1.7\n", "application/pdf"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", "image/jpeg"),
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"GIF89a\x01\x00", "image/gif"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "image/webp"),
        (b"\x00\x00\x00\x18ftypheic", "image/heic"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", "image/svg+xml"),
        (b"\n<!DOCTYPE html><p>", "text/html"),
        (b"MZ\x90\x00\x03", files.UNKNOWN),
        (b"", files.UNKNOWN),
        ("dès lundi".encode(), "text/plain"),
    ],
)
def test_a_file_is_what_its_bytes_say(head: bytes, kind: str) -> None:
    """The type comes from the content; neither a name nor a browser is asked [EIN-14]."""
    assert files.sniff(head) == kind


@pytest.mark.parametrize("kind", ["text/html", "image/svg+xml", "application/zip", files.UNKNOWN])
def test_what_could_act_is_not_taken_by_the_pages(kind: str) -> None:
    """Markup, archives, documents with macros and what nobody knows stay outside [SEC-10]."""
    assert kind not in files.ENDINGS


@given(st.binary(max_size=300))
def test_any_bytes_have_a_type_and_a_text(content: bytes) -> None:
    """Neither sniffing nor reading ever fails [EIN-16]."""
    assert "/" in files.sniff(content)
    assert isinstance(files.guess(content), str)
