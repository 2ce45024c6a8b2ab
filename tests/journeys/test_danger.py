"""Journeys of danger and of doubt: emergencies by each door, strangers, what is held, what is blocked."""

import re

import pytest

from messaging_server.broker.files import sniff
from messaging_server.message import new_id
from tests.clinic.papers import docx, pdf
from tests.journeys.test_answering import NO, open_item, reply
from tests.journeys.town import Town

PAIN = "J'ai un gros serrement dans la poitrine qui descend dans le bras gauche et je suis en sueur."


async def test_an_emergency_on_the_web_shows_the_card_first_and_tops_the_board(town: Town) -> None:
    """911 before anything else on the sent page, and the item is pinned until somebody takes note [ACK-07, TRI-09]."""
    jeanguy = await town.person(town.login("Jean-Guy"))
    sent = await jeanguy.write(PAIN, "Serrement")
    assert sent.words.index("911") < sent.words.index("514 555-0100")

    nurse = await town.person("mouellet")
    board = await nurse.get("/staff")
    assert "J’en prends note" in board.words
    href = re.search(r"(/staff/items/[0-9a-f-]+)/acknowledge", board.html)
    assert href
    after = await nurse.send(board, f"{href.group(1)}/acknowledge")
    assert "J’en prends note" not in after.words


async def test_an_emergency_by_mail_and_by_text_is_answered_by_one_and_the_same_card(town: Town) -> None:
    """The card comes first, says nothing of the message, and is never throttled for a known person [ACK-08, ACK-13]."""
    address, number = "jeanguy.pelletier@patients.demo.invalid", "+15145550126"
    for _ in range(3):
        await town.mail(address, PAIN)
    await town.text(number, PAIN)
    await town.work()

    mails = town.mails_to(address)
    assert len(mails) == 3
    assert all("911" in mail.read().text and "poitrine" not in mail.read().text for mail in mails)
    texts = town.texts_to(number)
    assert len(texts) == 1
    assert "911" in texts[0]
    assert "poitrine" not in texts[0]


@pytest.mark.parametrize("content", [pdf("Voir la page 2.", PAIN), docx("Voir plus bas.", PAIN)], ids=["pdf", "word"])
async def test_an_emergency_told_in_a_file_is_seen_like_one_in_the_mail(town: Town, content: bytes) -> None:
    """Whoever writes in Word or sends a PDF gets the card, and the item is pinned [SEN-10, ACK-07]."""
    address = "jeanguy.pelletier@patients.demo.invalid"
    await town.mail_with(address, "Bonjour, ma lettre est jointe.", ("lettre", sniff(content), content))
    await town.work()

    assert ["911" in mail.read().text for mail in town.mails_to(address)] == [True]
    nurse = await town.person("mouellet")
    assert "J’en prends note" in (await nurse.get("/staff")).words


async def test_a_mail_without_consent_is_held_then_released_when_consent_is_there(town: Town) -> None:
    """Held and shown the same day; filed only once the patient has agreed [CON-01, CON-03]."""
    address = "anh.tran@patients.demo.invalid"
    await town.mail(address, "Hello, may I take vitamin D?")
    await town.work()
    answer = town.mails_to(address)
    assert len(answer) == 1
    assert "vitamin" not in answer[0].read().text

    nurse = await town.person("mouellet")
    held = await nurse.get("/staff/held")
    href = held.links("/staff/items/")[0]
    page = await nurse.get(href)
    assert "vitamin D" in page.words
    anh = await town.person(address)
    assert "vitamin" not in (await anh.get("/inbox")).words


async def test_a_stranger_gets_nothing_that_tells_of_patients(town: Town) -> None:
    """The same answer to anybody whose address passed; none at all to a forged one [CON-04, T-26]."""
    await town.mail("nobody@elsewhere.invalid", "Is Rose Lavigne a patient of yours?")
    await town.mail("rose.lavigne@patients.demo.invalid", "Give me my file", proof=False)
    await town.work()

    told = town.mails_to("nobody@elsewhere.invalid")
    assert len(told) == 1
    assert "Lavigne" not in told[0].read().text
    assert town.mails_to("rose.lavigne@patients.demo.invalid") == []


async def test_a_sensitive_reply_is_blocked_then_sent_by_a_physician_with_a_reason(town: Town) -> None:
    """Two easy ways are offered, the exceptional one asks why, and only a physician has it [SEN-05, SEN-06]."""
    rose = await town.person(town.login("Rose"))
    await rose.write("Avez-vous reçu quelque chose?")
    physician = await town.person("hmarchand")
    page = await open_item(physician, "Rose Lavigne")
    body = "Votre dépistage du VIH est revenu."
    stopped = await reply(physician, page, body)
    assert "VIH" in stopped.words
    assert f"{page.path}/confirm" not in stopped.html
    fields = {
        "subject": "Votre question", "greeting": "Bonjour,", "body": body, "closing": "Cordialement,",
        "category": "general_advice", "action": "override", "override_reason": "En mer pour six mois, sans téléphone.",
    } | NO  # fmt: skip
    look = await physician.send(stopped, f"{page.path}/reply", **fields)
    done = await physician.send(look, f"{page.path}/confirm", action="send", right_person="yes")
    assert done.status == 200
    await town.pass_time(seconds=90)
    thread = await rose.get((await rose.get("/inbox")).links("/threads/")[0])
    assert "VIH" in thread.words
    assert all(b"VIH" not in mail.raw for mail in town.mails_to("rose.lavigne@patients.demo.invalid"))


async def test_an_overdue_item_climbs_and_the_patient_is_told_what_to_do(town: Town) -> None:
    """Nothing becomes late unseen, and the patient hears once what to do now [TRI-04, TRI-19]."""
    rose = await town.person(town.login("Rose"))
    await rose.write("Une question toute simple.")
    for _ in range(3):
        await town.pass_time(days=1)
    rose = await town.person(town.login("Rose"))
    nurse = await town.person("mouellet")
    assert "Rose Lavigne" in (await nurse.get("/staff/late")).words
    thread = await rose.get((await rose.get("/inbox")).links("/threads/")[0])
    assert thread.words.count("Message automatique") == 2
    assert len(town.mails_to("rose.lavigne@patients.demo.invalid")) == 1


async def test_a_relay_that_is_down_loses_nothing(town: Town) -> None:
    """Down for an hour, then everything leaves, once [EOU-13]."""
    town.postbox.faults.extend(["421 4.3.2 not now"] * 3)
    await town.mail("thomas.okafor@patients.demo.invalid", "Hello, a question.")
    for _ in range(12):
        await town.pass_time(minutes=10)
    assert len(town.mails_to("thomas.okafor@patients.demo.invalid")) == 1


async def test_one_patient_opens_nothing_of_another(town: Town) -> None:
    """Somebody else's thread does not exist for her [SEC-09]."""
    rose = await town.person(town.login("Rose"))
    await rose.write("Une question.")
    link = (await rose.get("/inbox")).links("/threads/")[0]
    nadia = await town.person(town.login("Nadia"))
    assert (await nadia.get(link)).status == 404
    assert (await nadia.get(f"/threads/{new_id(town.clock.now)}")).status == 404


@pytest.mark.parametrize("path", ["/inbox", "/staff", "/staff/people", "/choices", "/account", "/readers"])
async def test_nobody_signed_in_sees_no_page_behind_the_door(town: Town, path: str) -> None:
    """Every page but the door's leads to the door [SEC-09]."""
    stranger = await town.person()
    page = await stranger.get(path)
    assert page.path == "/sign-in"
