"""What the author wrote now, apart from what they quote."""

import time
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from messaging_server.channels.email import quotes

OURS = "clinique@sante.example"


def ours(line: str) -> bool:
    """Whether a line holds the clinic's own address."""
    return OURS in line


NEW = "Bonjour,\n\nJ'ai encore mal au genou. Que faire?"

QUOTED_BELOW = {
    "Gmail in French": "Le mar. 3 nov. 2026 à 09:15, Clinique <clinique@sante.example> a écrit\u00a0:\n\n> Et?",
    "Gmail in French, folded": "Le mar. 3 nov. 2026 à 09:15, Roy <\nclinique@sante.example> a écrit :\n\n> Et?",
    "Gmail in French, narrow no-break space": "Le mar. 3 nov. 2026, 9 h 15, Clinique <c@x.ca> a écrit\u202f:\n> Et?",
    "Gmail in English": "On Tue, Nov 3, 2026 at 9:15\u202fAM Clinic <clinique@sante.example> wrote:\n\n> The knee?",
    "old Gmail": "2026-11-03 9:15 GMT-05:00 Clinique <clinique@sante.example>:\n\n> Et le genou?",
    "Apple Mail in French": "Le 3 nov. 2026 à 09:15, Clinique <clinique@sante.example> a écrit :\n\n> Et le genou?",
    "iPhone in French": "Envoyé de mon iPhone\n\n> Le 3 nov. 2026 à 09:15, Clinique <c@x.ca> a écrit :\n> \n> Et?",
    "Thunderbird in French": "Le 03/11/2026 à 09:15, Clinique a écrit :\n> Et le genou?\n>",
    "Thunderbird in English": "On 2026-11-03 9:15 a.m., Clinic wrote:\n> And the knee?",
    "Outlook in French": (
        "De\u00a0: Clinique <clinique@sante.example>\nEnvoyé\u00a0: 3 novembre 2026 09:15\nÀ\u00a0: Zoé Roy\n"
        "Objet\u00a0: Message de votre clinique\n\nEt le genou?"
    ),
    "Outlook in English": (
        "From: Clinic <clinique@sante.example>\nSent: November 3, 2026 9:15 AM\nTo: Zoe Roy <z@x.ca>\n"
        "Subject: Message from your clinic\n\nAnd the knee?"
    ),
    "Outlook on the web": (
        "________________________________\nDe : Clinique <clinique@sante.example>\nEnvoyé : 3 novembre 2026 09:15\n"
        "À : Zoé <z@x.ca>\nObjet : Message\n\nEt le genou?"
    ),
    "Outlook with bold names": "*De :* Clinique\n*Envoyé :* 3 novembre 2026 09:15\n*À :* Zoé\n*Objet :* Message\n\nEt?",
    "old Outlook": "-----Message d'origine-----\nDe : Clinique\nEt le genou?",
    "old Outlook with a curly apostrophe": "-----Message d’origine-----\nEt le genou?",
    "old Outlook in English": "-----Original Message-----\nFrom: Clinic\nAnd the knee?",
    "Zimbra": '----- Mail original -----\nDe: "Clinique" <c@x.ca>\nÀ: "Zoé" <z@x.ca>\nEt le genou?',
    "Samsung": "-------- Message d'origine --------\nDe : Clinique <c@x.ca>\nDate : 2026-11-03 09:15 (GMT-05:00)\nEt?",
    "Yahoo in French": (
        "Le mardi 3 novembre 2026 à 09 h 15 min 02 s HNE, Clinique <clinique@sante.example> a écrit :\n\n"
        " Et le genou?"
    ),
    "Proton": "On Tuesday, November 3rd, 2026 at 9:15 AM, Clinic <clinique@sante.example> wrote:\n\n> And the knee?",
    "a phone without marks": "Le mar. 3 nov. 2026 09:15, Clinique <clinique@sante.example> a écrit :\n\nEt le genou?",
    "the delimiter of our notices": "Veuillez répondre au-dessus de cette ligne\n\nVous avez un message.",
    "the delimiter in English": "--- Please reply above this line ---\n\nYou have a message.",
    "an attribution at the very end": "Le 3 nov. 2026 à 09:15, Clinique a écrit :",
}


