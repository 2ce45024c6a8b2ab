"""One line of a ledger, in a canonical form that verifies with no key (DESIGN section 6, REC-03).

The body is JSON with sorted keys, no spaces, ASCII only; values are strings and whole numbers, so that any program
can rebuild it. The hash of an entry is SHA-256 over a label and the body; the body names the hash of the entry before.
"""

import hashlib
import json
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from uuid import UUID

FORMAT = 1
LABEL = b"messaging-server ledger entry v1\x00"
GENESIS = hashlib.sha256(b"messaging-server ledger genesis v1").digest()
"""What the first entry of every ledger names as the one before."""


class EntryKind(StrEnum):
    """What an entry attests."""

    OPENED = "record-opened"
    RECEIVED = "received"
    SENT = "sent"
    NOTE = "note"
    NOTICE = "notice"
    DELIVERY = "delivery-queued"
    DELIVERED = "delivery-done"
    STOPPED = "delivery-stopped"
    UNDELIVERED = "delivery-failed"
    READ = "read"
    DOWNLOADED = "downloaded"
    FILED_IN = "filed-in"
    FILED_OUT = "filed-out"
    CONSENT = "consent"
    KEY = "key"
    GRANT = "grant"
    REVOKED = "grant-revoked"
    CLOSED = "task-closed"
    OVERRIDE = "override"
    CANCELLED = "cancelled"
    ACCOUNT = "account"
    OWN_WORDS = "own-words"
    """The patient's list of own sensitive words grew or shrank; by which, no entry says (SEN-09)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """What shall be attested: the entry before its place in the chain is known.

    `parties` names people and accounts by id, never by name. `ciphertext` is the SHA-256 of the sealed content and
    `commitment` binds its plaintext; `details` carries words and numbers of ours, never content.
    """

    kind: EntryKind
    at: datetime
    exchange: UUID | None = None
    channel: str | None = None
    parties: Mapping[str, UUID] = field(default_factory=dict)
    ciphertext: bytes | None = field(default=None, repr=False)
    commitment: bytes | None = field(default=None, repr=False)
    details: Mapping[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Link:
    """An entry in its place: number, canonical body and hash."""

    seq: int
    body: bytes = field(repr=False)
    hash: bytes = field(repr=False)


def link(fact: Fact, *, clinic: UUID, record: UUID, seq: int, before: bytes, salt: bytes | None = None) -> Link:
    """Put a fact at its place behind the entry whose hash is `before`."""
    place = {"clinic": str(clinic), "record": str(record), "seq": seq, "before": before.hex()}
    body = canonical(place | _document(fact, salt or secrets.token_bytes(32)))
    return Link(seq, body, entry_hash(body))


def entry_hash(body: bytes) -> bytes:
    """The hash of an entry's canonical body."""
    return hashlib.sha256(LABEL + body).digest()


def canonical(document: Mapping[str, object]) -> bytes:
    """Sorted keys, no white space, ASCII: one document has one form."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode("ascii")


def _document(fact: Fact, salt: bytes) -> dict[str, object]:
    optional: dict[str, object | None] = {
        "exchange": str(fact.exchange) if fact.exchange else None,
        "channel": fact.channel,
        "ciphertext": fact.ciphertext.hex() if fact.ciphertext else None,
        "commitment": fact.commitment.hex() if fact.commitment else None,
        "parties": {role: str(who) for role, who in fact.parties.items()} or None,
        "details": dict(fact.details) or None,
    }
    return {
        "format": FORMAT,
        "kind": fact.kind.value,
        "at": fact.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "salt": salt.hex(),
    } | {name: value for name, value in optional.items() if value is not None}


def files_digest(digests: Iterable[bytes]) -> str:
    """How an entry attests an exchange's files: SHA-256 over their ciphertexts' digests, in order; "" without files."""
    together = b"".join(digests)
    return hashlib.sha256(together).hexdigest() if together else ""


def read_body(body: bytes) -> Mapping[str, object]:
    """The document of an entry. Raises ValueError when it is not one."""
    try:
        document = json.loads(body)
    except RecursionError as error:
        raise ValueError("an entry is not nested") from error
    if not isinstance(document, dict):
        raise ValueError("an entry is a JSON object")  # noqa: TRY004  # it is a damaged value, not a caller's mistake
    return document


def faults(bodies: list[tuple[int, bytes, bytes]], *, record: UUID, head: tuple[int, bytes]) -> list[str]:
    """What is wrong with a whole ledger given as (seq, body, hash) in order; empty when it holds together."""
    found: list[str] = []
    before = GENESIS
    for place, (seq, body, digest) in enumerate(bodies, 1):
        found += [f"entry {place}: {fault}" for fault in _entry_faults(place, seq, body, digest, record, before)]
        before = digest
    if head != (len(bodies), before):
        found.append("the record's head does not name its last entry")
    return found


def _entry_faults(
    place: int, seq: int, body: bytes, digest: bytes, record: UUID, before: bytes
) -> list[str]:
    if entry_hash(body) != digest:
        return ["its hash is not that of its body"]
    try:
        document = read_body(body)
    except ValueError:
        return ["its body cannot be read"]
    wrong = []
    if seq != place or document.get("seq") != place:
        wrong.append("it is out of order")
    if document.get("record") != str(record):
        wrong.append("it speaks of another record")
    if document.get("before") != before.hex():
        wrong.append("it does not follow the entry before it")
    return wrong
