"""The doors of the world's mail and texts, each handing what it understood to the broker."""

import asyncio
import ssl
from ipaddress import ip_network

from aiohttp import web

from messaging_server.app.clinics import Directory, mail_domain
from messaging_server.app.senders import sms_account
from messaging_server.broker import inbound, statuses
from messaging_server.broker.clinic import Means
from messaging_server.channels.email import receive as mail_door
from messaging_server.channels.email.dmarc import Query
from messaging_server.channels.email.incoming import Mailbox
from messaging_server.channels.email.verify import dns_query
from messaging_server.channels.sms import receive as sms_door
from messaging_server.channels.sms.parse import StatusReport
from messaging_server.clock import Clock
from messaging_server.errors import UnavailableError
from messaging_server.message import ClinicId, IncomingMessage
from messaging_server.settings import Settings

REPLY, BOUNCE = "reply+", "bounce+"


async def open_mail_door(settings: Settings, means: Means, clinics: Directory, clock: Clock) -> asyncio.Server:
    """Listen for mail; 250 is said only after the broker's durable commit (EIN-05)."""
    smtp = settings.smtp
    ours = frozenset({smtp.domain, *(mail_domain(clinic, settings) for clinic in clinics.values())})
    door = mail_door.Door(
        host=smtp.host, port=smtp.port, hostname=smtp.hostname, size_limit=smtp.size_limit,
        tls_context=_tls(settings), require_tls=smtp.require_tls, trusted_authserv_id=smtp.authserv_id,
        trusted_peers=tuple(ip_network(net) for net in smtp.trusted_peers), own_domains=ours,
    )  # fmt: skip

    async def resolve(address: str) -> Mailbox | None:
        local, _, domain = address.rpartition("@")
        clinic = clinics.by_mail(local, domain)
        if clinic is None:
            return None
        folded = local.casefold()
        return Mailbox(
            clinic=clinic.id,
            reply_token=folded.removeprefix(REPLY) if folded.startswith(REPLY) else None,
            bounce_token=folded.removeprefix(BOUNCE) if folded.startswith(BOUNCE) else None,
        )

    async def accept(message: IncomingMessage) -> None:
        await inbound.receive(means, clinics[message.clinic], message)

    return await mail_door.start(door, resolve=resolve, accept=accept, clock=clock, query=_query(settings))


def _tls(settings: Settings) -> ssl.SSLContext | None:
    if settings.smtp.tls_certificate is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(settings.smtp.tls_certificate, settings.smtp.tls_key)
    return context


def _query(settings: Settings) -> Query | None:
    """Questions to the DNS, only where this server checks authors itself."""
    if not settings.smtp.check_locally:
        return None
    return dns_query()


def sms_routes(settings: Settings, means: Means, clinics: Directory, clock: Clock) -> list[web.RouteDef]:
    """The provider's webhooks; nothing is believed without its signature (SMS-09)."""
    if not settings.sms.enabled:
        return []
    account = sms_account(settings)

    async def numbers(number: str) -> sms_door.SmsLine | None:
        clinic = clinics.by_number() if number == account.number else None
        if clinic is None:
            return None
        return sms_door.SmsLine(
            clinic=clinic.id, auth_token=account.auth_token, account_sid=account.account_sid, number=number
        )

    async def accept(message: IncomingMessage) -> None:
        await inbound.receive(means, clinics[message.clinic], message)

    async def status(clinic: ClinicId, report: StatusReport) -> None:
        if clinic not in clinics:
            raise UnavailableError("no such clinic here")
        seen = statuses.Report(
            provider_id=report.provider_id, status=report.status, code=report.error_code,
            fault=report.fault.value if report.fault else None,
        )  # fmt: skip
        await statuses.take(means, clinics[clinic], seen, clock())

    return sms_door.routes(numbers, accept, status, clock, settings.web.public_url)
