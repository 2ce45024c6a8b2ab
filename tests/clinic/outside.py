"""The outside world of a test: senders that keep what they were given and fail when told to."""

from dataclasses import dataclass, field

from consent.model import Channel
from messaging_server.runners.outbox import Attempt, Outbox, Outcome, Outgoing, run_once
from tests.clinic.world import World


@dataclass(slots=True)
class Outside:
    """Takes what leaves; `answers` are given in order, then everything is delivered."""

    world: World
    taken: list[Outgoing] = field(default_factory=list)
    answers: list[Attempt] = field(default_factory=list)

    async def send(self, out: Outgoing) -> Attempt:
        """One attempt."""
        self.taken.append(out)
        return self.answers.pop(0) if self.answers else Attempt(outcome=Outcome.DELIVERED, code="2.0.0")

    async def run(self) -> int:
        """One round of the outbox runner."""
        box = Outbox(
            means=self.world.means, clinics={self.world.clinic.id: self.world.clinic}, clock=self.world.clock,
            senders={Channel.EMAIL: self.send, Channel.SMS: self.send},
        )  # fmt: skip
        return await run_once(box)
