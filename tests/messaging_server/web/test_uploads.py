"""Files sent by the pages: counted as they come in, typed by content, sealed with the message, never on the disk."""

import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from html import unescape
from io import BytesIO
from pathlib import Path
from uuid import UUID

import pytest
from aiohttp import FormData
from aiohttp.test_utils import TestServer

from messaging_server.broker import routing
from messaging_server.record import reading
from messaging_server.record.entry import EntryKind
from messaging_server.record.opened import OpenedThread
from messaging_server.storage import records, tasks, threads
from messaging_server.storage.accounts import AccountRole, end_sessions
from messaging_server.web import site, uploads
from messaging_server.web.events import Hub
from messaging_server.web.uploads import FileLimits, Room
from tests.clinic.pages import Browser, Pages, form_token, hidden
from tests.clinic.world import World
from triage.model import Priority, QueueName

QUESTION = "Bonjour, voici le formulaire de mon employeur."
PDF = b"%PDF-1.7\n" + bytes(range(256)) * 20
JPEG = b"\xff\xd8\xff\xe0" + bytes(4000)
SMALL = FileLimits(most=3, largest=50_000, together=90_000)
Chosen = tuple[str, bytes]


def form_of(fields: dict[str, str], files: Sequence[Chosen], kind: str = "application/octet-stream") -> FormData:
    """A form as a browser sends it: fields first, then the files in one field."""
    form = FormData(fields, quote_fields=False, default_to_multipart=True)
    for name, content in files or [("", b"")]:
        form.add_field("attachment", content, filename=name, content_type=kind)
    return form


async def limited(pages: Pages, limits: FileLimits = SMALL, room: Room | None = None) -> Browser:
    """Rose's browser at a server with small limits; the question of urgency is answered."""
    here = replace(pages.site, files=limits, room=room or Room())
    pages.server = TestServer(site.application(here, Hub(), []))
    await pages.server.start_server()
    rose = await pages.browser(pages.world.rose)
    await rose.post("/write", {"not_urgent": "yes"})
    return rose


@pytest.fixture
async def rose(pages: Pages) -> AsyncIterator[Browser]:
    """Rose, who has agreed to everything, before the form."""
    await pages.world.consent()
    old = pages.server
    yield await limited(pages)
    await pages.server.close()
    pages.server = old


async def sent(browser: Browser, files: Sequence[Chosen], **given: str) -> tuple[int, str]:
    """Fill in the form of a new message and send it with files."""
    _, page = await browser.get("/write/message")
    fields = {
        "csrf": form_token(page), "form_id": hidden(page, "form_id"), "reason": "form", "subject": "Mon formulaire",
        "message": QUESTION,
    }  # fmt: skip
    answer = await browser.client.post("/write/message", data=form_of(fields | given, files))
    return answer.status, unescape(await answer.text())


async def entries(world: World, kind: EntryKind) -> int:
    """How many entries of a kind the patient's record holds."""
    record = await world.means.database.read(
        lambda c: records.record_of_person(c, world.clinic.id, world.rose.person)
    )
    assert record is not None
    found = await world.means.database.read(lambda c: records.entries_of(c, record.id))
    return sum(entry.kind == kind for entry in found)


def thread_in(page: str) -> UUID:
    """The thread that the certainty leads to."""
    found = re.search(r"/threads/([0-9a-f-]{36})", page)
    assert found, page
    return UUID(found[1])


async def opened(world: World, page: str) -> OpenedThread:
    """What was kept, as the physician opens it."""
    return await reading.open_thread(world.means.database, world.staff(), thread_in(page), world.now)


async def test_files_go_with_a_new_message_and_are_sealed_with_it(pages: Pages, rose: Browser) -> None:
    """Two files are durable, named and typed by content when the page says "sent" [REC-11, EIN-14]."""
    status, page = await sent(rose, [("reçu été.pdf", PDF), ("C:\\fakepath\\bras.png", JPEG)])
    kept = await opened(pages.world, page)
    content = kept.exchanges[0].content

    assert status == 200
    assert [(one.filename, one.media_type, one.size) for one in content.files] == [
        ("reçu été.pdf", "application/pdf", len(PDF)), ("bras.png", "image/jpeg", len(JPEG)),
    ]  # fmt: skip
    database = pages.world.means.database
    assert await reading.open_blob(database, pages.world.staff(), kept.exchanges[0].row.id, 0, pages.world.now) == PDF


