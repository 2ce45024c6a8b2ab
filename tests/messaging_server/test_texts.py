"""The words: filters in two languages, catalogues that never fall back, notices made for their channel."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jinja2 import TemplateNotFound, UndefinedError

from consent.model import Channel
from messaging_server.texts import Language, Texts

FR, EN = Language.FR, Language.EN
Say = Callable[..., str]

CATALOGUE = """msgid ""
msgstr ""
"Content-Type: text/plain; charset=utf-8\\n"
"Plural-Forms: nplurals=2; plural={plural};\\n"

msgid "hello"
msgstr "{hello} %(name)s"

msgid "rate"
msgstr "100 %%"

msgid "count"
msgid_plural "count"
msgstr[0] "%(num)s {one}"
msgstr[1] "%(num)s {many}"
"""


@pytest.fixture
def say(tmp_path: Path) -> Say:
    """Render a one-line page in a small house of words."""
    (tmp_path / "pages").mkdir()
    for language, words in (
        (FR, {"plural": "(n > 1)", "hello": "Bonjour", "one": "message", "many": "messages"}),
        (EN, {"plural": "(n != 1)", "hello": "Hello", "one": "message", "many": "messages"}),
    ):
        (tmp_path / language / "notices").mkdir(parents=True)
        (tmp_path / language / "consent").mkdir()
        (tmp_path / "locale" / language).mkdir(parents=True)
        (tmp_path / "locale" / language / "messages.po").write_text(CATALOGUE.format(**words), encoding="utf-8")
    texts = Texts.load(tmp_path)

    def render(source: str, language: Language, **values: object) -> str:
        (tmp_path / "pages" / f"{hash(source)}.html").write_text(source, encoding="utf-8")
        return texts.page(str(hash(source)), language, SimpleNamespace(**values))

    return render


@pytest.mark.parametrize(
    ("source", "value", "french", "english"),
    [
        ("day", date(2026, 11, 24), "mardi 24 novembre 2026", "Tuesday, November 24, 2026"),
        ("day", date(2026, 12, 1), "mardi 1er décembre 2026", "Tuesday, December 1, 2026"),
        ("date", date(1948, 3, 27), "27 mars 1948", "March 27, 1948"),
        ("date", date(1948, 8, 1), "1er août 1948", "August 1, 1948"),
        ("clock", datetime(2026, 11, 24, 17, 30, tzinfo=UTC), "17 h 30", "5:30 p.m."),
        ("clock", datetime(2026, 11, 24, 9, 5, tzinfo=UTC), "9 h 05", "9:05 a.m."),
        ("clock", datetime(2026, 11, 24, 12, 0, tzinfo=UTC), "12 h", "noon"),
        ("clock", datetime(2026, 11, 24, 0, 0, tzinfo=UTC), "0 h", "midnight"),
        (
            "moment", datetime(2026, 11, 24, 17, 0, tzinfo=UTC),
            "mardi 24 novembre, 17 h", "Tuesday, November 24, 5 p.m.",
        ),
        (
            "stamp", datetime(2026, 11, 24, 17, 0, tzinfo=UTC),
            "mardi 24 novembre 2026, 17 h", "Tuesday, November 24, 2026, 5 p.m.",
        ),
        (
            "deadline", datetime(2026, 11, 24, 17, 0, tzinfo=UTC),
            "mardi 24 novembre avant 17 h", "Tuesday, November 24, before 5 p.m.",
        ),
        ("span", timedelta(minutes=59), "59 min", "59 min"),
        ("span", timedelta(hours=3, minutes=59), "3 h", "3 h"),
        ("span", -timedelta(hours=30), "1 jour", "1 day"),
        ("span", timedelta(days=3), "3 jours", "3 days"),
        ("phone", "+15145550142", "514 555-0142", "514-555-0142"),
        ("phone", "1 866 277-3553", "1 866 277-3553", "1-866-277-3553"),
        ("phone", "514 555-0142 x12", "514 555-0142, poste 12", "514-555-0142, ext. 12"),
        ("phone", "811", "811", "811"),
        ("phone", "+33142685300", "+33 1 42 68 53 00", "+33 1 42 68 53 00"),
        ("phone", "à l’accueil", "à l’accueil", "à l’accueil"),
        ("tel", "+15145550142", "tel:+1-514-555-0142", "tel:+1-514-555-0142"),
        ("tel", "911", "tel:911", "tel:911"),
        ("tel", "1 866 APPELLE", "tel:+1-866-277-3553", "tel:+1-866-277-3553"),
    ],
)  # fmt: skip
def test_a_filter_speaks_the_readers_language(
    say: Say, source: str, value: object, french: str, english: str
) -> None:
    """Dates, times, lengths of time and telephone numbers are said as people say them here [ACC-07]."""
    shown = {lang: say(f"{{{{ page.value|{source} }}}}", lang, value=value).replace("\N{NO-BREAK SPACE}",
    " ") for lang in Language}
    assert shown == {FR: french, EN: english}


@settings(max_examples=60, deadline=None)
@given(moment=st.datetimes(min_value=datetime(1900, 1, 1), max_value=datetime(2200, 1, 1)))  # noqa: DTZ001  # drawn naive, then placed
def test_every_moment_can_be_said(moment: datetime) -> None:
    """No instant breaks a deadline's words, and each language says it in its own way [ACC-07]."""
    texts = Texts.load()
    said = {
        lang: texts._environments[lang].from_string("{{ m|deadline }}").render(m=moment.replace(tzinfo=UTC))
        for lang in Language
    }
    assert " avant " in said[FR]
    assert ", before " in said[EN]
    assert said[EN].endswith(("a.m.", "p.m.", "noon", "midnight"))


