"""French and English are equals: the same files, keys and variables, nothing unknown, nothing unused (ACC-07)."""

import re
from collections.abc import Iterator, Mapping
from functools import cache

import pytest
from babel.messages.catalog import Message
from babel.messages.pofile import read_po
from jinja2 import meta, nodes

from consent.model import Act, Category, Channel, Method, Refusal
from messaging_server.broker.leaving import Departure
from messaging_server.broker.notices import Direction
from messaging_server.storage.accounts import AccountRole
from messaging_server.texts import TEMPLATES, Language, Texts
from messaging_server.web.views import account, board, choices, frame, item, patient, people
from messaging_server.web.views.files import FileKind
from triage.model import Certainty, Priority, QueueName, Topic

FR, EN = Language.FR, Language.EN
SOURCES = TEMPLATES.parent / "messaging_server"
PARSER = Texts.load()._environments[FR]
PLACEHOLDER = re.compile(r"%\((\w+)\)s")

DOCUMENTS: tuple[str, ...] = people.Enrol().documents

# What may stand behind a prefix that a template completes: `_("state." ~ thread.state)`.
COMPLETED: Mapping[str, frozenset[str]] = {
    "act.": frozenset(Act),
    "add_address.": frozenset({"email", "sms"}),
    "address.": frozenset(choices.AddressWord),
    "address_means.": frozenset(choices.AddressWord),
    "block.": frozenset(account.ConsentBlockName),
    "blocked_why.": frozenset(item.Block),
    "category.": frozenset(Category),
    "certainty.": frozenset(Certainty),
    "channel.": frozenset(Channel),
    "choice.": frozenset(choices.ChoiceState) | {"stopped"},
    "consent.channel_": frozenset(Channel),
    "departure.": frozenset(Departure),
    "coverage.": frozenset(choices.Coverage) - {"covered"},
    "delivery.": frozenset(patient.DeliveryWord) - {"kept"},
    "direction.": frozenset(Direction),
    "document.": frozenset(DOCUMENTS),
    "enrolment.": frozenset(people.Enrolment),
    "error.": frozenset(frame.ErrorCode),
    "fault.": frozenset(frame.PageFault),
    "fault_title.": frozenset(frame.PageFault),
    "file_kind.": frozenset(FileKind),
    "finding_state.": frozenset(item.FindingState) - {"open"},
    "flag.": frozenset(board.Flag),
    "flash.": frozenset(frame.FlashCode),
    "flash_kind.": frozenset(frame.FlashKind),
    "form.birth_": frozenset({"day", "month", "year"}),
    "language.": frozenset(Language),
    "lens.": frozenset(board.Lens),
    "lens_hint.": frozenset(board.Lens) - {"all"},
    "method.": frozenset(Method),
    "nav.": frozenset(frame.Nav),
    "outage.": frozenset(frame.Outage),
    "pause.": frozenset({"email", "email_until", "sms", "sms_until"}),
    "priority.": frozenset(Priority),
    "question.": frozenset(item.Question),
    "queue.": frozenset(QueueName),
    "refusal.": frozenset(Refusal),
    "remark.": frozenset(item.Warn),
    "role.": frozenset(AccountRole),
    "state.": frozenset(patient.RequestState) - {"none"},
    "step.": frozenset(board.NextStep) - {"answer"},
    "supervisor.": frozenset({"open", "unowned", "late", "emergencies", "failed", "held", "oldest"}),
    "topic.": frozenset(Topic),
    "way.": frozenset(item.Way),
    "composer.insert_": frozenset(Language),
    "shelf.": frozenset(item.Shelf),
    "confirm.announced_": frozenset({"email", "sms"}),
}
# The names of fields in the summary of errors: a field without one is not named there, so neither side is complete.
FREE = "field."


@cache
def catalogue(language: Language) -> Mapping[str, Message]:
    with (TEMPLATES / "locale" / language / "messages.po").open("rb") as source:
        return {_id(message): message for message in read_po(source, locale=language.locale) if message.id}


def _id(message: Message) -> str:
    return message.id if isinstance(message.id, str) else message.id[0]


def _texts(message: Message) -> tuple[str, ...]:
    return (message.string,) if isinstance(message.string, str) else tuple(message.string or ())


def _own_files(language: Language) -> set[str]:
    root = TEMPLATES / language
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}


def _keys(node: nodes.Node) -> Iterator[tuple[str, bool]]:
    """The keys that an expression may come to, each with whether it is only the beginning of one."""
    match node:
        case nodes.Const(value=str(value)):
            yield value, False
        case nodes.Concat(nodes=[nodes.Const(value=str(value)), *_]):
            yield value, True
        case nodes.CondExpr(expr1=one, expr2=other):
            yield from _keys(one)
            if other is not None:
                yield from _keys(other)
        case _:
            pytest.fail(f"a key that cannot be read from the template: {node}")


@cache
def asked() -> tuple[frozenset[str], frozenset[str]]:
    """Every key, and every beginning of a key, that the pages ask for."""
    whole: set[str] = set()
    begun: set[str] = set()
    for path in (TEMPLATES / "pages").rglob("*.html"):
        tree = PARSER.parse(path.read_text(encoding="utf-8"))
        for call in tree.find_all(nodes.Call):
            if isinstance(call.node, nodes.Name) and call.node.name in {"_", "gettext", "ngettext"}:
                for key, partly in _keys(call.args[0]):
                    (begun if partly else whole).add(key)
    return frozenset(whole), frozenset(begun)


