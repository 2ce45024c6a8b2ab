"""How the broker has a text read: at once where it is short, beside everybody else's pages where it is long."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace

from triage.model import Assessment, Direction, Part, Priority, QueueName
from triage.rules import Ruleset
from triage.screen import LIMIT, assess

INLINE_LETTERS = 10_000
"""Up to this size a text is screened in a few tens of milliseconds; half a million letters take a second."""
END_LETTERS = 20_000
"""Letters of a long part that are read where there is no time for all of it: half at its beginning, half at its end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is to be screened, as `triage.screen.assess` takes it."""

    parts: Sequence[Part] = field(repr=False)
    direction: Direction
    ruleset: Ruleset = field(repr=False)
    chosen: QueueName | None = None
    not_screened: Sequence[str] = ()
    limit: int = LIMIT
    """Letters of one part that are read."""

    @property
    def is_long(self) -> bool:
        """Whether reading it at once would hold up other people's pages."""
        return sum(len(part.text) for part in self.parts) > INLINE_LETTERS


Reading = Callable[[Asked], Awaitable[Assessment]]
"""Reads a long text somewhere beside the loop that serves the pages. Never fails: what it could not read, it names."""


def judged(asked: Asked) -> Assessment:
    """Everything, here and now."""
    return assess(
        asked.parts, direction=asked.direction, language=None, ruleset=asked.ruleset, chosen=asked.chosen,
        not_screened=asked.not_screened, limit=asked.limit,
    )  # fmt: skip


async def in_a_thread(asked: Asked) -> Assessment:
    """Everything, in a thread: it cannot be stopped, but it reads no more than `triage.screen` allows."""
    return await asyncio.to_thread(judged, asked)


def both_ends(asked: Asked) -> Asked:
    """What may be read when there is no time for all of it; the middles are named, never called clear (SEN-15)."""
    return replace(asked, limit=END_LETTERS)


def nobody_s(asked: Asked) -> Assessment:
    """What stands for a judgement where the screening itself failed: all of it is named as not screened, and a person
    is to look the same day, because nobody knows yet what it says (TRI-18, SEN-15).
    """
    return Assessment(
        topics=(), priority=Priority.URGENT, queue=QueueName.CLINICAL, ruleset=asked.ruleset.version,
        not_screened=(*(part.name for part in asked.parts), *asked.not_screened),
    )  # fmt: skip
