"""The machine fails under the server: no room, somebody else's lock, a clock that jumps. Nothing is half kept."""

import asyncio
import resource
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from messaging_server.app import wiring
from messaging_server.clock import utc_now
from messaging_server.record.verifying import verify_clinic
from messaging_server.storage.accounts import AccountRole
from tests.clinic.process import Premises, Server, command, settle
from tests.clinic.visitor import Visitor, post, text_in
from tests.journeys.faults.kept import Kept, count_rows, messages
from tests.journeys.faults.load import Crowd, Sending
from tests.journeys.faults.soak import SOAKING

OF_A_MESSAGE = ("threads", "exchanges", "blobs", "wraps", "entries", "tasks", "deliveries", "seen")
PAGE = 4096
PATIENT = 10
"""Seconds that the server waits for somebody else's lock before it says "not now"."""
LOCKED = PATIENT + 5 if SOAKING else 3


async def kept(premises: Premises, sendings: list[Sending]) -> list[list[Kept]]:
    """For each message, what is kept of it."""
    found = await messages(premises.database, premises.cast.staff[AccountRole.PHYSICIAN])
    return [[one for one in found if sending.marker in one.text] for sending in sendings]


async def rows(premises: Premises) -> dict[str, int]:
    """How much there is of all that a message leaves."""
    return {name: count for name, count in (await count_rows(premises.database)).items() if name in OF_A_MESSAGE}


async def refused_everywhere(premises: Premises, crowd: Crowd, by_mail: Sending, by_page: Sending) -> None:
    """The three doors say "not now": the mail stays with its sender, the words come back, the provider tries again."""
    assert (await post(premises.settings.smtp.port, by_mail.letter))[:4] == "451 "
    browser = crowd.browsers[by_page.author.login]
    data = {"csrf": browser.token, "form_id": by_page.marker, "reason": "question", "subject": "Question"}
    address = browser.base + "/write/message"
    async with browser.http.post(address, data=data | {"message": by_page.text}) as answer:
        assert answer.status == 503
        assert by_page.marker in await answer.text()
    assert await text_in(premises, by_mail.author.phone, by_mail.text) == 503


async def taken_once(premises: Premises, crowd: Crowd, sendings: list[Sending]) -> None:
    """Sent again, each is taken, whole and once."""
    assert await crowd.send(sendings) == []
    assert await crowd.send(sendings) == []
    found = await kept(premises, sendings)
    assert [[(one.entries, one.tasks) for one in many] for many in found] == [[(1, 1)]] * len(sendings)


async def test_without_room_on_the_disk_nothing_is_half_kept_and_it_goes_on_afterwards(tmp_path: Path) -> None:
    """The system refuses every byte: 451, the page with the words, 503; with room again all are taken [EIN-05, SEC-22].

    The limit is the kernel's own on the size of the server's files, set and lifted while it runs.
    """
    premises = await settle(tmp_path / "clinic")
    crowd = Crowd(premises)
    with Server(premises=premises) as server:
        await crowd.sign_in(premises.patients[:2])
        sendings = crowd.messages(2)
        before = await rows(premises)
        _, most = resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (PAGE, resource.RLIM_INFINITY))
        await refused_everywhere(premises, crowd, *sendings)
        assert await rows(premises) == before

        resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (most, most))
        await taken_once(premises, crowd, sendings)
        await crowd.leave()
        assert server.stop() == 0
    assert command(premises, "record", "verify").returncode == 0


async def test_a_full_database_says_not_now_and_goes_on_when_there_is_room(tmp_path: Path) -> None:
    """The database itself is full in the middle of a message: nothing of it stays, and the doors say so [EIN-05]."""
    async with serving(tmp_path) as (premises, crowd, running, _clock):
        database, sendings = running.means.database, crowd.messages(2)

        async def room(pages: int) -> None:
            await database.write(lambda c: c.execute(text(f"PRAGMA max_page_count={pages}")).all())

        await room(1)  # fewer than there are: the database takes as many as it has
        await filled(premises, crowd)
        before = await rows(premises)
        await refused_everywhere(premises, crowd, *sendings)
        assert await rows(premises) == before

        await room(1_000_000)
        await taken_once(premises, crowd, sendings)
        assert (await verify_clinic(database, premises.cast.clinic.id, None)).faults == ()


async def filled(premises: Premises, crowd: Crowd) -> None:
    """Use up the free pages that the last pages still hold."""
    while (await crowd.send(crowd.messages(1))) == []:
        continue


