"""What is around an installation: relay, mail door, names in the DNS, certificates, the provider of texts.

Every probe has its own few seconds and tells a fault instead of raising it; none sends a mail or a text.
"""

import asyncio
import ssl
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import Any, Final
from urllib.parse import urlsplit

import aiosmtplib
from aiohttp import ClientError, ClientSession, ClientTimeout, encode_basic_auth

from messaging_server.channels.email.dmarc import DnsUnavailableError, Query
from messaging_server.channels.email.verify import dns_query
from messaging_server.cli.diagnosis import Found, fail, ok, warn
from messaging_server.settings import Settings, secret

SECONDS: Final = 5.0
SOON: Final = timedelta(days=14)
RESERVED: Final = (".invalid", ".test", ".example", ".localhost", ".local")
TWILIO: Final = "https://api.twilio.com"
UNREACHABLE: Final = (OSError, TimeoutError, aiosmtplib.SMTPException)


def host_of(url: str) -> str:
    """The host of an address of pages."""
    return urlsplit(url).hostname or ""


def is_loopback(host: str) -> bool:
    """Whether a host is this machine."""
    with suppress(ValueError):
        return ip_address(host).is_loopback
    return host == "localhost"


async def outside(chosen: Settings, selector: str | None, now: datetime, query: Query | None = None) -> list[Found]:
    """Every probe, side by side."""
    asked = query or dns_query(SECONDS)
    found = await asyncio.gather(
        relay(chosen), mail_door(chosen, now), names(chosen.smtp.domain, selector, asked), pages(chosen, now),
        provider(chosen),
    )  # fmt: skip
    return [line for lines in found for line in lines]


async def relay(chosen: Settings) -> list[Found]:
    """Connect to the relay with the protection that the settings ask for, sign in, and leave."""
    given, place = chosen.relay, f"{chosen.relay.host}:{chosen.relay.port}"
    try:
        client = aiosmtplib.SMTP(
            hostname=given.host, port=given.port, timeout=SECONDS, use_tls=given.tls == "implicit",
            start_tls=given.tls == "starttls", username=given.username, password=secret(given.password_file) or None,
            tls_context=ssl.create_default_context(cafile=given.ca_file) if given.tls != "none_loopback" else None,
        )  # fmt: skip
        await client.connect()
    except aiosmtplib.SMTPAuthenticationError:
        return [fail("relay", f"{place} refuses our name or password", "see relay.username and its password file")]
    except ssl.SSLError as error:
        return [fail("relay", f"{place}: {error.reason}", "see relay.tls and relay.ca_file")]
    except UNREACHABLE as error:
        said = f"{place} cannot be used ({type(error).__name__})"
        return [fail("relay", said, "see relay.host, relay.port and relay.tls")]
    await _leave(client)
    return [ok("relay", f"{place}, {given.tls}" + (", signed in" if given.username else ""))]


async def _leave(client: aiosmtplib.SMTP) -> None:
    with suppress(*UNREACHABLE):
        await client.quit()
    client.close()


async def mail_door(chosen: Settings, now: datetime) -> list[Found]:
    """Connect to our own door; with a certificate, see how long it holds."""
    door = chosen.smtp
    if not door.enabled:
        return [warn("mail door", "mail is not taken in", "set smtp.enabled, if it should be")]
    host = "127.0.0.1" if door.host in {"", "0.0.0.0", "::"} else door.host  # noqa: S104  # the setting is compared
    context = _own_certificate(door.tls_certificate) if door.tls_certificate else None
    client = aiosmtplib.SMTP(
        hostname=host, port=door.port, timeout=SECONDS, use_tls=False, start_tls=context is not None,
        tls_context=context,
    )  # fmt: skip
    try:
        await client.connect()
    except ssl.SSLError as error:
        return [fail("mail door", f"its certificate does not hold: {error.reason}", "renew smtp.tls_certificate")]
    except UNREACHABLE as error:
        return [fail("mail door", f"{host}:{door.port} does not answer ({type(error).__name__})", "start the server")]
    found = [ok("mail door", f"{host}:{door.port} answers")]
    if context is not None and client.transport is not None:
        found.append(_expiry("mail certificate", client.transport.get_extra_info("peercert"), now))
    else:
        found.append(warn("mail door", "no STARTTLS", "set smtp.tls_certificate, unless a relay is in front"))
    await _leave(client)
    return found


def _own_certificate(path: Any) -> ssl.SSLContext:
    """A context that believes exactly the certificate that the door shows: what is asked is when it ends."""
    context = ssl.create_default_context(cafile=path)
    context.check_hostname = False
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    return context


