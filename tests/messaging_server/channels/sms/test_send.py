"""Sending through the SDK, against the stand-in provider on loopback."""

import gc
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer, unused_port

from messaging_server.channels.sms import send as sms
from messaging_server.channels.sms.parse import AddressFault
from messaging_server.channels.sms.send import Outcome, Sent, SmsAccount
from messaging_server.demo.provider import Fault, Provider, application
from messaging_server.errors import UnavailableError

NOW = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)
TO = "+15145550123"
BODY = "Clinique des Érables : un message vous attend. Répondez ARRET pour cesser."
Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Desk:
    """The stand-in and an account there."""

    provider: Provider
    account: SmsAccount


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    provider = Provider(account_sid="AC" + "0" * 32, auth_token="invented-token", clock=lambda: NOW)
    async with TestServer(application(provider)) as server:
        account = SmsAccount(
            account_sid=provider.account_sid,
            auth_token=provider.auth_token,
            number="+14185550100",
            base_url=str(server.make_url("/")),
            status_callback="",
            timeout=5,
        )
        yield Desk(provider, account)


@pytest.fixture
async def odd(desk: Desk) -> AsyncIterator[Callable[[Answer], Awaitable[SmsAccount]]]:
    """An account at a host that answers everything in one odd way."""
    servers: list[TestServer] = []

    async def start(answer: Answer) -> SmsAccount:
        app = web.Application()
        app.router.add_route("*", "/{rest:.*}", answer)
        servers.append(TestServer(app))
        await servers[-1].start_server()
        return replace(desk.account, base_url=str(servers[-1].make_url("")))

    yield start
    for server in servers:
        await server.close()


async def test_a_text_is_handed_to_the_provider(desk: Desk) -> None:
    """The provider gets the number and the very words, and we keep its id; that is not "read" [SMS-12]."""
    sent = await sms.send(TO, BODY, desk.account)

    assert (sent.outcome, sent.code, sent.unanswered) == (Outcome.DELIVERED_TO_PROVIDER, None, False)
    assert [(t.sid, t.to, t.sender, t.body) for t in desk.provider.sent] == [
        (sent.provider_id, TO, desk.account.number, BODY)
    ]


async def test_an_opt_out_at_the_provider_is_told_apart(desk: Desk) -> None:
    """Error 21610 is an opt-out, not a failure to repeat [SMS-14]."""
    desk.provider.opted_out.add(TO)

    assert await sms.send(TO, BODY, desk.account) == Sent(outcome=Outcome.OPTED_OUT, code=21610)


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (Fault.BUSY, Sent(outcome=Outcome.TEMPORARY, code=20429)),
        (Fault.BROKEN, Sent(outcome=Outcome.TEMPORARY, code=20500, unanswered=True)),
        (Fault.OPTED_OUT, Sent(outcome=Outcome.OPTED_OUT, code=21610)),
    ],
)
async def test_a_provider_in_trouble_is_tried_again(desk: Desk, fault: Fault, expected: Sent) -> None:
    """Too many requests was surely not taken; a broken gateway may have taken it [SMS-20]."""
    desk.provider.faults.append(fault)

    assert await sms.send(TO, BODY, desk.account) == expected
    assert desk.provider.sent == []


@pytest.mark.parametrize(("to", "body", "code"), [("12", BODY, 21211), (TO, "", 21602), (TO, "a" * 1601, 21617)])
async def test_what_the_provider_will_never_take_is_permanent(desk: Desk, to: str, body: str, code: int) -> None:
    """A bad number, an empty text and one that is too long are not tried again [SMS-21]."""
    assert await sms.send(to, body, desk.account) == Sent(outcome=Outcome.PERMANENT, code=code)


async def test_a_landline_is_flagged(odd: Callable[[Answer], Awaitable[SmsAccount]]) -> None:
    """Error 21635 at sending says that the number itself is no good [SMS-21]."""

    async def landline(request: web.Request) -> web.Response:
        return web.json_response({"code": 21635, "message": "landline", "status": 400}, status=400)

    sent = await sms.send(TO, BODY, await odd(landline))

    assert (sent.outcome, sent.fault) == (Outcome.PERMANENT, AddressFault.UNDELIVERABLE)