@settings(max_examples=60, deadline=None)
@given(words=st.text(max_size=300))
def test_plain_text_stays_text_as_paragraphs(words: str) -> None:
    """Whatever the text holds, the only markup that comes out is ours [ETQ-12]."""
    environment = Texts.load()._environments[FR]
    html = environment.from_string("{{ words|paragraphs }}").render(words=words)
    for ours in ("<p>", "</p>", "<ul>", "</ul>", "<li>", "</li>", "<br>"):
        html = html.replace(ours, "")
    assert "<" not in html
    assert ">" not in html


def test_paragraphs_and_lists_are_made_of_plain_text(say: Say) -> None:
    """A blank line parts paragraphs; lines with a dash make a list."""
    html = say("{{ page.words|paragraphs }}", FR, words="Un\ndeux\n\n- trois\n- quatre\ncinq")
    assert html == "<p>Un<br>deux</p>\n<ul><li>trois</li><li>quatre</li></ul>\n<p>cinq</p>"


def test_a_page_escapes_what_it_is_given(say: Say) -> None:
    """A value in a sentence of the catalogue is escaped like any other [ETQ-12]."""
    assert say('{{ _("hello", name=page.name) }}', EN, name="<b>Jean</b>") == "Hello &lt;b&gt;Jean&lt;/b&gt;"


def test_a_doubled_per_cent_sign_is_one(say: Say) -> None:
    """Every sentence is a format, with or without values."""
    assert say('{{ _("rate") }}', FR) == "100 %"


def test_plurals_follow_each_language(say: Say) -> None:
    """Zero is singular in French and plural in English."""
    shown = [say('{{ ngettext("count", "count", page.n) }}', lang, n=0) for lang in (FR, EN)]
    assert shown == ["0 message", "0 messages"]


@pytest.mark.parametrize("source", ['{{ _("nowhere") }}', '{{ ngettext("nowhere", "nowhere", 2) }}'])
def test_an_unknown_key_is_an_error(say: Say, source: str) -> None:
    """A word that is missing is never passed over in silence [ACC-07]."""
    with pytest.raises(KeyError):
        say(source, FR)


