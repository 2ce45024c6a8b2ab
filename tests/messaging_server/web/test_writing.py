"""Asking the clinic, over the real pages: urgent first, nothing lost, certainty at the end."""

import re
from html import unescape
from uuid import UUID

from consent.model import Channel
from messaging_server.record.entry import EntryKind
from messaging_server.storage import records, tasks, threads
from messaging_server.storage.accounts import AccountRole, end_sessions
from messaging_server.texts import Language
from messaging_server.web.writing import ASKED
from tests.clinic.pages import Browser, Pages, form_token, hidden
from tests.clinic.world import EVERYTHING, World

QUESTION = "Bonjour, puis-je prendre mon sirop avec mes vitamines ?"
SUICIDE = "Je veux mourir, je pense à me suicider ce soir."
VIOLENCE = "Mon chum me frappe et j'ai peur de mon conjoint."


async def asked(browser: Browser) -> str:
    """Answer the question of urgency; gives the page to write on."""
    status, page = await browser.post("/write", {"not_urgent": "yes"})
    assert status == 200
    return page


async def sent(browser: Browser, **given: str) -> tuple[int, str]:
    """Write to the clinic, all the way."""
    page = await asked(browser)
    form = {"reason": "question", "subject": "Mon sirop", "message": QUESTION}
    form |= {"form_id": hidden(page, "form_id"), "csrf": form_token(page)} | given
    answer = await browser.client.post("/write/message", data=form)
    return answer.status, unescape(await answer.text())


async def messages_in_record(world: World) -> int:
    """How many messages of the patient the record attests."""
    record = await world.means.database.read(
        lambda c: records.record_of_person(c, world.clinic.id, world.rose.person)
    )
    assert record is not None
    entries = await world.means.database.read(lambda c: records.entries_of(c, record.id))
    return sum(entry.kind == EntryKind.RECEIVED for entry in entries)


async def test_the_question_of_urgency_comes_before_any_field(pages: Pages) -> None:
    """Whoever goes straight to the form is asked first, with the help lines to tap [ACK-18]."""
    rose = await pages.browser(pages.world.rose)
    status, page = await rose.get("/write/message")

    assert status == 200
    assert 'href="tel:911"' in page
    assert "<textarea" not in page


async def test_not_answering_the_question_of_urgency_leads_back_to_it(pages: Pages) -> None:
    """Without the confirmation there is an error tied to its box, and no form [ACK-18, ACC-05]."""
    rose = await pages.browser(pages.world.rose)
    status, page = await rose.post("/write", {})

    assert status == 422
    assert 'id="not_urgent-error"' in page


async def test_the_answer_about_urgency_is_this_sessions_alone(pages: Pages) -> None:
    """On a shared computer the next person is asked again [ACK-18]."""
    rose = await pages.browser(pages.world.rose)
    url = pages.server.make_url("/")
    rose.client.session.cookie_jar.update_cookies({ASKED: "somebody-elses"}, url)
    _, page = await rose.get("/write/message")

    assert "<textarea" not in page


async def test_the_form_says_who_reads_and_when_to_expect_an_answer(pages: Pages) -> None:
    """Readers and a computed date stand beside the box before anything is written [TRN-11, CON-07]."""
    page = unescape(await asked(await pages.browser(pages.world.rose)))

    assert pages.world.clinic.policy.access["fr"] in page
    assert re.search(r"(lundi|mardi|mercredi|jeudi|vendredi) \w+ (novembre|décembre)", page)


async def test_a_sent_message_is_kept_and_its_deadline_is_stated(pages: Pages) -> None:
    """After the write is durable the page says by when an answer comes and whom to call else [ACK-03, TRN-11]."""
    await pages.world.consent()
    rose = await pages.browser(pages.world.rose)
    status, page = await sent(rose)

    assert status == 200
    assert await messages_in_record(pages.world) == 1
    assert "jeudi 26 novembre avant 17" in page
    assert "/download?receipt=" in page
    assert "data-exit" not in page


async def test_the_deadline_of_the_page_is_the_one_that_the_task_has(pages: Pages) -> None:
    """What the patient is promised is what the clinic works by [ACK-03, TRI-03]."""
    world = pages.world
    await world.consent()
    rose = await pages.browser(world.rose)
    _, page = await sent(rose, reason="appointment")
    found = re.search(r"/threads/([0-9a-f-]{36})", page)
    assert found
    task = await world.means.database.read(lambda c: tasks.open_task_of_thread(c, UUID(found[1])))

    assert task is not None
    assert f"{world.clinic.local(task.due_at).day} novembre avant" in page


