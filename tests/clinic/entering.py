"""What tests of the door need: sign-in names, passwords sent as a person sends them, second factors."""

from dataclasses import dataclass
from uuid import UUID

from keys import totp
from messaging_server.broker import directory
from messaging_server.record.reading import Reader
from messaging_server.storage import accounts, consents, people
from messaging_server.storage.accounts import AccountRow
from messaging_server.web.second_factor import seal_seed
from tests.clinic.pages import Browser
from tests.clinic.world import PASSWORD, World


@dataclass(frozen=True, slots=True)
class Answer:
    """What a browser got: the status, where it was sent, the text."""

    status: int
    to: str
    text: str


async def send(browser: Browser, path: str, data: dict[str, str], page: str | None = None) -> Answer:
    """Send a form with its token, without following where it leads."""
    _, text = await browser.get(page or "/worried")
    token = text.split('name="csrf" value="', 1)[1].split('"', 1)[0]
    answer = await browser.client.post(path, data={"csrf": token} | data, allow_redirects=False)
    return Answer(answer.status, answer.headers.get("Location", ""), await answer.text())


async def login_of(world: World, who: Reader) -> str:
    """The sign-in name that is on somebody's letter."""
    row = await world.means.database.read(lambda c: people.person(c, who.clinic, who.person))
    assert row is not None
    return directory.open_profile(world.means.keys, row).login


async def account_of(world: World, who: Reader) -> AccountRow:
    """Somebody's account as it is now."""
    row = await world.means.database.read(lambda c: accounts.account(c, who.clinic, who.account))
    assert row is not None
    return row


async def give_second_factor(world: World, who: Reader) -> bytes:
    """Set up a second factor behind the pages' back; gives the seed."""
    seed = totp.new_seed()
    sealed = seal_seed(world.means.keys, who.clinic, who.account, seed)
    await world.means.database.write(lambda c: accounts.change_account(c, who.account, sealed_totp=sealed))
    return seed


async def sign_in(browser: Browser, login: str, password: str = PASSWORD, **more: str) -> Answer:
    """Send the first step of a sign-in."""
    return await send(browser, "/sign-in", {"login": login, "password": password} | more, "/worried")


async def acts_of(world: World, person: UUID) -> list[str]:
    """The acts of somebody's consent register."""
    found = await world.means.database.read(lambda c: consents.consents_of(c, person))
    return [act.act.value for act in found]

