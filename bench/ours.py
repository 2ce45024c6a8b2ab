"""The whole server as a process of its own, on a founded throw-away clinic: doors, broker, record, runners.

`quiet` as second word starts no runner: the pages alone are measured.
"""

import asyncio
import json
import sys
from pathlib import Path

from bench.clinic import begin_sessions, settings_of
from messaging_server.app import wiring


async def main(folder: Path, *, quiet: bool) -> None:
    """Serve, print the ports and the sessions' tokens, stay."""
    async with wiring.running(settings_of(folder), by_itself=not quiet) as running:
        tokens = await begin_sessions(running.means, folder)
        print(json.dumps({"smtp": running.smtp_port, "web": running.web_port, "tokens": tokens}), flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), quiet="quiet" in sys.argv[2:]))