def _expiry(what: str, certificate: Any, now: datetime) -> Found:
    ends = datetime.fromtimestamp(ssl.cert_time_to_seconds(certificate["notAfter"]), UTC)
    said = f"holds until {ends.date()}"
    return ok(what, said) if ends - now > SOON else warn(what, said, "renew it now: mail and pages stop with it")


async def pages(chosen: Settings, now: datetime) -> list[Found]:
    """The certificate of the address as people type it."""
    url = urlsplit(chosen.web.public_url)
    if url.scheme != "https" or not url.hostname:
        return []
    place = (url.hostname, url.port or 443)
    try:
        async with asyncio.timeout(SECONDS):
            _, writer = await asyncio.open_connection(*place, ssl=ssl.create_default_context())
    except ssl.SSLError as error:
        return [fail("pages' certificate", f"{place[0]}: {error.reason}", "renew it at the TLS proxy")]
    except (OSError, TimeoutError) as error:
        return [fail("pages", f"{place[0]}:{place[1]} does not answer ({type(error).__name__})", "start the TLS proxy")]
    found = _expiry("pages' certificate", writer.get_extra_info("peercert"), now)
    writer.close()
    return [found]


async def names(domain: str, selector: str | None, query: Query) -> list[Found]:
    """What the DNS says of our mail domain: who takes its mail, who may send in its name."""
    if domain.endswith(RESERVED):
        return [warn("dns", f"{domain} is a reserved name", "set smtp.domain to a domain of the clinic's own")]
    try:
        mx, texts = await asyncio.gather(query(domain, "MX"), query(domain, "TXT"))
        dmarc = await query(f"_dmarc.{domain}", "TXT")
        dkim = await query(f"{selector}._domainkey.{domain}", "TXT") if selector else ()
    except DnsUnavailableError:
        return [warn("dns", "the name servers do not answer from here", "see that this machine may ask the DNS")]
    spf = [one for one in texts if one.lower().startswith("v=spf1")]
    return [
        ok("mx", f"{domain} has {len(mx)}") if mx else fail("mx", f"{domain} has none", "point it to us or the relay"),
        _spf(domain, spf),
        _dmarc(domain, [one for one in dmarc if one.replace(" ", "").lower().startswith("v=dmarc1")]),
        _dkim(domain, selector, dkim),
    ]  # fmt: skip


def _spf(domain: str, records: list[str]) -> Found:
    if len(records) > 1:
        return fail("spf", f"{domain} has {len(records)} records, and so none (RFC 7208 section 4.5)", "keep one")
    if not records:
        return fail("spf", f"{domain} has no record", "publish one that names the relay and ends in -all")
    if records[0].rstrip().lower().endswith("+all"):
        return fail("spf", "anybody may send in our name (+all)", "end it in -all")
    return ok("spf", "published")


def _dmarc(domain: str, records: list[str]) -> Found:
    if len(records) != 1:
        return fail("dmarc", f"_dmarc.{domain} has {len(records)} records", "publish one, p=quarantine or p=reject")
    if "p=none" in records[0].replace(" ", "").lower():
        return warn("dmarc", "p=none stops nobody who forges our name", "p=quarantine, then p=reject")
    return ok("dmarc", "published")


def _dkim(domain: str, selector: str | None, records: tuple[str, ...]) -> Found:
    if selector is None:
        return warn("dkim", "not looked up", "give the relay's selector with --dkim-selector")
    if not any("p=" in one and not one.replace(" ", "").endswith("p=") for one in records):
        return fail("dkim", f"{selector}._domainkey.{domain} has no key", "publish the relay's key")
    return ok("dkim", "published")


async def provider(chosen: Settings) -> list[Found]:
    """Ask the provider of texts whether it knows our account and token; nothing is sent."""
    given = chosen.sms
    if not given.enabled:
        return []
    url = f"{(given.base_url or TWILIO).rstrip('/')}/2010-04-01/Accounts/{given.account_sid}.json"
    try:
        token = secret(given.auth_token_file)
        async with ClientSession(timeout=ClientTimeout(total=SECONDS)) as http:
            answer = await http.get(url, headers={"Authorization": encode_basic_auth(given.account_sid, token)})
            status = answer.status
    except (ClientError, OSError, TimeoutError) as error:
        return [fail("texts", f"the provider cannot be reached ({type(error).__name__})", "see that this machine may")]
    if status in {401, 403, 404}:
        return [fail("texts", "the provider refuses our account or token", "see sms.account_sid and the token's file")]
    if status != 200:
        return [warn("texts", f"the provider answered {status}", "try again later")]
    return [ok("texts", "the provider knows our account")]
