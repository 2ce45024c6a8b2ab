"""The report on the screening: a page and a file, for those who lead the clinic."""

from html import unescape

import pytest

from messaging_server.broker import worklist
from messaging_server.storage.accounts import AccountRole
from messaging_server.texts import Language
from tests.clinic.answering import waiting
from tests.clinic.pages import Browser, Pages
from tests.clinic.world import TEXTS
from tests.messaging_server.broker.test_tallying import say

SAD = "Bonjour, je suis en dépression depuis le printemps."
GRAVE = "Je veux mourir, je pense à me suicider ce soir."
PATH, FILE = "/staff/screening", "/staff/screening/file"


async def a_month(pages: Pages) -> None:
    """Six sad messages, one judged, and ten emergencies that the nurse took note of after three minutes."""
    world = pages.world
    await world.consent()
    for _ in range(6):
        sad = await world.write(SAD)
    await say(world, await waiting(world, sad.thread), confirmed=True)
    for _ in range(10):
        grave = await world.write(GRAVE)
        world.later(minutes=3)
        task = await waiting(world, grave.thread)
        await worklist.acknowledge(world.means, world.clinic, world.staff(AccountRole.NURSE), task.id, world.now)


async def lead(pages: Pages, role: AccountRole = AccountRole.PHYSICIAN, language: str = "fr") -> Browser:
    """Somebody who leads the clinic."""
    return await pages.browser(pages.world.staff(role), language)


def line_of(page: str, name: str) -> list[str]:
    """The cells of the first row that a word begins."""
    row = page.partition(f'<th scope="row">{name}</th>')[2].partition("</tr>")[0]
    return [cell.partition(">")[2] for cell in unescape(row).replace("</td>", "").split("<td")[1:]]


@pytest.mark.parametrize("role", [AccountRole.PHYSICIAN, AccountRole.ADMINISTRATOR])
async def test_those_who_lead_the_clinic_see_how_the_screening_did(pages: Pages, role: AccountRole) -> None:
    """Found, confirmed, refuted and not judged, small numbers hidden, and the time to a person [MET-04, MET-05]."""
    await a_month(pages)
    status, page = await (await lead(pages, role)).get(PATH)

    assert status == 200
    assert line_of(page, "Santé mentale") == ["16", "< 5", "< 5", "≥ 5"]
    assert line_of(page, "Oncologie") == ["< 5"] * 4
    assert line_of(page, "Suicide")[0] == "≥ 5"
    assert line_of(page, "Urgences") == ["10"]
    assert line_of(page, "Temps jusqu’à la première personne, médiane") == ["3\N{NO-BREAK SPACE}min"]
    assert TEXTS.gettext(Language.FR, "quality.noisy") in unescape(page)


async def test_nobody_stands_in_the_report(pages: Pages) -> None:
    """Neither name nor id nor word of anybody [MET-05]."""
    await a_month(pages)
    world, browser = pages.world, await lead(pages)
    main = (await browser.get(PATH))[1].partition("<main")[2].partition("</main>")[0]
    text = unescape(main) + (await browser.get(FILE))[1]

    ids = [str(world.rose.person), str(world.rose.account), str(world.staff(AccountRole.NURSE).account)]
    assert [one for one in (*ids, "Lavigne", "Ouellet", "printemps", "mourir") if one in text] == []


async def test_another_time_shows_its_own_numbers(pages: Pages) -> None:
    """A month without messages beside the quarter that holds them; what is no time is no page [MET-04]."""
    await a_month(pages)
    browser = await lead(pages)
    last, quarter = await browser.get(f"{PATH}?period=2026-10"), await browser.get(f"{PATH}?period=2026-Q4")

    assert line_of(last[1], "Santé mentale") == ["< 5"] * 4
    assert line_of(quarter[1], "Santé mentale")[0] == "16"
    assert '<option value="2026-Q4" selected>' in quarter[1]
    assert (await browser.get(f"{PATH}?period=2026-13"))[0] == 404


async def test_a_time_that_is_not_offered_is_chosen_where_it_was_asked_for(pages: Pages) -> None:
    """An old month that somebody has kept the address of stays the one that the list shows [MET-04]."""
    _, page = await (await lead(pages)).get(f"{PATH}?period=2024-02")

    assert '<option value="2024-02" selected>' in page


@pytest.mark.parametrize(("language", "separator"), [("fr", ";"), ("en", ",")])
async def test_the_file_holds_the_numbers_of_the_page(pages: Pages, language: str, separator: str) -> None:
    """Saved and not shown, for the spreadsheet of its language, the same numbers hidden [MET-04, MET-05]."""
    await a_month(pages)
    answer = await (await lead(pages, language=language)).client.get(f"{FILE}?period=2026-11")
    text, topic = (await answer.read()).decode("utf-8-sig"), TEXTS.gettext(Language(language), "topic.mental_health")

    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert "screening-2026-11.csv" in answer.headers["Content-Disposition"]
    assert separator.join(f'"{cell}"' for cell in (topic, "16", "< 5", "< 5", "≥ 5")) in text


@pytest.mark.parametrize("role", [AccountRole.NURSE, AccountRole.RECEPTION])
async def test_only_those_who_lead_are_led_there(pages: Pages, role: AccountRole) -> None:
    """No link to what would not be there [SEC-09]."""
    theirs = await (await lead(pages, role)).get("/staff/supervisor")
    ours = await (await lead(pages)).get("/staff/supervisor")
    policy = await (await lead(pages, AccountRole.ADMINISTRATOR)).get("/staff/policy")

    assert PATH not in theirs[1]
    assert PATH in ours[1]
    assert PATH in policy[1]
