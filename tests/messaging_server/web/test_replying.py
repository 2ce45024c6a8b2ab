"""Answering over the real pages: the second look, the stops, the minute to take it back; no word is ever lost."""

import re
from html import unescape

import pytest

from consent.model import Category, Channel, Scope
from messaging_server.broker import saying
from messaging_server.broker.notices import Notice
from messaging_server.storage import outbox, tasks
from messaging_server.storage.accounts import AccountRole
from messaging_server.storage.tasks import TaskKind, TaskRow, TaskStatus
from messaging_server.texts import Language
from tests.clinic.composing import BODY, FORM, composing, look
from tests.clinic.pages import Browser, Pages, form_token
from tests.clinic.world import TEXTS, World

SENSITIVE = "Votre test de dépistage du VIH est revenu."


def fields(page: str) -> dict[str, str]:
    """Everything that the second look carries in hidden fields."""
    confirm = page[page.index("/confirm") :]
    found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', confirm, re.DOTALL)
    return {name: unescape(value) for name, value in found}


async def confirmed(browser: Browser, task: TaskRow, page: str, **changed: str) -> tuple[int, str, str]:
    """Press the button that sends; gives status, text and where it led."""
    form = fields(page) | {"right_person": "yes", "action": "send"} | changed
    answer = await browser.client.post(f"/staff/items/{task.id}/confirm", data=form)
    return answer.status, unescape(await answer.text()), answer.url.path


async def row_of(world: World, task: TaskRow) -> TaskRow:
    """The item as it stands now."""
    found = await world.means.database.read(lambda c: tasks.task(c, world.clinic.id, task.id))
    assert found is not None
    return found


async def queued(world: World) -> int:
    """How many texts to the patient wait to leave."""
    later = world.now.replace(year=world.now.year + 1)
    found = await world.means.database.write(
        lambda c: outbox.lease(c, holder=world.rose.account, now=later, until=later, most=50)
    )
    return sum(not row.automatic for row in found)


async def test_the_composer_says_who_will_learn_what_and_how(pages: Pages) -> None:
    """Before a word is typed: the way in a sentence, a masked address, the consents, the signature [CON-27, ETQ-08]."""
    browser, task = await composing(pages)
    _, page = await browser.get(f"/staff/items/{task.id}")
    text = unescape(page)

    assert TEXTS.gettext(Language.FR, "way.inbox_both", name="Rose Lavigne", address="") in text
    assert "Hélène Marchand, M.D." in text
    assert 'value="Bonjour Rose,"' in text
    assert 'value="Cordialement,"' in text


async def test_nobody_but_its_taker_gets_the_composer(pages: Pages) -> None:
    """A colleague reads the item, and answers only what they took [TRI-08]."""
    _, task = await composing(pages)
    nurse = await pages.browser(pages.world.staff(AccountRole.NURSE))
    _, page = await nurse.get(f"/staff/items/{task.id}")

    assert 'id="composer"' not in page


async def test_the_second_look_shows_whom_how_and_exactly_what(pages: Pages) -> None:
    """Name, birth date, way and the final text with its signature stand there before anything leaves [EOU-16]."""
    browser, task = await composing(pages)
    status, page = await look(browser, task)
    text = unescape(page)

    assert status == 200
    assert "Rose Lavigne" in text
    assert "9 mars 1951" in text
    assert f"Bonjour Rose,\n\n{BODY}\n\nCordialement,\n\nHélène Marchand, M.D." in text
    assert (await row_of(pages.world, task)).status == TaskStatus.IN_PROGRESS


async def test_the_second_look_shows_what_each_channel_will_say(pages: Pages) -> None:
    """The e-mail and the text word for word as they leave, which name nothing of the reply [ETQ-13, EOU-01]."""
    browser, task = await composing(pages)
    _, page = await look(browser, task)
    text = unescape(page)
    world, facts = pages.world, saying.notice_facts(pages.world.clinic, Language.FR, pages.world.now)
    for channel in (Channel.EMAIL, Channel.SMS):
        told = saying.render(world.means, Notice.NOTIFICATION, channel, Language.FR, facts)

        assert TEXTS.gettext(Language.FR, f"confirm.announced_{channel}") in text
        assert told.body in text
        assert BODY not in told.body


