"""The two peers of the mail intake: an aiosmtpd that does nothing, and one that appends and syncs in groups.

Each prints its port as a JSON object on its first line.
"""

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP


class Nothing:
    """Says yes and forgets."""

    async def handle_DATA(self, _server: Any, _session: Any, _envelope: Any) -> str:  # noqa: N802  # aiosmtpd's name
        """Answer at once."""
        return "250 OK"


class Append:
    """Appends each mail to one file; the mails that wait share one fdatasync."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self._waiting: list[tuple[bytes, asyncio.Future[None]]] = []
        self._busy = False

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802  # aiosmtpd's name
        """Answer after the sync."""
        done = asyncio.get_running_loop().create_future()
        self._waiting.append((envelope.content, done))
        if not self._busy:
            self._busy = True
            asyncio.get_running_loop().create_task(self._flush())  # it ends by itself
        await done
        return "250 OK"

    async def _flush(self) -> None:
        while self._waiting:
            group, self._waiting = self._waiting, []
            await asyncio.to_thread(self._write, b"".join(data for data, _ in group))
            for _, done in group:
                done.set_result(None)
        self._busy = False

    def _write(self, data: bytes) -> None:
        os.write(self._file, data)
        os.fdatasync(self._file)


async def serve(kind: str, folder: Path) -> None:
    """Serve mail on a free loopback port."""
    handler: Any = Nothing() if kind == "nothing" else Append(folder / "mails")
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(handler, loop=loop), "127.0.0.1", 0)
    print(json.dumps({"smtp": server.sockets[0].getsockname()[1]}), flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], Path(sys.argv[2])))
