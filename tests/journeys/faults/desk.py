"""A day at the team's desk: what came in is searched for, answered and closed, and every form holds a word."""

import re

from tests.clinic.process import Premises
from tests.clinic.visitor import Page
from tests.journeys.faults.canaries import Canaries, Writer

NO = {"new_diagnosis": "no", "new_treatment": "no", "abnormal_result": "no"}


async def answer(premises: Premises, word: Canaries) -> None:
    """The physician seeks whose a held mail is, answers one item in the exceptional way, and closes another."""
    async with Writer.of(premises, word) as doctor:
        await doctor.sign_in(premises.one("Hélène"))
        board = await doctor.get("/staff")
        items = list(dict.fromkeys(re.findall(r'href="(/staff/items/[0-9a-f-]+)"', board.html)))
        sought = answered = closed = False
        for path in items:
            page = await _claimed(doctor, path)
            if not sought and f"{path}/search" in page.html:
                sought = (await doctor.send(page, f"{path}/search", q=word("whose mail"))).status == 200
            elif not answered and f"{path}/reply" in page.html:
                answered = await _reply(doctor, page, word)
            elif not closed and f"{path}/close" in page.html:
                done = await doctor.send(page, f"{path}/close", disposition="phoned", note=word("closing note"))
                closed = done.status == 200
        assert (sought, answered, closed) == (True, True, True), board.html


async def _claimed(doctor: Writer, path: str) -> Page:
    page = await doctor.get(path)
    if f"{path}/claim" in page.html:
        await doctor.send(page, f"{path}/claim")
        page = await doctor.get(path)
    return page


async def _reply(doctor: Writer, page: Page, word: Canaries) -> bool:
    """A sensitive reply is stopped; a physician sends it all the same, with a reason."""
    path = page.path
    draft = {
        "subject": word("reply's subject"), "greeting": f"Bonjour {word('greeting')},",
        "closing": f"Cordialement, {word('closing')}", "category": "general_advice",
        "body": f"Votre test de dépistage du VIH est revenu. {word('reply')}",
    } | NO  # fmt: skip
    await doctor.http.post(doctor.base + "/staff/hint", data=draft | {"csrf": doctor.token})
    page = await doctor.send(page, f"{path}/reply", action="preview", **draft)
    reason = {"override_reason": word("reason to override")}
    page = await doctor.send(page, f"{path}/reply", action="override", **draft, **reason)
    sending = {"action": "send", "right_person": "yes", "files_checked": "yes"}
    page = await doctor.send_with_file(page, f"{path}/confirm", "attachment", "file with the reply", **sending)
    return page.path.startswith("/staff/deliveries/")
