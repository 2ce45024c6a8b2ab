"""One mail handed to a relay, which may say anything."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from messaging_server.channels.email import send
from messaging_server.channels.email.send import Outcome, Relay, Sent

MAIL = b"From: c@sante.example\r\nTo: zoe@exemple.ca\r\nSubject: x\r\n\r\n.\r\nfin\r\n"


@dataclass
class Script:
    """What a relay answers to each command, and what it heard."""

    ehlo: str = "250-relais\r\n250-SIZE 1000\r\n250 DSN"
    answers: dict[str, str] = field(default_factory=dict)
    heard: list[str] = field(default_factory=list)
    data: bytes = b""
    tls: ssl.SSLContext | None = None

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 relais\r\n")
        while line := (await reader.readline()).decode().strip():
            self.heard.append(line)
            command = line.split(" ", maxsplit=1)[0].split(":", maxsplit=1)[0].upper()
            answer = self.ehlo if command == "EHLO" else self.answers.get(command, "250 2.0.0 Ok")
            if answer == "hang up":
                break
            if command == "DATA" and answer.startswith("250"):
                writer.write(b"354 go\r\n")
                self.data = await reader.readuntil(b"\r\n.\r\n")
                answer = self.answers.get("BODY", "250 2.0.0 Ok: queued as 4XyZ12")
            writer.write(f"{answer}\r\n".encode())
            if command == "STARTTLS" and self.tls is not None:
                await writer.drain()
                try:
                    await writer.start_tls(self.tls)
                except OSError:  # the client did not like our certificate
                    break
        writer.close()


Start = Callable[..., Awaitable[int]]


@pytest.fixture
async def start() -> AsyncIterator[Start]:
    """Starts a relay that follows a script; gives its port."""
    servers: list[asyncio.Server] = []

    async def start_one(script: Script, host: str = "127.0.0.1") -> int:
        server = await asyncio.start_server(script.serve, host.replace("localhost", "127.0.0.1"), 0)
        servers.append(server)
        return int(server.sockets[0].getsockname()[1])

    yield start_one
    for server in servers:
        server.close()
        await server.wait_closed()


def loopback(port: int) -> Relay:
    return Relay(host="127.0.0.1", port=port, tls="none_loopback", timeout=5, hostname="test.example")


async def test_a_mail_taken_over_is_delivered_with_the_relays_name_for_it(start: Start) -> None:
    """One recipient, one envelope; ENVID and RET=HDRS go along where DSN is offered [EOU-05, EOU-13, EOU-14]."""
    script = Script()
    relay = loopback(await start(script))
    sent = await send.send(MAIL, "b@sante.example", "zoe@exemple.ca", relay, envelope_id="j+1=é")
    assert sent == Sent(outcome=Outcome.DELIVERED, code="2.0.0", provider_id="4XyZ12")
    said = [line for line in script.heard if line.startswith(("MAIL", "RCPT"))]
    assert said == [
        f"MAIL FROM:<b@sante.example> SIZE={len(MAIL)} RET=HDRS ENVID=j+2B1+3D+C3+A9",
        "RCPT TO:<zoe@exemple.ca> NOTIFY=FAILURE,DELAY",
    ]
    assert b"\r\n..\r\nfin\r\n" in script.data


async def test_without_dsn_nothing_is_asked_and_the_null_sender_is_empty(start: Start) -> None:
    """A relay without DSN hears no parameter of it; an automatic mail may have the null reverse-path [ACK-12]."""
    script = Script(ehlo="250 relais")
    await send.send(MAIL, "", "zoe@exemple.ca", loopback(await start(script)), envelope_id="j")
    assert "MAIL FROM:<>" in script.heard
    assert "RCPT TO:<zoe@exemple.ca>" in script.heard


@pytest.mark.parametrize(
    ("answers", "outcome", "code"),
    [
        ({"RCPT": "550 5.1.1 <zoe@exemple.ca> unknown"}, Outcome.PERMANENT, "5.1.1"),
        ({"RCPT": "550 no such zoe@exemple.ca"}, Outcome.PERMANENT, "550"),
        ({"RCPT": "450 4.2.0 greylisted"}, Outcome.TEMPORARY, "4.2.0"),
        ({"BODY": "554 5.7.1 refused"}, Outcome.PERMANENT, "5.7.1"),
        ({"BODY": "451 4.3.0 later"}, Outcome.TEMPORARY, "4.3.0"),
        ({"MAIL": "552 5.3.4 too big"}, Outcome.PERMANENT, "5.3.4"),
        ({"MAIL": "550 5.7.1 who are you"}, Outcome.TEMPORARY, "5.7.1"),
        ({"DATA": "hang up"}, Outcome.TEMPORARY, "SMTPServerDisconnected"),
        ({"QUIT": "hang up"}, Outcome.DELIVERED, "2.0.0"),
        ({"QUIT": "500 what"}, Outcome.DELIVERED, "2.0.0"),
    ],
)
async def test_each_answer_is_told_apart(start: Start, answers: dict[str, str], outcome: Outcome, code: str) -> None:
    """Final refusals of a person, passing ones, and trouble of our own are three things; no address gets out
    [EOU-13, EOU-14, AUD-02].
    """
    port = await start(Script(answers=answers))
    sent = await send.send(MAIL, "b@sante.example", "zoe@exemple.ca", loopback(port))
    assert (sent.outcome, sent.code) == (outcome, code)
    assert "zoe" not in repr(sent)


async def test_a_relay_that_is_not_there_is_tried_again(start: Start) -> None:
    """A refused connection is passing trouble [EOU-13]."""
    port = await start(Script())
    gone = Relay(host="127.0.0.1", port=1 if port != 1 else 2, tls="none_loopback", timeout=2)
    assert (await send.send(MAIL, "b@s.example", "zoe@exemple.ca", gone)).outcome is Outcome.TEMPORARY


async def test_without_encryption_nothing_is_said(start: Start) -> None:
    """A relay that offers no STARTTLS, or a certificate that nobody vouches for, hears neither sender nor words
    [EOU-11].
    """
    script = Script(ehlo="250 relais")
    relay = Relay(host="127.0.0.1", port=await start(script), timeout=5, hostname="test.example")
    assert (await send.send(MAIL, "b@s.example", "zoe@exemple.ca", relay)).outcome is Outcome.TEMPORARY
    assert not [line for line in script.heard if line.startswith(("MAIL", "RCPT", "DATA"))]


@pytest.mark.parametrize(
    ("host", "vouched", "outcome"),
    [
        ("localhost", True, Outcome.DELIVERED),
        ("localhost", False, Outcome.TEMPORARY),
        ("127.0.0.2", True, Outcome.TEMPORARY),  # another name than the certificate's
    ],
)
async def test_the_relays_certificate_is_verified(
    start: Start, server_tls: ssl.SSLContext, certificate: Path, host: str, vouched: bool, outcome: Outcome
) -> None:
    """Mail goes only under a certificate that we trust; otherwise it waits [EOU-11]."""
    script = Script(ehlo="250-relais\r\n250 STARTTLS", answers={"STARTTLS": "220 go"}, tls=server_tls)
    port = await start(script, host)
    relay = Relay(host=host, port=port, timeout=5, hostname="t.example", ca_file=str(certificate) if vouched else None)
    assert (await send.send(MAIL, "b@s.example", "zoe@exemple.ca", relay)).outcome is outcome
    assert bool(script.data) is (outcome is Outcome.DELIVERED)


@pytest.mark.parametrize("host", ["relais.example", "192.0.2.1", "0.0.0.0"])  # noqa: S104  # an address to refuse
def test_a_relay_without_tls_must_be_this_machine(host: str) -> None:
    """There is no setting that sends mail in clear over a network [EOU-11]."""
    with pytest.raises(ValueError, match="on this machine"):
        Relay(host=host, port=25, tls="none_loopback")


def test_a_relays_password_does_not_print_itself() -> None:
    """The repr of a relay hides its password [AUD-02]."""
    assert "motdepasse" not in repr(Relay(host="relais.example", port=587, password="motdepasse"))


@pytest.mark.parametrize("to", ["zoe@exemple.ca>\r\nRCPT TO:<evil@x.com", "zoe@exemple.ca evil@x.com", "zoe", ""])
async def test_no_second_recipient_can_be_smuggled_in(start: Start, to: str) -> None:
    """What is not one address is final before anything is said about it [EOU-05, EOU-09]."""
    script = Script()
    sent = await send.send(MAIL, "b@s.example", to, loopback(await start(script)))
    assert sent == Sent(outcome=Outcome.PERMANENT, code="5.1.3")
    assert not [line for line in script.heard if line.startswith("RCPT")]


@pytest.mark.parametrize(("offered", "outcome"), [(True, Outcome.DELIVERED), (False, Outcome.PERMANENT)])
async def test_an_international_address_needs_a_relay_that_knows_it(
    start: Start, offered: bool, outcome: Outcome
) -> None:
    """With SMTPUTF8 the address is said as it is; without, the failure is final and named [EOU-13, EIN-27]."""
    script = Script(ehlo="250-relais\r\n250 SMTPUTF8" if offered else "250 relais")
    sent = await send.send(MAIL, "b@s.example", "léa@exemple.ca", loopback(await start(script)))
    assert sent.outcome is outcome
    assert ("RCPT TO:<léa@exemple.ca>" in script.heard) is offered
