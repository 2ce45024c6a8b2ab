"""A conversation as a page of its own, to keep, print or hand over: who said what, when, by which way (REC-10).

Pure: what was opened and who is who come in, the page's text comes out. Times are the clinic's, with their distance
from UTC (REC-13). The words of the page stand in `templates/{fr,en}/transcript.html`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from consent.model import Channel
from messaging_server.record.opened import OpenedExchange, OpenedThread
from messaging_server.storage.queries.inbox import Leaving
from messaging_server.storage.threads import Role, Way
from messaging_server.texts import Language, Texts

_MINUS = "\N{MINUS SIGN}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcribing:
    """What a transcript is told beside the words: names by account or person, in the reader's language."""

    names: Mapping[UUID, str] = field(repr=False)
    """A name with its profession; an author without one is called by their role alone."""
    clinic: str
    patient: str = field(repr=False)
    zone: ZoneInfo
    made_at: datetime
    leaving: Sequence[Leaving] = ()


@dataclass(frozen=True, slots=True)
class Moment:
    """An instant in clinic time, with its distance from UTC as "−05:00"."""

    at: datetime
    offset: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """How far a text of an exchange has come, on which channel."""

    channel: Channel
    state: str
    when: Moment


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One exchange of a transcript."""

    author: str = field(repr=False)
    role: Role
    automatic: bool
    from_clinic: bool
    when: Moment
    channel: Channel
    subject: str = field(repr=False)
    text: str = field(repr=False)
    files: tuple[str, ...] = field(repr=False)
    steps: tuple[Step, ...]
    opened: Moment | None
    """When the patient first opened what the clinic wrote; None while they have not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TranscriptPage:
    """All that the page's template sees."""

    subject: str = field(repr=False)
    clinic: str
    patient: str = field(repr=False)
    made: Moment
    lines: tuple[Line, ...]


def transcript(texts: Texts, language: Language, opened: OpenedThread, how: Transcribing) -> str:
    """A thread, or the part of it that was opened, as one HTML page in one language."""
    page = TranscriptPage(
        subject=opened.subject, clinic=how.clinic, patient=how.patient, made=moment(how.made_at, how.zone),
        lines=tuple(_line(exchange, how) for exchange in opened.exchanges),
    )  # fmt: skip
    return texts.page("transcript", language, page)


def moment(at: datetime, zone: ZoneInfo) -> Moment:
    """An instant in a zone, with its distance from UTC (REC-13)."""
    local = at.astimezone(zone)
    text = local.strftime("%z").replace("-", _MINUS)
    return Moment(local, f"{text[:3]}:{text[3:5]}")


def _line(exchange: OpenedExchange, how: Transcribing) -> Line:
    row, content = exchange.row, exchange.content
    from_clinic = row.direction == Way.OUT
    steps = tuple(
        Step(channel=one.channel, state=one.state, when=moment(one.at, how.zone))
        for one in how.leaving
        if one.exchange == row.id
    )
    return Line(
        author=how.names.get(row.author_id, "") if row.author_id else "", role=Role(row.author_role),
        automatic=row.automatic, from_clinic=from_clinic,
        when=moment(row.visible_at if from_clinic else row.created_at, how.zone), channel=Channel(row.channel),
        subject=content.subject, text=content.text, files=tuple(note.filename for note in content.files), steps=steps,
        opened=moment(row.opened_at, how.zone) if from_clinic and row.opened_at else None,
    )  # fmt: skip
