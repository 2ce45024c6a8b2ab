"""Everything that a clinic's files hold sealed, each thing in its right place: what a thief would try keys on."""

import base64
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from nacl import bindings as sodium
from nacl.exceptions import CryptoError
from sqlalchemy import Connection, Select, select, true

from keys import archive, suite
from keys.binding import bind
from keys.codes import CodeSealed
from keys.envelope import ContentKey, Context, Sealed, Wrap, open_sealed, unwrap_content_key
from keys.grants import Grant, accept
from keys.recovery import SealedSubset
from keys.sessions import open_for_session
from keys.suite import KeysError, PrivateKey
from messaging_server.broker.permission import NOTE
from messaging_server.record.reading import CONTENT, STAFF, SUBJECT
from messaging_server.storage import keyring, tables
from tests.journeys.faults.kept import all_wraps

LENGTH: Final = 4
"""Bytes of the length before the head of a backup, and before each of its pieces."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """Something sealed: `turn` opens it with the right secret, and raises KeysError with any other."""

    kind: str
    turn: Callable[[bytes], bytes] = field(repr=False)


def locks(connection: Connection) -> Iterator[Lock]:
    """Everything that is sealed to somebody, from the words to the ways that lead to them."""
    yield from _words(connection)
    yield from _ways(connection)
    yield from _doors(connection)


def _words(connection: Connection) -> Iterator[Lock]:
    x, t, b, d, c = (getattr(tables, n).c for n in ("exchanges", "threads", "blobs", "deliveries", "consents"))
    yield from _sealed(connection, "content", CONTENT, select(x.clinic_id, x.id, x.content))
    yield from _sealed(connection, "judgement", STAFF, select(x.clinic_id, x.id, x.staff_content))
    yield from _sealed(connection, "subject", SUBJECT, select(t.clinic_id, t.id, t.subject))
    yield from _sealed(connection, "delivery", CONTENT, select(d.clinic_id, d.id, d.content))
    yield from _sealed(connection, "note", NOTE, select(c.clinic_id, c.id, c.sealed_note))
    for number in set(connection.execute(select(b.number)).scalars()):
        one = select(b.clinic_id, b.exchange_id, b.content).where(b.number == number)
        yield from _sealed(connection, "file", f"blob:{number}", one)


def _sealed(connection: Connection, kind: str, name: str, query: Select[Any]) -> Iterator[Lock]:
    for clinic, subject, blob in connection.execute(query):
        if blob is not None:
            place = Context(clinic=clinic, subject=subject, field=name)
            yield Lock(kind=kind, turn=_content(Sealed(blob=blob), place))


def _content(blob: Sealed, place: Context) -> Callable[[bytes], bytes]:
    return lambda secret: open_sealed(blob, ContentKey(id=place.subject, secret=secret), place).content


@lru_cache(maxsize=4096)
def _private(seed: bytes) -> PrivateKey:
    return PrivateKey(seed=seed)


def _ways(connection: Connection) -> Iterator[Lock]:
    """Wraps of content keys, and grants of shared keys."""
    clinic = connection.execute(select(tables.clinics.c.id)).scalar_one()
    for wrap in all_wraps(connection):
        yield Lock(kind="wrap", turn=_wrapped(wrap, clinic))
    for grant in keyring._grants(connection, true()):
        yield Lock(kind="grant", turn=_granted(grant, clinic))


def _wrapped(wrap: Wrap, clinic: UUID) -> Callable[[bytes], bytes]:
    return lambda seed: unwrap_content_key(wrap, _private(seed), clinic).secret


def _granted(grant: Grant, clinic: UUID) -> Callable[[bytes], bytes]:
    return lambda seed: accept(grant, _private(seed), clinic).seed


def _doors(connection: Connection) -> Iterator[Lock]:
    """Accounts, sessions, codes and the recovery key."""
    a, s, v, r = (tables.accounts.c, tables.web_sessions.c, tables.activations.c, tables.recovery_subsets.c)
    for clinic, account, sealed, code in connection.execute(select(a.clinic_id, a.id, a.by_password, a.by_recovery)):
        yield Lock(kind="password", turn=_plain(sealed, bind("account key by password", clinic, account)))
        place = Context(clinic=clinic, subject=account, field="account key by recovery code")
        yield Lock(kind="recovery code", turn=_under_code(code, place))
    for account, sealed in connection.execute(select(s.account_id, s.sealed_key)):
        yield Lock(kind="session", turn=_in_session(sealed, account))
    for clinic, person, sealed in connection.execute(select(v.clinic_id, v.person_id, v.sealed_keys)):
        if sealed is not None:
            place = Context(clinic=clinic, subject=person, field="activation")
            yield Lock(kind="code", turn=_under_code(sealed, place))
    for clinic, members, sealed in connection.execute(select(r.clinic_id, r.members, r.sealed_key)):
        yield _shares(clinic, SealedSubset(members=tuple(map(int, members.split(","))), blob=sealed))


def _plain(blob: bytes, place: bytes) -> Callable[[bytes], bytes]:
    return lambda secret: suite.decrypt(blob, secret, place)


def _under_code(blob: bytes, place: Context) -> Callable[[bytes], bytes]:
    return _plain(CodeSealed.load(blob).blob, bind("under a one-time code", place.encode()))


def _in_session(blob: bytes, account: UUID) -> Callable[[bytes], bytes]:
    """Sealed under a token as a cookie holds it."""

    def turn(raw: bytes) -> bytes:
        return open_for_session(blob, base64.urlsafe_b64encode(raw).decode().rstrip("="), account).seed

    return turn


def _shares(clinic: UUID, subset: SealedSubset) -> Lock:
    numbers = bytes(sorted(subset.members))
    return Lock(kind="shares", turn=_plain(subset.blob, bind("recovery key", clinic, numbers)))


def is_backup(path: Path) -> bool:
    """Whether a file is what the command `backup` makes."""
    with path.open("rb") as file:
        return file.read(len(archive._MAGIC)) == archive._MAGIC


def locks_of_backup(path: Path) -> Iterator[Lock]:
    """The sealed sets of shares in its head, its own key's wraps, and its body, of which the first piece is enough."""
    data = path.read_bytes()[len(archive._MAGIC) :]
    length, rest = int.from_bytes(data[:LENGTH], "big"), data[LENGTH:]
    head, body = rest[:length], rest[length:]
    for document in json.loads(head)["recipients"]:
        one = archive._recipient(document)
        yield Lock(kind="archive key", turn=_wrapped_key(bytes.fromhex(document["wrap"]), one.place))
        yield from (_shares(one.clinic, subset) for subset in one.subsets)
    yield Lock(kind="archive", turn=_first_piece(body, suite.digest(head)))


def _wrapped_key(wrap: bytes, place: bytes) -> Callable[[bytes], bytes]:
    return lambda seed: suite.unwrap(wrap, _private(seed), place)


def _first_piece(body: bytes, place: bytes) -> Callable[[bytes], bytes]:
    begins = sodium.crypto_secretstream_xchacha20poly1305_HEADERBYTES
    start, rest = body[:begins], body[begins:]
    piece = rest[LENGTH : LENGTH + int.from_bytes(rest[:LENGTH], "big")]

    def turn(key: bytes) -> bytes:
        state = sodium.crypto_secretstream_xchacha20poly1305_state()
        try:
            sodium.crypto_secretstream_xchacha20poly1305_init_pull(state, start, key)
            return sodium.crypto_secretstream_xchacha20poly1305_pull(state, piece, place)[0]
        except CryptoError as error:
            raise KeysError("not this key") from error

    return turn
