"""Which mail a machine wrote, and what a delivery report says (ACK-11, EIN-18)."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from messaging_server.channels.email import mime
from messaging_server.channels.email.parse import ParsedMail
from messaging_server.message import Automatic

_ROBOTS = frozenset(
    {"mailer-daemon", "postmaster", "noreply", "no-reply", "donotreply", "do-not-reply", "nepasrepondre"}
)
_SILENCE = frozenset({"all", "autoreply", "oof"})
_BULK = frozenset({"bulk", "junk", "list"})
_LIST_HEADERS = frozenset(
    {"list-id", "list-unsubscribe", "list-post", "list-help", "list-subscribe", "list-owner", "list-archive"}
)
_DAEMONS = frozenset({"mailer-daemon", "postmaster"})


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryReport:
    """What a mail system says became of one of our mails (RFC 3464 section 2.3)."""

    action: str
    """`failed delayed delivered relayed expanded`, or the empty string where it was not said."""
    status: str
    """The enhanced status code (RFC 3463), e.g. `5.1.1`; empty where it was not said."""
    permanent: bool
    """It failed for good: the address must rest and a human must act (EOU-14)."""
    envelope_id: str | None = field(default=None, repr=False)
    """The ENVID that we gave (RFC 3461): our own token of the delivery."""
    original_message_id: str | None = field(default=None, repr=False)
    """The Message-ID of the mail it speaks of, where it came back with the report."""


def kind(mail: ParsedMail, *, null_sender: bool = False, own_domains: frozenset[str] = frozenset()) -> Automatic | None:
    """Why we must not answer this mail, or None where a person seems to have written it.

    All reasons of RFC 3834 section 2 and of MS-OXCMAIL stand here, strongest first. `null_sender`: the reverse-path
    was `<>`. `own_domains`: our own sending domains in lower case; what claims to come from them is our echo.
    """
    if _is_bounce(mail, null_sender=null_sender):
        return Automatic.BOUNCE
    if mail.media_type == "multipart/report" or _says(mail, "content-type", "disposition-notification"):
        return Automatic.REPORT
    if any(name in _LIST_HEADERS for name, _ in mail.headers) or _words(mail, "precedence") & _BULK:
        return Automatic.LIST
    local, _, domain = (mail.from_address or "").lower().rpartition("@")
    machine = (
        null_sender
        or bool(_words(mail, "auto-submitted") - {"no"})
        or bool(_words(mail, "x-auto-response-suppress") & _SILENCE)
        or "auto_reply" in _words(mail, "precedence")
        or bool(_words(mail, "x-autoreply", "x-autorespond", "x-autoresponder"))
        or local in _ROBOTS
        or domain in own_domains
    )
    return Automatic.AUTO_REPLY if machine else None


def _is_bounce(mail: ParsedMail, *, null_sender: bool) -> bool:
    """A delivery report as RFC 3464 has it, or one of the older kind from a mail daemon."""
    if mail.report_type == "delivery-status" or mime.first(mail.headers, "x-failed-recipients"):
        return True
    local = (mail.from_address or "").lower().rpartition("@")[0]
    return null_sender and local in _DAEMONS


def _words(mail: ParsedMail, *names: str) -> set[str]:
    """The values of a header as lower-case words, comments and parameters left out."""
    found = (value for name, value in mail.headers if name in names)
    plain = (value.partition("(")[0].partition(";")[0] for value in found)
    return {word for value in plain for word in value.lower().replace(",", " ").split()}


def _says(mail: ParsedMail, name: str, word: str) -> bool:
    return word in mime.first(mail.headers, name).lower()


def delivery_report(mail: ParsedMail) -> DeliveryReport | None:
    """What a delivery report says, or None where there is none to read.

    Several recipients cannot be: each of our mails has one (EOU-05). If a relay reports several all the same, the
    worst counts. An older report without fields gives an empty action and is permanent: a human looks at it.
    """
    blocks = [block for part in mail.report_parts for block in _blocks(part)]
    fields = [block for block in blocks if "action" in block or "status" in block]
    worst = max(fields, key=_severity, default=None)
    if worst is None:
        return _older_report(mail) if _is_bounce(mail, null_sender=False) else None
    action = worst.get("action", "").partition(";")[0].strip().lower()
    status = worst.get("status", "").partition(" ")[0].partition("(")[0].strip()
    return DeliveryReport(
        action=action,
        status=status,
        permanent=_severity(worst) == 2,
        envelope_id=next((block["original-envelope-id"] for block in blocks if "original-envelope-id" in block), None),
        original_message_id=_returned_id(mail),
    )


def _older_report(mail: ParsedMail) -> DeliveryReport:
    return DeliveryReport(action="", status="", permanent=True, original_message_id=_returned_id(mail))


def _severity(block: dict[str, str]) -> int:
    """2 for a final failure, 1 for a delay, 0 for good news."""
    action, status = block.get("action", "").strip().lower(), block.get("status", "").strip()
    if action.startswith("failed") or (not action and status.startswith("5")):
        return 2
    return 1 if action.startswith("delayed") or status.startswith("4") else 0


def _blocks(part: mime.Part) -> Iterator[dict[str, str]]:
    """The groups of fields of a message/delivery-status part: first of the message, then one for each recipient."""
    if part.media_type not in {"message/delivery-status", "message/global-delivery-status"}:
        return
    for chunk in part.body.lstrip(b"\r\n").split(b"\r\n\r\n")[:50]:
        headers, _, _ = mime.header_block(chunk.lstrip(b"\r\n"), mime.PART_HEADER_BYTES)
        yield dict(reversed(headers))


def _returned_id(mail: ParsedMail) -> str | None:
    """The Message-ID inside the returned message or its returned headers (RFC 6522 section 3)."""
    for part in mail.report_parts:
        for child in part.children:
            if found := mime.first(child.headers, "message-id"):
                return found
        if part.media_type in {"text/rfc822-headers", "message/global-headers"}:
            headers, _, _ = mime.header_block(part.body, mime.PART_HEADER_BYTES)
            return mime.first(headers, "message-id") or None
    return None
