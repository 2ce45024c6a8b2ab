"""The server's own keys: they find people and sign ledgers, and open no message (DESIGN 5, SEC-04).

They lie in a key file with strict permissions, never in the database. The directory keys seal names and addresses, the
delivery keys seal reply tokens and notice variables, the index key makes fingerprints for look-up.
"""

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final
from uuid import UUID

from keys import suite
from keys.binding import bind
from keys.envelope import Context
from keys.suite import KeysError, OpenError, SigningSeeds

_VERSION_BYTES: Final = 4
_FINGERPRINT_BYTES: Final = 16
_FORMAT: Final = "messaging-server keys"
_FORMAT_VERSION: Final = 1
_WARNING: Final = "Secret. Readable by the server's own user only; never in a database, a log, or a backup in clear."


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionedKey:
    """A symmetric key and its version, which every blob under it names."""

    version: int
    secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if not 1 <= self.version < 1 << 8 * _VERSION_BYTES or len(self.secret) != suite.KEY_BYTES:
            raise KeysError(f"version {self.version} is not a key of {suite.KEY_BYTES} bytes")


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerKeys:
    """All that the server itself knows; `directory` and `delivery` are newest first, and old versions still open."""

    directory: tuple[VersionedKey, ...] = field(repr=False)
    delivery: tuple[VersionedKey, ...] = field(repr=False)
    index: bytes = field(repr=False)
    pepper: bytes = field(repr=False)
    ledger: SigningSeeds = field(repr=False)

    def __post_init__(self) -> None:
        for versions in (self.directory, self.delivery):
            numbers = [key.version for key in versions]
            if not numbers or numbers != sorted(set(numbers), reverse=True):
                raise KeysError("the server's keys are not in order, newest first, each version once")
        for secret in (self.index, self.pepper, self.ledger.classic, self.ledger.quantum_safe):
            if len(secret) != suite.KEY_BYTES:
                raise KeysError(f"a server key has {len(secret)} bytes instead of {suite.KEY_BYTES}")

    @classmethod
    def generate(cls) -> "ServerKeys":
        """Fresh keys for a new installation."""
        return cls(
            directory=(VersionedKey(version=1, secret=suite.new_key()),),
            delivery=(VersionedKey(version=1, secret=suite.new_key()),),
            index=suite.new_key(),
            pepper=suite.new_key(),
            ledger=SigningSeeds(classic=secrets.token_bytes(32), quantum_safe=secrets.token_bytes(32)),
        )


def dump(keys: ServerKeys) -> bytes:
    """The key file: JSON that a person can look over, with a check against damage."""
    body = {
        "format": _FORMAT,
        "version": _FORMAT_VERSION,
        "warning": _WARNING,
        "directory": [{"version": key.version, "key": key.secret.hex()} for key in keys.directory],
        "delivery": [{"version": key.version, "key": key.secret.hex()} for key in keys.delivery],
        "index": keys.index.hex(),
        "pepper": keys.pepper.hex(),
        "ledger": {"classic": keys.ledger.classic.hex(), "quantum_safe": keys.ledger.quantum_safe.hex()},
    }
    return json.dumps(body | {"check": _check(body)}, indent=2).encode() + b"\n"


def load(data: bytes) -> ServerKeys:
    """Read a key file. Raises KeysError, in words that repeat nothing of the file, when it is not whole."""
    try:
        body = json.loads(data)
    except ValueError:
        raise KeysError("the key file is not readable JSON: it is damaged, or not a key file") from None
    if not isinstance(body, dict) or body.get("format") != _FORMAT:
        raise KeysError("this is not a key file of the messaging server")
    if body.get("version") != _FORMAT_VERSION:
        raise KeysError("the key file is of another format version than this program can read")
    if body.pop("check", None) != _check(body):
        raise KeysError("the key file is damaged: its check does not match; restore it from a backup")
    try:
        return _parsed(body)
    except (KeyError, TypeError, ValueError):
        raise KeysError("the key file lacks a key, or holds a malformed one") from None


def _parsed(body: dict[str, Any]) -> ServerKeys:
    ledger = {name: bytes.fromhex(body["ledger"][name]) for name in ("classic", "quantum_safe")}
    return ServerKeys(
        directory=_versions(body["directory"]),
        delivery=_versions(body["delivery"]),
        index=bytes.fromhex(body["index"]),
        pepper=bytes.fromhex(body["pepper"]),
        ledger=SigningSeeds(**ledger),
    )


