"""The mail door: SMTP in, `IncomingMessage` out, and `250` only when the message is safely kept (EIN-05).

It relays nothing (EIN-01), says the same to patients and strangers (EIN-22) and logs no word of what it reads (EIN-23).
"""

import asyncio
import logging
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

from messaging_server.channels.email import addresses, authenticate, incoming, limits, parse, verify
from messaging_server.channels.email.dmarc import Query
from messaging_server.channels.email.incoming import Mailbox
from messaging_server.clock import Clock
from messaging_server.errors import UnavailableError
from messaging_server.message import Authentication, IncomingMessage, Verification

_LOG = logging.getLogger(__name__)
_LIBRARY_LOG = "mail.log"
_INLINE_BYTES = 64 * 1024
"""Up to this size a mail is read in milliseconds whatever it holds; a larger one is read in a thread."""
_LATER = "451 4.3.0 Temporary failure, please try again later"
_UNKNOWN = "550 5.1.1 No such mailbox here"
_BUSY = "450 4.7.0 Too much mail at once, please try again later"
_RECIPIENTS = 50
_PEER_RATE = limits.Rate(per_minute=60, burst=120)
_SENDER_RATE = limits.Rate(per_minute=20, burst=60)


Resolve = Callable[[str], Awaitable[Mailbox | None]]
"""Tells where an address leads, None for one that is not ours; raises `UnavailableError` when it cannot tell now."""
Accept = Callable[[IncomingMessage], Awaitable[None]]
"""Keeps a message for good before it returns; raises `UnavailableError` when it cannot."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """Where and how the door listens."""

    host: str
    port: int
    hostname: str
    size_limit: int = parse.MAIL_BYTES
    """Bytes of one message."""
    tls_context: ssl.SSLContext | None = None
    require_tls: bool = False
    """Behind a private relay; on a public MX it would lose mail (RFC 3207 section 4, T-28)."""
    trusted_authserv_id: str | None = None
    trusted_peers: tuple[IPv4Network | IPv6Network, ...] = ()
    """Peers whose `Authentication-Results` is believed; they bring everyone's mail, so no limit by peer for them."""
    own_domains: frozenset[str] = frozenset()
    """Domains that we send from, in lower case: mail from there is our own echo (ACK-11)."""
    per_peer: limits.Rate = _PEER_RATE
    per_sender: limits.Rate = _SENDER_RATE


async def start(
    door: Door, *, resolve: Resolve, accept: Accept, clock: Clock, query: Query | None = None
) -> asyncio.Server:
    """Open the door in the running event loop; the caller closes the server.

    `query` asks the DNS for our own DKIM, SPF and DMARC checks; without it only a trusted header counts.
    """
    # At DEBUG the library logs every line of every message, at INFO addresses, at WARNING a client's unknown commands,
    # which may be the words of a message sent out of turn (EIN-23).
    logging.getLogger(_LIBRARY_LOG).setLevel(logging.ERROR)
    hooks = _Hooks(door, resolve=resolve, accept=accept, clock=clock, query=query)
    loop = asyncio.get_running_loop()
    return await loop.create_server(lambda: _Protocol(hooks, door, loop), door.host, door.port)


class _Envelope(Envelope):
    """An envelope that remembers what each recipient resolved to."""

    def __init__(self) -> None:
        super().__init__()
        self.mailboxes: dict[str, Mailbox] = {}


