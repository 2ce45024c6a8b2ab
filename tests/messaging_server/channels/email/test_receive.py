"""The mail door, spoken to over real sockets."""

import asyncio
import logging
import smtplib
import ssl
from datetime import timedelta
from email.message import EmailMessage
from ipaddress import ip_network
from pathlib import Path

import pytest

from messaging_server.channels.email import limits
from messaging_server.channels.email.dmarc import DnsUnavailableError
from messaging_server.errors import UnavailableError
from messaging_server.message import Automatic, Verification
from tests.messaging_server.channels.email.doors import Broker, Open

MAIL = b"From: zoe@exemple.ca\r\nTo: clinique@sante.example\r\nSubject: Bonjour\r\nMessage-ID: <1@exemple.ca>\r\n\r\n"


async def test_a_mail_is_kept_before_it_is_accepted(broker: Broker, open_door: Open) -> None:
    """While the store works the sender hears nothing; 250 comes after, with the message kept [EIN-05]."""
    client = await open_door()
    broker.go_on.clear()
    answer = asyncio.create_task(client.deliver(MAIL + b"J'ai mal."))
    await broker.started.wait()
    assert broker.kept == []
    assert not answer.done()
    broker.go_on.set()
    assert await answer == "250 2.0.0 Ok\r\n"
    (kept,) = broker.kept
    assert (kept.sender, kept.subject, kept.new_text) == ("zoe@exemple.ca", "Bonjour", "J'ai mal.")
    assert kept.raw == MAIL + b"J'ai mal.\r\n"
    assert kept.received_at == broker.now


@pytest.mark.parametrize("failure", [UnavailableError(), RuntimeError("Zoé a mal"), OSError("disque plein")])
async def test_a_store_that_fails_makes_the_sender_try_again(
    broker: Broker, open_door: Open, caplog: pytest.LogCaptureFixture, failure: Exception,
) -> None:
    """Whatever fails behind the door, the answer is 451 and names nothing; the next try works [EIN-05, AUD-02]."""
    client = await open_door()
    broker.failure = failure
    assert (await client.deliver(MAIL + b"ok")) == "451 4.3.0 Temporary failure, please try again later\r\n"
    broker.failure = None
    assert (await client.deliver(MAIL + b"ok")).startswith("250")
    assert len(broker.kept) == 1
    assert "Zoé" not in caplog.text
    assert type(failure).__name__ in caplog.text


async def test_a_client_that_hangs_up_does_not_stop_the_keeping(broker: Broker, open_door: Open) -> None:
    """Once the message is whole it is kept, even if the sender is gone before the answer [EIN-05]."""
    client = await open_door()
    broker.go_on.clear()
    await client.begin()
    client.writer.write(MAIL + b"ok\r\n.\r\n")
    await broker.started.wait()
    client.writer.close()
    await client.writer.wait_closed()
    broker.go_on.set()
    async with asyncio.timeout(5):
        await broker.done.wait()
    assert broker.kept[0].new_text == "ok"


@pytest.mark.parametrize(
    "ending", [b"\n.\n", b"\n.\r\n", b"\r\n.\n", b"\r.\r", b"\r\n\x00.\r\n", b"\r.\r\n", b"\r\n.\r", b"\n\n.\r\n"]
)
async def test_no_smuggled_ending_makes_a_second_mail(broker: Broker, open_door: Open, ending: bytes) -> None:
    """A false end of data ends nothing: no command follows it, and the whole is refused [EIN-02, EIN-03]."""
    client = await open_door()
    await client.begin()
    smuggled = b"MAIL FROM:<evil@x.com>\r\nRCPT TO:<clinique@sante.example>\r\nDATA\r\n" + MAIL + b"smuggled"
    assert (await client.say(MAIL + b"un" + ending + smuggled + b"\r\n.")).startswith("550 5.6.0")
    assert (await client.say(b"NOOP")).startswith("250")
    assert broker.kept == []


@pytest.mark.parametrize("bad", [b"a\nAuthentication-Results: x", b"a\rb", b"a\x00b"])
async def test_a_bare_control_in_a_header_is_refused(broker: Broker, open_door: Open, bad: bytes) -> None:
    """A bare CR, LF or NUL cannot make a header for us: the mail is refused with 550 [EIN-03]."""
    client = await open_door()
    answer = await client.deliver(b"From: zoe@exemple.ca\r\nX-A: " + bad + b"\r\n\r\nok")
    assert answer.startswith("550 5.6.0")
    assert broker.kept == []


async def test_a_line_that_begins_with_a_dot_keeps_it(broker: Broker, open_door: Open) -> None:
    """Dot-stuffing is undone exactly once [EIN-02]."""
    client = await open_door()
    await client.deliver(MAIL + b".\r\n..deux\r\n.trois")
    assert broker.kept[0].new_text == ".\n..deux\n.trois"


