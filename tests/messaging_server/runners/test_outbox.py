"""The outbox: what leaves, when, and what happens when it cannot."""

from consent.model import Act, Channel, Scope
from messaging_server.broker import pausing
from messaging_server.broker.notices import Notice
from messaging_server.message import Keyword
from messaging_server.runners.outbox import Attempt, Outcome
from messaging_server.storage import outbox, records, tasks
from messaging_server.storage.database import Connection
from messaging_server.storage.outbox import DeliveryState
from messaging_server.storage.tasks import TaskKind, TaskRow, TaskStatus
from tests.clinic.answering import answer
from tests.clinic.outside import Outside
from tests.clinic.world import EVERYTHING, World


async def test_an_answer_is_announced_without_content_on_each_agreed_channel(world: World) -> None:
    """By e-mail and by text: a message waits; never a word of it [EOU-01, SMS-01]."""
    await world.consent()
    asked = await world.write("Puis-je prendre les deux?")
    sent = await answer(world, asked.thread)
    outside = Outside(world)
    await outside.run()
    assert outside.taken == []
    world.now = sent.leaves_at
    await outside.run()

    assert {out.to for out in outside.taken} == {world.patient_email, world.patient_phone}
    assert all("les deux" not in out.payload.body + out.payload.subject for out in outside.taken)


async def test_consent_withdrawn_between_send_and_delivery_stops_the_delivery(world: World) -> None:
    """The gate is asked again at the moment of sending, and nothing leaves [CON-26]."""
    await world.consent()
    asked = await world.write("Bonjour")
    sent = await answer(world, asked.thread)
    world.later(seconds=10)
    await world.consent(act=Act.WITHDRAWN)
    world.now = sent.leaves_at
    outside = Outside(world)
    await outside.run()

    assert outside.taken == []
    rows = await world.means.database.read(lambda c: outbox.deliveries_of(c, [sent.exchange]))
    assert {row.state for row in rows} == {DeliveryState.STOPPED}


async def test_consent_withdrawn_for_texts_alone_leaves_the_mail(world: World) -> None:
    """A withdrawal stops what it names and no more [CON-13]."""
    await world.consent()
    asked = await world.write("Bonjour")
    sent = await answer(world, asked.thread)
    world.later(seconds=10)
    await world.consent(act=Act.WITHDRAWN, scope=frozenset(c for c in EVERYTHING if c.channel is Channel.SMS))
    world.now = sent.leaves_at
    outside = Outside(world)
    await outside.run()

    assert {out.to for out in outside.taken} == {world.patient_email}


async def test_a_relay_that_is_down_for_an_hour_loses_nothing(world: World) -> None:
    """Temporary failures wait, longer each time, and the same text goes out in the end [EOU-13]."""
    await world.consent(scope=frozenset(c for c in EVERYTHING if c.channel is not Channel.SMS))
    asked = await world.write("Bonjour")
    sent = await answer(world, asked.thread)
    outside = Outside(world, answers=[Attempt(outcome=Outcome.TEMPORARY, code="4.4.1")] * 4)
    world.now = sent.leaves_at
    for _ in range(120):
        await outside.run()
        world.later(minutes=1)

    assert len(outside.taken) == 5
    assert len({out.delivery for out in outside.taken}) == 1
    rows = await world.means.database.read(lambda c: outbox.deliveries_of(c, [sent.exchange]))
    assert [(row.state, row.payload) for row in rows] == [(DeliveryState.SENT, None)]


async def test_a_call_that_was_made_is_not_asked_for_again(world: World) -> None:
    """The relay stays down, the acknowledgement is tried on, and whoever called has done it [ACK-16]."""
    await world.consent()
    await world.mail("Bonjour, une question.")
    outside = Outside(world, answers=[Attempt(outcome=Outcome.TEMPORARY, code="4.4.1")] * 9)

    def calls(connection: Connection) -> list[TaskRow]:
        record = records.record_of_person(connection, world.clinic.id, world.rose.person)
        every = tasks.open_of_record(connection, record.id, TaskKind.UNDELIVERED) if record else ()
        for task in every:
            tasks.change(connection, task.id, task.version, status=TaskStatus.COMPLETED, closed_at=world.now)
        return list(every)

    asked = []
    for _ in range(30):
        await outside.run()
        asked += await world.means.database.write(calls)
        world.later(minutes=2)

    assert len(outside.taken) > 3
    assert len(asked) == 1


