"""A stand-in for the SMS provider that speaks Twilio's protocol on loopback: for the demo, and for the tests (SMS-22).

It takes texts as Twilio's REST API of 2010-04-01 does, keeps them where they can be read, reports their fate to the
status callback with the same signature, and can be told to fail. The signature is computed here from its description
and not by the SDK, so that the door and the stand-in check each other.
"""

import asyncio
import base64
import hashlib
import hmac
import json
import re
import secrets
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from aiohttp import ClientError, ClientSession, ClientTimeout, encode_basic_auth, web

from messaging_server.clock import Clock

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

API = "/2010-04-01/Accounts/{account}/Messages"
BODY_LIMIT = 1600
"""Characters: the longest body that Twilio takes."""
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_ALGORITHMS = {"HMAC_SHA1": hashlib.sha1, "HMAC_SHA256": hashlib.sha256}


class Fault(StrEnum):
    """How the stand-in fails on one request, when asked to."""

    BUSY = "busy"
    """429: nothing was taken."""
    BROKEN = "broken"
    """500: nothing was taken."""
    LOST_ANSWER = "lost_answer"
    """The text is taken and the answer never comes: the caller cannot know."""
    HANG = "hang"
    """Nothing is taken and no answer comes."""
    OPTED_OUT = "opted_out"
    """400 with error 21610."""


_BROKEN = (500, 20500, "Internal Server Error")
_BREAKAGES = {None: None, Fault.BUSY: (429, 20429, "Too Many Requests"), Fault.BROKEN: _BROKEN, Fault.HANG: _BROKEN}


@dataclass(slots=True, kw_only=True)
class Text:
    """A text as the provider keeps it."""

    sid: str
    to: str = field(repr=False)
    sender: str = field(repr=False)
    body: str = field(repr=False)
    created_at: datetime
    status: str = "queued"
    error_code: int | None = None
    callback: str | None = None


@dataclass(slots=True, kw_only=True)
class Provider:
    """One account at the stand-in: its credentials, what it took, and how it shall behave."""

    account_sid: str
    auth_token: str = field(repr=False)
    clock: Clock
    folder: Path | None = None
    """Where each text is also kept as a JSON file, or None."""
    sent: list[Text] = field(default_factory=list)
    faults: deque[Fault] = field(default_factory=deque)
    """How the next requests to send fail, one each; empty means that they succeed."""
    opted_out: set[str] = field(default_factory=set, repr=False)
    """Numbers whose holder said stop to the provider: error 21610."""
    fates: dict[str, tuple[str, int | None]] = field(default_factory=dict, repr=False)
    """The last status and error code that texts to a number end with; `delivered` unless told otherwise."""
    released: asyncio.Event = field(default_factory=asyncio.Event, repr=False)
    """Set when the stand-in closes, so that no request hangs longer than it lives."""
    callbacks: set[asyncio.Task[None]] = field(default_factory=set, repr=False)

    async def settle(self) -> None:
        """Return when every status callback so far has been made."""
        while self.callbacks:
            await asyncio.gather(*self.callbacks)

    async def text_in(self, url: str, *, to: str, sender: str, body: str, media: Sequence[str] = ()) -> int:
        """Post to the webhook `url` as if the phone `sender` had texted `body` to `to`; gives the HTTP status."""
        sid = _new_sid("MM" if media else "SM")
        form = [
            ("MessageSid", sid),
            ("SmsMessageSid", sid),
            ("SmsSid", sid),
            ("SmsStatus", "received"),
            ("AccountSid", self.account_sid),
            ("From", sender),
            ("To", to),
            ("Body", body),
            ("NumMedia", str(len(media))),
            *((f"MediaUrl{number}", address) for number, address in enumerate(media)),
        ]
        return await self.post(url, form)

    async def post(self, url: str, form: Sequence[tuple[str, str]]) -> int:
        """Post a signed form to a webhook; gives the HTTP status, or 0 when nobody answers there."""
        headers = {"X-Twilio-Signature": sign(url, form, self.auth_token)}
        try:
            async with (
                ClientSession(timeout=ClientTimeout(total=15)) as session,
                session.post(url, data=form, headers=headers) as response,
            ):
                return response.status
        except (ClientError, TimeoutError):
            return 0


def sign(url: str, params: Sequence[tuple[str, str]], token: str, algorithm: str = "HMAC_SHA1") -> str:
    """The `X-Twilio-Signature` of a form posted to `url`.

    The URL, then every distinct name and value in the order of names and values, one after the other without
    separators, under HMAC with the account's token (Twilio, "Webhooks security").
    """
    text = url + "".join(name + value for name, value in sorted(set(params)))
    digest = hmac.new(token.encode(), text.encode(), _ALGORITHMS[algorithm]).digest()
    return base64.b64encode(digest).decode("ascii")


_PROVIDER = web.AppKey("provider", Provider)


def application(provider: Provider) -> web.Application:
    """The stand-in as a web application, to be served on loopback only."""
    app = web.Application(middlewares=[_admit])
    app[_PROVIDER] = provider
    app.router.add_post(API + ".json", _create)
    app.router.add_get(API + ".json", _listing)
    app.router.add_route("*", API + "/{sid}.json", _one)
    app.on_shutdown.append(_close)
    return app


async def _close(app: web.Application) -> None:
    app[_PROVIDER].released.set()
    await app[_PROVIDER].settle()


