"""Archives: what was sealed comes back with enough shares, and with nothing less."""

import io
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keys import recovery
from keys.archive import OpeningFile, Recipient, SealingFile
from keys.recovery import RecoverySet
from keys.suite import KeysError, OpenError, WrongSecretError

CLINIC, KEY = uuid4(), uuid4()
SAVED = recovery.create(2, 3, CLINIC)
PIECE = 1 << 20


def recipient(saved: RecoverySet = SAVED, clinic: UUID = CLINIC) -> Recipient:
    """A clinic's recovery key, as its database knows it."""
    return Recipient(clinic=clinic, key=KEY, public=saved.public, subsets=saved.subsets)


def sealed(data: bytes, *recipients: Recipient) -> bytes:
    """An archive of some bytes."""
    target = io.BytesIO()
    with SealingFile(target, recipients or (recipient(),)) as file:
        file.write(data)
    return target.getvalue()


def opened(archive: bytes, shares: tuple[str, ...] = SAVED.shares[:2]) -> bytes:
    """What was sealed."""
    return OpeningFile(io.BytesIO(archive), shares).read()


@pytest.mark.parametrize("size", [0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE + 7])
def test_any_length_comes_back(size: int) -> None:
    """At the borders of the pieces too, in one read or in many [SEC-16]."""
    data = (b"0123456789" * (size // 10 + 1))[:size]
    archive = sealed(data)
    assert opened(archive) == data
    file, parts = OpeningFile(io.BytesIO(archive), SAVED.shares[1:]), []
    while part := file.read(100_003):
        parts.append(part)
    assert b"".join(parts) == data


def test_nothing_of_the_content_shows() -> None:
    """The head says whose it is and how it opens; the body is ciphertext [SEC-16]."""
    assert b"the name of a patient" not in sealed(b"the name of a patient" * 9)


@pytest.mark.parametrize("shares", [SAVED.shares[:1], (), recovery.create(2, 3, CLINIC).shares])
def test_too_few_or_other_shares_open_nothing(shares: tuple[str, ...]) -> None:
    """As many as were asked for, and of the right printing [SEC-16]."""
    with pytest.raises(WrongSecretError):
        opened(sealed(b"data"), shares)


def test_the_shares_of_either_clinic_open_an_archive_of_two() -> None:
    """Several clinics on one machine have one backup."""
    other_clinic = uuid4()
    other = recovery.create(1, 1, other_clinic)
    archive = sealed(b"data", recipient(), recipient(other, other_clinic))
    assert opened(archive) == opened(archive, other.shares) == b"data"


ARCHIVE = sealed(b"a" * (2 * PIECE + 100))


@settings(max_examples=60, deadline=None)
@given(st.integers(0, len(ARCHIVE) - 1), st.integers(1, 255))
def test_any_changed_byte_is_noticed(place: int, change: int) -> None:
    """Anywhere: in the head, in a length, in a piece [SEC-16]."""
    damaged = bytearray(ARCHIVE)
    damaged[place] ^= change
    try:
        assert opened(bytes(damaged)) == b""  # it never opens to anything
    except KeysError:
        return
    raise AssertionError("a damaged archive opened")


@settings(max_examples=30, deadline=None)
@given(st.integers(0, len(ARCHIVE) - 1))
def test_an_archive_that_was_cut_short_is_noticed(length: int) -> None:
    """A disk that was full while the backup was written does not pass for a small backup [SEC-16]."""
    with pytest.raises(KeysError):
        opened(ARCHIVE[:length])


def test_what_follows_the_end_is_noticed() -> None:
    """Nothing can be appended unseen."""
    with pytest.raises(OpenError):
        opened(ARCHIVE + b"x")


def test_an_archive_that_failed_half_way_is_not_whole() -> None:
    """Whatever was written before the error does not open as if it were all [SEC-16]."""
    target = io.BytesIO()
    with pytest.raises(LookupError), SealingFile(target, (recipient(),)) as file:  # noqa: PT012  # the error is ours
        file.write(b"half")
        raise LookupError
    with pytest.raises(OpenError):
        opened(target.getvalue())


def test_an_archive_without_a_recovery_key_is_refused() -> None:
    """It could never be opened."""
    with pytest.raises(KeysError):
        SealingFile(io.BytesIO(), ())
