"""Many people writing at once, by mail and on the pages, each message with a marker that no other has."""

import asyncio
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from aiohttp import ClientError

from messaging_server.demo.people import Ready
from tests.clinic.process import Premises
from tests.clinic.visitor import Letter, Visitor, post

AT_ONCE = 200
"""Connections of one client machine at a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """One message, to be sent as often as it takes: always with the same identity."""

    marker: str
    author: Ready
    by_mail: bool

    @property
    def text(self) -> str:
        """What it says."""
        return f"Bonjour, une question sur ma vitamine. {self.marker}"

    @property
    def letter(self) -> Letter:
        """The same mail each time."""
        return Letter(
            author=self.author.email, text=self.text, envelope=f"bounce-{self.marker}@patients.invalid",
            message_id=f"<{self.marker}@patients.invalid>",
        )  # fmt: skip


@dataclass(slots=True)
class Crowd:
    """Signed-in patients and their mail programs; `acknowledged` is what they were told is kept."""

    premises: Premises
    browsers: dict[str, Visitor] = field(default_factory=dict)
    acknowledged: set[str] = field(default_factory=set)

    async def sign_in(self, people: Sequence[Ready]) -> None:
        """Let them sign in once; a session outlives the server."""
        for one in people:
            browser = Visitor.at(self.premises)
            self.browsers[one.login] = browser
            await browser.sign_in(one)

    async def leave(self) -> None:
        """Close every browser."""
        for browser in self.browsers.values():
            await browser.http.close()

    def messages(self, number: int) -> list[Sending]:
        """New messages, half by mail and half by the pages, from everybody in turn."""
        people = [one for one in self.premises.patients if one.login in self.browsers]
        return [
            Sending(marker=secrets.token_hex(10), author=people[count % len(people)], by_mail=count % 2 == 0)
            for count in range(number)
        ]

    async def send(self, messages: Sequence[Sending], told: Callable[[int], None] = lambda _count: None) -> list[str]:
        """Send all, many at a time; `told` hears how many are acknowledged so far. Gives what the others were told.

        A connection that breaks is no answer at all: whoever sent does not know, and would try again.
        """
        room = asyncio.Semaphore(AT_ONCE)
        refused: list[str] = []
        count = 0

        async def one(message: Sending) -> None:
            nonlocal count
            async with room:
                answer = await self._deliver(message)
            if answer == "":
                self.acknowledged.add(message.marker)
                count += 1
                told(count)
            else:
                refused.append(answer)

        await asyncio.gather(*(one(message) for message in messages))
        return refused

    async def _deliver(self, message: Sending) -> str:
        """Empty when the server said yes, else what it said or how the line broke."""
        try:
            if message.by_mail:
                said = await post(self.premises.settings.smtp.port, message.letter)
                return "" if said.startswith("250 ") else said
            where = await self.browsers[message.author.login].write(message.marker, message.text)
            return "" if isinstance(where, str) else str(where)
        except (OSError, ClientError, TimeoutError) as error:
            return type(error).__name__