async def test_the_same_form_sent_twice_is_one_message(pages: Pages) -> None:
    """A double click or a reload files nothing twice, and shows the same certainty [EIN-06]."""
    await pages.world.consent()
    rose = await pages.browser(pages.world.rose)
    page = await asked(rose)
    form = {
        "csrf": form_token(page), "form_id": hidden(page, "form_id"), "reason": "question", "subject": "Mon sirop",
        "message": QUESTION,
    }  # fmt: skip
    first = await rose.client.post("/write/message", data=form)
    second = await rose.client.post("/write/message", data=form)

    assert first.url == second.url
    assert second.status == 200
    assert await messages_in_record(pages.world) == 1


async def test_every_error_keeps_what_was_typed(pages: Pages) -> None:
    """An unfinished form comes back with its words, each error leading to its field [ACC-05, ACC-03]."""
    rose = await pages.browser(pages.world.rose)
    status, page = await sent(rose, subject="", reason="", private="yes")

    assert status == 422
    assert QUESTION in page
    assert 'id="subject-error"' in page
    assert 'id="reason-error"' in page
    assert re.search(r'name="private"[^>]* checked', page)


async def test_a_message_beyond_the_length_comes_back_whole(pages: Pages) -> None:
    """Too long is said, and not one letter is cut [ACC-03]."""
    rose = await pages.browser(pages.world.rose)
    status, page = await sent(rose, message="é" * 20_001)

    assert status == 422
    assert "é" * 20_001 in page
    assert await messages_in_record(pages.world) == 0


async def test_an_ended_session_gives_the_words_back(pages: Pages) -> None:
    """What was written while the session ran out is shown again to be copied [ACC-03]."""
    world = pages.world
    rose = await pages.browser(world.rose)
    page = await asked(rose)
    await world.means.database.write(lambda c: end_sessions(c, world.rose.account))
    form = {"csrf": form_token(page), "reason": "question", "subject": "Mon sirop", "message": QUESTION}
    answer = await rose.client.post("/write/message", data=form)

    assert answer.status == 403
    assert QUESTION in unescape(await answer.text())
    assert await messages_in_record(world) == 0


async def test_an_old_page_gives_the_words_back_to_its_own_author_only(pages: Pages) -> None:
    """A page left open loses nothing; what another site sends is not even shown [ACC-03, SEC-08]."""
    rose = await pages.browser(pages.world.rose)
    form = {"csrf": "of-another-session", "message": QUESTION}
    ours = await rose.client.post("/write/message", data=form, headers={"Sec-Fetch-Site": "same-origin"})
    foreign = await rose.client.post("/write/message", data=form, headers={"Sec-Fetch-Site": "cross-site"})

    assert (ours.status, foreign.status) == (403, 403)
    assert QUESTION in unescape(await ours.text())
    assert QUESTION not in unescape(await foreign.text())
    assert await messages_in_record(pages.world) == 0


async def test_an_emergency_shows_its_card_before_anything_else(pages: Pages) -> None:
    """The card and the direction that names the danger come first on the page of the signed-in author [ACK-07]."""
    await pages.world.consent()
    rose = await pages.browser(pages.world.rose)
    status, page = await sent(rose, message=SUICIDE)

    assert status == 200
    assert 0 < page.index('class="callout problem emergency"') < page.index("<h1>")
    assert pages.world.means.texts.gettext(Language.FR, "direction.suicide") in page
    assert "data-exit" not in page


async def test_violence_offers_the_way_out_and_leaves_no_trace_in_the_address(pages: Pages) -> None:
    """The quick exit stands on the page; neither its address nor a cookie says what it was about [ACK-08]."""
    await pages.world.consent()
    rose = await pages.browser(pages.world.rose)
    page = await asked(rose)
    form = {
        "csrf": form_token(page), "form_id": hidden(page, "form_id"), "reason": "question", "subject": "Question",
        "message": VIOLENCE,
    }  # fmt: skip
    answer = await rose.client.post("/write/message", data=form)

    assert "data-exit" in await answer.text()
    assert answer.url.query_string == ""
    kept = " ".join(f"{cookie.key}={cookie.value}" for cookie in rose.client.session.cookie_jar)
    assert "violence" not in f"{answer.url} {kept}".lower()


