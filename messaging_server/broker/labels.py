"""What staff write beside a message for their colleagues alone: a note, or their word on a finding (SEN-13, REC-16).

A note is an exchange that the patient never sees, sealed to the clinic's key of the record and attested in the ledger
like any other. Which rule was confirmed or refuted is sealed with it: rule ids never stand in clear (DESIGN section 5).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from uuid import UUID

from consent.model import Channel
from keys.envelope import HolderKey
from messaging_server.broker import counting, tallying
from messaging_server.broker.clinic import Clinic, Means
from messaging_server.broker.filing import Filing, MovedError, write
from messaging_server.broker.sealing import audience
from messaging_server.broker.worklist import event, may_work
from messaging_server.errors import ConflictError, NotAllowedError, NotFoundError
from messaging_server.message import new_id
from messaging_server.record.content import Content, Judgement
from messaging_server.record.entry import EntryKind, Fact
from messaging_server.record.opened import OpenedExchange
from messaging_server.record.reading import Reader
from messaging_server.storage import keyring, records, tasks, threads
from messaging_server.storage.counts import CountRow
from messaging_server.storage.database import Connection
from messaging_server.storage.tasks import TaskRow
from triage.model import Reason

LABEL = "label"
CONFIRMED, REFUTED = "confirmed", "refuted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """A clinician's word on one finding: which rule of which version, where in which exchange, right or wrong."""

    exchange: UUID
    rule: str
    ruleset: str
    part: str
    start: int
    end: int
    confirmed: bool

    def speaks_of(self, exchange: UUID, reason: Reason) -> bool:
        """Whether this is about that finding."""
        place = (reason.rule, reason.part, reason.start, reason.end)
        return self.exchange == exchange and place == (self.rule, self.part, self.start, self.end)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where something stands beside an exchange: in which record and thread, sealed to which clinic key."""

    record: UUID
    thread: UUID
    clinic_key: HolderKey


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ground:
    task: TaskRow
    clinic_key: HolderKey


def _ground(connection: Connection, clinic: Clinic, who: Reader, task_id: UUID) -> _Ground:
    task = tasks.task(connection, clinic.id, task_id)
    record = records.record(connection, clinic.id, task.record_id) if task else None
    if task is None or record is None or who.is_patient:
        raise NotFoundError(str(task_id))
    if not may_work(clinic, who.role, task.queue):
        raise NotAllowedError("not_your_queue")
    return _Ground(task=task, clinic_key=keyring.holders(connection, {record.clinic_key_id})[record.clinic_key_id])


async def note(means: Means, clinic: Clinic, who: Reader, task_id: UUID, text: str, now: datetime) -> Filing:
    """A staff note on a task, sealed and ready: it is filed by the write that it belongs to."""
    ground = await means.database.read(lambda c: _ground(c, clinic, who, task_id))
    return _filing(clinic, who, ground, Content(subject="", text=text), Judgement(), ground.task.exchange_id, now)


async def label(
    means: Means, clinic: Clinic, who: Reader, task_id: UUID, said: Label, opened: Sequence[OpenedExchange],
    now: datetime,
) -> None:  # fmt: skip
    """File a clinician's word on a finding, and move what is counted of it in the same write (SEN-13, MET-04).

    `opened` is the thread as the clinician saw it. Raises ConflictError when somebody noted something about the same
    message since, or when a key was rotated.
    """
    ground = await means.database.read(lambda c: _ground(c, clinic, who, task_id))
    state = CONFIRMED if said.confirmed else REFUTED
    judged = Judgement(findings=((LABEL, state), *_place(said)))
    filing = _filing(clinic, who, ground, Content(subject="", text=""), judged, said.exchange, now)
    filing = replace(filing, counted=_moved(means, clinic, said, opened))
    known = _notes(opened, said.exchange)[-1:]

    def unit(connection: Connection) -> None:
        newest = threads.newest_note(connection, ground.task.thread_id, said.exchange)
        if [newest] != [one.row.id for one in known] and (newest or known):
            raise ConflictError("changed")
        write(connection, filing)
        tasks.add_event(connection, event(clinic.id, task_id, f"finding_{state}", who.account, now))

    try:
        await means.database.write(unit)
    except MovedError as error:
        raise ConflictError("changed") from error


def _notes(opened: Sequence[OpenedExchange], about: UUID) -> list[OpenedExchange]:
    return [one for one in opened if one.row.direction == threads.Way.NOTE and one.row.in_reply_to == about]


def _moved(means: Means, clinic: Clinic, said: Label, opened: Sequence[OpenedExchange]) -> tuple[CountRow, ...]:
    """How the numbers change, in the month in which the message came."""
    about = next((one for one in opened if one.row.id == said.exchange), None)
    found = about.judgement.assessment if about is not None and about.judgement else None
    if about is None or found is None:
        return ()
    known = labels_of(_notes(opened, said.exchange))
    before, after = partial(word_on, known, said.exchange), partial(word_on, (*known, said), said.exchange)
    families = counting.families_of(clinic.ruleset)
    moves = counting.judged(found.reasons, found.ruleset, families, before, after)
    return tallying.rows_of(means, clinic, moves, about.row.created_at)


def word_on(said: Sequence[Label], exchange: UUID, reason: Reason) -> bool | None:
    """Whether a finding was called right or wrong; the last word holds, and None is nobody's."""
    return next((one.confirmed for one in reversed(said) if one.speaks_of(exchange, reason)), None)


