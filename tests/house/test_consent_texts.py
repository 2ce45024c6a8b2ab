"""The consent texts as they stand in the templates, rendered in both languages."""

import re
from collections.abc import Mapping
from dataclasses import replace

import pytest

from consent.model import Category, Channel
from consent.texts import Block, ConsentText, problems
from messaging_server.broker.agreement import ConsentFacts, QueueAnswers, consent_variables, facts_of
from messaging_server.broker.notices import Line
from messaging_server.texts import TEMPLATES, Language, Texts
from triage.model import QueueName
from triage.policy import parse_toml
from triage.practice import Response, Unit

TEXTS = Texts.load()
BLOCKS = {*(block.value for block in Block), *(f"risks_{channel}" for channel in Channel)}


def _facts() -> ConsentFacts:
    return ConsentFacts(
        clinic="Clinique du Parc",
        phone="+15145550142",
        phone_hours="8 h à 17 h",
        other_contact="le comptoir",
        lines=(Line(kind="emergency", name="Urgence", number="911"),),
        channels=tuple(Channel),
        texts_answered=False,
        responses=tuple(
            QueueAnswers(queue=queue, rule=Response(count=place, unit=Unit.BUSINESS_DAYS), team=f"équipe {place}")
            for place, queue in enumerate(QueueName, start=1)
        ),
        readers="Le rôle A lit tout. Le rôle B lit les rendez-vous.",
        categories=tuple(Category),
        retention_years=10,
        privacy_officer="Anne Roy",
    )


def _text(language: Language, facts: ConsentFacts | None = None) -> Mapping[str, str]:
    return TEXTS.consent(language, consent_variables(facts or _facts()))


def _whole(language: Language, facts: ConsentFacts | None = None) -> str:
    return "\n\n".join(_text(language, facts).values())


@pytest.mark.parametrize("language", Language)
def test_a_consent_text_has_the_seven_blocks_and_the_risks_of_each_channel(language: Language) -> None:
    """Nothing that the CMQ asks to explain is left out, in either language [CON-05, CON-06]."""
    text = _text(language)
    assert set(text) == BLOCKS
    assert all(len(block.split()) >= 30 for block in text.values())
    assert len(set(text.values())) == len(BLOCKS)


@pytest.mark.parametrize("language", Language)
def test_response_times_teams_and_readers_are_those_of_the_clinic(language: Language) -> None:
    """Changing a time, a team or a role changes the text that patients agree to [CON-07]."""
    facts = _facts()
    procedure, access = _text(language, facts)["procedure"], _text(language, facts)["access"]
    unit = {"fr": "jours ouvrables", "en": "business days"}[language]
    assert all(f"{place} {unit}" in procedure.replace("\u00a0", " ") for place in range(2, 6))
    assert all(f"équipe {place}" in procedure for place in range(1, 6))
    assert facts.readers in access
    assert "Le rôle C" in _text(language, replace(facts, readers="Le rôle C lit tout."))["access"]


@pytest.mark.parametrize(
    ("language", "block", "words"),
    [
        (Language.FR, "intended_use", "Vous êtes libre de dire oui ou non"),
        (Language.FR, "intended_use", "changer d’avis en tout temps"),
        (Language.FR, "intended_use", "pas pour les urgences"),
        (Language.FR, "texts", "dire oui au courriel ou à la messagerie web ne dit pas oui aux textos"),
        (Language.FR, "risks", "Gardez secrets votre mot de passe et votre code d’accès"),
        (Language.FR, "risks", "Limitez l’accès des autres à votre boîte de courriel"),
        (Language.FR, "risks", "Une personne décide toujours"),
        (Language.FR, "risks", "Le serveur lit un message pendant qu’il en fait le tri"),
        (Language.FR, "risks", "scellé avec les clés des personnes"),
        (Language.FR, "retention", "reçus et envoyés"),
        (Language.EN, "intended_use", "You are free to say yes or no"),
        (Language.EN, "intended_use", "change your mind at any time"),
        (Language.EN, "intended_use", "not for emergencies"),
        (Language.EN, "texts", "saying yes to e-mail or to the web inbox does not say yes to texts"),
        (Language.EN, "risks", "Keep your password and your access code secret"),
        (Language.EN, "risks", "Limit other people’s access to your mailbox"),
        (Language.EN, "risks", "A person always decides"),
        (Language.EN, "risks", "The server reads a message while it screens it"),
        (Language.EN, "risks", "sealed with the keys of the people"),
        (Language.EN, "retention", "received and sent"),
    ],
)
def test_a_consent_text_says_what_the_patient_must_know(language: Language, block: str, words: str) -> None:
    """Voluntary, revocable, screened by words, kept, and how to protect oneself [CON-12, CON-16, CON-21, TRN-09]."""
    assert words in _text(language)[block]


