"""Binding: the one way of writing down where a ciphertext belongs, so that it opens nowhere else (SEC-02)."""

from typing import Final
from uuid import UUID

_FORMAT: Final = b"messaging-server/1"

Part = UUID | str | bytes | int


def bind(purpose: str, *parts: Part) -> bytes:
    """A purpose and its parts as bytes that no other purpose and parts can give.

    Each part carries its type and its length, so neither a moved boundary nor another type gives the same bytes.
    Integers are from 0 to 2**64 - 1. Raises OverflowError beyond.
    """
    return _FORMAT + b"".join(_written(part) for part in (purpose, *parts))


def _written(part: Part) -> bytes:
    kind, value = _typed(part)
    return kind + len(value).to_bytes(4, "big") + value


def _typed(part: Part) -> tuple[bytes, bytes]:
    if isinstance(part, UUID):
        return b"u", part.bytes
    if isinstance(part, str):
        return b"s", part.encode("utf-8", "surrogatepass")
    if isinstance(part, int):
        return b"i", part.to_bytes(8, "big")
    return b"b", part
