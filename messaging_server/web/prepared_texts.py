"""The clinic's prepared replies, under its policy: everybody who works here reads them, some word them (ETQ-11)."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from aiohttp import web

from consent.model import Category
from messaging_server.broker import library, prepared
from messaging_server.broker.library import EDITORS, UnfitError, Wording
from messaging_server.broker.prepared import Fault, Lack, Prepared
from messaging_server.errors import ConflictError, NotAllowedError, NotFoundError
from messaging_server.message import new_id
from messaging_server.storage import prepared as stored
from messaging_server.storage.prepared import PreparedRow
from messaging_server.texts import Language
from messaging_server.web.fields import form_of, word_of
from messaging_server.web.item import version_of
from messaging_server.web.names import people_behind
from messaging_server.web.views.frame import ErrorCode, FieldError, Flash, FlashCode, FlashKind, Nav
from messaging_server.web.views.item import Option
from messaging_server.web.views.prepared import PreparedPage, PreparedTexts, TextLine, TextShelf, TextVersion
from messaging_server.web.visit import Visit, any_staff, visit
from triage.model import QueueName

NEW: Final = "new"
_LACKS: Final[Mapping[Lack, ErrorCode]] = {
    Lack.EMPTY: ErrorCode.REQUIRED, Lack.TOO_LONG: ErrorCode.TOO_LONG, Lack.UNKNOWN_FACT: ErrorCode.UNKNOWN_FACT,
    Lack.DIFFERENT_BLANKS: ErrorCode.DIFFERENT_BLANKS, Lack.REPEATED: ErrorCode.REPEATED,
    Lack.SENSITIVE: ErrorCode.SENSITIVE_TEXT,
}  # fmt: skip
RESULTS: Final = (
    "blood", "urine", "imaging", "microbiology", "hiv", "sti", "genetics", "pathology", "tissue_typing",
    "mental_health_notes",
)  # fmt: skip
"""The kinds of results that have a name on the page; a policy may exclude others by names of its own."""


def routes() -> list[web.RouteDef]:
    """Where these pages are."""
    one = "/staff/policy/texts/{key}"
    return [web.get("/staff/policy/texts", show_all), web.get(one, show), web.post(one, act)]


@any_staff
async def show_all(request: web.Request) -> web.StreamResponse:
    """Every text, by the work that it answers."""
    here = visit(request)
    found = await here.means.database.read(lambda c: library.wordings(c, here.clinic))
    shelves = [TextShelf(queue, tuple(_line(here, one) for one in found if one.text.queue is queue))
               for queue in (*QueueName, None)]  # fmt: skip
    view = PreparedTexts(shelves=tuple(shelf for shelf in shelves if shelf.lines), may_edit=_may_edit(here))
    return here.page("staff/prepared_texts", view, current=Nav.POLICY)


def _line(here: Visit, one: Wording) -> TextLine:
    text = one.text
    return TextLine(
        key=text.key, title=text.title[here.language], category=text.category, own=one.own,
        excluded=text.excluded_by(here.clinic.policy),
    )  # fmt: skip


def _may_edit(here: Visit) -> bool:
    """Whether the visitor words the texts; a colleague whom no team has admitted yet does not."""
    return here.who.role in EDITORS and not here.waits_for_admission


@any_staff
async def show(request: web.Request) -> web.StreamResponse:
    """One text, or an empty one to begin with."""
    here, key = visit(request), request.match_info["key"]
    if key == NEW:
        return await _page(here, None, _empty())
    found = await _wording(here, key)
    return await _page(here, found, found.text)


def _empty() -> Prepared:
    return Prepared(key=NEW, category=Category.GENERAL_ADVICE, title={}, body={})


async def _wording(here: Visit, key: str) -> Wording:
    found = await here.means.database.read(lambda c: library.wordings(c, here.clinic))
    for one in found:
        if one.text.key == key:
            return one
    raise NotFoundError(key)


async def _page(
    here: Visit, known: Wording | None, text: Prepared, *, form: Mapping[str, str] | None = None,
    faults: tuple[Fault, ...] = (), errors: tuple[FieldError, ...] = (), status: int = 200,
) -> web.Response:  # fmt: skip
    """The text as it stands, or as it was typed: `form` wins, for nothing typed is lost (ACC-03)."""
    given = form or _fields(text)
    said = tuple(FieldError(field=one.field, code=_LACKS[one.lack]) for one in faults)
    versions = await here.means.database.read(lambda c: stored.versions(c, here.clinic.id, text.key))
    view = PreparedPage(
        key=text.key, version=known.version if known else 0, may_edit=_may_edit(here),
        may_withdraw=known is not None and known.own, ships=prepared.builtin().of(text.key) is not None,
        excluded=text.excluded_by(here.clinic.policy),
        label_fr=given["label_fr"], label_en=given["label_en"], body_fr=given["body_fr"], body_en=given["body_en"],
        queue=text.queue or "", queues=tuple(QueueName), category=text.category, categories=tuple(Category),
        result=text.result, results=_results(here), previews=_previews(here, text),
        topics=tuple(dict.fromkeys(topic for one in faults for topic in one.topics)),
        facts=tuple(library.facts(here.means, here.clinic, here.language).items()),
        versions=await _history(here, versions), errors=(*errors, *said),
    )  # fmt: skip
    return here.page("staff/prepared_text", view, status=status, current=Nav.POLICY)


def _fields(text: Prepared) -> Mapping[str, str]:
    titles = {f"label_{language}": text.title.get(language, "") for language in Language}
    return titles | {f"body_{language}": text.text(language) for language in Language}


def _previews(here: Visit, text: Prepared) -> tuple[tuple[Language, str], ...]:
    """What patients of each language will read; a name that is not known stays as it was typed."""
    told = []
    for language in Language:
        facts = library.facts(here.means, here.clinic, language)
        told.append((language, text.filled(language, facts)))
    return tuple(one for one in told if one[1])


def _results(here: Visit) -> tuple[Option, ...]:
    others = sorted(here.clinic.policy.excluded_results - set(RESULTS))
    named = [Option(one, here.means.texts.gettext(here.language, f"result_kind.{one}")) for one in RESULTS]
    return (*named, *(Option(one, one) for one in others))


async def _history(here: Visit, rows: tuple[PreparedRow, ...]) -> tuple[TextVersion, ...]:
    people = await people_behind(here, {row.author_id for row in rows})
    return tuple(
        TextVersion(
            number=row.version, at=here.clinic.local(row.created_at),
            who=people[row.author_id].name if row.author_id in people else "",
            words=prepared.parse(json.loads(row.document)).text(here.language) if row.document else "",
        )
        for row in rows
    )  # fmt: skip


@any_staff
async def act(request: web.Request) -> web.StreamResponse:
    """Save the clinic's own words, look at them first, or go back to what ships."""
    here, key, form = visit(request), request.match_info["key"], await form_of(request)
    if not _may_edit(here):
        raise NotAllowedError("not_an_editor")
    known = None if key == NEW else await _wording(here, key)
    if known is not None and form.get("action") == "withdraw":
        return await _withdraw(here, known, version_of(form))
    text, errors = _typed(here, key, form)
    faults = prepared.faults(text, here.clinic.ruleset)
    if errors or faults or form.get("action") == "preview":
        wrong = bool(errors or faults)
        return await _page(
            here, known, text, form=_whole(form), faults=faults, errors=errors, status=422 if wrong else 200
        )
    return await _save(here, known, text, form)


