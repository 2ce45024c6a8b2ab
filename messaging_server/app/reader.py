"""Has long texts and files read by a process that may be killed, so that none holds up anybody's page (SEN-21).

A text that could not be read in time is taken in all the same: its beginning and its end are read here, and what
lies between is named as not screened, never as clear (SEN-10, SEN-15).
"""

import asyncio
import json
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from messaging_server.app.reader_process import HEAD
from messaging_server.broker.screening import Asked, FileWords, both_ends, in_a_thread
from messaging_server.logs import log
from messaging_server.record.content import read_assessment
from triage.model import Assessment
from triage.screen import bounded, restored

WAITING = 4
"""Texts that may wait for the process, the one being read among them; more are read at both ends only."""
ANSWER = 1 << 22
"""Bytes of the longest answer believed."""
START = 60.0
"""Seconds that the process may take to read its rules; a text that comes meanwhile need not wait so long."""
HOME = Path(__file__).parents[2]


class Reader:
    """One process that reads, started when the first long text comes and again whenever it has died."""

    def __init__(self, rules: Path | None, seconds: float, command: Sequence[str] | None = None) -> None:
        """Read by the rules of a folder, each text within so many seconds, waiting included."""
        self._command = command or (sys.executable, "-m", "messaging_server.app.reader_process", *_given(rules))
        self._seconds = seconds
        self._turn = asyncio.Lock()
        self._asked = 0
        self._process: Process | None = None
        self._starting: asyncio.Task[Process] | None = None
        self._closed = False

    @property
    def pid(self) -> int | None:
        """The process that is there now."""
        return self._process.pid if self._process else None

    async def read(self, asked: Asked) -> Assessment:
        """The judgement on all of a long text, or on both its ends where the process cannot give one in time."""
        if self._asked < WAITING:
            self._asked += 1
            try:
                async with asyncio.timeout(self._seconds), self._turn:
                    found = await self._answer(asked)
            except (TimeoutError, OSError, EOFError, ValueError, KeyError, TypeError) as error:
                log.warning("long_text_not_read", fault=type(error).__name__)
            else:
                return found if found.ruleset == asked.ruleset.version else await in_a_thread(asked)
            finally:
                self._asked -= 1
        return await in_a_thread(both_ends(asked))

    async def open_file(self, kind: str, content: bytes) -> FileWords | None:
        """The words of a file; None where it has none, or the process cannot give them in time."""
        if self._asked >= WAITING:
            return None
        self._asked += 1
        try:
            async with asyncio.timeout(self._seconds), self._turn:
                request = json.dumps({"file": kind}).encode()
                told = await self._exchanged(request, content)
                return FileWords(str(told[0]), bool(told[1])) if told else None
        except (TimeoutError, OSError, EOFError, ValueError, KeyError, TypeError) as error:
            log.warning("file_not_read", fault=type(error).__name__)
            return None
        finally:
            self._asked -= 1

    async def close(self) -> None:
        """End the process for good; whoever waits for it reads both ends by themselves."""
        self._closed = True
        await self._end()

    async def _end(self) -> None:
        """End the process, also one that is still starting."""
        starting, self._starting = self._starting, None
        if starting is not None:
            starting.cancel()
            await asyncio.gather(starting, return_exceptions=True)
        process, self._process = self._process, None
        if process is not None:
            if process.returncode is None:
                process.kill()
            await process.wait()

    async def _answer(self, asked: Asked) -> Assessment:
        """What the process says of a text."""
        parts, cuts = bounded(asked.parts)
        request = await asyncio.to_thread(_packed, replace(asked, parts=parts))
        return restored(read_assessment(await self._exchanged(request)), cuts)

    async def _exchanged(self, *frames: bytes) -> Any:
        """What the process answers. After any fault it is ended: half an answer must not be taken for the next one."""
        process = await self._running()
        try:
            return json.loads(await _told(process, frames))
        except BaseException:
            await self._end()
            raise

    async def _running(self) -> Process:
        """The process, ready to be asked; a slow start goes on behind whoever does not wait for it."""
        if self._closed:
            raise OSError("closed")
        dead = self._process is not None and self._process.returncode is not None
        if dead or self._starting is None or (self._starting.done() and self._starting.exception() is not None):
            await self._end()
            self._starting = asyncio.create_task(self._start(), name="reader")
        return await asyncio.shield(self._starting)

    async def _start(self) -> Process:
        """Start it, with nothing of our environment; what it complains of might quote a text, and goes nowhere."""
        self._process = process = await asyncio.create_subprocess_exec(
            *self._command, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, cwd=HOME,
            env={"PYTHONPATH": str(HOME), "PYTHONDONTWRITEBYTECODE": "1"}, start_new_session=True,
        )  # fmt: skip
        assert process.stdout is not None
        try:
            async with asyncio.timeout(START):
                await process.stdout.readexactly(HEAD)
        except (TimeoutError, EOFError):
            if process.returncode is None:
                process.kill()
            raise
        return process


async def _told(process: Process, frames: Sequence[bytes]) -> bytes:
    assert process.stdin is not None
    assert process.stdout is not None
    for frame in frames:
        process.stdin.write(len(frame).to_bytes(HEAD) + frame)
        await process.stdin.drain()
    size = int.from_bytes(await process.stdout.readexactly(HEAD))
    if size > ANSWER:
        raise ValueError("an answer out of all bounds")
    return await process.stdout.readexactly(size)


def _given(rules: Path | None) -> tuple[str, ...]:
    return (str(rules.resolve()),) if rules else ()


def _packed(asked: Asked) -> bytes:
    return json.dumps({
        "parts": [(part.name, part.text) for part in asked.parts], "direction": asked.direction,
        "chosen": asked.chosen, "not_screened": list(asked.not_screened),
    }, ensure_ascii=False).encode("utf-8", "surrogatepass")  # fmt: skip
