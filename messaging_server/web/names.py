"""Who is who on the patient's pages: a colleague's name with the word for their profession."""

from collections.abc import Collection, Mapping
from uuid import UUID

from messaging_server.broker.directory import open_name, open_profile
from messaging_server.storage.accounts import AccountRole
from messaging_server.storage.queries import inbox as queries
from messaging_server.web.views.patient import Author, AuthorKind
from messaging_server.web.visit import Visit


async def people_behind(here: Visit, accounts: Collection[UUID | None]) -> Mapping[UUID, Author]:
    """The authors behind some accounts of this clinic; an account that is gone has none."""
    wanted = {account for account in accounts if account is not None}
    if not wanted:
        return {}
    found = await here.means.database.read(lambda c: queries.colleagues(c, here.clinic.id, wanted))
    return {account: _author(here, colleague) for account, colleague in found.items()}


def _author(here: Visit, colleague: queries.Colleague) -> Author:
    name = open_name(here.means.keys, colleague.person).full
    if colleague.role == AccountRole.PATIENT:
        return Author(kind=AuthorKind.PATIENT, name=name)
    title = open_profile(here.means.keys, colleague.person).title_in(here.language)
    return Author(kind=AuthorKind.STAFF, name=name, role=title or role_word(here, colleague.role))


def role_word(here: Visit, role: str) -> str:
    """The word for a role in the reader's language."""
    return here.means.texts.gettext(here.language, f"role.{role}")


def in_words(author: Author | None) -> str:
    """A name with its profession, as "Marie Tremblay, infirmière"; nothing for nobody."""
    if author is None:
        return ""
    return f"{author.name}, {author.role}" if author.role else author.name


def author_of(role: str, author_id: UUID | None, people: Mapping[UUID, Author], *, automatic: bool = False) -> Author:
    """Who wrote an exchange of the reader's own record."""
    if automatic or role == "system":
        return Author(kind=AuthorKind.AUTOMATIC)
    if role == "patient":
        return Author(kind=AuthorKind.SELF)
    unknown = Author(kind=AuthorKind.UNKNOWN)
    return people.get(author_id, unknown) if author_id and role == "staff" else unknown
