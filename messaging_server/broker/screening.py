"""How the broker has a text read: at once, or beside everybody else's pages where it is long or in a file."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from messaging_server.broker.files import WORDY
from messaging_server.message import Attachment
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


class FileWords(NamedTuple):
    """The words in a file, and whether they are all that it shows: a page that is a picture has none."""

    text: str
    whole: bool

    def __repr__(self) -> str:
        """Nothing of the words."""
        return f"FileWords(text=..., whole={self.whole})"


Opening = Callable[[str, bytes], Awaitable[FileWords | None]]
"""The words of a file of this media type; None where there are none to be had. Never fails."""


async def unopened(_kind: str, _content: bytes) -> FileWords | None:
    """Open no file: where there is no process for it, all of them count as not screened."""
    return None


FILES_SECONDS = 15.0
"""Seconds that all files of one message may take; those that were not opened by then are named as not screened."""


async def words_in(opening: Opening, files: Sequence[Attachment]) -> dict[int, FileWords]:
    """By its number, the words of each file that has some and whose text is not at hand already (SEN-10)."""
    found: dict[int, FileWords] = {}
    try:
        async with asyncio.timeout(FILES_SECONDS):
            for number, file in enumerate(files):
                sealed = file.text is None and file.media_type in WORDY and file.content
                words = await opening(file.media_type, file.content) if sealed else None
                if words is not None:
                    found[number] = words
    except TimeoutError:
        pass
    return found


def files_as_parts(files: Sequence[Attachment], words: Mapping[int, FileWords]) -> tuple[list[Part], list[str]]:
    """The names and the words of files as parts to read, and the names of those that were not read whole (SEN-15)."""
    parts: list[Part] = []
    unread: list[str] = []
    for number, file in enumerate(files):
        parts.append(Part(f"filename:{number}", file.filename))
        text = file.text if file.text is not None or number not in words else words[number].text
        if text is not None:
            parts.append(Part(f"attachment:{number}", text))
        if text is None or (number in words and not words[number].whole):
            unread.append(f"attachment:{number}")
    return parts, unread


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
