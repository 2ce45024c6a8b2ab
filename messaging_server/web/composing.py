"""The reply while it is written: what its form carries, how it is judged, and what stands in its way.

Whatever stops a reply, its words are given back whole (ACC-03).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, Self
from uuid import UUID

from consent.model import Category, Channel
from messaging_server.broker import etiquette, reviewing
from messaging_server.broker.directory import open_address, open_name, open_profile
from messaging_server.broker.reviewing import Reply, Review
from messaging_server.storage.queries import people as people_queries
from messaging_server.storage.queries.people import AddressRow
from messaging_server.texts import Language
from messaging_server.web.advice import remarks
from messaging_server.web.agreed import masked
from messaging_server.web.dossier import Dossier
from messaging_server.web.fields import new_form_id, word_of
from messaging_server.web.views.frame import ErrorCode, FieldError
from messaging_server.web.views.item import Answer, Block, Blocked, Composer, Question, Way
from messaging_server.web.visit import Visit
from triage.model import Topic

LENGTHS: Final[Mapping[str, int]] = {
    "subject": 300, "greeting": 200, "body": 20_000, "closing": 200, "override_reason": 2_000,
}  # fmt: skip
_PROBLEMS: Final[Mapping[str, FieldError]] = {
    "subject_missing": FieldError(field="subject", code=ErrorCode.REQUIRED),
    "text_missing": FieldError(field="body", code=ErrorCode.REQUIRED),
    "greeting_missing": FieldError(field="greeting", code=ErrorCode.NO_GREETING),
    "closing_missing": FieldError(field="closing", code=ErrorCode.NO_CLOSING),
    "category_must_be_follow_up": FieldError(field="category", code=ErrorCode.CATEGORY_NEEDED),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What a clinician has written so far."""

    form_id: str
    subject: str = field(default="", repr=False)
    greeting: str = field(default="", repr=False)
    body: str = field(default="", repr=False)
    closing: str = field(default="", repr=False)
    category: Category | None = None
    answers: Mapping[Question, Answer] = field(default_factory=dict)
    override_reason: str = field(default="", repr=False)
    overriding: bool = False
    """The exceptional way was chosen, not only written about (SEN-06)."""

    @classmethod
    def of(cls, form: Mapping[str, str]) -> Self:
        """The draft that a form carries; nothing is cut, what is too long is named by `faults`."""
        category = word_of(form, "category")
        answers = {one: Answer(form[one]) for one in Question if form.get(one) in set(Answer)}
        return cls(
            form_id=word_of(form, "form_id") or new_form_id(), subject=form.get("subject", ""),
            greeting=form.get("greeting", ""), body=form.get("body", ""), closing=form.get("closing", ""),
            category=Category(category) if category in set(Category) else None, answers=answers,
            override_reason=form.get("override_reason", ""), overriding=form.get("overriding") == "yes",
        )  # fmt: skip

    @property
    def text(self) -> str:
        """The whole text, without the signature."""
        return "\n\n".join(part for part in (self.greeting, self.body, self.closing) if part)

    @property
    def hidden(self) -> tuple[tuple[str, str], ...]:
        """Everything that the second look carries, under the names of the composer's fields."""
        return (
            ("subject", self.subject), ("greeting", self.greeting), ("body", self.body), ("closing", self.closing),
            ("category", self.category or ""), ("override_reason", self.override_reason),
            ("overriding", "yes" if self.overriding else ""),
            *((question.value, answer.value) for question, answer in self.answers.items()),
        )  # fmt: skip

    def faults(self) -> tuple[FieldError, ...]:
        """What is wrong before anything is judged."""
        found = [
            FieldError(field=name, code=ErrorCode.TOO_LONG)
            for name, most in LENGTHS.items()
            if len(getattr(self, name)) > most
        ]
        if not self.body:
            found.append(FieldError(field="body", code=ErrorCode.REQUIRED))
        if self.category is None:
            found.append(FieldError(field="category", code=ErrorCode.CATEGORY_NEEDED))
        if self.overriding and not self.override_reason:
            found.append(FieldError(field="override_reason", code=ErrorCode.REASON_NEEDED))
        return tuple(found)

    def reply(self, task: UUID, version: int) -> Reply:
        """What the broker is asked to judge or to send."""
        return Reply(
            task=task, version=version, subject=self.subject, text=self.text,
            category=self.category or Category.GENERAL_ADVICE,
            questions={question.value: answer is Answer.YES for question, answer in self.answers.items()},
            override=self.override_reason if self.overriding else "",
        )  # fmt: skip


def errors_of(draft: Draft, review: Review) -> tuple[FieldError, ...]:
    """Every field to put right, each once, in the order of the form."""
    found = {error.field: error for error in draft.faults()}
    for problem in review.problems:
        error = _PROBLEMS.get(problem)
        if problem.startswith("question:"):
            error = FieldError(field=problem.removeprefix("question:"), code=ErrorCode.ANSWER_QUESTION)
        if error is not None:
            found.setdefault(error.field, error)
    order = [*LENGTHS, "category", *Question]
    return tuple(sorted(found.values(), key=lambda error: order.index(error.field)))


