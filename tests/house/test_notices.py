"""The automatic texts as they stand in the templates, rendered in both languages for every channel."""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jinja2 import meta, nodes

from consent.ending import Ended
from consent.model import Category, Channel
from messaging_server.broker.notices import (
    NOTICES,
    Conversion,
    Line,
    Notice,
    NoticeFacts,
    told_lines,
    variables,
)
from messaging_server.broker.parts import Part, gaps, missing_parts
from messaging_server.channels.sms.segments import Encoding, encoding, segments
from messaging_server.message import Pause
from messaging_server.texts import TEMPLATES, Language, NoticeText, Texts
from triage.helplines import lines_for, load
from triage.practice import Response, Unit

MONTREAL = ZoneInfo("America/Toronto")
TEXTS = Texts.load()
HELP_LINES = load((TEMPLATES.parent / "triage" / "data" / "helplines.toml").read_bytes())
SAID = [
    (notice, channel, language)
    for notice, kind in NOTICES.items()
    for channel in sorted(kind.channels)
    for language in Language
]
BY_TEXT = [(notice, language) for notice, channel, language in SAID if channel is Channel.SMS]
DANGERS = ("suicide", "overdose", "violence", "obstetric", "cardiac")


def _lines(language: Language, province: str = "QC", flags: Collection[str] = ()) -> tuple[Line, ...]:
    """The lines of the data file that the product ships."""
    return told_lines(lines_for(HELP_LINES, province, flags, language), language)


def _facts(language: Language) -> NoticeFacts:
    french = language is Language.FR
    return NoticeFacts(
        clinic="Clinique familiale du Haut-Richelieu" if french else "Haut-Richelieu Family Clinic",
        phone="+14505550142",
        lines=_lines(language),
        phone_hours="lun. au ven., 8 h à 17 h" if french else "Mon. to Fri., 8 to 5",
        other_contact="à l’accueil" if french else "the front desk",
        walk_in="CLSC du Haut-Richelieu, 12, rue des Pins" if french else "CLSC, 12 Pine Street",
        portal="https://messages.clinique.example",
        readers="Les infirmières lisent tous les messages." if french else "The nurses read all messages.",
        received=datetime(2026, 9, 25, 19, 41, tzinfo=MONTREAL),
        rule=Response(count=2, unit=Unit.BUSINESS_DAYS),
        due=datetime(2026, 9, 30, 17, 30, tzinfo=MONTREAL),
        stopped=(Ended(channel=Channel.EMAIL), Ended(channel=Channel.SMS, categories=(Category.BROADCAST,))),
        remaining=(Channel.WEB,),
        conversion=Conversion.VISIT,
        code="493027",
        expires=datetime(2026, 9, 25, 20, 0, tzinfo=MONTREAL),
    )


CLOSED = {"closed": True, "reopens": datetime(2026, 9, 28, 8, 0, tzinfo=MONTREAL)}


def _say(notice: Notice, channel: Channel, language: Language, facts: NoticeFacts | None = None) -> NoticeText:
    return TEXTS.notice(notice, channel, language, variables(notice, channel, facts or _facts(language)))


@dataclass(frozen=True)
class _Said:
    where: str
    text: str


def _everything() -> Iterator[_Said]:
    """Every text that can be said, open and closed, for every danger and both conversions."""
    for notice, channel, language in SAID:
        facts = replace(_facts(language), flags=frozenset(DANGERS), alerted=True)
        for changed in (facts, replace(facts, **CLOSED), replace(facts, conversion=Conversion.CALL)):  # type: ignore[arg-type]  # the values are typed where they stand
            said = _say(notice, channel, language, changed)
            yield _Said(f"{language}/{notice}.{channel}", f"{said.subject}\n{said.body}")


EVERYTHING = tuple(_everything())


def test_every_notice_exists_in_both_languages_for_each_of_its_channels_and_no_other() -> None:
    """French and English have the same files, one for each notice and channel [ACK-02, ACC-07]."""
    for language in Language:
        files = {path.name for path in (TEMPLATES / language / "notices").iterdir()}
        assert files == {f"{notice}.{channel}.txt" for notice, channel, said in SAID if said is language}


