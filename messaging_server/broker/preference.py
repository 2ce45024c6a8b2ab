"""What a person asks for about how we write to them: their language (ACC-08)."""

from datetime import datetime

from messaging_server.broker.clinic import Clinic, Means
from messaging_server.message import new_id
from messaging_server.record.reading import Reader
from messaging_server.storage import clinics, people
from messaging_server.storage.clinics import AuditRow
from messaging_server.storage.database import Connection
from messaging_server.texts import Language


async def choose_language(means: Means, clinic: Clinic, who: Reader, language: Language, now: datetime) -> None:
    """Write to this person in their language from now on; texts that wait already keep theirs."""
    row = AuditRow(
        id=new_id(now), clinic_id=clinic.id, at=now, actor_id=who.account, action="language", object_id=who.person,
        result=language.value,
    )  # fmt: skip

    def unit(connection: Connection) -> None:
        people.set_language(connection, who.person, language.value)
        clinics.note_audit(connection, row)

    await means.database.write(unit)
