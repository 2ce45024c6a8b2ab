"""Names, profiles and addresses: sealed under the directory key, searched by fingerprints (SEC-05, REC-14, DIR-01)."""

import json
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from uuid import UUID

import phonenumbers
from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailNotValidError, validate_email

from consent.model import Channel
from keys.server import ServerKeys, fingerprint, open_directory, seal_directory
from messaging_server.errors import InvalidError
from messaging_server.storage.people import AddressRow, PersonRow
from messaging_server.texts import Language

SHORTEST_PREFIX = 3
# Whether a domain can be reached is for the code that comes back to show, not for a list of reserved names (the
# library's own way to say so); the demonstration and an intranet both use such names.
SPECIAL_USE_DOMAIN_NAMES.clear()


@dataclass(frozen=True, slots=True, kw_only=True)
class Name:
    """A person's name as it is written."""

    first: str = field(repr=False)
    last: str = field(repr=False)

    @property
    def full(self) -> str:
        """First name, last name."""
        return f"{self.first} {self.last}".strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What else is known of a person; a professional's title and telephone make the signature (ETQ-08)."""

    login: str = field(default="", repr=False)
    birth_date: str = field(default="", repr=False)
    """ISO 8601, a patient's second identifier (IDN-04)."""
    titles: Mapping[str, str] = field(default_factory=dict)
    """A professional's title by language, e.g. "infirmière praticienne"; a physician's specialty (ETQ-09)."""
    phone: str = field(default="", repr=False)
    seen_document: str = ""
    """Which document staff saw at enrolment: its kind only, never a copy (IDN-01)."""

    def title_in(self, language: str) -> str:
        """The title in a reader's language; the one there is, where a profession has no name in the other."""
        given = (self.titles.get(language, ""), *self.titles.values())
        return next((title.strip() for title in given if title.strip()), "")


def titles_of(given: str | Mapping[str, str]) -> dict[str, str]:
    """Titles by language; one that was given without a language, as it once was stored, stands for both."""
    if isinstance(given, str):
        given = {language.value: given for language in Language}
    return {language: title.strip() for language, title in given.items() if title.strip()}


def seal_name(keys: ServerKeys, clinic: UUID, person: UUID, name: Name) -> bytes:
    """A name under the directory key."""
    return seal_directory(keys, json.dumps(asdict(name)), clinic, person, "name")


def open_name(keys: ServerKeys, row: PersonRow) -> Name:
    """The name of a person."""
    return Name(**json.loads(open_directory(keys, row.sealed_name, row.clinic_id, row.id, "name")))


def seal_profile(keys: ServerKeys, clinic: UUID, person: UUID, profile: Profile) -> bytes:
    """A profile under the directory key."""
    return seal_directory(keys, json.dumps(asdict(profile)), clinic, person, "profile")


def open_profile(keys: ServerKeys, row: PersonRow) -> Profile:
    """The profile of a person."""
    stored = json.loads(open_directory(keys, row.sealed_profile, row.clinic_id, row.id, "profile"))
    before = titles_of(stored.pop("title", ""))  # what was sealed before titles had a language
    return Profile(**{"titles": before} | stored)


def open_address(keys: ServerKeys, row: AddressRow) -> str:
    """An address or number."""
    return open_directory(keys, row.sealed_value, row.clinic_id, row.id, "address")


def login_fingerprint(keys: ServerKeys, clinic: UUID, login: str) -> bytes:
    """By what a sign-in name is found."""
    return fingerprint(keys, clinic, "login", fold(login))


def normal_address(channel: Channel, value: str) -> str:
    """An address in its one stored form: E.164, or a mailbox with its domain in lower case (EIN-10).

    Raises InvalidError when it is none.
    """
    if channel is Channel.SMS:
        return _normal_number(value)
    try:
        return validate_email(value.strip(), check_deliverability=False).normalized
    except EmailNotValidError as error:
        raise InvalidError("email", "not_an_address") from error


def _normal_number(value: str) -> str:
    try:
        number = phonenumbers.parse(value, "CA")
    except phonenumbers.NumberParseException as error:
        raise InvalidError("phone", "not_a_number") from error
    if not phonenumbers.is_possible_number(number):
        raise InvalidError("phone", "not_a_number")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def fold(text: str) -> str:
    """Case and accents folded, so that « Élodie » is found by "elodie"."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return " ".join(bare.casefold().split())


def search_words(name: Name, profile: Profile, addresses: Iterable[str]) -> frozenset[str]:
    """Everything a person may be found by: name words and their prefixes from three letters, birth date, addresses."""
    words: set[str] = set()
    for word in fold(name.full).replace("-", " ").split():
        words |= {word, *(word[:size] for size in range(SHORTEST_PREFIX, len(word)))}
    return frozenset({*words, *filter(None, [profile.birth_date]), *map(fold, addresses)})


def query_words(text: str) -> tuple[str, ...]:
    """What somebody typed, as search words: a date, a number, an address, or words of a name."""
    plain = fold(text)
    if "@" in plain or _is_date(plain):
        return (plain,)
    digits = "".join(c for c in plain if c.isdigit())
    if len(digits) >= 10:  # a North American number has ten digits
        return (_normal_number(digits),)
    return tuple(word for word in plain.replace("-", " ").split() if len(word) >= SHORTEST_PREFIX)


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def word_fingerprints(keys: ServerKeys, clinic: UUID, words: Iterable[str]) -> Sequence[bytes]:
    """The keyed forms that are stored and sought."""
    return [fingerprint(keys, clinic, "word", word) for word in words]