def _asked(language: Language, name: str) -> set[str]:
    """The variables that a template asks for, those of what it includes too."""
    tree = TEXTS._environments[language].parse((TEMPLATES / language / name).read_text(encoding="utf-8"))
    included = [node.template.value for node in tree.find_all(nodes.Include) if isinstance(node.template, nodes.Const)]
    return meta.find_undeclared_variables(tree).union(*(_asked(language, inner) for inner in included))


@pytest.mark.parametrize(("notice", "channel"), sorted({said[:2] for said in SAID}))
def test_the_two_languages_of_a_notice_ask_for_the_same_variables(notice: Notice, channel: Channel) -> None:
    """Neither language says less than the other, nor asks for what a notice may not know [ACK-09, ACC-07]."""
    name = f"notices/{notice}.{channel}.txt"
    french, english = (_asked(language, name) for language in Language)
    assert french == english
    told = variables(notice, channel, replace(_facts(Language.FR), **CLOSED))  # type: ignore[arg-type]  # the values are typed where they stand
    assert french <= set(told) | {"reopens"}


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("closed", [False, True])
def test_every_acknowledgement_states_every_mandatory_part(language: Language, *, closed: bool) -> None:
    """Rule, computed deadline, what to do if it is missed, limits and options by urgency [ACK-01 to ACK-05, ACK-17]."""
    facts = replace(_facts(language), **CLOSED) if closed else _facts(language)  # type: ignore[arg-type]  # the values are typed where they stand
    assert not gaps(facts, tuple(Channel), partial(_body, language))


@pytest.mark.parametrize("language", Language)
def test_words_too_long_for_a_text_keep_texts_shut_and_nothing_else(language: Language) -> None:
    """A clinic learns before it opens that its other contact has no room in a text [ACK-02, ACK-21]."""
    facts = replace(_facts(language), other_contact="o" * 90)
    assert gaps(facts, tuple(Channel), partial(_body, language)) == {
        (Notice.ACKNOWLEDGEMENT, Channel.SMS): (Part.OTHER_CONTACT,)
    }
    assert not gaps(facts, (Channel.WEB, Channel.EMAIL), partial(_body, language))


def _body(language: Language, notice: Notice, channel: Channel, facts: NoticeFacts) -> str:
    return _say(notice, channel, language, facts).body


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("closed", [False, True])
def test_an_emergency_text_of_a_clinic_with_a_short_name_states_every_part(language: Language, *, closed: bool) -> None:
    """Where there is room, the emergency text too is an acknowledgement with all its parts [ACK-01, ACK-07]."""
    facts = replace(_facts(language), clinic="Clinique", phone_hours="lun-ven 8-17 h", other_contact="comptoir")
    facts = replace(facts, **CLOSED) if closed else facts  # type: ignore[arg-type]  # the values are typed where they stand
    assert missing_parts(_say(Notice.EMERGENCY, Channel.SMS, language, facts).body, facts) == ()


@pytest.mark.parametrize("language", Language)
@given(
    due=st.datetimes(min_value=datetime(2026, 1, 1), max_value=datetime(2036, 1, 1)),  # noqa: DTZ001  # given a zone below
    days=st.integers(1, 400),
)
@settings(max_examples=60)
def test_the_deadline_as_it_is_written_is_the_one_that_was_computed(
    language: Language, due: datetime, days: int
) -> None:
    """Whatever the moment, the words state it, and do not state another one [ACK-03, T-32]."""
    facts = replace(_facts(language), due=due.replace(second=0, microsecond=0, tzinfo=MONTREAL))
    body = _say(Notice.ACKNOWLEDGEMENT, Channel.EMAIL, language, facts).body
    assert Part.DEADLINE not in missing_parts(body, facts)
    assert facts.due is not None
    other = replace(facts, due=facts.due + timedelta(days=days, minutes=7), closed=False)
    assert Part.DEADLINE in missing_parts(body, other) or _received_on(other)


def _received_on(facts: NoticeFacts) -> bool:
    """Whether the other moment shares its day with the arrival, which stands in the text too."""
    assert facts.due is not None
    assert facts.received is not None
    return (facts.due.month, facts.due.day) == (facts.received.month, facts.received.day)


