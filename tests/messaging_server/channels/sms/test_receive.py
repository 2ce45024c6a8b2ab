"""The two webhooks, spoken to over loopback as the provider does."""

import asyncio
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import urlencode
from uuid import UUID

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from messaging_server.channels.sms import receive
from messaging_server.channels.sms.parse import StatusReport
from messaging_server.channels.sms.receive import SmsLine
from messaging_server.demo.provider import sign
from messaging_server.errors import UnavailableError
from messaging_server.message import ClinicId, IncomingMessage

NOW = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)
PUBLIC = "https://messages.clinique.invalid"
TOKEN = "invented-token"
SHARED = "invented-shared-secret"
SETTINGS = "X-Twilio-Webhooks-Signature-Settings"
LINE = SmsLine(
    clinic=ClinicId(UUID(int=7)),
    auth_token=TOKEN,
    account_sid="AC" + "0" * 32,
    number="+14185550100",
    shared_keys={"webhooks_sharedkey_1": SHARED},
)
OTHER = SmsLine(clinic=ClinicId(UUID(int=8)), auth_token="other-token", account_sid="AC1", number="+14185550200")
TEXT = [
    ("MessageSid", "SM1"),
    ("AccountSid", LINE.account_sid),
    ("From", "+15145550123"),
    ("To", LINE.number),
    ("Body", "  Bonjour, j’ai « mal » + 1 & 2 = 3 ? \n"),
    ("FromCity", ""),
    ("NumMedia", "0"),
]
NEWS = [("MessageSid", "SM2"), ("From", LINE.number), ("To", "+15145550123"), ("MessageStatus", "delivered")]

Pairs = list[tuple[str, str]]
Client = TestClient[web.Request, web.Application]


@dataclass
class Broker:
    """What the door handed in, and how the broker behaves."""

    texts: list[IncomingMessage] = field(default_factory=list)
    news: list[tuple[ClinicId, StatusReport]] = field(default_factory=list)
    down: bool = False
    gate: asyncio.Event | None = None

    async def accept(self, message: IncomingMessage) -> None:
        if self.gate is not None:
            await self.gate.wait()
        if self.down:
            raise UnavailableError
        self.texts.append(message)

    async def status(self, clinic: ClinicId, report: StatusReport) -> None:
        if self.down:
            raise UnavailableError
        self.news.append((clinic, report))

    async def numbers(self, number: str) -> SmsLine | None:
        return {line.number: line for line in (LINE, OTHER)}.get(number)

    @property
    def untouched(self) -> bool:
        return not self.texts and not self.news


@pytest.fixture
def broker() -> Broker:
    return Broker()


@pytest.fixture
async def door(broker: Broker) -> AsyncIterator[Client]:
    app = web.Application()
    app.add_routes(receive.routes(broker.numbers, broker.accept, broker.status, lambda: NOW, PUBLIC + "/"))
    async with TestClient(TestServer(app)) as client:
        yield client


async def post(door: Client, path: str, form: Pairs, headers: dict[str, str]) -> tuple[int, str, str]:
    body = urlencode(form).encode()
    kind = {"Content-Type": "application/x-www-form-urlencoded; charset=UTF-8"}
    async with door.post(path, data=body, headers={**kind, **headers}) as answer:
        return answer.status, answer.headers["Content-Type"], await answer.text()


def signature(form: Pairs, path: str = receive.INCOMING_PATH, token: str = TOKEN, base: str = PUBLIC) -> dict[str, str]:
    return {"X-Twilio-Signature": sign(base + path, form, token)}


async def test_a_signed_text_reaches_the_broker_untouched(door: Client, broker: Broker) -> None:
    """Leading and trailing blanks, empty fields and signs are part of what was signed and of what is kept [SMS-09]."""
    status, kind, body = await post(door, "/sms/incoming", TEXT, signature(TEXT))

    assert (status, kind) == (200, "text/xml; charset=utf-8")
    assert body.endswith("<Response/>")
    assert [message.new_text for message in broker.texts] == [dict(TEXT)["Body"]]
    assert broker.texts[0].clinic == LINE.clinic
    assert broker.texts[0].received_at == NOW


async def test_signed_news_reaches_the_broker(door: Client, broker: Broker) -> None:
    """A status callback is about the clinic whose number sent the text [SMS-12]."""
    status, _, _ = await post(door, "/sms/status", NEWS, signature(NEWS, "/sms/status"))

    assert status == 200
    assert broker.news == [(LINE.clinic, StatusReport(provider_id="SM2", status="delivered"))]


