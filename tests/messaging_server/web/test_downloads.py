"""Files leave as downloads; a picture shows only to whoever asks, without its place, and the record says so."""

import re
from html import unescape

import pytest

from messaging_server.message import Attachment
from messaging_server.record.entry import EntryKind, read_body
from messaging_server.storage import records
from messaging_server.web.downloads import POLICY
from tests.clinic.pages import Pages
from tests.clinic.world import World
from tests.messaging_server.broker.test_pictures import DEVICE, PLACE, TOLD, jpeg

PHOTO = jpeg(*TOLD)


async def kept(
    world: World, content: bytes = PHOTO, name: str = "bras.jpg", kind: str = "image/jpeg"
) -> tuple[str, str]:
    """A question with one file; gives the file's place and the conversation's."""
    await world.consent()
    receipt = await world.write("Voici.", attachments=(Attachment(filename=name, media_type=kind, content=content),))
    return f"/files/{receipt.exchange}/0", f"/threads/{receipt.thread}"


async def last_entry(world: World) -> dict[str, object]:
    """The newest entry of the patient's record."""
    record = await world.means.database.read(
        lambda c: records.record_of_person(c, world.clinic.id, world.rose.person)
    )
    assert record is not None
    return dict(read_body((await world.means.database.read(lambda c: records.entries_of(c, record.id)))[-1].body))


async def test_a_picture_is_in_no_conversation_until_somebody_asks(pages: Pages) -> None:
    """The page says that a picture is there and how to see it; nothing of it is loaded [SEN-11]."""
    file, thread = await kept(pages.world)
    rose = await pages.browser(pages.world.rose)
    _, page = await rose.get(thread)

    assert "<img" not in page
    assert "Cette image reste cachée" in page
    assert f'href="{file}/picture?thread={thread.removeprefix("/threads/")}"' in page


async def test_seeing_a_picture_is_written_down_and_told_to_the_patient(pages: Pages) -> None:
    """The dots come only after the entry; the patient's page of readers names who saw them [SEN-11, AUD-01, AUD-04]."""
    world = pages.world
    file, thread = await kept(world)
    nurse = await pages.browser(world.staff())
    before = await last_entry(world)
    status, page = await nurse.get(f"/staff{file}/picture")
    assert status == 200
    assert await last_entry(world) == before
    shown = re.search(r'<img src="([^"]+)"', page)
    assert shown
    await nurse.client.get(shown[1])
    entry = await last_entry(world)

    assert entry["kind"] == EntryKind.READ
    assert entry["parties"] == {"account": str(world.staff().account), "person": str(world.staff().person)}
    assert entry["details"] == {"role": "physician", "thread": thread.removeprefix("/threads/"), "number": 0}
    rose = await pages.browser(world.rose)
    assert "Hélène Marchand" in unescape((await rose.get("/readers"))[1])


async def test_the_picture_that_shows_has_no_place_and_no_device(pages: Pages) -> None:
    """Whoever sees it or saves it gets the copy; the author and the record keep the original [EIN-15, TRN-04]."""
    world = pages.world
    file, _ = await kept(world)
    nurse, rose = await pages.browser(world.staff()), await pages.browser(world.rose)
    shown = await nurse.client.get(f"/staff{file}/shown")
    saved = await nurse.client.get(f"/staff{file}")
    own = await rose.client.get(file)

    assert shown.content_type == "image/jpeg"
    assert await shown.read() == await saved.read()
    assert PLACE not in await shown.read()
    assert DEVICE not in await shown.read()
    assert await own.read() == PHOTO


async def test_no_browser_may_do_anything_with_a_file(pages: Pages) -> None:
    """Downloads and pictures come sandboxed, of the type that was found, and out of every cache [SEC-10]."""
    world = pages.world
    file, _ = await kept(world)
    nurse = await pages.browser(world.staff())
    for place, start in (("", "attachment;"), ("/shown", "inline")):
        got = await nurse.client.get(f"/staff{file}{place}")

        assert got.headers["Content-Security-Policy"] == POLICY
        assert got.headers["X-Content-Type-Options"] == "nosniff"
        assert got.headers["Cache-Control"] == "no-store"
        assert got.headers["Content-Disposition"].startswith(start)


@pytest.mark.parametrize(
    ("name", "kind", "content", "saved_as"),
    [
        ("dessin.svg", "image/svg+xml", b"<svg onload='alert(1)'/>", None),
        ("page.html", "text/html", b"<script>alert(1)</script>", None),
        ("resultat.pdf.exe", "application/octet-stream", b"MZ\x90\x00", None),
        ("photo.exe", "image/gif", b"GIF89a", "photo.exe.gif"),
        ("IMG_1.HEIC", "image/heic", b"....ftypheic", "IMG_1.HEIC"),
        ("photo.jpg", "image/jpeg", PHOTO[:90], "photo.jpg"),
    ],
)
async def test_what_is_no_plain_picture_is_never_shown(
    pages: Pages, name: str, kind: str, content: bytes, saved_as: str | None
) -> None:
    """SVG, HTML, programs and what cannot be copied cleanly are saved only, under an honest ending [SEC-10]."""
    file, _ = await kept(pages.world, content, name, kind)
    nurse = await pages.browser(pages.world.staff())
    saved = await nurse.client.get(f"/staff{file}")

    assert (await nurse.get(f"/staff{file}/shown"))[0] == 404
    assert saved.content_type == "application/octet-stream"
    assert await saved.read() == content
    assert saved.headers["Content-Disposition"].endswith(f"UTF-8''{saved_as or file.split('/')[2] + '-0'}")


async def test_a_picture_that_cannot_be_cleaned_says_so_before_it_is_saved(pages: Pages) -> None:
    """Where place and device stay in the copy, the conversation says it; the author knows already [EIN-15]."""
    world = pages.world
    _, thread = await kept(world, b"....ftypheic", "IMG_1.heic", "image/heic")
    nurse, rose = await pages.browser(world.staff()), await pages.browser(world.rose)
    _, board = await nurse.get("/staff/queue/clinical")
    item = re.search(r'href="(/staff/items/[^"]+)"', board)
    assert item

    assert "Peut contenir le lieu" in (await nurse.get(item[1]))[1]
    assert "Peut contenir le lieu" not in (await rose.get(thread))[1]