def _mails(language: Language, facts: NoticeFacts | None = None) -> list[NoticeText]:
    kinds = (notice for notice, kind in NOTICES.items() if Channel.EMAIL in kind.channels)
    return [_say(notice, Channel.EMAIL, language, facts) for notice in kinds]


@pytest.mark.parametrize("language", Language)
def test_every_e_mail_to_a_patient_has_one_and_the_same_neutral_subject(language: Language) -> None:
    """The subject says nothing of the message nor of the kind of notice; colleagues are told apart [T-05, SEN-12]."""
    alert = _say(Notice.STAFF_ALERT, Channel.EMAIL, language).subject
    subjects = {mail.subject for mail in _mails(language)} - {alert}
    assert subjects == {{"fr": "Message de la clinique", "en": "Message from the clinic"}[language]}


@pytest.mark.parametrize(("notice", "channel", "language"), SAID)
def test_a_subject_stands_where_the_channel_has_one(notice: Notice, channel: Channel, language: Language) -> None:
    """A text has no subject; an e-mail and an inbox message always have one [EOU-07]."""
    assert bool(_say(notice, channel, language).subject) is (channel is not Channel.SMS)


@pytest.mark.parametrize(("channel", "language"), [(c, lang) for c in Channel for lang in Language])
def test_an_emergency_opens_with_the_emergency_number(channel: Channel, language: Language) -> None:
    """The number stands in the first lines, before any administrative sentence [ACK-07]."""
    said = _say(Notice.EMERGENCY, channel, language).body
    rule = re.search(r"2\s(jours|business)", said)
    assert rule is not None
    assert 0 <= said.index("911") < min(rule.start(), 200)


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("province", ["QC", "ON"])
def test_the_card_of_an_e_mail_is_the_same_in_every_notice_that_has_one(language: Language, province: str) -> None:
    """Nobody can tell from the card what was found in the message, in either province [ACK-08, T-23]."""
    opening = {"fr": "En cas d’urgence,", "en": "In an emergency,"}[language]
    facts = [replace(_facts(language), lines=_lines(language, province, flags)) for flags in ((), *zip(DANGERS))]
    bodies = [mail.body for each in facts for mail in _mails(language, each)]
    cards = [body[body.index(opening) :].partition("\n\n")[0] for body in bodies if opening in body]
    assert len(cards) == 6 * 6
    assert len(set(cards)) == 1


@pytest.mark.parametrize("language", Language)
def test_the_lines_of_each_province_stand_in_their_order(language: Language) -> None:
    """Québec: 911, 811 and its options, 1 866 APPELLE and 535353, then 988; Ontario: 911, 811, 988, poison [ACK-23]."""
    quebec = ("911", "811, option 1", "811, option 2", "1 866 APPELLE", "535353", "988", "463-5060")
    ontario = ("911", "811", "988", "764-7669")
    for province, numbers in (("QC", quebec), ("ON", ontario)):
        facts = replace(_facts(language), lines=_lines(language, province))
        card = _say(Notice.EMERGENCY, Channel.EMAIL, language, facts).body
        places = [card.index(number) for number in numbers]
        assert places == sorted(places)
        assert "363-9010" not in card


@pytest.mark.parametrize("language", Language)
def test_the_line_for_violence_shows_in_the_inbox_when_violence_was_found(language: Language) -> None:
    """Only there, and only then [ACK-08]."""
    for flags in ((), ("violence",)):
        facts = replace(_facts(language), lines=_lines(language, "QC", flags), flags=frozenset(flags))
        assert ("363-9010" in _say(Notice.EMERGENCY, Channel.WEB, language, facts).body) is bool(flags)


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize(
    ("flag", "words"),
    [
        ("suicide", ("suicide ou à vous faire du mal", "thinking of suicide")),
        ("overdose", ("antipoison tout de suite", "poison centre right away")),
        ("violence", ("n’êtes pas en sécurité", "are not safe")),
        ("obstetric", ("grossesse", "pregnan")),
        ("cardiac", ("Ne conduisez pas", "Do not drive")),
    ],
)
def test_the_inbox_names_the_danger_that_was_found_and_no_other(
    flag: str, words: tuple[str, str], language: Language
) -> None:
    """The direction in the signed-in inbox matches the danger [ACK-07]."""
    phrase = words[language is Language.EN]
    said = {danger for danger in DANGERS if phrase in _in_inbox(language, danger)}
    assert said == {flag}


