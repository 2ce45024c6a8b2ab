"""A clinician at work: opening what waits and answering it."""

from dataclasses import replace
from uuid import UUID

from consent.model import Category
from messaging_server.broker import outbound
from messaging_server.broker.outbound import Sent
from messaging_server.broker.reviewing import QUESTIONS, Reply
from messaging_server.record.reading import Reader
from messaging_server.storage import tasks
from messaging_server.storage.tasks import TaskRow
from tests.clinic.world import World

KIND_WORDS = "Bonjour Rose,\n\nOui, vous pouvez prendre les deux ensemble.\n\nCordialement,"


async def waiting(world: World, thread: UUID | None) -> TaskRow:
    """The open task of a thread."""
    assert thread is not None
    found = await world.means.database.read(lambda c: tasks.open_task_of_thread(c, thread))
    assert found is not None
    return found


def reply_to(task: TaskRow, text: str = KIND_WORDS, **given: object) -> Reply:
    """A reply with every question answered by no."""
    plain = Reply(
        task=task.id, version=task.version, subject="Votre question", text=text, category=Category.GENERAL_ADVICE,
        questions=dict.fromkeys(QUESTIONS, False),
    )  # fmt: skip
    return replace(plain, **given)  # type: ignore[arg-type]


async def answer(world: World, thread: UUID | None, who: Reader | None = None, **given: object) -> Sent:
    """Answer what waits in a thread, half a minute after it came."""
    world.later(seconds=30)
    task = await waiting(world, thread)
    reply = reply_to(task, **given)  # type: ignore[arg-type]
    return await outbound.send(world.means, world.clinic, who or world.staff(), reply, world.now)
