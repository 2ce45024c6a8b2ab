"""The consent pages: seven short texts with a yes and a no each, the choices, a summary to print (CON-05 to CON-16).

Answers travel in the forms from page to page and are recorded once, at the end. The same pages serve the first sign-in
and a change of mind afterwards.
"""

from dataclasses import dataclass, field
from typing import Final

from aiohttp import web

from consent.model import Act, Channel, Scope
from consent.register import CellState, standing
from consent.texts import Block, ConsentText, from_json
from messaging_server.broker import permission
from messaging_server.errors import NotAllowedError, NotFoundError
from messaging_server.storage.accounts import AccountRole, SessionState
from messaging_server.storage.people import AddressStatus
from messaging_server.storage.queries import entering as queries
from messaging_server.web import consent_answers
from messaging_server.web.activation import PATIENT_STEPS
from messaging_server.web.agreed import values_of
from messaging_server.web.consent_answers import BLOCKS, Answers, Page
from messaging_server.web.entering import account_of, enter, in_state, private_of, reader_of
from messaging_server.web.posted import Fields, posted
from messaging_server.web.views.account import (
    ConsentAnswer,
    ConsentBlock,
    ConsentBlockName,
    ConsentChoices,
    ConsentSummary,
    Progress,
)
from messaging_server.web.views.frame import ErrorCode, FieldError, FlashCode, FlashKind
from messaging_server.web.visit import Visit, patients_only, visit

PATH: Final = "/activate/consent"
COPY: Final = "/activate/consent/copy"
BEFORE: Final = 5
"""Steps of a first sign-in before these pages."""