def _in_inbox(language: Language, flag: str) -> str:
    return _say(Notice.EMERGENCY, Channel.WEB, language, replace(_facts(language), flags=frozenset({flag}))).body


@pytest.mark.parametrize(("language", "words"), [(Language.FR, "a prévenu une personne"), (Language.EN, "has alerted")])
def test_an_alert_is_told_only_when_somebody_was_alerted(language: Language, words: str) -> None:
    """The server never implies that someone watches [ACK-20]."""
    facts = _facts(language)
    assert words in _say(Notice.EMERGENCY, Channel.WEB, language, replace(facts, alerted=True)).body
    assert words not in _say(Notice.EMERGENCY, Channel.WEB, language, facts).body


FORBIDDEN = {
    "a text to the emergency number": r"(?i)\btext(?:e[rz])?\s+(?:\w+\s+){0,2}911|\btextos?\s+(?:au\s+)?911",
    "an illness": r"(?i)\b(cancer|oncolog|vih|hiv|itss|\bsti\b|depress|dépress|schizo|toxicom|addict|alcool|alcohol)",
    "a promise of a constant watch": r"(?i)24 h sur 24|24/7|(?<!ne la )surveill|(?<!nobody )watch",
    "end-to-end encryption": r"(?i)bout en bout|end-to-end",
    "two full stops": r"\.\.",
    "a word that is typed ARRÊT": r"ARRÊT",
    "a link with more than an address": r"https?://\S+[?=#]",
}


@pytest.mark.parametrize("name", FORBIDDEN)
def test_no_notice_says_what_none_may_say(name: str) -> None:
    """No text to 911, no illness, no constant watch, no credentials in a link [ACK-20, ACK-22, EOU-15, T-43]."""
    found = {said.where for said in EVERYTHING if re.search(FORBIDDEN[name], said.text)}
    assert not found


@pytest.mark.parametrize(
    ("name", "sample"),
    [
        ("a text to the emergency number", "Textez le 911"),
        ("a text to the emergency number", "please text 911"),
        ("a text to the emergency number", "par texto au 911"),
        ("an illness", "votre cancer"),
        ("a promise of a constant watch", "une infirmière surveille la boîte"),
        ("a promise of a constant watch", "we watch this inbox"),
        ("end-to-end encryption", "chiffré de bout en bout"),
        ("a link with more than an address", "https://clinique.example/?token=abc"),
    ],
)
def test_a_forbidden_sentence_would_be_seen(name: str, sample: str) -> None:
    """The search for what may not be said finds it where it stands [ACK-22]."""
    assert re.search(FORBIDDEN[name], sample)