REPEATED = [*TEXT, ("Extra", "b"), ("Extra", "a"), ("Extra", "b")]
TRIMMED = [(name, value.strip()) for name, value in TEXT]
WRONG: dict[str, tuple[Pairs, dict[str, str]]] = {
    "no signature": (TEXT, {}),
    "an empty signature": (TEXT, {"X-Twilio-Signature": ""}),
    "a signature of nothing": (TEXT, {"X-Twilio-Signature": "AAAAAAAAAAAAAAAAAAAAAAAAAAA="}),
    "another token": (TEXT, signature(TEXT, token="guess")),
    "another clinic's token": (TEXT, signature(TEXT, token=OTHER.auth_token)),
    "another host": (TEXT, signature(TEXT, base="https://127.0.0.1:8080")),
    "another scheme": (TEXT, signature(TEXT, base=PUBLIC.replace("https", "http"))),
    "another path": (TEXT, signature(TEXT, path="/sms/status")),
    "a field added": ([*TEXT, ("OptOutType", "STOP")], signature(TEXT)),
    "a field dropped": (TEXT[:-1], signature(TEXT)),
    "a field changed": ([*TEXT[:4], ("Body", "oui"), *TEXT[5:]], signature(TEXT)),
    "a second value added": ([*TEXT, ("Body", "autre")], signature(TEXT)),
    "trimmed fields": (TRIMMED, signature(TEXT)),
    "a number that is not ours": (
        [*TEXT[:3], ("To", "+14185550999"), *TEXT[4:]],
        signature([*TEXT[:3], ("To", "+14185550999"), *TEXT[4:]]),
    ),
    "two numbers of ours": ([*TEXT, ("To", OTHER.number)], signature([*TEXT, ("To", OTHER.number)])),
    "an unknown algorithm": (TEXT, {**signature(TEXT), SETTINGS: "key=k,algorithm=HMAC_SHA3"}),
    "no algorithm at all": (TEXT, {**signature(TEXT), SETTINGS: "algorithm=none"}),
    "an algorithm that was not used": (TEXT, {**signature(TEXT), SETTINGS: "algorithm=HMAC_SHA256"}),
}


@pytest.mark.parametrize(("form", "headers"), WRONG.values(), ids=WRONG.keys())
async def test_a_post_that_is_not_the_providers_is_refused(
    door: Client, broker: Broker, form: Pairs, headers: dict[str, str]
) -> None:
    """A missing or wrong signature is answered with 403 and changes nothing [SMS-09] [SMS-10]."""
    status, _, _ = await post(door, "/sms/incoming", form, headers)

    assert status == 403
    assert broker.untouched


async def test_news_that_is_not_the_providers_is_refused(door: Client, broker: Broker) -> None:
    """A forged status callback is answered with 403 and changes nothing [SMS-09]."""
    status, _, _ = await post(door, "/sms/status", NEWS, signature(NEWS, "/sms/status", token="guess"))

    assert status == 403
    assert broker.untouched


async def test_repeated_fields_are_all_part_of_the_signature(door: Client, broker: Broker) -> None:
    """Fields that come more than once are checked with all their values [SMS-09]."""
    status, _, _ = await post(door, "/sms/incoming", REPEATED, signature(REPEATED))

    assert status == 200
    assert len(broker.texts) == 1


async def test_the_host_that_a_client_claims_decides_nothing(door: Client, broker: Broker) -> None:
    """The signature is checked for the configured URL, whatever the Host and forwarding headers say [SMS-09]."""
    claimed = {"Host": "evil.invalid", "X-Forwarded-Host": "evil.invalid", "X-Forwarded-Proto": "http"}
    good, _, _ = await post(door, "/sms/incoming", TEXT, {**signature(TEXT), **claimed})
    bad, _, _ = await post(door, "/sms/incoming", TEXT, {**signature(TEXT, base="https://evil.invalid"), **claimed})

    assert (good, bad, len(broker.texts)) == (200, 403, 1)


async def test_a_query_is_part_of_what_is_signed(door: Client, broker: Broker) -> None:
    """A webhook configured with a query is checked with it, and one added on the way breaks the signature [SMS-09]."""
    path = "/sms/incoming?line=1&x=%C3%A9"
    good, _, _ = await post(door, path, TEXT, signature(TEXT, path))
    bad, _, _ = await post(door, path, TEXT, signature(TEXT))

    assert (good, bad, len(broker.texts)) == (200, 403, 1)


@pytest.mark.parametrize(
    ("settings", "token", "status"),
    [
        ("key=webhooks_sharedkey_1,algorithm=HMAC_SHA256", SHARED, 200),
        (" algorithm = hmac_sha256 , key = webhooks_sharedkey_1", SHARED, 200),
        ("key=webhooks_sharedkey_1,algorithm=HMAC_SHA256", TOKEN, 403),
        ("key=unknown,algorithm=HMAC_SHA256", SHARED, 403),
        ("key=webhooks_sharedkey_1,algorithm=HMAC_SHA512", SHARED, 403),
    ],
)
async def test_a_shared_key_signs_with_sha_256(
    door: Client, broker: Broker, settings: str, token: str, status: int
) -> None:
    """The shared-key scheme is believed under the key that it names, and an unknown algorithm never is [SMS-10]."""
    headers = {
        "X-Twilio-Signature": sign(PUBLIC + "/sms/incoming", TEXT, token, "HMAC_SHA256"),
        SETTINGS: settings,
    }

    assert (await post(door, "/sms/incoming", TEXT, headers))[0] == status
    assert len(broker.texts) == (status == 200)


