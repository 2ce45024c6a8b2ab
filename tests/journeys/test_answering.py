"""Whole journeys through the real doors: a patient writes, the clinic answers, the record keeps it."""

import re

from messaging_server.record.verifying import verify_clinic
from tests.journeys.town import Page, Person, Town

NO = {"new_diagnosis": "no", "new_treatment": "no", "abnormal_result": "no"}


async def open_item(colleague: Person, name: str) -> Page:
    """From the board to an item of somebody, claimed."""
    board = await colleague.get("/staff")
    rows = re.findall(r'href="(/staff/items/[0-9a-f-]+)"[^>]*>\s*([^<]+?)\s*<', board.html)
    href = next(href for href, who in rows if name in who)
    page = await colleague.get(href)
    if f"{href}/claim" in page.html:
        await colleague.send(page, f"{href}/claim")
        page = await colleague.get(href)
    return page


async def reply(colleague: Person, page: Page, body: str, **more: str) -> Page:
    """Write in the composer and take the second look, then send."""
    fields = {
        "subject": "Votre question", "greeting": "Bonjour,", "body": body, "closing": "Cordialement,",
        "category": "general_advice",
    } | NO | more  # fmt: skip
    look = await colleague.send(page, f"{page.path}/reply", **fields)
    if f"{page.path}/confirm" not in look.html:
        return look
    return await colleague.send(look, f"{page.path}/confirm", action="send", right_person="yes")


async def test_a_web_message_is_answered_and_read(town: Town) -> None:
    """Written, acknowledged at once with its deadline, answered, announced without content, read [ACK-01, EOU-01]."""
    rose = await town.person(town.login("Rose"))
    sent = await rose.write("Puis-je prendre mon sirop avec mes vitamines?", "Mon sirop")
    assert sent.path.startswith("/sent/")
    assert "mercredi 25 novembre" in sent.words
    assert "911" in sent.words

    physician = await town.person("hmarchand")
    done = await reply(physician, await open_item(physician, "Rose Lavigne"), "Oui, vous pouvez prendre les deux.")
    assert done.status == 200
    inbox = await rose.get("/inbox")
    assert "Oui, vous pouvez" not in (await rose.get(inbox.links("/threads/")[0])).words
    await town.pass_time(seconds=90)

    address = "rose.lavigne@patients.demo.invalid"
    announced = town.mails_to(address)
    assert len(announced) == 1
    assert b"prendre les deux" not in announced[0].raw
    thread = await rose.get((await rose.get("/inbox")).links("/threads/")[0])
    assert "Oui, vous pouvez prendre les deux." in thread.words
    assert "Hélène Marchand, M.D." in thread.words
    assert "Hélène Marchand" in (await rose.get("/readers")).words


async def test_a_mailed_question_is_acknowledged_triaged_and_answered_by_a_contentless_mail(town: Town) -> None:
    """By a real SMTP client, in and out; the answer is read after signing in [EIN-05, ACK-10, EOU-01]."""
    address = "thomas.okafor@patients.demo.invalid"
    await town.mail(address, "Hello, may I take the two tablets together? Thank you.")
    await town.work()

    first = town.mails_to(address)
    assert len(first) == 1
    assert b"two tablets" not in first[0].raw
    assert b"Auto-Submitted: auto-" in first[0].raw
    assert first[0].envelope_from.startswith("bounce+")
    nurse = await town.person("mouellet")
    await reply(nurse, await open_item(nurse, "Thomas Okafor"), "Yes, you may take both.", closing="Kind regards,")
    await town.pass_time(seconds=90)
    assert len(town.mails_to(address)) == 2
    assert b"take both" not in town.mails_to(address)[1].raw
    thomas = await town.person(address)
    thread = await thomas.get((await thomas.get("/inbox")).links("/threads/")[0])
    assert "Yes, you may take both." in thread.words


async def test_an_answer_to_a_notice_joins_its_thread_by_the_secret_address_only(town: Town) -> None:
    """The reply address threads; a References header alone never does [EIN-11]."""
    address = "thomas.okafor@patients.demo.invalid"
    await town.mail(address, "Hello, a first question.")
    await town.work()
    notice = town.mails_to(address)[0]
    reply_to = re.search(rb"\r\nReply-To: <([^>]+)>", notice.raw)
    message_id = re.search(rb"\r\nMessage-ID: (<[^>]+>)", notice.raw)
    assert reply_to
    assert message_id
    await town.mail(address, "And one thing more.", to=reply_to.group(1).decode())
    await town.mail(address, "Something else.", more=f"References: {message_id.group(1).decode()}\r\n")

    thomas = await town.person(address)
    threads = (await thomas.get("/inbox")).links("/threads/")
    pages = [(await thomas.get(link)).words for link in threads]
    assert len(pages) == 2
    assert any("a first question" in words and "one thing more" in words for words in pages)
    assert not any("a first question" in words and "Something else" in words for words in pages)


async def test_a_text_is_kept_told_that_texts_are_not_answered_and_stop_stops(town: Town) -> None:
    """SMS only notifies; STOP ends it at once and is confirmed once; the mail goes on [SMS-02, SMS-14]."""
    number = "+15145550123"
    assert await town.text(number, "Est-ce que mon rendez-vous tient?") == 200
    await town.work()
    assert len(town.texts_to(number)) == 1
    assert "911" in town.texts_to(number)[0]
    assert await town.text(number, "ARRÊT") == 200
    await town.work()
    assert len(town.texts_to(number)) == 2

    nurse = await town.person("mouellet")
    await reply(nurse, await open_item(nurse, "Rose Lavigne"), "Oui, jeudi à 10 h.", category="appointments")
    await town.pass_time(minutes=5)
    assert len(town.texts_to(number)) == 2
    # One says that the receipt of the stop is in the inbox, the other that the reply is.
    assert len(town.mails_to("rose.lavigne@patients.demo.invalid")) == 2


async def test_after_all_of_it_the_record_verifies(town: Town) -> None:
    """Every ledger holds together and every exchange is attested [REC-01, REC-03]."""
    rose = await town.person(town.login("Rose"))
    await rose.write("Une question.")
    await town.mail("thomas.okafor@patients.demo.invalid", "Hello.")
    await town.text("+15145550123", "Bonjour")
    await town.work()

    found = await verify_clinic(town.running.means.database, town.cast.clinic.id, None)
    assert found.faults == ()
    assert found.entries > 20