@pytest.mark.parametrize("language", Language)
def test_end_to_end_encryption_is_named_only_to_say_that_it_is_not(language: Language) -> None:
    """The text claims no more than what is true [T-43]."""
    whole = _whole(language)
    denied = re.findall(r"(?i)n’est pas un chiffrement de bout en bout|is not end-to-end encryption", whole)
    assert len(re.findall(r"(?i)bout en bout|end-to-end", whole)) == len(denied) == 1


@pytest.mark.parametrize("language", Language)
def test_texts_are_described_as_the_clinic_uses_them(language: Language) -> None:
    """Not offered, only announcing, or answered: three different explanations [CON-05, SMS-02]."""
    facts = _facts()
    shorter = replace(facts, channels=(Channel.WEB, Channel.EMAIL))
    answered = replace(facts, texts_answered=True)
    assert len({_text(language, each)["texts"] for each in (facts, shorter, answered)}) == 3


@pytest.mark.parametrize("language", Language)
def test_plain_e_mail_is_explained_only_where_the_clinic_allows_it(language: Language) -> None:
    """The risk text names the categories that may be written out, and none when there are none [CON-06, EOU-02]."""
    exception = "Exception"
    plain = replace(_facts(), plain_categories=(Category.APPOINTMENTS,))
    assert exception not in _text(language)["risks_email"]
    assert exception in _text(language, plain)["risks_email"]


@pytest.mark.parametrize("language", Language)
def test_a_consent_text_is_written_in_short_sentences(language: Language) -> None:
    """Plain language: on average at most 14 words a sentence, never more than 40 [CON-17, CON-21]."""
    sentences = re.split(r"[.?!:;]\s|\n+", _whole(language).replace("\u00a0", " "))
    lengths = [len(sentence.split()) for sentence in sentences if sentence.strip("- ")]
    assert sum(lengths) / len(lengths) <= 14
    assert max(lengths) <= 40


@pytest.mark.parametrize("name", ["quebec", "ontario"])
def test_the_built_in_policies_make_a_consent_text_that_can_be_published(name: str) -> None:
    """Rendered from each policy that is shipped, no block and no channel's risk is missing [CON-05, CON-06, CON-07]."""
    policy = parse_toml((TEMPLATES.parent / "triage" / "policies" / f"{name}.toml").read_bytes())
    lines = (Line(kind="emergency", name="Urgence", number="911"),)
    texts = {language: _text(language, facts_of(policy, language, lines)) for language in Language}
    blocks = {str(lang): {block: text[block] for block in Block} for lang, text in texts.items()}
    risks = {str(lang): {channel: text[f"risks_{channel}"] for channel in Channel} for lang, text in texts.items()}
    published = ConsentText(version=1, policy_version=policy.version, blocks=blocks, risks=risks)
    assert problems(published, tuple(Channel)) == ()
    for language, text in texts.items():
        assert policy.access[language] in text["access"]
        assert all(team.names[language] in text["procedure"] for team in policy.teams.values())
        assert policy.privacy_officer.name in text["access"]


def test_a_policy_that_lets_a_category_travel_in_plain_mail_says_so_in_the_text() -> None:
    """The exception in the risk text comes from the policy [EOU-02, CON-07]."""
    built_in = (TEMPLATES.parent / "triage" / "policies" / "quebec.toml").read_bytes()
    plain = parse_toml(built_in + b'\n[minimum]\nappointments = "plain"\n')
    lines = (Line(kind="emergency", name="Urgence", number="911"),)
    assert facts_of(parse_toml(built_in), "fr", lines).plain_categories == ()
    assert facts_of(plain, "fr", lines).plain_categories == (Category.APPOINTMENTS,)
