"""One line of a diagnosis: how it is, of what, and how to mend it. No line holds a secret (SEC-04)."""

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How it is."""

    OK = "ok"
    WARN = "warn"
    """It works, or could not be looked at; somebody should think of it."""
    FAIL = "fail"


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One thing that was looked at."""

    level: Level
    what: str
    said: str
    mend: str = ""

    def __str__(self) -> str:
        return f"{self.level:4}  {self.what}: {self.said}" + (f" → {self.mend}" if self.mend else "")


def ok(what: str, said: str) -> Found:
    """It is as it should be."""
    return Found(level=Level.OK, what=what, said=said)


def warn(what: str, said: str, mend: str) -> Found:
    """Somebody should think of it."""
    return Found(level=Level.WARN, what=what, said=said, mend=mend)


def fail(what: str, said: str, mend: str) -> Found:
    """It must be mended."""
    return Found(level=Level.FAIL, what=what, said=said, mend=mend)
