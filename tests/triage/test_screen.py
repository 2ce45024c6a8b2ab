"""The whole judgement: topics, context, queues, what is said of it, and that no text breaks or slows it."""

import sys
import unicodedata
from collections.abc import Callable
from types import FrameType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from triage.model import Assessment, Certainty, Direction, Part, Priority, QueueName, Topic
from triage.rules import Ruleset
from triage.screen import LIMIT, assess, bounded

Judge = Callable[[str], Assessment]

TOPICS = {
    Topic.MENTAL_HEALTH: [
        "Je fais de l'anxiété depuis la séparation",
        "renouvellement de mon cipralex svp",
        "jfais des crises de panique",
        "my depression is worse since I stopped Effexor",
        "no suicidal thoughts today",
    ],
    Topic.ONCOLOGY: [
        "Ma chimio est mardi",
        "I found a lump in my breast",
        "rendez-vous en oncologie",
        "my PSA and the prostate biopsy",
    ],
    Topic.ADDICTION: [
        "J'ai recommencé à boire",
        "je prends de la méthadone",
        "I relapsed, 3 weeks sober gone",
        "addicted to my opioids",
    ],
    Topic.STI_BBI: [
        "test de VIH",
        "je pense que j'ai la chlamydia",
        "the condom broke",
        "burning discharge from my penis",
    ],
    Topic.EMOTIONAL: ["Nous avons perdu notre bébé", "ma mère est en fin de vie", "I had a miscarriage"],
}
PLAIN = [
    "Le gel sans alcool est vide à l'accueil",
    "I use alcohol-free mouthwash",
    "When do you give the flu shot?",
    "Diet coke upsets my stomach",
    "My hearing aids need batteries",
    "Mon signe du zodiaque est Cancer",
    "le vaccin contre l'hépatite B",
    "I see a physical therapist for my knee",
    "I cracked my heel, is there a crack in the bone?",
    "its been a week",
]


@pytest.mark.parametrize(("topic", "text"), [(topic, text) for topic, texts in TOPICS.items() for text in texts])
def test_a_sensitive_topic_is_found_in_either_language(read: Judge, topic: Topic, text: str) -> None:
    """Words, abbreviations, drugs and company of words [SEN-03]."""
    assert topic in read(text).topics


@pytest.mark.parametrize("text", PLAIN)
def test_other_senses_idioms_and_products_are_no_topic(read: Judge, text: str) -> None:
    """Exceptions are data, and hold [SEN-03]."""
    assert read(text).topics == ()


def test_a_denied_topic_stays_a_topic_at_lower_priority(read: Judge) -> None:
    """Negation lowers the priority, never erases the topic [SEN-16]."""
    denied = read("Je n'ai pas d'idées suicidaires")
    assert Topic.MENTAL_HEALTH in denied.topics
    assert denied.priority is Priority.ROUTINE
    assert any(reason.context is Certainty.NEGATED for reason in denied.reasons)


def test_suicide_is_not_silenced_by_a_denial_beside_other_distress(read: Judge) -> None:
    """A denial among distress is still read the same day [ACK-07]."""
    told = read("Je fais une dépression. Je n'ai pas vraiment d'idées suicidaires.")
    assert told.priority is Priority.URGENT
    assert "suicide" in told.flags


def test_the_family_of_the_past_is_not_the_patient_inbound_and_counts_outbound(read: Judge, told: Judge) -> None:
    """An illness of the family's past suppresses the inbound topic only; outbound fails closed [SEN-16]."""
    text = "Antécédents familiaux de cancer du sein"
    assert read(text).topics == ()
    assert Topic.ONCOLOGY in told(text).topics


def test_a_parent_who_writes_of_a_child_counts_as_the_patient(read: Judge) -> None:
    """A caregiver's emergency is an emergency [ACK-07]."""
    assert read("Ma fille de 14 ans a pris 30 comprimés").priority is Priority.STAT


