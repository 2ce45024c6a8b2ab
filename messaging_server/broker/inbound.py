"""The way in: load, assess, decide, seal, and write everything at once; only then may a door say yes.

Source: DESIGN section 4. A message that comes while the ground moves (a consent withdrawn, a key rotated, a colleague
answering) is decided again on the new ground.
"""

import asyncio
from collections.abc import Callable, Mapping
from types import MappingProxyType

from consent.model import Channel
from messaging_server.broker import optout, rotation, undelivered
from messaging_server.broker.case import Case, Disposition
from messaging_server.broker.chain import decide
from messaging_server.broker.clinic import Clinic, Means
from messaging_server.broker.filing import MovedError, write
from messaging_server.broker.loading import Snapshot, load, look
from messaging_server.broker.planning import plan
from messaging_server.broker.receipt import Planned, Receipt
from messaging_server.broker.screening import Asked, FileWords, files_as_parts, judged, nobody_s, words_in
from messaging_server.errors import UnavailableError
from messaging_server.logs import log
from messaging_server.message import Automatic, IncomingMessage
from messaging_server.storage.database import Connection
from messaging_server.storage.people import AddressStatus
from triage.model import Assessment, Direction, Part, Priority, QueueName
from triage.own_words import marked, matches

ATTEMPTS = 8
CHOSEN_QUEUES = {
    "appointment": QueueName.APPOINTMENTS,
    "renewal": QueueName.RENEWALS,
    "result": QueueName.RESULTS,
    "form": QueueName.DOCUMENTS,
    "question": QueueName.CLINICAL,
    "other": None,
}
"""The reasons that a patient may choose, and the queue that each leads to when nothing graver is found."""


async def receive(means: Means, clinic: Clinic, message: IncomingMessage) -> Receipt:
    """Take a message in. Returns after the durable commit; raises UnavailableError when it could not be written.

    A second coming of the same message gives the first one's receipt and writes nothing (EIN-06, SMS-11).
    """
    found = await screened(means, clinic, message)
    for _ in range(ATTEMPTS):
        snapshot = await means.database.read(lambda c: load(c, means, clinic, message))
        if snapshot.outdated and await rotation.rotate_records(means, clinic, snapshot.places, message.received_at):
            continue
        assessment = _in_its_thread(found, snapshot)
        case = case_of(clinic, message, assessment, snapshot)
        decision = decide(case)
        if decision.disposition is Disposition.DUPLICATE:
            return _receipt_of_first(snapshot, assessment)
        planned = plan(means, clinic, message, assessment, snapshot, decision)
        try:
            await means.database.write(_unit(means, clinic, message, snapshot, planned))
        except MovedError:
            continue
        means.wake("board")
        if assessment.priority is Priority.STAT:
            means.wake("escalation")
        if planned.filing.deliveries:
            means.wake("outbox")
        return planned.receipt
    raise UnavailableError("the ground kept moving under a message")


def _receipt_of_first(snapshot: Snapshot, assessment: Assessment) -> Receipt:
    if snapshot.seen is None:
        raise UnavailableError("a duplicate without its first coming")
    return Receipt(exchange=snapshot.seen, disposition=Disposition.DUPLICATE, assessment=assessment)


async def screened(means: Means, clinic: Clinic, message: IncomingMessage) -> Assessment:
    """The same as `assess_message`; a long text is read elsewhere, so that it holds up nobody else's page.

    Whatever fails in here, the patient is heard: the message is taken in, and says that nothing was screened (TRI-18).
    """
    asked = _asked(clinic, message)
    try:
        words = await words_in(means.open_file, message.attachments)
        asked = _asked(clinic, message, words) if words else asked
        if asked.is_long:
            return await asyncio.to_thread(_as_marked, await means.read(asked), asked, message)
        return _as_marked(judged(asked), asked, message)
    except Exception as error:  # noqa: BLE001  # a fault in reading is no reason to lose what was written
        log.error("screening_failed", fault=type(error).__name__)
        return marked(nobody_s(asked)) if message.private else nobody_s(asked)


def assess_message(clinic: Clinic, message: IncomingMessage) -> Assessment:
    """Screen every part of a message; the patient's own mark, by hand or by words, adds its topic (SEN-09, SEN-10)."""
    asked = _asked(clinic, message)
    return _as_marked(judged(asked), asked, message)


def _asked(clinic: Clinic, message: IncomingMessage, words: Mapping[int, FileWords] = MappingProxyType({})) -> Asked:
    parts = [Part("subject", message.subject), Part("new_text", message.new_text)]
    if message.quoted_text:
        parts.append(Part("quoted_text", message.quoted_text))
    files, unread = files_as_parts(message.attachments, words)
    return Asked(
        parts=[*parts, *files], direction=Direction.INBOUND, ruleset=clinic.ruleset,
        chosen=CHOSEN_QUEUES.get(message.reason or ""), not_screened=unread,
    )  # fmt: skip


def _as_marked(found: Assessment, asked: Asked, message: IncomingMessage) -> Assessment:
    own = matches(message.own_words, asked.parts)
    return marked(found, own) if own or message.private else found


def _in_its_thread(found: Assessment, snapshot: Snapshot) -> Assessment:
    """A mark on a thread holds for every later message in it, by whatever door it comes (SEN-09)."""
    return marked(found) if snapshot.thread and snapshot.thread.private else found


def case_of(clinic: Clinic, message: IncomingMessage, assessment: Assessment, snapshot: Snapshot) -> Case:
    """The facts that the chain may see."""
    now = message.received_at
    throttle = clinic.policy.throttle
    return Case(
        now=now,
        channel=message.channel,
        seen_before=snapshot.seen is not None,
        automatic=message.automatic,
        about_delivery=snapshot.delivery is not None and message.automatic in {Automatic.BOUNCE, Automatic.REPORT},
        keyword=message.keyword,
        unreadable=message.unreadable,
        identified=snapshot.person is not None,
        ambiguous=snapshot.people_at_address > 1,
        stopped_before=any(row.state == AddressStatus.OPTED_OUT for row in snapshot.addresses),
        authenticated=_authenticated(message),
        consented=snapshot.consented(message.channel, now),
        texts_answered=clinic.policy.answers_texts,
        priority=assessment.priority,
        flags=assessment.flags,
        answers_this_thread=snapshot.answers_this_thread,
        answers_today=snapshot.answers_today,
        redirects_this_hour=snapshot.redirects_this_hour,
        may_answer_thread=throttle.per_thread,
        may_answer_day=throttle.per_day,
    )


def _authenticated(message: IncomingMessage) -> bool:
    """A session or the provider's signature vouches by itself; a mail needs an aligned pass (EIN-08)."""
    return message.channel is not Channel.EMAIL or message.authentication.vouches


def _unit(
    means: Means, clinic: Clinic, message: IncomingMessage, snapshot: Snapshot, planned: Planned
) -> Callable[[Connection], None]:
    def unit(connection: Connection) -> None:
        if look(connection, means, clinic, message).guard != snapshot.guard:
            raise MovedError("what the decision stood on changed")
        write(connection, planned.filing)
        reported = planned.decision.disposition is Disposition.REPORT and message.bounce_permanent
        if reported and snapshot.delivery:
            undelivered.fail(connection, clinic, snapshot.delivery, code="bounced", now=message.received_at)
        if message.keyword is not None:
            optout.apply(connection, clinic, message.keyword, snapshot.addresses, message.received_at)

    return unit
