"""Letting a colleague go over the real pages: what follows is said, then done, and the last holder stays."""

from html import unescape
from uuid import UUID

import pytest

from messaging_server.broker import admission, leaving, rotation
from messaging_server.broker.admission import NewColleague
from messaging_server.broker.directory import Name
from messaging_server.broker.leaving import Departure
from messaging_server.broker.worklist import claim
from messaging_server.errors import InvalidError, NotAllowedError
from messaging_server.record.reading import Reader
from messaging_server.storage import accounts, tables
from messaging_server.storage.accounts import AccountRole, AccountState
from messaging_server.storage.database import Connection
from messaging_server.storage.tasks import TaskStatus
from messaging_server.texts import Language
from tests.clinic.answering import waiting
from tests.clinic.entering import account_of, sign_in
from tests.clinic.pages import Browser, Pages
from tests.clinic.world import PASSWORD, TEXTS, World

DANGER = "J’ai une douleur à la poitrine qui descend dans le bras, je transpire."


def word(key: str, language: Language = Language.FR) -> str:
    """A text of the pages."""
    return TEXTS.gettext(language, key)


def path_of(who: Reader) -> str:
    """The page on which somebody is let go."""
    return f"/staff/team/{who.account}/leave"


async def administrator(pages: Pages, language: str = "fr") -> Browser:
    """The administrator's browser."""
    return await pages.browser(pages.world.staff(AccountRole.ADMINISTRATOR), language)


async def let_go(pages: Pages, who: Reader, **given: str) -> tuple[int, str]:
    """Fill the page in and send it."""
    browser = await administrator(pages)
    form = {"departure": "left", "current": PASSWORD} | given
    status, page = await browser.post(path_of(who), form)
    return status, unescape(page)


async def audited(world: World, action: str) -> list[tuple[UUID, UUID, str]]:
    """Who did this to whom, and the word beside it."""

    def query(connection: Connection) -> list[tuple[UUID, UUID, str]]:
        found = connection.execute(tables.audit.select().where(tables.audit.c.action == action))
        return [(row.actor_id, row.object_id, row.result) for row in found]

    return await world.means.database.read(query)


async def second(world: World, role: AccountRole, login: str) -> Reader:
    """One more colleague, invited and signed in for the first time."""
    new = NewColleague(
        name=Name(first="Luc", last="Tremblay"), role=role, language="fr", login=login,
        titles={"fr": "Adjoint", "en": "Assistant"}, phone="514 555-0105",
    )  # fmt: skip
    admin = world.staff(AccountRole.ADMINISTRATOR)
    issued = await admission.invite(world.means, world.clinic, admin, new, world.now)
    return await world.sign_in_first(issued, "")


@pytest.mark.parametrize("language", Language)
async def test_what_follows_is_said_before_it_is_done(pages: Pages, language: Language) -> None:
    """Sessions, keys, what they had taken, what stays: in words, and nothing has moved yet [SEC-15, TRI-07]."""
    world, nurse = pages.world, pages.world.staff(AccountRole.NURSE)
    await world.consent()
    task = await waiting(world, (await world.write("Bonjour")).thread)
    await claim(world.means, world.clinic, nurse, task.id, world.now)
    browser = await administrator(pages, language)
    _, team = await browser.get("/staff/team")
    status, page = await browser.get(path_of(nurse))
    text = unescape(page)

    assert status == 200
    assert path_of(nurse) in team
    assert path_of(world.staff(AccountRole.ADMINISTRATOR)) not in team
    assert "Marc Ouellet" in text
    for key in ("leave.signed_out", "leave.keys", "leave.kept", "leave.return"):
        assert word(key, language) in text
    assert {"fr": "1 demande entre ses mains", "en": "1 request in their hands"}[language] in text
    assert (await account_of(world, nurse)).state == AccountState.ACTIVE


