"""`kill -9` keeps the machine's page cache; this proves the rest: the log is flushed to the disk before every "yes"."""

import asyncio
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest

from messaging_server.storage.accounts import AccountRole
from tests.clinic.databases import missing
from tests.clinic.process import Premises, Server, settle
from tests.clinic.visitor import text_in
from tests.journeys.faults.kept import messages
from tests.journeys.faults.load import Crowd, Sending
from tests.journeys.faults.trace import TRACER, Call, commit_of, flushed_between, read_trace

YES = (b"250 2.0.0 ", b"HTTP/1.1 303 See Other\r\nLocation: /sent/", b"HTTP/1.1 200 OK\r\nContent-Type: text/xml")
"""How the three doors say yes: mail, pages, webhook."""
EACH = 4
"""Messages for each door, all at once."""


async def send_by_every_door(premises: Premises, crowd: Crowd) -> list[Sending]:
    """Mails, requests on the pages and texts, all together; every one is acknowledged."""
    texts = [sending for sending in crowd.messages(2 * EACH) if sending.by_mail]
    others = crowd.messages(2 * EACH)
    refused, *statuses = await asyncio.gather(
        crowd.send(others), *(text_in(premises, one.author.phone, one.text) for one in texts)
    )
    assert refused == []
    assert set(statuses) == {200}
    return [*others, *texts]


def said_yes(calls: Sequence[Call], marker: str) -> Call:
    """The server's yes to the message with this marker: the first on the connection that brought it."""
    asked = next(call for call in calls if call.name == "recvfrom" and marker.encode() in call.data)
    return next(
        call for call in calls
        if call.target == asked.target and call.began > asked.ended and call.data.startswith(YES)
    )  # fmt: skip


async def test_the_log_is_flushed_between_a_messages_last_write_and_its_yes(tmp_path: Path) -> None:
    """Mail's 250, the pages' "sent" and the webhook's 200 come after their commit's flush [EIN-05, SMS-20]."""
    if shutil.which("strace") is None:
        missing("no strace on this machine (Debian: strace)")
    premises, trace = await settle(tmp_path / "clinic"), tmp_path / "trace"
    crowd = Crowd(premises)
    with Server(premises=premises, before=(*TRACER, str(trace))) as server:
        await crowd.sign_in(premises.patients[:2])
        sendings = await send_by_every_door(premises, crowd)
        await crowd.leave()
        server.stop()
    calls = read_trace(trace)
    kept = {one.text: one for one in await messages(premises.database, premises.cast.staff[AccountRole.PHYSICIAN])}

    for sending in sendings:
        commit, yes = commit_of(calls, kept[sending.text].exchange.hex), said_yes(calls, sending.marker)
        assert commit is not None
        assert commit.last < yes.began
        assert flushed_between(calls, commit.last, yes.began)


EXCHANGE = "0af3"
HEAD = r'7 pwrite64(4<\x61\x2d\x77\x61\x6c>, "\x00\x00\x00\x02\x00\x00\x00\x02' + r"\x00" * 16 + r'", 24, 0) = 24'
PAGE = r'7 pwrite64(4<\x61\x2d\x77\x61\x6c>, "\x30\x61\x66\x33", 4, 24) = 4'
FLUSH = (r"7 fsync(4<\x61\x2d\x77\x61\x6c> <unfinished ...>", "7 <... fsync resumed>) = 0")
SPOILT = (r"7 fsync(4<\x61\x2d\x77\x61\x6c>) = -1 EIO (Input/output error)",)
ANSWER = r'9 sendto(5<TCP:[127.0.0.1:1->127.0.0.1:2]>, "\x32\x35\x30", 3, 0, NULL, 0) = 3'


@pytest.mark.parametrize(
    ("lines", "flushed"),
    [
        ((HEAD, PAGE, *FLUSH, ANSWER), True),
        ((HEAD, PAGE, ANSWER), False),
        ((HEAD, PAGE, ANSWER, *FLUSH), False),
        ((HEAD, PAGE, FLUSH[0], ANSWER, FLUSH[1]), False),
        ((*FLUSH, HEAD, PAGE, ANSWER), False),
        ((HEAD, PAGE, *SPOILT, ANSWER), False),
    ],
)
def test_a_yes_before_the_end_of_the_flush_is_seen(lines: tuple[str, ...], tmp_path: Path, *, flushed: bool) -> None:
    """The reading of a trace tells a flush in time from none, a late one, an early one and a failed one."""
    (tmp_path / "trace").write_text("\n".join(lines), encoding="ascii")
    calls = read_trace(tmp_path / "trace")
    commit = commit_of(calls, EXCHANGE)
    yes = next(call for call in calls if call.name == "sendto")

    assert commit is not None
    assert (yes.target, yes.data) == ("TCP:[127.0.0.1:1->127.0.0.1:2]", b"250")
    assert flushed_between(calls, commit.last, yes.began) is flushed
