"""What opening gives: an exchange and a thread in clear, in memory, for the time of one request."""

from dataclasses import dataclass, field

from messaging_server.record.content import Content, Judgement
from messaging_server.storage import threads


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedExchange:
    """An exchange with its content; `judgement` only for those whose keys reach it."""

    row: threads.ExchangeRow
    content: Content = field(repr=False)
    judgement: Judgement | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedThread:
    """A thread with the newest of its exchanges, oldest first."""

    row: threads.ThreadRow
    subject: str = field(repr=False)
    exchanges: tuple[OpenedExchange, ...]
