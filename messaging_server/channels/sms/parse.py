"""Reads what the SMS provider posts to us: a text that came in, or news of one that we sent. Pure.

The fields are those of Twilio's messaging webhooks. Nothing here trusts them: the door has checked the signature, and
what cannot be understood is kept with a reason instead of being dropped (DESIGN section 1, promise 1).
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from consent.model import Channel
from messaging_server.channels.sms.words import keyword, opt_out_type
from messaging_server.errors import InvalidError
from messaging_server.message import ClinicId, IncomingMessage

Form = Sequence[tuple[str, str]]
"""The raw fields of a form in the order received; a name may come more than once (SMS-09)."""

_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
"""ITU-T E.164: a plus sign, a country code, at most fifteen digits; below seven it is a short code, not a person."""
_MEDIA_URL = re.compile(r"MediaUrl[0-9]+")


class SmsStatus(StrEnum):
    """The states that Twilio gives to a text on its way out, in the order of that way (SMS-12)."""

    ACCEPTED = "accepted"
    SCHEDULED = "scheduled"
    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    DELIVERED = "delivered"
    """The handset has it, which says nothing about who read it (T-42)."""
    READ = "read"
    UNDELIVERED = "undelivered"
    FAILED = "failed"
    CANCELED = "canceled"


_RANKS: Mapping[str, int] = MappingProxyType(
    {
        SmsStatus.ACCEPTED: 0,
        SmsStatus.SCHEDULED: 1,
        SmsStatus.QUEUED: 2,
        SmsStatus.SENDING: 3,
        SmsStatus.SENT: 4,
        # 5 is for what we have never heard of: it is kept, above the way there, below every end.
        SmsStatus.DELIVERED: 6,
        SmsStatus.READ: 6,
        SmsStatus.UNDELIVERED: 6,
        SmsStatus.FAILED: 6,
        SmsStatus.CANCELED: 6,
    },
)
_UNKNOWN = 5
_TERMINAL = 6


class AddressFault(StrEnum):
    """What an error code of the provider says about the number itself, beyond the one message."""

    UNDELIVERABLE = "undeliverable"
    """Unreachable, unknown or a landline: the entry is flagged (SMS-21)."""
    OPTED_OUT = "opted_out"
    """Its holder told the provider to stop: an opt-out like one sent to us (SMS-14)."""


_FAULTS: Mapping[int, AddressFault] = MappingProxyType(
    {
        30003: AddressFault.UNDELIVERABLE,
        30005: AddressFault.UNDELIVERABLE,
        30006: AddressFault.UNDELIVERABLE,
        21635: AddressFault.UNDELIVERABLE,
        21610: AddressFault.OPTED_OUT,
    },
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusReport:
    """News of one text that we sent; the same news may come twice, or late (SMS-11, SMS-12)."""

    provider_id: str = field(repr=False)
    status: str
    """One of `SmsStatus`, or a word that we do not know, kept as it came."""
    error_code: int | None = None

    @property
    def fault(self) -> AddressFault | None:
        """What this news says about the number (SMS-14, SMS-21)."""
        return fault(self.error_code)


def fault(error_code: int | None) -> AddressFault | None:
    """What an error code says about the number, or None when it speaks of something else (SMS-14, SMS-21)."""
    return None if error_code is None else _FAULTS.get(error_code)


def advance(current: str, reported: str) -> str:
    """The status to keep when `reported` arrives while `current` is kept (SMS-12).

    It only ever moves forward: a late or repeated report changes nothing, the first end reached stays, and an unknown
    status is kept until an end is reported.
    """
    return reported if rank(reported) > rank(current) else current


def is_terminal(status: str) -> bool:
    """True when nothing that the provider may still say can change this status (SMS-12)."""
    return rank(status) == _TERMINAL


def rank(status: str) -> int:
    """How far along its way a text with this status is."""
    return _RANKS.get(status, _UNKNOWN)


def only(form: Form, name: str) -> str | None:
    """The one value of a field, or None when it is missing or was given with two different values."""
    values = {value for key, value in form if key == name}
    return values.pop() if len(values) == 1 else None


def read_incoming(form: Form, clinic: ClinicId, now: datetime) -> IncomingMessage:
    """A text as the broker takes it: never authenticated, its media still to be fetched (SMS-04, SMS-07, SMS-11).

    `raw` is every field as canonical JSON, so that nothing is lost, the addresses of the media included. `defects`
    names what needs a human: `media:N` for N pictures not fetched, `sender` for a number that is not one person's,
    `repeated:NAME` for a field with two values.
    """
    raw = canonical(form)
    text = "\n".join(dict.fromkeys(value for key, value in form if key == "Body"))
    return IncomingMessage(
        clinic=clinic,
        channel=Channel.SMS,
        received_at=now,
        idempotency=_idempotency(form, raw),
        new_text=text,
        raw=raw,
        sender=_sender(form),
        keyword=opt_out_type(only(form, "OptOutType")) or keyword(text),
        defects=_defects(form),
    )


def read_status(form: Form) -> StatusReport:
    """News of a text that we sent (SMS-12).

    Raises InvalidError when the form does not say of which text, or what became of it.
    """
    provider_id = only(form, "MessageSid") or only(form, "SmsSid")
    if not provider_id:
        raise InvalidError("MessageSid", "missing")
    status = only(form, "MessageStatus") or only(form, "SmsStatus")
    if not status or not status.strip():
        raise InvalidError("MessageStatus", "missing")
    return StatusReport(
        provider_id=provider_id,
        status=status.strip().lower(),
        error_code=_number(only(form, "ErrorCode")),
    )


def canonical(form: Form) -> bytes:
    """Every field as ASCII JSON, a sorted list of [name, value]: two deliveries of one form give the same bytes."""
    return json.dumps(sorted([key, value] for key, value in form), separators=(",", ":")).encode("ascii")


def _idempotency(form: Form, raw: bytes) -> bytes:
    """What makes two deliveries one: the provider's own id, and failing that the form itself (SMS-11)."""
    provider_id = only(form, "MessageSid") or only(form, "SmsMessageSid")
    if provider_id:
        return b"sms:" + provider_id.encode("utf-8", "backslashreplace")
    return b"sms-form:" + hashlib.sha256(raw).digest()


def _sender(form: Form) -> str | None:
    number = only(form, "From") or ""
    return number if _E164.fullmatch(number) else None


def _defects(form: Form) -> tuple[str, ...]:
    media = max(_number(only(form, "NumMedia")) or 0, len({k for k, _ in form if _MEDIA_URL.fullmatch(k)}))
    repeated = (f"repeated:{name}" for name in ("Body", "From", "MessageSid") if _differs(form, name))
    return (
        *((f"media:{media}",) if media else ()),
        *(() if _sender(form) else ("sender",)),
        *repeated,
    )


def _differs(form: Form, name: str) -> bool:
    return len({value for key, value in form if key == name}) > 1


def _number(value: str | None) -> int | None:
    """A small whole number written in ASCII digits, or None: Twilio's codes have five digits."""
    return int(value) if value is not None and re.fullmatch(r"[0-9]{1,6}", value.strip()) else None