def test_a_clause_that_denies_does_not_deny_the_next(read: Judge) -> None:
    """« Pas de fièvre, mais… » [SEN-16]."""
    text = "Je n'ai pas de fièvre, mais j'ai une douleur à la poitrine qui descend dans le bras"
    assert read(text).priority is Priority.STAT


def test_the_end_of_a_long_message_is_read(read: Judge) -> None:
    """A crisis in the last sentence of a long message about something else [ACK-07]."""
    text = "Bonjour, je vous écris pour le formulaire de l'école. " * 300 + "Honnêtement je veux mourir."
    assert read(text).priority is Priority.STAT


def test_all_parts_are_read_together_and_reasons_name_their_part(ruleset: Ruleset) -> None:
    """Subject, body, file names and attachments; combinations reach over parts [SEN-10]."""
    subject, body = Part("subject", "Bébé de 2 mois"), Part("new_text", "39 de fièvre")
    parts = [subject, body, Part("filename:1", "resultat-VIH.pdf")]
    found = assess(parts, direction=Direction.INBOUND, language="fr", ruleset=ruleset, not_screened=["attachment:1"])
    assert found.priority is Priority.STAT
    assert found.topics == (Topic.STI_BBI,)
    assert {reason.part for reason in found.reasons} >= {"subject", "new_text", "filename:1"}
    assert found.not_screened == ("attachment:1",)
    assert found.ruleset == ruleset.version


QUEUES = [
    ("Je voudrais déplacer mon rendez-vous de mardi", QueueName.APPOINTMENTS),
    ("Can I book an appointment next week?", QueueName.APPOINTMENTS),
    ("Renouvellement de Synthroid svp", QueueName.RENEWALS),
    ("I need a refill of my sertraline", QueueName.RENEWALS),
    ("Mes résultats de prise de sang sont-ils arrivés?", QueueName.RESULTS),
    ("Are my lab results in?", QueueName.RESULTS),
    ("J'ai besoin d'un billet médical pour l'école", QueueName.DOCUMENTS),
    ("Please complete the insurance form", QueueName.DOCUMENTS),
    ("J'ai une question sur mon bill, invoice in English", QueueName.DOCUMENTS),
    ("J'ai mal au dos, je voudrais un rendez-vous", QueueName.CLINICAL),
    ("My rash is getting worse", QueueName.CLINICAL),
    ("Bonjour", QueueName.CLINICAL),
]


@pytest.mark.parametrize(("text", "queue"), QUEUES)
def test_administrative_questions_wait_in_their_own_queue(read: Judge, text: str, queue: QueueName) -> None:
    """One queue for each message, clinical unless it is only administrative [TRI-02]."""
    assert read(text).queue is queue


def test_the_patients_choice_routes_what_is_routine_and_hides_no_emergency(ruleset: Ruleset) -> None:
    """The reason picked never bypasses the triage [TRI-06]."""

    def queue(text: str) -> QueueName:
        chosen = QueueName.RENEWALS
        parts = [Part("text", text)]
        return assess(parts, direction=Direction.INBOUND, language="fr", ruleset=ruleset, chosen=chosen).queue

    assert queue("Bonjour, merci") is QueueName.RENEWALS
    assert queue("Je veux mourir") is QueueName.CLINICAL


NEWS = [
    ("La biopsie confirme un lymphome", Topic.NEW_DIAGNOSIS),
    ("Your test came back positive for gonorrhea", Topic.NEW_DIAGNOSIS),
    ("Vous êtes diabétique", Topic.NEW_DIAGNOSIS),
    ("The scan shows a mass on the kidney", Topic.NEW_DIAGNOSIS),
    ("Je vous prescris de l'amoxicilline pour 7 jours", Topic.NEW_TREATMENT),
    ("We will start insulin tonight", Topic.NEW_TREATMENT),
    ("Débutez le ramipril 5 mg", Topic.NEW_TREATMENT),
]


