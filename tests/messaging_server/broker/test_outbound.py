"""The way out: what a reply must be, what stops it, and what the patient gets."""

from dataclasses import replace

import pytest

from consent.model import Act, Category, Channel, Scope
from messaging_server.broker import outbound, preference, recalling, reviewing
from messaging_server.broker.reviewing import Reply
from messaging_server.errors import ConflictError, InvalidError, NotAllowedError, NotFoundError
from messaging_server.message import Attachment
from messaging_server.record.reading import open_thread
from messaging_server.storage.accounts import AccountRole
from messaging_server.storage.tasks import TaskStatus
from messaging_server.texts import Language
from tests.clinic.answering import KIND_WORDS, answer, reply_to, waiting
from tests.clinic.world import World
from triage.model import Topic


async def test_a_reply_is_read_by_the_patient_after_its_delay_and_carries_the_signature(world: World) -> None:
    """Nothing is seen before the delay has passed; then the signed text, which replaces no visit [EOU-16, ETQ-07]."""
    await world.consent()
    asked = await world.write("Puis-je prendre les deux?")
    sent = await answer(world, asked.thread)

    assert asked.thread is not None
    before = await open_thread(world.means.database, world.rose, asked.thread, world.now)
    world.now = sent.leaves_at
    after = await open_thread(world.means.database, world.rose, asked.thread, world.now)
    assert len(after.exchanges) == len(before.exchanges) + 1
    said, recalled = after.exchanges[-1].content.text.rsplit("\n\n", 1)
    assert said.endswith("Hélène Marchand, M.D.\nMédecin de famille\n514 555-0101")
    assert recalled.startswith("Un message ne remplace pas une rencontre")
    assert after.exchanges[-1].judgement is None


async def test_the_signature_speaks_the_patient_s_language(world: World) -> None:
    """A patient who reads English gets the English title of a French-speaking physician [ETQ-09, ACC-08]."""
    await world.consent()
    await preference.choose_language(world.means, world.clinic, world.rose, Language.EN, world.now)
    asked = await world.write("May I take both?")
    found = await reviewing.review(
        world.means, world.clinic, world.staff(), reply_to(await waiting(world, asked.thread)), world.now
    )

    assert "\n\nHélène Marchand, M.D.\nFamily physician\n514 555-0101\n\n" in found.final_text
    assert found.final_text.endswith("call 514-555-0100.")


async def test_the_patient_never_sees_the_clinic_s_judgement(world: World) -> None:
    """Assessments are sealed to the clinical teams alone [SEN-13]."""
    await world.consent()
    asked = await world.write("Je prends de la sertraline.")

    assert asked.thread is not None
    theirs = await open_thread(world.means.database, world.staff(), asked.thread, world.now)
    hers = await open_thread(world.means.database, world.rose, asked.thread, world.now)
    assert all(one.judgement is not None for one in theirs.exchanges)
    assert all(one.judgement is None for one in hers.exchanges)


async def test_without_consent_nobody_can_answer(world: World) -> None:
    """There is no role that can send without consent, the physician included [CON-01, CON-28]."""
    asked = await world.write("Bonjour")
    with pytest.raises(NotAllowedError) as refused:
        await answer(world, asked.thread)

    assert refused.value.code == "no_consent"


async def test_a_category_outside_the_scope_is_refused_by_name(world: World) -> None:
    """The patient agreed to appointments only; advice is refused and the missing cell named [CON-11]."""
    await world.consent(scope=frozenset({Scope(Channel.WEB, Category.APPOINTMENTS)}))
    asked = await world.write("Bonjour")
    task = await waiting(world, asked.thread)
    found = await reviewing.review(world.means, world.clinic, world.staff(), reply_to(task), world.now)

    assert not found.verdict.allowed
    assert found.verdict.scope == Scope(Channel.WEB, Category.GENERAL_ADVICE)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"subject": " "}, "subject_missing"),
        ({"text": "Oui.\n\nCordialement,"}, "greeting_missing"),
        ({"text": "Bonjour,\n\nOui."}, "closing_missing"),
        ({"text": "  "}, "text_missing"),
        ({"questions": {"new_treatment": False, "abnormal_result": False}}, "question:new_diagnosis"),
    ],
)
async def test_a_reply_without_its_manners_or_its_answers_waits(
    world: World, change: dict[str, object], problem: str
) -> None:
    """Subject, greeting, closing and the questions are asked for before anything leaves [ETQ-01, ETQ-02, ETQ-10]."""
    await world.consent()
    asked = await world.write("Bonjour")
    with pytest.raises(InvalidError) as wrong:
        await answer(world, asked.thread, None, **change)

    assert wrong.value.code == problem


async def test_a_sensitive_reply_is_blocked_and_only_a_physician_overrides_with_a_reason(world: World) -> None:
    """Blocked by default; the exceptional circumstances are recorded, and no nurse can give them [SEN-05, SEN-06]."""
    await world.consent()
    asked = await world.write("Bonjour")
    declared = {"new_diagnosis": True, "new_treatment": False, "abnormal_result": False}
    with pytest.raises(NotAllowedError, match="sensitive"):
        await answer(world, asked.thread, questions=declared)
    with pytest.raises(NotAllowedError, match="sensitive"):
        await answer(
            world, asked.thread, world.staff(AccountRole.NURSE), questions=declared, override="Patiente en mer"
        )
    await answer(world, asked.thread, questions=declared, override="Patiente en mer, aucun téléphone")

    assert asked.thread is not None
    opened = await open_thread(world.means.database, world.staff(), asked.thread, world.now)
    judged = opened.exchanges[-1].judgement
    assert judged is not None
    assert judged.override == "Patiente en mer, aucun téléphone"