@pytest.mark.parametrize("name", ["Labo; 3 mars; résultats.pdf", "a;b;c;d.pdf", "a; name=b; c.pdf"])
@pytest.mark.filterwarnings("ignore::aiohttp.multipart.BadContentDispositionHeader")
async def test_a_file_goes_along_whatever_its_name_is(pages: Pages, rose: Browser, name: str) -> None:
    """A name with signs that part a header's fields is a name: no file is dropped unsaid [REC-11, EIN-14]."""
    _, page = await sent(rose, [(name, PDF)])
    kept = await opened(pages.world, page)

    assert [one.filename for one in kept.exchanges[0].content.files] == [name]


@pytest.mark.parametrize("said", ["", "form-data"])
@pytest.mark.filterwarnings("ignore::aiohttp.multipart.BadContentDispositionHeader")
async def test_a_part_of_which_nobody_can_tell_what_it_is_is_refused(rose: Browser, said: str) -> None:
    """Nothing is called sent of which a part was not understood [REC-11, SEC-11]."""
    _, page = await rose.get("/write/message")
    head = f"Content-Disposition: {said}\r\n" if said else ""
    parts = [
        f'Content-Disposition: form-data; name="csrf"\r\n\r\n{form_token(page)}', f"{head}\r\n%PDF-1.7",
    ]  # fmt: skip
    body = "".join(f"--edge\r\n{part}\r\n" for part in parts) + "--edge--\r\n"
    kind = {"Content-Type": "multipart/form-data; boundary=edge"}

    assert (await rose.client.post("/write/message", data=body.encode(), headers=kind)).status == 400


async def test_the_ledger_vouches_for_the_files(pages: Pages, rose: Browser) -> None:
    """The entry of the message names a digest of its sealed files [REC-11]."""
    _, page = await sent(rose, [("formulaire.pdf", PDF)])
    world = pages.world
    thread = await world.means.database.read(lambda c: threads.thread(c, world.clinic.id, thread_in(page)))
    assert thread is not None
    found = await world.means.database.read(lambda c: records.entries_of(c, thread.record_id))
    body = next(entry.body for entry in found if entry.kind == EntryKind.RECEIVED)

    assert b'"files":' in body


async def test_what_no_screening_can_read_is_marked_so_and_never_clear(pages: Pages, rose: Browser) -> None:
    """A PDF and a photo are "not screened"; a text file is read, and its name as well [SEN-10, SEN-15]."""
    _, page = await sent(rose, [("a.pdf", PDF), ("note.txt", b"Depuis hier, rien de plus."), ("b.jpg", JPEG)])
    kept = await opened(pages.world, page)
    judgement = kept.exchanges[0].judgement

    assert judgement
    assert judgement.assessment
    assert judgement.assessment.not_screened == ("attachment:0", "attachment:2")


@pytest.mark.parametrize(
    ("name", "content"),
    [("note.txt", b"Je veux mourir, je pense a me suicider ce soir."), ("je veux mourir ce soir.pdf", PDF)],
)
async def test_danger_in_a_text_file_or_in_a_files_name_is_an_emergency(
    pages: Pages, rose: Browser, name: str, content: bytes
) -> None:
    """What the file says, or is called, is screened like the message itself [SEN-10]."""
    _, page = await sent(rose, [(name, content)])
    world = pages.world
    task = await world.means.database.read(lambda c: tasks.open_task_of_thread(c, thread_in(page)))

    assert task
    assert task.priority is Priority.STAT
    assert 'href="tel:911"' in page


async def test_the_same_form_with_the_same_files_is_one_message(pages: Pages, rose: Browser) -> None:
    """A double click files nothing twice [EIN-06]."""
    for _ in range(2):
        assert (await sent(rose, [("a.pdf", PDF)], form_id="same"))[0] == 200

    assert await entries(pages.world, EntryKind.RECEIVED) == 1