async def test_our_own_wrong_token_does_not_condemn_the_number(desk: Desk) -> None:
    """A refused credential waits for its repair: the text is kept and the number not flagged [SMS-20]."""
    sent = await sms.send(TO, BODY, replace(desk.account, auth_token="stale"))

    assert sent == Sent(outcome=Outcome.TEMPORARY, code=20003)
    assert sent.fault is None


async def test_a_provider_that_hangs_is_left_after_the_timeout(desk: Desk) -> None:
    """The account's own timeout holds, and the attempt counts as unanswered [SMS-20]."""
    desk.provider.faults.append(Fault.HANG)
    sent = await sms.send(TO, BODY, replace(desk.account, timeout=0.1))

    assert sent == Sent(outcome=Outcome.TEMPORARY, unanswered=True)


async def test_a_lost_answer_is_found_before_the_text_is_repeated(desk: Desk) -> None:
    """After an unanswered attempt the provider is asked, and it knows the text: nobody is texted twice [SMS-11]."""
    desk.provider.faults.append(Fault.LOST_ANSWER)
    sent = await sms.send(TO, BODY, replace(desk.account, timeout=0.2))
    found = await sms.find_sent(TO, NOW, BODY, desk.account)

    assert sent.unanswered
    assert [found] == [text.sid for text in desk.provider.sent]


@pytest.mark.parametrize(
    ("to", "since", "body"),
    [
        (TO, NOW, "Autre texte"),
        ("+15145550199", NOW, BODY),
        (TO, NOW + timedelta(minutes=1), BODY),
    ],
)
async def test_another_text_is_not_taken_for_this_one(desk: Desk, to: str, since: datetime, body: str) -> None:
    """Other words, another number or an earlier time are not our attempt [SMS-11]."""
    await sms.send(TO, BODY, desk.account)

    assert await sms.find_sent(to, since, body, desk.account) is None


async def test_nothing_is_repeated_while_the_provider_cannot_be_asked(desk: Desk) -> None:
    """When the question itself is not answered, we do not know, and say so [SMS-11]."""
    with pytest.raises(UnavailableError):
        await sms.find_sent(TO, NOW, BODY, replace(desk.account, auth_token="stale"))


async def test_nobody_listening_is_surely_not_sent(desk: Desk) -> None:
    """A refused connection is temporary, and needs no question before the next attempt [SMS-20]."""
    nowhere = replace(desk.account, base_url=f"http://127.0.0.1:{unused_port()}")

    assert await sms.send(TO, BODY, nowhere) == Sent(outcome=Outcome.TEMPORARY)
    assert not await sms.erase("SM1", nowhere)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (201, ""),
        (201, "not json"),
        (201, "[]"),
        (201, "null"),
        (201, '{"sid": null}'),
        (201, '{"date_created": 5}'),
        (302, ""),
        (503, "<html>"),
    ],
)
async def test_a_senseless_answer_is_no_answer(
    odd: Callable[[Answer], Awaitable[SmsAccount]], status: int, body: str
) -> None:
    """Whatever a broken gateway says, the text is neither lost nor repeated blindly [SMS-20]."""

    async def senseless(request: web.Request) -> web.Response:
        return web.Response(status=status, text=body, headers={"Location": "http://127.0.0.1:9/"})

    account = await odd(senseless)
    sent = await sms.send(TO, BODY, account)

    assert (sent.outcome, sent.unanswered) == (Outcome.TEMPORARY, True)
    assert not await sms.erase("SM1", account)


async def test_an_archived_text_is_emptied_at_the_provider(desk: Desk) -> None:
    """After the archive has it, the provider's copy has no body left, and asking twice is the same [SMS-06]."""
    sent = await sms.send(TO, BODY, desk.account)
    await desk.provider.settle()
    assert sent.provider_id is not None

    assert await sms.erase(sent.provider_id, desk.account)
    assert await sms.erase(sent.provider_id, desk.account)
    assert [text.body for text in desk.provider.sent] == [""]