@pytest.mark.parametrize(("text", "topic"), NEWS)
def test_an_announcement_is_held_outbound_and_is_no_act_inbound(
    read: Judge, told: Judge, text: str, topic: Topic
) -> None:
    """New diagnosis and new treatment are acts of the clinic [SEN-04]."""
    assert topic in told(text).topics
    assert topic not in read(text).topics


FREE = [
    "Votre rendez-vous est confirmé pour lundi à 17 h",
    "Vos résultats sont arrivés. Appelez-nous pour prendre rendez-vous.",
    "We have received your results",
    "Please call us to discuss your results in person",
    "Appelez le 911 ou allez à l'urgence si vous avez des idées suicidaires",
    "Call 911 now and go to the emergency room",
    "J'ai renouvelé votre metformine pour un an",
    "We will increase your ramipril to 10 mg",
    "Cessez le ramipril et continuez le reste",
    "Vos résultats sont normaux",
    "Your X-ray shows no fracture",
]


@pytest.mark.parametrize("text", FREE)
def test_a_direction_a_visit_a_receipt_or_an_agreed_treatment_is_never_held(told: Judge, text: str) -> None:
    """What must go out at once finds no topic [SEN-05, SEN-18]."""
    assert told(text).topics == ()


def test_a_result_named_beside_an_invitation_is_still_held(told: Judge) -> None:
    """An invitation frees its own sentence, never the name of an infection [SEN-05]."""
    assert Topic.STI_BBI in told("Your chlamydia test is positive, please call us to book an appointment").topics


def test_an_outbound_text_is_never_an_emergency(told: Judge) -> None:
    """Priority is about what patients write [TRI-02]."""
    found = told("Si vous avez une douleur à la poitrine maintenant, appelez le 911")
    assert (found.priority, found.flags) == (Priority.ROUTINE, ())


def test_an_empty_message_gives_no_topic_and_waits_with_clinicians(ruleset: Ruleset) -> None:
    """No rule matched; nothing is assured [SEN-15]."""
    found = assess([], direction=Direction.INBOUND, language=None, ruleset=ruleset)
    assert (found.topics, found.reasons, found.queue) == ((), (), QueueName.CLINICAL)


def test_the_middle_of_an_immense_text_is_said_not_to_be_screened(ruleset: Ruleset) -> None:
    """Both ends are read; what is left out is told, never taken for clear [SEN-10, SEN-21]."""
    text = "Je veux mourir. " + " " * (LIMIT + 10) + "chimio"
    found = assess([Part("attachment:1", text)], direction=Direction.INBOUND, language=None, ruleset=ruleset)
    assert found.not_screened == ("attachment:1:middle",)
    assert {reason.words for reason in found.reasons} >= {"chimio"}
    assert all(text[reason.start : reason.end] == reason.words for reason in found.reasons)


SEED = "Bonjour, j'ai des idées suicidaires et une douleur à la poitrine depuis ce matin 🚑, chimio à l'hôpital, cœur."


@st.composite
def disguised(draw: st.DrawFn) -> str:
    """The seed with case, accents and invisible letters changed at will."""
    out = []
    for character in SEED:
        form = draw(st.sampled_from(["as is", "upper", "NFD", "bare", "hyphen"]))
        if form == "upper" and len(character.upper()) == 1:
            out.append(character.upper())
        elif form == "NFD":
            out.append(unicodedata.normalize("NFD", character))
        elif form == "bare":
            out.append("".join(c for c in unicodedata.normalize("NFD", character) if not unicodedata.combining(c)))
        else:
            out.append(character + ("\u00ad" if form == "hyphen" and character.isalpha() else ""))
    return "".join(out)


