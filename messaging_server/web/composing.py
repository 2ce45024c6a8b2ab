"""The reply while it is written: how it is judged, what stands in its way, and the composer around it."""

from collections.abc import Iterable, Mapping
from typing import Final

from consent.model import Category, Channel
from messaging_server.broker import reviewing
from messaging_server.broker.directory import open_address, open_name
from messaging_server.broker.reviewing import Review
from messaging_server.storage.queries import people as people_queries
from messaging_server.storage.queries.people import AddressRow
from messaging_server.texts import Language
from messaging_server.web import inserting
from messaging_server.web.advice import remarks
from messaging_server.web.agreed import masked
from messaging_server.web.dossier import Dossier
from messaging_server.web.draft import LENGTHS, Draft
from messaging_server.web.fields import new_form_id
from messaging_server.web.views.frame import ErrorCode, FieldError
from messaging_server.web.views.item import Answer, Block, Blocked, Composer, Question, Way
from messaging_server.web.visit import Visit
from triage.model import Topic

_PROBLEMS: Final[Mapping[str, FieldError]] = {
    "blank_in_subject": FieldError(field="subject", code=ErrorCode.BLANK_LEFT),
    "blank_in_text": FieldError(field="body", code=ErrorCode.BLANK_LEFT),
    "result_excluded": FieldError(field="body", code=ErrorCode.RESULT_EXCLUDED),
    "category_of_result": FieldError(field="category", code=ErrorCode.RESULT_CATEGORY),
    "other_language": FieldError(field="other_language", code=ErrorCode.OTHER_LANGUAGE),
    "subject_missing": FieldError(field="subject", code=ErrorCode.REQUIRED),
    "text_missing": FieldError(field="body", code=ErrorCode.REQUIRED),
    "greeting_missing": FieldError(field="greeting", code=ErrorCode.NO_GREETING),
    "closing_missing": FieldError(field="closing", code=ErrorCode.NO_CLOSING),
    "category_must_be_follow_up": FieldError(field="category", code=ErrorCode.CATEGORY_NEEDED),
}


_ASKED_OF: Final[Mapping[Question, Topic]] = {
    Question.NEW_DIAGNOSIS: Topic.NEW_DIAGNOSIS, Question.NEW_TREATMENT: Topic.NEW_TREATMENT,
}  # fmt: skip


def errors_of(draft: Draft, review: Review) -> tuple[FieldError, ...]:
    """Every field to put right, each once, in the order of the form."""
    found = {error.field: error for error in draft.faults()}
    for problem in review.problems:
        error = _PROBLEMS.get(problem)
        if problem.startswith("question:"):
            error = FieldError(field=problem.removeprefix("question:"), code=ErrorCode.ANSWER_QUESTION)
        if error is not None:
            found.setdefault(error.field, error)
    order = ["other_language", *LENGTHS, "category", *Question]
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


def _answer(draft: Draft, review: Review, question: Question) -> Answer | None:
    """What was answered; else "yes" where the words suggest it, and never "no": silence proves nothing (SEN-04)."""
    return draft.answers.get(question) or (Answer.YES if _suggests(review, question) else None)


def _suggests(review: Review, question: Question) -> bool:
    return question in _ASKED_OF and _ASKED_OF[question] in review.assessment.topics


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
    return "" if own is None else reviewing.signed(here.means, here.clinic, own, here.who.role, language) or ""


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
    """The composer as it was left, with the prepared texts that may help."""
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
        answers=tuple((question, _answer(draft, review, question)) for question in Question),
        suggested=any(draft.answers.get(question) is None and _suggests(review, question) for question in Question),
        warnings=remarks(draft.subject, draft.text, review.assessment) if draft.body else (), blocked=blocked,
        override_reason=draft.override_reason, language=language, model=draft.model, inserted=draft.inserted,
        models=await inserting.offered(here, dossier.task.queue),
        other_language=draft.other_language, asks_language=draft.other_language or "other_language" in review.problems,
    )  # fmt: skip