async def test_a_permanent_failure_asks_a_person_to_call(world: World) -> None:
    """Silence is never mistaken for delivery: the queue gets a task [EOU-13, EOU-14]."""
    await world.consent(scope=frozenset(c for c in EVERYTHING if c.channel is not Channel.SMS))
    asked = await world.write("Bonjour")
    sent = await answer(world, asked.thread)
    world.now = sent.leaves_at
    await Outside(world, answers=[Attempt(outcome=Outcome.PERMANENT, code="5.1.1")]).run()

    found = await world.means.database.read(
        lambda c: tasks.open_tasks_of_exchange(c, sent.exchange, [TaskKind.UNDELIVERED])
    )
    assert found


async def test_stop_ends_texts_at_once_and_is_confirmed_once(world: World) -> None:
    """STOP suspends the number, what waits for it is stopped, the confirmation leaves [SMS-13, SMS-14]."""
    await world.consent()
    asked = await world.write("Bonjour")
    sent = await answer(world, asked.thread)
    world.later(seconds=5)
    await world.text("STOP", keyword=Keyword.STOP)
    world.now = sent.leaves_at
    outside = Outside(world)
    await outside.run()

    texts = [out for out in outside.taken if out.to == world.patient_phone]
    assert [out.payload.notice for out in texts] == ["opt_out_confirmed"]
    assert any(out.to == world.patient_email for out in outside.taken)


async def test_a_paused_channel_still_carries_the_emergency_and_lets_the_rest_wait(world: World) -> None:
    """Nobody's direction to help waits for the end of a pause; an ordinary acknowledgement does [ACK-07, ACK-13]."""
    await world.consent()
    await pausing.pause(world.means, world.clinic, Channel.EMAIL, world.now, None, world.now)
    await world.mail("Bonjour, une question toute simple.")
    await world.mail("J'ai un gros serrement dans la poitrine qui descend dans le bras gauche.")
    outside = Outside(world)
    await outside.run()

    assert [out.payload.notice for out in outside.taken] == [Notice.EMERGENCY]


async def test_a_text_channel_alone_gives_no_mail(world: World) -> None:
    """Consent to one channel never opens another [CON-12]."""
    await world.consent(scope=frozenset(c for c in EVERYTHING if c.channel is Channel.WEB))
    asked = await world.write("Bonjour")
    sent = await answer(world, asked.thread)

    assert sent.channels == (Channel.WEB,)
    assert Scope(Channel.WEB, next(iter(EVERYTHING)).category) in EVERYTHING


async def test_a_text_that_can_wait_does_not_ring_at_night(world: World) -> None:
    """At 10 p.m. the mail leaves and the text waits for 8 a.m.; an answer to one's own text comes at once [SMS-17]."""
    await world.consent()
    asked = await world.write("Bonjour")
    world.later(hours=12)
    sent = await answer(world, asked.thread)
    world.now = sent.leaves_at
    await world.text("Et une question encore.")
    outside = Outside(world)
    await outside.run()
    by_night = [(out.to, out.payload.notice) for out in outside.taken]
    world.later(hours=9, minutes=50)
    await outside.run()
    before_day = len(outside.taken)
    world.later(minutes=10)
    await outside.run()

    assert set(by_night) == {
        (world.patient_phone, Notice.SMS_NOT_ANSWERED), (world.patient_email, Notice.NOTIFICATION)
    }  # fmt: skip
    assert before_day == 2
    assert [(out.to, out.payload.notice, out.attempt) for out in outside.taken[2:]] == [
        (world.patient_phone, Notice.NOTIFICATION, 0)
    ]
