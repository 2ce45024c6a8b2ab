"""The theft of a running server's memory: who broke in reads what passes, and nothing that nobody opens."""

import re
import shutil
import sys
from pathlib import Path

from keys.accounts import unlock
from tests.clinic.databases import missing
from tests.clinic.process import Premises, Server, free_settings
from tests.clinic.visitor import Visitor
from tests.journeys.faults.loot import Loot

SAID = ("body", "second message", "subject", "consent note", "closing note", "unreadable mail")
"""What Rose, who signs in, may not open."""
WRITABLE = re.compile(r"([0-9a-f]+)-([0-9a-f]+) rw")
ENCODINGS = ("utf-8", "utf-16-le", "utf-32-le")
"""Python's own strings are of one, two or four bytes a letter."""


def memory_of(process: int) -> bytes:
    """Everything that a process could have written to its memory (Linux, proc(5))."""
    found = bytearray()
    maps = Path(f"/proc/{process}/maps").read_text(encoding="utf-8")
    with Path(f"/proc/{process}/mem").open("rb") as memory:
        for begin, end in WRITABLE.findall(maps):
            try:
                memory.seek(int(begin, 16))
                found += memory.read(int(end, 16) - int(begin, 16))
            except OSError:
                continue
    return bytes(found)


async def test_the_memory_of_a_server_holds_nothing_that_nobody_opened(loot: Loot, tmp_path: Path) -> None:
    """Started anew, it holds its own keys, and no word and no key of those who do not sign in [SEC-01, SEC-04]."""
    if sys.platform != "linux":
        missing("no /proc on this machine")
    folder = shutil.copytree(loot.premises.folder, tmp_path / "clinic")
    again = Premises(folder=folder, settings=free_settings(folder), cast=loot.premises.cast)
    doctor, rose = loot.premises.one("Hélène"), loot.premises.one("Rose")
    with Server(premises=again) as server:
        async with Visitor.at(again) as browser:
            await browser.sign_in(rose)
            await browser.get("/inbox")
        memory = memory_of(server.pid)

    assert loot.keys.index in memory
    words = {name: loot.word(name) for name in SAID}
    assert [name for name, word in words.items() if any(word.encode(one) in memory for one in ENCODINGS)] == []
    row = loot.account(doctor)
    assert unlock(doctor.password, loot.keys.pepper, row.keys, row.id, row.clinic_id).seed not in memory
