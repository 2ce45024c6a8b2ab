"""One mail to one relay, over verified TLS, and what became of it in words that no log need hide (EOU-11, EOU-14)."""

import re
import ssl
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import ip_address
from typing import Literal

import aiosmtplib

from messaging_server.channels.email import addresses

_ENHANCED = re.compile(r"(?:^|\n)\s*([245]\.\d{1,3}\.\d{1,3})\b")
_QUEUED = re.compile(r"\b(?:queued as |id[=:] ?)<?([A-Za-z0-9._-]{4,80})", re.IGNORECASE)
_SECONDS = 30.0


class Outcome(StrEnum):
    """What the relay said of one attempt."""

    DELIVERED = "delivered"
    """It took the mail over: not that anyone read it (T-42)."""
    TEMPORARY = "temporary"
    """Try again later, under the same Message-ID."""
    PERMANENT = "permanent"
    """Never by this address: a human must act."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """One attempt's result."""

    outcome: Outcome
    code: str
    """An enhanced status code (RFC 3463), a bare reply code, or the name of what went wrong; never an address."""
    provider_id: str | None = None
    """The relay's own name for the mail, where it gave one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Relay:
    """Where outgoing mail is handed in.

    `none_loopback` speaks without TLS and is refused for any host but this machine: there is no way to send a patient's
    mail in clear over a network (EOU-11).
    """

    host: str
    port: int
    tls: Literal["starttls", "implicit", "none_loopback"] = "starttls"
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    timeout: float = _SECONDS
    """Seconds for each step."""
    ca_file: str | None = None
    """Certificates to trust instead of the system's."""
    hostname: str | None = None
    """How we call ourselves in EHLO; None lets this machine's own name be looked up."""

    def __post_init__(self) -> None:
        if self.tls == "none_loopback" and not _is_loopback(self.host):
            raise ValueError("a relay without TLS must be on this machine")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


async def send(mail: bytes, envelope_from: str, to: str, relay: Relay, *, envelope_id: str | None = None) -> Sent:
    """Hand one mail in for one recipient; an empty `envelope_from` is the null reverse-path.

    `envelope_id` is our token of the delivery (RFC 3461 ENVID), asked back in reports where the relay offers DSN, with
    only the headers of the mail returned (RET=HDRS). Raises nothing for what a relay or a network may do.
    """
    client = aiosmtplib.SMTP(
        hostname=relay.host,
        port=relay.port,
        local_hostname=relay.hostname,
        timeout=relay.timeout,
        use_tls=relay.tls == "implicit",
        start_tls=relay.tls == "starttls",  # True: refused by the relay, it fails; it never goes on in clear
        tls_context=_verified(relay) if relay.tls != "none_loopback" else None,
        username=relay.username,
        password=relay.password,
    )
    try:
        await client.connect()
        return await _hand_in(client, mail, envelope_from, to, envelope_id)
    except aiosmtplib.SMTPResponseException as error:
        return _refused(error)
    except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
        return Sent(outcome=Outcome.TEMPORARY, code=type(error).__name__)
    finally:
        # What became of the mail is settled by now; a relay that fails to say goodbye does not change it.
        with suppress(aiosmtplib.SMTPException, OSError):
            await client.quit()
        client.close()


def _verified(relay: Relay) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=relay.ca_file)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


async def _hand_in(client: aiosmtplib.SMTP, mail: bytes, envelope_from: str, to: str, envelope_id: str | None) -> Sent:
    sender, recipient = addresses.normalise(envelope_from) if envelope_from else "", addresses.normalise(to)
    if sender is None or recipient is None:
        return Sent(outcome=Outcome.PERMANENT, code="5.1.3")
    await client.ehlo()  # after STARTTLS too: what was offered in clear does not count (RFC 3207 section 4.2)
    options = [f"SIZE={len(mail)}"] if client.supports_extension("size") else []
    asked: list[str] = []
    encoding = "ascii" if sender.isascii() and recipient.isascii() else "utf-8"
    if encoding == "utf-8":
        if not client.supports_extension("smtputf8"):
            return Sent(outcome=Outcome.PERMANENT, code="5.6.7")  # RFC 6531 section 3.5: the address cannot be said
        options.append("SMTPUTF8")
    if client.supports_extension("dsn"):
        options += ["RET=HDRS", *([f"ENVID={_xtext(envelope_id)}"] if envelope_id else [])]
        asked.append("NOTIFY=FAILURE,DELAY")
    await client.mail(sender, options=options, encoding=encoding)
    await client.rcpt(recipient, options=asked, encoding=encoding)
    reply = await client.data(mail)
    named = _QUEUED.search(reply.message)
    code = _code(reply.code, reply.message)
    return Sent(outcome=Outcome.DELIVERED, code=code, provider_id=named[1] if named else None)


def _xtext(value: str) -> str:
    """RFC 3461 section 4: what is not plain printable ASCII, `+` and `=` stand as `+` and two hexadecimal digits."""
    return "".join(
        letter if "!" <= letter <= "~" and letter not in "+=" else "".join(f"+{byte:02X}" for byte in letter.encode())
        for letter in value
    )


def _refused(error: aiosmtplib.SMTPResponseException) -> Sent:
    """Final only where the recipient or the mail itself was refused with 5xx, or the mail is too big.

    Where the relay refuses *us* (sign-in, greeting, sender), the mail waits until the settings are right, and nobody
    is called unreachable for it.
    """
    of_the_mail = isinstance(error, aiosmtplib.SMTPRecipientRefused | aiosmtplib.SMTPDataError) or error.code == 552
    final = of_the_mail and 500 <= error.code <= 599
    outcome = Outcome.PERMANENT if final else Outcome.TEMPORARY
    return Sent(outcome=outcome, code=_code(error.code, error.message))


def _code(code: int, message: str) -> str:
    found = _ENHANCED.search(message)
    return found[1] if found else str(code)
