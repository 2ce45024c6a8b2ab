"""A thief who has the database, or a backup of it, and perhaps the server's key file, and knows this program by heart.

Run as `python -m tests.journeys.faults.thief DATABASE [KEYFILE [SECRET…]]`, secrets in hexadecimal. Every secret is
tried as a key of every kind on everything that is sealed, each thing in its right place; what opens and is a secret
itself is tried in turn, until nothing more opens. What was opened is printed by kind and number.
"""

import base64
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Select, create_engine, select, true

from keys import suite
from keys.binding import bind
from keys.codes import CodeSealed
from keys.envelope import ContentKey, Context, Sealed, Wrap, open_sealed, unwrap_content_key
from keys.grants import Grant, accept
from keys.sessions import open_for_session
from keys.suite import KeysError, PrivateKey
from messaging_server.broker.permission import NOTE
from messaging_server.record.reading import CONTENT, STAFF, SUBJECT
from messaging_server.storage import keyring, tables
from tests.journeys.faults.kept import all_wraps

SECRET = 32
"""Bytes of every key, seed and token of the suite."""
WORDS = frozenset({"content", "judgement", "subject", "delivery", "note", "file"})
"""The kinds of things that say something; the others are ways to them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """Something sealed: `turn` opens it with the right secret, and raises KeysError with any other."""

    kind: str
    turn: Callable[[bytes], bytes] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """What the thief got open."""

    kind: str
    inside: bytes = field(repr=False)


def stolen(database: Path) -> Connection:
    """A stolen database, looked at without changing it."""
    return create_engine(f"sqlite:///file:{database}?mode=ro&uri=true").connect()


def secrets_in(key_file: bytes) -> set[bytes]:
    """Every secret that a key file holds, whatever it calls it."""
    return {bytes.fromhex(text) for text in re.findall(rf"\b[0-9a-f]{{{2 * SECRET}}}\b", key_file.decode())}


def secrets_lying_about(connection: Connection) -> set[bytes]:
    """Every value of the database that is as long as a secret: verifiers, fingerprints, hashes."""
    found: set[bytes] = set()
    for table in tables.metadata.tables.values():
        for row in connection.execute(select(table)):
            found |= {value for value in row if isinstance(value, bytes) and len(value) == SECRET}
    return found


def break_in(sealed: Iterable[Lock], secrets: Iterable[bytes]) -> list[Opened]:
    """Try what is held on every lock, then what was found, until nothing more opens."""
    closed, opened, held = list(sealed), list[Opened](), set(secrets)
    while held:
        left, found = [], list[Opened]()
        for lock in closed:
            inside = _tried(lock, held)
            if inside is None:
                left.append(lock)
            else:
                found.append(Opened(kind=lock.kind, inside=inside))
        opened, closed = [*opened, *found], left
        held = {one.inside for one in found if one.kind not in WORDS and len(one.inside) == SECRET}
    return opened


def _tried(lock: Lock, secrets: Iterable[bytes]) -> bytes | None:
    for secret in secrets:
        try:
            return lock.turn(secret)
        except KeysError:
            continue
    return None


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
        numbers = bytes(map(int, members.split(",")))
        yield Lock(kind="shares", turn=_plain(sealed, bind("recovery key", clinic, numbers)))


def _plain(blob: bytes, place: bytes) -> Callable[[bytes], bytes]:
    return lambda secret: suite.decrypt(blob, secret, place)


def _under_code(blob: bytes, place: Context) -> Callable[[bytes], bytes]:
    return _plain(CodeSealed.load(blob).blob, bind("under a one-time code", place.encode()))


def _in_session(blob: bytes, account: UUID) -> Callable[[bytes], bytes]:
    """Sealed under a token as a cookie holds it."""

    def turn(raw: bytes) -> bytes:
        return open_for_session(blob, base64.urlsafe_b64encode(raw).decode().rstrip("="), account).seed

    return turn


def main(arguments: list[str]) -> None:
    """Break in with what was given, and tell."""
    database, *more = arguments
    with stolen(Path(database)) as connection:
        given = {bytes.fromhex(text) for text in more[1:]}
        from_file = secrets_in(Path(more[0]).read_bytes()) if more else set()
        counted = Counter(one.kind for one in break_in(locks(connection), given | from_file))
    for kind, number in sorted(counted.items()):
        sys.stdout.write(f"{kind}\t{number}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
