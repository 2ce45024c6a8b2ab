"""A form with files: taken apart while it comes in, counted before it is kept, never written to the disk in clear.

Files are held in memory only, and only for somebody who is signed in and sends our own form; everything else about the
form is read as far as it goes, so that what was typed comes back with every refusal (SEC-11, SEC-13, ACC-03).
"""

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from aiohttp import BodyPartReader, MultipartReader, web
from aiohttp.http_exceptions import HttpProcessingError

from messaging_server.broker import files
from messaging_server.message import Attachment
from messaging_server.web.views.files import FileOffer
from messaging_server.web.views.frame import ErrorCode, FieldError

FORM: Final = "multipart/form-data"
TAKE_FILES: Final = frozenset({
    "/write/message", "/threads/{thread}/reply", "/staff/items/{task}/confirm", "/staff/people/{person}/consent",
})
"""The forms that may bring files; no other form may have parts."""
FIELD: Final = "attachment"
"""The name of the files' field."""
WORDS: Final = 1_000_000
"""Bytes of all that was typed; the same as for a form without files."""
PARTS: Final = 100
READ_ON: Final = 100_000_000
"""Bytes after which a form that is too large is no longer read to its end; till then its words are looked for."""
PATIENCE: Final = 300
"""Seconds that a form may take: twenty megabytes over a slow line."""
CHUNK: Final = 64 * 1024
SCREENED: Final = 1_000_000
"""Bytes of text files that are screened with one message; the rest is marked as not screened (SEN-10)."""
_AS_BROWSERS_SAY: Final = re.compile(r'form-data; *name="([^"]*)"(?:; *filename="([^"]*)")?', re.IGNORECASE)
"""How browsers name a part: a quotation mark in it is sent as %22 (HTML, multipart/form-data encoding)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileLimits:
    """How many files go with a message, and how large they may be, in bytes; none at all when `most` is 0."""

    most: int = 5
    largest: int = 10_000_000
    together: int = 20_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """What a form with files brought; `problem` says why files of it were not kept."""

    fields: Mapping[str, str] = field(repr=False)
    files: tuple[tuple[str, bytes], ...] = field(default=(), repr=False)
    """(name as claimed, content)."""
    problem: FieldError | None = None

    @property
    def any(self) -> bool:
        """Whether files were chosen at all."""
        return bool(self.files or self.problem)


POSTED: Final = web.RequestKey("posted", Posted)


class Room:
    """How many forms with files are read at a time, in all and by one person: each may hold `together` bytes."""

    def __init__(self, most: int = 8, each: int = 2) -> None:
        self._most, self._each = most, each
        self._inside: Counter[object] = Counter()

    @contextmanager
    def place(self, who: object) -> Iterator[bool]:
        """A place for as long as the form is read; False when there is none."""
        free = self._inside.total() < self._most and self._inside[who] < self._each
        self._inside[who] += free
        try:
            yield free
        finally:
            self._inside[who] -= free
            self._inside += Counter()


class _Gathered:
    """What has been read of a form so far."""

    def __init__(self, limits: FileLimits, ours: Callable[[Mapping[str, str]], bool], *, free: bool) -> None:
        self._limits, self._ours, self._free = limits, ours, free
        self.fields: dict[str, str] = {}
        self.files: list[tuple[str, bytes]] = []
        self.problem: FieldError | None = None
        self.read = self._typed = self._kept = 0

    @property
    def whole(self) -> Posted:
        """All of it; where one file could not be kept, none is: nobody shall think that it went along."""
        return Posted(
            fields=self.fields, files=() if self.problem else tuple(self.files), problem=self.problem
        )

    def wrong(self, code: ErrorCode, name: str = "") -> None:
        """Note why files are not kept; the first reason is said."""
        self.problem = self.problem or FieldError(field=FIELD, code=code, about=files.safe_name(name) if name else "")

    async def take(self, part: BodyPartReader) -> None:
        """Read one part to its end."""
        name, filename = _named(part)
        if filename is None:
            self.fields[name] = (await self._words(part)).decode("utf-8", "replace")
        elif not filename:
            await self._pass_over(part)
        else:
            await self._file(part, filename)

    async def _chunks(self, part: BodyPartReader) -> AsyncIterator[bytes]:
        while not part.at_eof() and self.read < READ_ON:
            chunk = bytes(await part.read_chunk(CHUNK))
            self.read += len(chunk)
            yield chunk

    async def _words(self, part: BodyPartReader) -> bytes:
        said = bytearray()
        async for chunk in self._chunks(part):
            self._typed += len(chunk)
            if self._typed > WORDS:
                raise web.HTTPRequestEntityTooLarge(max_size=WORDS, actual_size=self._typed)
            said += chunk
        return bytes(said)

    async def _pass_over(self, part: BodyPartReader) -> None:
        async for _ in self._chunks(part):
            pass

    async def _file(self, part: BodyPartReader, name: str) -> None:
        if not self._free:
            self.wrong(ErrorCode.FILES_BUSY)
        elif len(self.files) == self._limits.most:
            self.wrong(ErrorCode.TOO_MANY_FILES)
        if self.problem or not self._ours(self.fields):
            self.problem = self.problem or FieldError(field=FIELD, code=ErrorCode.FILES_AGAIN)
            return await self._pass_over(part)
        content = bytearray()
        async for chunk in self._chunks(part):
            if len(content) + len(chunk) > self._limits.largest:
                self.wrong(ErrorCode.FILE_TOO_LARGE, name)
            elif self._kept + len(chunk) > self._limits.together:
                self.wrong(ErrorCode.FILES_TOO_LARGE)
            if self.problem:
                content.clear()
                self.files.clear()
                continue
            content += chunk
            self._kept += len(chunk)
        self.files.append((name, bytes(content)))
        return None


def _named(part: BodyPartReader) -> tuple[str, str | None]:
    """The field and the name of the file, if it is one. Raises ValueError for a part of which that cannot be told.

    aiohttp gives up at a file name with two semicolons; taken for words, the file would be dropped unsaid.
    """
    said = part.headers.get("Content-Disposition", "")
    if plain := _AS_BROWSERS_SAY.fullmatch(said):
        return plain[1], plain[2]
    name, filename = part.name, part.filename
    if name is None or (filename is None and "filename" in said.lower()):
        raise ValueError("a part without a name")
    return name, filename


async def read(request: web.Request, limits: FileLimits, ours: Callable[[Mapping[str, str]], bool], *,
               free: bool) -> Posted:  # fmt: skip
    """Take a form with files apart as it comes in.

    `ours` looks at the fields before the first file and says whether files are kept at all. Raises a 4xx of aiohttp
    for what is no such form, for words without end, and for a form that takes too long.
    """
    if request.headers.get("Content-Encoding"):
        raise web.HTTPUnsupportedMediaType
    gathered = _Gathered(limits, ours, free=free)
    try:
        async with asyncio.timeout(PATIENCE):
            await _gather(await request.multipart(), gathered)
    except TimeoutError as error:
        raise web.HTTPRequestTimeout from error
    except (ValueError, RuntimeError, AssertionError, HttpProcessingError) as error:
        raise web.HTTPBadRequest from error
    return gathered.whole


async def _gather(reader: MultipartReader, gathered: _Gathered) -> None:
    for _ in range(PARTS):
        part = await reader.next()
        if part is None:
            return
        if not isinstance(part, BodyPartReader):
            raise ValueError("a form's parts hold no parts")  # noqa: TRY004  # of the form, not of our code
        await gathered.take(part)
        if gathered.read >= READ_ON:
            return
    raise web.HTTPRequestEntityTooLarge(max_size=PARTS, actual_size=PARTS + 1)


def offered(limits: FileLimits) -> FileOffer | None:
    """What the page says about files; a telephone that is offered JPEG alone turns its photos into that."""
    if not limits.most:
        return None
    endings = [ending for kind, endings in files.ENDINGS.items() for ending in endings if kind != "image/heic"]
    accept = ",".join(f".{ending}" for ending in endings)
    return FileOffer(most=limits.most, megabytes=max(1, limits.largest // 1_000_000), accept=accept)


async def typed(request: web.Request) -> Mapping[str, object]:
    """The fields of a form, whichever way it came."""
    posted = request.get(POSTED)
    return await request.post() if posted is None else posted.fields


def attached(request: web.Request) -> tuple[tuple[Attachment, ...], tuple[FieldError, ...]]:
    """The files that came with a form, typed by what they hold; or what is wrong with them, to be chosen again."""
    posted = request.get(POSTED)
    if posted is None or posted.problem:
        return (), (posted.problem,) if posted and posted.problem else ()
    found, errors, left = [], [], SCREENED
    for name, content in posted.files:
        kind = files.sniff(content)
        if not content or kind not in files.ENDINGS:
            code = ErrorCode.FILE_KIND if content else ErrorCode.FILE_EMPTY
            errors.append(FieldError(field=FIELD, code=code, about=files.safe_name(name)))
            continue
        text = files.guess(content) if kind == "text/plain" and len(content) <= left else None
        left -= len(content) if text is not None else 0
        found.append(Attachment(filename=files.safe_name(name), media_type=kind, content=content, text=text))
    return (() if errors else tuple(found)), tuple(errors[:1])


def again(request: web.Request, errors: tuple[FieldError, ...]) -> tuple[FieldError, ...]:
    """What is wrong with a form, and that its files are to be chosen again: no page can give them back (ACC-03)."""
    posted = request.get(POSTED)
    known = any(error.field == FIELD for error in errors)
    if not errors or known or posted is None or not posted.any:
        return errors
    return (*errors, FieldError(field=FIELD, code=ErrorCode.FILES_AGAIN))
