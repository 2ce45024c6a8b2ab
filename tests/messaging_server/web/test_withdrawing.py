"""A consent taken back through staff, over the real pages."""

from html import unescape

import pytest

from consent.ending import agreed
from consent.model import Act, Category, Channel, ConsentEvent, Method, Scope
from messaging_server.storage import consents
from messaging_server.storage.accounts import AccountRole
from tests.clinic.pages import Browser, Pages
from tests.clinic.world import World

EVERYTHING = {"channel": "all", "category": "all", "method": "verbal", "note": ""}


async def register(world: World) -> tuple[ConsentEvent, ...]:
    """Every act of the patient."""
    return await world.means.database.read(lambda c: consents.consents_of(c, world.rose.person))


async def desk(pages: Pages) -> tuple[Browser, str]:
    """The front desk's browser, and the page on which it records a withdrawal; the patient agreed to everything."""
    await pages.world.consent()
    pages.world.later(minutes=1)
    path = f"/staff/people/{pages.world.rose.person}/withdrawal"
    return await pages.browser(pages.world.staff(AccountRole.RECEPTION)), path


async def test_everything_is_taken_back_in_a_word(pages: Pages) -> None:
    """No note is asked, the register says who heard it and how, and the patient finds the receipt [CON-13, CON-15]."""
    world, (browser, path) = pages.world, await desk(pages)
    status, _ = await browser.post(path, EVERYTHING)
    last = (await register(world))[-1]
    world.later(seconds=1)
    _, inbox = await (await pages.browser(world.rose)).get("/inbox")

    assert status == 200
    assert (last.act, last.method, last.obtained_by) == (
        Act.WITHDRAWN, Method.VERBAL, world.staff(AccountRole.RECEPTION).account,
    )  # fmt: skip
    assert not agreed(await register(world), world.now)
    assert "Votre retrait est enregistré" in unescape(inbox)


async def test_a_part_is_taken_back_in_writing(pages: Pages) -> None:
    """One kind of content on one way, by letter, with a note beside it [CON-10, CON-13]."""
    world, (browser, path) = pages.world, await desk(pages)
    form = {"channel": "email", "category": "broadcast", "method": "signed_form", "note": "Lettre reçue ce matin."}
    await browser.post(path, form)
    last = (await register(world))[-1]

    assert (last.scope, last.method, last.has_note) == (
        frozenset({Scope(Channel.EMAIL, Category.BROADCAST)}), Method.SIGNED_FORM, True,
    )  # fmt: skip


@pytest.mark.parametrize("missing", ["channel", "category", "method"])
async def test_nothing_is_taken_back_by_silence(pages: Pages, missing: str) -> None:
    """An answer that is missing leads back to its field, with the note as it was typed [ACC-05, CON-13]."""
    world, (browser, path) = pages.world, await desk(pages)
    status, page = await browser.post(path, EVERYTHING | {missing: "", "note": "Au téléphone, à 10 h."})

    assert status == 422
    assert f'id="{missing}-error"' in page
    assert "Au téléphone, à 10 h." in unescape(page)
    assert len(await register(world)) == 1


async def test_a_second_click_takes_nothing_back_twice(pages: Pages) -> None:
    """What is no longer in force is not withdrawn again, and its page says that there is nothing [CON-15]."""
    world, (browser, path) = pages.world, await desk(pages)
    _, page = await browser.get(path)
    await browser.post(path, EVERYTHING)
    await browser.post(path, EVERYTHING, page="/staff/people")
    _, after = await browser.get(path)

    assert [act.act for act in await register(world)] == [Act.ACCEPTED, Act.WITHDRAWN]
    assert '<form method="post" action="/staff/people/' in page
    assert '<form method="post" action="/staff/people/' not in after
