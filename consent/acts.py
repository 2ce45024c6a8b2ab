"""The acts of the register, made only when they carry what the guide asks of them (CON-08, CON-12, CON-13).

Each builder returns a `ConsentEvent` or raises `ConsentError` with a code; nothing is stored here.
Source: CMQ guide, rules of informed consent (signature preferred, else a note in the record).
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

from consent.model import Act, Category, Channel, ConsentEvent, Method, Scope


class ConsentError(ValueError):
    """An act that may not be recorded as it stands; `code` is machine-readable."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """Whose act it is, by which method, under which text, explained by whom and when (CON-15)."""

    id: UUID
    person: UUID
    method: Method
    text_version: int
    text_hash: bytes = field(repr=False)
    language: str
    obtained_by: UUID | None
    """The account of the staff member who explained, or of the patient who acts online."""
    at: datetime


_CLOSING_ONLY: Final = frozenset({Method.SMS_WORD, Method.EMAIL_PHRASE})
"""A text or a mail may take consent back; it never gives any (CON-02, EIN-09)."""


def everything(channels: Collection[Channel]) -> frozenset[Scope]:
    """Every cell of these channels."""
    return frozenset(Scope(channel, category) for channel in channels for category in Category)


def inform(*, how: Circumstances, channels: Collection[Channel] = (), has_note: bool = False) -> ConsentEvent:
    """The explanations were given, whatever is answered then (CON-14); no channel named means all of them.

    Raises ConsentError as `accept` does for the circumstances.
    """
    return _event(Act.INFORMED, how, frozenset(), frozenset(channels), has_note=has_note)


def accept(
    *,
    how: Circumstances,
    scope: Collection[Scope],
    channels: Collection[Channel] | None = None,
    addresses: Collection[UUID] = (),
    expires_at: datetime | None = None,
    has_note: bool = False,
    has_evidence: bool = False,
    typed_signature: bool = False,
) -> ConsentEvent:
    """The person agrees to the cells of `scope` and declines the other cells of `channels`.

    `channels` are those of the scope unless given; SMS is agreed only by its own cells (CON-12). No `addresses` means
    any verified address of the person. A typed signature counts as evidence, because it is kept with the act.

    Raises ConsentError: "empty_scope"; "scope_outside_channels"; "method_cannot_accept" for a text or a mail (CON-02);
    "verbal_without_note" (CON-08); "form_without_signature" (CON-08); "expires_before_it_begins";
    "nobody_named", "naive_time", "no_text", "no_language" for the circumstances.
    """
    cells = frozenset(scope)
    settled = frozenset(channels) if channels is not None else _channels(cells)
    evidence = has_evidence or typed_signature
    _check_scope(cells, settled)
    _check_method(how.method, has_note=has_note, evidence=evidence)
    if expires_at is not None and expires_at <= how.at:
        raise ConsentError("expires_before_it_begins")
    return _event(
        Act.ACCEPTED, how, cells, settled,
        addresses=frozenset(addresses), expires_at=expires_at, has_note=has_note, has_evidence=evidence,
    )  # fmt: skip


def refuse(
    *, how: Circumstances, scope: Collection[Scope] = (), channels: Collection[Channel] = (), has_note: bool = False
) -> ConsentEvent:
    """The person declines: cells, whole channels, or everything when neither is named (CON-09).

    Raises ConsentError as `accept` does for the circumstances.
    """
    cells = _named(scope, channels)
    return _event(Act.REFUSED, how, cells, _channels(cells), has_note=has_note)


def withdraw(
    *,
    how: Circumstances,
    scope: Collection[Scope] = (),
    channels: Collection[Channel] = (),
    has_note: bool = False,
    has_evidence: bool = False,
) -> ConsentEvent:
    """The person takes back: cells, whole channels, or everything when neither is named (CON-13).

    By any method, at any time, with no note asked: a withdrawal is never made hard. A word by text stops texts only
    (SMS-14): it raises ConsentError("word_beyond_its_channel") for anything else; and as `accept` for circumstances.
    """
    cells = _named(scope, channels)
    if how.method is Method.SMS_WORD and _channels(cells) != {Channel.SMS}:
        raise ConsentError("word_beyond_its_channel")
    return _event(Act.WITHDRAWN, how, cells, _channels(cells), has_note=has_note, has_evidence=has_evidence)


def _named(scope: Collection[Scope], channels: Collection[Channel]) -> frozenset[Scope]:
    """The cells meant, written out, so that the act can be read without knowing this rule."""
    cells = frozenset(scope) | everything(channels)
    return cells or everything(frozenset(Channel))


def _channels(cells: frozenset[Scope]) -> frozenset[Channel]:
    return frozenset(cell.channel for cell in cells)


def _check_scope(cells: frozenset[Scope], settled: frozenset[Channel]) -> None:
    if not cells:
        raise ConsentError("empty_scope")
    if not _channels(cells) <= settled:
        raise ConsentError("scope_outside_channels")


def _check_method(method: Method, *, has_note: bool, evidence: bool) -> None:
    if method in _CLOSING_ONLY:
        raise ConsentError("method_cannot_accept")
    if method is Method.VERBAL and not has_note:
        raise ConsentError("verbal_without_note")
    if method is Method.SIGNED_FORM and not evidence:
        raise ConsentError("form_without_signature")


def _event(
    act: Act,
    how: Circumstances,
    scope: frozenset[Scope],
    channels: frozenset[Channel],
    *,
    addresses: frozenset[UUID] = frozenset(),
    expires_at: datetime | None = None,
    has_note: bool = False,
    has_evidence: bool = False,
) -> ConsentEvent:
    obtained_by = _checked(how)
    return ConsentEvent(
        id=how.id, person=how.person, act=act, method=how.method, scope=scope, channels=channels,
        text_version=how.text_version, text_hash=how.text_hash, language=how.language, obtained_by=obtained_by,
        at=how.at, addresses=addresses, expires_at=expires_at, has_note=has_note, has_evidence=has_evidence,
    )  # fmt: skip


def _checked(how: Circumstances) -> UUID:
    if how.at.utcoffset() is None:
        raise ConsentError("naive_time")
    if how.text_version < 1 or not how.text_hash:
        raise ConsentError("no_text")
    if not how.language.strip():
        raise ConsentError("no_language")
    if how.obtained_by is None:
        raise ConsentError("nobody_named")
    return how.obtained_by
