"""Giving another holder a way to what one can read oneself: wraps are added, ciphertext and ledger stay (DESIGN 5).

Used when a held message is filed, and when a message is routed to a team that holds no record key. Runs in the session
of somebody who can read it; this and `enrolment` are the rooms that grant.
"""

from collections.abc import Iterable
from uuid import UUID

from keys.envelope import HolderKey, Wrap, wrap_content_key
from messaging_server.broker.clinic import Means
from messaging_server.errors import NotAllowedError
from messaging_server.record.reading import Reader, reachable_content_keys


async def wraps_for(
    means: Means, who: Reader, content_keys: Iterable[UUID], holders: Iterable[HolderKey]
) -> tuple[Wrap, ...]:
    """Wraps of these content keys for these holders. Raises NotAllowedError when the reader cannot reach one."""
    wanted = set(content_keys)
    reached = await reachable_content_keys(means.database, who, wanted)
    if set(reached) != wanted:
        raise NotAllowedError("no_key_to_this_message")
    return tuple(wrap_content_key(key, holder, who.clinic) for key in reached.values() for holder in holders)
