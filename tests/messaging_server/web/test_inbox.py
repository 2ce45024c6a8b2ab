"""The inbox and a conversation, over the real pages: what is new, where it stands, what may be kept."""

import re
from datetime import UTC, datetime
from html import unescape
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from messaging_server.broker import worklist
from messaging_server.message import Attachment
from messaging_server.record.entry import EntryKind
from messaging_server.storage import records, threads
from messaging_server.storage.accounts import AccountRole
from messaging_server.storage.records import EntryRow
from messaging_server.web.inbox import THREADS, cursor_of
from tests.clinic.answering import answer, waiting
from tests.clinic.pages import Browser, Pages
from tests.clinic.world import World

QUESTION = "Bonjour, puis-je prendre mon sirop avec mes vitamines ?"


async def look(browser: Browser, path: str) -> str:
    """The text of a page that is there."""
    status, page = await browser.get(path)
    assert status == 200
    return unescape(page)


async def entries(world: World, kind: EntryKind) -> tuple[EntryRow, ...]:
    """The lines of one kind in the patient's ledger."""
    record = await world.means.database.read(
        lambda c: records.record_of_person(c, world.clinic.id, world.rose.person)
    )
    assert record is not None
    found = await world.means.database.read(lambda c: records.entries_of(c, record.id))
    return tuple(entry for entry in found if entry.kind == kind)


async def test_an_empty_inbox_says_so_and_offers_to_write(pages: Pages) -> None:
    """Nobody is left before a blank page [PAGES]."""
    page = await look(await pages.browser(pages.world.rose), "/inbox")

    assert 'class="empty"' in page
    assert 'href="/write"' in page


async def test_nobody_sees_an_inbox_without_signing_in(pages: Pages) -> None:
    """The pages of the record lead to the sign-in page [IDN-10]."""
    anybody = await pages.browser()
    answers = [
        await anybody.client.get(path, allow_redirects=False)
        for path in ("/inbox", "/readers", "/choices", "/write", f"/threads/{UUID(int=1)}")
    ]

    assert {(one.status, one.headers["Location"].partition("?")[0]) for one in answers} == {(303, "/sign-in")}


async def test_a_request_stands_as_received_with_its_deadline(pages: Pages) -> None:
    """A new request shows its subject, that it is received, and by when it is answered [TRN-03]."""
    world = pages.world
    await world.consent()
    await world.write(QUESTION, subject="Mon sirop")
    page = await look(await pages.browser(world.rose), "/inbox")

    assert "Mon sirop" in page
    assert "jeudi 26 novembre avant 17" in page
    assert QUESTION not in page


async def test_a_request_says_who_has_it(pages: Pages) -> None:
    """Once somebody has taken it, the patient sees who, with the profession [TRN-03]."""
    world = pages.world
    await world.consent()
    receipt = await world.write(QUESTION)
    task = await waiting(world, receipt.thread)
    await worklist.claim(world.means, world.clinic, world.staff(AccountRole.NURSE), task.id, world.now)
    page = await look(await pages.browser(world.rose), "/inbox")

    assert "Marc Ouellet, Infirmier clinicien" in page


async def test_a_late_request_tells_to_call(pages: Pages) -> None:
    """Past the promised time the inbox says so in words, with the telephone [TRN-03, TRI-19]."""
    world = pages.world
    await world.consent()
    await world.write(QUESTION)
    world.later(days=3)
    page = await look(await pages.browser(world.rose), "/inbox")

    assert 'class="late-words"' in page
    assert 'class="tag late"' in page


async def test_an_emergency_is_not_late_at_the_moment_it_is_sent(pages: Pages) -> None:
    """The clinic's "at once" is not the patient's deadline: what was promised is what shows [ACK-03, TRN-03]."""
    world = pages.world
    await world.consent()
    await world.write("Je veux mourir, je pense à me suicider ce soir.")
    page = await look(await pages.browser(world.rose), "/inbox")

    assert 'class="tag late"' not in page


async def test_a_reply_shows_only_once_it_can_no_longer_be_taken_back(pages: Pages) -> None:
    """While its author can still take it back, a reply is neither shown nor counted nor called an answer [EOU-16]."""
    world = pages.world
    await world.consent()
    receipt = await world.write(QUESTION)
    await answer(world, receipt.thread)
    rose = await pages.browser(world.rose)
    before = await look(rose, f"/threads/{receipt.thread}")
    inbox_before = await look(rose, "/inbox")
    world.later(minutes=2)
    inbox_after = await look(rose, "/inbox")
    after = await look(rose, f"/threads/{receipt.thread}")

    assert "prendre les deux ensemble" not in before
    assert "✓" not in inbox_before
    assert "1 nouveau" in inbox_after
    assert "Répondu" in inbox_after
    assert "prendre les deux ensemble" in after
    assert "Hélène Marchand, Médecin de famille" in after