async def test_after_its_delay_a_reply_has_left_and_no_button_takes_it_back(pages: Pages) -> None:
    """The page says so by itself, and offers nothing that it cannot do [EOU-16]."""
    browser, task = await composing(pages)
    _, page = await look(browser, task)
    _, before, path = await confirmed(browser, task, page)
    pages.world.later(seconds=61)
    _, after = await browser.get(path)

    assert "data-undo" in before
    assert "data-undo" not in after
    assert TEXTS.gettext(Language.FR, "sending.gone") in unescape(after)


async def test_a_confirmed_reply_is_sent_and_can_be_taken_back(pages: Pages) -> None:
    """It is the patient's after the delay; until then one press brings the item and its words back [EOU-16]."""
    browser, task = await composing(pages)
    _, page = await look(browser, task)
    status, text, path = await confirmed(browser, task, page)
    done = await row_of(pages.world, task)
    back = await browser.client.post(f"{path}/cancel", data={"csrf": form_token(text)})
    again = unescape(await back.text())

    assert status == 200
    assert path.startswith("/staff/deliveries/")
    assert 'data-countdown="60"' in text
    assert (done.status, done.disposition) == (TaskStatus.COMPLETED, "answered")
    assert f"/staff/items/{task.id}" == back.url.path
    assert TEXTS.gettext(Language.FR, "flash.send_cancelled") in again
    assert f"{BODY}</textarea>" in again
    assert (await row_of(pages.world, task)).status == TaskStatus.IN_PROGRESS
    assert await queued(pages.world) == 0


async def test_what_has_left_cannot_be_taken_back(pages: Pages) -> None:
    """After the delay the press changes nothing and says so [EOU-16]."""
    browser, task = await composing(pages)
    _, page = await look(browser, task)
    _, text, path = await confirmed(browser, task, page)
    pages.world.later(seconds=61)
    late = await browser.client.post(f"{path}/cancel", data={"csrf": form_token(text)})

    assert TEXTS.gettext(Language.FR, "flash.too_late_to_cancel") in unescape(await late.text())
    assert (await row_of(pages.world, task)).status == TaskStatus.COMPLETED


async def test_a_second_click_sends_once_and_leads_to_the_same_place(pages: Pages) -> None:
    """The same form sent twice is one reply [EIN-06, EOU-16]."""
    browser, task = await composing(pages)
    _, page = await look(browser, task)
    _, _, first = await confirmed(browser, task, page)
    status, _, second = await confirmed(browser, task, page)

    assert status == 200
    assert first == second
    assert await queued(pages.world) == 2


async def test_another_text_for_an_answered_item_is_refused_and_given_back(pages: Pages) -> None:
    """Other words are never taken for the second click: they are kept on the page of the conflict [T-38]."""
    browser, task = await composing(pages)
    _, page = await look(browser, task)
    await confirmed(browser, task, page)
    status, text, _ = await confirmed(browser, task, page, body="Non, finalement, attendez une heure.")

    assert status == 409
    assert "Non, finalement, attendez une heure." in text
    assert await queued(pages.world) == 2


async def test_a_reply_is_not_sent_over_a_message_that_came_meanwhile(pages: Pages) -> None:
    """The patient wrote again: nothing leaves, and the typed text is given back whole [T-38, ACC-03]."""
    browser, task = await composing(pages)
    _, page = await look(browser, task)
    await pages.world.write("J’ai oublié de dire que je suis allergique.", thread=task.thread_id)
    status, text, _ = await confirmed(browser, task, page)

    assert status == 409
    assert BODY in text
    assert await queued(pages.world) == 0


