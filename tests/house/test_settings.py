"""The page of settings says what the code says."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from messaging_server.settings import Settings

PAGE = Path(__file__).parents[2] / "docs" / "settings.md"
ROW = re.compile(r"^\| `([a-z_.]+)` \|.*$", re.MULTILINE)


def _settings(model: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, FieldInfo]]:
    """Every setting by its dotted name."""
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from _settings(field.annotation, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", field


def _default(field: FieldInfo) -> str:
    """A default as one writes it in the TOML file; a dash where there is none."""
    value = field.get_default(call_default_factory=True)
    value = value.get_secret_value() if isinstance(value, SecretStr) else value
    if value is None or value == "":
        return "–"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, list):
        return "`[" + ", ".join(f'"{one}"' for one in value) + "]`"
    return f"`{value}`"


def _row(name: str, field: FieldInfo) -> str:
    return f"| `{name}` | {_default(field)} | {field.description} |"


KNOWN = tuple(_settings(Settings))


@pytest.mark.parametrize(("name", "field"), KNOWN, ids=[name for name, _ in KNOWN])
def test_every_setting_stands_on_the_page_with_its_default_and_its_meaning(name: str, field: FieldInfo) -> None:
    """Whoever changes a setting changes the page with it."""
    rows = {found.group(1): found.group(0) for found in ROW.finditer(PAGE.read_text(encoding="utf-8"))}

    assert rows.get(name) == _row(name, field)


def test_the_page_names_no_setting_that_does_not_exist() -> None:
    """A setting that is gone is gone from the page too."""
    assert set(ROW.findall(PAGE.read_text(encoding="utf-8"))) == {name for name, _ in KNOWN}


def test_no_secret_is_a_setting_by_itself() -> None:
    """Passwords and tokens come by a file's path; the database's address may hold one and prints as dots [SEC-04]."""
    named = [name for name, _ in KNOWN if re.search(r"password|token|secret|pepper", name)]

    assert [name for name in named if not name.endswith("_file")] == []
    assert "swordfish" not in repr(Settings(database=SecretStr("postgresql+asyncpg://clinic:swordfish@db/clinic")))
