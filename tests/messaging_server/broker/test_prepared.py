"""Prepared replies: what ships is fit to be sent in both languages, and nothing in a text is more than words."""

import re
from dataclasses import replace
from typing import Any

import pytest

from consent.model import Category
from messaging_server.app.clinics import builtin_policy
from messaging_server.broker import library, prepared
from messaging_server.broker.etiquette import problems, tongue
from messaging_server.broker.prepared import Fault, Lack, Prepared
from messaging_server.errors import ConflictError, NotAllowedError
from messaging_server.storage import prepared as stored
from messaging_server.storage.accounts import AccountRole
from messaging_server.texts import Language
from messaging_server.web.advice import remarks
from tests.clinic.world import RULES, World
from triage.fields import PolicyError
from triage.model import QueueName, Topic

SHIPPED = prepared.builtin().texts
EVERY = pytest.mark.parametrize("text", SHIPPED, ids=lambda text: text.key)
OWN = Prepared(
    key="own_1", queue=QueueName.RESULTS, category=Category.NORMAL_RESULT, result="pathology",
    title={"fr": "Frottis normal", "en": "Normal smear"},
    body={
        "fr": ("Le frottis du [date] est tout à fait normal.", "Appelez au {phone}."),
        "en": ("The smear of [date] is entirely normal.", "Call {phone}."),
    },
)  # fmt: skip
FACTS = dict.fromkeys(prepared.FACTS, "514 555-0100")


@EVERY
def test_a_shipped_text_can_be_kept(text: Prepared) -> None:
    """Both languages are there, ask for the same things, and nothing in them would be stopped [ETQ-11, SEN-05]."""
    assert prepared.faults(text, RULES) == ()


@EVERY
@pytest.mark.parametrize("language", Language)
def test_a_shipped_text_reads_well_and_in_its_language(text: Prepared, language: Language) -> None:
    """Short sentences, plain words, and unmistakably its own language [ETQ-03, ETQ-04, ETQ-12]."""
    said = text.filled(language, FACTS)
    told = remarks("Objet", f"Bonjour,\n\n{re.sub(r'[][]', '', said)}\n\nMerci,")

    assert told == ()
    assert tongue(said) is language
    assert "{" not in said


def test_the_library_covers_the_usual_exchanges() -> None:
    """Appointments in every state, advice, receipt, results, readings, adjustment, reminder, refusal, end [ETQ-11]."""
    keys = {text.key for text in SHIPPED}

    assert {
        "appointment_asked", "appointment_offered", "appointment_confirmed", "appointment_moved",
        "appointment_cancelled", "general_advice", "result_received", "result_normal", "result_talk", "result_repeat",
        "readings_wanted", "treatment_adjusted", "policy_reminder", "use_restricted", "better_in_person",
        "thanks_and_closing", "renewal_sent", "renewal_needs_visit", "form_ready", "call_us", "walk_in",
        "more_information", "pharmacist_or_health_line", "late_apology",
    } <= keys  # fmt: skip
    assert len(keys) == len(SHIPPED)
    assert {text.queue for text in SHIPPED} == {*QueueName, None}


def test_no_shipped_text_tells_an_abnormal_result() -> None:
    """A normal result goes as such, what needs talking is said in person [SEN-18]."""
    telling = {text.key: text.category for text in SHIPPED if text.category in prepared.RESULT_CATEGORIES}

    assert telling == {
        "result_normal": Category.NORMAL_RESULT, "result_talk": Category.RESULT_FOLLOW_UP,
        "result_repeat": Category.RESULT_FOLLOW_UP,
    }  # fmt: skip


def test_facts_are_put_in_and_blanks_stay() -> None:
    """The clinic's number stands in place of its name; what a person must say waits in brackets [ETQ-12]."""
    said = OWN.filled("fr", FACTS)

    assert said == "Le frottis du [date] est tout à fait normal.\n\nAppelez au 514 555-0100."
    assert prepared.blanks(said) == ("[date]",)


@pytest.mark.parametrize("words", ["[date]", "[ nom ]", "[1er choix]", "avant [heure] et [date]"])
def test_a_blank_stops_a_reply(words: str) -> None:
    """In the text and in the subject, whatever the blank is called [ETQ-12]."""
    text = f"Bonjour,\n\nLe {words}.\n\nMerci,"

    assert problems("Objet", text) == ("blank_in_text",)
    assert problems(words, "Bonjour,\n\nOui.\n\nMerci,") == ("blank_in_subject",)


