"""A text with pictures: none is fetched from an address that a webhook names, and nobody takes them for received."""

from html import unescape

import pytest

from messaging_server.record import reading
from messaging_server.storage.accounts import AccountRole
from tests.clinic.answering import waiting
from tests.clinic.pages import Pages


@pytest.mark.parametrize("text", ["Voici ma rougeur, depuis hier.", ""])
async def test_everybody_sees_how_many_pictures_are_missing(pages: Pages, text: str) -> None:
    """Staff on the item, the patient in the conversation and in the automatic answer [SMS-04]."""
    world = pages.world
    await world.consent()
    receipt = await world.text(text, defects=("media:2",))
    task = await waiting(world, receipt.thread)
    assert receipt.thread
    nurse = await pages.browser(world.staff(AccountRole.PHYSICIAN))
    rose = await pages.browser(world.rose)
    _, item = await nurse.get(f"/staff/items/{task.id}")
    _, thread = await rose.get(f"/threads/{receipt.thread}")
    opened = await reading.open_thread(world.means.database, world.rose, receipt.thread, world.now)
    told = [one.content.text for one in opened.exchanges if one.row.automatic]

    assert "2 images étaient jointes à ce texto" in unescape(item)
    assert "Images non reçues" in unescape(item)
    assert "2 images étaient jointes à ce texto" in unescape(thread)
    assert len(told) == 1
    assert "renvoyez-les" in told[0] or "Votre texto annonçait 2 images" in told[0]


async def test_a_text_without_pictures_says_nothing_of_them(pages: Pages) -> None:
    """An ordinary text has no such mark [SMS-04]."""
    world = pages.world
    await world.consent()
    receipt = await world.text("Bonjour, merci.")
    rose = await pages.browser(world.rose)
    _, thread = await rose.get(f"/threads/{receipt.thread}")

    assert "jointes à ce texto" not in unescape(thread)
