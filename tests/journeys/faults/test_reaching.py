"""Whom the server speaks to by itself: every connection that it opens in a whole day, as the kernel saw it."""

import re
import shutil
from contextlib import AsyncExitStack
from pathlib import Path

from tests.clinic.databases import missing
from tests.clinic.process import Server, settle
from tests.journeys.faults.canaries import Canaries
from tests.journeys.faults.living import live, outside

TRACER = ("strace", "--seccomp-bpf", "-D", "-f", "-q", "-e", "trace=connect,sendto,sendmsg", "-e", "signal=none", "-o")
"""`sendto` and `sendmsg` name an address where a datagram leaves without a connection, as a question to a DNS does."""
ADDRESS = re.compile(
    r"(?P<call>connect|sendto|sendmsg)\(.*?sa_family=(?P<family>AF_\w+)(?:, sin6?_port=htons\((?P<port>\d+)\))?"
    r"(?:.*?inet_(?:addr|pton)\((?:AF_INET6, )?\"(?P<host>[^\"]+)\")?"
)
QUIET = {"AF_UNIX", "AF_NETLINK", "AF_UNSPEC"}
"""Families that reach nobody beyond this machine's kernel."""


def reached(trace: str) -> set[tuple[str, int]]:
    """Every (host, port) that a process reached out to."""
    found = [one for line in trace.splitlines() if (one := ADDRESS.search(line)) and one["family"] not in QUIET]
    return {(one["host"] or "?", int(one["port"] or 0)) for one in found}


async def test_the_server_reaches_out_to_the_relay_and_the_provider_and_to_nobody_else(tmp_path: Path) -> None:
    """Mail with pictures from afar, addresses of media and links change nothing: two places are reached [SEC-21].

    No look-up of a name leaves either: what a stranger writes cannot make the server ask anybody about it.
    """
    if shutil.which("strace") is None:
        missing("no strace on this machine (Debian: strace)")
    premises, trace = await settle(tmp_path / "clinic"), tmp_path / "trace"
    async with AsyncExitStack() as stack:
        world = await outside(premises, stack)
        with Server(premises=premises, before=(*TRACER, str(trace))) as server:
            await live(premises, Canaries())
            assert server.stop() == 0
    relay, provider = premises.settings.relay, premises.settings.sms.base_url or ""

    assert world.postbox.mails
    assert reached(trace.read_text(encoding="utf-8", errors="replace")) == {
        ("127.0.0.1", relay.port), ("127.0.0.1", int(provider.rpartition(":")[2])),
    }  # fmt: skip


def test_the_trace_shows_a_connection_a_datagram_and_a_question() -> None:
    """The trial can fail: each way of reaching out is read from a line of a trace [SEC-21]."""
    v4, v6 = '{sa_family=AF_INET, sin_port=htons(%d), sin_addr=inet_addr("%s")}', "2001:db8::1"
    lines = (
        f"7 connect(9, {v4 % (443, '203.0.113.9')}, 16) = -1 EINPROGRESS (Operation now in progress)",
        f'7 connect(9, {{sa_family=AF_INET6, sin6_port=htons(80), inet_pton(AF_INET6, "{v6}", &sin6_addr)}}, 28) = 0',
        f'7 sendto(9, "..", 2, 0, {v4 % (53, "192.0.2.53")}, 16) = 2',
        '7 connect(9, {sa_family=AF_UNIX, sun_path="/run/some.socket"}, 20) = 0',
        '7 sendto(9, "words", 5, 0, NULL, 0) = 5',
    )
    assert reached("\n".join(lines)) == {("203.0.113.9", 443), ("2001:db8::1", 80), ("192.0.2.53", 53)}
