"""A mail as read, and the envelope that it came in, made into what the broker takes: pure."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from consent.model import Channel
from messaging_server.channels.email import automatic, quotes
from messaging_server.channels.email.parse import ParsedMail
from messaging_server.message import Authentication, ClinicId, IncomingMessage


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailbox:
    """Where mail for one of our addresses goes."""

    clinic: ClinicId
    reply_token: str | None = field(default=None, repr=False)
    """The token of the thread, for an address that a notice gave out (EIN-11)."""
    bounce_token: str | None = field(default=None, repr=False)
    """The token of the delivery, for the envelope address that bounces come back to (EIN-18)."""


def messages(
    raw: bytes,
    mail: ParsedMail,
    proof: Authentication,
    *,
    mailboxes: Mapping[str, Mailbox],
    sender: str,
    now: datetime,
    encrypted: bool,
    own_domains: frozenset[str] = frozenset(),
) -> list[IncomingMessage]:
    """One message for each of our mailboxes that the mail was sent to; `mailboxes` by recipient address.

    `sender` is the reverse-path, empty for the null one; `encrypted` whether it came over TLS.
    """
    ours = frozenset(address.lower() for address in mailboxes)
    cut = quotes.split(mail.text, our_lines=lambda line: any(one in line.lower() for one in ours))
    report = automatic.delivery_report(mail)
    return [
        IncomingMessage(
            clinic=mailbox.clinic, channel=Channel.EMAIL, received_at=now,
            idempotency=identity(sender, address, mail.message_id, raw),
            subject=mail.subject, new_text=cut.new_text,
            quoted_text="\n".join(text for text in (cut.signature, cut.quoted_text) if text),
            attachments=mail.attachments, raw=raw, sender=mail.from_address, reply_token=mailbox.reply_token,
            authentication=proof,
            automatic=automatic.kind(mail, null_sender=not sender, own_domains=own_domains),
            delivery_ref=mailbox.bounce_token or (report.envelope_id if report else None),
            bounce_permanent=report is not None and report.permanent,
            message_id=mail.message_id,
            other_recipients=mail.other_recipients(ours),
            defects=mail.defects,
            encrypted_transport=encrypted,
            claimed_at=mail.claimed_at,
        )
        for address, mailbox in _distinct(mailboxes).items()
    ]  # fmt: skip


def _distinct(mailboxes: Mapping[str, Mailbox]) -> dict[str, Mailbox]:
    """Without the general address of a clinic where one with a token of the same clinic got the message too."""
    named = {box.clinic for box in mailboxes.values() if box.reply_token or box.bounce_token}
    kept: dict[Mailbox, str] = {}
    for address, box in mailboxes.items():
        if box.reply_token or box.bounce_token or box.clinic not in named:
            kept.setdefault(box, address)
    return {address: box for box, address in kept.items()}


def identity(sender: str, recipient: str, message_id: str | None, raw: bytes) -> bytes:
    """What makes a second delivery of the same mail the same (EIN-06); headers differ from one try to the next."""
    body = raw.partition(b"\r\n\r\n")[2]
    whole = hashlib.sha256()
    for part in (sender.encode(errors="surrogateescape"), recipient.encode(), (message_id or "").encode(), body):
        whole.update(hashlib.sha256(part).digest())
    return whole.digest()