async def test_a_text_on_its_way_is_emptied_later(desk: Desk) -> None:
    """The provider refuses to touch a text that it is sending, so that we know to come back [SMS-06]."""
    sent = await sms.send(TO, BODY, desk.account)
    await desk.provider.settle()
    desk.provider.sent[0].status = "sending"
    assert sent.provider_id is not None

    assert not await sms.erase(sent.provider_id, desk.account)


async def test_a_text_that_is_gone_holds_nothing(desk: Desk) -> None:
    """A text that the provider no longer knows needs no erasing [SMS-06]."""
    assert await sms.erase("SM" + "f" * 32, desk.account)


async def test_no_log_line_holds_a_number_or_the_words(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    """The SDK's habit of logging numbers is broken, in success and in failure [SMS-21]."""
    caplog.set_level(logging.DEBUG)
    for name in ("twilio", "twilio.async_http_client"):
        caplog.set_level(logging.DEBUG, logger=name)
    await sms.send(TO, BODY, desk.account)
    await sms.send("12", BODY, desk.account)
    await sms.find_sent(TO, NOW, BODY, desk.account)

    ours = [record.getMessage() for record in caplog.records if not record.name.startswith("aiohttp.access")]
    assert not [line for line in ours for word in ("5550123", "Érables", "invented-token") if word in line]


async def test_no_session_is_left_open(desk: Desk) -> None:
    """Sessions are closed after success, refusal and timeout alike, with no warning from anyone [SMS-20]."""
    desk.provider.faults.extend([Fault.BUSY, Fault.HANG])
    for timeout in (5, 0.1, 5):
        await sms.send(TO, BODY, replace(desk.account, timeout=timeout))

    assert [s for s in gc.get_objects() if isinstance(s, ClientSession) and not s.closed] == []


async def test_the_environment_cannot_send_our_texts_elsewhere(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The SDK's own variables for another region or edge have no say [SMS-19]."""
    monkeypatch.setenv("TWILIO_EDGE", "sydney")
    monkeypatch.setenv("TWILIO_REGION", "au1")
    urls: list[str] = []
    account = replace(desk.account, base_url=None)
    async with sms._HttpClient(account) as http, sms._HttpClient(desk.account) as local:

        def placed(url: str) -> str:
            urls.append(placed_as_it_is(url))
            return str(local._placed(url))

        placed_as_it_is = http._placed
        monkeypatch.setattr(http, "_placed", placed)
        await sms._messages(http, account).list_async(limit=1)

    assert [url.partition("?")[0] for url in urls] == [
        f"https://api.twilio.com/2010-04-01/Accounts/{account.account_sid}/Messages.json"
    ]


def test_neither_account_nor_result_prints_what_it_holds(desk: Desk) -> None:
    """Token, number and the provider's id are not shown by repr [SMS-21]."""
    shown = repr(desk.account) + repr(Sent(outcome=Outcome.TEMPORARY, provider_id="SMcanary"))

    assert not [word for word in ("invented-token", "5550100", "SMcanary") if word in shown]


async def test_the_call_is_the_one_that_twilio_describes(
    desk: Desk, odd: Callable[[Answer], Awaitable[SmsAccount]]
) -> None:
    """Path, fields and Basic credentials are those of Twilio's published description of its API [SMS-22]."""
    seen: list[tuple[str, str, list[str], str]] = []

    async def note(request: web.Request) -> web.Response:
        form = await request.post()
        scheme = request.headers["Authorization"].partition(" ")[0]
        seen.append((request.method, request.path, sorted(form), scheme))
        return web.Response(status=201, text=json.dumps({"sid": "SM1"}))

    account = replace(await odd(note), status_callback="https://messages.clinique.invalid/sms/status")
    await sms.send(TO, BODY, account)

    path = f"/2010-04-01/Accounts/{account.account_sid}/Messages.json"
    assert seen == [("POST", path, ["Body", "From", "StatusCallback", "To"], "Basic")]