async def test_yes_is_said_only_after_the_commit(door: Client, broker: Broker) -> None:
    """The provider hears 200 when the text is durable, and nothing before [SMS-20]."""
    broker.gate = asyncio.Event()
    asked = asyncio.create_task(post(door, "/sms/incoming", TEXT, signature(TEXT)))
    done, _ = await asyncio.wait({asked}, timeout=0.2)
    broker.gate.set()

    assert not done
    assert (await asked)[0] == 200
    assert len(broker.texts) == 1


@pytest.mark.parametrize(("path", "form"), [("/sms/incoming", TEXT), ("/sms/status", NEWS)])
async def test_a_database_that_is_away_makes_the_provider_come_back(
    door: Client, broker: Broker, path: str, form: Pairs
) -> None:
    """While nothing can be stored the answer is 503, never a false yes [SMS-20]."""
    broker.down = True
    status, _, _ = await post(door, path, form, signature(form, path))

    assert status == 503


async def test_a_directory_that_is_away_makes_the_provider_come_back(broker: Broker) -> None:
    """A line that cannot be looked up now is not an unknown line: the answer is 503 [SMS-20]."""

    async def away(number: str) -> SmsLine | None:
        raise UnavailableError

    app = web.Application()
    app.add_routes(receive.routes(away, broker.accept, broker.status, lambda: NOW, PUBLIC))
    async with TestClient(TestServer(app)) as client:
        status, _, _ = await post(client, "/sms/incoming", TEXT, signature(TEXT))

    assert status == 503
    assert broker.untouched


async def test_a_form_that_is_too_long_is_refused_before_it_is_read(door: Client, broker: Broker) -> None:
    """A body over 64 KiB is cut off with 413, in one piece or in many [SMS-20]."""
    form = [*TEXT, ("Extra", "x" * receive.BODY_LIMIT)]
    status, _, _ = await post(door, "/sms/incoming", form, signature(form))

    assert status == 413
    assert broker.untouched


@pytest.mark.parametrize("body", [b"\xff\xfe", b"Body=%FF", b"&".join(b"a%d=" % n for n in range(300)), b"{}"])
async def test_a_body_that_is_no_form_is_refused(door: Client, broker: Broker, body: bytes) -> None:
    """Bytes that are not a form of the provider's are answered with 403 [SMS-09]."""
    async with door.post("/sms/incoming", data=body, headers={"X-Twilio-Signature": "AAAA"}) as answer:
        assert answer.status == 403
    assert broker.untouched


async def test_a_form_of_too_many_fields_is_refused(door: Client, broker: Broker) -> None:
    """Even under a good signature no more fields are read than the provider ever sends [SMS-20]."""
    form = [*TEXT, *((f"Extra{number}", "") for number in range(300))]
    status, _, _ = await post(door, "/sms/incoming", form, signature(form))

    assert status == 403
    assert broker.untouched


async def test_news_without_a_state_is_answered_as_a_mistake(door: Client, broker: Broker) -> None:
    """Signed news that says nothing is refused with 400 and changes nothing [SMS-12]."""
    form = [("MessageSid", "SM2"), ("From", LINE.number)]
    status, _, _ = await post(door, "/sms/status", form, signature(form, "/sms/status"))

    assert status == 400
    assert broker.untouched


async def test_no_log_line_holds_a_number_or_a_word(
    door: Client, broker: Broker, caplog: pytest.LogCaptureFixture
) -> None:
    """Refusals, outages and successes are logged without content, number or the claimed algorithm [SMS-09]."""
    caplog.set_level(logging.DEBUG, logger="messaging_server")
    caplog.set_level(logging.DEBUG, logger="twilio")
    await post(door, "/sms/incoming", TEXT, signature(TEXT))
    await post(door, "/sms/incoming", TEXT, {**signature(TEXT), SETTINGS: "algorithm=canary"})
    broker.down = True
    await post(door, "/sms/incoming", TEXT, signature(TEXT))

    assert "sms webhook refused" in caplog.text
    assert not [word for word in ("5550123", "5550100", "bonjour", "canary", TOKEN) if word in caplog.text.lower()]


def test_a_line_does_not_print_its_secrets() -> None:
    """Neither token nor shared keys are shown by repr [SMS-10]."""
    assert TOKEN not in repr(LINE)
    assert SHARED not in repr(LINE)
