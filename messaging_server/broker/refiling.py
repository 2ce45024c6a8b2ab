"""Filing a held message where a person says it belongs: never a guess, traced in both ledgers (TRI-16, DESIGN 4).

Release needs an active consent for the channel at that instant (CON-01); without one the message stays held, and the
way on is to call the patient (CON-28).
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from consent.model import Channel, ConsentEvent
from consent.register import ChannelState, standing
from keys.envelope import HolderKey
from messaging_server.broker.clinic import Clinic, Means
from messaging_server.broker.rewrapping import wraps_for
from messaging_server.broker.worklist import event, may_work
from messaging_server.errors import ConflictError, NotAllowedError, NotFoundError
from messaging_server.record import ledger
from messaging_server.record.entry import EntryKind, Fact
from messaging_server.record.reading import Reader
from messaging_server.storage import consents, keyring, records, tasks, threads
from messaging_server.storage.database import Connection
from messaging_server.storage.tasks import TaskKind, TaskRow, TaskStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ground:
    task: TaskRow
    record: records.RecordRow
    thread: threads.ThreadRow
    exchanges: tuple[threads.ExchangeRow, ...]
    shared: HolderKey
    staff: HolderKey
    acts: tuple[ConsentEvent, ...]

    def consented(self, now: datetime) -> bool:
        """Whether the patient agreed to the channel that the message came by."""
        channel = Channel(self.exchanges[0].channel)
        return standing(self.acts, now).channels.get(channel) in {ChannelState.ACTIVE, ChannelState.PARTIAL}


def _ground(connection: Connection, clinic: Clinic, who: Reader, task_id: UUID, person: UUID) -> _Ground:
    task = tasks.task(connection, clinic.id, task_id)
    record = records.record_of_person(connection, clinic.id, person)
    if task is None or record is None or who.is_patient or task.kind not in {TaskKind.HELD, TaskKind.FAILED}:
        raise NotFoundError(str(task_id))
    if not may_work(clinic, who.role, task.queue):
        raise NotAllowedError("not_your_queue")
    thread = threads.thread(connection, clinic.id, task.thread_id)
    exchanges = threads.exchanges_of_thread(connection, task.thread_id)
    if thread is None or not exchanges or task.status.value not in tasks.OPEN:
        raise ConflictError("closed")
    holders = keyring.holders(connection, {record.shared_key_id, record.clinic_key_id})
    return _Ground(
        task=task, record=record, thread=thread, exchanges=exchanges, shared=holders[record.shared_key_id],
        staff=holders[record.clinic_key_id], acts=consents.consents_of(connection, person),
    )  # fmt: skip


async def file_held(means: Means, clinic: Clinic, who: Reader, task_id: UUID, person: UUID, now: datetime) -> UUID:
    """Move a held thread into a patient's record and make its task one to answer; gives the thread.

    Raises NotAllowedError("no_consent") while the patient has not agreed to the channel, ConflictError when somebody
    was faster.
    """
    ground = await means.database.read(lambda c: _ground(c, clinic, who, task_id, person))
    if not ground.consented(now):
        raise NotAllowedError("no_consent")
    said = {row.content_key_id for row in ground.exchanges} | {ground.thread.subject_key_id}
    judged = {row.staff_key_id for row in ground.exchanges if row.staff_key_id}
    wraps = (
        *await wraps_for(means, who, said, [ground.shared]), *await wraps_for(means, who, judged, [ground.staff]),
    )  # fmt: skip

    def unit(connection: Connection) -> None:
        again = _ground(connection, clinic, who, task_id, person)
        if again.task.version != ground.task.version or again.acts != ground.acts:
            raise ConflictError("changed")
        if not keyring.unchanged(connection, [ground.shared, ground.staff]):
            raise ConflictError("changed")
        keyring.add_missing_wraps(connection, clinic.id, wraps)
        _move(connection, clinic, who, again, now)

    await means.database.write(unit)
    means.wake("board")
    return ground.thread.id


def _move(connection: Connection, clinic: Clinic, who: Reader, ground: _Ground, now: datetime) -> None:
    task, record = ground.task, ground.record
    threads.move_thread(connection, ground.thread.id, record.id)
    if record.own_words:
        said = [row.id for row in ground.exchanges if row.direction == threads.Way.IN]
        threads.set_unmatched(connection, said, unmatched=True)
    tasks.change(
        connection, task.id, task.version, kind=TaskKind.ANSWER, record_id=record.id, status=TaskStatus.RECEIVED
    )
    tasks.add_event(
        connection, event(clinic.id, task.id, "filed", who.account, now, before=TaskKind.HELD, after=TaskKind.ANSWER)
    )
    for kind, place in ((EntryKind.FILED_OUT, ground.thread.record_id), (EntryKind.FILED_IN, record.id)):
        facts = [_filed(kind, who, row, ground, now) for row in ground.exchanges]
        ledger.append(connection, clinic.id, place, facts, now)


def _filed(kind: EntryKind, who: Reader, row: threads.ExchangeRow, ground: _Ground, now: datetime) -> Fact:
    """The same ciphertext, named in both ledgers with where it went and where it came from."""
    parties = {"account": who.account, "from": ground.thread.record_id, "to": ground.record.id}
    return Fact(
        kind=kind, at=now, exchange=row.id, channel=row.channel, parties=parties, ciphertext=row.content.digest,
        details={"thread": str(ground.thread.id)},
    )  # fmt: skip
