"""Long texts read by a process beside the server."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from messaging_server.app.reader import Reader
from messaging_server.app.rulebook import builtin_rules
from messaging_server.broker.screening import Asked, FileWords, judged
from tests.clinic.papers import DOCX, docx, pdf
from triage.model import Direction, Part, Priority

RULES = builtin_rules()
CRISIS = "J'ai avalé toutes mes pilules il y a une heure pour mourir. "
CALM = "Le jardin va bien et les enfants aussi, merci de demander. "
READY = "import os, sys, time; os.write(1, bytes(4)); "
NEVER_READY = (sys.executable, "-c", "import time; time.sleep(600)")
HANGS = (sys.executable, "-c", READY + "time.sleep(600)")
DIES_READING = (sys.executable, "-c", READY + "sys.stdin.buffer.read(9); sys.exit(3)")
DIES = (sys.executable, "-c", "raise SystemExit(3)")
BABBLES = (sys.executable, "-c", READY + "os.write(1, b'\\x00\\x00\\x00\\x02{}'); time.sleep(600)")


def asked(text: str) -> Asked:
    return Asked(parts=[Part("new_text", text)], direction=Direction.INBOUND, ruleset=RULES)


def gone(pid: int) -> bool:
    return not Path(f"/proc/{pid}").exists()


def given(pid: int | None) -> bytes:
    """The environment and the arguments of a process."""
    return Path(f"/proc/{pid}/environ").read_bytes() + Path(f"/proc/{pid}/cmdline").read_bytes()


MIDDLE = asked(CALM * 300 + CRISIS + CALM * 300)
END = asked(CALM * 600 + CRISIS)


@pytest.fixture
async def reader() -> AsyncIterator[Reader]:
    one = Reader(None, seconds=60)
    yield one
    await one.close()


async def test_a_crisis_in_the_middle_of_a_long_text_is_found(reader: Reader) -> None:
    """The whole accepted text is screened, and the answer is the one that would be given here [SEN-10, SEN-21]."""
    found = await reader.read(MIDDLE)

    assert found.priority is Priority.STAT
    assert found == judged(MIDDLE)
    assert not found.not_screened


async def test_one_process_reads_one_text_after_another(reader: Reader) -> None:
    """The rules are read once, not for every text."""
    await reader.read(MIDDLE)
    first = reader.pid
    both = await asyncio.gather(reader.read(asked(CALM * 300)), reader.read(END))

    assert [one.priority for one in both] == [Priority.ROUTINE, Priority.STAT]
    assert reader.pid == first


@pytest.mark.parametrize("command", [NEVER_READY, HANGS, DIES, DIES_READING, BABBLES])
async def test_a_text_that_cannot_be_read_is_read_at_both_ends(command: tuple[str, ...]) -> None:
    """What was not read is named, and a crisis at the end is found all the same [SEN-15]."""
    reader = Reader(None, seconds=0.3, command=command)

    found = await reader.read(END)

    assert found.priority is Priority.STAT
    assert found.not_screened == ("new_text:middle",)
    await reader.close()


async def test_the_words_of_a_file_come_from_the_process_that_reads(reader: Reader) -> None:
    """Files are unpacked where no key is, one after another and between texts [SEN-10, SEC-13]."""
    long = await reader.read(MIDDLE)
    found = await asyncio.gather(
        reader.open_file("application/pdf", pdf(CRISIS)), reader.open_file("application/pdf", pdf("")),
        reader.open_file(DOCX, docx(CALM * 2000)),
    )  # fmt: skip

    assert found[0] == FileWords(CRISIS, whole=True)
    assert found[1] is None
    assert found[2] is not None
    assert found[2].text.startswith(CALM)
    assert await reader.read(MIDDLE) == long


@pytest.mark.parametrize("command", [NEVER_READY, HANGS, DIES, DIES_READING, BABBLES])
async def test_a_file_that_cannot_be_opened_has_no_words(command: tuple[str, ...]) -> None:
    """It counts as not screened, and the message comes in all the same [SEN-15]."""
    reader = Reader(None, seconds=0.3, command=command)

    assert await reader.open_file("application/pdf", pdf(CRISIS)) is None
    await reader.close()


async def test_more_files_than_may_wait_are_not_opened(reader: Reader) -> None:
    """A flood of files keeps nobody waiting for ever [SEN-21]."""
    found = await asyncio.gather(*(reader.open_file("application/pdf", pdf(CALM)) for _ in range(6)))

    assert [one is None for one in found] == [False] * 4 + [True] * 2


async def test_a_process_that_hangs_is_gone_afterwards(tmp_path: Path) -> None:
    """It is killed and reaped: no text holds the machine [SEN-21]."""
    note = tmp_path / "pid"
    hangs = READY + f"open({str(note)!r}, 'w').write(str(os.getpid())); time.sleep(600)"
    reader = Reader(None, seconds=2, command=(sys.executable, "-c", hangs))

    await reader.read(MIDDLE)

    assert reader.pid is None
    assert gone(int(note.read_text()))


async def test_a_process_that_was_killed_is_replaced(reader: Reader) -> None:
    """The next texts are read whole again."""
    await reader.read(MIDDLE)
    first = reader.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)

    seen = [await reader.read(MIDDLE), await reader.read(MIDDLE)]

    assert seen[-1] == judged(MIDDLE)
    assert reader.pid not in {None, first}


async def test_more_texts_than_may_wait_are_read_at_both_ends(reader: Reader) -> None:
    """A flood of long texts costs little each, and none waits for ever [SEN-21]."""
    found = await asyncio.gather(*(reader.read(MIDDLE) for _ in range(6)))

    assert [bool(one.not_screened) for one in found] == [False] * 4 + [True] * 2


async def test_the_process_is_given_nothing_of_ours(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting and no secret is in its environment or its arguments [SEC-13]."""
    monkeypatch.setenv("MESSAGING_SERVER_DATABASE", "sqlite:////nowhere/secret.sqlite3")
    await reader.read(MIDDLE)

    assert b"MESSAGING_SERVER_DATABASE" not in given(reader.pid)
    assert b"secret" not in given(reader.pid)


