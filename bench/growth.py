"""What opening the queue and the inbox costs over HTTP, as the clinic's past grows: the claim is that it does not.

The clinic has fifty patients throughout, so each one's own past grows with the clinic's; what waits stays the same.
"""

import asyncio
import os
import tempfile
import time
from pathlib import Path

from aiohttp import ClientSession, DummyCookieJar

from bench import clinic, filling
from bench.process import copied, cpu_of, percentile, server

SIZES = (1_000, 100_000)
MILLION = 1_000_000
ROUNDS, WARM = 100, 5
PAGES = (("queue", "physician", "/staff/queue/clinical"), ("inbox", "patient", "/inbox"))


async def _times(port: int, token: str, path: str) -> list[float]:
    """Milliseconds of each opening, after a few to warm up."""
    spent = []
    async with ClientSession(cookie_jar=DummyCookieJar(), headers={"Cookie": f"session={token}"}) as http:
        for _ in range(ROUNDS + WARM):
            started = time.perf_counter()
            async with http.get(f"http://127.0.0.1:{port}{path}", allow_redirects=False) as answer:
                page = await answer.text()
            spent.append(1000 * (time.perf_counter() - started))
            if answer.status != 200 or page.count("Question") + page.count("Patient") < clinic.PATIENTS // 2:
                raise RuntimeError(f"{path} was answered with {answer.status} and {len(page)} characters")
    return spent[WARM:]


def measure(folder: Path, stored: int, filled: float) -> None:
    """Serve a filled clinic without its runners and print a line for each page."""
    with server("bench.ours", str(folder), "quiet") as started:
        tokens, port = started.said["tokens"], int(started.said["web"])
        for name, role, path in PAGES:
            before = cpu_of(started.pid)
            spent = asyncio.run(_times(port, tokens[role][0], path))
            p50, p95 = percentile(spent, 0.5), percentile(spent, 0.95)
            cpu = 1000 * (cpu_of(started.pid) - before) / (ROUNDS + WARM)
            print(f"{stored:>11} {name:>10} {p50:>9.1f} {p95:>9.1f} {cpu:>10.1f} {filled:>9.1f}", flush=True)


def main() -> None:
    """Print the table."""
    sizes = (*SIZES, MILLION) if os.environ.get("FULL") else SIZES
    print(f"\nPages over HTTP, {ROUNDS} openings one after the other, milliseconds")
    print(f"{'exchanges':>11} {'page':>10} {'p50':>9} {'p95':>9} {'server ms':>10} {'filling s':>9}")
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        template = Path(folder) / "founded"
        template.mkdir()
        clinic.found(template)
        filling.receive(template)
        for size in sizes:
            with copied(template) as place:
                started = time.perf_counter()
                stored = filling.fill(place, size)
                measure(place, stored, time.perf_counter() - started)


if __name__ == "__main__":
    main()
