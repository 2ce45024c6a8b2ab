"""A sealed archive: a backup that only enough recovery shares open (DESIGN 5, SEC-16).

The head stands in clear: for each clinic the archive's key sealed to its recovery key, and that key's own sealed
subsets, so that shares and archive are enough on an empty machine. The body is libsodium's secretstream
(XChaCha20-Poly1305), which orders its pieces and marks the last: cut short, swapped or doubled pieces do not open.
"""

import io
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, BinaryIO, Final
from uuid import UUID

from nacl import bindings as sodium
from nacl.exceptions import CryptoError

from keys import recovery, suite
from keys.binding import bind
from keys.recovery import SealedSubset
from keys.suite import KeysError, OpenError, PublicKey, WrongSecretError

_MAGIC: Final = b"messaging-server archive 1\n"
_PIECE: Final = 1 << 20
_LENGTH_BYTES: Final = 4
_MOST_HEAD: Final = 1 << 24
_FINAL: Final = sodium.crypto_secretstream_xchacha20poly1305_TAG_FINAL
_MORE: Final = sodium.crypto_secretstream_xchacha20poly1305_TAG_MESSAGE
_OVERHEAD: Final = sodium.crypto_secretstream_xchacha20poly1305_ABYTES


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """A clinic's recovery key, as its database knows it."""

    clinic: UUID
    key: UUID
    public: PublicKey
    subsets: tuple[SealedSubset, ...] = field(repr=False)

    @property
    def place(self) -> bytes:
        """What the archive's key is bound to."""
        return bind("archive", self.clinic, self.key)


class SealingFile(io.RawIOBase):
    """Writes an archive; complete only when it was closed without an error (`with` sees to it)."""

    def __init__(self, target: BinaryIO, recipients: Sequence[Recipient]) -> None:
        super().__init__()
        if not recipients:
            raise KeysError("an archive needs at least one recovery key")
        key = suite.new_key()
        head = json.dumps({"recipients": [_document(one, key) for one in recipients]}).encode()
        self._target, self._waiting = target, bytearray()
        self._state = sodium.crypto_secretstream_xchacha20poly1305_state()
        start = sodium.crypto_secretstream_xchacha20poly1305_init_push(self._state, key)
        self._place = suite.digest(head)
        target.write(_MAGIC + len(head).to_bytes(_LENGTH_BYTES, "big") + head + start)

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        """Seal some more."""
        self._waiting += data
        while len(self._waiting) > _PIECE:
            self._push(bytes(self._waiting[:_PIECE]), _MORE)
            del self._waiting[:_PIECE]
        return len(data)

    def _push(self, piece: bytes, tag: int) -> None:
        sealed = sodium.crypto_secretstream_xchacha20poly1305_push(self._state, piece, self._place, tag)
        self._target.write(len(sealed).to_bytes(_LENGTH_BYTES, "big") + sealed)

    def finish(self) -> None:
        """Seal the last piece and mark it as the last."""
        self._push(bytes(self._waiting), _FINAL)
        self._waiting.clear()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.finish()
        self.close()


class OpeningFile(io.RawIOBase):
    """Reads an archive that enough shares open. Raises OpenError for what is no whole archive, as far as it is read."""

    def __init__(self, source: BinaryIO, shares: Sequence[str]) -> None:
        super().__init__()
        if source.read(len(_MAGIC)) != _MAGIC:
            raise OpenError("this is not an archive of the messaging server")
        length = int.from_bytes(source.read(_LENGTH_BYTES), "big")
        head = source.read(min(length, _MOST_HEAD))
        key = _unlocked(head, shares)
        start = source.read(sodium.crypto_secretstream_xchacha20poly1305_HEADERBYTES)
        self._source, self._place, self._ready, self._ended = source, suite.digest(head), bytearray(), False
        self._state = sodium.crypto_secretstream_xchacha20poly1305_state()
        try:
            sodium.crypto_secretstream_xchacha20poly1305_init_pull(self._state, start, key)
        except (CryptoError, ValueError, TypeError) as error:
            raise OpenError("the archive is cut short") from error

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        """Up to `size` bytes of what was sealed; the whole rest for a negative size."""
        while not self._ended and (size < 0 or len(self._ready) < size):
            self._pull()
        taken = bytes(self._ready if size < 0 else self._ready[:size])
        del self._ready[: len(taken)]
        return taken

    def _pull(self) -> None:
        length = int.from_bytes(self._source.read(_LENGTH_BYTES), "big")
        if not _OVERHEAD <= length <= _PIECE + _OVERHEAD:
            raise OpenError("the archive is cut short or damaged")
        sealed = self._source.read(length)
        try:
            piece, tag = sodium.crypto_secretstream_xchacha20poly1305_pull(self._state, sealed, self._place)
        except (CryptoError, ValueError) as error:
            raise OpenError("the archive is cut short or damaged") from error
        self._ready += piece
        self._ended = tag == _FINAL
        if self._ended and self._source.read(1):
            raise OpenError("something follows the end of the archive")


def _document(one: Recipient, key: bytes) -> dict[str, Any]:
    return {
        "clinic": str(one.clinic), "key": str(one.key), "public": one.public.raw.hex(),
        "wrap": suite.wrap(key, one.public, one.place).hex(),
        "subsets": [{"members": subset.members, "blob": subset.blob.hex()} for subset in one.subsets],
    }  # fmt: skip


def _unlocked(head: bytes, shares: Sequence[str]) -> bytes:
    """The archive's key, by the shares of whichever clinic they are of."""
    try:
        recipients = [(_recipient(one), bytes.fromhex(one["wrap"])) for one in json.loads(head)["recipients"]]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise OpenError("the head of the archive cannot be read") from error
    refused: WrongSecretError | None = None
    for one, wrap in recipients:
        try:
            private = recovery.combine(shares, one.subsets, one.clinic)
        except WrongSecretError as error:
            refused = error
            continue
        return suite.unwrap(wrap, private, one.place)
    raise refused or OpenError("the archive names no recovery key")


def _recipient(one: dict[str, Any]) -> Recipient:
    subsets = (
        SealedSubset(members=tuple(map(int, subset["members"])), blob=bytes.fromhex(subset["blob"]))
        for subset in one["subsets"]
    )
    return Recipient(
        clinic=UUID(one["clinic"]), key=UUID(one["key"]), public=PublicKey(raw=bytes.fromhex(one["public"])),
        subsets=tuple(subsets),
    )  # fmt: skip
