"""Who agreed to an older consent text than the one in force: to be informed again (CON-07)."""

from uuid import UUID

from sqlalchemy import Connection, func, select

from consent.model import Act
from messaging_server.storage import tables


def agreed_before(connection: Connection, clinic: UUID, version: int) -> tuple[UUID, ...]:
    """The people of a clinic whose newest agreement names a text older than `version`."""
    c = tables.consents.c
    newest = func.max(c.text_version)
    query = (
        select(c.person_id).where(c.clinic_id == clinic, c.act == Act.ACCEPTED.value)
        .group_by(c.person_id).having(newest < version).order_by(c.person_id)
    )  # fmt: skip
    return tuple(connection.execute(query).scalars())
