"""New recovery shares and new server keys: everything still opens, and the old ones open nothing new."""

from dataclasses import replace
from functools import partial
from uuid import UUID

import pytest

from keys.server import key_version, rotate_delivery, rotate_directory
from keys.suite import WrongSecretError
from messaging_server.broker import directory, recovering, resealing, resharing, rotation
from messaging_server.record.reading import Reader, open_thread, reachable_keys
from messaging_server.record.verifying import verify_clinic
from messaging_server.storage import keyring, people, records
from messaging_server.storage.accounts import AccountRole
from messaging_server.storage.keyring import KeyKind
from messaging_server.storage.sealed import Place, batch
from tests.clinic.world import World


async def reaches(world: World, who: Reader) -> set[int]:
    """The versions of Rose's shared key that a reader can reach."""
    record = await world.means.database.read(
        lambda c: records.record_of_person(c, world.clinic.id, world.rose.person)
    )
    assert record is not None
    held = await reachable_keys(world.means.database, who, {record.shared_key_id})
    return set(held[record.shared_key_id])


async def test_new_shares_reach_every_record_and_the_old_ones_reach_none(world: World) -> None:
    """What was granted to the old recovery key is handed on, old versions included (DESIGN section 5)."""
    await world.consent()
    await world.write("Avant.")
    await rotation.rotate_team(world.means, world.clinic, "clinical", world.now)
    await world.write("Après.")
    shares = await resharing.reshare(world.means, world.clinic, world.founded.shares[:2], (2, 4), world.now)

    assert len(shares) == 4
    saved = await recovering.recovered(world.means, world.clinic, shares[1:3])
    assert await reaches(world, saved) == {1, 2}
    with pytest.raises(WrongSecretError):
        await recovering.recovered(world.means, world.clinic, world.founded.shares)
    assert (await verify_clinic(world.means.database, world.clinic.id, None)).faults == ()


async def test_what_comes_after_new_shares_is_granted_to_the_new_key(world: World) -> None:
    """Records opened later, and keys rotated later, know the new recovery key only [SEC-03]."""
    shares = await resharing.reshare(world.means, world.clinic, world.founded.shares[:2], (2, 3), world.now)
    await world.consent()
    await rotation.rotate_team(world.means, world.clinic, "clinical", world.now)
    receipt = await world.write("Après.")
    saved = await recovering.recovered(world.means, world.clinic, shares[:2])
    assert await reaches(world, saved) == {1, 2}
    assert receipt.thread is not None
    opened = await open_thread(world.means.database, saved, receipt.thread, world.now)
    assert opened.exchanges[0].content.text == "Après."


async def test_too_few_or_wrong_shares_change_nothing(world: World) -> None:
    """One share is not enough, and the old ones go on working."""
    for shares in (world.founded.shares[:1], ("1-AAAA",)):
        with pytest.raises(WrongSecretError):
            await resharing.reshare(world.means, world.clinic, shares, (2, 3), world.now)
    saved = await recovering.recovered(world.means, world.clinic, world.founded.shares[:2])
    assert await reaches(world, saved) == {1}
    keys = await world.means.database.read(lambda c: keyring.keys_of_clinic(c, world.clinic.id, KeyKind.RECOVERY))
    assert [key.id for key in keys.values()] == [saved.account]


async def test_names_addresses_and_factors_are_sealed_anew_under_a_new_directory_key(world: World) -> None:
    """Before the run both versions open, after it the old key is needed for nothing [SEC-03]."""
    newer = rotate_delivery(rotate_directory(world.means.keys))
    means = replace(world.means, keys=newer)
    assert await resealing.reseal(world.means, world.clinic.id) == 0
    assert await resealing.reseal(means, world.clinic.id) > 10
    assert await resealing.reseal(means, world.clinic.id) == 0

    for place in Place:
        query = partial(batch, place=place, clinic=world.clinic.id, after=UUID(int=0), most=99)
        rows = await means.database.read(query)
        assert {key_version(row.blob) for row in rows} <= {2}
    only_new = replace(newer, directory=newer.directory[:1])
    row = await means.database.read(lambda c: people.person(c, world.clinic.id, world.rose.person))
    assert row is not None
    assert directory.open_name(only_new, row).full == "Rose Lavigne"
    assert directory.open_profile(only_new, row).birth_date == "1951-03-09"


async def test_the_clinic_works_on_between_the_new_key_and_the_sealing_anew(world: World) -> None:
    """Fingerprints do not depend on the directory key: people are found and mail is known [SEC-05]."""
    await world.consent()
    world.means = replace(world.means, keys=rotate_directory(world.means.keys))
    receipt = await world.mail("Bonjour")
    assert receipt.thread is not None
    opened = await open_thread(world.means.database, world.staff(AccountRole.NURSE), receipt.thread, world.now)
    assert opened.exchanges[0].row.author_id == world.rose.person