@pytest.mark.parametrize("client", QUOTED_BELOW)
def test_the_quotation_below_an_answer_is_told_apart(client: str) -> None:
    """What French and English mail programs put under an answer is quoted, the answer whole is new [EIN-17]."""
    got = quotes.split(f"{NEW}\n\n{QUOTED_BELOW[client]}\n", our_lines=ours)
    assert got.new_text.strip() == NEW
    assert [line for line in got.quoted_text.split("\n") if line.strip()]


KEPT_WHOLE = {
    "a pharmacist who wrote": "Le 12 novembre, mon pharmacien m'a écrit :\nil faut cesser le médicament.\nEst-ce vrai?",
    "a pharmacist who wrote in English": "On Nov 12, 2026 my pharmacist wrote:\nstop taking it.\nIs that right?",
    "a hospital quoted with the year": "Le 12 novembre 2026 l'hôpital a écrit :\n\nRevenez si la fièvre monte.",
    "hours like a heading": "Mes disponibilités\nDe : 9 h\nÀ : 11 h\nles mardis",
    "a list with labels": "Date : 3 novembre\nObjet : renouvellement\nA : la pharmacie Roy",
    "a line of dashes": "Douleur au genou\n--------------------\nDouleur à l'épaule aussi",
    "a line of underscores": "Matin\n____________________\nSoir : 8,2",
    "a sign of comparison": "Ma glycémie est > 12 tous les matins",
    "sent from in a sentence": "C'est envoyé de mon téléphone, je n'ai pas d'ordinateur.\nPouvez-vous m'appeler?",
    "two dashes and then a cry": "Merci\n--\nP.S. J'ai mal à la poitrine depuis ce matin",
    "two dashes and a question": "Merci\n--\nEst-ce que je dois cesser le comprimé?",
    "a forward without a word": (
        "---------- Forwarded message ---------\nDe : Hôpital <h@x.ca>\nDate: mar. 3 nov. 2026\nObjet : Résultat\n"
        "À : Zoé <z@x.ca>\n\nVoici votre rapport."
    ),
    "reply above in a sentence": "Should I reply above or below the line in your mails? Thank you",
}


@pytest.mark.parametrize("trap", KEPT_WHOLE)
def test_what_only_looks_like_a_quotation_stays(trap: str) -> None:
    """A patient's own words are never folded away because they look like a mail program's [EIN-17]."""
    got = quotes.split(KEPT_WHOLE[trap], our_lines=ours)
    assert got.new_text == KEPT_WHOLE[trap]
    assert got.quoted_text == got.signature == ""


def test_answers_between_the_quoted_lines_are_new() -> None:
    """Inline answers are new, each quoted line and the heading quoted, in the order they had [EIN-17]."""
    text = (
        "Le 3 nov. 2026 à 09:15, Clinique a écrit :\n> Avez-vous de la fièvre?\nOui, 39.\n\n> Depuis quand?\n"
        "Depuis hier."
    )
    got = quotes.split(text)
    assert got.new_text == "Oui, 39.\n\nDepuis hier."
    assert got.quoted_text.count("\n") == 2


def test_an_answer_under_the_quotation_is_new() -> None:
    """Bottom posting: what stands below the quoted lines is the answer [EIN-17]."""
    got = quotes.split("On Nov 3, 2026, Clinic wrote:\n> How is the knee?\n> \n\nMuch worse, I cannot walk.")
    assert got.new_text == "Much worse, I cannot walk."


def test_a_quotation_with_nothing_new_is_all_quoted() -> None:
    """An answer sent by mistake, without a word, has no new text [EIN-17]."""
    got = quotes.split("\n> Comment va le genou?\n> Clinique\n")
    assert got.new_text == ""
    assert "genou" in got.quoted_text


