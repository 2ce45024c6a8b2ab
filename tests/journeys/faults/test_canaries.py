"""No word of anybody rests in clear: not in the database, its log, the server's output, a backup, a temporary file."""

import base64
import gzip
import quopri
import shutil
import sqlite3
import zlib
from collections.abc import Callable
from contextlib import AsyncExitStack, closing
from pathlib import Path
from string import ascii_lowercase

import pytest

from messaging_server.storage.accounts import AccountRole
from tests.clinic.process import Server, settle
from tests.journeys.faults.canaries import Canaries
from tests.journeys.faults.copying import back_up, copy_database, unpack
from tests.journeys.faults.forms import open_fields
from tests.journeys.faults.kept import messages
from tests.journeys.faults.living import live, outside
from tests.journeys.faults.seeking import files, sought_in, sought_in_files

WORD = "zqplanted canary"
SAID = ("body", "second message", "mail body", "text message")
READ = {"clinic.sqlite3", "clinic.sqlite3-wal", "server.log", "copy.sqlite3", "one.backup", "database.sqlite3"}


async def test_no_word_of_a_day_rests_in_clear(tmp_path: Path) -> None:
    """Every field of every form and door holds a word; no file holds one in any form, nor a backup [AUD-02, SEC-01].

    A backup is looked at as it lies and with what enough shares take out of it. The outside learns none of the words
    either: our mail names its addressee, and the mail that it answers [EOU-01, SEN-12].
    """
    premises, temporary, word = await settle(tmp_path / "clinic"), tmp_path / "temporary", Canaries()
    temporary.mkdir()
    copied = tmp_path / "copy"
    places = [premises.folder, temporary, copied]
    more = {"TMPDIR": str(temporary), "SQLITE_TMPDIR": str(temporary), "MESSAGING_SERVER_LOG_LEVEL": "debug"}
    async with AsyncExitStack() as stack:
        world = await outside(premises, stack)
        with Server(premises=premises, more=more) as server:
            await live(premises, word)
            shutil.copytree(premises.folder, copied)
            told = back_up(premises, copied / "one.backup", temporary)
            assert sought_in_files(places, word.words) == set()
            assert server.stop() == 0
        copy_database(premises.database, copied / "copy.sqlite3")
        left = sought_in(world.left(), "outside", word.words)
    unpack(copied / "one.backup", premises.cast.shares[:2], copied / "unpacked")

    assert sought_in_files(places, word.words) | sought_in(told.encode(), "said by the command", word.words) == set()
    assert world.postbox.mails
    assert {found.word for found in left} <= {"stranger", "mail id", "address"}
    assert {path.name for path in files(places)} >= READ
    assert open_fields() - word.carried == set()
    opened = await messages(premises.database, premises.cast.staff[AccountRole.PHYSICIAN])
    assert {one for one in SAID if any(word(one) in kept.text for kept in opened)} == set(SAID)


def _inside(text: bytes) -> bytes:
    return b"before it; " * 40 + text + b"; after it" * 40


PLANTED: dict[str, Callable[[str], bytes]] = {
    "UTF-8": lambda word: _inside(word.encode()),
    "capitals": lambda word: _inside(word.upper().encode()),
    "UTF-16, little end first": lambda word: _inside(word.encode("utf-16-le")),
    "UTF-16, big end first": lambda word: b"x" + word.encode("utf-16-be"),
    "base64": lambda word: base64.b64encode(_inside(word.encode())),
    "base64, one byte on": lambda word: base64.b64encode(b"x" + _inside(word.encode())),
    "base64, two bytes on": lambda word: base64.b64encode(b"xx" + _inside(word.encode())),
    "base64 in lines": lambda word: base64.encodebytes(_inside(word.encode())),
    "base64 for addresses": lambda word: base64.urlsafe_b64encode(_inside(word.encode())),
    "base64 of UTF-16": lambda word: base64.b64encode(_inside(word.encode("utf-16-le"))),
    "quoted-printable": lambda word: quopri.encodestring(b"\xc3\xa9" * 20 + word.encode() * 9),
    "quoted-printable throughout": lambda word: "".join(f"={byte:02X}" for byte in word.encode()).encode(),
    "hexadecimal": lambda word: _inside(word.encode()).hex().encode(),
    "hexadecimal in capitals": lambda word: _inside(word.encode()).hex().upper().encode(),
    "zlib": lambda word: b"page" + zlib.compress(_inside(word.encode())) + b"page",
    "gzip": lambda word: b"page" + gzip.compress(_inside(word.encode())) + b"page",
    "zlib within gzip": lambda word: gzip.compress(_inside(zlib.compress(_inside(word.encode())))),
    "base64 within zlib": lambda word: zlib.compress(base64.b64encode(_inside(word.encode()))),
    "a cut stream": lambda word: zlib.compress(_inside(word.encode()) + bytes(range(256)) * 90)[:-20],
}


@pytest.mark.parametrize("form", PLANTED)
def test_the_search_finds_a_word_planted_in_a_file(form: str, tmp_path: Path) -> None:
    """A search that misses a form would prove nothing: each form is found in a file of any name [SEC-01]."""
    (tmp_path / "some.tmp").write_bytes(PLANTED[form](WORD))

    assert {found.word for found in sought_in_files([tmp_path], {"planted": WORD, "absent": "zqabsent"})} == {"planted"}


@pytest.mark.parametrize("form", PLANTED)
def test_the_search_finds_a_word_planted_in_a_table(form: str, tmp_path: Path) -> None:
    """A long value is cut by the database's pages, and is found all the same [SEC-01]."""
    with closing(sqlite3.connect(tmp_path / "some.sqlite3")) as connection, connection:
        connection.execute("CREATE TABLE kept (number INTEGER, value BLOB)")
        connection.execute("INSERT INTO kept VALUES (1, ?)", (b"-" * 4050 + PLANTED[form](WORD) + b"-" * 9000,))

    found = sought_in_files([tmp_path], {"planted": WORD, "absent": "zqabsent"})
    assert ("planted", "some.sqlite3: kept") in {(one.word, one.where) for one in found}
    assert {one.word for one in found} == {"planted"}


async def test_the_search_finds_words_planted_in_a_backup(tmp_path: Path) -> None:
    """A backup that the command made of a spoilt database is opened, and each form is found in it [SEC-01, SEC-16]."""
    premises, word, backup = await settle(tmp_path / "clinic"), Canaries(), tmp_path / "one.backup"
    letters = dict(zip(PLANTED, ascii_lowercase, strict=False))
    words = {form: word(f"planted {letters[form]}") for form in PLANTED}
    with closing(sqlite3.connect(premises.database)) as connection, connection:
        connection.execute("CREATE TABLE kept (value BLOB)")
        connection.executemany("INSERT INTO kept VALUES (?)", [(PLANTED[form](words[form]),) for form in PLANTED])
    back_up(premises, backup, tmp_path)
    inside = unpack(backup, premises.cast.shares[:2], tmp_path / "unpacked")

    assert sought_in(backup.read_bytes(), "backup", words) == set()
    found = sought_in_files([inside], words)
    assert {one.word for one in found if one.where == "database.sqlite3: kept"} == set(PLANTED)
