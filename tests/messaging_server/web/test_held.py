"""What is held, over the real pages: a person finds out whose it is; nothing is guessed, no record is shown."""

import re
from html import unescape

from messaging_server.message import Authentication
from messaging_server.storage import tasks, threads
from messaging_server.storage.accounts import AccountRole
from messaging_server.storage.tasks import TaskKind, TaskRow
from messaging_server.texts import Language
from tests.clinic.answering import waiting
from tests.clinic.pages import Browser, Pages
from tests.clinic.world import TEXTS
from triage.model import QueueName

BOOKING = "Bonjour, je voudrais prendre un rendez-vous."
WORDS = "Bonjour, le stationnement était fermé hier."


async def stranger(pages: Pages, words: str = WORDS, **given: object) -> tuple[Browser, TaskRow]:
    """A physician's browser and the item of a mail from an address that nobody here has."""
    world = pages.world
    receipt = await world.mail(words, sender="inconnue@exemple.test", **given)
    return await pages.browser(world.staff()), await waiting(world, receipt.thread)


async def post(browser: Browser, task: TaskRow, name: str, **form: str) -> tuple[int, str]:
    """Press one of the page's buttons."""
    path = f"/staff/items/{task.id}"
    status, page = await browser.post(f"{path}/{name}", {"version": str(task.version)} | form, page=path)
    return status, unescape(page)


async def test_a_strangers_mail_is_read_without_any_patient_beside_it(pages: Pages) -> None:
    """The words and the claimed address are there; no name of a patient and no record is [TRI-16]."""
    browser, task = await stranger(pages)
    status, page = await browser.get(f"/staff/items/{task.id}")
    text = unescape(page)

    assert status == 200
    assert WORDS in text
    assert "inconnue@exemple.test" in text
    assert "Rose" not in text
    assert "composer" not in text


async def test_our_automatic_answer_is_not_run_into_what_was_written(pages: Pages) -> None:
    """What came and what our server answered stand apart, each under its author [TRI-16]."""
    browser, task = await stranger(pages)
    _, page = await browser.get(f"/staff/items/{task.id}")
    articles = [unescape(one) for one in re.findall(r"<article.*?</article>", page, re.DOTALL)]
    came = [one for one in articles if WORDS in one]

    assert len(came) == 1
    assert len(articles) > 1
    assert TEXTS.gettext(Language.FR, "author.automatic") not in came[0]
    assert all("exchange automatic" in one for one in articles if one is not came[0])


async def test_a_mail_that_nobody_vouches_for_says_so(pages: Pages) -> None:
    """An author who is only claimed is told from one who was authenticated [EIN-08]."""
    browser, vouched = await stranger(pages)
    _, other = await stranger(pages, authentication=Authentication())
    _, known = await browser.get(f"/staff/items/{vouched.id}")
    _, unknown = await browser.get(f"/staff/items/{other.id}")

    assert TEXTS.gettext(Language.FR, "held.authenticated") in unescape(known)
    assert TEXTS.gettext(Language.FR, "held.not_authenticated") in unescape(unknown)


async def test_a_search_finds_patients_and_leaves_nothing_in_the_address(pages: Pages) -> None:
    """The words sought travel in the form only [TRI-16, AUD-02]."""
    browser, task = await stranger(pages)
    status, page = await post(browser, task, "search", q="Lavigne")

    assert status == 200
    assert "Rose Lavigne" in page
    assert str(pages.world.rose.person) in page
    assert TEXTS.gettext(Language.FR, "held.no_match") in page


async def test_the_owner_of_the_address_is_pointed_out(pages: Pages) -> None:
    """A patient whose address it is, held for want of consent, is marked as matching [TRI-16]."""
    world = pages.world
    receipt = await world.mail(WORDS)
    browser, task = await pages.browser(world.staff()), await waiting(world, receipt.thread)
    _, page = await post(browser, task, "search", q="1951-03-09")

    assert TEXTS.gettext(Language.FR, "held.matches") in page


