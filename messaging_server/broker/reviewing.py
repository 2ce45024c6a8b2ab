"""A reply before it leaves: its manners, what the screening finds, what the gate allows, and who would be told.

Source: SEN-04 to SEN-07, ETQ-01/02/08/10/12, SEN-17, SEN-18, CON-11, CON-26, CON-28.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from consent import gate
from consent.model import Category, Channel, ConsentEvent, Form, Minimum, Purpose, Verdict
from keys.envelope import HolderKey
from messaging_server.broker import directory, etiquette, library, own_words, saying
from messaging_server.broker.clinic import Clinic, Means, language_of
from messaging_server.broker.notices import Notice
from messaging_server.broker.prepared import RESULT_CATEGORIES, Library
from messaging_server.broker.screening import Asked, files_as_parts, in_a_thread, judged, words_in
from messaging_server.broker.worklist import may_work
from messaging_server.errors import ConflictError, NotAllowedError, NotFoundError
from messaging_server.message import Attachment
from messaging_server.record.reading import Reader
from messaging_server.storage import consents, keyring, people, records, tasks, threads
from messaging_server.storage import own_words as sealed_words
from messaging_server.storage.accounts import AccountRole
from messaging_server.storage.database import Connection
from messaging_server.storage.own_words import OwnWordsRow
from messaging_server.storage.people import AddressRow
from messaging_server.storage.tasks import TaskRow
from messaging_server.texts import Language, NoticeText
from triage.model import Assessment, Direction, Part, Topic
from triage.own_words import marked, matches

QUESTIONS = ("new_diagnosis", "new_treatment", "abnormal_result")
OWN_WORDS = "own_words"
"""What was not screened where the patient keeps words that the author's team has no key to (SEN-09, SEN-15)."""
SENSITIVE_ANSWERS = {"new_diagnosis": Topic.NEW_DIAGNOSIS, "new_treatment": Topic.NEW_TREATMENT}
"""An abnormal result is a category of its own, not by itself a sensitive topic."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What the composer hands in."""

    task: UUID
    version: int
    """The version of the task that its author saw: anything newer means that something came since (T-38)."""
    subject: str = field(repr=False)
    text: str = field(repr=False)
    category: Category
    questions: Mapping[str, bool] = field(default_factory=dict)
    override: str = field(default="", repr=False)
    """The exceptional circumstances, in the physician's words (SEN-06)."""
    attachments: tuple[Attachment, ...] = field(default=(), repr=False)
    """Files for the signed-in inbox; they leave by no other way (EOU-21)."""
    files_checked: bool = False
    """Its author says that each file was opened, is this patient's, and announces nothing new (SEN-10)."""
    other_language: bool = False
    """Whether its author says that this patient also reads the language it is written in (ETQ-12)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """What the composer is told before anything leaves."""

    problems: tuple[str, ...]
    """What keeps it from being sent, by code: fix these first."""
    assessment: Assessment
    topics: tuple[Topic, ...]
    """Sensitive topics found or declared: any of them blocks, but for a recorded override."""
    verdict: Verdict
    """Whether the patient agreed to read this kind of content in the inbox."""
    notified_by: tuple[AddressRow, ...]
    """The addresses that will be told that a message waits."""
    final_text: str = field(repr=False)
    may_override: bool

    @property
    def blocked(self) -> bool:
        """Whether a sensitive topic stands in the way."""
        return bool(self.topics)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What a reply is judged on, read in one go."""

    task: TaskRow
    thread: threads.ThreadRow
    record: records.RecordRow
    person: people.PersonRow
    author: people.PersonRow
    addresses: tuple[AddressRow, ...]
    consents: tuple[ConsentEvent, ...] = field(repr=False)
    holders: Mapping[UUID, HolderKey]
    teams: Mapping[str, HolderKey]
    prepared: Library
    listed: tuple[OwnWordsRow, ...] = ()
    """The patient's own sensitive words, sealed."""
    own: tuple[str, ...] | None = field(default=(), repr=False)
    """The same as far as the author's keys open them; None where they do not (SEN-09)."""


def ground_of(connection: Connection, clinic: Clinic, who: Reader, reply: Reply) -> Ground:
    """What stands around a reply. Raises NotFoundError, NotAllowedError, ConflictError where it cannot be answered."""
    task = tasks.task(connection, clinic.id, reply.task)
    if task is None or who.is_patient:
        raise NotFoundError(str(reply.task))
    if not may_work(clinic, who.role, task.queue):
        raise NotAllowedError("not_your_queue")
    if task.status.value not in tasks.OPEN or task.version != reply.version or task.owner_id not in {None, who.account}:
        raise ConflictError("changed")
    record = records.record(connection, clinic.id, task.record_id)
    thread = threads.thread(connection, clinic.id, task.thread_id)
    person = people.person(connection, clinic.id, record.person_id) if record and record.person_id else None
    author = people.person(connection, clinic.id, who.person)
    if record is None or thread is None or person is None or author is None:
        raise NotAllowedError("nobody_to_answer")
    return Ground(
        task=task, thread=thread, record=record, person=person, author=author,
        addresses=people.addresses_of(connection, person.id), consents=consents.consents_of(connection, person.id),
        holders=keyring.holders(connection, {record.shared_key_id, record.clinic_key_id}),
        teams=keyring.keys_of_clinic(connection, clinic.id, keyring.KeyKind.TEAM),
        prepared=library.library(connection, clinic),
        listed=sealed_words.of_record(connection, record.id) if record.own_words else (),
    )  # fmt: skip


async def whole_ground(means: Means, clinic: Clinic, who: Reader, reply: Reply) -> Ground:
    """The same with the patient's own words, which only the author's keys can open."""
    found = await means.database.read(lambda c: ground_of(c, clinic, who, reply))
    return replace(found, own=await own_words.of_record(means, who, found.record))


