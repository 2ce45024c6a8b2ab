"""The month's numbers are written with what they count, or not at all, and say nothing to a thief."""

from dataclasses import replace
from pathlib import Path

import pytest

from keys.server import rotate_directory
from messaging_server.broker import labels, outbound, resealing, worklist
from messaging_server.broker.counting import Kind, Outcome
from messaging_server.broker.labels import Label
from messaging_server.broker.tallying import cells_of
from messaging_server.errors import ConflictError
from messaging_server.record import reading
from messaging_server.record.opened import OpenedExchange
from messaging_server.storage.queries import quality
from messaging_server.storage.tasks import TaskRow
from tests.clinic.answering import reply_to, waiting
from tests.clinic.world import World, found_beside
from triage.model import Reason

SAD = "Bonjour, je suis en dépression depuis le printemps."
GRAVE = "J’ai une douleur à la poitrine qui descend dans le bras gauche."
CALM = "Bonjour, puis-je prendre mon sirop avec mes vitamines ?"
Numbers = dict[tuple[str, str, str], int]


async def numbers(world: World, month: str = "2026-11") -> Numbers:
    """Every number of a month."""
    rows = await world.means.database.read(lambda c: quality.counted(c, world.clinic.id, month, month))
    return {(cell.kind, cell.name, cell.outcome): total for cell, total in cells_of(world.means, rows) if total}


async def item(world: World, text: str = SAD) -> TaskRow:
    """An item of a consenting patient."""
    await world.consent()
    return await waiting(world, (await world.write(text)).thread)


async def opened(world: World, task: TaskRow) -> tuple[OpenedExchange, ...]:
    """The thread of an item as the physician sees it now."""
    found = await reading.open_thread(world.means.database, world.staff(), task.thread_id, world.now)
    return found.exchanges


def first_finding(seen: tuple[OpenedExchange, ...]) -> tuple[Reason, str]:
    """The first finding of the first message, and the rules' version."""
    judged = seen[0].judgement
    assert judged is not None
    assert judged.assessment is not None
    return judged.assessment.reasons[0], judged.assessment.ruleset


async def say(world: World, task: TaskRow, *, confirmed: bool, seen: tuple[OpenedExchange, ...] | None = None) -> None:
    """Call every finding of the first message right or wrong, one after the other."""
    seen = seen or await opened(world, task)
    judged = seen[0].judgement
    assert judged is not None
    assert judged.assessment is not None
    for reason in judged.assessment.reasons:
        said = Label(
            exchange=task.exchange_id, rule=reason.rule, ruleset=judged.assessment.ruleset, part=reason.part,
            start=reason.start, end=reason.end, confirmed=confirmed,
        )  # fmt: skip
        world.later(seconds=1)
        await labels.label(world.means, world.clinic, world.staff(), task.id, said, seen, world.now)
        seen = await opened(world, task)


def at_rest(folder: Path) -> bytes:
    """The database with its log, but for a kind of result that the clinic's policy excludes and that sounds alike."""
    files = b"".join(path.read_bytes() for path in folder.glob("clinic.sqlite3*"))
    return files.replace(b"mental_health_notes", b"")


async def test_a_message_counts_with_its_rules_topics_and_families(world: World) -> None:
    """By every door, once, and a message in which nothing was found adds nothing [SEN-13, MET-04]."""
    await item(world, CALM)
    assert await numbers(world) == {}
    await world.write(SAD)
    await world.mail(GRAVE)
    found = await numbers(world)

    assert found["message", "", "found"] == 2
    assert found["topic", "mental_health", "found"] == 1
    assert found["family", "cardiac", "found"] == 1
    assert {kind for kind, _, _ in found} == {Kind.MESSAGE, Kind.RULE, Kind.TOPIC, Kind.FAMILY}


async def test_a_second_coming_of_a_message_counts_nothing(world: World) -> None:
    """What is known already writes nothing [EIN-06, MET-04]."""
    await world.consent()
    for _ in range(2):
        await world.write(SAD, idempotency=b"the same form")

    assert (await numbers(world))["message", "", "found"] == 1


