"""What belongs to no one route: a page for each kind of fault, and the parts of a page that show themselves later."""

from typing import Final

from messaging_server.web.views.frame import PageFault
from tests.journeys.pages.filling import Who
from tests.journeys.pages.house import BROKEN
from tests.journeys.pages.stroll import Do, Send, Stroll
from tests.journeys.pages.table import Case, State, Walk, Walks, look, stale, then, walks_of


async def pile_up(stroll: Stroll) -> None:
    """A form with more fields than any of ours."""
    await stroll.page.evaluate("""() => {
      const form = document.querySelector('form[action="/worried"]');
      for (let n = 0; n < 600; n += 1) form.append(Object.assign(document.createElement("input"), { name: `n${n}` }));
    }""")


async def speak_otherwise(stroll: Stroll) -> None:
    """A form that is sent in another way than any of ours."""
    await stroll.page.evaluate("""() => {
      document.querySelector('form[action="/worried"]').enctype = "text/plain";
    }""")


async def warn(stroll: Stroll) -> None:
    """The page says that the session ends soon, as its script does two minutes before."""
    await stroll.page.evaluate("""() => {
      document.querySelector("#timeout").hidden = false;
      document.querySelector("#timeout [data-stay]").focus();
    }""")


async def ask_for_keys(stroll: Stroll) -> None:
    """The list of keys is asked for by its key."""
    await stroll.page.keyboard.press("?")
    await stroll.page.wait_for_selector("#keys[open]")


def worried(act: Do, status: int) -> Walk:
    """Spoil the form of worry, and send it."""
    return then(look("/worried"), act, Send("/worried"), status=status)


FAULTS: Final[dict[PageFault, Walks]] = {
    PageFault.NOT_FOUND: (
        look("/nowhere", 404), look("/nowhere", 404, who=Who.PATIENT), look("/nowhere", 404, who=Who.PHYSICIAN),
    ),
    PageFault.EXPIRED: (stale("/worried", "/worried"), stale("/write", "/write", who=Who.PATIENT)),
    PageFault.ERROR: (
        worried(Do(pile_up), 413), worried(Do(speak_otherwise), 415), look(BROKEN[0], 500, who=Who.PATIENT),
        look(BROKEN[0], 500, who=Who.PHYSICIAN),
    ),
    PageFault.UNAVAILABLE: look(BROKEN[1], 503),
}  # fmt: skip
ELSEWHERE: Final = {
    PageFault.FORBIDDEN: "GET /staff/items/{task}", PageFault.CONFLICT: "POST /threads/{thread}/reply"
}  # fmt: skip
"""The doors among whose errors the other faults are looked at."""
LATER: Final = {
    "the end of the session": then(look("/inbox", who=Who.PATIENT), Do(warn), status=200),
    "the list of keys": then(look("/staff", who=Who.PHYSICIAN), Do(ask_for_keys), status=200),
}
CASES: Final = (
    *(
        Case(door=f"fault {kind}", state=State.ERROR, number=number, who=walk.who or Who.NOBODY, walk=walk)
        for kind, walks in FAULTS.items()
        for number, walk in enumerate(walks_of(walks), start=1)
    ),
    *(
        Case(door=name, state=State.FULL, number=1, who=walk.who or Who.NOBODY, walk=walk)
        for name, walk in LATER.items()
    ),
)
