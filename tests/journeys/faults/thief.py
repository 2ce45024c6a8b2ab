"""A thief who has the database or a backup of it, and perhaps the server's key file, and knows this program by heart.

Run as `python -m tests.journeys.faults.thief FILE… [SECRET…]`: databases, backups and key files in any order, secrets
in hexadecimal. Every secret is tried as a key of every kind on everything that is sealed, each thing in its right
place; what opens and is a secret itself is tried in turn, until nothing more opens. What was opened is printed by kind
and number.
"""

import re
import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path

from sqlalchemy import Connection, create_engine, select

from keys import recovery
from keys.suite import KeysError
from messaging_server.storage import tables
from tests.journeys.faults.locks import Lock, is_backup, locks, locks_of_backup

SECRET = 32
"""Bytes of every key, seed and token of the suite."""
WORDS = frozenset({"content", "judgement", "subject", "delivery", "note", "file"})
"""The kinds of things that say something; the others are ways to them."""


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


def secrets_of_shares(shares: Iterable[str]) -> set[bytes]:
    """What printed shares give: each by itself, and the key of every set that they could make."""
    read = recovery._collected(list(shares))
    sets = (members for size in range(1, len(read) + 1) for members in combinations(sorted(read), size))
    return {*read.values(), *(recovery._key(members, read) for members in sets)}


def main(arguments: list[str]) -> None:
    """Break in with what was given, and tell."""
    sealed, secrets = list[Lock](), set[bytes]()
    for given in arguments:
        path = Path(given)
        if not path.exists():
            secrets.add(bytes.fromhex(given))
        elif is_backup(path):
            sealed.extend(locks_of_backup(path))
        elif path.read_bytes()[:6] == b"SQLite":
            with stolen(path) as connection:
                sealed.extend(locks(connection))
        else:
            secrets |= secrets_in(path.read_bytes())
    for kind, number in sorted(Counter(one.kind for one in break_in(sealed, secrets)).items()):
        sys.stdout.write(f"{kind}\t{number}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
