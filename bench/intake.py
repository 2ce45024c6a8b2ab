"""SMTP intake through the whole path, against two peers, one connection per message (DESIGN section 11).

Rates and ratios of one run on this machine, with the CPU of the client and of the whole server tree beside them, and
the machine's own fdatasync rate. The client is the same for all three.
"""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from bench.mails import mails

CONNECTIONS = (1, 8, 32)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """One measurement: mails a second, and CPU milliseconds a mail on each side."""

    mails: float
    server_ms: float
    client_ms: float


async def deliver(port: int, data: bytes, number: int) -> None:
    """One connection, one mail, as a plain client does it."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        await _expect(reader, b"220")
        for command in (
            b"EHLO bench.invalid",
            b"MAIL FROM:<patient%d@patients.invalid>" % (number % 50),
            b"RCPT TO:<messages@bench.invalid>",
        ):
            writer.write(command + b"\r\n")
            await _expect(reader, b"250")
        writer.write(b"DATA\r\n")
        await _expect(reader, b"354")
        writer.write(data.replace(b"\r\n.", b"\r\n..") + b"\r\n.\r\n")
        await _expect(reader, b"250")
        writer.write(b"QUIT\r\n")
        await _expect(reader, b"221")
    finally:
        writer.close()


async def _expect(reader: asyncio.StreamReader, code: bytes) -> None:
    while True:
        line = await reader.readline()
        if not line.startswith(code):
            raise RuntimeError(f"expected {code.decode()}, heard {line[:60]!r}")
        if line[3:4] != b"-":
            return


async def load(port: int, data: list[bytes], connections: int) -> float:
    """Send every mail over so many connections at a time; gives the seconds it took."""
    waiting = list(enumerate(data))

    async def work() -> None:
        while waiting:
            number, one = waiting.pop()
            await deliver(port, one, number)

    started = time.perf_counter()
    await asyncio.gather(*(work() for _ in range(connections)))
    return time.perf_counter() - started


def cpu_of(pid: int) -> float:
    """CPU seconds of a process, all of its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure(command: list[str], data: list[bytes], connections: int) -> Rate:
    """Start a server, warm it, load it, end it."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            line = server.stdout.readline()
            port = json.loads(line)["smtp"] if line.startswith("{") else int(line)
            asyncio.run(load(port, data[:20], 1))
            before, mine = cpu_of(server.pid), time.process_time()
            seconds = asyncio.run(load(port, data[20:], connections))
            count = len(data) - 20
            return Rate(
                mails=count / seconds, server_ms=1000 * (cpu_of(server.pid) - before) / count,
                client_ms=1000 * (time.process_time() - mine) / count,
            )  # fmt: skip
        finally:
            server.terminate()


def fsyncs() -> float:
    """4 KB appends with fdatasync a second, alone."""
    with tempfile.TemporaryDirectory() as folder, open(f"{folder}/file", "wb", buffering=0) as file:  # noqa: PTH123
        started, count = time.perf_counter(), 0
        while time.perf_counter() - started < 1:
            file.write(b"x" * 4096)
            os.fdatasync(file.fileno())
            count += 1
        return count / (time.perf_counter() - started)


def main() -> None:
    """Print the table."""
    count = int(os.environ.get("MAILS", "600"))
    data = mails(count + 20)
    print(f"fdatasync: {fsyncs():.0f} a second; {count} mails a cell, one connection each, median 4 KB")
    print(f"{'connections':>11} {'server':>10} {'mails/s':>9} {'ratio':>6} {'server ms':>10} {'client ms':>10}")
    for connections in CONNECTIONS:
        base = 0.0
        for name in ("nothing", "append", "ours"):
            with tempfile.TemporaryDirectory() as folder:
                module = ["bench.ours"] if name == "ours" else ["bench.peers", name]
                rate = measure([sys.executable, "-m", *module, folder], data, connections)
            base = base or rate.mails
            print(
                f"{connections:>11} {name:>10} {rate.mails:>9.0f} {rate.mails / base:>6.2f} "
                f"{rate.server_ms:>10.2f} {rate.client_ms:>10.2f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
