"""Durable sends by the web: signed-in patients post the form; a bare aiohttp answers the same bytes beside it."""

import asyncio
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from aiohttp import ClientSession, DummyCookieJar, TCPConnector

from bench import clinic
from bench.load import Rate, head, rate, show
from bench.mails import words
from bench.process import copied, fdatasyncs, server
from messaging_server.web.sessions import csrf_of

CONNECTIONS = (1, 8, 32)
WARM = 20
LETTERS = 1_000


async def _measure(port: int, pid: int, tokens: Sequence[str], texts: Sequence[str], connections: int) -> Rate:
    connector = TCPConnector(limit=connections)
    async with ClientSession(connector=connector, cookie_jar=DummyCookieJar()) as http:

        async def send(number: int) -> None:
            token = tokens[number % len(tokens)]
            form = {
                "csrf": csrf_of(token), "form_id": f"form-{number}", "reason": "question", "subject": "Question",
                "message": texts[number],
            }  # fmt: skip
            async with http.post(
                f"http://127.0.0.1:{port}/write/message", data=form, headers={"Cookie": f"session={token}"},
                allow_redirects=False,
            ) as answer:  # fmt: skip
                await answer.read()
                if answer.status != 303 or not answer.headers["Location"].startswith("/sent/"):
                    raise RuntimeError(f"the form was answered with {answer.status}")

        return await rate(send, pid, len(texts) - WARM, connections, WARM)


def measure(template: Path | None, texts: Sequence[str], connections: int) -> Rate:
    """Start a server on a fresh folder, warm it, load it, end it."""
    with copied(template) as folder:
        module = ("bench.ours", str(folder)) if template else ("bench.answerer",)
        with server(*module) as started:
            tokens = started.said.get("tokens", {}).get("patient") or ["nobody"]
            return asyncio.run(_measure(int(started.said["web"]), started.pid, tokens, texts, connections))


def main() -> None:
    """Print the table."""
    count = int(os.environ.get("SENDS", "600"))
    texts = [words(LETTERS, number) for number in range(count + WARM)]
    print(
        f"\nWeb sends: {count} forms of {LETTERS} characters a cell by 50 signed-in patients, connections kept; "
        f"fdatasync {fdatasyncs():.0f} a second"
    )
    head("sends/s")
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        template = Path(folder) / "founded"
        template.mkdir()
        clinic.found(template)
        for connections in CONNECTIONS:
            base = 0.0
            for name, place in (("bare", None), ("ours", template)):
                found = measure(place, texts, connections)
                base = base or found.each_second
                show(connections, name, found, base)


if __name__ == "__main__":
    main()
