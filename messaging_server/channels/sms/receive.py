"""The door for texts: two webhooks that the SMS provider posts to (SMS-09 to SMS-12, SMS-20).

A post is believed by its signature alone. Until that is checked nothing is stored, said or logged of what it holds;
after that the "yes" (200) comes only when `accept` or `status` has returned, which means: after the commit.
"""

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from urllib.parse import parse_qsl

from aiohttp import web
from multidict import MultiDict
from twilio.request_validator import (
    HMAC_SHA1,
    HMAC_SHA256,
    SIGNATURE_HEADER,
    SIGNATURE_SETTINGS_HEADER,
    RequestValidator,
)

from messaging_server.channels.sms.parse import Form, StatusReport, only, read_incoming, read_status
from messaging_server.clock import Clock
from messaging_server.errors import InvalidError, UnavailableError
from messaging_server.message import ClinicId, IncomingMessage

INCOMING_PATH = "/sms/incoming"
STATUS_PATH = "/sms/status"
BODY_LIMIT = 64 * 1024
"""Bytes of a form; the longest text with ten pictures takes a few thousand."""
_FIELD_LIMIT = 256
_EMPTY_ANSWER = b'<?xml version="1.0" encoding="UTF-8"?><Response/>'
"""TwiML that says nothing: every word of ours leaves through the outbox, where consent is checked."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class SmsLine:
    """A clinic's number at the provider and the secrets that prove a post about it (SMS-09, SMS-10)."""

    clinic: ClinicId
    auth_token: str = field(repr=False)
    account_sid: str
    number: str = field(repr=False)
    """E.164; it belongs to the clinic, never to a person (SMS-24)."""
    shared_keys: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}), repr=False)
    """Secrets of the account's shared keys by their ids, where the clinic uses them (SMS-10)."""


Numbers = Callable[[str], Awaitable[SmsLine | None]]
Accept = Callable[[IncomingMessage], Awaitable[None]]
Status = Callable[[ClinicId, StatusReport], Awaitable[None]]


def routes(numbers: Numbers, accept: Accept, status: Status, clock: Clock, public_url: str) -> list[web.RouteDef]:
    """The two webhooks, for an application that the world reaches as `public_url` (no query, no Host header).

    `numbers` finds the line of one of our numbers; `accept` and `status` return once what they were given is durable,
    and may raise UnavailableError: the answer is then 503 and the provider tries again or uses its fallback.
    """
    base = public_url.rstrip("/")

    async def incoming(request: web.Request) -> web.Response:
        form, line = await _believed(request, base + INCOMING_PATH, "To", numbers)
        return await _answered(accept(read_incoming(form, line.clinic, clock())))

    async def callback(request: web.Request) -> web.Response:
        form, line = await _believed(request, base + STATUS_PATH, "From", numbers)
        try:
            report = read_status(form)
        except InvalidError:
            _log.warning("sms status not understood")
            raise web.HTTPBadRequest from None
        return await _answered(status(line.clinic, report))

    return [web.post(INCOMING_PATH, incoming), web.post(STATUS_PATH, callback)]


def signed(url: str, form: Form, headers: Mapping[str, str], line: SmsLine) -> bool:
    """True when the provider signed exactly this URL and these fields with a secret of this line (SMS-09, SMS-10).

    Without settings the signature is Twilio's SHA-1 scheme under the account's token; with them, the algorithm that
    they name under the shared key that they name. An algorithm that we do not know is never good.
    """
    signature = headers.get(SIGNATURE_HEADER, "")
    settings = _settings(headers.get(SIGNATURE_SETTINGS_HEADER, ""))
    algorithm = settings.get("algorithm", HMAC_SHA1).upper()
    if not signature or algorithm not in {HMAC_SHA1, HMAC_SHA256}:
        return False
    # The id of a key is no secret and decides nothing: whoever can sign under any secret of the line is the provider.
    secret = line.shared_keys.get(settings.get("key", ""), line.auth_token)
    return bool(RequestValidator(secret).validate(url, MultiDict(form), signature, algorithm))


async def _believed(request: web.Request, url: str, ours: str, numbers: Numbers) -> tuple[Form, SmsLine]:
    """The fields of a post and the line that it is about, or the refusal of it; `ours` names our number's field."""
    if not request.headers.get(SIGNATURE_HEADER):
        raise _refused("unsigned")
    form = await _read(request)
    line = await _line(form, ours, numbers)
    if line is None:
        raise _refused("unknown line")
    query = request.rel_url.raw_query_string
    if not signed(f"{url}?{query}" if query else url, form, request.headers, line):
        raise _refused("bad signature")
    return form, line


async def _line(form: Form, ours: str, numbers: Numbers) -> SmsLine | None:
    number = only(form, ours)
    if number is None:
        return None
    try:
        return await numbers(number)
    except UnavailableError:
        raise _later() from None


async def _read(request: web.Request) -> Form:
    """The fields as they were sent: untrimmed, in order, repeated names and empty values kept (T-41)."""
    body = bytearray()
    async for chunk in request.content.iter_chunked(BODY_LIMIT):
        body += chunk
        if len(body) > BODY_LIMIT:
            raise web.HTTPRequestEntityTooLarge(max_size=BODY_LIMIT, actual_size=len(body))
    try:
        return parse_qsl(body.decode("utf-8"), keep_blank_values=True, errors="strict", max_num_fields=_FIELD_LIMIT)
    except ValueError:
        raise _refused("not a form") from None


async def _answered(work: Awaitable[None]) -> web.Response:
    """The provider's "yes", once `work` is durable (DESIGN section 1, promise 1)."""
    try:
        await work
    except UnavailableError:
        raise _later() from None
    return web.Response(body=_EMPTY_ANSWER, content_type="text/xml", charset="utf-8")


def _later() -> web.HTTPServiceUnavailable:
    _log.warning("sms webhook answered later")
    return web.HTTPServiceUnavailable(headers={"Retry-After": "5"})


def _refused(reason: str) -> web.HTTPForbidden:
    """403 without a word on why; the reason goes to the log, with no number and no content."""
    _log.warning("sms webhook refused: %s", reason)
    return web.HTTPForbidden()


def _settings(header: str) -> dict[str, str]:
    """`key=...,algorithm=...` as a mapping; a name given twice keeps its first value, as the SDK does."""
    pairs = (part.partition("=") for part in reversed(header.split(",")))
    return {name.strip(): value.strip() for name, equals, value in pairs if equals and value.strip()}
