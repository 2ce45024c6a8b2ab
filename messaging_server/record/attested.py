"""What the ledgers attest of exchanges, files and deliveries, to be held against what rests (REC-01, REC-03).

Only bodies are believed, for the chain covers them; the columns beside them are for finding and must say the same.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from messaging_server.record.entry import EntryKind, files_digest, read_body
from messaging_server.storage.queries.resting import Resting
from messaging_server.storage.records import EntryRow

MADE = frozenset({EntryKind.RECEIVED, EntryKind.SENT, EntryKind.NOTICE, EntryKind.NOTE})
"""The entries that attest an exchange's content; later ones speak of it and attest nothing new."""


class Attested:
    """Gathered from the entries of all ledgers of a clinic."""

    def __init__(self) -> None:
        self._contents: dict[str, str | None] = {}
        self._files: dict[str, str] = {}
        self._deliveries: dict[str, tuple[str, str | None]] = {}

    def learn(self, entry: EntryRow) -> list[str]:
        """Take in one entry; gives what is wrong with its columns. An unreadable body is told by the chain itself."""
        try:
            body = read_body(entry.body)
        except ValueError:
            return []
        kind, exchange = body.get("kind"), body.get("exchange")
        if kind in MADE and isinstance(exchange, str):
            self._contents[exchange] = _text(body.get("ciphertext"))
            if files := _details(body).get("files"):
                self._files[exchange] = str(files)
        if kind == EntryKind.DELIVERY:
            self._deliveries[str(_details(body).get("delivery"))] = (str(exchange), _text(body.get("ciphertext")))
        same = (entry.kind, str(entry.exchange_id) if entry.exchange_id else None) == (kind, exchange)
        return [] if same else [f"entry {entry.seq}: its row says something else than its body"]

    def faults(self, rest: Iterable[Resting]) -> Iterator[str]:
        """What differs between what is attested and what rests, in words."""
        for one in rest:
            yield from self._exchange_faults(one)
            yield from self._delivery_faults(one)
        yield from (f"exchange {exchange} is gone" for exchange in self._contents)
        yield from (f"delivery {delivery} is gone" for delivery in self._deliveries)

    def _exchange_faults(self, one: Resting) -> Iterator[str]:
        name = str(one.exchange)
        if name not in self._contents:
            yield f"exchange {name} has no entry"
            return
        if self._contents.pop(name) != one.content.hex():
            yield f"exchange {name} is not what its entry attests"
        if self._files.pop(name, "") != files_digest(one.files):
            yield f"the files of exchange {name} are not what its entry attests"

    def _delivery_faults(self, one: Resting) -> Iterator[str]:
        for delivery, digest in one.deliveries.items():
            if str(delivery) not in self._deliveries:
                yield f"delivery {delivery} has no entry"
            elif self._deliveries.pop(str(delivery)) != (str(one.exchange), digest.hex()):
                yield f"delivery {delivery} is not what its entry attests"


def _details(body: Mapping[str, object]) -> Mapping[str, Any]:
    details = body.get("details")
    return details if isinstance(details, dict) else {}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