def _place(said: Label) -> tuple[tuple[str, str], ...]:
    return (
        ("rule", said.rule), ("ruleset", said.ruleset), ("part", said.part), ("start", str(said.start)),
        ("end", str(said.end)),
    )  # fmt: skip


def _filing(
    clinic: Clinic, who: Reader, ground: _Ground, content: Content, judged: Judgement, about: UUID, now: datetime
) -> Filing:
    place = Place(record=ground.task.record_id, thread=ground.task.thread_id, clinic_key=ground.clinic_key)
    return beside(clinic, place, who.account, content, judged, about, now)


def beside(
    clinic: Clinic, place: Place, author: UUID | None, content: Content, judged: Judgement, about: UUID, now: datetime
) -> Filing:
    """What stands beside an exchange for the clinic's teams alone, sealed and ready; without author, ours."""
    staff, exchange = audience(clinic.id, [place.clinic_key], now), new_id(now)
    sealed = staff.seal_content(exchange, content)
    row = threads.ExchangeRow(
        id=exchange, clinic_id=clinic.id, record_id=place.record, thread_id=place.thread,
        direction=threads.Way.NOTE, channel=Channel.WEB, automatic=author is None, author_id=author,
        author_role=threads.Role.STAFF if author else threads.Role.SYSTEM, state=threads.ExchangeState.FILED,
        content=sealed.sealed, content_key_id=staff.key.id,
        staff_content=staff.seal_judgement(exchange, judged).sealed,
        staff_key_id=staff.key.id, size=len(content.text), created_at=now, visible_at=now, in_reply_to=about,
    )  # fmt: skip
    fact = Fact(
        kind=EntryKind.NOTE, at=now, exchange=exchange, parties={"account": author} if author else {},
        ciphertext=sealed.sealed.digest, commitment=sealed.commitment,
    )  # fmt: skip
    return Filing(
        clinic=clinic.id, record=place.record, now=now, sealed_to=staff.holders, wraps=staff.wraps,
        exchanges=(row,), facts=(fact,),
    )  # fmt: skip


def labels_of(exchanges: Iterable[OpenedExchange]) -> tuple[Label, ...]:
    """Every word on a finding among opened exchanges, oldest first; the last one about a finding holds."""
    return tuple(said for one in exchanges if (said := _label_of(one)) is not None)


def _label_of(opened: OpenedExchange) -> Label | None:
    found = dict(opened.judgement.findings) if opened.judgement else {}
    about = opened.row.in_reply_to
    if opened.row.direction != threads.Way.NOTE or LABEL not in found or about is None:
        return None
    return Label(
        exchange=about, rule=found["rule"], ruleset=found["ruleset"], part=found["part"], start=int(found["start"]),
        end=int(found["end"]), confirmed=found[LABEL] == CONFIRMED,
    )  # fmt: skip
