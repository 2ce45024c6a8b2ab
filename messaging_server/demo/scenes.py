"""What the demonstration's patients say, and what the clinic does about it, day by day.

Every message of a patient goes through a real door: the page's form, the mail server, the provider's signed webhook.
`days` counts back from today and `at` is clinic time, so that some threads are answered, some late, some fresh.
"""

from dataclasses import dataclass, field

from consent.model import Category


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One thing that happens. `door` is `web`, `mail` or `sms`; `who` a patient's key, or an outsider's address."""

    days: int
    at: str
    door: str
    who: str
    text: str = field(repr=False)
    subject: str = field(default="", repr=False)
    reason: str = "question"
    then: str = ""
    """What the clinic does: `answer`, `claim`, `read` (answered, then opened by the patient), or nothing yet."""
    answer: str = field(default="", repr=False)
    by: str = "nurse"
    category: Category = Category.GENERAL_ADVICE


SCENES = (
    Scene(
        days=9, at="09:12", door="web", who="rose.lavigne", reason="renewal", subject="Renouvellement de mes pilules",
        text="Bonjour,\n\nIl me reste cinq jours de pilules pour la pression. Est-ce que vous pouvez envoyer le "
        "renouvellement à ma pharmacie, la même que d’habitude?\n\nMerci beaucoup,\nRose Lavigne",
        then="read", by="physician", category=Category.ADJUSTMENT,
        answer="Bonjour Madame Lavigne,\n\nC’est fait : l’ordonnance est renouvelée pour six mois à votre pharmacie. "
        "Continuez comme d’habitude.\n\nCordialement,",
    ),
    Scene(
        days=8, at="10:30", door="mail", who="thomas.okafor", subject="Blood pressure readings",
        text="Hello,\n\nHere are my readings for the week: 132/84, 128/80, 135/86, 130/82. Should I keep sending "
        "them every week?\n\nThank you,\nThomas Okafor",
        then="answer", answer="Hello Mr. Okafor,\n\nThank you, these readings are where we want them. Once a month is "
        "enough from now on.\n\nKind regards,", category=Category.HEALTH_DATA,
    ),
    Scene(
        days=7, at="14:05", door="web", who="lucien.ferland", reason="form", subject="Formulaire d’assurance",
        text="Bonjour, mon assureur demande un formulaire rempli pour mon congé. Je l’apporte à la réception?\n\nMerci",
        then="answer", by="reception", category=Category.APPOINTMENTS,
        answer="Bonjour Monsieur Ferland,\n\nOui, laissez-le à la réception; il sera prêt dans cinq jours "
        "ouvrables.\n\nCordialement,",
    ),
    Scene(
        days=6, at="11:40", door="mail", who="marieeve.gagnon", subject="Mes résultats",
        text="Bonjour,\n\nJ’ai passé une prise de sang il y a deux semaines et je n’ai pas eu de nouvelles. Est-ce que "
        "mes résultats sont arrivés?\n\nMarie-Ève Gagnon",
    ),
    Scene(
        days=5, at="16:20", door="web", who="olivia.smith", reason="result", subject="Did you get my X-ray report?",
        text="Hi, I had an X-ray of my wrist on Monday. The technician said you would receive the report this week. "
        "Could you tell me when I will hear about it?",
        then="claim",
    ),
    Scene(
        days=3, at="08:50", door="sms", who="samuel.roy", text="Est-ce que mon rendez-vous de jeudi tient toujours?",
    ),
    Scene(days=3, at="08:55", door="sms", who="samuel.roy", text="ARRET"),
    Scene(
        days=2, at="13:15", door="web", who="chloe.bergeron", subject="Je dors mal",
        text="Bonjour,\n\nDepuis la rentrée je dors très mal, je pleure pour rien et je n’ai plus envie de voir mes "
        "amis. Je ne suis pas en danger, mais j’aimerais en parler à quelqu’un.\n\nChloé",
        then="answer", by="physician", category=Category.APPOINTMENTS,
        answer="Bonjour Chloé,\n\nMerci de nous avoir écrit. J’aimerais vous voir cette semaine : appelez la "
        "réception, une plage vous est réservée jeudi.\n\nCordialement,",
    ),
    Scene(
        days=1, at="09:35", door="mail", who="anh.tran", subject="Question about vitamins",
        text="Hello, I would like to know if I can take vitamin D with my other vitamins. Thank you, Anh Tran",
    ),
    Scene(
        days=1, at="15:10", door="mail", who="ada.bell@elsewhere.invalid", subject="My mother's appointment",
        text="Hello, my mother is a patient at your clinic and asked me to move her appointment to next week. Ada Bell",
    ),
    Scene(
        days=1, at="16:05", door="web", who="nadia.haddad", reason="appointment", subject="Rendez-vous pour un vaccin",
        text="Bonjour, j’aimerais un rendez-vous pour le vaccin contre la grippe, de préférence le matin. Merci!",
    ),
    Scene(
        days=0, at="08:05", door="web", who="grace.macleod", subject="Baby has a fever",
        text="Hi, my son is 7 months old. He has had a fever of 38.6 since last night and is drinking less than usual, "
        "but he still smiles and plays. Should we come in today?",
    ),
    Scene(
        days=0, at="08:20", door="web", who="jeanguy.pelletier", subject="Serrement",
        text="Bonjour. Ça fait une demi-heure que j’ai un gros serrement dans la poitrine qui descend dans le bras "
        "gauche, pis je suis en sueur. J’attends-tu mon rendez-vous de vendredi?",
    ),
    Scene(
        days=0, at="08:30", door="web", who="yvonne.cote", reason="other", subject="Merci",
        text="Bonjour, je voulais seulement vous remercier pour votre bon accueil de lundi. Bonne journée à toute "
        "l’équipe!",
    ),
)  # fmt: skip