def routes() -> list[web.RouteDef]:
    """Where these pages are."""
    return [web.get(PATH, begin), web.post(PATH, answer), web.get(COPY, copy)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """The text in force and the ways on which it asks."""

    text: ConsentText = field(repr=False)
    offered: tuple[Channel, ...]
    addresses: dict[Channel, tuple[str, ...]] = field(repr=False)


async def _ground(here: Visit) -> Ground:
    """Raises NotAllowedError while the clinic has published no text: nobody can agree to nothing."""
    account = account_of(here)
    if account.role != AccountRole.PATIENT:
        raise NotFoundError(here.path)
    found = await here.means.database.read(lambda c: queries.consent_ground(c, here.clinic.id, account.person_id))
    if found is None or found.text is None:
        raise NotAllowedError("no_consent_text")
    usable = {row.channel for row in found.addresses if row.state == AddressStatus.ACTIVE}
    offered = tuple(
        c for c in Channel if c.value in set(here.clinic.policy.channels) and (c is Channel.WEB or c in usable)
    )
    return Ground(
        text=from_json(found.text.document), offered=offered, addresses=values_of(here, found.addresses)
    )


@in_state(SessionState.ENROLLING, SessionState.SIGNED_IN)
async def begin(request: web.Request) -> web.StreamResponse:
    """The first of the seven texts."""
    here = visit(request)
    return _block(here, await _ground(here), Answers(), BLOCKS[0])


@in_state(SessionState.ENROLLING, SessionState.SIGNED_IN)
async def answer(request: web.Request) -> web.StreamResponse:
    """One answer more, or all of them at the end."""
    here, form = visit(request), await posted(request)
    ground, answers = await _ground(here), consent_answers.read(form)
    if form.text("text_version", 9) != str(ground.text.version):
        # The clinic published another text meanwhile: what was read is not what would be agreed to (CON-07).
        return here.go(PATH, FlashCode.CHANGED_MEANWHILE, FlashKind.NOTE)
    asked, said = form.text("block", 30), form.text("answer", 10)
    if asked == Page.SUMMARY:
        return await _end(request, here, ground, answers, said)
    if asked == Page.CHOICES:
        return _chosen(here, ground, answers, form)
    if asked in set(ConsentBlockName):
        return _answered(here, ground, answers, ConsentBlockName(asked), said)
    return _show(here, ground, answers)


def _answered(here: Visit, ground: Ground, answers: Answers, block: ConsentBlockName, said: str) -> web.Response:
    if said not in set(ConsentAnswer):
        wrong = (FieldError(field="answer", code=ErrorCode.CHOOSE_ONE),)
        return _block(here, ground, answers, block, wrong)
    return _show(here, ground, Answers({**answers.blocks, block: ConsentAnswer(said)}, answers.cells))


def _chosen(here: Visit, ground: Ground, answers: Answers, form: Fields) -> web.Response:
    consent_answers.check_choices(form, answers, ground.offered)
    if form.errors:
        return _choices(here, ground, answers, form.found)
    return _show(here, ground, answers)


async def _end(request: web.Request, here: Visit, ground: Ground, answers: Answers, said: str) -> web.StreamResponse:
    """Record what was agreed and what was refused; whoever refuses everything gets to the inbox all the same."""
    if said == "change":
        return _block(here, ground, Answers(), BLOCKS[0]) if answers.declined else _choices(here, ground, answers)
    if said != ConsentAnswer.ACCEPT or answers.next() is not Page.SUMMARY:
        return _show(here, ground, answers)
    who = reader_of(here)
    acts = consent_answers.acts(answers, ground.offered, here.language.value)
    await permission.record_all(here.means, here.clinic, who, who.person, acts, here.now)
    if here.reader is not None:
        return here.go(COPY, FlashCode.CONSENT_SAVED)
    return await enter(
        request, here, account_of(here), private_of(here), path=COPY, flash=FlashCode.CONSENT_SAVED
    )


def _show(here: Visit, ground: Ground, answers: Answers) -> web.Response:
    """The page that comes next."""
    following = answers.next()
    if isinstance(following, ConsentBlockName):
        return _block(here, ground, answers, following)
    return _choices(here, ground, answers) if following is Page.CHOICES else _summary(here, ground, answers)


def _progress(here: Visit, number: int) -> Progress:
    """How far: within the first sign-in as one of all its steps, afterwards by itself."""
    before = BEFORE if here.reader is None else 0
    return Progress(step=before + number, of=PATIENT_STEPS - BEFORE + before)


def _block(
    here: Visit, ground: Ground, answers: Answers, block: ConsentBlockName, errors: tuple[FieldError, ...] = ()
) -> web.Response:
    risks = ground.text.risks[here.language]
    view = ConsentBlock(
        progress=_progress(here, BLOCKS.index(block) + 1), block=block,
        text=ground.text.blocks[here.language][Block(block.value)],
        risks=tuple((channel, risks[channel]) for channel in Channel if channel in risks)
        if block is ConsentBlockName.RISKS else (),
        text_version=ground.text.version, kept=consent_answers.kept_blocks(answers), errors=errors,
    )  # fmt: skip
    return here.page("account/consent_block", view, status=422 if errors else 200)


def _choices(here: Visit, ground: Ground, answers: Answers, errors: tuple[FieldError, ...] = ()) -> web.Response:
    channels = answers.open_channels(ground.offered)
    view = ConsentChoices(
        progress=_progress(here, len(BLOCKS) + 1), text_version=ground.text.version,
        channels=consent_answers.matrix(answers, channels, ground.addresses),
        kept=consent_answers.kept_blocks(answers), errors=errors,
    )  # fmt: skip
    return here.page("account/consent_choices", view, status=422 if errors else 200)


def _summary(here: Visit, ground: Ground, answers: Answers) -> web.Response:
    # A channel whose texts were refused is in the matrix, as refused: the summary hides nothing of what is recorded.
    said = Answers(answers.blocks, dict.fromkeys(_yes(answers, ground), ConsentAnswer.ACCEPT))
    view = ConsentSummary(
        progress=_progress(here, len(BLOCKS) + 2), person=here.name, text_version=ground.text.version,
        channels=consent_answers.matrix(said, ground.offered, ground.addresses, final=True),
        blocks=_texts(here, ground.text), on=here.clinic.local(here.now).date(), kept=consent_answers.kept(answers),
    )  # fmt: skip
    return here.page("account/consent_summary", view)


def _yes(answers: Answers, ground: Ground) -> frozenset[Scope]:
    return consent_answers.agreed(answers, ground.offered)


def _texts(here: Visit, text: ConsentText) -> tuple[tuple[ConsentBlockName, str], ...]:
    """The seven texts, the risks of each way behind those that all share."""
    blocks, risks = text.blocks[here.language], text.risks[here.language]
    whole = "\n\n".join([blocks[Block.RISKS], *(risks[channel] for channel in Channel if channel in risks)])
    return tuple(
        (name, whole if name is ConsentBlockName.RISKS else blocks[Block(name.value)]) for name in ConsentBlockName
    )


@patients_only
async def copy(request: web.Request) -> web.StreamResponse:
    """What is in force, with the texts that were read then: to print and to keep (CON-15)."""
    here = visit(request)
    found = await here.means.database.read(lambda c: queries.consent_ground(c, here.clinic.id, here.who.person))
    answers = [a for a in found.acts if a.act is not Act.INFORMED] if found else []
    if found is None or not answers:
        return here.go("/choices")
    last = answers[-1]
    row = await here.means.database.read(lambda c: queries.text_version(c, here.clinic.id, last.text_version))
    if row is None:
        raise NotFoundError(here.path)
    now = standing(found.acts, here.now)
    covered = [row for row in found.addresses if now.covering(Channel(row.channel), row.id)]
    addresses, cells = values_of(here, covered), now.cells
    said = Answers({}, {cell: ConsentAnswer.ACCEPT for cell, one in cells.items() if one.state is CellState.AGREED})
    channels = tuple(channel for channel in Channel if any(cell.channel is channel for cell in cells))
    view = ConsentSummary(
        progress=None, person=here.name, text_version=last.text_version, blocks=_texts(here, from_json(row.document)),
        channels=consent_answers.matrix(said, channels, addresses, final=True),
        on=here.clinic.local(here.now).date(), given=here.clinic.local(last.at),
    )  # fmt: skip
    return here.page("account/consent_summary", view)
