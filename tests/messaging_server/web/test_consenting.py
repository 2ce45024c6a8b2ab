"""The consent pages: every text with its own yes and no, nothing agreed by silence, everything recorded at the end."""

import re
from html import unescape

from consent.model import Category, Channel, Scope
from consent.register import standing
from messaging_server.storage import consents
from messaging_server.storage.accounts import AccountRole
from tests.clinic.entering import Answer, acts_of, login_of, send, sign_in
from tests.clinic.pages import Browser, Pages
from tests.clinic.world import World

PATH = "/activate/consent"
BLOCKS = ("intended_use", "texts", "risks", "procedure", "access", "retention", "content_kinds")
CARRIED = re.compile(r'type="hidden" name="([^"]+)" value="([^"]*)"')


def carried(page: str) -> dict[str, str]:
    """The hidden fields of a page's own form: what a browser would send back."""
    form = page.partition("<main")[2]
    return {name: unescape(value) for name, value in CARRIED.findall(form) if name != "csrf"}


async def press(browser: Browser, page: str, **said: str) -> Answer:
    """Press a button of a consent page."""
    return await send(browser, PATH, carried(page) | said)


async def walk(browser: Browser, **said: str) -> str:
    """Answer the seven texts, with yes unless told otherwise; the page after them."""
    _, page = await browser.get(PATH)
    for block in BLOCKS:
        assert carried(page)["block"] == block
        page = (await press(browser, page, answer=said.get(block, "accept"))).text
    return page


def choose(channel: str, answer: str) -> dict[str, str]:
    """The same answer for every kind of content on a channel."""
    return {f"consent.{channel}.{category}": answer for category in Category}


async def in_force(world: World) -> frozenset[Scope]:
    """What the patient agreed to."""
    acts = await world.means.database.read(lambda c: consents.consents_of(c, world.rose.person))
    now = standing(acts, world.now)
    return frozenset(Scope(channel, category) for channel in Channel for category in now.agreed(channel))


async def entering(pages: Pages) -> Browser:
    """Rose at her first sign-in, before the texts."""
    browser = await pages.browser()
    await sign_in(browser, await login_of(pages.world, pages.world.rose))
    return browser


async def test_seven_texts_choices_and_a_summary_become_one_consent(pages: Pages) -> None:
    """Each text is answered by itself, then the choices; what is kept is what the summary showed [CON-05, CON-10]."""
    browser = await entering(pages)
    page = await walk(browser)
    chosen = choose("web", "accept") | choose("email", "refuse") | {"consent.email.appointments": "accept"}
    summary = (await send(browser, PATH, carried(page) | chosen)).text

    done = await press(browser, summary, answer="accept")

    assert done.to == "/activate/consent/copy"
    web = {Scope(Channel.WEB, category) for category in Category}
    assert await in_force(pages.world) == web | {Scope(Channel.EMAIL, Category.APPOINTMENTS)}
    assert sorted(await acts_of(pages.world, pages.world.rose.person)) == ["accepted", "informed", "refused"]


async def test_nothing_is_chosen_beforehand(pages: Pages) -> None:
    """No box is ticked, and yes and no weigh the same [CON-16]."""
    page = await walk(await entering(pages))

    assert 'type="radio"' in page
    assert "checked" not in page.partition("<main")[2]


async def test_texts_stay_off_unless_chosen(pages: Pages) -> None:
    """Whoever says nothing about texts gets none; e-mail and web enable none [CON-12]."""
    browser = await entering(pages)
    page = await walk(browser)
    summary = (await send(browser, PATH, carried(page) | choose("web", "accept") | choose("email", "accept"))).text
    await press(browser, summary, answer="accept")

    assert {cell.channel for cell in await in_force(pages.world)} == {Channel.WEB, Channel.EMAIL}


async def test_refusing_the_text_on_texts_refuses_texts_and_nothing_else(pages: Pages) -> None:
    """The choices then do not ask about them, and no forged field agrees to them [CON-12]."""
    browser = await entering(pages)
    page = await walk(browser, texts="refuse")
    assert "consent.sms.appointments" not in page
    forged = choose("web", "accept") | choose("email", "refuse") | choose("sms", "accept")
    summary = (await send(browser, PATH, carried(page) | forged)).text
    await press(browser, summary, answer="accept")

    assert {cell.channel for cell in await in_force(pages.world)} == {Channel.WEB}


