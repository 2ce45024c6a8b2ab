"""The clinic-wide Merkle log over all ledgers, and its signed checkpoints.

Hashing as in RFC 9162 section 2.1: a leaf is SHA-256(0x00 || entry hash), a node SHA-256(0x01 || left || right).
A checkpoint is a short text note with a signature under Ed25519 and ML-DSA-65; once a copy has left the machine,
nobody can alter or drop what it covers unseen.
"""

import base64
import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

EMPTY_ROOT = hashlib.sha256(b"").digest()


def leaf_hash(entry: bytes) -> bytes:
    """The leaf of an entry (RFC 9162 section 2.1.1)."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The parent of two subtrees."""
    return hashlib.sha256(b"\x01" + left + right).digest()


@dataclass(frozen=True, slots=True)
class Frontier:
    """The roots of the perfect subtrees of a log, largest first: all that is needed to go on growing it."""

    size: int = 0
    peaks: tuple[bytes, ...] = field(default=(), repr=False)

    def grow(self, leaves: Iterable[bytes]) -> "Frontier":
        """The log with more leaves, each the hash of an entry's leaf."""
        size, peaks = self.size, list(self.peaks)
        for leaf in leaves:
            node, bits = leaf, size
            while bits & 1:
                node, bits = node_hash(peaks.pop(), node), bits >> 1
            peaks.append(node)
            size += 1
        return Frontier(size, tuple(peaks))

    @property
    def root(self) -> bytes:
        """The root of the whole log."""
        if not self.peaks:
            return EMPTY_ROOT
        node = self.peaks[-1]
        for peak in reversed(self.peaks[:-1]):
            node = node_hash(peak, node)
        return node


def inclusion_path(leaves: Sequence[bytes], index: int) -> tuple[bytes, ...]:
    """The sibling hashes from a leaf to the root (RFC 9162 section 2.1.3)."""
    if len(leaves) <= 1:
        return ()
    split = 1 << (len(leaves) - 1).bit_length() - 1
    if index < split:
        return (*inclusion_path(leaves[:split], index), Frontier().grow(leaves[split:]).root)
    return (*inclusion_path(leaves[split:], index - split), Frontier().grow(leaves[:split]).root)


def root_from_path(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes | None:
    """The root that a leaf and its path lead to (RFC 9162 section 2.1.3.2), or None when the path does not fit."""
    if not 0 <= index < size:
        return None
    node, place, last = leaf, index, size - 1
    for sibling in path:
        if last == 0:
            return None
        if place & 1 or place == last:
            node = node_hash(sibling, node)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            node = node_hash(node, sibling)
        place, last = place >> 1, last >> 1
    return node if last == 0 else None


def statement(clinic: UUID, size: int, root: bytes) -> bytes:
    """What a checkpoint's signature covers."""
    return f"messaging-server checkpoint v1\n{clinic}\n{size}\n{base64.b64encode(root).decode()}\n".encode()


def note(clinic: UUID, size: int, root: bytes, sign: Callable[[bytes], bytes]) -> str:
    """The signed checkpoint as text that can be printed, exported or time-stamped."""
    text = statement(clinic, size, root)
    return text.decode() + "\n" + base64.b64encode(sign(text)).decode() + "\n"


def read_note(text: str) -> tuple[bytes, bytes]:
    """A note's statement and signature. Raises ValueError when it is not a note."""
    head, _, signature = text.partition("\n\n")
    if not signature.strip():
        raise ValueError("the note has no signature")
    return (head + "\n").encode(), base64.b64decode(signature.strip(), validate=True)
