"""Says one text through the provider, and asks what became of an attempt that nobody answered (SMS-06, SMS-14).

The SDK's own HTTP client ignores its timeout, leaves sessions open when a call fails and logs numbers; ours replaces
its one method that speaks. No exception of the SDK leaves this module: their words repeat the patient's number.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

from aiohttp import ClientConnectorError, ClientError, ClientSession, ClientTimeout, encode_basic_auth
from twilio.base.exceptions import (
    TwilioException,
    TwilioRestException,
    TwilioServiceException,
)
from twilio.http.async_http_client import (
    AsyncTwilioHttpClient,
)
from twilio.http.response import Response
from twilio.rest import Client

from messaging_server.channels.sms.parse import AddressFault, fault
from messaging_server.errors import UnavailableError

_SKEW = timedelta(seconds=5)
"""How far the provider's clock may lag behind ours; its times have whole seconds."""
_RECENT = 50
"""How many texts to one number we look through; far more than one number gets during a provider's outage."""


_NO_ANSWER = (ClientError, TwilioException, OSError, ValueError, TypeError, AttributeError)
"""What a lost call or a senseless answer may raise; the SDK takes any JSON for what it expects."""


class Outcome(StrEnum):
    """How an attempt to send ended, for the outbox."""

    DELIVERED_TO_PROVIDER = "delivered_to_provider"
    """The provider took it; its status reports say the rest, and none of them says "read" (T-42)."""
    TEMPORARY = "temporary"
    PERMANENT = "permanent"
    OPTED_OUT = "opted_out"
    """Error 21610: the holder of the number said stop to the provider (SMS-14)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What came of one attempt; `code` is the provider's error code, or the HTTP status where it gave none."""

    outcome: Outcome
    code: int | None = None
    provider_id: str | None = field(default=None, repr=False)
    unanswered: bool = False
    """The provider may have taken it all the same: ask `find_sent` before saying it again (DESIGN section 7)."""

    @property
    def fault(self) -> AddressFault | None:
        """What the code says about the number itself (SMS-14, SMS-21)."""
        return fault(self.code)


@dataclass(frozen=True, slots=True, kw_only=True)
class SmsAccount:
    """A clinic's account at the provider (SMS-24)."""

    account_sid: str
    auth_token: str = field(repr=False)
    number: str = field(repr=False)
    """E.164, the clinic's own sending number."""
    base_url: str | None = None
    """Where the provider answers, when it is not Twilio's usual host: a region of theirs, or a stand-in (SMS-22)."""
    status_callback: str
    """The public URL that hears what becomes of a text."""
    timeout: float = 10.0
    """Seconds for a whole call, connecting included; shorter than the outbox's lease."""


async def send(to: str, body: str, account: SmsAccount) -> Sent:
    """Hand one text to the provider; never raises for what the provider or the network does.

    A wrong credential is temporary: it is our fault, not the number's, and waits for its repair.
    """
    async with _HttpClient(account) as http:
        try:
            message = await _messages(http, account).create_async(
                to=to, from_=account.number, body=body, status_callback=account.status_callback
            )
        except (TwilioRestException, TwilioServiceException) as error:
            return _refusal(error.status, error.code)
        except ClientConnectorError:
            return Sent(outcome=Outcome.TEMPORARY)
        except _NO_ANSWER:
            return Sent(outcome=Outcome.TEMPORARY, unanswered=True)
    if not message.sid:
        return Sent(outcome=Outcome.TEMPORARY, unanswered=True)
    return Sent(outcome=Outcome.DELIVERED_TO_PROVIDER, provider_id=message.sid)


async def find_sent(to: str, since: datetime, body: str, account: SmsAccount) -> str | None:
    """The provider's id of this text if it took it at `since` or later, or None if it never did.

    Raises UnavailableError when the provider cannot say: then the text must not be repeated yet.
    """
    async with _HttpClient(account) as http:
        try:
            page = await _messages(http, account).page_async(to=to, from_=account.number, page_size=_RECENT)
            recent = list(page)  # the newest page is enough, and a broken host could lead us on for ever
        except _NO_ANSWER:
            raise UnavailableError from None
    # The provider's own filter by date looks at when a text left, which a queued one has not; so we look ourselves.
    earliest = since - _SKEW
    same = (m for m in recent if m.body == body and m.date_created is not None and m.date_created >= earliest)
    return next((str(m.sid) for m in same), None)


async def erase(provider_id: str, account: SmsAccount) -> bool:
    """Empty the body that the provider keeps of a text, sent or received, once it is archived here (SMS-06).

    True when nothing of it is left there, also if the text is gone altogether; False when to try again later: the
    provider refuses while a text is still on its way. Pictures are not touched.
    """
    async with _HttpClient(account) as http:
        try:
            message = await _messages(http, account)(provider_id).update_async(body="")
        except TwilioRestException as error:
            return bool(error.status == 404)
        except _NO_ANSWER:
            return False
    return bool(message.sid) and not message.body


def _messages(http: "_HttpClient", account: SmsAccount) -> Any:
    """The SDK's list of messages, free of the process's environment (which could redirect it to another host)."""
    client = Client(
        account.account_sid, account.auth_token, http_client=http, environment={"TWILIO_EDGE": "", "TWILIO_REGION": ""}
    )
    return client.api.v2010.account.messages


def _refusal(status: int, code: object) -> Sent:
    """What an error answer means for the outbox, by the provider's code first and the HTTP status then."""
    number = code if isinstance(code, int) else status
    if fault(number) is AddressFault.OPTED_OUT:
        return Sent(outcome=Outcome.OPTED_OUT, code=number)
    if not 400 <= status < 500:  # a gateway's words, not the provider's: it may have been taken all the same
        return Sent(outcome=Outcome.TEMPORARY, code=number, unanswered=True)
    ours = status in {401, 403, 404, 408, 429}
    return Sent(outcome=Outcome.TEMPORARY if ours else Outcome.PERMANENT, code=number)


class _HttpClient(AsyncTwilioHttpClient):  # type: ignore[misc]  # its base has no types
    """The SDK's way to the network with a timeout that holds and a session that is always closed (finding 11)."""

    def __init__(self, account: SmsAccount) -> None:
        logging.getLogger("twilio").setLevel(logging.WARNING)  # at INFO the SDK writes addresses and numbers
        super().__init__(pool_connections=False, timeout=account.timeout)
        self._base_url = account.base_url
        self.session = ClientSession(timeout=ClientTimeout(total=account.timeout))

    async def request(  # the SDK's signature
        self,
        method: str,
        url: str,
        params: Mapping[str, Any] | None = None,
        data: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,  # noqa: ARG002, ASYNC109  # the SDK's signature; the session's own holds
        allow_redirects: bool = False,
    ) -> Response:
        """One request. Raises aiohttp's ClientError, or TimeoutError."""
        secret = {"Authorization": encode_basic_auth(*auth)} if auth else {}
        async with self.session.request(
            method.upper(),
            self._placed(url),
            params=params,
            data=data,
            headers={**(headers or {}), **secret},
            allow_redirects=allow_redirects,
        ) as response:
            return Response(response.status, await response.text(), response.headers)

    def _placed(self, url: str) -> str:
        """The SDK's URL on the host that the account names."""
        if self._base_url is None:
            return url
        parts = urlsplit(url)
        return self._base_url.rstrip("/") + parts.path + (f"?{parts.query}" if parts.query else "")