@pytest.mark.parametrize("path", sorted(TEMPLATES.glob("??/*/*.txt")), ids=lambda path: "/".join(path.parts[-3:]))
def test_no_number_and_no_address_is_typed_in_a_template(path: Path) -> None:
    """Help lines, telephones and links come from dated data and policy alone [ACK-06]."""
    text = re.sub(r"\{[{%].*?[%}]\}", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert not re.search(r"\d{3}|https?:", text)


def test_a_sender_without_consent_is_told_only_how_to_be_safe_and_how_to_agree() -> None:
    """The answer gives the directions, says not yet, and never that the sender is known here [CON-04, T-01]."""
    for channel in (Channel.EMAIL, Channel.SMS):
        french = _say(Notice.NOT_YET, channel, Language.FR).body
        english = _say(Notice.NOT_YET, channel, Language.EN).body
        assert re.search(r"911.*accord", french, re.DOTALL)
        assert re.search(r"911.*agreement", english, re.DOTALL)
        assert not re.search(r"(?i)votre (dossier|médecin|message|réponse)|patient|jours? ouvrable", french)
        assert not re.search(r"(?i)your (record|doctor|message|answer)|patient|business day", english)


@pytest.mark.parametrize(("notice", "language"), BY_TEXT)
def test_a_text_names_the_clinic_gives_its_number_and_a_way_to_stop(notice: Notice, language: Language) -> None:
    """The clinic comes first; ARRET or STOP closes, and 911 is a call [SMS-17, ACK-21, ACK-22]."""
    said = _say(notice, Channel.SMS, language).body
    assert said.startswith("Clinique" if language is Language.FR else "Haut-Richelieu")
    assert re.search(r"450.555-0142", said)
    assert ("ARRET" if language is Language.FR else "STOP") in said
    assert "911" not in said or re.search(r"(?i)appelez le 911|call 911", said)


@pytest.mark.parametrize(("notice", "language"), BY_TEXT)
@given(
    words=st.tuples(*(st.text(alphabet="abé ê’ç-", min_size=1, max_size=120) for _ in range(3))),
    moment=st.datetimes(min_value=datetime(2026, 1, 1), max_value=datetime(2028, 1, 1)),  # noqa: DTZ001  # given a zone below
    closed=st.booleans(),
)
@settings(max_examples=25)
def test_a_text_always_fits_two_segments(
    notice: Notice, language: Language, words: tuple[str, ...], moment: datetime, *, closed: bool
) -> None:
    """However long the clinic's words, in the alphabet of 160 letters, on every day [ACK-21, SMS-16]."""
    clinic, phone_hours, other_contact = (f"C{word}" for word in words)
    at = moment.replace(tzinfo=MONTREAL)
    facts = replace(
        _facts(language), clinic=clinic, phone_hours=phone_hours, other_contact=other_contact,
        due=at, received=at, expires=at, closed=closed, reopens=at, rule=Response(count=10, unit=Unit.BUSINESS_DAYS),
    )  # fmt: skip
    said = _say(notice, Channel.SMS, language, facts).body
    assert encoding(said) is Encoding.GSM7
    assert segments(said) <= 2


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("closed", [False, True])
def test_the_longest_day_of_the_year_still_fits_two_segments(language: Language, *, closed: bool) -> None:
    """Wednesday the thirtieth of September, late in the evening, with room used to the last letter [ACK-21]."""
    at = datetime(2026, 9, 30, 22, 30, tzinfo=MONTREAL)
    for notice in (Notice.ACKNOWLEDGEMENT, Notice.EMERGENCY, Notice.DEADLINE_MISSED):
        for length in range(10, 120, 3):
            facts = replace(
                _facts(language), clinic="C" * length, phone_hours="h" * 20, other_contact="o" * 20, due=at, reopens=at,
                closed=closed, rule=Response(count=10, unit=Unit.BUSINESS_DAYS),
            )  # fmt: skip
            assert segments(_say(notice, Channel.SMS, language, facts).body) <= 2


def test_a_verification_code_is_told_with_its_end() -> None:
    """The code stands in the text, with the moment until which it serves [DIR-03]."""
    for channel in (Channel.EMAIL, Channel.SMS):
        french = _say(Notice.ADDRESS_CHECK, channel, Language.FR).body.replace("\u00a0", " ")
        assert "493027" in french
        assert "20 h" in french
        assert "8\u00a0p.m." in _say(Notice.ADDRESS_CHECK, Channel.EMAIL, Language.EN).body


def test_a_withdrawal_is_receipted_with_its_channels_and_moment() -> None:
    """The receipt says what stops, since when, what still works, and that care and the record remain [CON-13, T-18]."""
    said = _say(Notice.WITHDRAWN, Channel.WEB, Language.FR).body
    assert "- par courriel\N{NO-BREAK SPACE}: tout.\n- par texto\N{NO-BREAK SPACE}: avis à tous les patients.\n" in said
    assert "Ce qui fonctionne encore\N{NO-BREAK SPACE}: la messagerie web, pour ce que" in said
    assert "vendredi 25 septembre" in said
    assert "reste dans votre dossier" in said


def test_an_acknowledgement_says_which_way_rests_and_till_when() -> None:
    """Who would be told by text is told that texts rest, and where the answer will be [ACK-24]."""
    until = datetime(2026, 9, 28, 8, 0, tzinfo=MONTREAL)
    facts = replace(_facts(Language.FR), paused=(Pause(channel=Channel.SMS, until=until),))
    for notice in (notice for notice, kind in NOTICES.items() if kind.answers):
        said = _say(notice, Channel.WEB, Language.FR, facts).body
        assert "textos de la clinique sont suspendus jusqu’au lundi 28 septembre, 8" in said
        assert "Revenez voir la réponse dans votre messagerie" in said
        assert "suspendus" not in _say(notice, Channel.WEB, Language.FR).body


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("notice", [Notice.ACKNOWLEDGEMENT, Notice.SMS_NOT_ANSWERED])
@pytest.mark.parametrize("closed", [False, True])
def test_whoever_texts_a_picture_is_told_to_send_it_by_the_inbox(
    notice: Notice, language: Language, *, closed: bool
) -> None:
    """The text says so, and still fits its two segments with the clinic's longest words [SMS-04, ACK-21]."""
    word = {Language.FR: "Photos : renvoyez-les par la messagerie.", Language.EN: "Photos: resend them in the inbox."}
    at = datetime(2026, 9, 30, 22, 30, tzinfo=MONTREAL)
    for length in range(10, 120, 3):
        facts = replace(
            _facts(language), clinic="C" * length, phone_hours="h" * 20, other_contact="o" * 20, due=at, reopens=at,
            closed=closed, rule=Response(count=10, unit=Unit.BUSINESS_DAYS), pictures_missing=2,
        )  # fmt: skip
        said = _say(notice, Channel.SMS, language, facts).body
        assert word[language] in said
        assert encoding(said) is Encoding.GSM7
        assert segments(said) <= 2
        assert word[language] not in _say(notice, Channel.SMS, language, replace(facts, pictures_missing=0)).body


def test_a_withdrawal_of_everything_promises_no_more_writing() -> None:
    """Where no way is left the receipt says that the clinic calls [CON-13, CON-28]."""
    said = _say(Notice.WITHDRAWN, Channel.WEB, Language.EN, replace(_facts(Language.EN), remaining=())).body
    assert "no longer write to you" in said
    assert "still works" not in said


def test_a_stop_tells_where_to_turn_for_what_is_still_open() -> None:
    """After STOP the clinic can no longer text, so that the text gives the telephone [T-19, SMS-14]."""
    assert re.search(r"Demande en cours.*450 555-0142", _say(Notice.OPT_OUT_CONFIRMED, Channel.SMS, Language.FR).body)
    assert re.search(r"request still open.*450-555-0142", _say(Notice.OPT_OUT_CONFIRMED, Channel.SMS, Language.EN).body)


def test_a_late_answer_tells_what_to_do_now() -> None:
    """The text that was promised gives the missed moment, the telephone and the other contact [TRI-19, ACK-24]."""
    for channel in Channel:
        said = _say(Notice.DEADLINE_MISSED, channel, Language.FR).body.replace("\u00a0", " ")
        assert "mercredi 30 septembre" in said
        assert "450 555-0142" in said
        assert "l’accueil" in said or "l'accueil" in said


def test_a_sensitive_subject_is_answered_politely_and_never_refused() -> None:
    """The patient is offered a visit, and told that nothing was refused [SEN-08, T-02, T-03]."""
    assert "n’a pas été refusé" in _say(Notice.SENSITIVE_ACKNOWLEDGEMENT, Channel.WEB, Language.FR).body
    assert "was not refused" in _say(Notice.SENSITIVE_ACKNOWLEDGEMENT, Channel.WEB, Language.EN).body


FRENCH_FAULTS = r"[^\s\u00a0]:(?=\s)| :|« | »|\s[;!?]|\u00a0[;!?]|(?<![\w\"])'|\w'\w|\d{1,2}h\d|e-?mail\b|\bSMS\b"


@pytest.mark.parametrize("path", sorted((TEMPLATES / "fr").glob("*/*.txt")), ids=lambda path: "/".join(path.parts[-2:]))
def test_the_french_is_set_as_quebec_sets_it(path: Path) -> None:
    """A no-break space before the colon and inside the quotation marks, none before the rest; courriel [ACC-08]."""
    text = path.read_text(encoding="utf-8").removeprefix("Subject:")
    prose = re.sub(r"\{[{%].*?[%}]\}", "0", text, flags=re.DOTALL)
    assert not re.findall(FRENCH_FAULTS, prose)
