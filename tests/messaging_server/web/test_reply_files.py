"""A file with a clinic's reply: for the signed-in inbox only, and only once a person has answered for it."""

from collections.abc import Sequence
from html import unescape

import pytest
from aiohttp import FormData

from messaging_server.broker import outbound
from messaging_server.errors import InvalidError
from messaging_server.message import Attachment
from messaging_server.record import reading
from messaging_server.record.entry import EntryKind
from messaging_server.record.opened import OpenedExchange
from messaging_server.storage import outbox
from messaging_server.storage.tasks import TaskRow
from tests.clinic.answering import reply_to
from tests.clinic.composing import composing, look
from tests.clinic.pages import Browser, Pages
from tests.clinic.world import World
from tests.messaging_server.broker.test_pictures import PLACE, TOLD, jpeg
from tests.messaging_server.web.test_replying import fields
from tests.messaging_server.web.test_uploads import entries

PDF = b"%PDF-1.7 invented"
LEAFLET = ("depliant.pdf", PDF)


async def sent(
    browser: Browser, task: TaskRow, files: Sequence[tuple[str, bytes]], **changed: str
) -> tuple[int, str, str]:
    """From the second look, send with files; gives status, text and where it led."""
    _, page = await look(browser, task)
    typed = fields(page) | {"right_person": "yes", "files_checked": "yes", "action": "send"} | changed
    form = FormData(typed, quote_fields=False, default_to_multipart=True)
    for name, content in files:
        form.add_field("attachment", content, filename=name, content_type="application/octet-stream")
    answer = await browser.client.post(f"/staff/items/{task.id}/confirm", data=form)
    return answer.status, unescape(await answer.text()), answer.url.path


async def reply_in(world: World, task: TaskRow) -> OpenedExchange:
    """The clinic's last words in the thread."""
    opened = await reading.open_thread(world.means.database, world.staff(), task.thread_id, world.now)
    return [one for one in opened.exchanges if one.row.author_role == "staff"][-1]


async def test_a_file_goes_with_the_reply_into_the_inbox_and_nowhere_else(pages: Pages) -> None:
    """The patient opens it signed in; what leaves by e-mail and text holds neither it nor its name [EOU-21, REC-11]."""
    browser, task = await composing(pages)
    status, _, path = await sent(browser, task, [LEAFLET])
    world = pages.world
    said = await reply_in(world, task)
    world.later(minutes=2)
    rose = await pages.browser(world.rose)
    _, thread = await rose.get(f"/threads/{task.thread_id}")
    got = await rose.client.get(f"/files/{said.row.id}/0")
    year = world.now.replace(year=world.now.year + 1)
    leaving = await world.means.database.write(
        lambda c: outbox.lease(c, holder=world.rose.account, now=year, until=year, most=50)
    )

    assert status == 200
    assert path.startswith("/staff/deliveries/")
    assert said.judgement
    assert said.judgement.questions["files_checked"] is True
    assert said.judgement.assessment
    assert said.judgement.assessment.not_screened == ("attachment:0",)
    assert "depliant.pdf" in unescape(thread)
    assert await got.read() == PDF
    assert leaving
    assert not [row for row in leaving if "depliant" in repr(row) or PDF in (row.payload or b"")]


async def test_before_it_leaves_the_patient_finds_no_file(pages: Pages) -> None:
    """While the reply can be taken back its file does not exist for the patient [EOU-16, SEC-09]."""
    browser, task = await composing(pages)
    await sent(browser, task, [LEAFLET])
    said = await reply_in(pages.world, task)
    rose = await pages.browser(pages.world.rose)

    assert (await rose.get(f"/files/{said.row.id}/0"))[0] == 404


@pytest.mark.parametrize(
    ("files", "changed", "words"),
    [
        ([LEAFLET], {"files_checked": ""}, "Ouvrez chaque fichier"),
        ([LEAFLET], {"right_person": ""}, "Choisissez-les de nouveau"),
        ([("page.html", b"<html>")], {}, "« page.html » : Ce type de fichier"),
    ],
)
async def test_an_unconfirmed_or_unknown_file_keeps_the_reply_back(
    pages: Pages, files: list[tuple[str, bytes]], changed: dict[str, str], words: str
) -> None:
    """Nothing leaves until somebody says to have opened it; words stay, files are chosen again [SEN-10, ACC-03]."""
    browser, task = await composing(pages)
    status, page, _ = await sent(browser, task, files, **changed)

    assert status == 422
    assert words in page.replace("\u00a0", " ")
    assert "Oui, vous pouvez prendre les deux ensemble." in page
    assert await entries(pages.world, EntryKind.SENT) == 0


@pytest.mark.parametrize(
    "file", [("note.txt", "Votre test de dépistage du VIH est revenu.".encode()), ("resultat VIH.pdf", PDF)]
)
async def test_what_a_text_file_or_a_name_says_is_screened_like_the_reply(
    pages: Pages, file: tuple[str, bytes]
) -> None:
    """A sensitive word in it stops the reply, and its author is told of the files [SEN-05, ACC-03]."""
    browser, task = await composing(pages)
    status, page, _ = await sent(browser, task, [file])

    assert status == 422
    assert "VIH" in page
    assert "Choisissez-les de nouveau" in page
    assert await entries(pages.world, EntryKind.SENT) == 0


async def test_a_second_click_with_the_same_file_sends_nothing_twice(pages: Pages) -> None:
    """The same words with the same file lead to the reply that they became; with another file they do not [EIN-06]."""
    browser, task = await composing(pages)
    _, page = await look(browser, task)
    typed = fields(page) | {"right_person": "yes", "files_checked": "yes", "action": "send"}
    ways = []
    for name in ("depliant.pdf", "depliant.pdf", "autre.pdf"):
        form = FormData(typed, quote_fields=False, default_to_multipart=True)
        form.add_field("attachment", PDF, filename=name, content_type="application/pdf")
        answer = await browser.client.post(f"/staff/items/{task.id}/confirm", data=form)
        ways.append((answer.status, answer.url.path.split("/")[2]))

    assert ways == [(200, "deliveries"), (200, "deliveries"), (409, "items")]
    assert await entries(pages.world, EntryKind.SENT) == 1


async def test_a_photo_is_passed_on_without_its_place(pages: Pages) -> None:
    """What a clinician attaches reaches the patient without place and device [EIN-15]."""
    browser, task = await composing(pages)
    await sent(browser, task, [("exercice.jpg", jpeg(*TOLD))])
    world = pages.world
    said = await reply_in(world, task)
    world.later(minutes=2)
    rose = await pages.browser(world.rose)
    for place in ("", "/shown"):
        got = await rose.client.get(f"/files/{said.row.id}/0{place}")

        assert got.status == 200
        assert PLACE not in await got.read()


async def test_no_page_is_needed_for_the_question_about_files(pages: Pages) -> None:
    """The broker itself refuses a file that nobody has answered for, whoever asks it to send [SEN-10]."""
    _, task = await composing(pages)
    world = pages.world
    leaflet = Attachment(filename="depliant.pdf", media_type="application/pdf", content=PDF)
    with pytest.raises(InvalidError):
        await outbound.send(
            world.means, world.clinic, world.staff(), reply_to(task, attachments=(leaflet,)), world.now
        )
    assert await entries(world, EntryKind.SENT) == 0
