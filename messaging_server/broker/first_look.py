"""The first opening of what came while no key was at hand: the patient's own words are looked for then (SEN-09).

A door that nobody is signed in at cannot open the patient's list. What came by it is kept to those who hold the record
until one of them opens it; what is found stays beside the message, and marks the conversation for what follows.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from keys.envelope import HolderKey, Wrap
from messaging_server.broker import own_words, rotation
from messaging_server.broker.clinic import Clinic, Means
from messaging_server.broker.filing import Filing, MovedError, write
from messaging_server.broker.labels import Place, beside
from messaging_server.broker.rewrapping import wraps_for
from messaging_server.record.content import Content, Judgement
from messaging_server.record.opened import OpenedExchange, OpenedThread
from messaging_server.record.reading import Reader
from messaging_server.storage import keyring, records, tasks, threads
from messaging_server.storage.database import Connection
from messaging_server.storage.records import RecordRow
from triage.model import Assessment, Part, Priority, QueueName
from triage.own_words import marked, matches

EMPTY = Content(subject="", text="")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ground:
    record: RecordRow
    clinic_key: HolderKey
    desk: HolderKey | None
    """The team that works the item and holds no record key."""


async def look(means: Means, clinic: Clinic, who: Reader, opened: OpenedThread, now: datetime) -> OpenedThread:
    """The thread with what was found in the messages that waited for this; as it was where nothing waits or no key is.

    Whoever comes second finds it done. A key that was rotated meanwhile leaves it for the next opening.
    """
    # Whoever sees the clinic's judgement holds the record: never a patient, never a desk.
    waiting = tuple(one for one in opened.exchanges if one.row.unmatched and one.judgement is not None)
    if not waiting:
        return opened
    await rotation.rotate_if_due(means, clinic, opened.row.record_id, now)
    ground = await means.database.read(lambda c: _ground(c, clinic, opened))
    phrases = await own_words.of_record(means, who, ground.record) if ground else None
    if ground is None or phrases is None:
        return opened
    judged = [(one, _judged(clinic, phrases, one.content)) for one in waiting]
    private = opened.row.private or any(found.topics for _, found in judged)
    notes = [
        (found, _note(clinic, ground, one, found, now)) for one, found in judged if found.topics or found.not_screened
    ]
    wraps = await _desk_wraps(means, who, ground, waiting, private=private)
    try:
        await means.database.write(lambda c: _write(c, opened, waiting, [note for _, note in notes], wraps, private))
    except MovedError:
        return opened
    means.wake("board")
    return _with(opened, notes, private=private)


def _ground(connection: Connection, clinic: Clinic, opened: OpenedThread) -> _Ground | None:
    record = records.record(connection, clinic.id, opened.row.record_id)
    if record is None:
        return None
    task = tasks.open_task_of_thread(connection, opened.row.id)
    team = clinic.team_of(task.queue) if task else None
    teams = keyring.keys_of_clinic(connection, clinic.id, keyring.KeyKind.TEAM)
    return _Ground(
        record=record, clinic_key=keyring.holders(connection, {record.clinic_key_id})[record.clinic_key_id],
        desk=teams.get(team) if team and not clinic.reads_records(team) else None,
    )  # fmt: skip


def _judged(clinic: Clinic, phrases: Sequence[str], content: Content) -> Assessment:
    """What the patient's own words find; the files' own text is not looked through here, and that is said (SEN-10)."""
    parts = [Part("subject", content.subject), Part("new_text", content.text), Part("quoted_text", content.quoted)]
    parts += [Part(f"filename:{number}", file.filename) for number, file in enumerate(content.files)]
    unread = tuple(f"attachment:{number}" for number in range(len(content.files))) if phrases else ()
    found = Assessment(
        topics=(), priority=Priority.ROUTINE, queue=QueueName.CLINICAL, ruleset=clinic.ruleset.version,
        not_screened=unread,
    )  # fmt: skip
    said = matches(phrases, parts)
    return marked(found, said) if said else found


def _note(clinic: Clinic, ground: _Ground, one: OpenedExchange, found: Assessment, now: datetime) -> Filing:
    place = Place(record=ground.record.id, thread=one.row.thread_id, clinic_key=ground.clinic_key)
    return beside(clinic, place, None, EMPTY, Judgement(assessment=found), one.row.id, now)


async def _desk_wraps(
    means: Means, who: Reader, ground: _Ground, waiting: Sequence[OpenedExchange], *, private: bool
) -> tuple[Wrap, ...]:
    """Where nothing was found, the desk that works the item gets the way that it would have had at once."""
    if private or ground.desk is None:
        return ()
    return await wraps_for(means, who, {one.row.content_key_id for one in waiting}, [ground.desk])


def _write(
    connection: Connection, opened: OpenedThread, waiting: Sequence[OpenedExchange], notes: Sequence[Filing],
    wraps: Sequence[Wrap], private: bool,
) -> None:  # fmt: skip
    ids = [one.row.id for one in waiting]
    if threads.set_unmatched(connection, ids, unmatched=False) != len(ids):
        raise MovedError("somebody opened it at the same time")
    for note in notes:
        write(connection, note)
    if private:
        threads.mark_private(connection, opened.row.id)
    keyring.add_missing_wraps(connection, opened.row.clinic_id, wraps)


def _with(opened: OpenedThread, notes: Sequence[tuple[Assessment, Filing]], *, private: bool) -> OpenedThread:
    """The thread as it now rests, without opening it again: that would be a second reading in the ledger."""
    said = [replace(one, row=replace(one.row, unmatched=False)) for one in opened.exchanges]
    said += [
        OpenedExchange(row=note.exchanges[0], content=EMPTY, judgement=Judgement(assessment=found))
        for found, note in notes
    ]
    return replace(opened, row=replace(opened.row, private=private), exchanges=tuple(said))
