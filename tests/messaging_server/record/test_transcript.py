"""A conversation as a page of its own: complete, in clinic time, in either language, and only words."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html import unescape
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consent.model import Channel
from keys.envelope import Sealed
from messaging_server.record.content import Content, FileNote
from messaging_server.record.opened import OpenedExchange, OpenedThread
from messaging_server.record.transcript import Transcribing, moment, transcript
from messaging_server.storage.outbox import DeliveryState
from messaging_server.storage.queries.inbox import Leaving
from messaging_server.storage.threads import ExchangeRow, ExchangeState, Role, ThreadRow, Way
from messaging_server.texts import Language, Texts

NOON = datetime(2026, 11, 24, 17, 0, tzinfo=UTC)
MONTREAL = ZoneInfo("America/Toronto")
ONE, NURSE, ROSE = UUID(int=1), UUID(int=2), UUID(int=3)
NOTHING = Sealed(blob=b"")
TEXTS = Texts.load()

ASKED = ExchangeRow(
    id=UUID(int=10), clinic_id=ONE, record_id=ONE, thread_id=ONE, direction=Way.IN, channel=Channel.EMAIL,
    automatic=False, author_id=ROSE, author_role=Role.PATIENT, state=ExchangeState.FILED, content=NOTHING,
    content_key_id=ONE, size=1, created_at=NOON, visible_at=NOON, opened_at=NOON,
)  # fmt: skip
ANSWERED = replace(
    ASKED, id=UUID(int=11), direction=Way.OUT, channel=Channel.WEB, author_id=NURSE, author_role=Role.STAFF,
    created_at=NOON + timedelta(hours=1), visible_at=NOON + timedelta(hours=1, minutes=1), opened_at=None,
)  # fmt: skip
THREAD = ThreadRow(
    id=ONE, clinic_id=ONE, record_id=ONE, state="open", category="message", subject=NOTHING, subject_key_id=ONE,
    created_at=NOON, last_at=NOON, last_by=Role.STAFF,
)  # fmt: skip
HOW = Transcribing(
    names={NURSE: "Marc Ouellet, infirmier", ROSE: "Rose Lavigne"}, clinic="Clinique de l’Érablière",
    patient="Rose Lavigne", zone=MONTREAL, made_at=NOON + timedelta(days=1),
    leaving=(Leaving(exchange=ANSWERED.id, channel=Channel.SMS, state="failed", at=NOON + timedelta(hours=2)),),
)  # fmt: skip


def said(row: ExchangeRow, text: str, *files: str) -> OpenedExchange:
    """An opened exchange with its words."""
    notes = tuple(FileNote(filename=name, media_type="image/png", size=1) for name in files)
    return OpenedExchange(row=row, content=Content(subject="", text=text, files=notes))


def opened(*exchanges: OpenedExchange, subject: str = "Mon sirop") -> OpenedThread:
    """A thread with these exchanges."""
    return OpenedThread(row=THREAD, subject=subject, exchanges=exchanges)


CONVERSATION = opened(said(ASKED, "Bonjour, une question.", "photo.png"), said(ANSWERED, "Oui, sans danger."))


@pytest.mark.parametrize("language", Language)
def test_everything_that_was_said_is_there_with_who_when_and_how(language: Language) -> None:
    """Times with their distance from UTC, authors, channels, files and what became of each text [REC-10, REC-13]."""
    page = unescape(transcript(TEXTS, language, CONVERSATION, HOW))

    assert page.startswith(f'<!doctype html>\n<html lang="{language}-CA">')
    assert page.index("Bonjour, une question.") < page.index("Oui, sans danger.")
    assert page.count("(UTC−05:00)") == 4
    for word in ("Rose Lavigne", "Marc Ouellet, infirmier", "photo.png", "Mon sirop", "Clinique de l’Érablière"):
        assert word in page


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("channel", Channel)
@pytest.mark.parametrize("state", DeliveryState)
def test_every_state_of_a_delivery_has_its_words(language: Language, channel: Channel, state: DeliveryState) -> None:
    """Whatever became of a text, on any channel, both languages can say it [REC-10, ACC-07]."""
    leaving = (Leaving(exchange=ANSWERED.id, channel=channel, state=state.value, at=NOON),)
    assert transcript(TEXTS, language, CONVERSATION, replace(HOW, leaving=leaving))


@pytest.mark.parametrize("role", Role)
def test_an_author_without_a_name_is_called_by_the_role(role: Role) -> None:
    """Nobody is left out because a name is gone, and an automatic text is called what it is [REC-10]."""
    nameless = opened(said(replace(ASKED, author_id=None, author_role=role), "Bonjour."))
    automatic = opened(said(replace(ANSWERED, author_id=None, author_role=role, automatic=True), "Reçu."))

    assert "<h2></h2>" not in transcript(TEXTS, Language.FR, nameless, HOW)
    assert "<h2>Message automatique de la clinique</h2>" in transcript(TEXTS, Language.FR, automatic, HOW)


def test_what_the_patient_has_not_opened_is_not_called_read() -> None:
    """Handed over is not read; only an opening in the inbox is [T-42]."""
    read = opened(said(replace(ANSWERED, opened_at=NOON + timedelta(hours=3)), "Oui."))

    assert "Not opened in the inbox" in transcript(TEXTS, Language.EN, CONVERSATION, HOW)
    assert "Opened in the inbox on Tuesday, November 24, 2026, 3" in transcript(TEXTS, Language.EN, read, HOW)


@settings(max_examples=50)
@given(text=st.text(alphabet="<>&\"'/abc é\n", max_size=80))
def test_no_words_become_markup(text: str) -> None:
    """A page that leaves our server carries nobody's script [ETQ-12]."""
    page = transcript(TEXTS, Language.FR, opened(said(ASKED, text, text or "a"), subject=text), HOW)
    plain = transcript(TEXTS, Language.FR, opened(said(ASKED, "x", "x"), subject="x"), HOW)

    assert page.count("<") == plain.count("<")
    assert page.count(">") == plain.count(">")


@settings(max_examples=100)
@given(at=st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2100, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001  # hypothesis takes the bounds without a zone
def test_a_time_and_its_offset_give_back_the_instant(at: datetime) -> None:
    """Local time and distance from UTC together are one instant, through both changes of the clock [REC-13]."""
    found = moment(at, MONTREAL)
    written = found.at.replace(tzinfo=None).isoformat() + found.offset.replace("−", "-")

    assert datetime.fromisoformat(written) == at
