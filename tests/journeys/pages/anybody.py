"""The doors that lead in, and those of whoever is signed in: who visits them, and what they show."""

import secrets
from datetime import timedelta
from typing import Final

from consent.model import Category, Channel
from messaging_server.broker import admission
from messaging_server.broker.directory import Name, login_fingerprint
from messaging_server.broker.enrolment import NewPatient
from messaging_server.storage.accounts import SessionState
from messaging_server.web.consent_answers import BLOCKS
from messaging_server.web.views.account import ConsentBlockName
from messaging_server.web.visit import SITE
from tests.clinic.world import PASSWORD
from tests.journeys.pages.filling import BORN, Who
from tests.journeys.pages.stroll import Send, Stroll
from tests.journeys.pages.table import (
    ASKS_NOTHING,
    LEADS_ON,
    SENT,
    UNTOUCHED,
    Door,
    NoPage,
    Walk,
    after,
    look,
    send,
    stale,
    then,
)

WRONG: Final = {"login": "personne", "password": "un mot de passe faux"}
CHOSEN: Final = {"password": PASSWORD, "again": PASSWORD}
CODE: Final = {"code": "{code}", "birth_day": "2", "birth_month": "1", "birth_year": "1990"}
ALL_CELLS: Final = {f"consent.{c}.{k}": "accept" for c in (Channel.WEB, Channel.EMAIL) for k in Category}
CONSENT: Final = "/activate/consent"


async def lose_session(stroll: Stroll) -> None:
    """The session ended while the browser was away."""
    await stroll.page.context.add_cookies([{"name": "session", "value": "ended", "url": stroll.url("")}])


async def exhaust(stroll: Stroll) -> None:
    """Somebody has guessed too often."""
    site, world = stroll.house.app[SITE], stroll.place.world
    guessed = login_fingerprint(world.means.keys, world.clinic.id, "trop")
    half = world.staff().account
    for name in (guessed, b"totp" + half.bytes):
        for _ in range(20):
            site.guard.names.charge(name, world.now - timedelta(minutes=1))
            site.guard.names.charge(name, world.now)


async def forgive(stroll: Stroll) -> None:
    """Nobody has guessed at all."""
    stroll.house.app[SITE].guard.names._failed.clear()


def a_name() -> str:
    """A family name that nobody has had yet."""
    return "".join(secrets.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(12)).capitalize()


async def invite(stroll: Stroll) -> None:
    """A new patient with a letter in the hand, whose code is `code`."""
    world, family = stroll.place.world, a_name()
    issued = await world.enrol(
        NewPatient(
            name=Name(first="Zoé", last=family), birth_date=BORN, language="fr",
            email=f"{family}@exemple.test", email_is_personal=True, seen_document="passport",
        )
    )  # fmt: skip
    stroll.names |= {"code": issued.code, "login": issued.login}


async def join(stroll: Stroll) -> None:
    """A new patient who has an account: `login`, and `recovery`."""
    await invite(stroll)
    world, code = stroll.place.world, stroll.names["code"]
    opened = await admission.check_code(world.means, world.clinic, code, BORN, world.now)
    made = await admission.activate(world.means, world.clinic, opened, code, PASSWORD, world.now)
    stroll.names["recovery"] = made.recovery_code


async def sign_in_elsewhere(stroll: Stroll) -> None:
    """The physician is signed in on other devices too, and somebody else has tried to be."""
    reader, _ = stroll.place.people[Who.PHYSICIAN]
    for _ in range(3):
        await stroll.house.session(stroll.place, reader, SessionState.SIGNED_IN, stroll.language)
    access = f"{stroll.place.world.now.isoformat()}/3"
    await stroll.page.context.add_cookies([{"name": "access", "value": access, "url": stroll.url("")}])


async def send_mail(stroll: Stroll) -> None:
    """Something has left the demonstration's clinic."""
    raw = "From: <a@exemple.test>\r\nSubject: Bonjour\r\n\r\nVous avez un message.\r\n"
    stroll.house.demo.postbox.keep("a@exemple.test", "b@exemple.test", raw.encode())


def agreeing(times: int) -> Walk:
    """So many of the consent's texts read and agreed to."""
    steps = [Send(CONSENT, button="answer=accept") for _ in range(times)]
    return then(look(CONSENT), *steps, status=200)


ACTIVATED: Final = after(invite, walk=send("/activate", "/activate", CODE, status=200))
WITH_PASSWORD: Final = then(ACTIVATED, Send("/activate/password", CHOSEN), status=200)
CHOICES: Final = agreeing(len(BLOCKS))
NO_ANSWER: Final = {"code": "000000"}

