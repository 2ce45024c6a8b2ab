"""The mail server that delivers nowhere, reached through our own sender."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from messaging_server.channels.email import compose, send
from messaging_server.channels.email.compose import OutgoingMail
from messaging_server.channels.email.send import Outcome, Relay, Sent
from messaging_server.demo import mailbox
from messaging_server.demo.mailbox import Postbox

NOW = datetime(2026, 11, 3, 14, 0, tzinfo=UTC)


@pytest.fixture
async def postbox(tmp_path: Path) -> Postbox:
    return Postbox(clock=lambda: NOW, folder=tmp_path / "outbox")


@pytest.fixture
async def relay(postbox: Postbox) -> AsyncIterator[Relay]:
    server = await mailbox.start(postbox, host="127.0.0.1", port=0)
    port = int(server.sockets[0].getsockname()[1])
    yield Relay(host="127.0.0.1", port=port, tls="none_loopback", timeout=5, hostname="test.example")
    server.close()
    await server.wait_closed()


def notice(to: str) -> bytes:
    return compose.build(
        OutgoingMail(
            to=to,
            from_name="Clinique",
            from_address="clinique@sante.example",
            envelope_from="",
            subject="Message de votre clinique",
            text="Un message vous attend\u00a0: ouvrez votre boîte.\n.\n",
            message_id="<n1@sante.example>",
            automatic=True,
            language="fr-CA",
        ),
        NOW,
    )


async def deliver(relay: Relay, to: str = "zoe@exemple.invalid") -> Sent:
    return await send.send(notice(to), "", to, relay)


async def test_what_is_sent_arrives_as_it_was_made(postbox: Postbox, relay: Relay, tmp_path: Path) -> None:
    """Composed, sent and caught, a mail is byte for byte the same, on the page and as a file [EOU-10]."""
    sent = await deliver(relay)
    assert (sent.outcome, sent.code) == (Outcome.DELIVERED, "2.0.0")
    (mail,) = postbox.to("Zoe@exemple.invalid")
    assert mail.raw == notice("zoe@exemple.invalid")
    assert mail.envelope_from == ""
    assert mail.read().text.startswith("Un message vous attend\u00a0: ouvrez votre boîte.")
    file = tmp_path / "outbox" / mail.name
    assert file.read_bytes() == mail.raw
    assert file.stat().st_mode & 0o077 == 0


async def test_the_stand_in_fails_as_it_is_told(postbox: Postbox, relay: Relay) -> None:
    """A passing failure, then a final one for one recipient: the sender tells them apart [EOU-13, EOU-14]."""
    postbox.faults.append("451 4.3.0 later")
    postbox.refused["luc@exemple.invalid"] = "550 5.1.1 unknown"
    assert await deliver(relay) == Sent(outcome=Outcome.TEMPORARY, code="4.3.0")
    assert (await deliver(relay)).outcome is Outcome.DELIVERED
    assert await deliver(relay, "luc@exemple.invalid") == Sent(outcome=Outcome.PERMANENT, code="5.1.1")


def test_a_second_start_continues_the_numbering(tmp_path: Path) -> None:
    """Files of an earlier run are not written over."""
    first = Postbox(clock=lambda: NOW, folder=tmp_path)
    first.keep("", "a@b.invalid", b"un")
    Postbox(clock=lambda: NOW, folder=tmp_path).keep("", "a@b.invalid", b"deux")
    assert sorted(path.read_bytes() for path in tmp_path.glob("*.eml")) == [b"deux", b"un"]


async def test_the_stand_in_stays_on_this_machine(postbox: Postbox) -> None:
    """Mail caught in clear is never offered to the network [EOU-11]."""
    with pytest.raises(ValueError, match="this machine"):
        await mailbox.start(postbox, host="0.0.0.0", port=0)  # noqa: S104  # an address to refuse