def stop_of(draft: Draft, review: Review) -> Blocked | None:
    """What keeps a reply from leaving although its form is right, with the ways on (SEN-05, CON-11, CON-28)."""
    if "profile_incomplete" in review.problems:
        return Blocked(block=Block.PROFILE)
    if not review.verdict.allowed:
        return Blocked(
            block=Block.CONSENT, refusal=review.verdict.refusal, channel=Channel.WEB,
            category=draft.category,
        )  # fmt: skip
    if not review.blocked or (draft.overriding and draft.override_reason and review.may_override):
        return None
    reasons = [reason for reason in review.assessment.reasons if reason.topic is not None]
    return Blocked(
        block=_why(draft, review), topics=review.topics, words=tuple(dict.fromkeys(r.words for r in reasons))[:6],
        rule=reasons[0].rule if reasons else "", can_override=review.may_override,
    )


def _why(draft: Draft, review: Review) -> Block:
    if draft.answers.get(Question.NEW_DIAGNOSIS) is Answer.YES and Topic.NEW_DIAGNOSIS in review.topics:
        return Block.NEW_DIAGNOSIS
    if draft.answers.get(Question.NEW_TREATMENT) is Answer.YES and Topic.NEW_TREATMENT in review.topics:
        return Block.NEW_TREATMENT
    return Block.SENSITIVE


def way_of(here: Visit, addresses: Iterable[AddressRow]) -> tuple[Way, str]:
    """How the patient learns of a reply, and the one masked address where there is one."""
    told = {Channel(row.channel): row for row in addresses}
    if not told:
        return Way.INBOX_ONLY, ""
    if len(told) > 1:
        return Way.INBOX_BOTH, ""
    channel, row = next(iter(told.items()))
    way = Way.INBOX_EMAIL if channel is Channel.EMAIL else Way.INBOX_SMS
    return way, masked(channel, open_address(here.means.keys, row))


async def signature_of(here: Visit, language: Language) -> str:
    """The visitor's professional signature, as this patient reads it; empty while their profile is incomplete."""
    own = await here.means.database.read(lambda c: people_queries.person(c, here.clinic.id, here.who.person))
    if own is None:
        return ""
    keys = here.means.keys
    return etiquette.signature(open_name(keys, own), open_profile(keys, own), here.who.role, language) or ""


async def first_draft(here: Visit, dossier: Dossier) -> Draft:
    """The greeting and the closing in the patient's language; a reply that was taken back is there again (EOU-16)."""
    patient = dossier.ground.patient
    if patient is None:
        return Draft(form_id=new_form_id())
    language, name = Language(patient.person.language), open_name(here.means.keys, patient.person)
    greeting = here.means.texts.gettext(language, "composer.first_greeting", name=name.first)
    closing = here.means.texts.gettext(language, "composer.first_closing")
    last = next((one for one in reversed(dossier.said) if not one.row.automatic), None)
    if last and last.row.state == "cancelled" and last.row.author_id == here.who.account:
        return await _taken_back(here, language, last.content.subject, last.content.text)
    return Draft(form_id=new_form_id(), subject=dossier.opened.subject[:300], greeting=greeting, closing=closing)


async def _taken_back(here: Visit, language: Language, subject: str, text: str) -> Draft:
    parts = text.removesuffix(await signature_of(here, language)).strip().split("\n\n")
    greeting, closing = (parts[0], parts[-1]) if len(parts) > 2 else ("", "")
    body = "\n\n".join(parts[1:-1]) if len(parts) > 2 else "\n\n".join(parts)
    return Draft(form_id=new_form_id(), subject=subject, greeting=greeting, body=body, closing=closing)


async def composer(here: Visit, dossier: Dossier, draft: Draft, blocked: Blocked | None = None) -> Composer:
    """The composer as it was left."""
    patient = dossier.ground.patient
    language = Language(patient.person.language) if patient else here.language
    review = await reviewing.review(
        here.means, here.clinic, here.who, draft.reply(dossier.task.id, dossier.task.version), here.now
    )
    way, address = way_of(here, review.notified_by)
    return Composer(
        form_id=draft.form_id, to_name=open_name(here.means.keys, patient.person).full if patient else "", way=way,
        way_address=address, subject=draft.subject, greeting=draft.greeting, body=draft.body, closing=draft.closing,
        signature=await signature_of(here, language), category=draft.category, categories=tuple(Category),
        answers=tuple((question, draft.answers.get(question)) for question in Question),
        warnings=remarks(draft.subject, draft.text, review.assessment) if draft.body else (), blocked=blocked,
        override_reason=draft.override_reason, language=language,
    )  # fmt: skip