def _versions(listed: Sequence[dict[str, Any]]) -> tuple[VersionedKey, ...]:
    return tuple(VersionedKey(version=key["version"], secret=bytes.fromhex(key["key"])) for key in listed)


def _check(body: dict[str, Any]) -> str:
    # Sixteen hex digits of a hash over 256-bit secrets: enough to see damage, useless to whoever has not the file.
    return suite.digest(json.dumps(body, sort_keys=True).encode()).hex()[:16]


def seal_directory(keys: ServerKeys, text: str, clinic: UUID, owner: UUID, field: str) -> bytes:
    """A name or an address, sealed for its clinic, owner and field."""
    context = Context(clinic=clinic, subject=owner, field=field)
    return _seal(keys.directory, "directory", text.encode("utf-8", "surrogatepass"), context)


def open_directory(keys: ServerKeys, blob: bytes, clinic: UUID, owner: UUID, field: str) -> str:
    """The name or address again. Raises OpenError in another place, or under a key that is not here."""
    context = Context(clinic=clinic, subject=owner, field=field)
    return _open(keys.directory, "directory", blob, context).decode("utf-8", "surrogatepass")


def seal_delivery(keys: ServerKeys, data: bytes, clinic: UUID, owner: UUID, field: str) -> bytes:
    """What an outbox row needs and the database must not show, sealed for its clinic, owner and field."""
    return _seal(keys.delivery, "delivery", data, Context(clinic=clinic, subject=owner, field=field))


def open_delivery(keys: ServerKeys, blob: bytes, clinic: UUID, owner: UUID, field: str) -> bytes:
    """The same bytes again. Raises OpenError in another place, or under a key that is not here."""
    return _open(keys.delivery, "delivery", blob, Context(clinic=clinic, subject=owner, field=field))


def fingerprint(keys: ServerKeys, clinic: UUID, kind: str, value: str | bytes) -> bytes:
    """What a value is looked up by, in one clinic and for one kind: 16 bytes of HMAC-SHA-256 (SEC-05).

    The same address gives unrelated fingerprints in two clinics. Fold the value (case, spaces, E.164) before.
    """
    raw = value.encode("utf-8", "surrogatepass") if isinstance(value, str) else value
    return suite.hmac_sha256(keys.index, bind("fingerprint", clinic, kind, raw))[:_FINGERPRINT_BYTES]


def rotate_directory(keys: ServerKeys) -> ServerKeys:
    """A new directory key before the old ones; the caller seals the rows anew at leisure (SEC-03)."""
    return replace(keys, directory=(_next(keys.directory), *keys.directory))


def rotate_delivery(keys: ServerKeys) -> ServerKeys:
    """A new delivery key before the old ones; rows under the old ones are short-lived (SEC-03)."""
    return replace(keys, delivery=(_next(keys.delivery), *keys.delivery))


def key_version(blob: bytes) -> int:
    """Which version sealed a directory or delivery blob, so that a re-sealing run can find the old ones.

    Raises OpenError when the blob is cut short.
    """
    if len(blob) <= _VERSION_BYTES:
        raise OpenError("this ciphertext is cut short")
    return int.from_bytes(blob[:_VERSION_BYTES], "big")


def _next(versions: tuple[VersionedKey, ...]) -> VersionedKey:
    return VersionedKey(version=versions[0].version + 1, secret=suite.new_key())


def _seal(versions: tuple[VersionedKey, ...], purpose: str, data: bytes, context: Context) -> bytes:
    key = versions[0]
    blob = suite.encrypt(data, key.secret, bind(purpose, key.version, context.encode()))
    return key.version.to_bytes(_VERSION_BYTES, "big") + blob


def _open(versions: tuple[VersionedKey, ...], purpose: str, blob: bytes, context: Context) -> bytes:
    version = key_version(blob)
    associated = bind(purpose, version, context.encode(blob[_VERSION_BYTES]))
    for key in versions:
        if key.version == version:
            return suite.decrypt(blob[_VERSION_BYTES:], key.secret, associated)
    raise OpenError(f"version {version} of the {purpose} key is not in the key file")
