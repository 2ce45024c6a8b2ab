"""The scan of a signed form, over the real pages: kept sealed beside the act that it proves."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from html import unescape
from uuid import UUID

import pytest
from aiohttp import FormData
from aiohttp.test_utils import TestServer

from consent.model import Act, Category, Channel, ConsentEvent
from messaging_server.record.entry import EntryKind, read_body
from messaging_server.record.verifying import verify_clinic
from messaging_server.storage import consents, records
from messaging_server.storage.accounts import AccountRole
from messaging_server.storage.database import Connection
from messaging_server.web import site
from messaging_server.web.events import Hub
from messaging_server.web.uploads import FileLimits
from tests.clinic.pages import Browser, Pages, form_token, hidden
from tests.clinic.world import World

PDF = b"%PDF-1.7\n" + bytes(range(256)) * 8
PNG = b"\x89PNG\r\n\x1a\n" + bytes(500)
NOTE = "Formulaire signé au comptoir, tout a été expliqué."
NAME = "formulaire-de-rose-lavigne.pdf"


@pytest.fixture
async def desk(pages: Pages) -> AsyncIterator[Browser]:
    """The front desk's browser, at a server that takes small files."""
    pages.server = TestServer(site.application(replace(pages.site, files=FileLimits(largest=20_000)), Hub(), []))
    await pages.server.start_server()
    yield await pages.browser(pages.world.staff(AccountRole.RECEPTION))
    await pages.server.close()


def path_of(world: World) -> str:
    """Where the patient's consent is recorded."""
    return f"/staff/people/{world.rose.person}/consent"


async def record(
    browser: Browser, world: World, files: Sequence[tuple[str, bytes]] = ((NAME, PDF),), answer: str = "accept",
    **given: str,
) -> tuple[int, str]:  # fmt: skip
    """Send the form as a browser does, its fields first."""
    _, page = await browser.get(path_of(world))
    cells = {f"consent.{channel}.{category}": answer for channel in Channel for category in Category}
    fields = {"csrf": form_token(page), "text_version": hidden(page, "text_version")} | cells
    fields |= {"method": "signed_form", "note": NOTE, "explained": "yes"} | given
    form = FormData(fields, default_to_multipart=True)
    for name, content in files:
        form.add_field("attachment", content, filename=name, content_type="image/svg+xml")
    answered = await browser.client.post(path_of(world), data=form)
    return answered.status, unescape(await answered.text())


async def acts(world: World) -> tuple[ConsentEvent, ...]:
    """The patient's register."""
    return await world.means.database.read(lambda c: consents.consents_of(c, world.rose.person))


async def ledger(world: World) -> list[dict[str, object]]:
    """The bodies of the record's ledger."""

    def read(connection: Connection) -> list[dict[str, object]]:
        row = records.record_of_person(connection, world.clinic.id, world.rose.person)
        assert row is not None
        return [dict(read_body(entry.body)) for entry in records.entries_of(connection, row.id)]

    return await world.means.database.read(read)


async def fetch(pages: Pages, role: AccountRole, consent: UUID) -> tuple[int, bytes, dict[str, str]]:
    """Ask for the scan as a colleague does."""
    browser = await pages.browser(pages.world.staff(role))
    answered = await browser.client.get(f"/staff/files/{consent}/0")
    return answered.status, await answered.read(), dict(answered.headers)


async def test_the_scan_is_kept_with_the_act_that_it_proves(pages: Pages, desk: Browser) -> None:
    """The register says that there is evidence, the ledger's entry of the act names its digest [CON-08, CON-15]."""
    world = pages.world
    status, _ = await record(desk, world)
    kept = await acts(world)
    entries = await ledger(world)
    accepted = next(act for act in kept if act.act is Act.ACCEPTED)
    [act] = [e for e in entries if e["kind"] == EntryKind.CONSENT and e["details"].get("evidence")]  # type: ignore[attr-defined]  # a JSON object
    [scan] = [e for e in entries if e.get("exchange") == str(accepted.id)]

    assert status == 200
    assert {one.act: one.has_evidence for one in kept} == {Act.INFORMED: False, Act.ACCEPTED: True}
    assert act["details"]["consent"] == str(accepted.id)  # type: ignore[index]  # a JSON object
    assert act["details"]["evidence"] == scan["details"]["files"]  # type: ignore[index]  # a JSON object
    assert (await verify_clinic(world.means.database, world.clinic.id, None)).faults == ()