async def test_a_word_on_a_finding_moves_the_numbers_and_taking_it_back_moves_them_again(world: World) -> None:
    """Confirmed, then refuted: the one falls when the other rises [SEN-13, MET-04]."""
    task = await item(world)
    await say(world, task, confirmed=True)
    right = await numbers(world)
    await say(world, task, confirmed=False)
    wrong = await numbers(world)

    assert right["topic", "mental_health", "confirmed"] == right["message", "", "confirmed"] == 1
    assert not [key for key in right if key[2] is Outcome.REFUTED]
    assert wrong["topic", "mental_health", "refuted"] == wrong["message", "", "refuted"] == 1
    assert not [key for key in wrong if key[2] is Outcome.CONFIRMED]
    assert {key: by for key, by in right.items() if key[2] == "found"} == {
        key: by for key, by in wrong.items() if key[2] == "found"
    }


async def test_a_word_counts_in_the_month_of_the_message(world: World) -> None:
    """So that what was found and what was judged of it stand in one line [MET-04]."""
    task = await item(world)
    world.later(days=30)
    await say(world, task, confirmed=True)

    assert (await numbers(world))["message", "", "confirmed"] == 1
    assert await numbers(world, "2026-12") == {}


async def test_two_words_at_once_do_not_count_twice(world: World) -> None:
    """Whoever judges on a page that is no longer true is asked to look again, and nothing is written [SEN-13]."""
    task = await item(world)
    seen = await opened(world, task)
    reason, ruleset = first_finding(seen)
    said = Label(
        exchange=task.exchange_id, rule=reason.rule, ruleset=ruleset, part=reason.part, start=reason.start,
        end=reason.end, confirmed=True,
    )  # fmt: skip
    await labels.label(world.means, world.clinic, world.staff(), task.id, said, seen, world.now)
    before = await numbers(world)
    with pytest.raises(ConflictError):
        await labels.label(
            world.means, world.clinic, world.staff(), task.id, replace(said, confirmed=False), seen, world.now
        )

    assert await numbers(world) == before
    assert before["message", "", "confirmed"] == 1


async def test_an_override_counts_by_its_topics(world: World) -> None:
    """A reply that a physician sends in spite of the hold is counted, its reason is not repeated [SEN-06, MET-04]."""
    task = await item(world, CALM)
    await worklist.claim(world.means, world.clinic, world.staff(), task.id, world.now)
    task = await waiting(world, task.thread_id)
    text = "Bonjour Rose,\n\nVotre test de dépistage du VIH est revenu.\n\nCordialement,"
    reply = reply_to(task, text, override="La patiente part ce soir.")
    await outbound.send(world.means, world.clinic, world.staff(), reply, world.now)

    assert (await numbers(world))["override", "sti_bbi", "found"] == 1


async def test_the_numbers_tell_a_thief_of_the_database_nothing(world: World, tmp_path: Path) -> None:
    """No rule, topic, family or version stands in clear in the file or its log [DESIGN section 5]."""
    task = await item(world, f"{SAD} {GRAVE}")
    await say(world, task, confirmed=True)
    found = await numbers(world)
    files = at_rest(tmp_path)
    told = {name for kind, name, _ in found if kind in {Kind.RULE, Kind.TOPIC, Kind.FAMILY}}

    assert {"mental_health", "cardiac"} <= told
    assert b"finding_confirmed" in files
    assert [name for name in told if name.encode() in files] == []
    assert world.clinic.ruleset.version.encode() not in files


async def test_the_numbers_go_on_under_a_new_directory_key(world: World) -> None:
    """Before and after they are sealed anew the same number rises, and the old key is needed no more [SEC-03]."""
    await item(world)
    newer = rotate_directory(world.means.keys)
    world.means = replace(world.means, keys=newer)
    await world.write(SAD)
    await resealing.reseal(world.means, world.clinic.id)
    world.means = replace(world.means, keys=replace(newer, directory=newer.directory[:1]))

    assert (await numbers(world))["message", "", "found"] == 2


async def test_two_clinics_count_apart(world: World) -> None:
    """What one clinic's patients write is in no number of another's [REC-05]."""
    beside = await found_beside(world)
    await item(world)
    await item(beside)
    await beside.write(SAD)

    assert (await numbers(world))["message", "", "found"] == 1
    assert (await numbers(beside))["message", "", "found"] == 2