class _Protocol(SMTP):
    """aiosmtpd's protocol without sign-in, and with room for the long lines that some mail programs write."""

    line_length_limit = 64 * 1024

    def __init__(self, hooks: "_Hooks", door: Door, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(
            hooks,
            data_size_limit=door.size_limit,
            enable_SMTPUTF8=True,
            hostname=door.hostname,
            ident="ESMTP",
            tls_context=door.tls_context,
            require_starttls=door.require_tls,
            loop=loop,
        )
        for command in ("AUTH", "EXPN", "HELP"):
            self._smtp_methods.pop(command, None)

    def _create_envelope(self) -> Envelope:
        return _Envelope()


class _Hooks:
    """aiosmtpd calls these by name, one after the other for each connection."""

    def __init__(self, door: Door, *, resolve: Resolve, accept: Accept, clock: Clock, query: Query | None) -> None:
        self._door = door
        self._resolve = resolve
        self._accept = accept
        self._clock = clock
        self._query = query
        self._peers = limits.Buckets(door.per_peer)
        self._senders = limits.Buckets(door.per_sender)
        self._keeping: set[asyncio.Task[None]] = set()

    async def handle_EHLO(  # noqa: N802  # aiosmtpd finds the hook by this name
        self, _server: SMTP, session: Session, _envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        return [line for line in responses if not line.upper().startswith(("250-AUTH", "250 AUTH", "250 HELP"))] + [
            "250 ENHANCEDSTATUSCODES"
        ]

    async def handle_MAIL(  # noqa: N802  # aiosmtpd finds the hook by this name
        self, _server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        now, peer = self._clock(), _peer(session)
        if not self._trusts(peer) and not self._peers.take(peer, now):
            return _BUSY
        sender = "" if address == "<>" else address
        if sender and not self._senders.take(sender.lower(), now):
            return _BUSY
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 Ok"

    async def handle_RCPT(  # noqa: N802  # aiosmtpd finds the hook by this name
        self, _server: SMTP, _session: Session, envelope: _Envelope, address: str, _options: list[str]
    ) -> str:
        if len(envelope.mailboxes) >= _RECIPIENTS:
            return "452 4.5.3 Too many recipients"
        plain = addresses.normalise(address)
        if plain is None:
            return _UNKNOWN
        try:
            mailbox = await self._resolve(plain)
        except UnavailableError:
            return _LATER
        if mailbox is None:
            return _UNKNOWN
        envelope.mailboxes[plain] = mailbox
        envelope.rcpt_tos.append(plain)
        return "250 2.1.5 Ok"

    async def handle_DATA(self, _server: SMTP, session: Session, envelope: _Envelope) -> str:  # noqa: N802  # as above
        try:
            return await self._take(session, envelope)
        except parse.MailRefusedError as refusal:
            _LOG.warning("mail refused: %s", refusal.code)
            return refusal.smtp
        except Exception as error:  # noqa: BLE001  # whatever it is, the sender must keep the message and try again
            return await self.handle_exception(error)

    async def handle_exception(self, error: Exception) -> str:
        """The sender keeps the message and tries again; the log gets the kind of the error, never its words."""
        _LOG.error("mail not kept: %s", type(error).__name__)
        return _LATER

    async def _take(self, session: Session, envelope: _Envelope) -> str:
        raw = envelope.original_content or b""
        mail = await _read(raw)
        proof = await self._authenticate(raw, mail, session, envelope)
        if proof.source == "local" and proof.dmarc is Verification.TEMPERROR:
            return "451 4.7.5 The sender's domain cannot be checked now, please try again later"
        for message in incoming.messages(
            raw,
            mail,
            proof,
            mailboxes=envelope.mailboxes,
            sender=_sender(envelope),
            now=self._clock(),
            encrypted=session.ssl is not None,
            own_domains=self._door.own_domains,
        ):
            await self._keep(message)
        return "250 2.0.0 Ok"

    async def _keep(self, message: IncomingMessage) -> None:
        """Wait for the commit; a client that hangs up meanwhile does not stop it, and its second try is a duplicate."""
        task = asyncio.ensure_future(self._accept(message))
        self._keeping.add(task)
        task.add_done_callback(self._kept)
        await asyncio.shield(task)

    def _kept(self, task: "asyncio.Task[None]") -> None:
        self._keeping.discard(task)
        if not task.cancelled():
            task.exception()  # the waiting connection has it too; where none waits any more, it is not left unseen

    def _trusts(self, peer: str) -> bool:
        try:
            address = ip_address(peer)
        except ValueError:
            return False
        return any(address in network for network in self._door.trusted_peers if network.version == address.version)

    async def _authenticate(
        self, raw: bytes, mail: parse.ParsedMail, session: Session, envelope: Envelope
    ) -> Authentication:
        """The trusted relay's word, else our own check, else nothing; a mail without a clear author proves nothing."""
        if mail.from_domain is None:
            return Authentication()
        peer = _peer(session)
        trusted = self._trusts(peer)
        if trusted:
            said = authenticate.from_header(mail.headers, self._door.trusted_authserv_id, mail.from_domain)
            if said.source == "header":
                return said
        if self._query is None:
            return Authentication()
        return await verify.locally(
            raw,
            from_domain=mail.from_domain,
            peer_ip="" if trusted else peer,
            helo=session.host_name or "",
            mail_from=_sender(envelope),
            query=self._query,
        )


async def _read(raw: bytes) -> parse.ParsedMail:
    """The mail as read, or one that holds nothing but the fact that it could not be: it is kept all the same."""
    try:
        if len(raw) <= _INLINE_BYTES:
            return parse.read_mail(raw)
        return await asyncio.to_thread(parse.read_mail, raw)
    except parse.MailRefusedError:
        raise
    except Exception as error:  # noqa: BLE001  # the unexpected goes sealed to the failure queue, never back or away
        _LOG.error("mail not understood: %s", type(error).__name__)  # no traceback: it may hold content
        return parse.ParsedMail(defects=("unreadable",))


def _sender(envelope: Envelope) -> str:
    """The reverse-path, empty for the null one."""
    return "" if envelope.mail_from in {None, "<>"} else str(envelope.mail_from)


def _peer(session: Session) -> str:
    peer: Any = session.peer
    return str(peer[0]) if isinstance(peer, tuple) and peer else ""