@dataclass(slots=True)
class Clock:
    """The machine's clock, which somebody may set wrong."""

    wrong_by: timedelta = timedelta(0)

    def __call__(self) -> datetime:
        """What it shows."""
        return utc_now() + self.wrong_by


@asynccontextmanager
async def serving(folder: Path) -> AsyncIterator[tuple[Premises, Crowd, wiring.Running, Clock]]:
    """The whole server in this process, with two patients who are signed in."""
    premises, clock = await settle(folder / "clinic"), Clock()
    async with wiring.running(premises.settings, clock) as running:
        crowd = Crowd(premises)
        try:
            await crowd.sign_in(premises.patients[:2])
            yield premises, crowd, running, clock
        finally:
            await crowd.leave()


@pytest.mark.parametrize("jump", [timedelta(hours=-2), timedelta(days=-400), timedelta(minutes=9)], ids=str)
async def test_a_clock_that_jumps_loses_nothing_and_doubles_nothing(tmp_path: Path, jump: timedelta) -> None:
    """Messages before, during and after a wrong clock are each kept once, and the ledger holds [EIN-24, SEC-22]."""
    async with serving(tmp_path) as (premises, crowd, running, clock):
        before, during, after = crowd.messages(4), crowd.messages(4), crowd.messages(4)
        assert await crowd.send(before) == []
        clock.wrong_by = jump
        assert await crowd.send([*during, *before]) == []
        clock.wrong_by = timedelta(0)
        assert await crowd.send([*after, *during, *before]) == []

        found = await kept(premises, [*before, *during, *after])
        assert [[(one.entries, one.tasks) for one in many] for many in found] == [[(1, 1)]] * 12
        assert (await verify_clinic(running.means.database, premises.cast.clinic.id, None)).faults == ()


async def test_a_clock_far_ahead_ends_sessions_but_takes_mail_and_gives_words_back(tmp_path: Path) -> None:
    """Mail of a wrong year is kept; whose session ended meanwhile gets the words back, unsent [ACC-03, SEC-22]."""
    async with serving(tmp_path) as (premises, crowd, running, clock):
        by_mail, by_page = crowd.messages(2)
        clock.wrong_by = timedelta(days=400)
        assert await crowd.send([by_mail]) == []
        browser = crowd.browsers[by_page.author.login]
        data = {"csrf": browser.token, "message": by_page.text, "subject": "Question", "reason": "question"}
        headers = {"Sec-Fetch-Site": "same-origin"}
        async with browser.http.post(browser.base + "/write/message", data=data, headers=headers) as answer:
            assert answer.status == 403
            assert by_page.marker in await answer.text()
        clock.wrong_by = timedelta(0)

        assert [len(many) for many in await kept(premises, [by_mail, by_page])] == [1, 0]
        assert (await verify_clinic(running.means.database, premises.cast.clinic.id, None)).faults == ()


HOLD = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN EXCLUSIVE")
print("held", flush=True)
sys.stdin.read()
"""


@asynccontextmanager
async def held(database: Path) -> AsyncIterator[None]:
    """The database, while another program holds it for a few seconds."""
    holder = await asyncio.create_subprocess_exec(
        sys.executable, "-c", HOLD, str(database), stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert holder.stdin is not None
    assert holder.stdout is not None
    assert await holder.stdout.readline() == b"held\n"
    asyncio.get_running_loop().call_later(LOCKED, holder.stdin.close)
    yield
    assert await holder.wait() == 0


async def test_a_lock_of_another_program_delays_and_loses_nothing(tmp_path: Path) -> None:
    """For three seconds somebody else holds the database: pages still open, and all messages are kept once [SEC-22]."""
    premises = await settle(tmp_path / "clinic")
    crowd = Crowd(premises)
    with Server(premises=premises) as server:
        await crowd.sign_in(premises.patients[:2])
        sendings = crowd.messages(8)
        async with held(premises.database):
            sending = asyncio.create_task(crowd.send(sendings))
            async with Visitor.at(premises) as visitor:
                assert (await visitor.get("/sign-in")).status == 200
                assert (await visitor.get("/readyz")).status == 200
            assert crowd.acknowledged == set()
            refused = await sending
        assert refused == [] or LOCKED > PATIENT
        await taken_once(premises, crowd, sendings)
        await crowd.leave()
        assert server.stop() == 0
