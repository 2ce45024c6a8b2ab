"""The server is killed at random moments under load: nothing acknowledged is lost, nothing is kept twice."""

import asyncio
import os
import random
import re
import signal
from collections import Counter
from pathlib import Path

import pytest

from messaging_server.storage.accounts import AccountRole
from tests.clinic import databases
from tests.clinic.process import Premises, Server, command, settle
from tests.journeys.faults.kept import Kept, messages
from tests.journeys.faults.load import Crowd, Sending
from tests.journeys.faults.soak import MINUTES, SOAKING, rounds, seeded

FEW, MANY = 2, 20
"""Rounds: in `make test`, and at most in `make soak`."""
EACH = 1000 if SOAKING else 150
PEOPLE = 4
LONGEST_WAIT = 0.03
"""Seconds between the acknowledgement at which the kill is decided and the kill."""


async def send_until_killed(crowd: Crowd, server: Server, sendings: list[Sending], draw: random.Random) -> None:
    """Send everything at once, and end the server somewhere in the middle."""
    after, wait = draw.randrange(1, len(sendings) * 9 // 10), draw.random() * LONGEST_WAIT
    print(f"killed {wait:.4f} s after acknowledgement {after} of {len(sendings)}")  # noqa: T201  # to repeat a failure
    loop = asyncio.get_running_loop()

    def told(count: int) -> None:
        if count == after:
            loop.call_later(wait, os.kill, server.pid, signal.SIGKILL)

    await crowd.send(sendings, told)
    server.kill()


async def kept_by_marker(premises: Premises) -> dict[str, list[Kept]]:
    """What rests in the database, opened with the physician's key."""
    found: dict[str, list[Kept]] = {}
    url = premises.settings.database.get_secret_value()
    place = premises.database if url.startswith("sqlite") else url
    for one in await messages(place, premises.cast.staff[AccountRole.PHYSICIAN]):
        for marker in re.findall(r"\b[0-9a-f]{20}\b", one.text):
            found.setdefault(marker, []).append(one)
    return found


def half_kept(found: dict[str, list[Kept]], sendings: list[Sending]) -> list[str]:
    """Messages without their entry, their task, their original or, on the pages, their acknowledgement."""
    return [
        f"{sending.marker}: {one}"
        for sending in sendings
        for one in found.get(sending.marker, [])
        if (one.entries, one.tasks, one.originals) != (1, 1, int(sending.by_mail))
        or (one.answers != 1 and not sending.by_mail)
    ]


async def one_round(premises: Premises, crowd: Crowd, server: Server, draw: random.Random, each: int = EACH) -> None:
    """Load, kill, look, start again, resend, look again."""
    sendings = crowd.messages(each)
    before = set(crowd.acknowledged)
    await send_until_killed(crowd, server, sendings, draw)
    acknowledged = crowd.acknowledged - before
    assert acknowledged

    server.start()
    found = await kept_by_marker(premises)
    assert sorted(acknowledged - set(found)) == []
    assert {marker: len(many) for marker, many in found.items() if len(many) > 1} == {}
    assert half_kept(found, sendings) == []

    assert await crowd.send(sendings) == []
    found = await kept_by_marker(premises)
    assert Counter(len(found.get(sending.marker, [])) for sending in sendings) == {1: each}
    assert half_kept(found, sendings) == []


async def live_and_die(premises: Premises, few: int, each: int = EACH) -> None:
    """Rounds of load and death, and in the end a record that verifies."""
    draw, crowd = seeded("kill"), Crowd(premises)
    try:
        with Server(premises=premises) as server:
            await crowd.sign_in(premises.patients[:PEOPLE])
            for _ in rounds(few, MANY):
                await one_round(premises, crowd, server, draw, each)
            assert server.stop() == 0
    finally:
        await crowd.leave()

    verified = command(premises, "record", "verify")
    assert (verified.returncode, verified.stderr) == (0, "")


@pytest.mark.timeout(120 + 120 * MINUTES)
async def test_a_killed_server_has_kept_all_that_it_acknowledged_and_nothing_twice(tmp_path: Path) -> None:
    """What got its 250 or its "sent" is there once, whole; sent again, it is there once [EIN-05, EIN-06, SEC-22]."""
    await live_and_die(await settle(tmp_path / "clinic"), FEW)


@pytest.mark.postgres
@pytest.mark.timeout(120 + 120 * MINUTES)
async def test_the_same_holds_on_postgresql(postgres: databases.Server, tmp_path: Path) -> None:
    """The server is killed, the database goes on: what was under way there is undone or whole [EIN-05, EIN-06]."""
    async with databases.fresh(postgres) as url:
        await live_and_die(await settle(tmp_path / "clinic", url), 1, EACH if SOAKING else EACH // 5)


async def test_the_look_at_the_files_sees_a_loss_and_a_double(tmp_path: Path) -> None:
    """Without its message a marker is not found, and a second message with it counts: the look is not blind."""
    premises = await settle(tmp_path / "clinic")
    crowd = Crowd(premises)
    with Server(premises=premises):
        await crowd.sign_in(premises.patients[:1])
        first, second = crowd.messages(2)
        twin = Sending(marker=second.marker, author=second.author, by_mail=True)
        assert await crowd.send([second, twin]) == []
        await crowd.leave()
    found = await kept_by_marker(premises)

    assert first.marker not in found
    assert len(found[second.marker]) == 2