async def test_opening_a_conversation_marks_it_as_read(pages: Pages) -> None:
    """Only the opening in the inbox counts as seen, and then nothing is new any more [EOU-22, T-42]."""
    world = pages.world
    await world.consent()
    receipt = await world.write(QUESTION)
    await answer(world, receipt.thread)
    world.later(minutes=2)
    rose = await pages.browser(world.rose)
    first = await look(rose, f"/threads/{receipt.thread}")
    again = await look(rose, "/inbox")
    rows = await world.means.database.read(lambda c: threads.exchanges_of_thread(c, receipt.thread or UUID(int=0)))

    assert "Nouveau" in first
    assert 'class="unread"' not in again
    assert all(row.opened_at is not None for row in rows)


async def test_the_inbox_says_when_the_last_sign_in_was_and_what_failed_since(pages: Pages) -> None:
    """Whoever signs in sees the time of the sign-in before, and the tries that failed between the two [IDN-24]."""
    rose = await pages.browser(pages.world.rose)
    url = pages.server.make_url("/")
    rose.client.session.cookie_jar.update_cookies({"access": "2026-11-20T20:15:00+00:00/2"}, url)
    page = await look(rose, "/inbox")

    assert "20 novembre 2026" in page
    assert re.search(r"\b2\b[^<]*(essai|tentative|échou)", page)


async def test_an_automatic_text_looks_automatic(pages: Pages) -> None:
    """The acknowledgement never passes for a person's words [PAGES]."""
    world = pages.world
    await world.consent()
    receipt = await world.write(QUESTION)
    page = await look(await pages.browser(world.rose), f"/threads/{receipt.thread}")

    assert 'class="exchange automatic"' in page
    assert "Message automatique" in page


async def test_an_automatic_text_is_folded_once_a_person_has_answered(pages: Pages) -> None:
    """The answer is what one came to read; until then the acknowledgement lies open [PAGES Thread]."""
    world = pages.world
    await world.consent()
    receipt = await world.write(QUESTION)
    rose = await pages.browser(world.rose)
    before = await look(rose, f"/threads/{receipt.thread}")
    await answer(world, receipt.thread)
    world.later(minutes=2)
    after = await look(rose, f"/threads/{receipt.thread}")

    assert "<details>" not in before
    folded = after.split("<details>")[1].split("</details>")[0]
    assert "Ce texte est envoyé automatiquement" in folded
    assert "prendre les deux ensemble" in after.replace(folded, "")


async def test_the_words_of_a_message_stay_words(pages: Pages) -> None:
    """What somebody wrote is never markup on a page [ETQ-12]."""
    world = pages.world
    await world.consent()
    receipt = await world.write("<script>alert(1)</script>", subject="<b>gras</b>")
    rose = await pages.browser(world.rose)

    for path in ("/inbox", f"/threads/{receipt.thread}", f"/threads/{receipt.thread}/download"):
        _, page = await rose.get(path)
        assert "<script>alert" not in page
        assert "<b>gras" not in page


async def test_many_threads_come_page_by_page(pages: Pages) -> None:
    """A long inbox is shown in pages, each thread once, newest first [DESIGN 7]."""
    world = pages.world
    await world.consent()
    for number in range(THREADS + 3):
        world.later(minutes=1)
        await world.write(QUESTION, subject=f"Question numéro {number:02d}")
    rose = await pages.browser(world.rose)
    first = await look(rose, "/inbox")
    found = re.search(r'href="(/inbox\?after=[^"]+)"', first)
    assert found
    second = await look(rose, found[1])
    seen = re.findall(r"Question numéro (\d\d)", first) + re.findall(r"Question numéro (\d\d)", second)

    assert seen == [f"{number:02d}" for number in reversed(range(THREADS + 3))]
    assert 'href="/inbox?after=' not in second


@settings(max_examples=100)
@given(text=st.text(max_size=60))
def test_no_address_of_a_page_breaks_the_inbox(text: str) -> None:
    """Whatever stands in the address, there is a page to show."""
    found = cursor_of(text)
    assert found is None or found.last_at >= datetime(1970, 1, 1, tzinfo=UTC)


