"""The clinic-wide log: its tree, its proofs and its signed notes."""

from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keys.server import ServerKeys
from keys.signing import sign, verify, verifying_key
from messaging_server.record.checkpoint import (
    EMPTY_ROOT,
    Frontier,
    inclusion_path,
    leaf_hash,
    node_hash,
    note,
    read_note,
    root_from_path,
    statement,
)

LEAVES = [bytes.fromhex(h) for h in (
    "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
)]  # fmt: skip
"""The inputs of the reference implementation of RFC 6962, whose hashing RFC 9162 kept."""
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
KEYS = ServerKeys.generate()


def tree(size: int) -> list[bytes]:
    """So many leaves, all different."""
    return [leaf_hash(number.to_bytes(2, "big")) for number in range(size)]


def naive_root(leaves: list[bytes]) -> bytes:
    """The root as RFC 9162 section 2.1.1 defines it, word for word."""
    if not leaves:
        return EMPTY_ROOT
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return node_hash(naive_root(leaves[:split]), naive_root(leaves[split:]))


def test_the_roots_are_those_of_the_published_test_data() -> None:
    """A log that anybody's tool can verify: the known roots of one to eight leaves [REC-03]."""
    grown = Frontier()
    found = []
    for leaf in LEAVES:
        grown = grown.grow([leaf_hash(leaf)])
        found.append(grown.root.hex())
    assert found == ROOTS
    assert Frontier().root.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@settings(max_examples=60)
@given(st.integers(0, 130), st.data())
def test_growing_in_any_steps_gives_the_root_of_the_whole(size: int, data: st.DataObject) -> None:
    """The frontier is enough to go on: batches of any sizes lead to the same tree [REC-03]."""
    leaves, grown, done = tree(size), Frontier(), 0
    while done < size:
        step = data.draw(st.integers(1, size - done))
        grown = Frontier(grown.size, grown.peaks).grow(leaves[done : done + step])
        done += step
    assert grown.size == size
    assert grown.root == naive_root(leaves)
    assert len(grown.peaks) == size.bit_count()


@settings(max_examples=60)
@given(st.integers(1, 130), st.data())
def test_every_leaf_proves_its_place_and_no_other(size: int, data: st.DataObject) -> None:
    """A path leads from a leaf to the root from its own place alone, and is never longer than needed [REC-03]."""
    leaves = tree(size)
    index = data.draw(st.integers(0, size - 1))
    path, root = inclusion_path(leaves, index), naive_root(leaves)
    assert root_from_path(leaves[index], index, size, path) == root
    assert len(path) <= (size - 1).bit_length()
    other = data.draw(st.integers(-2, size + 2).filter(lambda n: n != index))
    assert root_from_path(leaves[index], other, size, path) != root
    assert root_from_path(leaf_hash(b"forged"), index, size, path) != root
    assert root_from_path(leaves[index], index, size, (*path, root)) is None
    if path:
        assert root_from_path(leaves[index], index, size, path[:-1]) != root


def test_a_node_cannot_be_passed_off_as_a_leaf() -> None:
    """Leaves and nodes are hashed apart (RFC 9162 section 2.1.1)."""
    left, right = tree(2)
    assert node_hash(left, right) != leaf_hash(left + right)


def test_a_note_can_be_read_back_and_its_signature_holds() -> None:
    """What was printed or exported is enough to verify, with the public key alone [AUD-03]."""
    clinic, root = uuid4(), Frontier().grow(tree(9)).root
    printed = note(clinic, 9, root, lambda text: sign(KEYS, text))
    text, signature = read_note(printed)
    assert text == statement(clinic, 9, root)
    assert verify(verifying_key(KEYS), text, signature)
    assert not verify(verifying_key(ServerKeys.generate()), text, signature)


@pytest.mark.parametrize("change", [(b"\n9\n", b"\n8\n"), (b"v1", b"v2"), (b"messaging", b"massaging")])
def test_a_note_that_was_changed_is_not_signed(change: tuple[bytes, bytes]) -> None:
    """The signature covers every line of the statement [AUD-03]."""
    printed = note(uuid4(), 9, Frontier().grow(tree(9)).root, lambda text: sign(KEYS, text))
    text, signature = read_note(printed)
    changed = text.replace(*change)
    assert changed != text
    assert not verify(verifying_key(KEYS), changed, signature)


@pytest.mark.parametrize("text", ["", "one line", "head\n\n", "head\n\n%%%\n", "head\n\n\n\n"])
def test_what_is_no_note_is_refused(text: str) -> None:
    """Damage is a ValueError, whatever it looks like."""
    with pytest.raises(ValueError):  # noqa: PT011  # the class is the contract
        read_note(text)