@pytest.mark.parametrize(
    "recipient", ["inconnu@sante.example", "luc@ailleurs.example", "clinique@sante.example.evil.com", '"a b"@x.ca']
)
async def test_nothing_is_relayed(broker: Broker, open_door: Open, recipient: str) -> None:
    """An address that is not ours is answered 550 5.1.1 and DATA is out of turn [EIN-01]."""
    client = await open_door()
    await client.say(b"EHLO test.example")
    await client.say(b"MAIL FROM:<zoe@exemple.ca>")
    assert (await client.say(f"RCPT TO:<{recipient}>".encode())).startswith("550 5.1.1")
    assert (await client.say(b"DATA")).startswith("503")


async def test_patients_and_strangers_hear_the_same(open_door: Open) -> None:
    """The answers to a known sender, an unknown one and none at all are the same bytes [EIN-22]."""
    heard = []
    for sender in ("zoe@exemple.ca", "inconnu@ailleurs.example", ""):
        client = await open_door()
        heard.append(
            [
                await client.say(b"EHLO test.example"),
                await client.say(f"MAIL FROM:<{sender}>".encode()),
                await client.say(b"RCPT TO:<clinique@sante.example>"),
                await client.say(b"DATA"),
                await client.say(MAIL + b"ok\r\n."),
            ]
        )
    assert heard[0] == heard[1] == heard[2]


async def test_the_case_of_our_domain_does_not_matter(broker: Broker, open_door: Open) -> None:
    """The recipient's domain is compared in lower case, as the DNS does [EIN-01, EIN-10]."""
    client = await open_door()
    assert (await client.deliver(MAIL + b"ok", "clinique@SANTE.Example")).startswith("250")


async def test_a_retry_has_the_same_identity_and_another_mail_has_not(broker: Broker, open_door: Open) -> None:
    """Envelope, Message-ID and body make the identity; trace headers do not, other words do [EIN-06]."""
    client = await open_door()
    hop = b"Received: from a by b; Tue, 03 Nov 2026 09:15:00 -0500\r\n"
    for raw, to, sender in (
        (MAIL + b"un", "clinique@sante.example", "zoe@exemple.ca"),
        (hop + MAIL + b"un", "clinique@sante.example", "zoe@exemple.ca"),
        (MAIL + b"deux", "clinique@sante.example", "zoe@exemple.ca"),
        (MAIL + b"un", "autre@voisine.example", "zoe@exemple.ca"),
        (MAIL + b"un", "clinique@sante.example", "luc@exemple.ca"),
        (MAIL.replace(b"<1@", b"<2@") + b"un", "clinique@sante.example", "zoe@exemple.ca"),
    ):
        assert (await client.deliver(raw, to, sender=sender)).startswith("250")
    seen = [message.idempotency for message in broker.kept]
    assert seen[0] == seen[1]
    assert len(set(seen)) == 5


async def test_one_mail_to_two_clinics_is_a_message_for_each(broker: Broker, open_door: Open) -> None:
    """Each clinic gets its own; the thread's address stands in for its clinic's general one [REC-05]."""
    client = await open_door()
    await client.deliver(MAIL + b"ok", "clinique@sante.example", "r.jeton@sante.example", "autre@voisine.example")
    assert [(one.clinic.int, one.reply_token) for one in broker.kept] == [(1, "jeton"), (2, None)]
    assert [one.other_recipients for one in broker.kept] == [0, 0]


async def test_a_giant_is_refused_and_a_long_line_is_not(broker: Broker, open_door: Open) -> None:
    """Size is bounded in MAIL and in DATA; a line beyond 998 bytes, which some programs write, is kept [EIN-21]."""
    client = await open_door(size_limit=100_000)
    await client.say(b"EHLO test.example")
    assert (await client.say(b"MAIL FROM:<zoe@exemple.ca> SIZE=100001")).startswith("552")
    assert (await client.deliver(MAIL + b"abc\r\n" * 25_000)).startswith("552")
    assert (await client.deliver(MAIL + b"a" * 5000)).startswith("250")
    assert len(broker.kept) == 1


async def test_too_much_mail_at_once_is_put_off(broker: Broker, open_door: Open) -> None:
    """A peer over its rate hears 450 and may come back in a minute; nothing is refused for good [EIN-21]."""
    client = await open_door(trusted_peers=(), per_peer=limits.Rate(per_minute=1, burst=2))
    for expected in ("250", "250", "450"):
        await client.say(b"EHLO test.example")
        assert (await client.say(b"MAIL FROM:<zoe@exemple.ca>")).startswith(expected)
    broker.now += timedelta(minutes=1)
    assert (await client.say(b"MAIL FROM:<zoe@exemple.ca>")).startswith("250")


