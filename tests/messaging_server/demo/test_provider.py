"""The stand-in for the SMS provider, held against the real door and the real SDK's signature."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from aiohttp import ClientSession, encode_basic_auth, web
from aiohttp.test_utils import TestServer, unused_port
from hypothesis import given, settings
from hypothesis import strategies as st
from multidict import MultiDict
from twilio.request_validator import RequestValidator

from messaging_server.channels.sms import receive
from messaging_server.channels.sms import send as sms
from messaging_server.channels.sms.parse import StatusReport, advance
from messaging_server.channels.sms.receive import SmsLine
from messaging_server.channels.sms.send import SmsAccount
from messaging_server.demo.provider import Fault, Provider, application, sign
from messaging_server.message import ClinicId, IncomingMessage

NOW = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)
SID, TOKEN, NUMBER, PATIENT = "AC" + "0" * 32, "invented-token", "+14185550100", "+15145550123"
LINE = SmsLine(clinic=ClinicId(UUID(int=7)), auth_token=TOKEN, account_sid=SID, number=NUMBER)
PAIRS = st.lists(st.tuples(st.text(min_size=1, max_size=8), st.text(max_size=8)), max_size=6)


@dataclass
class World:
    """The stand-in and our own door, each on its port of loopback."""

    provider: Provider
    account: SmsAccount
    incoming: str
    texts: list[IncomingMessage]
    news: list[StatusReport]


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    port = unused_port()
    public = f"http://127.0.0.1:{port}"
    provider = Provider(account_sid=SID, auth_token=TOKEN, clock=lambda: NOW, folder=tmp_path / "outbox")
    texts: list[IncomingMessage] = []
    news: list[StatusReport] = []

    async def numbers(number: str) -> SmsLine | None:
        return LINE if number == NUMBER else None

    async def accept(message: IncomingMessage) -> None:
        texts.append(message)

    async def status(clinic: ClinicId, report: StatusReport) -> None:
        news.append(report)

    app = web.Application()
    app.add_routes(receive.routes(numbers, accept, status, lambda: NOW, public))
    async with TestServer(app, port=port), TestServer(application(provider)) as server:
        account = SmsAccount(
            account_sid=SID,
            auth_token=TOKEN,
            number=NUMBER,
            base_url=str(server.make_url("/")),
            status_callback=public + receive.STATUS_PATH,
            timeout=5,
        )
        yield World(provider, account, public + receive.INCOMING_PATH, texts, news)


def test_the_signature_is_the_one_that_twilio_publishes() -> None:
    """The example of Twilio's own documentation gives Twilio's own result [SMS-22]."""
    form = [("CallSid", "CA1234567890ABCDE"), ("Caller", "+14158675309"), ("Digits", "1234")]
    form += [("From", "+14158675309"), ("To", "+18005551212")]

    assert sign("https://mycompany.com/myapp.php?foo=1&bar=2", form, "12345") == "RSOYDt4T1cUTdK1PDd93/VVr8B8="


@settings(max_examples=100)
@given(PAIRS, st.sampled_from(["HMAC_SHA1", "HMAC_SHA256"]))
def test_the_stand_in_signs_as_the_sdk_checks(form: list[tuple[str, str]], algorithm: str) -> None:
    """Any form, with repeated names and empty values, is signed as the SDK expects it [SMS-10] [SMS-22]."""
    url = "https://messages.clinique.invalid/sms/incoming"
    signature = sign(url, form, TOKEN, algorithm)

    assert RequestValidator(TOKEN).validate(url, MultiDict(form), signature, algorithm)
    assert not RequestValidator("guess").validate(url, MultiDict(form), signature, algorithm)


async def test_a_text_from_a_phone_comes_in_by_our_door(world: World) -> None:
    """What a phone sends reaches the broker with its words, its sender and the count of its pictures [SMS-22]."""
    media = ["https://api.example.invalid/media/1"]
    status = await world.provider.text_in(world.incoming, to=NUMBER, sender=PATIENT, body="Allô ?\n", media=media)

    assert status == 200
    assert [(m.sender, m.new_text, m.defects) for m in world.texts] == [(PATIENT, "Allô ?\n", ("media:1",))]
    assert media[0] in dict(json.loads(world.texts[0].raw)).values()


async def test_the_fate_of_a_text_is_reported_to_our_door(world: World) -> None:
    """A text that we send comes back as signed news of the same id, up to its end [SMS-12]."""
    sent = await sms.send(PATIENT, "Un message vous attend.", world.account)
    await world.provider.settle()
    kept = "accepted"
    for report in world.news:
        kept = advance(kept, report.status)

    assert {report.provider_id for report in world.news} == {sent.provider_id}
    assert kept == "delivered"


async def test_a_dead_number_is_reported_with_its_code(world: World) -> None:
    """The stand-in can let a text fail on its way as the network does [SMS-21]."""
    world.provider.fates[PATIENT] = ("undelivered", 30005)
    await sms.send(PATIENT, "Un message vous attend.", world.account)
    await world.provider.settle()

    assert (world.news[-1].status, world.news[-1].error_code) == ("undelivered", 30005)


async def test_what_a_phone_would_show_is_kept_as_a_file(world: World) -> None:
    """Each text taken is a file that a person can read [SMS-22]."""
    await sms.send(PATIENT, "Un message vous attend.", world.account)
    await world.provider.settle()
    assert world.provider.folder is not None
    files = [json.loads(path.read_text(encoding="utf-8")) for path in world.provider.folder.iterdir()]

    assert [(text["to"], text["body"], text["status"]) for text in files] == [
        (PATIENT, "Un message vous attend.", "delivered")
    ]


async def test_a_deleted_text_is_gone(world: World) -> None:
    """A text can be shown and deleted by its id, and is unknown afterwards [SMS-06]."""
    sent = await sms.send(PATIENT, "Un message vous attend.", world.account)
    await world.provider.settle()
    async with sms._HttpClient(world.account) as http:
        one = sms._messages(http, world.account)(sent.provider_id)
        shown = await one.fetch_async()
        deleted = await one.delete_async()

    assert (shown.body, deleted, world.provider.sent) == ("Un message vous attend.", True, [])


@pytest.mark.parametrize(
    ("sid", "token", "status"), [(SID, "guess", 401), ("AC1", TOKEN, 401), (SID, None, 401), (SID, TOKEN, 200)]
)
async def test_nobody_else_may_use_the_account(world: World, sid: str, token: str | None, status: int) -> None:
    """Without the account's own token the stand-in answers 401, as the provider does [SMS-22]."""
    headers = {"Authorization": encode_basic_auth(sid, token)} if token else {}
    async with (
        TestServer(application(world.provider)) as server, ClientSession() as session,
        session.get(server.make_url(f"/2010-04-01/Accounts/{SID}/Messages.json"), headers=headers) as answer,
    ):
        assert answer.status == status


async def test_a_text_to_a_door_that_is_shut_is_not_taken(world: World) -> None:
    """When nobody answers at the webhook, the stand-in says so and does not fall over [SMS-22]."""
    nowhere = f"http://127.0.0.1:{unused_port()}/sms/incoming"

    assert await world.provider.text_in(nowhere, to=NUMBER, sender=PATIENT, body="Allô") == 0


async def test_a_fault_lasts_for_one_request(world: World) -> None:
    """Each injected fault strikes once, then the stand-in works again [SMS-22]."""
    world.provider.faults.append(Fault.BUSY)
    first = await sms.send(PATIENT, "un", world.account)
    second = await sms.send(PATIENT, "deux", world.account)

    assert [first.outcome, second.outcome] == ["temporary", "delivered_to_provider"]