async def test_the_right_person_must_be_confirmed(pages: Pages) -> None:
    """Without the tick the second look stays, with its error, and nothing leaves [EOU-16]."""
    browser, task = await composing(pages)
    _, page = await look(browser, task)
    status, text, _ = await confirmed(browser, task, page, right_person="")

    assert status == 422
    assert 'href="#right_person"' in text
    assert await queued(pages.world) == 0


async def test_going_back_to_writing_keeps_every_word(pages: Pages) -> None:
    """From the second look to the composer and nothing is lost [ACC-03]."""
    browser, task = await composing(pages)
    _, page = await look(browser, task)
    status, text, _ = await confirmed(browser, task, page, action="edit")

    assert status == 200
    assert f"{BODY}</textarea>" in text


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("subject", ""), ("greeting", "Voici."), ("body", ""), ("closing", ""), ("category", ""),
        ("category", "gossip"), ("new_diagnosis", ""),
        ("new_treatment", "perhaps"), ("body", "x" * 20_001), ("subject", "x" * 301),
    ],
)  # fmt: skip
async def test_whatever_is_missing_leads_to_its_field_and_loses_nothing(
    pages: Pages, field: str, value: str
) -> None:
    """Subject, greeting, closing, kind of content and each question are asked for by name [ETQ-01, ETQ-02, SEN-04]."""
    browser, task = await composing(pages)
    status, page = await look(browser, task, **{field: value})
    text = unescape(page)

    assert status == 422
    assert f'href="#{field}"' in text
    assert (value if field == "body" else BODY) in text


async def test_sensitive_words_stop_a_reply_and_offer_the_ways_on(pages: Pages) -> None:
    """What was found and why it matters, a call, an appointment; the text stays in its box [SEN-05]."""
    browser, task = await composing(pages)
    status, page = await look(browser, task, body=SENSITIVE)
    text = unescape(page)

    assert status == 422
    assert TEXTS.gettext(Language.FR, "blocked.title") in text
    assert 'value="convert_visit"' in text
    assert "tel:+1-514-555-0123" in text
    assert f"{SENSITIVE}</textarea>" in text


async def test_a_declared_new_diagnosis_stops_a_reply_whatever_its_words(pages: Pages) -> None:
    """Yes to a question is enough [SEN-04]."""
    browser, task = await composing(pages)
    status, page = await look(browser, task, new_diagnosis="yes")

    assert status == 422
    assert TEXTS.gettext(Language.FR, "blocked_why.new_diagnosis") in unescape(page)


async def test_an_unanswered_question_is_answered_yes_where_the_words_suggest_it(pages: Pages) -> None:
    """The question comes back with a yes to be checked; where nothing suggests one, with no answer [SEN-04]."""
    browser, task = await composing(pages)
    _, told = await look(browser, task, body="Vos analyses confirment un diabète de type 2.", new_diagnosis="")
    _, untold = await look(browser, task, new_diagnosis="")

    assert re.search(r'name="new_diagnosis" value="yes"[^>]* checked', told)
    assert TEXTS.gettext(Language.FR, "composer.suggested") in unescape(told)
    assert not re.search(r'name="new_diagnosis"[^>]* checked', untold)
    assert TEXTS.gettext(Language.FR, "composer.suggested") not in unescape(untold)


async def test_a_physician_may_go_on_with_a_reason_and_only_then(pages: Pages) -> None:
    """The exceptional way asks for its reason, and what is sent afterwards is the same text [SEN-06]."""
    browser, task = await composing(pages)
    bare, _ = await look(browser, task, body=SENSITIVE, action="override")
    status, page = await look(
        browser, task, body=SENSITIVE, action="override", override_reason="Elle est à l’étranger et l’a demandé."
    )
    sent, text, path = await confirmed(browser, task, page)

    assert bare == 422
    assert status == 200
    assert sent == 200
    assert path.startswith("/staff/deliveries/")
    assert "Rose Lavigne" in text