async def test_the_same_form_with_another_file_loses_nothing(pages: Pages, rose: Browser) -> None:
    """Whoever goes back and adds a file has said something new: "sent" is never said of what was dropped [ACK-03]."""
    await sent(rose, [], form_id="same")
    _, page = await sent(rose, [("a.pdf", PDF)], form_id="same")

    assert await entries(pages.world, EntryKind.RECEIVED) == 2
    assert len((await opened(pages.world, page)).exchanges[0].content.files) == 1


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ([("gros.pdf", PDF * 10)], "« gros.pdf » : Ce fichier est trop lourd"),
        ([("a.pdf", PDF * 8), ("b.pdf", PDF * 8), ("c.pdf", PDF * 8)], "Ensemble, ces fichiers sont trop lourds"),
        ([(f"{n}.pdf", PDF) for n in range(4)], "Il y a trop de fichiers"),
        ([("a.pdf", PDF), ("facture.pdf", b"MZ\x90\x00\x03")], "« facture.pdf » : Ce type de fichier"),
        ([("image.png", b"<svg onload='alert(1)'></svg>")], "« image.png » : Ce type de fichier"),
        ([("vide.pdf", b"")], "« vide.pdf » : Ce fichier est vide"),
    ],
)
async def test_what_is_not_taken_is_named_and_the_words_come_back(
    pages: Pages, rose: Browser, files: list[Chosen], words: str
) -> None:
    """Too large, too many, of another kind or empty: nothing is filed, the text stays, the file is named [ACC-03]."""
    status, page = await sent(rose, files)

    assert status == 422
    assert words in page.replace("\u00a0", " ")
    assert QUESTION in page
    assert await entries(pages.world, EntryKind.RECEIVED) == 0


async def test_after_another_error_the_files_are_asked_for_again(rose: Browser) -> None:
    """No page can give chosen files back: it says so instead of letting them vanish [ACC-03]."""
    status, page = await sent(rose, [("a.pdf", PDF)], subject="")

    assert status == 422
    assert QUESTION in page
    assert "Choisissez-les de nouveau" in page


async def test_without_files_nothing_is_said_of_them(rose: Browser) -> None:
    """A browser sends an empty part where no file was chosen."""
    status, page = await sent(rose, [], subject="")

    assert status == 422
    assert "Choisissez-les de nouveau" not in page


async def test_files_go_with_a_reply_too(pages: Pages, rose: Browser) -> None:
    """In a conversation the same files are taken, and refused, as with a first message [EIN-14, ACC-03]."""
    _, page = await sent(rose, [])
    thread = thread_in(page)
    _, page = await rose.get(f"/threads/{thread}")
    fields = {"csrf": form_token(page), "form_id": "r", "not_urgent": "yes", "message": "Et voici la suite."}
    wrong = await rose.client.post(f"/threads/{thread}/reply", data=form_of(fields, [("x.exe", b"MZ\x90\x00")]))
    right = await rose.client.post(f"/threads/{thread}/reply", data=form_of(fields, [("suite.pdf", PDF)]))
    _, shown = await rose.get(f"/threads/{thread}")

    assert wrong.status == 422
    assert "Et voici la suite." in await wrong.text()
    assert right.status == 200
    assert "suite.pdf" in shown
    assert "PDF" in shown


