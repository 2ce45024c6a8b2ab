"""What would become of a mail, without a clinic's database: the same screening, the same chain, the same calendar.

Nothing is known of the author here, so a hypothetical one is assumed: known, alone at the address, consenting, never
answered before. What the mail itself proves, or fails to prove, counts as it does at the door.
"""

from dataclasses import dataclass
from datetime import datetime

from messaging_server.broker.case import Case, Disposition
from messaging_server.broker.chain import decide
from messaging_server.broker.clinic import Clinic
from messaging_server.broker.inbound import assess_message
from messaging_server.broker.notices import Notice
from messaging_server.broker.planning import NO_TASK
from messaging_server.broker.worklist import due_time
from messaging_server.message import Automatic, IncomingMessage
from messaging_server.storage.tasks import TaskKind
from triage.model import Assessment, Priority


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreseen:
    """What the broker would do with a message of that hypothetical author."""

    assessment: Assessment
    disposition: Disposition
    notice: Notice | None
    """What would leave by the channel that the message came by; None where nothing would (ACK-11, T-26)."""
    due: datetime | None
    """By when a person must have acted, in clinic time; None where nobody would be asked to."""


def foresee(clinic: Clinic, message: IncomingMessage) -> Foreseen:
    """Judge a mail and keep nothing of it."""
    found = assess_message(clinic, message)
    decision = decide(_case(clinic, message, found))
    return Foreseen(
        assessment=found, disposition=decision.disposition, notice=decision.notice if decision.by_channel else None,
        due=_due(clinic, message, found, decision.disposition),
    )  # fmt: skip


def _case(clinic: Clinic, message: IncomingMessage, found: Assessment) -> Case:
    throttle = clinic.policy.throttle
    return Case(
        now=message.received_at, channel=message.channel, automatic=message.automatic,
        about_delivery=message.delivery_ref is not None and message.automatic in {Automatic.BOUNCE, Automatic.REPORT},
        unreadable=message.unreadable, identified=True,
        authenticated=message.authentication.vouches, consented=True,
        texts_answered=clinic.policy.answers_texts, priority=found.priority, flags=found.flags,
        may_answer_thread=throttle.per_thread, may_answer_day=throttle.per_day,
    )  # fmt: skip


def _due(clinic: Clinic, message: IncomingMessage, found: Assessment, disposition: Disposition) -> datetime | None:
    if disposition in NO_TASK and found.priority is Priority.ROUTINE:
        return None
    kinds = {Disposition.HELD: TaskKind.HELD, Disposition.FAILED: TaskKind.FAILED}
    return clinic.local(due_time(clinic, kinds.get(disposition, TaskKind.ANSWER), found, message.received_at))
