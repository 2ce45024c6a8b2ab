"""The whole intake path as a process of its own, on a throw-away clinic: doors, broker, record, runners."""

import asyncio
import json
import sys
from pathlib import Path

from messaging_server.app import wiring
from messaging_server.cli.founding import found
from messaging_server.settings import Settings


async def main(folder: Path) -> None:
    """Found, serve, print the port, stay."""
    settings = Settings.model_validate({
        "database": f"sqlite:///{folder}/clinic.sqlite3",
        "key_file": folder / "server.keys",
        "web": {"port": 0},
        "smtp": {"port": 0, "domain": "bench.invalid", "authserv_id": "bench.invalid"},
        "relay": {"tls": "none_loopback", "port": 1},
    })  # fmt: skip
    members = [{"first": "A", "last": "B", "role": "physician", "login": "ab", "phone": "514 555-0100"}]
    await found(settings, {"host": "127.0.0.1", "members": members})
    async with wiring.running(settings) as running:
        print(json.dumps({"smtp": running.smtp_port, "web": running.web_port}), flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
