"""Rotation: who leaves reads no further, who stays reads everything, and the ledgers say so."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from consent.model import Act, Category, Channel, Method, Scope
from keys.envelope import Context, open_sealed
from keys.grants import Grant
from messaging_server.broker import admission, enrolment, permission, rotation
from messaging_server.broker.admission import NewColleague
from messaging_server.broker.directory import Name
from messaging_server.broker.leaving import Departure
from messaging_server.broker.permission import Given
from messaging_server.broker.receipt import Receipt
from messaging_server.broker.worklist import claim
from messaging_server.errors import NotAllowedError, NotFoundError
from messaging_server.message import Attachment
from messaging_server.record.entry import EntryKind
from messaging_server.record.reading import CONTENT, Keyring, Reader, open_thread, reachable_keys
from messaging_server.record.verifying import verify_clinic
from messaging_server.storage import accounts, keyring, records, tables, tasks, threads
from messaging_server.storage.accounts import AccountRole, AccountState
from messaging_server.storage.database import Connection
from messaging_server.storage.keyring import KeyKind
from tests.clinic.answering import answer, waiting
from tests.clinic.world import ROSE, World, open_world


@pytest.fixture
async def either(database_url: str, tmp_path: Path) -> AsyncIterator[World]:
    """The invented clinic on SQLite and on PostgreSQL."""
    async with open_world(database_url, tmp_path) as made:
        yield made


async def leave(world: World, role: AccountRole = AccountRole.NURSE) -> Reader:
    """A colleague leaves; what they could copy before is what this reader still holds."""
    gone = world.staff(role)
    admin = world.staff(AccountRole.ADMINISTRATOR)
    await rotation.dismiss(world.means, world.clinic, admin, gone.account, Departure.LEFT, world.now)
    return gone


async def words_of(world: World, who: Reader, receipt: Receipt) -> str:
    """What a reader is shown of a message."""
    assert receipt.thread is not None
    opened = await open_thread(world.means.database, who, receipt.thread, world.now)
    return next(one.content.text for one in opened.exchanges if one.row.id == receipt.exchange)


async def team(world: World, name: str = "clinical") -> UUID:
    """The id of a team's key."""
    teams = await world.means.database.read(lambda c: keyring.keys_of_clinic(c, world.clinic.id, KeyKind.TEAM))
    return teams[name].id