@pytest.mark.parametrize("words", ["[]", "[ ]", "[1]", "5]", "[date", "[da\nte]"])
def test_other_brackets_stop_nothing(words: str) -> None:
    """A number of a note, an open bracket: nobody is waiting for words there [T-36]."""
    assert prepared.blanks(words) == ()


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"title": {"fr": "Frottis"}}, Fault("label_en", Lack.EMPTY)),
        ({"body": {"fr": OWN.body["fr"]}}, Fault("body_en", Lack.EMPTY)),
        ({"title": {"fr": "F" * 81, "en": "Smear"}}, Fault("label_fr", Lack.TOO_LONG)),
        ({"body": {**OWN.body, "en": ("Call {fax} on [date].",)}}, Fault("body_en", Lack.UNKNOWN_FACT)),
        ({"body": {**OWN.body, "en": ("Call {0.__class__} on [date].",)}}, Fault("body_en", Lack.UNKNOWN_FACT)),
        ({"title": {"fr": "Frottis", "en": "{phone}"}}, Fault("label_en", Lack.UNKNOWN_FACT)),
        ({"body": {**OWN.body, "en": ("Call {phone}.",)}}, Fault("body_en", Lack.DIFFERENT_BLANKS)),
        ({"body": {**OWN.body, "en": ("Call on [date].",)}}, Fault("body_en", Lack.DIFFERENT_BLANKS)),
    ],
)
def test_a_text_with_a_gap_is_not_kept(change: dict[str, Any], fault: Fault) -> None:
    """One language, an unknown name, a missing blank: said by field, and refused [ETQ-11, ETQ-12]."""
    assert prepared.faults(replace(OWN, **change), RULES) == (fault,)


@pytest.mark.parametrize(("field", "language"), [("body", "fr"), ("body", "en"), ("title", "fr"), ("title", "en")])
def test_a_sensitive_text_is_not_kept(field: str, language: str) -> None:
    """What would be stopped in every reply is refused when it is saved, whatever field or language [SEN-17]."""
    words = {"fr": "Votre test de VIH est arrivé", "en": "Your HIV test has arrived"}[language]
    said = {"fr": ("Oui.",), "en": ("Yes.",), language: (words,)}
    given: dict[str, Any] = {"title": {**OWN.title, language: words}, "body": said}
    shown = {"title": "label", "body": "body"}[field]
    [fault] = prepared.faults(replace(OWN, **{field: given[field]}), RULES)

    assert (fault.field, fault.lack) == (f"{shown}_{language}", Lack.SENSITIVE)
    assert Topic.STI_BBI in fault.topics


def test_a_text_is_the_same_after_it_was_stored() -> None:
    """A document gives its text back; a document of something else is refused [ETQ-11]."""
    assert prepared.parse(prepared.to_document(OWN)) == OWN
    with pytest.raises(PolicyError, match="colour"):
        prepared.parse({**prepared.to_document(OWN), "colour": "red"})


def test_typed_words_become_paragraphs_and_lists() -> None:
    """Blank lines part paragraphs, dashes make lists, and a line that was broken by the form is one line [ETQ-11]."""
    typed = "Un.\nEncore un.\n\n\nDeux :\n\n- a;\n- b.\n"
    found = prepared.paragraphs(typed)

    assert found == ("Un. Encore un.", "Deux :", "- a;", "- b.")
    assert replace(OWN, body={"fr": found}).text("fr") == "Un. Encore un.\n\nDeux :\n\n- a;\n- b."


def test_a_reply_made_of_a_result_text_is_known_as_such() -> None:
    """Its sentence is found whatever stands in its blanks; an ordinary sentence is not [SEN-17, SEN-18]."""
    known = prepared.Library(texts=(*SHIPPED, OWN))

    assert known.told_by("Bonjour,\n\nLe frottis du 3 mars est tout à fait normal.\n\nMerci,") == (OWN,)
    assert known.told_by("Hello,\n\nThe smear of March 3 is entirely normal.") == (OWN,)
    assert known.told_by("Bonjour,\n\nVotre rendez-vous du 3 mars est confirmé.") == ()


@pytest.mark.parametrize("first", ["Bonjour,", "Bonjour [nom],", "[résultat]", "{phone}", "[examen] : [résultat]"])
def test_a_greeting_or_a_blank_alone_tells_no_result(first: str) -> None:
    """A clinic's own text that begins so is known by the sentence behind, and stops no other reply [SEN-17, SEN-18]."""
    said = (first, *OWN.body["fr"])
    known = prepared.Library(texts=(replace(OWN, body={"fr": said, "en": (first,)}),))

    assert known.told_by("Bonjour,\n\nBonjour Rose,\n\nVotre rendez-vous du 3 mars : confirmé. 514 555-0100") == ()
    assert known.told_by("Bonjour,\n\nLe frottis du 3 mars est tout à fait normal.") == known.texts


