"""What the tests of keys share: a cheap password cost, and invented places."""

from uuid import UUID

import pytest

from keys.envelope import Context, HolderKey
from keys.suite import Cost, PrivateKey, new_private_key

CLINIC = UUID("018f3a52-0000-7000-8000-00000000c001")
OTHER_CLINIC = UUID("018f3a52-0000-7000-8000-00000000c002")


@pytest.fixture
def clinic() -> UUID:
    return CLINIC


@pytest.fixture
def other_clinic() -> UUID:
    return OTHER_CLINIC


@pytest.fixture
def cheap() -> Cost:
    """The least that Argon2id allows here: tests prove the wiring, not the slowness."""
    return Cost(operations=1, memory=8 * 1024)


@pytest.fixture
def pepper() -> bytes:
    return b"p" * 32


@pytest.fixture
def context() -> Context:
    return Context(clinic=CLINIC, subject=UUID(int=7), field="body")


@pytest.fixture
def somebody() -> PrivateKey:
    return new_private_key()


@pytest.fixture
def holder(somebody: PrivateKey) -> HolderKey:
    return HolderKey(id=UUID(int=21), version=1, public=somebody.public())