async def test_a_choice_left_open_is_asked_for_and_the_others_are_kept(pages: Pages) -> None:
    """A forgotten line leads to its field; what was chosen stays chosen [ACC-05, CON-16]."""
    browser = await entering(pages)
    page = await walk(browser)
    some = choose("web", "accept") | {"consent.email.appointments": "refuse"}

    answer = await send(browser, PATH, carried(page) | some)

    assert answer.status == 422
    assert 'href="#consent.email.general_advice"' in answer.text
    assert answer.text.count(" checked") == len(some)
    assert await acts_of(pages.world, pages.world.rose.person) == []


async def test_refusing_a_text_refuses_everything_and_still_opens_the_inbox(pages: Pages) -> None:
    """No is an answer: it is recorded, asked for no more, and the inbox is there [CON-16]."""
    browser = await entering(pages)
    _, page = await browser.get(PATH)
    summary = (await press(browser, page, answer="refuse")).text

    await press(browser, summary, answer="accept")

    assert await acts_of(pages.world, pages.world.rose.person) == ["refused"]
    assert (await browser.get("/inbox"))[0] == 200
    assert (await sign_in(await pages.browser(), await login_of(pages.world, pages.world.rose))).to == "/inbox"


async def test_nothing_is_recorded_before_the_last_yes(pages: Pages) -> None:
    """Seven answers and every choice are still nothing; the summary can be changed [CON-16]."""
    browser = await entering(pages)
    page = await walk(browser)
    summary = (await send(browser, PATH, carried(page) | choose("web", "accept") | choose("email", "accept"))).text

    again = await press(browser, summary, answer="change")

    assert await acts_of(pages.world, pages.world.rose.person) == []
    assert again.text.count(" checked") == 2 * len(Category)


async def test_the_summary_does_not_skip_a_text(pages: Pages) -> None:
    """A forged last form without the seven answers leads back to the first one missing [CON-05]."""
    browser = await entering(pages)
    _, page = await browser.get(PATH)

    forged = await send(
        browser, PATH, carried(page) | {"block": "summary", "answer": "accept"} | choose("web", "accept")
    )

    assert carried(forged.text)["block"] == BLOCKS[0]
    assert await acts_of(pages.world, pages.world.rose.person) == []


async def test_a_text_that_changed_meanwhile_is_read_anew(pages: Pages) -> None:
    """Nobody agrees to a text that is no more in force [CON-07]."""
    browser = await entering(pages)
    _, page = await browser.get(PATH)

    answer = await send(browser, PATH, carried(page) | {"text_version": "99", "answer": "accept"})

    assert (answer.status, answer.to) == (303, PATH)


async def test_the_risks_of_each_way_have_their_own_text(pages: Pages) -> None:
    """The third text speaks of the inbox, of e-mail and of texts apart [CON-06]."""
    browser = await entering(pages)
    _, page = await browser.get(PATH)
    for _ in range(2):
        page = (await press(browser, page, answer="accept")).text

    assert carried(page)["block"] == "risks"
    assert page.partition('class="prose"')[2].partition("<form")[0].count("<h2>") == len(Channel)


async def test_a_mind_is_changed_on_the_same_pages(pages: Pages) -> None:
    """Somebody signed in reads the texts again and replaces what was in force [CON-13]."""
    world = pages.world
    await world.consent()
    world.later(minutes=5)
    browser = await pages.browser(world.rose)
    page = await walk(browser)
    summary = (await send(browser, PATH, carried(page) | choose("web", "accept") | choose("email", "refuse"))).text

    done = await press(browser, summary, answer="accept")

    assert done.to == "/activate/consent/copy"
    assert await in_force(world) == {Scope(Channel.WEB, category) for category in Category}


async def test_the_copy_to_keep_shows_what_is_in_force(pages: Pages) -> None:
    """After the last yes there is a page to print, with the texts that were read [CON-15]."""
    await pages.world.consent()
    browser = await pages.browser(pages.world.rose, language="en")

    status, page = await browser.get("/activate/consent/copy")

    assert status == 200
    assert "Consent recorded." in page
    assert page.count("<details>") == len(BLOCKS)


async def test_staff_have_no_consent_to_give_here(pages: Pages) -> None:
    """The pages of consent are the patient's own [IDN-22]."""
    browser = await pages.browser(pages.world.staff(AccountRole.NURSE))

    assert (await browser.get(PATH))[0] == 404
    assert (await browser.get("/activate/consent/copy"))[0] == 404
