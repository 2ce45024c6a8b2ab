"""The page with the report on the screening."""

from dataclasses import dataclass

from messaging_server.broker.sheets import Sheet


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A period that can be asked for."""

    name: str
    label: str
    chosen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityPage:
    """The report, and what else may be asked for."""

    sheet: Sheet
    choices: tuple[Choice, ...]
    file: str
    """Where the same numbers are saved from."""
