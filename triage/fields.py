"""Documents read into frozen dataclasses by their types, and written back, with the path of whatever is wrong.

A document is what TOML and JSON give: mappings, lists, text, numbers, true and false. The types do the work: a
dataclass is a table, a mapping is a table with free keys, a tuple or frozenset is a list, `X | None` may be absent. A
class with `from_text` is written as one text; whole numbers are bounded by `metadata=between(low, high)`.
"""

import types
import unicodedata
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import date
from enum import StrEnum
from typing import Any, Final, get_args, get_origin, get_type_hints

_BOUNDS: Final = "between"
_UNPRINTABLE: Final = frozenset({"Cc", "Cs", "Zl", "Zp"})
"""Control characters, half characters and line separators, by their Unicode category."""


class PolicyError(ValueError):
    """A document that cannot be taken: where, as a path such as `queues.renewals.team`, and why in a sentence."""

    def __init__(self, path: str, sentence: str) -> None:
        super().__init__(f"{path}: {sentence}" if path else sentence)
        self.path = path
        self.sentence = sentence


def between(low: int, high: int) -> Mapping[str, tuple[int, int]]:
    """The metadata of a whole number's field: its lowest and highest value, both allowed."""
    return {_BOUNDS: (low, high)}


def read(kind: Any, given: object, path: str = "") -> Any:
    """The value of type `kind` that a piece of a document stands for. Raises PolicyError."""
    origin = get_origin(kind)
    if origin is types.UnionType:
        return read(get_args(kind)[0], given, path)
    if origin in {tuple, frozenset}:
        return origin(_list(get_args(kind)[0], given, path))
    if origin is Mapping:
        return _mapping(kind, given, path)
    if hasattr(kind, "from_text") or kind is date or issubclass(kind, StrEnum):
        return _text_form(kind, given, path)
    return _record(kind, given, path) if is_dataclass(kind) else _plain(kind, given, path)


def write(value: Any) -> Any:
    """The document of a value: `read` gives the value back."""
    if hasattr(value, "from_text") or isinstance(value, (StrEnum, date)):
        return str(value)
    if is_dataclass(value):
        pairs = ((field.name, getattr(value, field.name)) for field in fields(value))
        return {name: write(inner) for name, inner in pairs if inner is not None}
    if isinstance(value, Mapping):
        return {str(key): write(inner) for key, inner in value.items()}
    if isinstance(value, frozenset):
        return sorted(map(write, value))
    return [write(inner) for inner in value] if isinstance(value, tuple) else value


def _record(kind: Any, given: object, path: str) -> Any:
    table = _table(given, path)
    known = {field.name: field for field in fields(kind)}
    for name in table:
        if name not in known:
            raise PolicyError(_join(path, name), "is not a setting that exists")
    hints = get_type_hints(kind)
    found = {name: _field(field, hints[name], table[name], path) for name, field in known.items() if name in table}
    for name, field in known.items():
        if name not in found and field.default is MISSING and field.default_factory is MISSING:
            raise PolicyError(_join(path, name), "is missing")
    return kind(**found)


def _field(field: "Field[Any]", kind: Any, given: object, path: str) -> Any:
    value = read(kind, given, _join(path, field.name))
    low, high = field.metadata.get(_BOUNDS, (None, None))
    if low is not None:
        for number in _numbers(value):
            if not low <= number <= high:
                raise PolicyError(_join(path, field.name), f"must lie between {low} and {high}")
    return value


def _numbers(value: Any) -> tuple[int, ...]:
    if isinstance(value, Mapping):
        return tuple(value.values())
    return value if isinstance(value, tuple) else (value,)


def _mapping(kind: Any, given: object, path: str) -> Mapping[Any, Any]:
    key, value = get_args(kind)
    found = {
        read(key, name, _join(path, name)): read(value, inner, _join(path, name))
        for name, inner in _table(given, path).items()
    }
    return types.MappingProxyType(found)


def _table(given: object, path: str) -> Mapping[str, object]:
    if not isinstance(given, Mapping) or not all(isinstance(name, str) for name in given):
        raise PolicyError(path, "must be a table of named settings")
    return given


def _list(kind: Any, given: object, path: str) -> list[Any]:
    if not isinstance(given, list | tuple):
        raise PolicyError(path, "must be a list")
    found = [read(kind, inner, f"{path}[{place}]") for place, inner in enumerate(given)]
    if any(one in found[:place] for place, one in enumerate(found)):
        raise PolicyError(path, "names the same thing twice")
    return found


def _text_form(kind: Any, given: object, path: str) -> Any:
    if type(given) is date and kind is date:
        return given
    text = _plain(str, given, path)
    if issubclass(kind, StrEnum):
        if text not in set(kind):
            raise PolicyError(path, f"must be one of: {', '.join(sorted(kind))}")
        return kind(text)
    try:
        return date.fromisoformat(text) if kind is date else kind.from_text(text)
    except ValueError as wrong:
        raise PolicyError(path, "must be a date such as 2026-12-24" if kind is date else str(wrong)) from wrong


def _plain(kind: Any, given: object, path: str) -> Any:
    # True is an int to Python, not to the person who wrote the document.
    if type(given) is not kind:
        names = {str: "a text", int: "a whole number", bool: "true or false"}
        raise PolicyError(path, f"must be {names[kind]}")
    if isinstance(given, str) and any(unicodedata.category(letter) in _UNPRINTABLE for letter in given):
        # These texts reach mail headers: a line break there would be another header (EOU-09).
        raise PolicyError(path, "holds a line break or another control character")
    return given


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
