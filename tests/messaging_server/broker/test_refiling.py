"""Filing what was held: where a person says, only with consent, traced in both ledgers."""

import pytest

from messaging_server.broker import refiling
from messaging_server.errors import ConflictError, NotAllowedError, NotFoundError
from messaging_server.record.reading import open_thread
from messaging_server.record.verifying import verify_clinic
from messaging_server.storage.accounts import AccountRole
from messaging_server.storage.tasks import TaskKind
from tests.clinic.answering import waiting
from tests.clinic.world import World


async def test_a_held_mail_is_filed_once_the_patient_has_agreed_and_then_she_reads_it(world: World) -> None:
    """Refused while nothing is agreed; afterwards it is in the record, answerable, and both ledgers hold [CON-01]."""
    held = await world.mail("Une question sur mes comprimés.")
    task = await waiting(world, held.thread)
    with pytest.raises(NotAllowedError, match="no_consent"):
        await refiling.file_held(world.means, world.clinic, world.staff(), task.id, world.rose.person, world.now)
    world.later(minutes=5)
    await world.consent()
    thread = await refiling.file_held(
        world.means, world.clinic, world.staff(), task.id, world.rose.person, world.now
    )

    hers = await open_thread(world.means.database, world.rose, thread, world.now)
    assert "comprimés" in hers.exchanges[0].content.text
    assert (await waiting(world, thread)).kind is TaskKind.ANSWER
    assert (await verify_clinic(world.means.database, world.clinic.id, None)).faults == ()


async def test_a_message_held_in_the_own_record_is_released_in_place(world: World) -> None:
    """Written signed in before any consent: it waits in the own record, and is released there [CON-01, CON-03]."""
    held = await world.write("Une question sur mes comprimés.")
    task = await waiting(world, held.thread)
    world.later(minutes=5)
    await world.consent()
    thread = await refiling.file_held(
        world.means, world.clinic, world.staff(), task.id, world.rose.person, world.now
    )

    hers = await open_thread(world.means.database, world.rose, thread, world.now)
    assert "comprimés" in hers.exchanges[0].content.text


async def test_filing_twice_or_without_the_keys_changes_nothing(world: World) -> None:
    """The second is told that somebody was faster; reception has no way to the words [TRI-08, TRI-10]."""
    held = await world.mail("Une question sur mes comprimés.")
    task = await waiting(world, held.thread)
    world.later(minutes=5)
    await world.consent()
    with pytest.raises((NotAllowedError, NotFoundError)):
        await refiling.file_held(
            world.means, world.clinic, world.staff(AccountRole.RECEPTION), task.id, world.rose.person, world.now
        )
    await refiling.file_held(world.means, world.clinic, world.staff(), task.id, world.rose.person, world.now)
    with pytest.raises((ConflictError, NotFoundError)):
        await refiling.file_held(world.means, world.clinic, world.staff(), task.id, world.rose.person, world.now)
