"""What is said and what is secret cannot print itself: neither in a log, nor in an error, nor in a test's output."""

import dataclasses
import importlib
import pkgutil
import re
from collections.abc import Iterator
from types import ModuleType

import pytest

PACKAGES = ("messaging_server", "keys", "consent", "triage")
CANARY = "canary-7f3a"
MEANT = re.compile(
    r"(?:^|_)(?:text|texts|body|subject|content|password|passphrase|secret|token|seed|code|codes|note|raw|pepper)(?:_|$)"
    r"|^sealed_|_fp$|_fps$"
)
WORDS = re.compile(r"\b(?:str|bytes)\b")

# Each is named like something said or secret and is neither.
PRINTS = {
    "messaging_server.broker.notices.Line.note": "a help line's published remark, such as its hours",
    "messaging_server.broker.notices.Line.text_number": "a help line's published number",
    "messaging_server.channels.email.compose.OutgoingMail.subject": "the one neutral subject of every mail",
    "messaging_server.channels.email.send.Sent.code": "the relay's reply code",
    "messaging_server.runners.outbox.Attempt.code": "a reply code or an error's name",
    "messaging_server.storage.outbox.DeliveryRow.last_code": "a reply code or an error's name",
    "messaging_server.storage.records.CheckpointRow.note": "a signed checkpoint, made to be published",
    "messaging_server.web.views.account.ConsentBlock.text": "the clinic's published consent text",
    "triage.golive.PolicyProblem.code": "the kind of a problem in a policy",
    "triage.helplines.HelpLine.note": "a help line's published remark, such as its hours",
    "triage.helplines.HelpLine.text_number": "a help line's published number",
}


def _modules() -> Iterator[ModuleType]:
    """Every module of the code; the migrations hold no dataclass, and the entry point would run."""
    for package in PACKAGES:
        root = importlib.import_module(package)
        yield root
        for found in pkgutil.walk_packages(root.__path__, f"{package}."):
            if ".migrations" not in found.name and not found.name.endswith("__main__"):
                yield importlib.import_module(found.name)


def _dataclasses() -> Iterator[type]:
    for module in _modules():
        for made in vars(module).values():
            if isinstance(made, type) and dataclasses.is_dataclass(made) and made.__module__ == module.__name__:
                yield made


def _meant(made: type) -> Iterator[str]:
    """The fields of a dataclass whose name and type say that they hold words or secrets."""
    for field in dataclasses.fields(made):
        if MEANT.search(field.name) and WORDS.search(str(field.type)):
            yield field.name


def _printed(made: type, name: str) -> bool:
    """Whether one field of an instance shows when the instance prints itself; all others stay empty."""
    made_up: object = object.__new__(made)
    for field in dataclasses.fields(made):
        value = CANARY.encode() if "bytes" in str(field.type) else CANARY
        object.__setattr__(made_up, field.name, value if field.name == name else None)
    return CANARY in repr(made_up)


def _name(made: type, field: str) -> str:
    return f"{made.__module__}.{made.__qualname__}.{field}"


def test_no_dataclass_prints_what_is_said_or_secret() -> None:
    """Bodies, subjects, notes, codes, tokens, seeds and fingerprints never show when a dataclass prints [AUD-02]."""
    found = {_name(made, field) for made in _dataclasses() for field in _meant(made) if _printed(made, field)}

    assert found - set(PRINTS) == set()


def test_every_exception_is_still_needed() -> None:
    """An exception whose field is gone, or no longer prints, is taken off the list."""
    found = {_name(made, field) for made in _dataclasses() for field in _meant(made) if _printed(made, field)}

    assert set(PRINTS) - found == set()


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class _Careless:
    """What the search must find, beside what it must leave."""

    reply_token: str
    name_fp: bytes = dataclasses.field(repr=False)
    text_version: int


@pytest.mark.parametrize(("field", "printed"), [("reply_token", True), ("name_fp", False)])
def test_a_careless_field_is_found(field: str, *, printed: bool) -> None:
    """The search sees a token that prints itself, and is content with a fingerprint that does not [AUD-02]."""
    assert field in set(_meant(_Careless))
    assert _printed(_Careless, field) is printed


def test_numbers_named_like_words_are_left_alone() -> None:
    """The version of a text is no text."""
    assert "text_version" not in set(_meant(_Careless))
