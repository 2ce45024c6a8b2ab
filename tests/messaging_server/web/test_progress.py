"""Where a request stands, told from its task alone."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from messaging_server.app.clinics import builtin_lines, builtin_policy, make
from messaging_server.app.rulebook import builtin_rules
from messaging_server.broker.clinic import Clinic
from messaging_server.broker.worklist import DISPOSITIONS
from messaging_server.message import ClinicId
from messaging_server.settings import Settings
from messaging_server.storage.tasks import TaskKind, TaskRow, TaskStatus
from messaging_server.web.progress import progress, promised_to
from messaging_server.web.views.patient import RequestState
from triage.model import Priority, QueueName

NOON = datetime(2026, 11, 24, 17, 0, tzinfo=UTC)
DUE = NOON + timedelta(days=2)
ONE = UUID(int=1)
TASK = TaskRow(
    id=ONE, clinic_id=ONE, record_id=ONE, thread_id=ONE, exchange_id=ONE, kind=TaskKind.ANSWER,
    queue=QueueName.CLINICAL, priority=Priority.ROUTINE, rank=2, status=TaskStatus.REQUESTED, received_at=NOON,
    due_at=DUE, next_step_at=None,
)  # fmt: skip
DONE = replace(TASK, status=TaskStatus.COMPLETED, closed_at=NOON, disposition="answered")


@pytest.fixture(scope="module")
def clinic() -> Clinic:
    return make(ClinicId(ONE), "clinique.test", builtin_policy(), Settings(), builtin_rules(), builtin_lines())


def test_a_thread_without_a_task_waits_for_nothing(clinic: Clinic) -> None:
    """Where the clinic wrote first there is no request [TRN-03]."""
    assert progress(clinic, None, NOON).state is RequestState.NONE


def test_an_open_request_is_received_then_with_somebody_then_late(clinic: Clinic) -> None:
    """The states follow each other as the task does, and the deadline is in clinic time [TRN-03, REC-13]."""
    taken = replace(TASK, owner_id=ONE)

    assert progress(clinic, TASK, NOON).state is RequestState.RECEIVED
    assert progress(clinic, taken, NOON).state is RequestState.WITH
    assert progress(clinic, taken, DUE).state is RequestState.LATE
    assert progress(clinic, TASK, NOON).due == DUE
    assert str(progress(clinic, TASK, NOON).due).endswith("-05:00")


@settings(max_examples=50)
@given(seconds=st.integers(min_value=0, max_value=300))
def test_a_reply_is_an_answer_once_it_cannot_be_taken_back(clinic: Clinic, seconds: int) -> None:
    """Until the delay is over the request stands as it did before the reply [EOU-16]."""
    found = progress(clinic, DONE, NOON + timedelta(seconds=seconds)).state
    over = seconds >= clinic.policy.send_delay_seconds

    assert found is (RequestState.ANSWERED if over else RequestState.RECEIVED)


@pytest.mark.parametrize("disposition", sorted(DISPOSITIONS))
def test_every_way_of_closing_has_a_word_for_the_patient(clinic: Clinic, disposition: str) -> None:
    """A closed request says whether there is an answer, or a call or a visit, or that it is closed [TRN-03]."""
    closed = replace(DONE, disposition=disposition)
    found = progress(clinic, closed, NOON + timedelta(hours=1)).state
    answered, elsewhere = {"answered"}, {"phoned", "seen", "booked", "referred"}

    assert (found is RequestState.ANSWERED) is (disposition in answered)
    assert (found is RequestState.CONVERTED) is (disposition in elsewhere)
    assert found in {RequestState.ANSWERED, RequestState.CONVERTED, RequestState.CLOSED}


def test_the_deadline_of_an_emergency_is_the_queues_own(clinic: Clinic) -> None:
    """The task of an emergency is due at once for the clinic; the patient was told a day [ACK-03]."""
    grave = replace(TASK, priority=Priority.STAT, due_at=NOON)
    told = clinic.calendar.due(NOON, clinic.policy.queues[QueueName.CLINICAL])

    assert progress(clinic, grave, NOON).due == told
    assert promised_to(clinic, grave, NOON) == told


def test_a_second_message_keeps_the_earlier_deadline(clinic: Clinic) -> None:
    """A message in a waiting thread is promised what the thread was, unless that has passed [ACK-03, TRI-02]."""
    sooner = replace(TASK, due_at=NOON + timedelta(hours=3))
    told = clinic.calendar.due(NOON, clinic.policy.queues[QueueName.CLINICAL])

    assert promised_to(clinic, sooner, NOON) == sooner.due_at
    assert promised_to(clinic, replace(TASK, due_at=NOON - timedelta(hours=3)), NOON) == told
    assert promised_to(clinic, None, NOON) == told