def _whole(form: Mapping[str, str]) -> Mapping[str, str]:
    return {name: form.get(name, "") for name in ("label_fr", "label_en", "body_fr", "body_en")}


def _typed(here: Visit, key: str, form: Mapping[str, str]) -> tuple[Prepared, tuple[FieldError, ...]]:
    queue, category, result = word_of(form, "queue"), word_of(form, "category"), word_of(form, "result")
    known = {option.value for option in _results(here)}
    text = Prepared(
        key=key, queue=QueueName(queue) if queue in set(QueueName) else None,
        category=Category(category) if category in set(Category) else Category.GENERAL_ADVICE,
        result=result if result in known else "",
        title={language.value: prepared.clean(form.get(f"label_{language}", "")) for language in Language},
        body={language.value: prepared.paragraphs(form.get(f"body_{language}", "")) for language in Language},
    )  # fmt: skip
    missing = category not in set(Category)
    return text, (FieldError(field="category", code=ErrorCode.CATEGORY_NEEDED),) if missing else ()


async def _save(here: Visit, known: Wording | None, text: Prepared, form: Mapping[str, str]) -> web.Response:
    named = replace(text, key=f"own_{new_id(here.now).hex}") if known is None else text
    try:
        await library.save(here.means, here.clinic, here.who, named, version_of(dict(form)), here.now)
    except UnfitError as error:
        return await _page(here, known, text, form=_whole(form), faults=error.faults, status=422)
    except ConflictError:
        # Whoever saves again has seen what the colleague wrote: it stands in the versions below.
        said = replace(here, flash=Flash(kind=FlashKind.PROBLEM, code=FlashCode.CHANGED_MEANWHILE))
        return await _page(said, await _wording(here, text.key), text, form=_whole(form), status=409)
    return here.go("/staff/policy/texts", FlashCode.TEXT_SAVED)


async def _withdraw(here: Visit, known: Wording, version: int) -> web.Response:
    try:
        await library.withdraw(here.means, here.clinic, here.who, known.text.key, version, here.now)
    except ConflictError:
        return here.go(f"/staff/policy/texts/{known.text.key}", FlashCode.CHANGED_MEANWHILE, FlashKind.PROBLEM)
    return here.go("/staff/policy/texts", FlashCode.TEXT_WITHDRAWN)
