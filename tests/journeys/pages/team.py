"""The team's doors: who visits them, and what they show."""

from dataclasses import replace
from typing import Final
from uuid import UUID

from messaging_server.message import ThreadId
from messaging_server.texts import Language
from tests.journeys.pages.anybody import a_name
from tests.journeys.pages.filling import CALM, SAD, Who
from tests.journeys.pages.stroll import Do, Send, Stroll
from tests.journeys.pages.table import (
    ASKS_NOTHING,
    LEADS_ON,
    SENT,
    UNKNOWN,
    UNTOUCHED,
    Door,
    NoPage,
    after,
    look,
    send,
    stale,
    then,
)

ITEM: Final = "/staff/items/{task}"
MINE: Final = "/staff/items/{mine}"
HELD: Final = "/staff/items/{held}"
PERSON: Final = "/staff/people/{person}"
NEWCOMER: Final = "/staff/people/{newcomer}"
KARIM: Final = "/staff/people/{unproven}"
OWN: Final = f"{KARIM}/addresses/{{address}}"
PROFILE: Final = "/account/profile"
LEAVE: Final = "/staff/team/{colleague}/leave"
NOBODY: Final = f"/staff/people{UNKNOWN}"
NO_ITEM: Final = f"/staff/items{UNKNOWN}"
ALWAYS_SOMEBODY: Final = "an item is there because somebody wrote"
LIST: Final = "it lists what there is, and asks nothing"
QUESTIONS: Final = {"new_diagnosis": "no", "new_treatment": "no", "abnormal_result": "no"}
KIND: Final = QUESTIONS | {
    "subject": "Votre question", "greeting": "Bonjour Rose,", "body": "Oui, les deux ensemble.",
    "closing": "Cordialement,", "category": "general_advice",
}  # fmt: skip
SENSITIVE: Final = KIND | {"body": "Votre test de dépistage du VIH est revenu."}
PREVIEW: Final = "action=preview"
LOOKED: Final = send(MINE, f"{MINE}/reply", KIND, button=PREVIEW, status=200)
ENROLLED: Final = {
    "given_name": "Noé", "family_name": "{family}", "birth_day": "2", "birth_month": "1", "birth_year": "1990",
    "language": "{language}", "email": "{family}@exemple.test", "personal": "yes", "document": "passport",
}  # fmt: skip
HALF_ENROLLED: Final = {"given_name": "Noé", "birth_day": "31", "birth_month": "2", "email": "noe@", "phone": "12"}
COLLEAGUE: Final = {
    "name": "Ève Lavoie", "login": "{family}", "role": "nurse", "title_fr": "Infirmière", "title_en": "Nurse",
    "phone": "514 555-0198",
}  # fmt: skip


TEXTS: Final = "/staff/policy/texts"
WORDED: Final = {
    "label_fr": "Vaccin arrivé", "label_en": "Vaccine is here", "body_fr": "Votre vaccin est arrivé.",
    "body_en": "Your vaccine has arrived.",
}  # fmt: skip


async def write_again(stroll: Stroll) -> None:
    """The patient writes again while the reply is being written."""
    await stroll.place.world.write(CALM, thread=ThreadId(UUID(stroll.names["mine_thread"])))


async def name_somebody(stroll: Stroll) -> None:
    """A family name that nobody here has yet."""
    stroll.names |= {"family": a_name(), "language": stroll.language.value}


def lens(path: str) -> Door:
    """One of the board's lists."""
    return Door(Who.PHYSICIAN, look(path), look(path), LIST)


