"""A text on its way in: judged like the same words on the pages, and answered at once by a text."""

import pytest
from sqlalchemy import select

from consent.model import Channel
from messaging_server.broker.case import Disposition
from messaging_server.broker.notices import Notice
from messaging_server.storage import outbox, tables
from tests.clinic.answering import waiting
from tests.clinic.world import World
from triage.model import Priority, Topic

PAIN = "J'ai un gros serrement dans la poitrine qui descend dans le bras gauche et je suis en sueur."
TEXTS = (
    (PAIN, Priority.STAT, Notice.EMERGENCY),
    ("I want to kill myself tonight, I have the pills.", Priority.STAT, Notice.EMERGENCY),
    ("Mon test du VIH est-il arrivé?", None, Notice.SMS_NOT_ANSWERED),
    ("Bonjour, est-ce que je peux prendre mes vitamines le matin?", Priority.ROUTINE, Notice.SMS_NOT_ANSWERED),
)


@pytest.mark.parametrize(("words", "priority", "notice"), TEXTS)
async def test_a_text_is_screened_and_answered_like_the_rest(
    world: World, words: str, priority: Priority | None, notice: Notice
) -> None:
    """The same rules find the same; the answer leaves by text at once, the card first where it must [SMS-18]."""
    await world.consent()
    texted = await world.text(words)
    written = await world.write(words, subject="")

    assert texted.disposition is Disposition.ACCEPTED
    assert (texted.assessment.priority, texted.assessment.topics, texted.assessment.flags) == (
        written.assessment.priority, written.assessment.topics, written.assessment.flags,
    )  # fmt: skip
    assert priority in {None, texted.assessment.priority}
    assert texted.notice is notice
    assert (await waiting(world, texted.thread)).priority is texted.assessment.priority
    assert texted.notice_exchange is not None
    sent = await world.means.database.read(lambda c: outbox.deliveries_of(c, [texted.notice_exchange]))  # type: ignore[list-item]  # asserted above
    assert [(row.channel, row.next_at) for row in sent] == [(Channel.SMS, world.now)]


async def test_a_sensitive_text_has_its_topics_sealed_and_no_word_in_its_answer(world: World) -> None:
    """What it is about stands nowhere in clear, and the answer repeats none of it [SMS-18, SEN-12]."""
    await world.consent()
    receipt = await world.text("Mon test du VIH est-il arrivé?")
    rows = await world.means.database.read(lambda c: c.execute(select(tables.exchanges)).all())

    assert Topic.STI_BBI in receipt.assessment.topics
    assert not [row for row in rows if b"sti_bbi" in repr(tuple(row)).encode() or "VIH" in repr(tuple(row))]
