"""What somebody has answered so far to the consent pages, carried in their forms; nothing is recorded before the end.

Pure: the forms in, the next page and the acts out. Nothing is agreed by silence, and texts to a telephone only by a
word of their own (CON-12, CON-16).
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from consent.model import Act, Category, Channel, Method, Scope
from messaging_server.broker.permission import Given
from messaging_server.web.posted import Fields
from messaging_server.web.views.account import ConsentAnswer, ConsentBlockName, ConsentCell, ConsentChannel, Kept
from messaging_server.web.views.frame import ErrorCode


class Page(StrEnum):
    """The pages after the blocks, by the names that their forms send."""

    CHOICES = "choices"
    SUMMARY = "summary"


BLOCKS: Final = tuple(ConsentBlockName)


@dataclass(frozen=True, slots=True)
class Answers:
    """Each block's answer, and each cell's."""

    blocks: Mapping[ConsentBlockName, ConsentAnswer] = field(default_factory=dict)
    cells: Mapping[Scope, ConsentAnswer] = field(default_factory=dict)

    @property
    def declined(self) -> bool:
        """A part of the explanations was refused, and so everything: each of them is needed (CON-05).

        The block on texts is apart: whoever refuses it refuses texts.
        """
        refused = {block for block, answer in self.blocks.items() if answer is ConsentAnswer.REFUSE}
        return bool(refused - {ConsentBlockName.TEXTS})

    @property
    def texts_refused(self) -> bool:
        """Texts to a telephone were refused with their block."""
        return self.blocks.get(ConsentBlockName.TEXTS) is ConsentAnswer.REFUSE

    def open_channels(self, offered: Collection[Channel]) -> tuple[Channel, ...]:
        """The channels about which there is still something to choose."""
        if self.declined:
            return ()
        return tuple(c for c in offered if not (c is Channel.SMS and self.texts_refused))

    def next(self) -> ConsentBlockName | Page:
        """The page that comes next: the first block without an answer, then the choices, then the summary."""
        if self.declined:
            return Page.SUMMARY
        missing = next((block for block in BLOCKS if block not in self.blocks), None)
        return missing or (Page.SUMMARY if self.cells else Page.CHOICES)


def read(form: Fields) -> Answers:
    """The answers that a form carries; whatever is none of ours is no answer."""
    blocks = {block: _answer(form.raw(_name(block), 10)) for block in BLOCKS}
    cells = {
        Scope(channel, category): _answer(form.raw(f"consent.{channel}.{category}", 10))
        for channel in Channel for category in Category
    }  # fmt: skip
    return Answers(
        {block: answer for block, answer in blocks.items() if answer},
        {cell: answer for cell, answer in cells.items() if answer},
    )


def _answer(text: str) -> ConsentAnswer | None:
    return ConsentAnswer(text) if text in set(ConsentAnswer) else None


def _name(block: ConsentBlockName) -> str:
    return f"said.{block}"


def kept_blocks(answers: Answers) -> Kept:
    """The blocks' answers, for the forms after them."""
    return tuple((_name(block), answer.value) for block, answer in answers.blocks.items())


def kept(answers: Answers) -> Kept:
    """Every answer, for the form of the summary."""
    cells = tuple((f"consent.{c.channel}.{c.category}", answer.value) for c, answer in answers.cells.items())
    return (*kept_blocks(answers), *cells)


def check_choices(form: Fields, answers: Answers, offered: Collection[Channel]) -> None:
    """Each kind of content wants a yes or a no; texts may be left alone as a whole, and then they are off (CON-12)."""
    for channel in answers.open_channels(offered):
        cells = [Scope(channel, category) for category in Category]
        if channel is Channel.SMS and not any(cell in answers.cells for cell in cells):
            continue
        for cell in cells:
            if cell not in answers.cells:
                form.wrong(f"consent.{cell.channel}.{cell.category}", ErrorCode.CHOOSE_ONE)


def agreed(answers: Answers, offered: Collection[Channel]) -> frozenset[Scope]:
    """The cells with a clear yes, on the channels that are open."""
    channels = answers.open_channels(offered)
    return frozenset(
        cell for cell, answer in answers.cells.items() if answer is ConsentAnswer.ACCEPT and cell.channel in channels
    )


def matrix(
    answers: Answers, channels: Collection[Channel], addresses: Mapping[Channel, tuple[str, ...]], *,
    final: bool = False,
) -> tuple[ConsentChannel, ...]:  # fmt: skip
    """The choices as a page shows them; in the end (`final`) whatever has no yes is a no."""
    return tuple(
        ConsentChannel(
            channel=channel, addresses=addresses.get(channel, ()),
            cells=tuple(
                ConsentCell(category=category, answer=_shown(answers, Scope(channel, category), channels, final))
                for category in Category
            ),
        )
        for channel in channels
    )  # fmt: skip


def _shown(answers: Answers, cell: Scope, channels: Collection[Channel], final: bool) -> ConsentAnswer | None:
    if not final:
        return answers.cells.get(cell)
    return ConsentAnswer.ACCEPT if cell in agreed(answers, channels) else ConsentAnswer.REFUSE


def acts(answers: Answers, offered: Collection[Channel], language: str) -> tuple[Given, ...]:
    """What the register is told: that the explanations were read, what was agreed, what was refused (CON-14)."""
    scope, everything = agreed(answers, offered), frozenset(offered)
    open_to = frozenset(cell.channel for cell in scope)
    found = []
    if set(BLOCKS) <= set(answers.blocks) and not answers.declined:
        found.append(_given(Act.INFORMED, everything, frozenset(), language))
    if scope:
        found.append(_given(Act.ACCEPTED, open_to, scope, language))
    if everything - open_to:
        found.append(_given(Act.REFUSED, everything - open_to, frozenset(), language))
    return tuple(found)


def _given(act: Act, channels: frozenset[Channel], scope: frozenset[Scope], language: str) -> Given:
    return Given(act=act, method=Method.ONLINE, channels=channels, scope=scope, language=language)