async def review(means: Means, clinic: Clinic, who: Reader, reply: Reply, now: datetime) -> Review:
    """Everything that would happen if this were sent now; nothing does."""
    return await judge(means, clinic, who, reply, await whole_ground(means, clinic, who, reply), now)


async def judge(
    means: Means, clinic: Clinic, who: Reader, reply: Reply, ground: Ground, now: datetime
) -> Review:
    """What would be said and who would be told, and everything that stands in the way."""
    language = language_of(ground.person.language, clinic)
    signature = signed(means, clinic, ground.author, who.role, language)
    found = await _screened(means, clinic, reply, ground.own)
    declared = [topic for name, topic in SENSITIVE_ANSWERS.items() if reply.questions.get(name)]
    return Review(
        problems=(*_problems(reply, signature, language), *_result_problems(clinic, ground.prepared, reply)),
        assessment=found,
        topics=tuple(dict.fromkeys([*found.topics, *declared])),
        verdict=_verdict(clinic, ground, reply.category, Channel.WEB, Form.CONTENT, now),
        notified_by=_notified(ground, reply.category, now),
        final_text=f"{reply.text.strip()}\n\n{signature}", may_override=who.role is AccountRole.PHYSICIAN,
    )  # fmt: skip


def announced(
    means: Means, clinic: Clinic, found: Review, language: Language, now: datetime
) -> tuple[tuple[Channel, NoticeText], ...]:
    """What each address that is told will read, word for word: that a message waits, and nothing of it (ETQ-13)."""
    facts = saying.notice_facts(clinic, language, now)
    channels = [Channel(address.channel) for address in found.notified_by]
    return tuple((one, saying.render(means, Notice.NOTIFICATION, one, language, facts)) for one in channels)


async def _screened(means: Means, clinic: Clinic, reply: Reply, own: tuple[str, ...] | None) -> Assessment:
    """What the rules find, and the patient's own words: those are as sensitive as any topic (SEN-05, SEN-09)."""
    files, unread = files_as_parts(reply.attachments, await words_in(means.open_file, reply.attachments))
    parts = [Part("subject", reply.subject), Part("text", reply.text), *files]
    asked = Asked(
        parts=parts, direction=Direction.OUTBOUND, ruleset=clinic.ruleset,
        not_screened=[*unread, *([OWN_WORDS] if own is None else [])],
    )  # fmt: skip
    if asked.is_long:  # whoever answers waits: what leaves is read whole, however busy the other reader is
        found = await in_a_thread(asked)
        said = await asyncio.to_thread(matches, own or (), parts)
    else:
        found, said = judged(asked), matches(own or (), parts)
    return marked(found, said) if said else found


def signed(
    means: Means, clinic: Clinic, author: people.PersonRow, role: AccountRole, language: Language
) -> str | None:
    """What stands under every reply: who signs, and that a message replaces no visit (ETQ-07, ETQ-08).

    None while the author's profile is incomplete.
    """
    name, profile = directory.open_name(means.keys, author), directory.open_profile(means.keys, author)
    signature = etiquette.signature(name, profile, role, language)
    if signature is None:
        return None
    phone = means.texts.phone(language, clinic.policy.phone)
    recalled = means.texts.gettext(language, "signature.not_instead", phone=phone)
    return f"{signature}\n\n{recalled}"


def _problems(reply: Reply, signature: str | None, language: Language) -> tuple[str, ...]:
    found = list(etiquette.problems(reply.subject, reply.text))
    if signature is None:
        found.append("profile_incomplete")
    found += [f"question:{name}" for name in QUESTIONS if name not in reply.questions]
    if reply.attachments and not reply.files_checked:
        found.append("files_not_checked")
    if reply.questions.get("abnormal_result") and reply.category is not Category.RESULT_FOLLOW_UP:
        found.append("category_must_be_follow_up")
    if etiquette.tongue(reply.text) is language.other and not reply.other_language:
        found.append("other_language")
    return tuple(found)


def _result_problems(clinic: Clinic, known: Library, reply: Reply) -> tuple[str, ...]:
    """A prepared text of an excluded kind is not sent, and one that tells a result goes as such (SEN-17, SEN-18)."""
    told = known.told_by(reply.text)
    kinds = {one.category for one in told} & RESULT_CATEGORIES
    found = ["result_excluded"] if any(one.excluded_by(clinic.policy) for one in told) else []
    return (*found, *(["category_of_result"] if kinds and reply.category not in kinds else []))


def _verdict(
    clinic: Clinic, ground: Ground, category: Category, channel: Channel, form: Form, now: datetime
) -> Verdict:
    purpose = Purpose(
        channel=channel, category=category, form=form, minimum=Minimum(clinic.policy.least_protection(category))
    )
    states = [address.gate_state for address in ground.addresses]
    return gate.decide(ground.consents, states, purpose, now)


def _notified(ground: Ground, category: Category, now: datetime) -> tuple[AddressRow, ...]:
    """One address for each channel that the patient agreed to be told by: the newest that the gate lets through."""
    chosen = []
    for channel in (Channel.EMAIL, Channel.SMS):
        for address in sorted(ground.addresses, key=lambda a: a.created_at, reverse=True):
            if address.channel == channel and _may_notify(ground, address, category, now):
                chosen.append(address)
                break
    return tuple(chosen)


def _may_notify(ground: Ground, address: AddressRow, category: Category, now: datetime) -> bool:
    purpose = Purpose(channel=Channel(address.channel), category=category, form=Form.NOTIFICATION)
    return gate.decide(ground.consents, [address.gate_state], purpose, now).allowed
