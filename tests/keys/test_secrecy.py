"""Nothing secret prints itself: every dataclass of keys, made with marked secrets, is printed and searched [SEC-04]."""

import dataclasses
import importlib
import pkgutil
from typing import Any, get_type_hints
from uuid import UUID

import pytest

import keys
from keys.accounts import AccountKeys
from keys.suite import Cost, PrivateKey, PublicKey, SigningSeeds, new_private_key

MARK = b"CANARY-seed-of-32-bytes-exactly!"
# Public by nature: what a holder publishes, what a ledger states, and the salts beside a hash.
SHOWN = {"id", "clinic", "subject", "field", "version", "holder_version", "content_key", "holder", "key", "members"}
SHOWN |= {"needed", "total", "salt", "cost", "operations", "memory", "public", "raw", "commitment", "account"}
# Dataclasses that print themselves, each of which hides its own secrets.
SHOWN |= {"sealed", "grants", "subsets", "keys"}


def dataclasses_of_keys() -> list[type[Any]]:
    modules = [importlib.import_module(f"keys.{found.name}") for found in pkgutil.iter_modules(keys.__path__)]
    return [
        noun
        for module in modules
        for noun in vars(module).values()
        if isinstance(noun, type) and dataclasses.is_dataclass(noun) and noun.__module__ == module.__name__
    ]


@pytest.mark.parametrize("noun", dataclasses_of_keys(), ids=lambda noun: noun.__qualname__)
def test_every_noun_prints_only_what_is_public(noun: type[Any]) -> None:
    """Every field of every dataclass is either known to be public or is not printed [SEC-04]."""
    printed = {column.name for column in dataclasses.fields(noun) if column.repr}
    assert printed <= SHOWN


@pytest.mark.parametrize("noun", dataclasses_of_keys(), ids=lambda noun: noun.__qualname__)
def test_no_noun_prints_a_marked_secret(noun: type[Any]) -> None:
    """A mark put in every bytes and text field that is not public never shows in `repr` or `str` [SEC-04]."""
    hints = get_type_hints(noun)
    given = {
        column.name: marked(column.name, hints[column.name]) for column in dataclasses.fields(noun) if column.init
    }
    shown = repr(noun(**given)) + str(noun(**given))
    assert "CANARY" not in shown
    assert MARK.hex() not in shown


@pytest.mark.parametrize("noun", dataclasses_of_keys(), ids=lambda noun: noun.__qualname__)
def test_every_noun_is_frozen_slotted_and_named_by_keyword(noun: type[Any]) -> None:
    """Nobody changes a key after it was made, or mixes up two byte strings by their order [SEC-06]."""
    assert noun.__dataclass_params__.frozen
    assert "__slots__" in vars(noun)
    assert all(column.kw_only for column in dataclasses.fields(noun) if column.init)


def test_an_error_names_no_secret(somebody: PrivateKey) -> None:
    """A refused key or blob is described by its length and its place, not by its bytes [AUD-02]."""
    with pytest.raises(Exception, match="bytes") as caught:
        PrivateKey(seed=MARK + b"!")
    assert "CANARY" not in str(caught.value)


def test_the_search_finds_what_it_should() -> None:
    """Both nouns with secrets and nouns without are among those searched [SEC-04]."""
    names = {noun.__name__ for noun in dataclasses_of_keys()}
    assert {"PrivateKey", "ContentKey", "Opened", "NewAccount", "RecoverySet", "ServerKeys", "CodeSealed"} <= names


def marked(name: str, kind: Any) -> Any:
    """A value for a field: the mark wherever a secret can stand, something harmless where the field is public."""
    made = {
        PrivateKey: PrivateKey(seed=MARK),
        PublicKey: PublicKey(raw=b"\x01" * 1216),
        SigningSeeds: SigningSeeds(classic=MARK, quantum_safe=MARK),
        Cost: Cost(operations=1, memory=8192),
        UUID: UUID(int=5),
        int: 8192 if name == "memory" else 1,
        bytes: b"public" if name in SHOWN - {"raw"} else (b"\x01" * 1216 if name == "raw" else MARK),
        str: "body" if name in SHOWN else "CANARY",
    }
    if kind in made:
        return made[kind]
    if str(kind).startswith("tuple"):
        return versions() if "VersionedKey" in str(kind) else (("CANARY",) if name == "shares" else ())
    return nested(kind)


def versions() -> tuple[Any, ...]:
    server = importlib.import_module("keys.server")
    return (server.VersionedKey(version=1, secret=MARK),)


def nested(kind: type[Any]) -> Any:
    if kind is AccountKeys:
        return AccountKeys(
            public=new_private_key().public(),
            cost=Cost(operations=1, memory=8192),
            salt=b"public",
            verifier=MARK,
            by_password=MARK,
            by_recovery=MARK,
        )
    hints = get_type_hints(kind)
    return kind(**{column.name: marked(column.name, hints[column.name]) for column in dataclasses.fields(kind)})