def test_an_instant_beyond_time_names_no_page() -> None:
    """A number too large for a date is no place in an inbox."""
    assert cursor_of("9" * 18 + "-" + "0" * 32) is None
    assert cursor_of("9" * 17 + "-" + "0" * 32) is not None


async def test_a_thread_of_somebody_else_is_no_page(pages: Pages) -> None:
    """An id that is not of one's own record looks like one that does not exist [REC-05]."""
    world = pages.world
    held = await world.mail("Bonjour", sender="inconnue@exemple.test")
    rose = await pages.browser(world.rose)
    answers = [(await rose.get(path))[0] for path in (
        f"/threads/{held.thread}", f"/threads/{UUID(int=7)}", "/threads/not-an-id", f"/threads/{held.thread}/download",
        f"/sent/{held.exchange}", f"/files/{held.exchange}/0",
    )]  # fmt: skip

    assert answers == [404] * 6


async def test_a_conversation_can_be_kept_as_a_page(pages: Pages) -> None:
    """The download holds times with their distance from UTC, authors, roles and channels, and is attested [REC-10]."""
    world = pages.world
    await world.consent()
    receipt = await world.write(QUESTION, subject="Mon sirop")
    await answer(world, receipt.thread)
    world.later(minutes=2)
    rose = await pages.browser(world.rose)
    got = await rose.client.get(f"/threads/{receipt.thread}/download")
    text = unescape(await got.text())

    assert got.headers["Content-Disposition"].startswith("attachment;")
    assert got.headers["Cache-Control"] == "no-store"
    assert "sirop" not in got.headers["Content-Disposition"]
    assert "Rose Lavigne" in text
    assert "Hélène Marchand, Médecin de famille" in text
    assert "(UTC−05:00)" in text
    assert "boîte de réception sécurisée" in text
    assert len(await entries(world, EntryKind.DOWNLOADED)) == 1


async def test_a_receipt_holds_ones_own_message_alone(pages: Pages) -> None:
    """The receipt of a message is that message, not the conversation, and opens nothing else [TRN-11, T-42]."""
    world = pages.world
    await world.consent()
    receipt = await world.write(QUESTION)
    rose = await pages.browser(world.rose)
    text = await look(rose, f"/threads/{receipt.thread}/download?receipt={receipt.exchange}")
    rows = await world.means.database.read(lambda c: threads.exchanges_of_thread(c, receipt.thread or UUID(int=0)))

    assert text.count("<article>") == 1
    assert QUESTION in text
    assert [row.opened_at is None for row in rows] == [False, True]


async def test_a_receipt_must_belong_to_the_conversation_that_is_named(pages: Pages) -> None:
    """An exchange of one thread is no receipt of another."""
    world = pages.world
    await world.consent()
    one, other = await world.write(QUESTION), await world.write("Autre chose, merci.")
    rose = await pages.browser(world.rose)
    status, _ = await rose.get(f"/threads/{other.thread}/download?receipt={one.exchange}")

    assert status == 404


async def test_a_file_comes_back_as_a_download_with_its_name_and_nothing_else(pages: Pages) -> None:
    """What the patient sent by mail is given back byte for byte, never shown by the browser [SEN-11, TRN-04]."""
    world = pages.world
    await world.consent()
    photo = Attachment(filename='ma "photo"\r\nX: é.png', media_type="image/png", content=b"\x89PNG bytes")
    receipt = await world.mail("Voici ma photo.", attachments=(photo,))
    rose = await pages.browser(world.rose)
    page = await look(rose, f"/threads/{receipt.thread}")
    got = await rose.client.get(f"/files/{receipt.exchange}/0")

    assert f'href="/files/{receipt.exchange}/0"' in page
    assert await got.read() == b"\x89PNG bytes"
    assert got.headers["Content-Type"] == "application/octet-stream"
    assert got.headers["Content-Disposition"].endswith("UTF-8''ma%20%22photo%22%0D%0AX%3A%20%C3%A9.png")
    assert "X" not in got.headers
    assert [(await rose.get(f"/files/{receipt.exchange}/{number}"))[0] for number in ("1", "x", "-1")] == [404] * 3


async def test_both_languages_have_every_page(pages: Pages) -> None:
    """French and English are equals, down to the page that is kept [ACC-07]."""
    world = pages.world
    await world.consent()
    receipt = await world.write(QUESTION)
    english = await pages.browser(world.rose, "en")
    inbox = await look(english, "/inbox")
    kept = await look(english, f"/threads/{receipt.thread}/download")

    assert "Thursday, November 26, before 5" in inbox
    assert "secure inbox" in kept
