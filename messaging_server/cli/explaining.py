"""`explain`: what would become of mails and texts, line by line; stores nothing, sends nothing, asks nobody.

Its output is a contract with programs outside: `explain_schema` describes it, `docs/explain.md` says what is assumed.
"""

import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any, TypeVar
from uuid import UUID

import typer

from messaging_server.app.clinics import builtin_lines, builtin_policy
from messaging_server.app.doors import BOUNCE, REPLY
from messaging_server.app.rulebook import builtin_rules
from messaging_server.broker.clinic import Clinic
from messaging_server.broker.foreseeing import foresee
from messaging_server.channels.email import addresses, authenticate, incoming, mime, parse
from messaging_server.channels.email.incoming import Mailbox
from messaging_server.cli.explain_schema import schema
from messaging_server.clock import utc_now
from messaging_server.errors import InvalidError
from messaging_server.message import Attachment, Authentication, ClinicId, IncomingMessage
from triage.calendar import Calendar
from triage.model import Assessment, Direction, Part, Reason
from triage.policy import Policy, PolicyError, parse_toml
from triage.screen import assess

Answer = dict[str, Any]
NOWHERE = ClinicId(UUID(int=0))
PLACE = "explain.invalid"
"""A name that leads nowhere (RFC 2606 section 2)."""
OVERSIZE = parse.MAIL_BYTES + 1
"""Bytes of a file that are enough to see that it is too large for a mail."""

Files = Annotated[list[Path] | None, typer.Argument(metavar="FILE…", help="Mails, as .eml files.")]
Lines = Annotated[str | None, typer.Option("--jsonl", help='Lines of {"id","text","direction","lang"}; - is stdin.')]
PolicyFile = Annotated[Path | None, typer.Option("--policy", help="TOML file; else the built-in policy.")]
At = Annotated[str | None, typer.Option("--at", help="The present moment, RFC 3339; without offset in clinic time.")]
Show = Annotated[bool, typer.Option("--schema", help="Print the JSON Schema of a line, and end.")]


def explain(
    files: Files = None, jsonl: Lines = None, policy_file: PolicyFile = None, at: At = None, *, show: Show = False
) -> None:
    """Say what would become of mails and texts, as JSON lines; a dry run that stores and sends nothing.

    Exit code 1 when an input could not be read, 2 when the command itself could not be understood.
    """
    if show:
        typer.echo(json.dumps(schema(), indent=2, ensure_ascii=False))
        return
    if not files and jsonl is None:
        raise typer.BadParameter("give mails, or --jsonl FILE, or --schema")
    clinic = dry_clinic(_policy(policy_file))
    now = _moment(at, clinic)
    unread = 0
    for answer in _answers(files or [], jsonl, clinic, now):
        unread += "error" in answer
        typer.echo(as_line(answer))
    if unread:
        raise typer.Exit(1)


def _answers(files: Iterable[Path], jsonl: str | None, clinic: Clinic, now: datetime) -> Iterator[Answer]:
    yield from (of_file(path, clinic, now) for path in files)
    if jsonl == "-":
        yield from of_lines(sys.stdin.buffer, clinic)
    elif jsonl is not None:
        try:
            with Path(jsonl).open("rb") as stream:
                yield from of_lines(stream, clinic)
        except OSError as error:
            yield {"file": jsonl, "error": _cause(error)}


SEPARATORS = {number: f"\\u{number:04x}" for number in (0x85, 0x2028, 0x2029)}
"""What Unicode calls line ends and JSON does not: escaped, so that every reader sees one line as one."""


def as_line(answer: Answer) -> bytes:
    """One JSON line in UTF-8; a lone surrogate, which UTF-8 does not have, is escaped."""
    try:
        return json.dumps(answer, ensure_ascii=False).translate(SEPARATORS).encode()
    except UnicodeEncodeError:
        return json.dumps(answer).encode()


def dry_clinic(policy: Policy) -> Clinic:
    """A clinic that exists nowhere but in its policy, with the built-in rules."""
    return Clinic(
        id=NOWHERE, host=PLACE, policy=policy, calendar=Calendar(policy), ruleset=builtin_rules(),
        lines=builtin_lines(), portal_url=f"https://{PLACE}",
    )  # fmt: skip


def _policy(path: Path | None) -> Policy:
    try:
        return builtin_policy() if path is None else parse_toml(path.read_bytes())
    except OSError as error:
        raise typer.BadParameter(f"{path}: {_cause(error)}", param_hint="--policy") from error
    except PolicyError as error:
        raise typer.BadParameter(f"{path}: {error}", param_hint="--policy") from error


def _moment(at: str | None, clinic: Clinic) -> datetime:
    """The moment that stands for now; one without offset is read on the clinic's wall."""
    if at is None:
        return utc_now()
    try:
        given = datetime.fromisoformat(at)
        return given if given.tzinfo else given.replace(tzinfo=clinic.zone)
    except ValueError as error:
        raise typer.BadParameter("must be like 2026-11-24T10:00:00-05:00", param_hint="--at") from error


def _cause(error: OSError) -> str:
    return (error.strerror or type(error).__name__).lower()


def of_file(path: Path, clinic: Clinic, now: datetime) -> Answer:
    """What would become of the mail in a file, or why it cannot be read."""
    try:
        with path.open("rb") as file:
            raw = file.read(OVERSIZE)
        if not raw:
            return {"file": str(path), "error": "empty"}
        return {"file": str(path), **of_mail(parse.with_crlf(raw), clinic, now)}
    except OSError as error:
        return {"file": str(path), "error": _cause(error)}
    except parse.MailRefusedError as refused:
        return {"file": str(path), "error": refused.code}


