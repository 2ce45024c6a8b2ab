"""A list of patients as a CSV file: read, judged line by line, compared with who is enrolled already (DIR-01, CON-20).

Nothing is guessed: a line that cannot be used names its field, and two lines that share an address are both wrong.
"""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from io import StringIO
from typing import Final

from consent.model import Channel
from keys.server import fingerprint
from messaging_server.broker import directory
from messaging_server.broker.clinic import Clinic, Means
from messaging_server.broker.directory import Name, fold
from messaging_server.broker.enrolment import NewPatient
from messaging_server.errors import InvalidError
from messaging_server.storage import people
from messaging_server.storage.database import Connection
from messaging_server.texts import Language

NEEDED: Final = ("first", "last", "birth_date")
KNOWN: Final = (*NEEDED, "language", "email", "phone", "email_is_personal", "phone_is_personal", "seen_document")
EARLIEST: Final = 1890
"""No patient was born before; an earlier year is a slip."""
_YES: Final = frozenset({"yes", "oui", "true", "1"})
_NO: Final = frozenset({"", "no", "non", "false", "0"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One line that can be used; `number` counts the lines of the file, its heading being the first."""

    number: int
    new: NewPatient = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Why a line cannot be used: which field, and the machine-readable reason."""

    number: int
    field: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A whole list, judged."""

    fresh: tuple[Listed, ...]
    enrolled: tuple[int, ...]
    """Numbers of the lines whose person is a patient here already, by name and birth date."""
    faults: tuple[Fault, ...]


def read(text: str, language: str, today: date) -> tuple[tuple[Listed, ...], tuple[Fault, ...]]:
    """The lines of a list, with commas or semicolons. `language` is that of lines without one.

    Raises InvalidError naming the column that is missing, twice there or unknown ("column"), or the line from which on
    the file is no table ("not_csv").
    """
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    head = plain.partition("\n")[0]
    rows = csv.DictReader(StringIO(plain), delimiter=";" if head.count(";") > head.count(",") else ",")
    listed: list[Listed] = []
    faults: list[Fault] = []
    try:
        rows.fieldnames = _columns(rows.fieldnames or ())
        for row in rows:
            try:
                listed.append(Listed(number=rows.line_num, new=_patient(row, language, today)))
            except InvalidError as error:
                faults.append(Fault(number=rows.line_num, field=error.field, why=error.code))
    except csv.Error as error:
        raise InvalidError(f"line {rows.line_num}", "not_csv") from error
    return tuple(listed), tuple(faults)


def _columns(found: Sequence[str]) -> list[str]:
    names = [name.strip() for name in found]
    for name in (*NEEDED, *names):
        if name not in KNOWN or names.count(name) != 1:
            raise InvalidError(name or "without a name", "column")
    return names


def _patient(row: Mapping[str | None, object], language: str, today: date) -> NewPatient:
    if None in row or None in row.values():
        raise InvalidError("line", "columns_do_not_match")
    given = {str(name): str(value).strip() for name, value in row.items()}
    for name in ("first", "last"):
        if not given[name]:
            raise InvalidError(name, "missing")
    spoken = given.get("language", "") or language
    if spoken not in set(Language):
        raise InvalidError("language", "not_a_language")
    return NewPatient(
        name=Name(first=given["first"], last=given["last"]), birth_date=_birth(given["birth_date"], today),
        language=spoken, email=_address(Channel.EMAIL, given.get("email", "")),
        phone=_address(Channel.SMS, given.get("phone", "")), email_is_personal=_yes(given, "email_is_personal"),
        phone_is_personal=_yes(given, "phone_is_personal"), seen_document=given.get("seen_document", ""),
    )  # fmt: skip


def _birth(text: str, today: date) -> str:
    try:
        found = date.fromisoformat(text)
    except ValueError as error:
        raise InvalidError("birth_date", "not_a_date") from error
    if found.year < EARLIEST or found > today:
        raise InvalidError("birth_date", "not_a_date")
    return found.isoformat()


def _address(channel: Channel, text: str) -> str:
    return directory.normal_address(channel, text) if text else ""


def _yes(given: Mapping[str, str], name: str) -> bool:
    text = given.get(name, "").casefold()
    if text not in _YES | _NO:
        raise InvalidError(name, "yes_or_no")
    return text in _YES


async def judge(means: Means, clinic: Clinic, listed: Sequence[Listed], faults: Sequence[Fault]) -> Judged:
    """The list beside itself and beside the clinic: who is new, who is here already, whose address is another's."""
    twice = list(_twice(listed))
    enrolled, taken = await means.database.read(lambda c: _here_already(c, means, clinic, listed))
    wrong = {fault.number for fault in (*twice, *taken)}
    return Judged(
        fresh=tuple(line for line in listed if line.number not in wrong | enrolled), enrolled=tuple(sorted(enrolled)),
        faults=tuple(sorted((*faults, *twice, *taken), key=lambda fault: fault.number)),
    )  # fmt: skip


def _twice(listed: Sequence[Listed]) -> list[Fault]:
    """What stands on an earlier line too: the same person, or the same address."""
    seen: set[tuple[str, str]] = set()
    found = []
    for line in listed:
        person = ("line", f"{fold(line.new.name.full)} {line.new.birth_date}")
        for mark in (person, ("email", line.new.email.casefold()), ("phone", line.new.phone)):
            if mark[1] and mark in seen:
                found.append(Fault(number=line.number, field=mark[0], why="twice_in_the_list"))
            seen.add(mark)
    return found


def _here_already(
    connection: Connection, means: Means, clinic: Clinic, listed: Sequence[Listed]
) -> tuple[set[int], list[Fault]]:
    enrolled = {line.number for line in listed if _is_patient(connection, means, clinic, line.new)}
    taken = [
        Fault(number=line.number, field=name, why="already_used")
        for line in listed
        if line.number not in enrolled
        for name, channel, value in (("email", Channel.EMAIL, line.new.email), ("phone", Channel.SMS, line.new.phone))
        if value and _is_used(connection, means, clinic, channel, value)
    ]
    return enrolled, taken


def _is_patient(connection: Connection, means: Means, clinic: Clinic, new: NewPatient) -> bool:
    words = {new.birth_date, *fold(new.name.full).replace("-", " ").split()}
    known = people.find(connection, clinic.id, directory.word_fingerprints(means.keys, clinic.id, words))
    return any(fold(directory.open_name(means.keys, row).full) == fold(new.name.full) for row in known)


def _is_used(connection: Connection, means: Means, clinic: Clinic, channel: Channel, value: str) -> bool:
    value_fp = fingerprint(means.keys, clinic.id, channel.value, value)
    return any(row.person_id is not None for row in people.addresses_by_value(connection, clinic.id, value_fp))
