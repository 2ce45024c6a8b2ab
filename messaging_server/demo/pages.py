"""The demonstration's look at its pretend outside world: what left, and the present codes of the second factor."""

import base64
import json
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from aiohttp import web

from keys import totp
from messaging_server.demo.mailbox import Postbox
from messaging_server.demo.provider import Provider
from messaging_server.web.visit import visit

MOST = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """The pretend relay and the pretend provider of texts."""

    postbox: Postbox
    provider: Provider


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftView:
    """One thing that left."""

    at: datetime
    kind: str
    to: str = field(repr=False)
    subject: str = field(default="", repr=False)
    body: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxPage:
    """Everything that left, newest first."""

    items: tuple[LeftView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeView:
    """Somebody's present code."""

    name: str
    role: str
    login: str
    password: str = field(repr=False)
    code: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class CodesPage:
    """Everybody who can sign in, with the code of this half minute."""

    people: tuple[CodeView, ...]


def routes(outside: Outside, folder: Path) -> list[web.RouteDef]:
    """The two pages; they exist in the demonstration only."""

    async def outbox(request: web.Request) -> web.StreamResponse:
        here = visit(request)
        items = sorted([*_mails(outside), *_texts(outside)], key=lambda item: item.at, reverse=True)[:MOST]
        local = tuple(
            LeftView(at=here.clinic.local(i.at), kind=i.kind, to=i.to, subject=i.subject, body=i.body) for i in items
        )
        return here.page("demo/outbox", OutboxPage(items=local))

    async def codes(request: web.Request) -> web.StreamResponse:
        here = visit(request)
        return here.page("demo/codes", CodesPage(people=_codes(folder, here.now)))

    return [web.get("/demo/outbox", outbox), web.get("/demo/codes", codes)]


def _mails(outside: Outside) -> list[LeftView]:
    found = []
    for mail in outside.postbox.mails:
        parsed = mail.read()
        found.append(LeftView(at=mail.at, kind="email", to=mail.to, subject=parsed.subject, body=parsed.text))
    return found


def _texts(outside: Outside) -> list[LeftView]:
    return [LeftView(at=text.created_at, kind="sms", to=text.to, body=text.body) for text in outside.provider.sent]


def _codes(folder: Path, now: datetime) -> tuple[CodeView, ...]:
    path = folder / "people.json"
    if not path.exists():
        return ()
    people = json.loads(path.read_text(encoding="utf-8"))["people"]
    return tuple(
        CodeView(
            name=one["name"], role=one["role"], login=one["login"], password=one["password"],
            code=totp.code_at(_seed(one["totp_seed"]), now) if one["totp_seed"] else "",
        )
        for one in people
    )  # fmt: skip


def _seed(text: str) -> bytes:
    return base64.b32decode(text + "=" * (-len(text) % 8))
