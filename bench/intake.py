"""SMTP intake through the whole path, against two peers, one connection per message (DESIGN section 11).

Half of the mails come from enrolled patients who have agreed, half from strangers. The client is the same for all
three servers.
"""

import asyncio
import os
import tempfile
from pathlib import Path

from bench import clinic
from bench.load import Rate, head, rate, show
from bench.mails import author, mails
from bench.process import copied, fdatasyncs, server

CONNECTIONS = (1, 8, 32)
WARM = 20


async def deliver(port: int, data: bytes, number: int) -> None:
    """One connection, one mail, as a plain client does it."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        await _expect(reader, b"220")
        for command in (
            b"EHLO bench.invalid", b"MAIL FROM:<%s>" % author(number).encode(), b"RCPT TO:<messages@bench.invalid>",
        ):  # fmt: skip
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


def measure(module: tuple[str, ...], template: Path | None, data: list[bytes], connections: int) -> Rate:
    """Start a server on a fresh folder, warm it, load it, end it."""
    with copied(template) as folder, server(*module, str(folder)) as started:
        port = int(started.said["smtp"])

        async def send(number: int) -> None:
            await deliver(port, data[number], number)

        return asyncio.run(rate(send, started.pid, len(data) - WARM, connections, WARM))


def main() -> None:
    """Print the table."""
    count = int(os.environ.get("MAILS", "600"))
    only = os.environ.get("ONLY", "")
    data = mails(count + WARM)
    print(
        f"\nSMTP intake: {count} mails a cell, one connection each, median 4 KB, half of consenting patients, half of "
        f"strangers; fdatasync {fdatasyncs():.0f} a second"
    )
    head("mails/s")
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        template = Path(folder) / "founded"
        template.mkdir()
        clinic.found(template)
        for connections in CONNECTIONS:
            base = 0.0
            for name in only.split() or ("nothing", "append", "ours"):
                ours = name == "ours"
                module = ("bench.ours",) if ours else ("bench.peers", name)
                found = measure(module, template if ours else None, data, connections)
                base = base or found.each_second
                show(connections, name, found, base)


if __name__ == "__main__":
    main()