DOORS: Final = {
    "GET /sign-in": Door(
        Who.NOBODY, look("/sign-in"), after(lose_session, walk=look("/sign-in?next=/inbox")), ASKS_NOTHING
    ),
    "POST /sign-in": Door(
        Who.NOBODY, SENT, LEADS_ON,
        (
            send("/sign-in", "/sign-in"), send("/sign-in", "/sign-in", WRONG),
            after(exhaust, walk=send("/sign-in", "/sign-in", WRONG | {"login": "trop"}, status=429)),
        ),
    ),
    "GET /sign-in/code": Door(Who.HALF, look("/sign-in/code"), UNTOUCHED, ASKS_NOTHING),
    "POST /sign-in/code": Door(
        Who.HALF, SENT, LEADS_ON,
        (
            after(forgive, walk=send("/sign-in/code", "/sign-in/code", NO_ANSWER)),
            after(exhaust, walk=send("/sign-in/code", "/sign-in/code", NO_ANSWER, status=429)),
        ),
    ),
    "POST /sign-out": Door(Who.PATIENT, ASKS_NOTHING, LEADS_ON, stale("/account", "/sign-out")),
    "POST /language": Door(Who.PATIENT, ASKS_NOTHING, LEADS_ON, stale("/account", "/language")),
    "GET /worried": Door(Who.NOBODY, look("/worried"), look("/worried", who=Who.PATIENT), ASKS_NOTHING),
    "POST /worried": Door(
        Who.NOBODY, SENT,
        after(join, walk=send("/worried", "/worried", {"login": "{login}", "password": PASSWORD}, status=200)),
        (send("/worried", "/worried"), send("/worried", "/worried", WRONG)),
    ),
    "GET /recover": Door(Who.NOBODY, look("/recover"), UNTOUCHED, ASKS_NOTHING),
    "POST /recover": Door(
        Who.NOBODY, SENT,
        after(
            join,
            walk=send("/recover", "/recover", CHOSEN | {"login": "{login}", "recovery_code": "{recovery}"}, status=200),
        ),
        send("/recover", "/recover"),
    ),
    "GET /activate": Door(Who.NOBODY, look("/activate"), UNTOUCHED, ASKS_NOTHING),
    "POST /activate": Door(
        Who.NOBODY, SENT, ACTIVATED,
        (send("/activate", "/activate"), send("/activate", "/activate", CODE | {"code": "faux", "birth_month": "13"})),
    ),
    "POST /activate/password": Door(
        Who.NOBODY, SENT, WITH_PASSWORD, then(ACTIVATED, Send("/activate/password", {"password": "court"}), status=422)
    ),
    "POST /activate/recovery-code": Door(
        Who.NOBODY, SENT, LEADS_ON, then(WITH_PASSWORD, Send("/activate/recovery-code"), status=422)
    ),
    "GET /activate/totp": Door(
        Who.NEW_COLLEAGUE, look("/activate/totp"), look("/activate/totp", who=Who.NEW_PATIENT), ASKS_NOTHING
    ),
    "POST /activate/totp": Door(
        Who.NEW_COLLEAGUE, SENT, LEADS_ON, send("/activate/totp", "/activate/totp", NO_ANSWER)
    ),
    "GET /activate/about": Door(
        Who.NEW_PATIENT, look("/activate/about"), look("/activate/about", who=Who.PATIENT), ASKS_NOTHING
    ),
    "GET /activate/consent": Door(Who.NEW_PATIENT, look(CONSENT), look(CONSENT, who=Who.PATIENT), ASKS_NOTHING),
    "POST /activate/consent": Door(
        Who.NEW_PATIENT, SENT,
        (
            agreeing(BLOCKS.index(ConsentBlockName.RISKS)), CHOICES,
            then(CHOICES, Send(CONSENT, ALL_CELLS), status=200),
        ),
        (send(CONSENT, CONSENT), then(CHOICES, Send(CONSENT), status=422)),
    ),
    "GET /activate/consent/copy": Door(
        Who.PATIENT, "who has agreed to nothing is led to their choices", look("/activate/consent/copy"), ASKS_NOTHING
    ),
    "GET /account": Door(
        Who.PATIENT, look("/account"), after(sign_in_elsewhere, walk=look("/account", who=Who.PHYSICIAN)), ASKS_NOTHING
    ),
    "POST /account": Door(
        Who.PHYSICIAN, ASKS_NOTHING, LEADS_ON,
        after(sign_in_elsewhere, walk=stale("/account", "/account")),
    ),
    "GET /account/password": Door(Who.PATIENT, look("/account/password"), UNTOUCHED, ASKS_NOTHING),
    "POST /account/password": Door(
        Who.PATIENT, SENT, LEADS_ON,
        (
            send("/account/password", "/account/password"),
            send("/account/password", "/account/password", CHOSEN | {"current": "faux"}),
        ),
    ),
    "GET /account/totp": Door(Who.PATIENT, look("/account/totp"), UNTOUCHED, ASKS_NOTHING),
    "POST /account/totp": Door(Who.PATIENT, SENT, LEADS_ON, send("/account/totp", "/account/totp", NO_ANSWER)),
    "GET /demo/outbox": Door(
        Who.NOBODY, look("/demo/outbox"), after(send_mail, walk=look("/demo/outbox")), ASKS_NOTHING
    ),
    "GET /demo/codes": Door(Who.NOBODY, look("/demo/codes"), look("/demo/codes"), ASKS_NOTHING),
}  # fmt: skip

NO_PAGES: Final = {
    "GET /": NoPage("it leads to where the visitor belongs", "/", 303),
    "GET /activate/password": NoPage("that page lives in the answer to the code", "/activate/password", 303),
    "GET /activate/recovery-code": NoPage("the code is shown once", "/activate/recovery-code", 303),
    "GET /healthz": NoPage("for machines", "/healthz", kind="application/json"),
    "GET /readyz": NoPage("for machines", "/readyz", kind="application/json"),
    "GET /metrics": NoPage("for machines", "/metrics", kind="text/plain"),
    "GET /static": NoPage("styles and scripts", "/static/app.css", kind="text/css"),
    "POST /sms/incoming": NoPage("for the provider of texts", "/sms/incoming", 403, "text/plain"),
    "POST /sms/status": NoPage("for the provider of texts", "/sms/status", 403, "text/plain"),
}