@given(text=disguised())
@settings(max_examples=60, deadline=None)
def test_reasons_point_at_the_original_words_however_they_are_written(ruleset: Ruleset, text: str) -> None:
    """`words` is `text[start:end]`, in code points of the original [SEN-13]."""
    found = assess([Part("text", text)], direction=Direction.INBOUND, language="fr", ruleset=ruleset)
    assert found.priority is Priority.STAT
    assert {Topic.MENTAL_HEALTH, Topic.ONCOLOGY} <= set(found.topics)
    for reason in found.reasons:
        assert text[reason.start : reason.end] == reason.words
        assert reason.words.strip() == reason.words
        assert reason.words


@given(text=st.text(max_size=200) | st.text("je veux pas mourir 39,5°/\u0301\u202e\0\ud800🚑\n.?", max_size=80))
@settings(max_examples=100, deadline=None)
def test_no_text_breaks_the_screening(ruleset: Ruleset, text: str) -> None:
    """Emoji, right-to-left marks, NUL and lone surrogates are read like anything else [SEN-21]."""
    found = assess([Part("text", text)], direction=Direction.INBOUND, language=None, ruleset=ruleset)
    assert all(text[reason.start : reason.end] == reason.words for reason in found.reasons)


HOSTILE = [
    "a", "je ", "\n", "e\u0301", "chest pain, ", "39 39,5 ", "je veux pas mourir si douleur poitrine ", "((((", "pas ",
    "suicyde ", "j'ai ", "190/115 ", "\u200b", "envie de de de ",
]  # fmt: skip


def steps(run: Callable[[], object]) -> int:
    """How many functions are called, our own and the interpreter's: a clock that always tells the same time."""
    count = 0

    def tick(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal count
        count += event in {"call", "c_call"}

    before = sys.getprofile()
    sys.setprofile(tick)
    try:
        run()
    finally:
        sys.setprofile(before)
    return count


@pytest.mark.parametrize("piece", HOSTILE)
def test_work_grows_no_faster_than_the_text(ruleset: Ruleset, piece: str) -> None:
    """Twice the text is at most about twice the work, for texts made to hurt [SEN-21]."""

    def work(times: int) -> int:
        parts = [Part("text", piece * times)]
        return steps(lambda: assess(parts, direction=Direction.INBOUND, language=None, ruleset=ruleset))

    small = work(500)
    assert work(1000) <= 2.2 * small + 500


@pytest.mark.parametrize(
    "text",
    ["Mon O2 est à 82%", "My O2 is 82", "O2 84", "85 oxygen 120 pulse", "82 de saturation et 130 bpm", "sat 83"],
)
def test_a_low_oxygen_is_read_however_it_is_written(ruleset: Ruleset, text: str) -> None:
    """The number may come first, and « O2 » is two words [TRI-02]."""
    found = assess([Part("text", text)], direction=Direction.INBOUND, language=None, ruleset=ruleset)

    assert any(reason.rule == "respiratory.oxygen" for reason in found.reasons)


def test_the_two_ends_of_a_cut_text_are_never_read_as_one_sentence(ruleset: Ruleset) -> None:
    """What the first end denies is not what the second end says [SEN-15, SEN-16]."""
    text = "x " * 100 + "je n'ai pas " + "y" * 1_000 + " mal dans la poitrine depuis ce matin" + " z" * 82
    found = assess([Part("text", text)], direction=Direction.INBOUND, language=None, ruleset=ruleset, limit=424)

    assert found.priority is Priority.STAT
    assert found.not_screened == ("text:middle",)
    assert all(text[reason.start : reason.end] == reason.words for reason in found.reasons)


def test_no_more_than_so_much_text_is_read_of_one_message(ruleset: Ruleset) -> None:
    """Twenty long files cost no more than four, and the rest is named [SEN-15, SEN-21]."""
    parts = [Part(f"attachment:{number}", "bonjour " * 60_000) for number in range(20)]
    read, cuts = bounded(parts)

    assert len(read) == 5
    assert cuts.names == tuple(f"attachment:{number}" for number in range(5, 20))