DOORS: Final = {
    "GET /staff": Door(
        Who.PHYSICIAN, look("/staff"), (look("/staff"), look("/staff", who=Who.RECEPTION)), LIST
    ),
    "GET /staff/held": lens("/staff/held"), "GET /staff/undelivered": lens("/staff/undelivered"),
    "GET /staff/unread": lens("/staff/unread"), "GET /staff/late": lens("/staff/late"),
    "GET /staff/failed": lens("/staff/failed"),
    "GET /staff/queue/{name}": Door(
        Who.PHYSICIAN, look("/staff/queue/clinical"), look("/staff/queue/clinical"), look("/staff/queue/none", 404)
    ),
    "GET /staff/supervisor": lens("/staff/supervisor"),
    "GET /staff/screening": Door(
        Who.PHYSICIAN, look("/staff/screening"),
        (look("/staff/screening"), look("/staff/screening?period=2026", who=Who.ADMINISTRATOR)),
        look("/staff/screening?period=2026-13", 404),
    ),
    "GET /staff/items/{task}": Door(
        Who.PHYSICIAN, ALWAYS_SOMEBODY,
        (look(ITEM), look(MINE), look(HELD), look("/staff/items/{closed}"), look("/staff/items/{emergency}")),
        (look(NO_ITEM, 404), look(ITEM, 403, who=Who.RECEPTION)),
    ),
    "POST /staff/items/{task}/claim": Door(
        Who.PHYSICIAN, ASKS_NOTHING, then(look(MINE), Send(f"{MINE}/release"), Send(f"{MINE}/claim"), status=200),
        stale(ITEM, f"{ITEM}/claim"),
    ),
    "POST /staff/items/{task}/release": Door(Who.PHYSICIAN, ASKS_NOTHING, LEADS_ON, stale(MINE, f"{MINE}/release")),
    "POST /staff/items/{task}/acknowledge": Door(
        Who.PHYSICIAN, ASKS_NOTHING, LEADS_ON,
        stale("/staff/items/{emergency}", "/staff/items/{emergency}/acknowledge"),
    ),
    "POST /staff/items/{task}/assign": Door(
        Who.PHYSICIAN, SENT, LEADS_ON,
        (
            send(ITEM, f"{ITEM}/assign", {"queue": "none"}, status=400),
            then(send(HELD, f"{HELD}/search", {"q": "lavigne"}), Send(f"{HELD}/assign"), status=422),
        ),
    ),
    "POST /staff/items/{task}/close": Door(
        Who.PHYSICIAN, SENT, LEADS_ON, (send(MINE, f"{MINE}/close"), send(HELD, f"{HELD}/close"))
    ),
    "POST /staff/items/{task}/finding": Door(
        Who.PHYSICIAN, ASKS_NOTHING, LEADS_ON,
        send(ITEM, f"{ITEM}/finding", {"finding": "99"}, button="answer=confirmed", status=404),
    ),
    "POST /staff/items/{task}/reply": Door(
        Who.PHYSICIAN, SENT,
        (LOOKED, send(MINE, f"{MINE}/reply", {"model": "call_us"}, button="action=insert_model", status=200)),
        (
            send(MINE, f"{MINE}/reply", button="action=insert_other"),
            send(MINE, f"{MINE}/reply", KIND | {"body": "You and I will see to it with the clinic at the end."},
                 button=PREVIEW),
            send(MINE, f"{MINE}/reply", {"greeting": "", "closing": ""}, button=PREVIEW),
            send(MINE, f"{MINE}/reply", SENSITIVE, button=PREVIEW),
            then(look(MINE), Do(write_again), Send(f"{MINE}/reply", KIND, PREVIEW), status=409),
        ),
    ),
    "POST /staff/items/{task}/confirm": Door(
        Who.PHYSICIAN, SENT, LEADS_ON, then(LOOKED, Send(f"{MINE}/confirm", button="action=send"), status=422)
    ),
    "POST /staff/items/{task}/search": Door(
        Who.PHYSICIAN, SENT,
        (
            send(HELD, f"{HELD}/search", {"q": "lavigne"}, status=200),
            send(HELD, f"{HELD}/search", {"q": "zzz"}, status=200),
        ),
        stale(HELD, f"{HELD}/search"),
    ),
    "GET /staff/files/{exchange}/{number}/picture": Door(
        Who.PHYSICIAN, "a picture comes with a message", look("/staff/files/{file}/1/picture?task={task}"),
        (look(f"/staff/files{UNKNOWN}/1/picture", 404), look("/staff/files/{file}/1/picture", 403, who=Who.RECEPTION)),
    ),
    "GET /staff/deliveries/{exchange}": Door(
        Who.PHYSICIAN, "it shows one reply", (look("/staff/deliveries/{leaving}"), look("/staff/deliveries/{gone}")),
        look(f"/staff/deliveries{UNKNOWN}", 404),
    ),
    "POST /staff/deliveries/{exchange}/cancel": Door(
        Who.PHYSICIAN, ASKS_NOTHING, LEADS_ON,
        stale("/staff/deliveries/{leaving}", "/staff/deliveries/{leaving}/cancel"),
    ),
    "GET /staff/people": Door(Who.RECEPTION, look("/staff/people"), UNTOUCHED, ASKS_NOTHING),
    "POST /staff/people": Door(
        Who.RECEPTION, send("/staff/people", "/staff/people", {"q": "zzz"}, status=200),
        send("/staff/people", "/staff/people", {"q": "lavigne"}, status=200), stale("/staff/people", "/staff/people"),
    ),
    "GET /staff/people/new": Door(Who.RECEPTION, look("/staff/people/new"), UNTOUCHED, ASKS_NOTHING),
    "POST /staff/people/new": Door(
        Who.RECEPTION, SENT,
        after(name_somebody, walk=send("/staff/people/new", "/staff/people/new", ENROLLED, status=200)),
        (
            send("/staff/people/new", "/staff/people/new"),
            send("/staff/people/new", "/staff/people/new", HALF_ENROLLED),
        ),
    ),
    "GET /staff/people/{person}": Door(Who.PHYSICIAN, look(PERSON), look(PERSON), look(NOBODY, 404)),
    "POST /staff/people/{person}/letter": Door(
        Who.PHYSICIAN, SENT,
        replace(send(NEWCOMER, f"{NEWCOMER}/letter", {"identity": "yes"}, status=200), speaks=Language.FR),
        send(PERSON, f"{PERSON}/letter"),
    ),
    "GET /staff/people/{person}/consent": Door(
        Who.PHYSICIAN, look(f"{PERSON}/consent"), look(f"{PERSON}/consent"), look(f"{NOBODY}/consent", 404)
    ),
    "POST /staff/people/{person}/consent": Door(
        Who.PHYSICIAN, SENT, LEADS_ON, send(f"{PERSON}/consent", f"{PERSON}/consent", {"method": "verbal"})
    ),
    "GET /staff/people/{person}/withdrawal": Door(
        Who.PHYSICIAN, look(f"{PERSON}/withdrawal"), look(f"{PERSON}/withdrawal"), look(f"{NOBODY}/withdrawal", 404)
    ),
    "POST /staff/people/{person}/withdrawal": Door(
        Who.PHYSICIAN, SENT, LEADS_ON, send(f"{PERSON}/withdrawal", f"{PERSON}/withdrawal")
    ),
    "GET /staff/people/{person}/addresses": Door(
        Who.RECEPTION, look(f"{PERSON}/addresses"), UNTOUCHED, look(f"{NOBODY}/addresses", 404)
    ),
    "POST /staff/people/{person}/addresses": Door(
        Who.RECEPTION, SENT, LEADS_ON, send(f"{PERSON}/addresses", f"{PERSON}/addresses", {"value": "rose@"})
    ),
    "GET /staff/people/{person}/addresses/{address}": Door(
        Who.RECEPTION, look(OWN), look(OWN), look(f"{KARIM}/addresses{UNKNOWN}", 404)
    ),
    "POST /staff/people/{person}/addresses/{address}": Door(
        Who.RECEPTION, SENT, LEADS_ON, send(OWN, OWN, {"code": "12"})
    ),
    "POST /staff/people/{person}/addresses/{address}/code": Door(
        Who.RECEPTION, ASKS_NOTHING, LEADS_ON,
        stale(f"{NEWCOMER}/addresses/{{fresh}}", f"{NEWCOMER}/addresses/{{fresh}}/code"),
    ),
    "GET /staff/people/{person}/addresses/{address}/remove": Door(
        Who.RECEPTION, look(f"{OWN}/remove"), look(f"{OWN}/remove"), look(f"{KARIM}/addresses{UNKNOWN}/remove", 404)
    ),
    "POST /staff/people/{person}/addresses/{address}/remove": Door(
        Who.RECEPTION, SENT, LEADS_ON, send(f"{OWN}/remove", f"{OWN}/remove")
    ),
    "GET /account/profile": Door(
        Who.PHYSICIAN, UNTOUCHED, (look(PROFILE), look(PROFILE, who=Who.ADMINISTRATOR)), ASKS_NOTHING
    ),
    "POST /account/profile": Door(
        Who.RECEPTION, SENT, LEADS_ON, send(PROFILE, PROFILE, {"title_fr": "", "title_en": "M.D.", "phone": ""})
    ),
    "GET /staff/team": Door(
        Who.ADMINISTRATOR, look("/staff/team"),
        (look("/staff/team"), look("/staff/team", who=Who.PHYSICIAN), look("/staff/team", who=Who.WAITING)),
        ASKS_NOTHING,
    ),
    "POST /staff/team": Door(
        Who.ADMINISTRATOR, SENT,
        after(
            name_somebody, walk=send("/staff/team", "/staff/team", COLLEAGUE, button="", status=200)
        ),
        send("/staff/team", "/staff/team", {"name": "Ève Lavoie"}),
    ),
    "GET /staff/team/{account}/leave": Door(
        Who.ADMINISTRATOR, look(LEAVE), (look(LEAVE), look("/staff/team/{alone}/leave")),
        look(f"/staff/team{UNKNOWN}/leave", 404),
    ),
    "POST /staff/team/{account}/leave": Door(Who.ADMINISTRATOR, SENT, LEADS_ON, send(LEAVE, LEAVE)),
    "GET /staff/policy": Door(
        Who.ADMINISTRATOR, "no clinic is without a policy", look("/staff/policy"), ASKS_NOTHING
    ),
    f"GET {TEXTS}": Door(Who.PHYSICIAN, look(TEXTS), (look(TEXTS), look(TEXTS, who=Who.RECEPTION)), LIST),
    f"GET {TEXTS}/{{key}}": Door(
        Who.PHYSICIAN, look(f"{TEXTS}/new"),
        (look(f"{TEXTS}/call_us"), look(f"{TEXTS}/call_us", who=Who.RECEPTION)), look(f"{TEXTS}/nothing", 404),
    ),
    f"POST {TEXTS}/{{key}}": Door(
        Who.PHYSICIAN, SENT,
        send(f"{TEXTS}/new", f"{TEXTS}/new", WORDED, button=PREVIEW, status=200),
        (
            send(f"{TEXTS}/new", f"{TEXTS}/new", button="action=save"),
            send(f"{TEXTS}/new", f"{TEXTS}/new", WORDED | {"body_fr": "Votre test de VIH"}, button="action=save"),
        ),
    ),
}  # fmt: skip

NO_PAGES: Final = {
    "GET /staff/events": NoPage(
        "news for an open board", "/staff/events", kind="text/event-stream", who=Who.PHYSICIAN
    ),
    "GET /staff/screening/file": NoPage(
        "a table is saved, never shown", "/staff/screening/file", kind="text/csv", who=Who.PHYSICIAN
    ),
    "POST /staff/hint": NoPage(
        "remarks while one writes, for the page's own script", "/staff/hint", kind="application/json",
        who=Who.PHYSICIAN, form={"body": SAD},
    ),
    "GET /staff/files/{exchange}/{number}": NoPage(
        "a file is saved, never shown", "/staff/files/{file}/0", kind="application/octet-stream", who=Who.PHYSICIAN
    ),
    "GET /staff/files/{exchange}/{number}/shown": NoPage(
        "the dots of one picture", "/staff/files/{file}/1/shown", kind="image/png", who=Who.PHYSICIAN
    ),
}  # fmt: skip