async def test_one_sender_cannot_flood_through_the_relay(open_door: Open) -> None:
    """The sender has a rate too, whoever brings the mail; others are not held up by it [EIN-21]."""
    client = await open_door(per_sender=limits.Rate(per_minute=1, burst=1))
    for sender, expected in (("zoe@a.ca", "250"), ("ZOE@a.ca", "450"), ("luc@a.ca", "250"), ("", "250"), ("", "250")):
        await client.say(b"EHLO test.example")
        assert (await client.say(f"MAIL FROM:<{sender}>".encode())).startswith(expected)


RESULTS = b"Authentication-Results: relais.sante.example; dmarc=pass header.from=exemple.ca\r\n"


async def test_the_relay_is_believed_from_its_own_address_only(broker: Broker, open_door: Open) -> None:
    """The header counts from a trusted peer; from anyone else the same header is worth nothing [EIN-08]."""
    inside = await open_door()
    await inside.deliver(RESULTS + MAIL + b"ok")
    outside = await open_door(trusted_peers=())
    await outside.deliver(RESULTS + MAIL + b"ok")
    assert [(one.authentication.source, one.authentication.aligned) for one in broker.kept] == [
        ("header", True),
        ("none", False),
    ]


async def test_two_authors_or_an_unclear_one_prove_nothing(broker: Broker, open_door: Open) -> None:
    """A pass beside a doubtful From is not a pass: the mail is kept as nobody's [EIN-07, EIN-08]."""
    client = await open_door()
    await client.deliver(RESULTS + b"From: evil@x.com\r\n" + MAIL + b"ok")
    await client.deliver(RESULTS + MAIL.replace(b"zoe@exemple.ca", b"zoe@exemple.ca <evil@x.com>", 1) + b"ok")
    assert [(one.sender, one.authentication.aligned) for one in broker.kept] == [(None, False)] * 2
    assert [one.defects for one in broker.kept] == [("from_repeated",), ("from_unclear",)]


async def test_a_dns_failure_puts_the_mail_off(broker: Broker, open_door: Open) -> None:
    """When the sender's domain cannot be checked now, the answer is 451, never a pass [EIN-26]."""

    async def silent(_name: str, _kind: str) -> tuple[str, ...]:
        raise DnsUnavailableError

    client = await open_door(query=silent)
    assert (await client.deliver(MAIL + b"ok")).startswith("451 4.7.5")
    assert broker.kept == []


async def test_our_own_check_speaks_when_no_relay_does(broker: Broker, open_door: Open) -> None:
    """With the DNS at hand a mail without the relay's header is checked here [EIN-08]."""
    zone = {"exemple.ca": ("v=spf1 ip4:127.0.0.1 -all",), "_dmarc.exemple.ca": ("v=DMARC1; p=reject",)}

    async def query(name: str, kind: str) -> tuple[str, ...]:
        return zone.get(name, ()) if kind == "TXT" else ()

    for peers in ((), (ip_network("127.0.0.0/8"),)):
        client = await open_door(query=query, trusted_peers=peers)
        assert (await client.deliver(MAIL + b"ok")).startswith("250")
    passed, failed, none = Verification.PASS, Verification.FAIL, Verification.NONE
    proofs = [one.authentication for one in broker.kept]
    assert [(one.source, one.spf, one.dmarc, one.aligned) for one in proofs] == [
        ("local", passed, passed, True),
        ("local", none, failed, False),  # through our own relay: its address says nothing of the sender
    ]


async def test_a_bounce_comes_in_with_the_delivery_that_it_speaks_of(broker: Broker, open_door: Open) -> None:
    """A report to the bounce address is tied to its delivery and marked as a machine's [EIN-18, EOU-14]."""
    raw = (
        b"From: MAILER-DAEMON@mx.example\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\r\n"
        b"\r\n--b\r\n\r\nnon remis\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx\r\n"
        b"\r\n"
        b"Final-Recipient: rfc822; z@x.ca\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n--b--"
    )
    client = await open_door()
    assert (await client.deliver(raw, "b.retour@sante.example", sender="")).startswith("250")
    (kept,) = broker.kept
    assert (kept.automatic, kept.delivery_ref, kept.bounce_permanent) == (Automatic.BOUNCE, "retour", True)