async def test_nobody_found_is_said(pages: Pages) -> None:
    """A search without a result, and one that cannot be understood, say the same calm thing [PAGES Held]."""
    browser, task = await stranger(pages)

    for words in ("Zzyzx", "", "12", "000 000-0000"):
        status, page = await post(browser, task, "search", q=words)
        assert status == 200
        assert TEXTS.gettext(Language.FR, "people.nobody") in page


async def test_filing_wants_a_patient_and_a_confirmed_identity(pages: Pages) -> None:
    """Neither is ever taken for granted, and the chosen patient stays on the page [TRI-16, IDN-04]."""
    browser, task = await stranger(pages)
    nobody, first = await post(browser, task, "assign", identity="yes")
    unsure, second = await post(browser, task, "assign", person=str(pages.world.rose.person))

    assert (nobody, unsure) == (422, 422)
    assert 'href="#person"' in first
    assert 'href="#identity"' in second
    assert "Rose Lavigne" in second


async def test_a_message_is_not_filed_for_a_patient_who_has_not_agreed(pages: Pages) -> None:
    """It stays held, and the page says to call [CON-01, CON-28]."""
    browser, task = await stranger(pages)
    status, page = await post(browser, task, "assign", person=str(pages.world.rose.person), identity="yes")

    assert status == 422
    assert TEXTS.gettext(Language.FR, "error.no_consent_yet") in page


async def test_a_filed_message_is_in_the_patients_record_and_waits_for_an_answer(pages: Pages) -> None:
    """Filing leads to the item, now with its patient [TRI-16]."""
    world = pages.world
    await world.consent()
    browser, task = await stranger(pages)
    status, page = await post(browser, task, "assign", person=str(world.rose.person), identity="yes")
    row = await world.means.database.read(lambda c: tasks.task(c, world.clinic.id, task.id))
    thread = await world.means.database.read(lambda c: threads.thread(c, world.clinic.id, task.thread_id))

    assert status == 200
    assert TEXTS.gettext(Language.FR, "flash.filed") in page
    assert "Rose Lavigne" in page
    assert row is not None
    assert thread is not None
    assert row.kind == TaskKind.ANSWER
    assert row.record_id == thread.record_id != task.record_id


async def test_filing_twice_tells_that_it_is_done(pages: Pages) -> None:
    """A second click finds the item with its patient, and changes nothing [TRI-08]."""
    world = pages.world
    await world.consent()
    browser, task = await stranger(pages)
    form = {"person": str(world.rose.person), "identity": "yes"}
    await post(browser, task, "assign", **form)
    status, _ = await post(browser, task, "assign", **form)

    assert status in {200, 404}


async def test_what_is_no_patients_business_is_closed_with_its_reason(pages: Pages) -> None:
    """Advertising ends with the policy's reminder as its disposition [TRI-17]."""
    browser, task = await stranger(pages)
    bare, again = await post(browser, task, "close")
    status, _ = await post(browser, task, "close", disposition="policy_reminder")
    world = pages.world
    row = await world.means.database.read(lambda c: tasks.task(c, world.clinic.id, task.id))

    assert bare == 422
    assert WORDS in again
    assert status == 200
    assert row is not None
    assert row.disposition == "policy_reminder"


async def test_the_front_desk_is_not_led_to_what_it_cannot_open(pages: Pages) -> None:
    """In its queue the row says who finds out, and is no link to a refusal; a nurse opens it [TRI-10]."""
    nurse, task = await stranger(pages, BOOKING)
    desk = await pages.browser(pages.world.staff(AccountRole.RECEPTION))
    _, led = await nurse.get("/staff/held")
    _, told = await desk.get("/staff/held")

    assert task.queue is QueueName.APPOINTMENTS
    assert f'href="/staff/items/{task.id}"' in led
    assert f'href="/staff/items/{task.id}"' not in told
    assert TEXTS.gettext(Language.FR, "step.team_identifies") in unescape(told)


async def test_the_front_desk_cannot_open_what_is_held_for_the_clinical_team(pages: Pages) -> None:
    """A calm page says that it is not theirs, with none of the words [TRI-10]."""
    _, task = await stranger(pages)
    desk = await pages.browser(pages.world.staff(AccountRole.RECEPTION))
    status, page = await desk.get(f"/staff/items/{task.id}")

    assert status == 403
    assert WORDS not in unescape(page)