def test_our_own_line_under_an_unsure_heading_settles_it() -> None:
    """A heading without an hour is a quotation's when our own words follow it, and not otherwise [EIN-17]."""
    text = "Merci!\n\nLe 3 novembre 2026, la clinique a écrit :\nComment va le genou?"
    assert quotes.split(text).new_text == text
    assert quotes.split(text, our_lines=lambda line: line == "Comment va le genou?").new_text == "Merci!"


@pytest.mark.parametrize(
    ("text", "new", "signature"),
    [
        ("Merci\n\n-- \nZoé Roy\n514 555-0199", "Merci", "-- \nZoé Roy\n514 555-0199"),
        ("Merci\n\nEnvoyé de mon iPhone", "Merci", "Envoyé de mon iPhone"),
        ("Merci\n\nEnvoyé depuis mon appareil Galaxy", "Merci", "Envoyé depuis mon appareil Galaxy"),
        ("Merci\n\nEnvoyé à partir d’Outlook pour iOS<https://aka.ms/x>", "Merci", None),
        ("Thanks\n\nSent from my Galaxy", "Thanks", "Sent from my Galaxy"),
        ("Thanks\n\nGet Outlook for Android", "Thanks", "Get Outlook for Android"),
        ("Merci\nZoé\n\nEnvoyé de mon iPad\n\n> Et le genou?", "Merci\nZoé", "Envoyé de mon iPad"),
    ],
)
def test_signatures_are_set_apart(text: str, new: str, signature: str | None) -> None:
    """What stands under the dashes, and a telephone's own line, is the signature [EIN-17]."""
    got = quotes.split(text)
    assert got.new_text == new
    assert got.signature
    assert signature is None or got.signature == signature


def test_a_quotation_cannot_hide_what_follows_a_single_mark() -> None:
    """Only lines that carry the mark are quoted: the next line without it is new, whatever it says [EIN-17]."""
    got = quotes.split("> Avez-vous des idées noires?\nOui, tous les jours.\n> Depuis quand?\nUn mois.")
    assert got.new_text == "Oui, tous les jours.\nUn mois."


LINES = st.sampled_from(
    [
        *"\n".join([*QUOTED_BELOW.values(), *KEPT_WHOLE.values()]).split("\n"),
        "",
        " ",
        "-- ",
        "> ",
        "clinique@sante.example",
        "Le",
        "On 1 <a@b.ca>",
    ]
)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.one_of(LINES, st.text(max_size=30)), max_size=25))
def test_no_line_is_ever_lost(lines: list[str]) -> None:
    """New, quoted and signature hold together every line that is not blank, as often as it was there [EIN-17]."""
    text = "\n".join(lines)
    got = quotes.split(text, our_lines=ours)
    whole = f"{got.new_text}\n{got.quoted_text}\n{got.signature}"
    had = Counter(line for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n") if line.strip())
    assert Counter(line for line in whole.split("\n") if line.strip()) == had


@pytest.mark.parametrize(
    "text",
    [
        "On a" * 20_000,
        "On a\n" * 20_000,
        "Le 3 " + "a " * 40_000 + "<",
        "De : a@b.ca\n" * 20_000,
        "-" * 80_000,
        "----- " * 15_000,
        "De :" + " " * 80_000,
        "> " * 40_000,
        "répondez " * 10_000,
        "envoyé de " + "a" * 80_000,
        "a <a@" * 20_000,
        "Le 3 a <a@b.ca> a écrit\n" * 5_000,
    ],
)
def test_time_grows_with_the_text_only(text: str) -> None:
    """Eighty kilobytes made to hurt are split in less than a second [EIN-16, EIN-21]."""
    began = time.process_time()
    quotes.split(text, our_lines=ours)
    assert time.process_time() - began < 1.0
