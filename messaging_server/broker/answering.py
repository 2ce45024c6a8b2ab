"""The automatic answer to an incoming message: in the record always, by the channel only where it may leave."""

from dataclasses import replace
from datetime import datetime
from typing import Final
from uuid import UUID

from consent.ending import Ended
from consent.model import Channel
from keys.server import fingerprint, seal_directory
from messaging_server.broker import saying, withdrawal
from messaging_server.broker.clinic import language_of
from messaging_server.broker.draft import Draft
from messaging_server.broker.notices import Notice, NoticeFacts
from messaging_server.broker.withdrawal import Ways
from messaging_server.message import new_id
from messaging_server.storage.people import AddressRow, AddressStatus
from messaging_server.texts import Language

STOPPED: Final = (Ended(channel=Channel.SMS),)


def automatic(draft: Draft, task_due: datetime | None) -> saying.Said:
    """The automatic answer to an incoming message: in the record always, by the channel when it may leave."""
    notice = draft.decision.notice
    if notice is None:
        return saying.Said()
    language = language_of(draft.snapshot.language or "", draft.clinic)
    stopped = _stopped(draft, notice)
    facts = _answer_facts(draft, language, task_due)
    place = saying.Place(
        record=draft.record.id, thread=draft.thread, readers=draft.readers, staff=draft.staff,
        in_reply_to=draft.exchange,
    )  # fmt: skip
    if stopped is not None:
        facts = replace(facts, stopped=STOPPED, remaining=tuple(c for c in Channel if c in stopped))
    form = _inbox_form(draft, notice) if stopped is None else Notice.WITHDRAWN
    filed = saying.file_notice(draft.means, draft.clinic, place, form, language, facts, draft.now)
    filed = _announced(draft, place, filed, stopped or {}, language)
    if not draft.decision.by_channel or draft.message.channel is Channel.WEB:
        return filed
    address, added = _answered_address(draft)
    if address is None:
        return filed
    sending = saying.Sending(
        notice=notice, channel=draft.message.channel, language=language, address=address, next_at=draft.now,
        in_reply_to=draft.message.message_id,
    )  # fmt: skip
    sent = saying.queue_text(draft.means, draft.clinic, place, filed.exchanges[0].id, sending, facts, draft.now)
    return replace(
        filed, deliveries=(*filed.deliveries, *sent.deliveries), facts=(*filed.facts, *sent.facts), addresses=added
    )


def _stopped(draft: Draft, notice: Notice) -> Ways | None:
    """The ways that are left to somebody whose texts stop now: their inbox keeps a receipt (CON-13).

    None where nothing of theirs stops: a second stop, somebody unknown, a number without consent.
    """
    known = draft.snapshot
    number = known.address
    first = number is not None and number.state == AddressStatus.ACTIVE and draft.record.person_id == known.person
    if notice is not Notice.OPT_OUT_CONFIRMED or not first or known.person is None:
        return None
    others = [row for row in known.reachable if number is None or row.value_fp != number.value_fp]
    return withdrawal.open_ways(known.consents, others, draft.now)


def _announced(draft: Draft, place: saying.Place, filed: saying.Said, ways: Ways, language: Language) -> saying.Said:
    """Tell of a receipt by the ways that are left, without its content."""
    sent = withdrawal.announce(
        draft.means, draft.clinic, place, filed.exchanges[0].id, ways, language, draft.now
    )
    return replace(filed, deliveries=sent.deliveries, facts=(*filed.facts, *sent.facts))


def _inbox_form(draft: Draft, notice: Notice) -> Notice:
    """In the inbox, a sensitive message's acknowledgement says that it is better talked about in person (SEN-08)."""
    sensitive = notice is Notice.ACKNOWLEDGEMENT and draft.assessment.topics
    return Notice.SENSITIVE_ACKNOWLEDGEMENT if sensitive else notice


def _answer_facts(draft: Draft, language: Language, task_due: datetime | None) -> NoticeFacts:
    facts = saying.notice_facts(draft.clinic, language, draft.now, draft.assessment.flags)
    queue = draft.clinic.policy.queues[draft.assessment.queue]
    promised = draft.clinic.calendar.due(draft.now, queue)
    due = min(task_due, promised) if task_due and task_due > draft.now else promised
    return replace(
        facts, rule=queue.response, due=draft.clinic.local(due), flags=frozenset(draft.assessment.flags),
        paused=draft.snapshot.paused, pictures_missing=draft.message.pictures_missing,
    )  # fmt: skip


def _answered_address(draft: Draft) -> tuple[UUID | None, tuple[AddressRow, ...]]:
    """The directory's address for this author, or a stranger's kept anew; never a header's (ACK-10)."""
    if draft.snapshot.address:
        return draft.snapshot.address.id, ()
    sender, channel, clinic = draft.message.sender, draft.message.channel, draft.clinic
    if sender is None or draft.snapshot.people_at_address > 1:
        return _first_of_shared(draft), ()
    row_id = new_id(draft.now)
    row = AddressRow(
        id=row_id, clinic_id=clinic.id, person_id=None, channel=channel,
        sealed_value=seal_directory(draft.means.keys, sender, clinic.id, row_id, "address"),
        value_fp=fingerprint(draft.means.keys, clinic.id, channel.value, sender), personal=False,
        state=AddressStatus.ACTIVE, created_at=draft.now, changed_at=draft.now,
    )  # fmt: skip
    return row_id, (row,)


def _first_of_shared(draft: Draft) -> UUID | None:
    """Any entry of an address that several people share: the text tells nothing of either."""
    return draft.snapshot.addresses[0].id if draft.snapshot.addresses else None
