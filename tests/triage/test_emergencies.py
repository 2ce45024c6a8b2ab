"""Invented emergencies in every register, and as many sentences that only look like one."""

import unicodedata
from collections.abc import Callable

import pytest

from triage.model import Assessment, Priority, QueueName

EMERGENCIES = {
    "suicide": [
        "Docteur, je ne veux plus vivre. J'ai tout préparé.",
        "jveux mourir chu pu capable",
        "J'ai pu le goût de vivre pantoute, la famille serait mieux sans moi",
        "je pense a menlever la vie",
        "I can't do this anymore, I want to kill myself tonight",
        "honestly everyone would be better off without me and i have the pills right here",
        "Mon fils de 16 ans dit qu'il veut mourir",
        "Merci pour le renouvellement. Aussi, je songe à mettre fin à mes jours.",
        "wish i could go to sleep and never wake up",
        "i just want to end it all",
    ],
    "cardiac": [
        "J'ai une douleur dans la poitrine qui descend dans le bras gauche depuis 20 minutes",
        "ca me serre dans poitrine pis chu tout en sueur",
        "Chest pain going down my left arm, sweating a lot",
        "crushing chest pressure since this morning",
        "mon pere fait une crise de coeur je pense",
        "My husband collapsed and won't wake up",
    ],
    "stroke": [
        "La bouche de ma mère est tombée d'un côté et elle parle mou",
        "Depuis une heure mon bras droit est engourdi, plus de force",
        "my dad's speech is slurred and his face is drooping",
        "sudden weakness in my left arm and leg",
        "C'est le pire mal de tête de ma vie, arrivé d'un coup",
    ],
    "respiratory": [
        "je suis pu capable de respirer",
        "Ma fille fait de l'asthme, sa pompe marche plus, elle respire mal",
        "I can't breathe, I can barely finish a sentence",
        "short of breath and my lips are blue",
        "saturation à 84 % à la maison",
    ],
    "anaphylaxis": [
        "Il a mangé des noix, sa langue enfle",
        "stung by a bee, my throat is closing up",
        "je viens de lui donner son épipen",
    ],
    "overdose": [
        "Ma fille a avalé 25 comprimés de Tylenol",
        "I took 40 pills of tylenol",
        "mon p'tit gars a bu de l'eau de javel",
        "my toddler swallowed a button battery",
    ],
    "haemorrhage": [
        "Je saigne beaucoup et je suis étourdie",
        "bleeding won't stop and I take warfarin",
        "Mon mari vomit du sang",
    ],
    "obstetric": [
        "Enceinte de 31 semaines, je saigne depuis ce matin",
        "32 weeks pregnant and baby is not moving since yesterday",
        "j'ai perdu mes eaux à 34 semaines",
    ],
    "neonatal": [
        "Notre bébé de 5 semaines a 38,4 de fièvre",
        "My 2 month old has a fever of 101.3",
        "bebe de 3 sem temperature 38.6",
    ],
    "sepsis": [
        "Je suis en chimio et je fais 38.5 de fièvre",
        "He has a fever, a stiff neck and is confused",
        "Ma petite de 2 ans est fiévreuse et toute molle",
    ],
    "head_injury": [
        "Mon père, qui prend du Xarelto, est tombé sur la tête",
        "she hit her head and has been vomiting since",
    ],
    "diabetic": [
        "Mon glucomètre affiche HI et je vomis",
        "blood sugar 520 and he is drowsy",
    ],
    "testicular": ["Douleur soudaine et atroce au testicule gauche"],
    "abdomen": ["J'ai un mal de ventre insupportable, pliée en deux"],
    "eye": ["Je vois plus de l'oeil gauche depuis tantôt"],
    "psychosis": ["Les voix me disent de sauter"],
    "violence": [
        "Mon ex m'a étranglée et il dit qu'il va me tuer",
        "I'm scared I will hurt my baby, thoughts of hurting him",
    ],
}
CASES = [(flag, text) for flag, texts in EMERGENCIES.items() for text in texts]

TRAPS = [
    "Je suis mort de rire, merci docteur!",
    "On mourait de chaud dans la salle d'attente, je meurs de soif",
    "Je tue le temps en attendant mon rendez-vous",
    "My shoes are killing me, any insoles to recommend?",
    "I'm dying to know when you reopen",
    "Je n'ai pas de douleur à la poitrine et je respire bien",
    "No chest pain, no shortness of breath, just a refill please",
    "Quels sont les signes d'un AVC?",
    "What are the symptoms of a heart attack?",
    "Ma mère a fait un infarctus en 2004, dois-je passer un test?",
    "My grandfather died of a stroke 20 years ago",
    "J'ai eu une crise cardiaque en 2011, je veux renouveler ma médication",
    "I had a stroke in 2013 and need a parking form",
    "Si jamais j'avais de la difficulté à respirer, qui dois-je appeler?",
    "What if my baby gets a fever?",
    "Mon bébé de 11 mois a 38,1 de fièvre depuis hier, il joue et boit bien",
    "J'ai pris deux Tylenol pour mon mal de tête",
    "I took 2 advil and feel fine",
    "Je suis enceinte et je voudrais changer mon rendez-vous",
    "I'm 12 weeks pregnant, when is the ultrasound?",
    "Ma glycémie est à 6,4 ce matin",
    "BP this week: 128/82, 131/80, 126/79",
    "Il s'est cogné l'orteil",
    "I bumped my knee and it is bruised",
    "Mes gencives saignent quand je me brosse les dents",
    "I cut myself shaving, small scab",
    "Pouvez-vous renouveler mon épipen? Il est expiré.",
    "Je voudrais un billet pour mon absence de mardi",
    "Where can I take a CPR course?",
    "Avez-vous de la naloxone en trousse pour une formation?",
    "Le bruit du stationnement me rend fou",
    "Mon mal de tête léger est parti",
    "The chest pain has gone away, it was three years ago",
    "Ma saturation est à 98 %",
    "J'ai les yeux bleus comme mon père",
    "Le temps est mort dans la salle",
    "This stair climb is a killer workout",
    "Je n'ai aucune idée suicidaire",
    "Est-ce que le vaccin donne de la fièvre?",
    "My battery died and the sugar sensor stopped, reading was 5.9",
    "Le docteur est-il là lundi?",
    "Mon chum a frappé un chevreuil avec le char, il va bien",
]


@pytest.mark.parametrize(("flag", "text"), CASES)
def test_an_emergency_is_stat_names_its_family_and_waits_with_clinicians(
    read: Callable[[str], Assessment], flag: str, text: str
) -> None:
    """Emergencies in any register are found, named for the direction, and go to clinicians [ACK-07, TRI-06]."""
    found = read(text)
    assert (found.priority, found.queue) == (Priority.STAT, QueueName.CLINICAL)
    assert flag in found.flags


@pytest.mark.parametrize("text", [text for _, text in CASES])
def test_an_emergency_without_accents_in_capitals_is_the_same_emergency(
    read: Callable[[str], Assessment], text: str
) -> None:
    """Case and accents change nothing [SEN-03]."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    assert read(bare.upper()).priority is Priority.STAT
    assert read(bare.lower().replace("'", "")).priority is Priority.STAT or "'" in text
    assert read(unicodedata.normalize("NFD", text)).priority is Priority.STAT


@pytest.mark.parametrize("text", TRAPS)
def test_an_idiom_a_denial_a_question_or_a_memory_is_no_emergency(
    read: Callable[[str], Assessment], text: str
) -> None:
    """What only looks like an emergency does not ring the alarm [SEN-16]."""
    assert read(text).priority is not Priority.STAT