async def test_a_reason_that_is_typed_but_not_chosen_overrides_nothing(pages: Pages) -> None:
    """Only the button of the exceptional way takes it [SEN-06]."""
    browser, task = await composing(pages)
    status, _ = await look(browser, task, body=SENSITIVE, override_reason="Parce que.")

    assert status == 422


async def test_a_nurse_may_not_go_on(pages: Pages) -> None:
    """The exceptional way is a physician's, whatever a form says [SEN-06]."""
    browser, task = await composing(pages, AccountRole.NURSE)
    status, page = await look(browser, task, body=SENSITIVE, action="override", override_reason="Parce que.")

    assert status == 422
    assert 'value="override"' not in page


async def test_a_kind_of_content_that_was_not_agreed_is_stopped_by_name(pages: Pages) -> None:
    """The missing consent is named, a call is offered, and no override [CON-11, CON-28]."""
    scope = frozenset({Scope(Channel.WEB, Category.APPOINTMENTS)})
    browser, task = await composing(pages, scope=scope)
    status, page = await look(browser, task)
    text = unescape(page)

    assert status == 422
    assert TEXTS.gettext(Language.FR, "blocked_why.consent") in text
    assert TEXTS.gettext(Language.FR, "category.general_advice") in text
    assert 'value="override"' not in page


@pytest.mark.parametrize("way", ["call", "visit"])
async def test_a_message_becomes_a_call_or_a_visit_and_the_patient_is_told(pages: Pages, way: str) -> None:
    """The item waits as a call in its taker's hands, and the thread has the notice [TRI-11]."""
    browser, task = await composing(pages)
    status, page = await look(browser, task, action=f"convert_{way}")
    row = await row_of(pages.world, task)
    rose = await pages.browser(pages.world.rose)
    _, thread = await rose.get(f"/threads/{task.thread_id}")

    assert status == 200
    assert TEXTS.gettext(Language.FR, "flash.converted") in unescape(page)
    assert (TaskKind.CALL, pages.world.staff().account) == (row.kind, row.owner_id)
    assert {"call": "téléphone", "visit": "rendez-vous"}[way] in unescape(thread)


async def test_a_second_conversion_tells_the_patient_nothing_twice(pages: Pages) -> None:
    """The form of a page that is no longer true changes nothing [TRI-08, EIN-06]."""
    browser, task = await composing(pages)
    await look(browser, task, action="convert_call")
    status, page = await look(browser, task, action="convert_call")

    assert status == 409
    assert BODY in unescape(page)


async def test_remarks_come_while_one_writes(pages: Pages) -> None:
    """A sensitive subject and a long sentence are said beside the words, as text of the page's language [ETQ-06]."""
    browser, task = await composing(pages)
    _, page = await browser.get(f"/staff/items/{task.id}")
    long = " ".join(["mot"] * 30)
    form = FORM | {"csrf": form_token(page), "body": f"{SENSITIVE} {long}."}
    answer = await browser.client.post("/staff/hint", data=form)
    found = (await answer.json())["remarks"]

    assert {"sensitive", "long_sentence"} <= {one["code"] for one in found}
    assert all(one["text"] for one in found)


async def test_remarks_are_for_staff_with_their_token(pages: Pages) -> None:
    """Without the page's token nothing is screened for anybody [SEC-08]."""
    browser, _ = await composing(pages)
    refused = await browser.client.post("/staff/hint", data=FORM)

    assert refused.status == 403


async def test_a_reply_of_somebody_else_has_no_page_to_take_it_back(pages: Pages) -> None:
    """Only the author sees the countdown [EOU-16]."""
    browser, task = await composing(pages)
    _, page = await look(browser, task)
    _, _, path = await confirmed(browser, task, page)
    nurse = await pages.browser(pages.world.staff(AccountRole.NURSE))

    assert (await nurse.get(path))[0] == 404