class Copy:
    """All that somebody could copy from the database and unlock on the day before they left."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self.ring = Keyring(reader)

    async def take(self, world: World) -> "Copy":
        """Walk every grant there is."""

        def query(connection: Connection) -> Any:
            return connection.execute(tables.grants.select()).all()

        rows = await world.means.database.read(query)
        self.ring.learn(
            Grant(
                key=r.key_id, version=r.key_version, holder=r.holder_id, holder_version=r.holder_version,
                blob=r.sealed_key,
            )
            for r in rows
        )  # fmt: skip
        return self

    async def reads(self, world: World, receipt: Receipt) -> bool:
        """Whether this copy of keys, with the whole database of a later day, opens a message."""
        await self.take(world)

        def query(connection: Connection) -> Any:
            row = threads.exchange(connection, world.clinic.id, receipt.exchange)
            assert row is not None
            return row, keyring.wraps_of(connection, [row.content_key_id])

        row, wraps = await world.means.database.read(query)
        found = self.ring.content_keys(wraps)
        if row.content_key_id not in found:
            return False
        place = Context(clinic=world.clinic.id, subject=row.id, field=CONTENT)
        return bool(open_sealed(row.content, found[row.content_key_id], place).content)


async def test_old_and_new_messages_open_for_those_who_remain(either: World) -> None:
    """Old versions stay with their holders: nothing becomes unreadable by a rotation [SEC-03]."""
    await either.consent()
    before = await either.write("Avant le départ.")
    await leave(either)
    after = await either.write("Après le départ.")
    for who in (either.staff(), either.rose):
        assert await words_of(either, who, before) == "Avant le départ."
        assert await words_of(either, who, after) == "Après le départ."
    sent = await answer(either, after.thread)
    either.now = sent.leaves_at
    assert await words_of(either, either.rose, after) == "Après le départ."


async def test_who_left_opens_nothing_new_even_with_every_key_copied_before(either: World) -> None:
    """Their copied keys and the whole later database do not open what came after [SEC-03]."""
    await either.consent()
    before = await either.write("Avant le départ.")
    copied = await Copy(either.staff(AccountRole.NURSE)).take(either)
    await leave(either)
    after = await either.write("Après le départ.")
    held = await either.mail("Retenu après le départ.", sender="inconnue@exemple.test")

    assert await copied.reads(either, before)
    assert not await copied.reads(either, after)
    assert not await copied.reads(either, held)
    for receipt in (before, after):
        with pytest.raises(NotFoundError):
            await words_of(either, copied.reader, receipt)


async def test_an_answer_is_sealed_to_the_rotated_key_as_well(world: World) -> None:
    """The way out rotates like the way in: whichever writes first [SEC-03]."""
    await world.consent()
    asked = await world.write("Avant le départ.")
    copied = await Copy(world.staff(AccountRole.NURSE)).take(world)
    await leave(world)
    sent = await answer(world, asked.thread)
    reply = Receipt(exchange=sent.exchange, disposition=asked.disposition, assessment=asked.assessment)
    assert not await copied.reads(world, reply)


async def test_the_scan_of_a_consent_is_sealed_to_the_rotated_key_as_well(world: World) -> None:
    """Recording what was agreed on paper is a write to the record like any other [SEC-03, CON-08]."""
    copied = await Copy(world.staff(AccountRole.NURSE)).take(world)
    await leave(world)
    given = Given(
        act=Act.ACCEPTED, method=Method.SIGNED_FORM, channels=frozenset({Channel.WEB}), language="fr", note="Signé.",
        scope=frozenset({Scope(Channel.WEB, Category.APPOINTMENTS)}),
        evidence=Attachment(filename="formulaire.pdf", media_type="application/pdf", content=b"%PDF-1.7"),
    )  # fmt: skip
    desk = world.staff(AccountRole.RECEPTION)
    scan = await permission.record(world.means, world.clinic, desk, world.rose.person, given, world.now)
    asked = await world.write("Après le départ.")

    assert not await copied.reads(world, replace(asked, exchange=scan))


async def test_who_leaves_is_signed_out_blocked_and_has_no_grant(world: World) -> None:
    """Nothing of theirs is left to use, and it stands in the audit [AUD-08, SEC-03]."""
    gone = await leave(world)

    def query(connection: Connection) -> tuple[object, ...]:
        account = accounts.account(connection, world.clinic.id, gone.account)
        assert account is not None
        noted = {row.action for row in connection.execute(tables.audit.select())}
        return account.state, keyring.grants_to(connection, world.clinic.id, [gone.account]), noted

    state, grants, noted = await world.means.database.read(query)
    assert (state, grants) == (AccountState.BLOCKED, ())
    assert {"key_rotated", "account_blocked"} <= noted  # type: ignore[operator]


async def test_what_who_leaves_had_taken_goes_back_to_its_queue(world: World) -> None:
    """No item stays with somebody who is not here any more [TRI-08]."""
    await world.consent()
    asked = await world.write("Bonjour")
    task = await waiting(world, asked.thread)
    await claim(world.means, world.clinic, world.staff(AccountRole.NURSE), task.id, world.now)
    await leave(world)
    again = await waiting(world, asked.thread)
    assert (again.owner_id, again.status) == (None, tasks.TaskStatus.RECEIVED)
    await answer(world, asked.thread)


async def test_the_last_holder_of_a_team_cannot_leave(either: World) -> None:
    """Or what the team is sent could be read by nobody but with the recovery shares (DESIGN section 5)."""
    await leave(either)
    with pytest.raises(NotAllowedError) as refused:
        await leave(either, AccountRole.PHYSICIAN)
    assert refused.value.code == "last_holder"
    still = await either.means.database.read(
        lambda c: accounts.account(c, either.clinic.id, either.staff().account)
    )
    assert still is not None
    assert still.state == AccountState.ACTIVE


@pytest.mark.parametrize("role", [AccountRole.PHYSICIAN, AccountRole.RECEPTION])
async def test_only_an_administrator_lets_somebody_go_and_not_themselves(world: World, role: AccountRole) -> None:
    """The right goes with the role, and nobody locks the last door behind themselves [IDN-22]."""
    nurse, admin = world.staff(AccountRole.NURSE), world.staff(AccountRole.ADMINISTRATOR)
    for who, whom in ((world.staff(role), nurse.account), (admin, admin.account)):
        with pytest.raises(NotAllowedError):
            await rotation.dismiss(world.means, world.clinic, who, whom, Departure.LEFT, world.now)
    with pytest.raises(NotFoundError):
        await rotation.dismiss(world.means, world.clinic, admin, world.rose.account, Departure.LEFT, world.now)


async def test_the_ledger_names_the_new_keys_their_holders_and_whose_reading_ended(world: World) -> None:
    """Anybody with the ledger can tell who could read what, and when that ended (DESIGN section 5)."""
    await world.consent()
    await leave(world)
    await world.write("Après le départ.")
    clinical = await team(world)

    def query(connection: Connection) -> list[dict[str, Any]]:
        record = records.record_of_person(connection, world.clinic.id, world.rose.person)
        assert record is not None
        return [json.loads(row.body) for row in records.entries_of(connection, record.id)]

    entries = await world.means.database.read(query)
    made = [e for e in entries if e["kind"] == EntryKind.KEY]
    assert [(e["details"]["key_kind"], e["details"]["version"]) for e in made] == [
        ("record_shared", 1), ("record_clinic", 1), ("record_shared", 2), ("record_clinic", 2),
    ]  # fmt: skip
    ended = [e for e in entries if e["kind"] == EntryKind.REVOKED]
    assert [(e["parties"]["holder"], e["details"]["version"]) for e in ended] == [(str(clinical), 1)] * 2
    granted = {e["parties"]["holder"] for e in entries if e["kind"] == EntryKind.GRANT and e["details"]["version"] == 2}
    assert str(world.rose.account) in granted
    found = await verify_clinic(world.means.database, world.clinic.id, None)
    assert found.faults == ()


async def test_a_record_is_rotated_once_and_not_again(world: World) -> None:
    """The next message finds nothing to do."""
    await world.consent()
    await leave(world)
    await world.write("Première")
    record = await world.means.database.read(
        lambda c: records.record_of_person(c, world.clinic.id, world.rose.person)
    )
    assert record is not None
    assert not await rotation.rotate_if_due(world.means, world.clinic, record.id, world.now)
    held = await reachable_keys(world.means.database, world.staff(), {record.shared_key_id})
    assert set(held[record.shared_key_id]) == {1, 2}


async def test_a_code_that_waits_puts_the_rotation_off_and_nobody_is_locked_out(world: World) -> None:
    """A patient enrolled just before a colleague left reads what comes before and after their first sign-in."""
    new = enrolment.NewPatient(
        name=Name(first="Anaïs", last="Roy"), birth_date="1990-01-02", language="fr", email="anais@exemple.test",
        email_is_personal=True, seen_document="passport",
    )  # fmt: skip
    issued = await world.enrol(new)
    await leave(world)
    record = await world.means.database.read(lambda c: records.record_of_person(c, world.clinic.id, issued.person))
    assert record is not None
    assert not await rotation.rotate_if_due(world.means, world.clinic, record.id, world.now)

    patient = await world.sign_in_first(issued, new.birth_date)
    assert await rotation.rotate_if_due(world.means, world.clinic, record.id, world.now)
    held = await reachable_keys(world.means.database, patient, {record.shared_key_id})
    assert set(held[record.shared_key_id]) == {1, 2}


async def test_a_newcomer_is_given_the_versions_before_and_after(world: World) -> None:
    """Whoever admits a newcomer grants them every version that they hold themselves (DESIGN section 5)."""
    await world.consent()
    before = await world.write("Avant le départ.")
    await leave(world)
    after = await world.write("Après le départ.")
    colleague = NewColleague(
        name=Name(first="Luc", last="Tremblay"), role=AccountRole.NURSE, language="fr", login="ltremblay"
    )
    admin = world.staff(AccountRole.ADMINISTRATOR)
    issued = await admission.invite(world.means, world.clinic, admin, colleague, world.now)
    luc = await world.sign_in_first(issued, "")
    await admission.admit(world.means, world.clinic, world.staff(), luc.account, world.now)
    assert await words_of(world, luc, before) == "Avant le départ."
    assert await words_of(world, luc, after) == "Après le départ."


async def test_a_team_can_be_rotated_without_anybody_leaving(world: World) -> None:
    """From time to time: the same members, the next version [SEC-03]."""
    await world.consent()
    before = await world.write("Avant.")
    await rotation.rotate_team(world.means, world.clinic, "clinical", world.now)
    after = await world.write("Après.")
    for role in (AccountRole.PHYSICIAN, AccountRole.NURSE):
        assert await words_of(world, world.staff(role), before) == "Avant."
        assert await words_of(world, world.staff(role), after) == "Après."
    with pytest.raises(NotFoundError):
        await rotation.rotate_team(world.means, world.clinic, "nobody", world.now)


async def test_a_patient_s_blocked_account_reads_nothing_that_is_written_afterwards(world: World) -> None:
    """An account that may be in other hands is left out of the next version of its record [IDN-23, SEC-03]."""
    await world.consent()
    stolen = await Copy(world.rose).take(world)
    await world.means.database.write(
        lambda c: accounts.change_account(c, world.rose.account, state=AccountState.BLOCKED)
    )
    receipt = await world.mail("Écrit après le vol.")
    assert not await stolen.reads(world, receipt)
    issued = await admission.new_code(world.means, world.clinic, world.staff(), world.rose.person, world.now)
    rose = await world.sign_in_first(issued, ROSE.birth_date)
    assert await words_of(world, rose, receipt) == "Écrit après le vol."