async def test_what_cannot_be_understood_is_kept(
    broker: Broker, open_door: Open, monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A fault of our own reader keeps the raw mail with a reason for a human; it is accepted, not lost [EIN-16]."""

    def broken(_raw: bytes) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("messaging_server.channels.email.parse.read_mail", broken)
    client = await open_door()
    assert (await client.deliver(MAIL + b"ok")).startswith("250")
    (kept,) = broker.kept
    assert (kept.defects, kept.sender, kept.raw) == (("unreadable",), None, MAIL + b"ok\r\n")


async def test_the_quotation_and_the_new_words_come_apart(broker: Broker, open_door: Open) -> None:
    """What we said is quoted, by our own address in the heading; what the patient says is new [EIN-17]."""
    client = await open_door()
    await client.deliver(
        MAIL + b"Oui.\r\n-- \r\nZoe Roy\r\n\r\n"
        b"On Nov 3, 2026, Clinic <clinique@sante.example> wrote:\r\n\r\nYou have mail"
    )
    (kept,) = broker.kept
    assert kept.new_text == "Oui."
    assert "Zoe Roy" in kept.quoted_text
    assert "You have mail" in kept.quoted_text


async def test_the_library_cannot_log_a_body(open_door: Open, caplog: pytest.LogCaptureFixture) -> None:
    """With every logger at DEBUG no word of a mail, no address, no stray command is logged [EIN-23, AUD-02]."""
    caplog.set_level(logging.DEBUG)
    logging.getLogger("mail.log").setLevel(logging.DEBUG)
    client = await open_door()
    await client.deliver(MAIL + b"secret-mot")
    await client.say(b"secret-mot hors de propos")
    assert not [word for word in ("secret-mot", "zoe", "Bonjour") if word.lower() in caplog.text.lower()]


async def test_mail_without_encryption_is_marked_and_with_it_is_not(
    broker: Broker, open_door: Open, server_tls: ssl.SSLContext, certificate: Path,
) -> None:
    """A plaintext arrival is marked for staff; the same mail after STARTTLS is not [EIN-04]."""
    client = await open_door(tls_context=server_tls)
    await client.deliver(MAIL + b"en clair")
    port = client.writer.get_extra_info("peername")[1]
    await asyncio.to_thread(_send_over_tls, port, certificate)
    assert [one.encrypted_transport for one in broker.kept] == [False, True]


def _send_over_tls(port: int, certificate: Path) -> None:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "zoe@exemple.ca", "clinique@sante.example", "Été"
    message.set_content("chiffré")
    with smtplib.SMTP("localhost", port, timeout=10) as client:
        client.starttls(context=ssl.create_default_context(cafile=str(certificate)))
        client.send_message(message)


async def test_a_private_relay_must_encrypt(open_door: Open, server_tls: ssl.SSLContext) -> None:
    """Where TLS is required, MAIL before STARTTLS is refused [EIN-04]."""
    client = await open_door(tls_context=server_tls, require_tls=True)
    assert "STARTTLS" in await client.say(b"EHLO test.example")
    assert (await client.say(b"MAIL FROM:<zoe@exemple.ca>")).startswith("530")


async def test_commands_slipped_in_before_encryption_are_forgotten(
    broker: Broker, open_door: Open, server_tls: ssl.SSLContext,
) -> None:
    """What somebody sends in clear behind STARTTLS is never obeyed inside it [EIN-02]."""
    client = await open_door(tls_context=server_tls)
    await client.say(b"EHLO test.example")
    assert (await client.say(b"STARTTLS\r\nMAIL FROM:<evil@x.com>")).startswith("220")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    await client.writer.start_tls(context)
    await client.say(b"EHLO test.example")
    assert (await client.say(b"RCPT TO:<clinique@sante.example>")).startswith("503")
    await client.begin()
    assert (await client.say(MAIL + b"ok\r\n.")).startswith("250")
    assert len(broker.kept) == 1


async def test_the_door_offers_no_sign_in_and_no_directory(open_door: Open) -> None:
    """No AUTH, no EXPN, no VRFY that tells anything: the door only takes mail [EIN-01, EIN-22]."""
    client = await open_door()
    offered = await client.say(b"EHLO test.example")
    assert "AUTH" not in offered
    assert {"SIZE", "SMTPUTF8", "8BITMIME"} <= {line[4:].split(" ")[0] for line in offered.split("\r\n")}
    assert (await client.say(b"AUTH PLAIN AGEAYg==")).startswith("500")
    assert (await client.say(b"EXPN clinique")).startswith("500")
    known = (await client.say(b"VRFY <clinique@sante.example>"))[:3]
    assert known == (await client.say(b"VRFY <inconnu@sante.example>"))[:3]


async def test_an_international_address_comes_through(broker: Broker, open_door: Open) -> None:
    """SMTPUTF8 senders are read in envelope and header [EIN-27]."""
    client = await open_door()
    raw = "From: Léa <léa@québec.example>\r\nSubject: é\r\n\r\nok".encode()
    assert (await client.deliver(raw, sender="léa@québec.example")).startswith("250")
    assert broker.kept[0].sender == "léa@xn--qubec-csa.example"