@cache
def named_in_code() -> frozenset[str]:
    """Every key, or beginning of one, that a handler may ask for: the string literals of the application."""
    sources = (path.read_text(encoding="utf-8") for path in SOURCES.rglob("*.py"))
    return frozenset(literal for source in sources for literal in re.findall(r'"([a-z_]+\.[a-z_.]*)["{]', source))


def test_both_languages_have_the_same_files() -> None:
    """A notice or a consent text in one language exists in the other [ACC-07]."""
    assert _own_files(FR) == _own_files(EN) != set()


@pytest.mark.parametrize("name", sorted(_own_files(FR)))
def test_both_languages_use_the_same_variables(name: str) -> None:
    """A whole-file text tells the same facts in both languages [ACC-07]."""
    sources = [(TEMPLATES / language / name).read_text(encoding="utf-8") for language in Language]
    french, english = (meta.find_undeclared_variables(PARSER.parse(source)) for source in sources)
    assert french == english


def test_both_catalogues_have_the_same_keys() -> None:
    """A sentence of the pages in one language exists in the other [ACC-07]."""
    assert set(catalogue(FR)) == set(catalogue(EN)) != set()


@pytest.mark.parametrize("language", Language)
def test_no_sentence_is_empty_or_uncertain(language: Language) -> None:
    """Nothing waits for its translation [ACC-07]."""
    bad = [key for key, message in catalogue(language).items() if message.fuzzy or not all(_texts(message))]
    assert bad == []


def test_both_languages_fill_the_same_blanks() -> None:
    """A sentence takes the same values in both languages, in each of its plural forms [ACC-07]."""
    for key in catalogue(FR):
        blanks = {
            frozenset(PLACEHOLDER.findall(text)) for language in Language for text in _texts(catalogue(language)[key])
        }
        assert len(blanks) == 1, key
        assert isinstance(catalogue(FR)[key].string, str) is isinstance(catalogue(EN)[key].string, str), key


@pytest.mark.parametrize("language", Language)
def test_every_sentence_can_be_formatted(language: Language) -> None:
    """A per-cent sign is doubled, so that no sentence breaks the page that says it."""
    for key, message in catalogue(language).items():
        for text in _texts(message):
            values = dict.fromkeys(PLACEHOLDER.findall(text), "x")
            assert "%" not in (text % values).replace("%", "", text.count("%%")), key


@pytest.mark.parametrize("language", Language)
def test_no_sentence_holds_markup(language: Language) -> None:
    """Sentences stand in attributes and between tags as they are, so they hold nothing that HTML would read."""
    bad = [key for key, message in catalogue(language).items() if re.search(r'[<>&"]', "".join(_texts(message)))]
    assert bad == []


def test_french_is_set_as_quebec_sets_it() -> None:
    """No-break spaces before a colon and inside « », none before other signs, curved apostrophes [ACC-07]."""
    bad = {
        key: text
        for key, message in catalogue(FR).items()
        for text in _texts(message)
        if re.search("[^\u00a0]:(?![/\\d])|«[^\u00a0]|[^\u00a0]»|[ \u00a0][?!;]|'", text)
    }
    assert {key for key in bad if bad[key] != "\u00a0:"} == set()


def test_no_english_sentence_ends_on_a_moment() -> None:
    """A moment may end in "p.m.", which a full stop would follow."""
    ends = re.compile(r"%\((when|at|used)\)s\.")
    assert [key for key, message in catalogue(EN).items() if ends.search("".join(_texts(message)))] == []


def test_the_pages_ask_for_no_unknown_key() -> None:
    """Every key of a template is in the catalogues [ACC-07]."""
    whole, _ = asked()
    assert whole - set(catalogue(FR)) == set()


def test_every_beginning_of_a_key_is_accounted_for() -> None:
    """Where a template completes a key, what may complete it is known, and each completion has its words [ACC-07]."""
    _, begun = asked()
    assert begun - {FREE} == set(COMPLETED)
    wanted = {begin + end for begin, ends in COMPLETED.items() for end in ends}
    assert wanted - set(catalogue(FR)) == set()


def test_no_key_is_unused() -> None:
    """A sentence that nothing says any more is taken out of both catalogues."""
    whole, _ = asked()
    wanted = {begin + end for begin, ends in COMPLETED.items() for end in ends}
    unused = set(catalogue(FR)) - whole - wanted
    ours = (FREE, *(name for name in named_in_code() if name.endswith((".", "_"))))
    assert {key for key in unused - named_in_code() if not key.startswith(ours)} == set()


def test_the_names_of_fields_are_of_fields_that_exist() -> None:
    """A field that is named in the summary of errors stands in some form."""
    forms = "".join(path.read_text(encoding="utf-8") for path in (TEMPLATES / "pages").rglob("*.html"))
    fields = {key.removeprefix(FREE) for key in catalogue(FR) if key.startswith(FREE)}
    questions = frozenset(item.Question)
    assert {name for name in fields - questions if f'"{name}"' not in forms and f'"{name[:6]}' not in forms} == set()
