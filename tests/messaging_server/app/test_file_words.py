"""The words in files, as the process beside the server takes them out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messaging_server.app.file_words import FEW, words_of
from messaging_server.broker.files import WORDY, sniff
from tests.clinic.papers import DOCX, XLSX, docx, packed, pdf, rtf, xlsx
from triage.screen import LIMIT

SAID = "J'ai mal à la poitrine depuis une heure"
PDF, RTF = "application/pdf", "application/rtf"
BOMB = """<!DOCTYPE x [<!ENTITY a "mourir "><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>
<w:document xmlns:w="urn:x"><w:body><w:p><w:r><w:t>&b;</w:t></w:r></w:p></w:body></w:document>"""


@pytest.mark.parametrize(
    ("kind", "content"), [(PDF, pdf(SAID)), (RTF, rtf(SAID)), (DOCX, docx(SAID)), (XLSX, xlsx(SAID))]
)
def test_the_words_of_each_kind_are_read(kind: str, content: bytes) -> None:
    """What a person wrote in it, accents and all [SEN-10]."""
    assert sniff(content) == kind
    found = words_of(kind, content)
    assert found is not None
    assert SAID in found.text
    assert found.whole


@pytest.mark.parametrize(
    ("kind", "content"),
    [(PDF, pdf(SAID, "")), (DOCX, docx("Voir photo", picture=True)), (RTF, rtf("Voir photo") + rb"{\pict 00}")],
)
def test_what_shows_a_picture_instead_of_words_is_not_read_whole(kind: str, content: bytes) -> None:
    """A scanned page among others, or a photo with a word beside it, is never called clear [SEN-15]."""
    found = words_of(kind, content)
    assert found is not None
    assert not found.whole


def test_a_letter_with_a_picture_in_its_head_is_read_whole() -> None:
    """A logo is no message: beside enough words it leaves nothing unread."""
    found = words_of(DOCX, docx("mot " * FEW, picture=True))
    assert found is not None
    assert found.whole


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        (PDF, pdf("")), (PDF, b"%PDF-1.7 and then nothing"), (DOCX, docx()), (DOCX, b"PK\x03\x04 cut"),
        (XLSX, packed({})), (RTF, b"{\\rtf1 }"), (DOCX, packed({"word/document.xml": "<w:unclosed"})),
        ("image/png", b"\x89PNG"),
    ],
)  # fmt: skip
def test_a_file_without_words_gives_none(kind: str, content: bytes) -> None:
    """A scan, a damaged file or one of another kind counts as not read [SEN-10, SEN-15]."""
    assert words_of(kind, content) is None


def test_no_entity_of_a_document_s_own_is_followed() -> None:
    """A small file cannot grow by what it declares (ASVS 1.5.1)."""
    found = words_of(DOCX, packed({"word/document.xml": BOMB}))
    assert found is None or "mourir" not in found.text


def test_no_more_letters_than_are_screened_come_out_of_a_file() -> None:
    """What lies beyond is named as not read [SEN-21]."""
    found = words_of(DOCX, docx("a " * LIMIT))
    assert found is not None
    assert (len(found.text), found.whole) == (LIMIT, False)


@given(st.sampled_from(sorted(WORDY)), st.binary(max_size=600), st.sampled_from([pdf(SAID), rtf(SAID), docx(SAID)]))
def test_whatever_is_in_a_file_is_no_fault(kind: str, noise: bytes, honest: bytes) -> None:
    """Bytes of any sort are read or not read; nothing is raised [EIN-14]."""
    for content in (noise, honest[: len(honest) // 2] + noise, honest + noise):
        words_of(kind, content)
