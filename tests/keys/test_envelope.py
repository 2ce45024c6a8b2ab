"""The envelope: content opens with its key, in its place, and for its audience only."""

from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keys import envelope
from keys.envelope import ContentKey, Context, HolderKey, Sealed
from keys.suite import OpenError, PrivateKey, encrypt, new_private_key

KEY = ContentKey(id=UUID(int=3), secret=b"c" * 32)
PLACE = Context(clinic=UUID(int=1), subject=UUID(int=2), field="body")


@given(content=st.binary(max_size=3000))
@settings(max_examples=50, deadline=None)
def test_content_comes_back_with_the_key_of_its_commitment(content: bytes) -> None:
    """Opening gives the content and the key that proves the ledger's commitment to it [SEC-01]."""
    committed = envelope.seal(content, KEY, PLACE)
    opened = envelope.open_sealed(committed.sealed, KEY, PLACE)
    assert opened.content == content
    assert envelope.commitment(opened.commitment_key, opened.content) == committed.commitment


@given(bit=st.integers(0, 8 * 80 - 1))
@settings(max_examples=60, deadline=None)
def test_changed_content_does_not_open(bit: int) -> None:
    """One flipped bit anywhere in the ciphertext is refused [SEC-01]."""
    blob = bytearray(envelope.seal(b"1234567", KEY, PLACE).sealed.blob)
    blob[bit // 8] ^= 1 << bit % 8
    with pytest.raises(OpenError):
        envelope.open_sealed(Sealed(blob=bytes(blob)), KEY, PLACE)


@pytest.mark.parametrize(
    "elsewhere",
    [
        replace(PLACE, clinic=UUID(int=9)),
        replace(PLACE, subject=UUID(int=9)),
        replace(PLACE, field="subject"),
        replace(PLACE, field=""),
        Context(clinic=PLACE.subject, subject=PLACE.clinic, field=PLACE.field),
    ],
    ids=["clinic", "row", "field", "no field", "swapped"],
)
def test_content_moved_to_another_row_does_not_open(elsewhere: Context) -> None:
    """A ciphertext that is moved to another clinic, row or field is refused [SEC-02]."""
    sealed = envelope.seal(b"for this row", KEY, PLACE).sealed
    with pytest.raises(OpenError):
        envelope.open_sealed(sealed, KEY, elsewhere)


def test_another_content_key_opens_nothing() -> None:
    """Content is sealed under its own key only [SEC-01]."""
    sealed = envelope.seal(b"content", KEY, PLACE).sealed
    with pytest.raises(OpenError):
        envelope.open_sealed(sealed, envelope.new_content_key(KEY.id), PLACE)


def test_two_sealings_of_one_text_share_nothing() -> None:
    """Equal texts show neither in the ciphertext nor in the commitment [SEC-01]."""
    one, other = envelope.seal(b"same", KEY, PLACE), envelope.seal(b"same", KEY, PLACE)
    assert one.sealed.blob != other.sealed.blob
    assert one.sealed.digest != other.sealed.digest
    assert one.commitment != other.commitment


def test_a_commitment_holds_for_one_text_only() -> None:
    """Another text, or another key, gives another commitment [SEC-02]."""
    assert envelope.commitment(b"k" * 32, b"text") != envelope.commitment(b"k" * 32, b"texts")
    assert envelope.commitment(b"k" * 32, b"text") != envelope.commitment(b"K" * 32, b"text")


def test_a_ciphertext_without_a_commitment_key_is_refused() -> None:
    """What was not sealed as content does not open as content, even under the right key [SEC-02]."""
    bare = Sealed(blob=encrypt(b"too short", KEY.secret, PLACE.encode()))
    with pytest.raises(OpenError):
        envelope.open_sealed(bare, KEY, PLACE)


def test_an_empty_blob_names_no_suite() -> None:
    """An emptied column is refused as such [SEC-03]."""
    with pytest.raises(OpenError):
        envelope.open_sealed(Sealed(blob=b""), KEY, PLACE)


def test_sealed_content_prints_as_dots_and_a_size() -> None:
    """A sealed content shows how long it is and nothing else [SEC-01]."""
    sealed = Sealed(blob=b"\x01secret")
    assert repr(sealed) == "Sealed(••• 7 bytes)"
    assert sealed.suite == 1


def test_the_context_starts_with_its_format_and_suite() -> None:
    """The associated data names its format and the suite's id, and every part has its length [SEC-02]."""
    assert PLACE.encode().startswith(b"messaging-server/1")
    assert PLACE.encode(1) != PLACE.encode(2)
    longer = replace(PLACE, field="bodybody")
    assert not longer.encode().startswith(PLACE.encode())


def test_a_holder_opens_what_was_wrapped_for_them(holder: HolderKey, somebody: PrivateKey, clinic: UUID) -> None:
    """A content key sealed to an audience reaches it whole [SEC-01]."""
    wrap = envelope.wrap_content_key(KEY, holder, clinic)
    assert (wrap.content_key, wrap.holder, wrap.version) == (KEY.id, holder.id, holder.version)
    assert envelope.unwrap_content_key(wrap, somebody, clinic) == KEY


def test_a_wrap_opens_for_no_other_holder(holder: HolderKey, clinic: UUID) -> None:
    """Someone else's private key opens nothing [SEC-01]."""
    wrap = envelope.wrap_content_key(KEY, holder, clinic)
    with pytest.raises(OpenError):
        envelope.unwrap_content_key(wrap, new_private_key(), clinic)


def test_a_wrap_moved_to_another_row_does_not_open(
    holder: HolderKey, somebody: PrivateKey, clinic: UUID, other_clinic: UUID
) -> None:
    """A wrap is bound to its clinic, content key, holder and version [SEC-02] [SEC-03]."""
    wrap = envelope.wrap_content_key(KEY, holder, clinic)
    moved = [
        replace(wrap, content_key=UUID(int=99)),
        replace(wrap, holder=UUID(int=99)),
        replace(wrap, version=wrap.version + 1),
        replace(wrap, blob=wrap.blob[:-1] + bytes([wrap.blob[-1] ^ 1])),
    ]
    for row in moved:
        with pytest.raises(OpenError):
            envelope.unwrap_content_key(row, somebody, clinic)
    with pytest.raises(OpenError):
        envelope.unwrap_content_key(wrap, somebody, other_clinic)