@web.middleware
async def _admit(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let in whoever knows the account's token (HTTP Basic, as Twilio asks)."""
    provider = request.app[_PROVIDER]
    expected = encode_basic_auth(provider.account_sid, provider.auth_token)
    if not hmac.compare_digest(request.headers.get("Authorization", "").encode("utf-8", "replace"), expected.encode()):
        return _problem(401, 20003, "Authenticate")
    if request.match_info.get("account") != provider.account_sid:
        return _problem(404, 20404, "Not found")
    return await handler(request)


async def _create(request: web.Request) -> web.Response:
    provider = request.app[_PROVIDER]
    form = {name: str(value) for name, value in (await request.post()).items()}
    failure = provider.faults.popleft() if provider.faults else None
    if failure is Fault.HANG:
        await provider.released.wait()
    if failure is Fault.OPTED_OUT:
        provider.opted_out.add(form.get("To", ""))
    refusal = _BREAKAGES.get(failure) or _refusal(provider, form)
    if refusal is not None:
        return _problem(*refusal)
    text = _take(provider, form)
    if failure is Fault.LOST_ANSWER:
        await provider.released.wait()
    return web.json_response(_shown(provider, text), status=201)


def _refusal(provider: Provider, form: dict[str, str]) -> tuple[int, int, str] | None:
    """Status, code and words of Twilio's refusal of a text, or None when it would take it."""
    to, sender, body = form.get("To", ""), form.get("From", ""), form.get("Body", "")
    checks = (
        (not to, 21604, "A 'To' phone number is required."),
        (not _E164.fullmatch(to), 21211, f"The 'To' number {to} is not a valid phone number."),
        (not _E164.fullmatch(sender), 21212, f"The 'From' number {sender} is not a valid phone number."),
        (not body, 21602, "Message body is required."),
        (len(body) > BODY_LIMIT, 21617, "The concatenated message body exceeds the 1600 character limit."),
        (to in provider.opted_out, 21610, "Attempt to send to unsubscribed recipient"),
    )
    return next(((400, code, words) for failed, code, words in checks if failed), None)


def _take(provider: Provider, form: dict[str, str]) -> Text:
    """Keep a text, and begin to report what becomes of it."""
    text = Text(
        sid=_new_sid("SM"),
        to=form["To"],
        sender=form["From"],
        body=form["Body"],
        created_at=provider.clock(),
        callback=form.get("StatusCallback"),
    )
    provider.sent.append(text)
    _keep(provider, text)
    task = asyncio.create_task(_report(provider, text))
    provider.callbacks.add(task)
    task.add_done_callback(provider.callbacks.discard)
    return text


async def _report(provider: Provider, text: Text) -> None:
    """Lead a text to its fate, telling the callback each step as Twilio does."""
    fate = provider.fates.get(text.to, ("delivered", None))
    for text.status, text.error_code in (("sent", None), fate):
        _keep(provider, text)
        if text.callback:
            await provider.post(text.callback, _status_form(provider, text))


def _status_form(provider: Provider, text: Text) -> list[tuple[str, str]]:
    form = [
        ("MessageSid", text.sid),
        ("SmsSid", text.sid),
        ("AccountSid", provider.account_sid),
        ("From", text.sender),
        ("To", text.to),
        ("MessageStatus", text.status),
        ("SmsStatus", text.status),
        ("ApiVersion", "2010-04-01"),
    ]
    return form if text.error_code is None else [*form, ("ErrorCode", str(text.error_code))]


async def _listing(request: web.Request) -> web.Response:
    """The texts kept, newest first, narrowed by number as Twilio does."""
    provider = request.app[_PROVIDER]
    to, sender = request.query.get("To"), request.query.get("From")
    size = int(request.query.get("PageSize", "50"))
    found = [t for t in reversed(provider.sent) if to in {None, t.to} and sender in {None, t.sender}]
    page = [_shown(provider, text) for text in found[:size]]
    return web.json_response({"messages": page, "page": 0, "page_size": size, "next_page_uri": None})


async def _one(request: web.Request) -> web.Response:
    """Show, redact or delete one text."""
    provider = request.app[_PROVIDER]
    text = next((t for t in provider.sent if t.sid == request.match_info["sid"]), None)
    if text is None:
        return _problem(404, 20404, "Not found")
    if request.method == "DELETE":
        provider.sent.remove(text)
        return web.Response(status=204)
    if request.method == "POST" and (await request.post()).get("Body") == "":
        if text.status in {"queued", "sending"}:
            return _problem(400, 20009, "Cannot update a message that is on its way")
        text.body = ""
    return web.json_response(_shown(provider, text))


def _shown(provider: Provider, text: Text) -> dict[str, Any]:
    """A text in the form of Twilio's Message resource."""
    created = format_datetime(text.created_at)
    return {
        "account_sid": provider.account_sid,
        "api_version": "2010-04-01",
        "body": text.body,
        "date_created": created,
        "date_sent": None if text.status == "queued" else created,
        "date_updated": created,
        "direction": "outbound-api",
        "error_code": text.error_code,
        "error_message": None,
        "from": text.sender,
        "num_media": "0",
        "sid": text.sid,
        "status": text.status,
        "to": text.to,
        "uri": f"{API.format(account=provider.account_sid)}/{text.sid}.json",
    }


def _keep(provider: Provider, text: Text) -> None:
    if provider.folder is not None:
        provider.folder.mkdir(parents=True, exist_ok=True)
        shown = json.dumps(_shown(provider, text), ensure_ascii=False, indent=2)
        (provider.folder / f"{text.sid}.json").write_text(shown, encoding="utf-8")


def _problem(status: int, code: int, words: str) -> web.Response:
    more = f"https://www.twilio.com/docs/errors/{code}"
    return web.json_response({"code": code, "message": words, "more_info": more, "status": status}, status=status)


def _new_sid(kind: str) -> str:
    return kind + secrets.token_hex(16)
