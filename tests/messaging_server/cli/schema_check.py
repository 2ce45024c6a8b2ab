"""As much of JSON Schema as our own schema uses: a strict little checker, so that the tests need no library for it."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

KNOWN = {
    "$schema", "title", "$defs", "$ref", "oneOf", "type", "properties", "required", "additionalProperties", "items",
    "uniqueItems", "enum", "pattern", "format", "minimum",
}  # fmt: skip
KINDS = {"string": str, "integer": int, "null": type(None), "array": list, "object": dict}


def faults(value: Any, schema: Mapping[str, Any], root: Mapping[str, Any], at: str = "") -> list[str]:
    """Where the value breaks the schema; an unknown keyword is an error, for nothing may pass unchecked."""
    if unknown := schema.keys() - KNOWN:
        raise AssertionError(f"the checker does not know {sorted(unknown)}")
    if "$ref" in schema:
        return faults(value, root["$defs"][schema["$ref"].removeprefix("#/$defs/")], root, at)
    if "oneOf" in schema:
        tried = [faults(value, one, root, at) for one in schema["oneOf"]]
        return [] if sum(not found for found in tried) == 1 else [f"{at}: not exactly one of {tried}"]
    if "enum" in schema:
        return [] if value in schema["enum"] else [f"{at}: {value!r} is not in the list"]
    kinds = [schema["type"]] if isinstance(schema["type"], str) else schema["type"]
    if isinstance(value, bool) or not any(isinstance(value, KINDS[kind]) for kind in kinds):
        return [f"{at}: {value!r} is no {kinds}"]
    return _of_kind(value, schema, root, at)


def _of_kind(value: Any, schema: Mapping[str, Any], root: Mapping[str, Any], at: str) -> list[str]:
    if isinstance(value, dict):
        wanted = schema["properties"]
        found = [f"{at}: lacks {name}" for name in schema["required"] if name not in value]
        found += [f"{at}: has {name}" for name in value if name not in wanted]
        return found + [f for name in wanted if name in value for f in faults(value[name], wanted[name], root, name)]
    if isinstance(value, list):
        twice = schema.get("uniqueItems") and any(one in value[:place] for place, one in enumerate(value))
        found = [f"{at}: names a thing twice"] if twice else []
        return found + [fault for one in value for fault in faults(one, schema["items"], root, at)]
    if isinstance(value, str):
        return _of_text(value, schema, at)
    return [f"{at}: {value} is too small"] if isinstance(value, int) and value < schema.get("minimum", value) else []


def _of_text(value: str, schema: Mapping[str, Any], at: str) -> list[str]:
    if not re.search(schema.get("pattern", ""), value):
        return [f"{at}: {value!r} has another form"]
    if schema.get("format") == "date-time" and datetime.fromisoformat(value).utcoffset() is None:
        return [f"{at}: {value!r} has no offset"]
    return []