def of_mail(raw: bytes, clinic: Clinic, now: datetime) -> Answer:
    """What would become of a mail with CRLF line ends. Raises MailRefusedError for what SMTP itself must refuse."""
    mail = parse.read_mail(raw)
    proof = authenticate.from_header(mail.headers, clinic.policy.mail.trusted_authserv_id, mail.from_domain or "")
    message = _message(raw, mail, proof, clinic, now)
    foreseen = foresee(clinic, message)
    return {
        "from": message.sender,
        "authentication": _authentication(proof),
        "subject": message.subject,
        "new_text": message.new_text,
        "quoted_text": message.quoted_text,
        "attachments": [_attachment(one) for one in message.attachments],
        "automatic": message.automatic,
        **_judgement(foreseen.assessment),
        "due": foreseen.due.isoformat(timespec="seconds") if foreseen.due else None,
        "notice": foreseen.notice,
        "disposition": foreseen.disposition,
        "reasons": _reasons(foreseen.assessment),
    }


def _message(
    raw: bytes, mail: parse.ParsedMail, proof: Authentication, clinic: Clinic, now: datetime
) -> IncomingMessage:
    """The mail as the door would hand it in; a file has no envelope, so its Return-Path and To stand for one."""
    path = mime.first(mail.headers, "return-path").strip()
    own = clinic.policy.mail
    return incoming.messages(
        raw, mail, proof, mailboxes=_mailboxes(mail, own.addresses), sender="" if path == "<>" else path or PLACE,
        now=now, encrypted=True, own_domains=frozenset({own.domain.lower()} if own.domain else ()),
    )[0]  # fmt: skip


def _mailboxes(mail: parse.ParsedMail, own: frozenset[str]) -> dict[str, Mailbox]:
    """Our addresses: the policy's, else the first that the mail is addressed to; and a token that one of them holds."""
    ours = {plain for one in own if (plain := addresses.normalise(one))} or set(mail.recipients[:1]) or {PLACE}
    boxes = {address: _mailbox(address) for address in sorted(ours)}
    named = [one for one in mail.recipients if one.lower().startswith((REPLY, BOUNCE))]
    return {address: _mailbox(address) for address in named[:1]} | boxes


def _mailbox(address: str) -> Mailbox:
    local = address.partition("@")[0].lower()
    return Mailbox(
        clinic=NOWHERE, reply_token=local.removeprefix(REPLY) if local.startswith(REPLY) else None,
        bounce_token=local.removeprefix(BOUNCE) if local.startswith(BOUNCE) else None,
    )  # fmt: skip


def _authentication(proof: Authentication) -> Answer:
    return {"spf": proof.spf, "dkim": proof.dkim, "dmarc": proof.dmarc, "source": proof.source}


def _attachment(file: Attachment) -> Answer:
    digest = sha256(file.content).hexdigest()
    return {"filename": file.filename, "type": file.media_type, "size": len(file.content), "sha256": digest}


def of_lines(stream: Iterable[bytes], clinic: Clinic) -> Iterator[Answer]:
    """What the screening says of each line, in order; blank lines are passed over."""
    for number, line in enumerate(stream, start=1):
        text = line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line
        if text.strip():
            yield of_line(text, number, clinic)


def of_line(line: bytes, number: int, clinic: Clinic) -> Answer:
    """What the screening says of one line of JSON, or what is wrong with it."""
    try:
        given = json.loads(line.decode())
    except (ValueError, RecursionError):
        return {"id": None, "error": f"line {number}: not JSON in UTF-8"}
    if not isinstance(given, Mapping):
        return {"id": None, "error": f"line {number}: not an object"}
    name = given.get("id")
    if isinstance(name, bool) or not isinstance(name, str | int):
        return {"id": None, "error": f"line {number}: id must be a text or a whole number"}
    try:
        return {"id": name, **of_text(given, clinic)}
    except InvalidError as error:
        return {"id": name, "error": f"line {number}: {error.field} {error.code}"}


def of_text(given: Mapping[str, Any], clinic: Clinic) -> Answer:
    """What the screening says of a text. Raises InvalidError naming the field that cannot be used."""
    text = given.get("text")
    if not isinstance(text, str):
        raise InvalidError("text", "must be a text")
    direction = _one_of(Direction, given.get("direction", Direction.INBOUND), "direction")
    language = given.get("lang")
    if not (language is None or (isinstance(language, str) and language in {"fr", "en"})):
        raise InvalidError("lang", "must be fr, en or null")
    found = assess([Part("text", text)], direction=direction, language=language, ruleset=clinic.ruleset)
    return {**_judgement(found), "reasons": _reasons(found)}


Name = TypeVar("Name", bound=StrEnum)


def _one_of(names: type[Name], given: object, field: str) -> Name:
    if not isinstance(given, str) or given not in set(names):
        raise InvalidError(field, f"must be {' or '.join(names)}")
    return names(given)


def _judgement(found: Assessment) -> Answer:
    return {"topics": list(found.topics), "priority": found.priority, "queue": found.queue}


def _reasons(found: Assessment) -> list[Answer]:
    return [_reason(one) for one in found.reasons]


def _reason(one: Reason) -> Answer:
    return {
        "rule": one.rule, "topic": one.topic, "priority": one.priority, "part": one.part, "start": one.start,
        "end": one.end, "words": one.words, "context": one.context,
    }  # fmt: skip