async def test_a_reader_that_is_closed_leaves_no_process(reader: Reader) -> None:
    """The server takes its process with it."""
    await reader.read(MIDDLE)
    pid = reader.pid
    await reader.close()

    assert pid is not None
    assert gone(pid)


async def test_a_text_given_up_by_who_asked_spoils_no_later_answer(reader: Reader) -> None:
    """An answer that nobody fetched must never be taken for the next text's."""
    await reader.read(MIDDLE)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await reader.read(asked((CALM + CRISIS) * 4000))

    assert (await reader.read(asked(CALM * 300))).priority is Priority.ROUTINE


async def test_a_slow_start_goes_on_behind_a_text_that_does_not_wait_for_it() -> None:
    """On a small box the rules take a while to read: the first long text is read at both ends, a later one whole."""
    reader = Reader(None, seconds=0.01)

    assert (await reader.read(MIDDLE)).not_screened
    first = reader.pid
    reader._seconds = 60

    assert (await reader.read(MIDDLE)).priority is Priority.STAT
    assert reader.pid == first
    await reader.close()


async def test_closing_while_a_text_is_read_leaves_no_process_and_no_fault() -> None:
    """A server that stops does not wait for a text, and its process does not outlive it [SEN-21]."""
    reader = Reader(None, seconds=60)
    await reader.read(MIDDLE)
    pid = reader.pid
    reading = asyncio.ensure_future(reader.read(asked((CALM + CRISIS) * 4000)))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await asyncio.shield(reading)

    await reader.close()

    assert (await reading).not_screened
    assert pid is not None
    assert gone(pid)
    assert reader.pid is None