async def test_a_live_session_ends_and_nobody_signs_in_or_opens_anything_again(pages: Pages) -> None:
    """The open browser is out at the next click, the right password opens nothing [IDN-10, IDN-22]."""
    world, nurse = pages.world, pages.world.staff(AccountRole.NURSE)
    await world.consent()
    task = await waiting(world, (await world.write("Avant le départ.")).thread)
    live = await pages.browser(nurse)
    before, shown = await live.get(f"/staff/items/{task.id}")
    status, page = await let_go(pages, nurse)
    answer = await live.client.get(f"/staff/items/{task.id}", allow_redirects=False)
    again = await sign_in(await pages.browser(), "mouellet")
    left = await world.means.database.read(lambda c: accounts.sessions_of(c, nurse.account))

    assert (before, "Avant le départ." in unescape(shown)) == (200, True)
    assert status == 200
    assert word("flash.dismissed") in page
    assert (answer.status, answer.headers["Location"].partition("?")[0]) == (303, "/sign-in")
    assert "Avant" not in await answer.text()
    assert left == ()
    assert again.status == 422
    assert word("error.sign_in_failed") in unescape(again.text)


async def test_colleagues_go_on_reading_what_came_before_and_after(pages: Pages) -> None:
    """The team's key was turned, and its old versions stay with who remains [SEC-03]."""
    world = pages.world
    await world.consent()
    before = await waiting(world, (await world.write("Avant le départ.")).thread)
    await let_go(pages, world.staff(AccountRole.NURSE))
    world.later(hours=1)
    after = await waiting(world, (await world.write("Après le départ.")).thread)
    physician = await pages.browser(world.staff())

    for task, words in ((before, "Avant le départ."), (after, "Après le départ.")):
        status, page = await physician.get(f"/staff/items/{task.id}")
        assert status == 200
        assert words in unescape(page)


async def test_what_they_had_taken_is_free_on_the_board_and_the_patient_waits_for_the_team(pages: Pages) -> None:
    """It goes back to its queue, where anybody takes it, and names the leaver to the patient no more [TRI-07]."""
    world, nurse = pages.world, pages.world.staff(AccountRole.NURSE)
    await world.consent()
    task = await waiting(world, (await world.write("Bonjour")).thread)
    await claim(world.means, world.clinic, nurse, task.id, world.now)
    patient = await pages.browser(world.rose)
    _, with_nurse = await patient.get("/inbox")
    await let_go(pages, nurse)
    free = await waiting(world, task.thread_id)
    _, board = await (await pages.browser(world.staff())).get("/staff")
    _, inbox = await patient.get("/inbox")

    assert "Ouellet" in unescape(with_nurse)
    assert (free.owner_id, free.status) == (None, TaskStatus.RECEIVED)
    assert str(task.id) in board
    assert "Ouellet" not in unescape(board)
    assert "Ouellet" not in unescape(inbox)


async def test_an_emergency_that_they_had_seen_calls_for_somebody_again(world: World) -> None:
    """Who had acknowledged it is gone: the alert starts anew [TRI-09]."""
    await world.consent()
    task = await waiting(world, (await world.write(DANGER)).thread)
    await claim(world.means, world.clinic, world.staff(AccountRole.NURSE), task.id, world.now)
    seen = await waiting(world, task.thread_id)
    later = world.later(minutes=5)
    admin, nurse = world.staff(AccountRole.ADMINISTRATOR), world.staff(AccountRole.NURSE)
    await rotation.dismiss(world.means, world.clinic, admin, nurse.account, Departure.LEFT, later)
    free = await waiting(world, task.thread_id)

    assert seen.acknowledged_at is not None
    assert (free.acknowledged_at, free.next_step_at) == (None, later)


async def test_the_reason_is_in_the_log_with_who_and_whom(pages: Pages) -> None:
    """One word of a list, never a sentence about somebody [AUD-02, AUD-08]."""
    world, nurse = pages.world, pages.world.staff(AccountRole.NURSE)
    await let_go(pages, nurse, departure="other_duties")
    admin = world.staff(AccountRole.ADMINISTRATOR)

    assert await audited(world, "account_blocked") == [(admin.account, nurse.account, "other_duties")]


@pytest.mark.parametrize(
    ("given", "leads_to"),
    [
        ({"departure": ""}, "departure"), ({"departure": "because"}, "departure"), ({"current": ""}, "current"),
        ({"current": "un autre mot de passe"}, "current"),
    ],
)  # fmt: skip
async def test_without_a_reason_and_the_password_nobody_is_let_go(
    pages: Pages, given: dict[str, str], leads_to: str
) -> None:
    """A browser left open is not enough, and the page leads to what is missing [SEC-15, ACC-05]."""
    nurse = pages.world.staff(AccountRole.NURSE)
    status, page = await let_go(pages, nurse, **given)

    assert status == 422
    assert f'href="#{leads_to}"' in page
    assert 'value="left" checked' in page or leads_to == "departure"
    assert (await account_of(pages.world, nurse)).state == AccountState.ACTIVE


