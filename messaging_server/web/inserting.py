"""Putting a prepared text into the reply: behind what is typed, in the patient's language unless asked (ETQ-11)."""

from dataclasses import replace

from messaging_server.broker import library
from messaging_server.broker.prepared import RESULT_CATEGORIES, Prepared
from messaging_server.broker.worklist import may_work
from messaging_server.texts import Language
from messaging_server.web.draft import Draft
from messaging_server.web.views.frame import ErrorCode, FieldError
from messaging_server.web.views.item import ModelGroup, Option, Shelf
from messaging_server.web.visit import Visit
from triage.model import QueueName


async def offered(here: Visit, queue: QueueName) -> tuple[ModelGroup, ...]:
    """The texts that this reader may use, those of the item's queue first; never of an excluded kind (SEN-17)."""
    known = await here.means.database.read(lambda c: library.library(c, here.clinic))
    shelves: dict[Shelf, list[Option]] = {shelf: [] for shelf in Shelf}
    for text in known.texts:
        if _may_use(here, text):
            shelves[_shelf(text, queue)].append(Option(text.key, text.title[here.language]))
    return tuple(ModelGroup(shelf, tuple(options)) for shelf, options in shelves.items() if options)


def _may_use(here: Visit, text: Prepared) -> bool:
    theirs = text.queue is None or may_work(here.clinic, here.who.role, text.queue)
    return theirs and not text.excluded_by(here.clinic.policy)


def _shelf(text: Prepared, queue: QueueName) -> Shelf:
    if text.queue is None:
        return Shelf.EVERY
    return Shelf.QUEUE if text.queue is queue else Shelf.OTHER


async def insert(here: Visit, draft: Draft, language: Language) -> tuple[Draft, tuple[FieldError, ...]]:
    """The draft with the chosen text behind what is typed, and its kind of content; or what is wrong with the choice.

    A text that tells a result brings its kind with it, for a result goes as nothing else (SEN-18); any other text
    leaves a kind that was chosen before.
    """
    if not draft.model:
        return draft, (FieldError(field="model", code=ErrorCode.CHOOSE_ONE),)
    known = await here.means.database.read(lambda c: library.library(c, here.clinic))
    text = known.of(draft.model)
    if text is None or not _may_use(here, text):
        return draft, (FieldError(field="model", code=ErrorCode.TEXT_NOT_OFFERED),)
    words = text.filled(language, library.facts(here.means, here.clinic, language))
    keep = draft.category is not None and text.category not in RESULT_CATEGORIES
    body = "\n\n".join(part for part in (draft.body, words) if part)
    return replace(draft, body=body, category=draft.category if keep else text.category, inserted=True), ()
