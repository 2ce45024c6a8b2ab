"""What the audit keeps of looks and refusals."""

import pytest
from sqlalchemy import select

from messaging_server.storage import tables
from messaging_server.storage.accounts import AccountRole
from messaging_server.storage.database import Connection
from tests.clinic.pages import Pages
from tests.clinic.trespass import SECRETS, things_of
from tests.clinic.world import World


async def audited(world: World) -> list[tuple[object, str, object, str]]:
    """The newest lines of the audit, oldest first: who, what, about what, with which result."""
    a = tables.audit.c

    def query(connection: Connection) -> list[tuple[object, str, object, str]]:
        found = connection.execute(select(a.actor_id, a.action, a.object_id, a.result).order_by(a.at, a.id))
        return [tuple(row) for row in found]

    return await world.means.database.read(query)


async def test_opening_a_patient_s_particulars_is_written_down(pages: Pages) -> None:
    """Who looked at whose page, without a word of it [AUD-01, AUD-02]."""
    world, person = pages.world, pages.world.rose.person
    browser = await pages.browser(world.staff(AccountRole.RECEPTION))
    await browser.get(f"/staff/people/{person}")
    await browser.get(f"/staff/people/{person}/consent")
    lines = await audited(world)

    assert lines[-2:] == [(world.staff(AccountRole.RECEPTION).account, "person", person, "opened")] * 2
    assert [word for word in SECRETS if word in repr(lines)] == []


@pytest.mark.parametrize(
    ("role", "path", "result"),
    [
        (AccountRole.RECEPTION, "/staff/items/{task}", "forbidden"),
        (AccountRole.ADMINISTRATOR, "/staff/items/{task}", "not_found"),
        (AccountRole.PHYSICIAN, "/threads/{thread}", "not_found"),
    ],
)
async def test_a_door_that_stayed_shut_is_written_down(
    pages: Pages, role: AccountRole, path: str, result: str
) -> None:
    """A failed try on a patient's things is logged with who, what and how it ended [AUD-01, AUD-08]."""
    things, who = await things_of(pages.world), pages.world.staff(role)
    browser = await pages.browser(who)
    await browser.get(things.paths(path))
    about = things.task if "task" in path else things.thread

    assert (await audited(pages.world))[-1] == (who.account, f"GET {path}", about, result)


async def test_a_stranger_writes_nothing_into_the_audit_by_wandering(pages: Pages) -> None:
    """Whoever is not signed in cannot fill the log with addresses that do not exist [SEC-13]."""
    before = await audited(pages.world)
    browser = await pages.browser()
    for path in ("/nowhere", "/staff/items/x", "/threads/00000000-0000-0000-0000-000000000000"):
        await browser.get(path)

    assert await audited(pages.world) == before
