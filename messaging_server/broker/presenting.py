"""How a colleague presents themselves: title in both languages, telephone, language; the signature follows (ETQ-08).

The name stays as the administrator wrote it, and only a physician's carries "M.D." (ETQ-09).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from messaging_server.broker import directory, etiquette
from messaging_server.broker.clinic import Clinic, Means
from messaging_server.errors import InvalidError, NotFoundError
from messaging_server.message import new_id
from messaging_server.record.reading import Reader
from messaging_server.storage import clinics, people
from messaging_server.storage.accounts import AccountRole
from messaging_server.storage.clinics import AuditRow
from messaging_server.storage.database import Connection
from messaging_server.texts import Language


@dataclass(frozen=True, slots=True, kw_only=True)
class Presented:
    """What a colleague says of themselves."""

    titles: Mapping[str, str]
    phone: str = field(repr=False)
    language: Language


async def present(means: Means, clinic: Clinic, who: Reader, said: Presented, now: datetime) -> None:
    """Keep it, and note that it changed. Raises InvalidError for a physician's letters on anybody else (ETQ-09)."""
    if who.role is not AccountRole.PHYSICIAN and etiquette.claims_physician("\n".join(said.titles.values())):
        raise InvalidError("title", "physicians_only")
    noted = AuditRow(
        id=new_id(now), clinic_id=clinic.id, at=now, actor_id=who.account, action="profile", object_id=who.person,
        result="changed",
    )  # fmt: skip

    def unit(connection: Connection) -> None:
        row = people.person(connection, clinic.id, who.person)
        if row is None or row.kind != people.PersonKind.STAFF:
            raise NotFoundError(str(who.person))
        before = directory.open_profile(means.keys, row)
        profile = replace(before, titles=directory.titles_of(said.titles), phone=said.phone)
        people.set_profile(connection, row.id, directory.seal_profile(means.keys, clinic.id, row.id, profile))
        people.set_language(connection, row.id, said.language)
        clinics.note_audit(connection, noted)

    await means.database.write(unit)
