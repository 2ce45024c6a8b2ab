"""Who has read my messages: each opening once, in a sentence, and nothing that is not the patient's to see."""

import re
from html import unescape
from uuid import UUID

from messaging_server.broker import admission
from messaging_server.record.reading import open_thread
from messaging_server.storage.accounts import AccountRole
from messaging_server.web.readers import READINGS
from tests.clinic.answering import answer
from tests.clinic.pages import Browser, Pages
from tests.clinic.world import ROSE, World

QUESTION = "Bonjour, puis-je prendre mon sirop avec mes vitamines ?"


async def look(browser: Browser, path: str = "/readers") -> str:
    """The text of a page that is there."""
    status, page = await browser.get(path)
    assert status == 200
    return unescape(page)


async def opened_by(world: World, role: AccountRole, thread: UUID | None, seconds: int = 60) -> None:
    """Somebody of the team opens a thread, a minute later."""
    assert thread is not None
    world.later(seconds=seconds)
    await open_thread(world.means.database, world.staff(role), thread, world.now)


async def test_nobody_has_read_anything_yet(pages: Pages) -> None:
    """Without an opening the page explains itself [TRN-01]."""
    assert 'class="empty"' in await look(await pages.browser(pages.world.rose))


async def test_an_opening_names_the_reader_the_profession_and_the_time(pages: Pages) -> None:
    """The patient sees who opened which message and when, in clinic time [TRN-01, REC-13]."""
    world = pages.world
    await world.consent()
    receipt = await world.write(QUESTION)
    await opened_by(world, AccountRole.NURSE, receipt.thread)
    page = await look(await pages.browser(world.rose))

    assert "Marc Ouellet, Infirmier clinicien, a ouvert votre message" in page
    assert "10\N{NO-BREAK SPACE}h\N{NO-BREAK SPACE}01" in page
    assert page.count("a ouvert") == 1


async def test_ones_own_openings_are_told_apart(pages: Pages) -> None:
    """What the patient opened is said as such, and is on the list too [TRN-01]."""
    world = pages.world
    await world.consent()
    receipt = await world.write(QUESTION)
    rose = await pages.browser(world.rose)
    await look(rose, f"/threads/{receipt.thread}")
    page = await look(rose)

    assert "Vous avez ouvert" in page
    assert "Rose Lavigne," not in page


async def test_the_newest_opening_comes_first_and_a_conversation_can_be_looked_at_alone(pages: Pages) -> None:
    """Openings stand newest first; one conversation's own list holds no other's [TRN-01]."""
    world = pages.world
    await world.consent()
    one, other = await world.write(QUESTION), await world.write("Autre chose, merci.")
    await opened_by(world, AccountRole.NURSE, one.thread)
    await opened_by(world, AccountRole.PHYSICIAN, other.thread)
    rose = await pages.browser(world.rose)
    both, alone = await look(rose), await look(rose, f"/readers?thread={one.thread}")

    assert both.index("Hélène Marchand") < both.index("Marc Ouellet")
    assert "Hélène Marchand" not in alone
    assert "Marc Ouellet" in alone


async def test_a_long_list_comes_page_by_page(pages: Pages) -> None:
    """Every opening is on exactly one page [TRN-01]."""
    world = pages.world
    await world.consent()
    receipt = await world.write(QUESTION)
    for _ in range(READINGS + 2):
        await opened_by(world, AccountRole.NURSE, receipt.thread)
    rose = await pages.browser(world.rose)
    first = await look(rose)
    found = re.search(r'href="(/readers\?before=\d+)"', first)
    assert found
    second = await look(rose, found[1])

    assert (first.count("a ouvert"), second.count("a ouvert")) == (READINGS, 2)


async def test_a_reply_on_its_way_is_not_betrayed_by_who_looked_at_it(pages: Pages) -> None:
    """An opening before the reply can be seen speaks of what the patient could see then [EOU-16, REC-16]."""
    world = pages.world
    await world.consent()
    receipt = await world.write(QUESTION)
    await answer(world, receipt.thread)
    await opened_by(world, AccountRole.NURSE, receipt.thread, seconds=10)
    page = await look(await pages.browser(world.rose))

    assert "Marc Ouellet, Infirmier clinicien, a ouvert votre message" in page
    assert "de la clinique" not in page[page.index("<main") : page.index("</main>")]


async def test_openings_stay_ones_own_after_a_forgotten_password(pages: Pages) -> None:
    """A new account of the same person is still the same reader [IDN-08, TRN-01]."""
    world = pages.world
    await world.consent()
    receipt = await world.write(QUESTION)
    await look(await pages.browser(world.rose), f"/threads/{receipt.thread}")
    issued = await admission.new_code(
        world.means, world.clinic, world.staff(AccountRole.NURSE), world.rose.person, world.now
    )
    again = await world.sign_in_first(issued, ROSE.birth_date)
    page = await look(await pages.browser(again))

    assert "Vous avez ouvert" in page


async def test_an_odd_address_shows_the_whole_list(pages: Pages) -> None:
    """What is no place in the list is no error either."""
    rose = await pages.browser(pages.world.rose)
    for query in ("before=-1", "before=x", "before=" + "9" * 40, "thread=x", "before=²"):
        await look(rose, f"/readers?{query}")
