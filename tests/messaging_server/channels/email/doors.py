"""What stands before and behind the door in these tests: a raw client, and a broker that keeps or fails."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from messaging_server.channels.email.incoming import Mailbox
from messaging_server.message import ClinicId, IncomingMessage

FIRST = ClinicId(UUID(int=1))
SECOND = ClinicId(UUID(int=2))
NOW = datetime(2026, 11, 3, 14, 0, tzinfo=UTC)
MAILBOXES = {
    "clinique@sante.example": Mailbox(clinic=FIRST),
    "r.jeton@sante.example": Mailbox(clinic=FIRST, reply_token="jeton"),
    "b.retour@sante.example": Mailbox(clinic=FIRST, bounce_token="retour"),
    "autre@voisine.example": Mailbox(clinic=SECOND),
}


@dataclass
class Broker:
    """What stands behind the door: it keeps messages, or fails as it is told to."""

    kept: list[IncomingMessage] = field(default_factory=list)
    failure: Exception | None = None
    started: asyncio.Event = field(default_factory=asyncio.Event)
    go_on: asyncio.Event = field(default_factory=asyncio.Event)
    done: asyncio.Event = field(default_factory=asyncio.Event)
    now: datetime = NOW

    def __post_init__(self) -> None:
        self.go_on.set()

    async def resolve(self, address: str) -> Mailbox | None:
        return MAILBOXES.get(address)

    async def accept(self, message: IncomingMessage) -> None:
        self.started.set()
        await self.go_on.wait()
        if self.failure is not None:
            raise self.failure
        self.kept.append(message)
        self.done.set()

    def clock(self) -> datetime:
        return self.now


@dataclass(frozen=True)
class Client:
    """A raw connection: what a well-behaved library would never send."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def answer(self) -> str:
        """One reply, all its lines."""
        lines = [await self.reader.readuntil(b"\r\n")]
        while lines[-1][3:4] == b"-":
            lines.append(await self.reader.readuntil(b"\r\n"))
        return b"".join(lines).decode()

    async def say(self, data: bytes) -> str:
        self.writer.write(data + b"\r\n")
        return await self.answer()

    async def begin(self, *recipients: str, sender: str = "zoe@exemple.ca") -> None:
        """As far as the 354 of DATA."""
        await self.say(b"EHLO test.example")
        assert (await self.say(f"MAIL FROM:<{sender}>".encode())).startswith("250")
        for recipient in recipients or ("clinique@sante.example",):
            assert (await self.say(f"RCPT TO:<{recipient}>".encode())).startswith("250")
        assert (await self.say(b"DATA")).startswith("354")

    async def deliver(self, raw: bytes, *recipients: str, sender: str = "zoe@exemple.ca") -> str:
        await self.begin(*recipients, sender=sender)
        stuffed = raw.replace(b"\r\n.", b"\r\n..")
        return await self.say(stuffed + b"\r\n.")


Open = Callable[..., Awaitable[Client]]