def test_a_hole_that_nobody_filled_in_still_counts_and_an_empty_one_does_not() -> None:
    """What stands in a hole is anything but nothing, at the ends of the sentence too [SEN-17]."""
    text = replace(OWN, body={"fr": ("[examen] est tout à fait normal [date]",), "en": ()})

    assert text.tells("L’examen est tout à fait normal aujourd’hui")
    assert text.tells("[examen] est tout à fait normal [date]")
    assert not text.tells("est tout à fait normal aujourd’hui")
    assert not text.tells("L’examen est tout à fait normal ")


def test_holes_without_words_between_them_cost_no_time() -> None:
    """Whatever a clinic has typed, a long reply is read in a moment: each part is sought once."""
    text = replace(OWN, body={"fr": ("Le résultat " + "[x] " * 200 + "fin",), "en": ()})

    assert not text.tells("Le résultat " + "a " * 10_000)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Vous pouvez prendre les deux avec votre repas, et nous vous rappelons.", Language.FR),
        ("You can take both of them with your meal, and we will call you.", Language.EN),
        ("Oui, merci.", None),
        ("Le rapport de votre clinique pour vous dit : the result is normal and you have nothing to do.", None),
    ],
)
def test_a_text_is_plainly_in_one_language_or_in_none(text: str, language: Language | None) -> None:
    """Short and mixed texts are left alone: only what is plain is said [ETQ-12, T-36]."""
    assert tongue(text) is language


async def test_the_clinic_s_own_words_take_the_place_of_those_that_ship(world: World) -> None:
    """The newest version holds, for this clinic alone; going back shows the shipped text again [ETQ-11, REC-05]."""
    own = replace(OWN, key="call_us")
    who = world.staff(AccountRole.NURSE)
    shipped = prepared.builtin().of("call_us")
    first = await library.save(world.means, world.clinic, who, own, 0, world.now)
    second = await library.save(world.means, world.clinic, who, replace(own, result=""), first, world.now)
    held = await world.means.database.read(lambda c: library.library(c, world.clinic))
    await library.withdraw(world.means, world.clinic, who, "call_us", second, world.now)
    after = await world.means.database.read(lambda c: library.library(c, world.clinic))
    kept = await world.means.database.read(lambda c: stored.versions(c, world.clinic.id, "call_us"))

    assert held.of("call_us") == replace(own, result="")
    assert after.of("call_us") == shipped
    assert [row.version for row in kept] == [3, 2, 1]


async def test_a_text_that_never_shipped_goes_when_it_is_withdrawn(world: World) -> None:
    """It stands behind the others, and is offered no more afterwards [ETQ-11]."""
    who = world.staff()
    version = await library.save(world.means, world.clinic, who, OWN, 0, world.now)
    held = await world.means.database.read(lambda c: library.library(c, world.clinic))
    await library.withdraw(world.means, world.clinic, who, OWN.key, version, world.now)
    after = await world.means.database.read(lambda c: library.library(c, world.clinic))

    assert held.texts == (*SHIPPED, OWN)
    assert after.texts == SHIPPED


async def test_two_editors_do_not_overwrite_each_other(world: World) -> None:
    """Whoever saves over a version that they have not seen is told, and nothing changes [TRI-08]."""
    await library.save(world.means, world.clinic, world.staff(), OWN, 0, world.now)
    with pytest.raises(ConflictError):
        await library.save(world.means, world.clinic, world.staff(AccountRole.NURSE), OWN, 0, world.now)


async def test_only_those_who_answer_for_care_or_policy_word_the_texts(world: World) -> None:
    """The reception uses the texts and changes none; neither does what cannot be sent get in [SEN-17]."""
    with pytest.raises(NotAllowedError):
        await library.save(world.means, world.clinic, world.staff(AccountRole.RECEPTION), OWN, 0, world.now)
    with pytest.raises(library.UnfitError, match="empty"):
        await library.save(world.means, world.clinic, world.staff(), replace(OWN, title={}), 0, world.now)


@pytest.mark.parametrize("name", ["quebec", "ontario"])
@pytest.mark.parametrize("language", Language)
async def test_every_fact_of_a_text_has_its_words(world: World, name: str, language: Language) -> None:
    """Both provinces have a telephone, hours, a place to go and a health line to put in [ETQ-12, ACK-06]."""
    clinic = replace(world.clinic, policy=builtin_policy(name))
    known = library.facts(world.means, clinic, language)

    assert known.keys() == prepared.FACTS
    assert all(known.values())
