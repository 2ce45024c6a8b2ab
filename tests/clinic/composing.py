"""Writing a reply over the real pages: an item in a colleague's hands, and the composer's form sent."""

from consent.model import Scope
from messaging_server.storage.accounts import AccountRole
from messaging_server.storage.tasks import TaskRow
from tests.clinic.answering import waiting
from tests.clinic.pages import Browser, Pages
from tests.clinic.world import EVERYTHING

BODY = "Oui, vous pouvez prendre les deux ensemble."
FORM = {
    "subject": "Votre question", "greeting": "Bonjour Rose,", "body": BODY, "closing": "Cordialement,",
    "category": "general_advice", "new_diagnosis": "no", "new_treatment": "no", "abnormal_result": "no",
    "action": "preview",
}  # fmt: skip


async def composing(
    pages: Pages, role: AccountRole = AccountRole.PHYSICIAN, scope: frozenset[Scope] = EVERYTHING
) -> tuple[Browser, TaskRow]:
    """A colleague who took a question of the patient, and the item."""
    world = pages.world
    await world.consent(scope=scope)
    receipt = await world.write("Bonjour, puis-je prendre mon sirop avec mes vitamines ?", subject="Mon sirop")
    world.later(minutes=2)
    browser, task = await pages.browser(world.staff(role)), await waiting(world, receipt.thread)
    await browser.post(f"/staff/items/{task.id}/claim", {}, page=f"/staff/items/{task.id}")
    return browser, await waiting(world, receipt.thread)


async def look(browser: Browser, task: TaskRow, **changed: str) -> tuple[int, str]:
    """Press the button that asks for the second look."""
    path = f"/staff/items/{task.id}"
    form = FORM | {"version": str(task.version)} | changed
    return await browser.post(f"{path}/reply", form, page=path)
