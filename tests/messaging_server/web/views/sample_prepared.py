"""Invented pages of the prepared replies: empty, full, refused, and only to read."""

from dataclasses import replace

from consent.model import Category
from messaging_server.texts import Language
from messaging_server.web.prepared_texts import RESULTS
from messaging_server.web.views import prepared as p
from messaging_server.web.views.frame import Audience, ErrorCode
from messaging_server.web.views.item import Option
from tests.messaging_server.web.views.sample_account import NOW, wrong
from triage.model import QueueName, Topic

LINES = tuple(
    p.TextLine(key=f"text_{n}", title=title, category=category, own=n % 2 == 0, excluded=n == 3)
    for n, (title, category) in enumerate(
        [
            ("Rendez-vous confirmé", Category.APPOINTMENTS), ("Résultat ou rapport reçu", Category.RECEIPT),
            ("Un texte dont le nom prend toutes les lettres qu’on lui donne", Category.GENERAL_ADVICE),
            ("Frottis normal", Category.NORMAL_RESULT),
        ]
    )
)  # fmt: skip
LIST = p.PreparedTexts(shelves=tuple(p.TextShelf(queue, LINES) for queue in (*QueueName, None)), may_edit=True)
PAGE = p.PreparedPage(
    key="result_normal", version=2, may_edit=True, may_withdraw=True, ships=True, label_fr="Résultat normal",
    label_en="Normal result", body_fr="Le résultat de [examen] est normal.\n\nQuestions? {phone}",
    body_en="The result of [test] is normal.\n\nQuestions? {phone}", queue="results", queues=tuple(QueueName),
    category=Category.NORMAL_RESULT, categories=tuple(Category), result="blood",
    results=tuple(Option(one, one) for one in RESULTS),
    previews=(
        (Language.FR, "Le résultat de [examen] est normal.\n\nQuestions? 514 555-0100"),
        (Language.EN, "The result of [test] is normal.\n\nQuestions? 514-555-0100"),
    ),
    facts=(("phone", "514 555-0100"), ("walk_in", "une clinique sans rendez-vous ou l’urgence la plus proche")),
    versions=(
        p.TextVersion(number=2, at=NOW, who="Luc Roy", words="Le résultat de [examen] est normal."),
        p.TextVersion(number=1, at=NOW, who="Marie Gagnon", words=""),
    ),
)  # fmt: skip
EMPTY = p.PreparedPage(
    key="new", version=0, may_edit=True, may_withdraw=False, ships=False, queues=tuple(QueueName),
    category=Category.GENERAL_ADVICE, categories=tuple(Category), results=PAGE.results, facts=PAGE.facts,
)  # fmt: skip
PAGES: dict[str, tuple[str, object]] = {
    "prepared texts": ("staff/prepared_texts", LIST),
    "prepared texts, to read": ("staff/prepared_texts", replace(LIST, shelves=(), may_edit=False)),
    "prepared text": ("staff/prepared_text", PAGE),
    "prepared text, new": ("staff/prepared_text", EMPTY),
    "prepared text, to read": (
        "staff/prepared_text", replace(PAGE, may_edit=False, excluded=True, queue="", previews=())
    ),
    "prepared text, refused": (
        "staff/prepared_text",
        replace(
            PAGE, topics=(Topic.STI_BBI, Topic.ONCOLOGY), ships=False,
            errors=wrong(
                label_fr=ErrorCode.REQUIRED, label_en=ErrorCode.UNKNOWN_FACT, body_fr=ErrorCode.SENSITIVE_TEXT,
                body_en=ErrorCode.DIFFERENT_BLANKS, category=ErrorCode.CATEGORY_NEEDED,
            ),
        ),
    ),
}  # fmt: skip
CASES = {f"staff: {name}": (Audience.STAFF, *case) for name, case in PAGES.items()}