async def test_the_certainty_of_another_patient_is_not_shown(pages: Pages) -> None:
    """Somebody else's message does not exist for whoever did not write it [REC-05]."""
    world = pages.world
    await world.consent()
    receipt = await world.write(QUESTION)
    nurse = await pages.browser(world.staff(AccountRole.NURSE))
    status, _ = await nurse.get(f"/sent/{receipt.exchange}")

    assert status == 404


async def test_looking_at_the_receipt_opens_nothing_else(pages: Pages) -> None:
    """A reply that has just come stays unread until the conversation itself is opened [EOU-22, T-42]."""
    world = pages.world
    await world.consent()
    receipt = await world.write(QUESTION)
    await (await pages.browser(world.rose)).get(f"/sent/{receipt.exchange}")
    notice = await world.means.database.read(
        lambda c: threads.exchange(c, world.clinic.id, receipt.notice_exchange or receipt.exchange)
    )

    assert notice is not None
    assert notice.opened_at is None


async def test_a_reply_joins_its_conversation(pages: Pages) -> None:
    """An answer stays in its thread and raises the task that waits there, no second one [TRI-02]."""
    world = pages.world
    await world.consent()
    receipt = await world.write(QUESTION)
    rose = await pages.browser(world.rose)
    path = f"/threads/{receipt.thread}"
    _, page = await rose.get(path)
    form = {"form_id": hidden(page, "form_id"), "message": "Et le matin ?", "not_urgent": "yes"}
    status, _ = await rose.post(f"{path}/reply", form, page=path)
    _, after = await rose.get(path)

    assert status == 200
    assert "Et le matin ?" in unescape(after)
    assert await messages_in_record(world) == 2


async def test_a_reply_without_its_confirmation_keeps_its_words(pages: Pages) -> None:
    """In a conversation too the person confirms that it can wait, and loses nothing meanwhile [ACK-18, ACC-03]."""
    world = pages.world
    await world.consent()
    receipt = await world.write(QUESTION)
    rose = await pages.browser(world.rose)
    path = f"/threads/{receipt.thread}"
    status, page = await rose.post(f"{path}/reply", {"message": "Et le matin ?"}, page=path)

    assert status == 422
    assert 'id="not_urgent-error"' in page
    assert re.search(r"<textarea[^>]*>\s*Et le matin \?</textarea>", unescape(page))


async def test_nobody_replies_in_a_conversation_of_somebody_else(pages: Pages) -> None:
    """An id that is not of one's own record is no page [REC-05]."""
    world = pages.world
    held = await world.mail("Bonjour", sender="inconnue@exemple.test")
    rose = await pages.browser(world.rose)
    form = {"message": "Bonjour", "not_urgent": "yes"}
    status, _ = await rose.post(f"/threads/{held.thread}/reply", form, page="/write")

    assert status == 404


async def test_without_consent_to_the_inbox_the_conversation_says_what_happens(pages: Pages) -> None:
    """What is held is shown to its author beside the words that tell how to agree; it is not lost [CON-03, CON-04]."""
    world = pages.world
    await world.consent(scope=frozenset(cell for cell in EVERYTHING if cell.channel is Channel.EMAIL))
    rose = await pages.browser(world.rose)
    status, page = await sent(rose)

    assert status == 200
    assert page.count('<article class="exchange') == 2
    assert QUESTION in page
    assert await messages_in_record(world) == 1


async def test_a_private_message_is_marked_for_the_whole_conversation(pages: Pages) -> None:
    """What the author marks as especially private is so in the thread, and the sent page says why to call [SEN-09]."""
    world = pages.world
    await world.consent()
    rose = await pages.browser(world.rose)
    _, page = await sent(rose, private="yes")
    found = re.search(r"/threads/([0-9a-f-]{36})", page)
    assert found
    row = await world.means.database.read(lambda c: threads.thread(c, world.clinic.id, UUID(found[1])))

    assert row is not None
    assert row.private


async def test_staff_have_no_page_to_write_as_a_patient(pages: Pages) -> None:
    """The patient's pages are no pages for others [IDN-22]."""
    nurse = await pages.browser(pages.world.staff(AccountRole.NURSE))

    assert [(await nurse.get(path))[0] for path in ("/write", "/write/message", "/inbox", "/choices", "/readers")] == [
        404
    ] * 5
