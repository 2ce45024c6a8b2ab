"""How the table of pages is written: for each route who visits it, and what it shows empty, full and in error.

A state is a walk in the browser that ends at the route, or the reason why the route has no such state.
"""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final

from messaging_server.texts import Language
from tests.journeys.pages.filling import Who
from tests.journeys.pages.stroll import Do, Look, Save, Send, Step, Stroll


class State(StrEnum):
    """What a page can look like. Empty pages are looked at in a clinic where nothing has happened yet."""

    EMPTY = "empty"
    FULL = "full"
    ERROR = "error"


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """The way to one look of a page, and the status that it is answered with."""

    steps: tuple[Step, ...]
    status: int
    who: Who | None = None
    """Who walks, where it is not whom the door names."""
    speaks: Language | None = None
    """The language that the page must have, where it is not the visitor's."""
    furnished: bool = False
    """Whether even the empty page needs the clinic in which something has happened."""


Walks = Walk | tuple[Walk, ...] | str


@dataclass(frozen=True, slots=True)
class Door:
    """One route that shows pages."""

    who: Who
    empty: Walks
    full: Walks
    error: Walks

    def states(self) -> Iterator[tuple[State, Walks]]:
        """Each state with its walks, or the reason why it has none."""
        return zip(State, (self.empty, self.full, self.error), strict=True)


@dataclass(frozen=True, slots=True)
class NoPage:
    """One route that answers no page: an address to try it at, and what it answers."""

    reason: str
    path: str
    status: int = 200
    kind: str | None = None
    """The media type; none for an answer without a body."""
    who: Who = Who.NOBODY
    form: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One look of one page."""

    door: str
    state: State
    number: int
    who: Who
    walk: Walk

    def __str__(self) -> str:
        return f"{self.door}, {self.state}" + (f" {self.number}" if self.number > 1 else "")


def walks_of(given: Walks) -> tuple[Walk, ...]:
    """The walks of a state; none where a reason stands in their place."""
    if isinstance(given, str):
        return ()
    return (given,) if isinstance(given, Walk) else given


def cases_of(doors: Mapping[str, Door]) -> tuple[Case, ...]:
    """Every look of every page."""
    return tuple(
        Case(door=name, state=state, number=number, who=walk.who or door.who, walk=walk)
        for name, door in doors.items()
        for state, given in door.states()
        for number, walk in enumerate(walks_of(given), start=1)
    )


def look(path: str, status: int = 200, *, who: Who | None = None) -> Walk:
    """Ask for a page."""
    return Walk(steps=(Look(path),), status=status, who=who)


def send(
    on: str, to: str, fields: Mapping[str, str] | None = None, *, status: int = 422, who: Who | None = None,
    button: str = "",
) -> Walk:  # fmt: skip
    """Open the page `on`, fill in its form that goes to `to`, and press its button (`name=value`, or its first)."""
    return Walk(steps=(Look(on), Send(to, fields or {}, button=button)), status=status, who=who)


def stale(on: str, to: str, *, who: Who | None = None) -> Walk:
    """Send a form of a page that was opened before the session changed."""
    return Walk(steps=(Look(on), Send(to, {}, stale=True)), status=403, who=who)


def save(on: str, path: str) -> Walk:
    """Follow a link that saves a page as a file, and open the file."""
    return Walk(steps=(Look(on), Save(path)), status=200)


def after(*acts: Callable[[Stroll], Awaitable[None]], walk: Walk) -> Walk:
    """The same walk, once something has happened."""
    return replace(walk, steps=(*(Do(act) for act in acts), *walk.steps))


def then(walk: Walk, *steps: Step, status: int) -> Walk:
    """The same walk, further."""
    return replace(walk, steps=(*walk.steps, *steps), status=status)


UNTOUCHED: Final = "a form that nobody has filled in is all it can show; filled in, it is the answer to its POST"
SENT: Final = "what is sent empty is in error"
LEADS_ON: Final = "what is taken leads on to another page"
ASKS_NOTHING: Final = "it takes nothing from whoever asks, so that nothing can be wrong"
UNKNOWN: Final = "/00000000-0000-7000-8000-000000000000"
"""The id of nothing."""
