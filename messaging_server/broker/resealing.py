"""After a new directory key: names, addresses, second factors and counts are sealed anew, a few at a time (SEC-03).

Old versions still open, so this may run while the server does, and may be cut short and begun again. Deliveries need
no such run: what is sealed under an old delivery key leaves, or is given up, within two days.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from uuid import UUID

from keys.server import ServerKeys, key_version, open_directory, seal_directory
from messaging_server.broker import tallying
from messaging_server.broker.clinic import Means
from messaging_server.storage import sealed
from messaging_server.storage.database import Connection
from messaging_server.storage.sealed import Place, SealedRow

BATCH = 200


@dataclass(frozen=True, slots=True)
class _Kind:
    """A column under the directory key, and the field name that its seals are bound to."""

    place: Place
    field: str


KINDS = (
    _Kind(Place.PERSON_NAME, "name"), _Kind(Place.PERSON_PROFILE, "profile"), _Kind(Place.ADDRESS, "address"),
    _Kind(Place.SECOND_FACTOR, "totp"), _Kind(Place.COUNT, tallying.FIELD),
)  # fmt: skip


async def reseal(means: Means, clinic: UUID) -> int:
    """Seal under the newest directory key whatever is under an older one; gives how many values that was."""
    done = 0
    for kind in KINDS:
        after = UUID(int=0)
        batch = partial(sealed.batch, place=kind.place, clinic=clinic, most=BATCH)
        while rows := await means.database.read(partial(batch, after=after)):
            old = [row for row in rows if key_version(row.blob) < means.keys.directory[0].version]
            fresh = [(row, _again(means.keys, clinic, row, kind.field)) for row in old]
            done += await means.database.write(_unit(kind.place, fresh))
            after = rows[-1].id
    return done


def _again(keys: ServerKeys, clinic: UUID, row: SealedRow, field: str) -> bytes:
    return seal_directory(keys, open_directory(keys, row.blob, clinic, row.id, field), clinic, row.id, field)


def _unit(place: Place, fresh: list[tuple[SealedRow, bytes]]) -> Callable[[Connection], int]:
    """A value that somebody changed meanwhile is left alone: it is under the newest key already."""
    return lambda connection: sum(sealed.replace(connection, place, row, blob) for row, blob in fresh)
