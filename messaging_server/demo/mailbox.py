"""A mail server that delivers nowhere: the demo's outside world, where one reads what the clinic sent; also for tests.

It listens on loopback only, takes mail for any address, keeps each as it came, and can be told to refuse.
"""

import asyncio
import logging
import os
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime
from ipaddress import ip_address
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

from messaging_server.channels.email import parse
from messaging_server.clock import Clock

_KEPT = 1000
"""Mails shown; the files stay."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """One mail as it was handed over."""

    name: str
    """The name of its file, in the order of arrival."""
    at: datetime
    envelope_from: str = field(repr=False)
    to: str = field(repr=False)
    raw: bytes = field(repr=False)

    def read(self) -> parse.ParsedMail:
        """The mail as the patient's program would show it."""
        return parse.read_mail(self.raw)


class Postbox:
    """What the stand-in caught, newest last, and how it shall behave."""

    def __init__(self, *, clock: Clock, folder: Path | None = None) -> None:
        self._clock = clock
        self._folder = folder
        self._count = len(list(folder.glob("*.eml"))) if folder is not None and folder.is_dir() else 0
        self.mails: deque[Mail] = deque(maxlen=_KEPT)
        self.arrived = asyncio.Event()
        """Set at each arrival; whoever waits clears it."""
        self.faults: deque[str] = deque()
        """Replies such as `451 4.3.0 later` that the next mails get instead of being taken, one each."""
        self.refused: dict[str, str] = {}
        """Replies such as `550 5.1.1 unknown` for recipients, by address."""

    def to(self, address: str) -> list[Mail]:
        """The mails to one address, oldest first."""
        return [mail for mail in self.mails if mail.to.lower() == address.lower()]

    def keep(self, envelope_from: str, to: str, raw: bytes) -> None:
        """Take one mail in, and write it as a file that only its owner may read."""
        self._count += 1
        name = f"mail-{self._count:06}.eml"
        if self._folder is not None:
            self._folder.mkdir(parents=True, exist_ok=True)
            handle = os.open(self._folder / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(handle, "wb") as file:
                file.write(raw)
        self.mails.append(Mail(name=name, at=self._clock(), envelope_from=envelope_from, to=to, raw=raw))
        self.arrived.set()


class _Hooks:
    """aiosmtpd calls these by name."""

    def __init__(self, postbox: Postbox) -> None:
        self._postbox = postbox

    async def handle_RCPT(  # noqa: N802  # aiosmtpd finds the hook by this name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        refusal = self._postbox.refused.get(address.lower())
        if refusal is None:
            envelope.rcpt_tos.append(address)
        return refusal or "250 2.1.5 Ok"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802  # as above
        if self._postbox.faults:
            return self._postbox.faults.popleft()
        sender = str(envelope.mail_from or "")
        for recipient in envelope.rcpt_tos:
            self._postbox.keep("" if sender == "<>" else sender, recipient, envelope.original_content or b"")
        return f"250 2.0.0 Ok: queued as {len(self._postbox.mails):06}"


async def start(postbox: Postbox, *, host: str, port: int) -> asyncio.Server:
    """Open the stand-in in the running event loop; the caller closes the server.

    Raises `ValueError` for an address that is not loopback: mail caught here is kept in clear.
    """
    if not ip_address(host).is_loopback:
        raise ValueError("the pretended mail server must stay on this machine")
    logging.getLogger("mail.log").setLevel(logging.ERROR)  # at DEBUG the library logs bodies (EIN-23)
    loop = asyncio.get_running_loop()
    hooks = _Hooks(postbox)
    return await loop.create_server(
        lambda: SMTP(hooks, loop=loop, hostname="postbox.invalid", ident="ESMTP", enable_SMTPUTF8=True), host, port
    )