def test_a_missing_value_is_an_error(say: Say) -> None:
    """A page that asks for what its view lacks does not come out with a hole [ETQ-12]."""
    with pytest.raises(UndefinedError):
        say("{{ page.nothing }}", FR)
    with pytest.raises(KeyError):
        say('{{ _("hello") }}', FR)


def test_a_key_is_told_from_a_missing_one(say: Say) -> None:
    """A page may ask whether a field has a name of its own."""
    assert say('{{ "hello" is worded }} {{ "nowhere" is worded }}', FR) == "True False"


def test_gettext_gives_plain_text_outside_a_page() -> None:
    """A sentence of the pages can be had as text, and an unknown one is an error."""
    texts = Texts.load()
    assert texts.gettext(FR, "form.progress", step=2, of=5) == "Étape 2 de 5"
    assert texts.gettext(EN, "form.progress", step=2, of=5) == "Step 2 of 5"
    with pytest.raises(KeyError):
        texts.gettext(FR, "nowhere")


def _house(root: Path, files: dict[str, str]) -> Texts:
    for language in Language:
        (root / "locale" / language).mkdir(parents=True)
        (root / "locale" / language / "messages.po").write_text('msgid ""\nmsgstr ""\n', encoding="utf-8")
        for name, text in files.items():
            path = root / language / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    return Texts.load(root)


def test_a_notice_has_a_subject_where_its_first_line_says_so(tmp_path: Path) -> None:
    """The first line of a notice is its subject by e-mail, and part of the text by SMS."""
    texts = _house(
        tmp_path,
        {
            "notices/hello.email.txt": "Subject: Bonjour\n\nVous avez un message, {{ name }}.\n",
            "notices/hello.sms.txt": "Vous avez un message.\n",
        },
    )
    mail = texts.notice("hello", Channel.EMAIL, FR, {"name": "<Jean>"})
    assert (mail.subject, mail.body) == ("Bonjour", "Vous avez un message, <Jean>.")
    text = texts.notice("hello", Channel.SMS, FR, {})
    assert (text.subject, text.body) == ("", "Vous avez un message.")


def test_an_sms_keeps_to_the_short_alphabet(tmp_path: Path) -> None:
    """Typographic spaces, apostrophes and "août" become what a text message can carry cheaply [ACK-21]."""
    texts = _house(tmp_path, {"notices/due.sms.txt": "D’ici {{ due|deadline }}"})
    said = texts.notice("due", Channel.SMS, FR, {"due": datetime(2026, 8, 4, 17, 30, tzinfo=UTC)}).body
    assert said == "D'ici mardi 4 aout avant 17 h 30"


def test_a_notice_that_does_not_exist_or_lacks_a_variable_is_an_error(tmp_path: Path) -> None:
    """No automatic text goes out with a hole in it [ETQ-12]."""
    texts = _house(tmp_path, {"notices/due.web.txt": "Subject: {{ name }}"})
    with pytest.raises(TemplateNotFound):
        texts.notice("due", Channel.EMAIL, FR, {})
    with pytest.raises(UndefinedError):
        texts.notice("due", Channel.WEB, FR, {})


def test_no_text_can_print_itself(tmp_path: Path) -> None:
    """A notice shows neither subject nor body when it is printed by mistake [AUD-02]."""
    texts = _house(tmp_path, {"notices/due.web.txt": "Subject: secret\n\nsecret"})
    assert "secret" not in repr(texts.notice("due", Channel.WEB, EN, {}))


def test_consent_texts_come_by_the_name_of_their_block(tmp_path: Path) -> None:
    """Each file of the consent is a block, rendered from the policy in force [CON-07]."""
    texts = _house(tmp_path, {"consent/procedure.txt": "Réponse en {{ days }} jours.\n", "consent/access.txt": "Qui"})
    assert texts.consent(FR, {"days": 2}) == {"access": "Qui", "procedure": "Réponse en 2 jours."}


def test_each_language_offers_the_other() -> None:
    """The switch always leads to the other language [ACC-08]."""
    assert (FR.other, EN.other) == (EN, FR)