async def test_when_the_session_has_ended_no_file_is_kept_and_the_words_come_back(
    pages: Pages, rose: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stranger's files are passed over as they come, whatever their size; the text is given back [ACC-03, SEC-13]."""
    _, page = await rose.get("/write/message")
    world = pages.world
    await world.means.database.write(lambda c: end_sessions(c, world.rose.account))
    kept: list[list[Chosen]] = []

    def whole(gathered: uploads._Gathered) -> uploads.Posted:
        kept.append(list(gathered.files))
        return uploads.Posted(fields=gathered.fields, problem=gathered.problem)

    monkeypatch.setattr(uploads._Gathered, "whole", property(whole))
    fields = {"csrf": form_token(page), "form_id": "f", "reason": "form", "subject": "x", "message": QUESTION}
    answer = await rose.client.post(
        "/write/message", data=form_of(fields, [("a.pdf", PDF)]), headers={"Sec-Fetch-Site": "same-origin"}
    )
    text = unescape(await answer.text())

    assert answer.status == 403
    assert kept == [[]]
    assert QUESTION in text
    assert "Choisissez-les de nouveau" in text


async def test_another_sites_form_is_not_read_at_all(rose: Browser) -> None:
    """What a page elsewhere sends is refused before its parts are looked at [SEC-08, SEC-13]."""
    answer = await rose.client.post(
        "/write/message", data=form_of({"message": QUESTION}, [("a.pdf", PDF)]),
        headers={"Sec-Fetch-Site": "cross-site"},
    )  # fmt: skip

    assert answer.status == 403
    assert QUESTION not in unescape(await answer.text())


async def test_a_form_without_end_is_left_and_its_first_words_come_back(
    rose: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beyond what any of our forms holds reading stops; what was typed before is not lost [SEC-13, ACC-03]."""
    monkeypatch.setattr(uploads, "READ_ON", 200_000)
    status, page = await sent(rose, [("sans-fin.pdf", PDF * 60)])

    assert status == 422
    assert "« sans-fin.pdf » : Ce fichier est trop lourd" in page.replace("\u00a0", " ")
    assert QUESTION in page


@pytest.mark.parametrize("path", ["/sign-in", "/choices", "/staff/items/0/close"])
async def test_no_other_form_may_have_parts(rose: Browser, path: str) -> None:
    """Files have two doors; everywhere else a form in parts is refused [SEC-11]."""
    answer = await rose.client.post(path, data=form_of({"csrf": "x"}, [("a.pdf", PDF)]))

    assert answer.status == 415


@pytest.mark.parametrize(
    "body",
    [
        b"", b"--b", b"--b\r\n", b"nothing\r\nof\r\nthe\r\nkind", b"--b\r\n\r\nno name\r\n--b--\r\n",
        b"--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n\r\nx\r\n--c--\r\n--b--\r\n",
        b'--b\r\nContent-Disposition: form-data; name="_charset_"\r\n\r\n' + b"x" * 40 + b"\r\n--b--\r\n",
        b'--b\r\nContent-Disposition: form-data; name="message"\r\n\r\n\xff\xfe\x00cut off',
        b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n' * 101 + b"--b--\r\n",
        b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n' + b"x" * 1_100_000 + b"\r\n--b--\r\n",
    ],
)  # fmt: skip
async def test_a_broken_form_is_refused_with_a_page(rose: Browser, body: bytes) -> None:
    """Whatever the parts are like, the answer is a refusal, never a fault of ours [SEC-11, SEC-13]."""
    answer = await rose.client.post(
        "/write/message", data=BytesIO(body), headers={"Content-Type": "multipart/form-data; boundary=b"}
    )

    assert 400 <= answer.status < 500
    assert "<h1>" in await answer.text()


async def test_a_compressed_form_is_refused(rose: Browser) -> None:
    """A form is counted as it comes in: one that could swell is not taken [SEC-13]."""
    answer = await rose.client.post(
        "/write/message", data=form_of({"message": "x"}, [("a.pdf", PDF)]), compress="gzip"
    )

    assert answer.status == 415


async def test_only_so_many_forms_with_files_are_read_at_a_time(pages: Pages, rose: Browser) -> None:
    """Beyond that the files wait, the words do not get lost, and a message without files still goes [SEC-13]."""
    await pages.server.close()
    full = await limited(pages, room=Room(most=0))
    status, page = await sent(full, [("a.pdf", PDF)])

    assert status == 422
    assert "Nous ne pouvons pas recevoir de fichiers en ce moment" in page
    assert (await sent(full, []))[0] == 200


def test_one_person_does_not_take_all_the_room() -> None:
    """Two forms each, and a place is given back whatever happens [SEC-13]."""
    room = Room(most=3, each=2)
    with room.place("rose") as one, room.place("rose") as two, room.place("rose") as three:
        with room.place("jean") as other, room.place("anne") as last:
            assert (one, two, three, other, last) == (True, True, False, True, False)
        with pytest.raises(ValueError, match="gone"), room.place("anne"):
            raise ValueError("gone")
        with room.place("anne") as free:
            assert free


async def test_a_clinic_may_take_no_files(pages: Pages, rose: Browser) -> None:
    """With none allowed the form shows no such field."""
    await pages.server.close()
    none = await limited(pages, FileLimits(most=0))
    _, page = await none.get("/write/message")

    assert 'type="file"' not in page
    assert "multipart" not in page


async def test_nothing_of_a_file_is_written_outside_the_database(
    rose: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file larger than any buffer leaves no temporary file behind, not even for a moment [SEC-13, SEC-01]."""
    made: list[str] = []
    monkeypatch.setattr("tempfile.mkstemp", lambda *_a, **_k: made.append("mkstemp"))
    monkeypatch.setattr("tempfile.TemporaryFile", lambda *_a, **_k: made.append("TemporaryFile"))
    status, _ = await sent(rose, [("a.pdf", PDF * 9)])

    assert (status, made) == (200, [])
    assert not [name for name, content in _resting(tmp_path) if PDF[:200] in content]


def _resting(folder: Path) -> list[Chosen]:
    return [(path.name, path.read_bytes()) for path in folder.rglob("*") if path.is_file()]


@pytest.mark.parametrize(("given", "opens"), [
    ({"reason": "form"}, True), ({"reason": "appointment"}, False), ({"reason": "form", "private": "yes"}, False),
])  # fmt: skip
async def test_a_photo_is_for_the_clinical_team_unless_it_is_a_form(
    pages: Pages, rose: Browser, given: dict[str, str], opens: bool
) -> None:
    """What a photo shows no software knows: reception sees that it is there, the nurse can open it [SEN-11].

    Of what the patient calls private, reception opens nothing at all [SEN-08].
    """
    _, page = await sent(rose, [("photo.jpg", JPEG), ("note.txt", b"merci")], **given)
    world = pages.world
    exchange = (await opened(world, page)).exchanges[0].row.id
    desk = await pages.browser(world.staff(AccountRole.RECEPTION))
    nurse = await pages.browser(world.staff(AccountRole.NURSE))

    for place in ("", "/picture"):
        assert (await desk.client.get(f"/staff/files/{exchange}/0{place}")).status == (200 if opens else 403)
        assert (await nurse.client.get(f"/staff/files/{exchange}/0{place}")).status == 200
    assert (await desk.client.get(f"/staff/files/{exchange}/1")).status == (403 if "private" in given else 200)


async def test_routing_a_message_to_reception_does_not_take_its_photo_along(pages: Pages, rose: Browser) -> None:
    """The words are wrapped for the desk, the picture stays with those who hold the record [SEN-11, TRI-14]."""
    _, page = await sent(rose, [("photo.jpg", JPEG)], reason="question")
    world = pages.world
    task = await world.means.database.read(lambda c: tasks.open_task_of_thread(c, thread_in(page)))
    assert task
    await routing.assign(world.means, world.clinic, world.staff(), task.id, QueueName.APPOINTMENTS, world.now)
    desk = await pages.browser(world.staff(AccountRole.RECEPTION))

    assert (await desk.get(f"/staff/items/{task.id}"))[0] == 200
    assert (await desk.get(f"/staff/files/{task.exchange_id}/0"))[0] == 403


async def test_reception_sees_the_file_of_a_document_request(pages: Pages, rose: Browser) -> None:
    """Whoever works in the queue opens the file; the opening stands in the record first [AUD-01]."""
    _, page = await sent(rose, [("formulaire.pdf", PDF)])
    world = pages.world
    exchange = (await opened(world, page)).exchanges[0].row.id
    desk = await pages.browser(world.staff(AccountRole.RECEPTION))
    before = await entries(world, EntryKind.DOWNLOADED)
    got = await desk.client.get(f"/staff/files/{exchange}/0")

    assert await got.read() == PDF
    assert await entries(world, EntryKind.DOWNLOADED) == before + 1