async def test_a_long_file_of_a_reply_is_screened_whole(world: World) -> None:
    """What stands in the middle of a letter of many pages is found, and the reply is held for it [SEN-10, ETQ-06]."""
    await world.consent()
    asked = await world.write("Bonjour")
    words = "Le jardin va bien. " * 8_000 + "Vous avez un cancer du sein. " + "Le jardin va bien. " * 8_000
    letter = Attachment(filename="lettre.txt", media_type="text/plain", content=words.encode(), text=words)
    reply = replace(reply_to(await waiting(world, asked.thread)), attachments=(letter,))
    found = await reviewing.review(world.means, world.clinic, world.staff(), reply, world.now)

    assert Topic.ONCOLOGY in found.topics
    assert not found.assessment.not_screened


async def test_sensitive_words_are_found_without_being_declared(world: World) -> None:
    """The lexical screen runs on every reply, negated or not [SEN-05, SEN-16]."""
    await world.consent()
    asked = await world.write("Bonjour")
    task = await waiting(world, asked.thread)
    text = "Bonjour Rose,\n\nLe dépistage du VIH est prêt.\n\nCordialement,"
    found = await reviewing.review(world.means, world.clinic, world.staff(), reply_to(task, text), world.now)

    assert Topic.STI_BBI in found.topics


async def test_two_answers_to_one_item_do_not_both_leave(world: World) -> None:
    """The second author is told that something changed, and keeps the text [TRI-08]."""
    await world.consent()
    asked = await world.write("Bonjour")
    task = await waiting(world, asked.thread)
    await outbound.send(world.means, world.clinic, world.staff(), reply_to(task), world.now)
    with pytest.raises(ConflictError):
        await outbound.send(world.means, world.clinic, world.staff(AccountRole.NURSE), reply_to(task), world.now)


async def test_a_message_that_came_since_stops_the_answer(world: World) -> None:
    """An answer to what one has not read yet does not leave [TRI-08]."""
    await world.consent()
    asked = await world.write("Bonjour")
    task = await waiting(world, asked.thread)
    world.later(minutes=1)
    await world.write("Oubliez ma question.", thread=asked.thread)
    with pytest.raises(ConflictError):
        await outbound.send(world.means, world.clinic, world.staff(), reply_to(task), world.now)


async def test_a_reply_is_taken_back_within_its_delay_and_the_item_waits_again(world: World) -> None:
    """Cancelled: the patient never sees it, nothing leaves, the queue has it again [EOU-16]."""
    await world.consent()
    asked = await world.write("Bonjour")
    sent = await answer(world, asked.thread)
    task = await recalling.cancel(world.means, world.clinic, world.staff(), sent.exchange, world.now)

    assert (await waiting(world, asked.thread)).id == task
    assert (await waiting(world, asked.thread)).status is TaskStatus.IN_PROGRESS
    world.later(minutes=5)
    assert asked.thread is not None
    hers = await open_thread(world.means.database, world.rose, asked.thread, world.now)
    assert all("les deux ensemble" not in one.content.text for one in hers.exchanges)
    with pytest.raises(ConflictError):
        await recalling.cancel(world.means, world.clinic, world.staff(), sent.exchange, world.now)


async def test_reception_cannot_answer_a_clinical_item(world: World) -> None:
    """A queue is worked by its team and the clinical roles only [TRI-10]."""
    await world.consent()
    asked = await world.write("Est-ce que cette douleur au genou est normale?")
    task = await waiting(world, asked.thread)
    with pytest.raises(NotAllowedError, match="not_your_queue"):
        await outbound.send(world.means, world.clinic, world.staff(AccountRole.RECEPTION), reply_to(task), world.now)


async def test_a_stranger_to_the_team_opens_nothing(world: World) -> None:
    """No grant, no message: an administrator gets the same answer as for what does not exist [SEC-09]."""
    await world.consent()
    asked = await world.write("Est-ce que cette douleur au genou est normale?")
    assert asked.thread is not None
    for role in (AccountRole.ADMINISTRATOR, AccountRole.RECEPTION):
        with pytest.raises(NotFoundError):
            await open_thread(world.means.database, world.staff(role), asked.thread, world.now)


async def test_withdrawing_closes_the_way_out_at_once(world: World) -> None:
    """What was allowed before the withdrawal is refused after it [CON-13, CON-26, CON-28]."""
    await world.consent()
    asked = await world.write("Bonjour")
    task = await waiting(world, asked.thread)
    world.later(minutes=1)
    await world.consent(act=Act.WITHDRAWN)
    with pytest.raises(ConflictError):
        await outbound.send(world.means, world.clinic, world.staff(), reply_to(task), world.now)
    now_seen = replace(task, version=task.version + 1)
    with pytest.raises(NotAllowedError):
        await outbound.send(world.means, world.clinic, world.staff(), reply_to(now_seen), world.now)


def test_a_reply_shows_nothing_of_itself() -> None:
    """What a clinician wrote never prints itself [AUD-02]."""
    plain = Reply(task=None, version=1, subject="S3CRET", text="S3CRET", category=Category.RECEIPT)  # type: ignore[arg-type]

    assert "S3CRET" not in repr(replace(plain, override="S3CRET")) + KIND_WORDS
