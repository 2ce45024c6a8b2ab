"""What keeps a consent text from being published, and when it counts as new."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consent.model import Channel
from consent.texts import (
    LANGUAGES,
    Block,
    ConsentText,
    Fault,
    Place,
    Problem,
    changed,
    content_hash,
    from_json,
    problems,
    to_json,
)


def sample() -> ConsentText:
    return ConsentText(
        version=4,
        policy_version=9,
        blocks={lang: {block: f"{lang} {block} é" for block in Block} for lang in LANGUAGES},
        risks={lang: {channel: f"{lang} risque {channel}" for channel in Channel} for lang in LANGUAGES},
    )


def with_block(text: ConsentText, language: str, block: Block, words: str) -> ConsentText:
    return replace(text, blocks={**text.blocks, language: {**text.blocks[language], block: words}})


def with_risk(text: ConsentText, language: str, channel: Channel, words: str) -> ConsentText:
    return replace(text, risks={**text.risks, language: {**text.risks[language], channel: words}})


def test_a_whole_text_may_be_published() -> None:
    """Seven blocks and the risks of each channel in both languages: nothing is missing [CON-05, CON-06]."""
    assert len(Block) == 7
    assert problems(sample(), frozenset(Channel)) == ()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("block", Block)
@pytest.mark.parametrize("words", ["", " \n\u00a0"])
def test_no_block_may_be_missing_in_either_language(language: str, block: Block, words: str) -> None:
    """A blank block, in French or in English, keeps the text from being published [CON-05]."""
    found = problems(with_block(sample(), language, block, words), frozenset(Channel))
    place = Place(language=language, block=block)
    assert found == (Problem(fault=Fault.BLOCK_MISSING, language=language, place=place),)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("channel", Channel)
def test_each_channel_offered_has_its_own_risks(language: str, channel: Channel) -> None:
    """A channel offered without a text of its risks is a fault, in each language [CON-06]."""
    found = problems(with_risk(sample(), language, channel, " "), frozenset(Channel))
    assert [(one.fault, one.language, one.place and one.place.channel) for one in found] == [
        (Fault.RISK_MISSING, language, channel)
    ]


def test_a_channel_not_offered_needs_no_risks() -> None:
    """Without SMS the text may be silent on its risks, in both languages alike [CON-06]."""
    text = with_risk(with_risk(sample(), "fr", Channel.SMS, ""), "en", Channel.SMS, "")
    assert problems(text, {Channel.WEB, Channel.EMAIL}) == ()


def test_two_channels_may_not_share_one_text_of_risks() -> None:
    """The risks of SMS copied from those of e-mail, but for case and spaces, are not distinct [CON-06]."""
    text = with_risk(sample(), "fr", Channel.SMS, "FR  Risque email ")
    assert [one.fault for one in problems(text, frozenset(Channel))] == [Fault.RISK_NOT_DISTINCT]


def test_the_general_block_does_not_stand_for_a_channel() -> None:
    """The block on risks repeated as a channel's risks is not distinct [CON-06]."""
    text = with_risk(sample(), "en", Channel.WEB, "en risks é")
    assert [one.fault for one in problems(text, frozenset(Channel))] == [Fault.RISK_NOT_DISTINCT]


def test_a_language_left_out_is_told() -> None:
    """French alone is not enough where both are offered [CON-05]."""
    text = sample()
    french = replace(text, blocks={"fr": text.blocks["fr"]}, risks={"fr": text.risks["fr"]})
    assert problems(french, frozenset(Channel)) == (Problem(fault=Fault.LANGUAGE_MISSING, language="en"),)
    assert problems(french, frozenset(Channel), languages=("fr",)) == ()


def test_the_languages_say_the_same_things() -> None:
    """Risks of a channel told in French only are a fault, even when the channel is not offered [CON-06]."""
    found = problems(with_risk(sample(), "en", Channel.SMS, ""), {Channel.WEB})
    assert [(one.fault, one.language) for one in found] == [(Fault.ONLY_ONE_LANGUAGE, "en")]


def test_the_hash_follows_the_words_and_not_the_numbers() -> None:
    """A new version of the same words has the same hash; one letter more has another [CON-15]."""
    text = sample()
    assert content_hash(replace(text, version=5, policy_version=10)) == content_hash(text)
    assert content_hash(with_block(text, "fr", Block.TEXTS, "x")) != content_hash(text)
    assert len(content_hash(text)) == 32


def test_two_spellings_of_one_letter_are_one_text() -> None:
    """A composed and a decomposed accent make the same hash and no change [CON-15]."""
    text = sample()
    other = with_block(text, "fr", Block.ACCESS, "fr access e\u0301")
    assert content_hash(other) == content_hash(text)
    assert changed(text, other) == ()


def test_a_change_names_its_places() -> None:
    """Which blocks are new is known, for the patients to inform again [CON-07]."""
    text = sample()
    new = with_risk(with_block(text, "en", Block.PROCEDURE, "3 business days"), "fr", Channel.SMS, "autre")
    assert changed(text, new) == (
        Place(language="en", block=Block.PROCEDURE),
        Place(language="fr", block=Block.RISKS, channel=Channel.SMS),
    )
    assert changed(text, text) == ()


words = st.text(max_size=12)


@settings(max_examples=60, deadline=None)
@given(words, words)
def test_a_text_survives_its_document(block: str, risk: str) -> None:
    """What is stored reads back word for word, whatever the letters, and keeps its hash [CON-15]."""
    text = with_risk(with_block(sample(), "fr", Block.RISKS, block), "en", Channel.SMS, risk)
    again = from_json(to_json(text))
    assert again == text
    assert content_hash(again) == content_hash(text)
