"""What a thief finds: the files of a clinic whose server was killed in the middle of its day."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

from keys import server
from keys.accounts import unlock
from keys.server import ServerKeys
from messaging_server.broker import directory
from messaging_server.demo.people import Ready
from messaging_server.storage import accounts
from messaging_server.storage.accounts import AccountRow
from tests.clinic.process import Premises, Server, settle
from tests.journeys.faults.canaries import Canaries
from tests.journeys.faults.copying import back_up
from tests.journeys.faults.living import live
from tests.journeys.faults.locks import locks, locks_of_backup
from tests.journeys.faults.thief import WORDS, Opened, break_in, secrets_in, stolen


@dataclass(frozen=True, slots=True, kw_only=True)
class Loot:
    """The files of a clinic whose server was killed in the middle of its day, and the words that were said."""

    premises: Premises
    word: Canaries
    backup: Path
    """Made by the command while the server ran."""

    @property
    def key_file(self) -> bytes:
        """The server's own keys, as they lie on the disk."""
        return self.premises.settings.key_file.read_bytes()

    @property
    def keys(self) -> ServerKeys:
        """The same, read."""
        return server.load(self.key_file)

    def account(self, one: Ready) -> AccountRow:
        """Somebody's account, found by the sign-in name."""
        clinic = self.premises.cast.clinic.id
        with stolen(self.premises.database) as connection:
            login = directory.login_fingerprint(self.keys, clinic, one.login)
            found = accounts.account_by_login(connection, clinic, login)
        assert found is not None
        return found

    def open(self, *secrets: bytes) -> list[Opened]:
        """Break in with some secrets and those of the key file."""
        with stolen(self.premises.database) as connection:
            return break_in(locks(connection), {*secrets, *secrets_in(self.key_file)})

    def open_with_password(self, one: Ready) -> list[Opened]:
        """Guess somebody's password, and go on from there."""
        row = self.account(one)
        return self.open(unlock(one.password, self.keys.pepper, row.keys, row.id, row.clinic_id).seed)

    def open_only_backup(self, *secrets: bytes) -> list[Opened]:
        """Break into the backup with these secrets alone."""
        return break_in(locks_of_backup(self.backup), secrets)

    def open_backup(self, *secrets: bytes) -> list[Opened]:
        """Break into the backup and the database together, with some secrets and those of the key file."""
        with stolen(self.premises.database) as connection:
            sealed = [*locks_of_backup(self.backup), *locks(connection)]
        return break_in(sealed, {*secrets, *secrets_in(self.key_file)})


def lived(folder: Path) -> Loot:
    """A day, and its end in the middle of it: sessions are live, notices wait to leave, the log holds pages."""
    word, backup = Canaries(), folder / "one.backup"
    return Loot(premises=asyncio.run(_day(folder / "clinic", word, backup)), word=word, backup=backup)


async def _day(folder: Path, word: Canaries, backup: Path) -> Premises:
    premises = await settle(folder)
    with Server(premises=premises):
        await live(premises, word)
        back_up(premises, backup, backup.parent)
    return premises


def said(opened: list[Opened]) -> bytes:
    """All the words that were opened."""
    return b"\n".join(one.inside for one in opened if one.kind in WORDS)