async def test_who_holds_the_records_key_opens_it_and_that_is_written_down(pages: Pages, desk: Browser) -> None:
    """The same bytes come back as a download under strict headers; the opening is in the ledger [CON-08, SEC-10]."""
    world = pages.world
    await record(desk, world)
    accepted = next(act for act in await acts(world) if act.act is Act.ACCEPTED)
    status, content, headers = await fetch(pages, AccountRole.NURSE, accepted.id)
    last = (await ledger(world))[-1]

    assert (status, content) == (200, PDF)
    assert headers["Content-Disposition"].startswith("attachment")
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Type"] == "application/octet-stream"
    assert headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert (last["kind"], last["exchange"]) == (EntryKind.DOWNLOADED, str(accepted.id))


async def test_the_desk_that_scanned_it_cannot_open_it_again(pages: Pages, desk: Browser) -> None:
    """Reception holds no key of the record: its page says that the form is kept, and has no link [TRI-10, CON-08]."""
    world = pages.world
    await record(desk, world)
    accepted = next(act for act in await acts(world) if act.act is Act.ACCEPTED)
    _, there = await desk.get(f"/staff/people/{world.rose.person}")
    _, here = await (await pages.browser(world.staff())).get(f"/staff/people/{world.rose.person}")
    status, content, _ = await fetch(pages, AccountRole.RECEPTION, accepted.id)

    assert "Formulaire signé conservé" in unescape(there)
    assert "/staff/files/" not in there
    assert f"/staff/files/{accepted.id}/0" in here
    assert status == 403
    assert PDF not in content


async def test_the_patients_inbox_does_not_fill_with_forms(pages: Pages, desk: Browser) -> None:
    """Evidence is the clinic's paper, not a message [CON-08]."""
    await record(desk, pages.world)
    pages.world.later(seconds=1)
    _, page = await (await pages.browser(pages.world.rose)).get("/inbox")

    assert 'class="empty"' in page


async def test_a_refusal_on_paper_has_its_evidence_too(pages: Pages, desk: Browser) -> None:
    """Who refuses in writing is proven to have refused [CON-08, CON-09]."""
    await record(desk, pages.world, [("refus.png", PNG)], answer="refuse")

    assert [act.act for act in await acts(pages.world) if act.has_evidence] == [Act.REFUSED]


async def test_a_form_without_its_scan_is_recorded_as_before(pages: Pages, desk: Browser) -> None:
    """The paper may stay in its folder: the note stands for it [CON-08]."""
    status, _ = await record(desk, pages.world, [])

    assert status == 200
    assert not any(act.has_evidence for act in await acts(pages.world))


@pytest.mark.parametrize(
    "files",
    [
        [("formulaire.pdf", b"<svg xmlns='http://www.w3.org/2000/svg'><script>1</script></svg>")],
        [("formulaire.pdf", b"<!doctype html><p>bonjour")], [("formulaire.pdf", b"du texte seulement")],
        [("formulaire.pdf", b"")], [("formulaire.pdf", PDF + bytes(20_000))], [(NAME, PDF), ("deux.pdf", PDF)],
    ],
    ids=["svg", "html", "text", "empty", "large", "two"],
)  # fmt: skip
async def test_what_is_no_scan_is_refused_and_the_note_is_kept(
    pages: Pages, desk: Browser, files: list[tuple[str, bytes]]
) -> None:
    """Told by content and size, not by name: nothing is recorded, and what was typed stays [CON-08, SEC-10, ACC-03]."""
    status, page = await record(desk, pages.world, files)

    assert status == 422
    assert 'id="attachment-error"' in page
    assert NOTE in page
    assert await acts(pages.world) == ()


async def test_another_mistake_says_that_the_scan_is_to_be_chosen_again(pages: Pages, desk: Browser) -> None:
    """No page can give a chosen file back, and so it says so [ACC-03]."""
    status, page = await record(desk, pages.world, explained="no")

    assert status == 422
    assert 'id="explained-error"' in page
    assert 'id="attachment-error"' in page
    assert await acts(pages.world) == ()