async def test_the_last_of_a_team_stays_and_the_page_says_what_to_do_first(pages: Pages) -> None:
    """Else nobody could read what the team is sent; with a second one admitted, it goes through (DESIGN section 5)."""
    world, desk = pages.world, pages.world.staff(AccountRole.RECEPTION)
    _, shown = await (await administrator(pages)).get(path_of(desk))
    status, page = await let_go(pages, desk)
    still = (await account_of(world, desk)).state
    other = await second(world, AccountRole.RECEPTION, "ltremblay")
    await admission.admit(world.means, world.clinic, desk, other.account, world.now)
    _, done = await let_go(pages, desk)

    for text in (unescape(shown), page):
        assert word("leave.stuck") in text
        assert "Inès Benali" in text
        assert 'name="current"' not in text
    assert (status, still) == (200, AccountState.ACTIVE)
    assert word("flash.dismissed") in done
    assert (await account_of(world, desk)).state == AccountState.BLOCKED


async def test_letting_go_twice_does_it_once(pages: Pages) -> None:
    """A second click finds it done and says so [TRI-08]."""
    nurse = pages.world.staff(AccountRole.NURSE)
    browser = await administrator(pages)
    form = {"departure": "left", "current": PASSWORD}
    await browser.post(path_of(nurse), form)
    _, team = await browser.get("/staff/team")
    status, page = await browser.post(path_of(nurse), form, page="/staff/team")

    assert status == 200
    assert word("flash.changed_meanwhile") in unescape(page)
    assert path_of(nurse) not in team
    assert len(await audited(pages.world, "account_blocked")) == 1


async def test_nobody_lets_themselves_go(pages: Pages) -> None:
    """Or the last door would be locked from outside [IDN-22]."""
    browser = await administrator(pages)
    status, _ = await browser.get(path_of(pages.world.staff(AccountRole.ADMINISTRATOR)))

    assert status == 403


async def test_two_administrators_do_not_shut_out_each_other(world: World) -> None:
    """Whoever was let go a moment ago lets nobody go any more [IDN-22]."""
    first, other = world.staff(AccountRole.ADMINISTRATOR), await second(world, AccountRole.ADMINISTRATOR, "ltremblay")
    await rotation.dismiss(world.means, world.clinic, first, other.account, Departure.LEFT, world.now)
    with pytest.raises(NotAllowedError):
        await rotation.dismiss(world.means, world.clinic, other, first.account, Departure.LEFT, world.now)

    assert (await account_of(world, first)).state == AccountState.ACTIVE


async def test_an_account_shut_by_its_owner_can_be_let_go_of_and_its_keys_are_turned(pages: Pages) -> None:
    """« Someone may have my password » keeps the grants; ending the access takes them [IDN-23, SEC-03]."""
    world, nurse = pages.world, pages.world.staff(AccountRole.NURSE)
    live = await pages.browser(nurse)
    await live.post("/worried", {})
    _, team = await (await administrator(pages)).get("/staff/team")
    await let_go(pages, nurse, departure="at_risk")
    found = await leaving.foresee(world.means, world.clinic, world.staff(AccountRole.ADMINISTRATOR), nurse.account)

    assert path_of(nurse) in team
    assert found.gone


async def test_who_comes_back_is_invited_under_the_same_name(world: World) -> None:
    """A sign-in name of somebody who left is free for an invitation; one in use is not [IDN-03]."""
    admin, nurse = world.staff(AccountRole.ADMINISTRATOR), world.staff(AccountRole.NURSE)
    with pytest.raises(InvalidError):
        await second(world, AccountRole.NURSE, "mouellet")
    await rotation.dismiss(world.means, world.clinic, admin, nurse.account, Departure.ABSENT, world.now)
    back = await second(world, AccountRole.NURSE, "mouellet")

    assert (await account_of(world, back)).state == AccountState.WAITING
    assert back.account != nurse.account
