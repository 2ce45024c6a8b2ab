"""Nobody needs a health-insurance number: not to be enrolled, to be found, to sign in or to write."""

from dataclasses import fields, replace

import pytest

from messaging_server.broker import listing
from messaging_server.broker.case import Disposition
from messaging_server.broker.directory import Name, Profile
from messaging_server.broker.enrolment import NewPatient
from messaging_server.storage import tables
from messaging_server.web.views.people import Enrol
from tests.clinic.world import World

NOBODY = NewPatient(
    name=Name(first="Amina", last="Diallo"), birth_date="1994-05-06", language="fr", email="amina@exemple.test",
    email_is_personal=True,
)  # fmt: skip
NUMBERS = ("ramq", "insurance", "assurance", "nam", "hcn", "ohip", "card_number", "health_number")


@pytest.mark.parametrize("document", [one for one in Enrol().documents if one != "health_card"])
async def test_somebody_without_a_card_is_enrolled_signs_in_and_writes(world: World, document: str) -> None:
    """A passport, a licence, another paper or being known is enough, and opens the same doors [IDN-21]."""
    issued = await world.enrol(replace(NOBODY, seen_document=document))
    amina = await world.sign_in_first(issued, NOBODY.birth_date)
    await world.consent(amina)
    receipt = await world.write("Bonjour, une question.", account=amina.account)

    assert receipt.disposition is Disposition.ACCEPTED


def test_no_place_for_such_a_number_exists() -> None:
    """No form, no list, no profile and no table asks for it [IDN-21]."""
    asked = {field.name for one in (NewPatient, Profile, Enrol) for field in fields(one)} | set(listing.KNOWN)
    columns = {column.name for table in tables.metadata.tables.values() for column in table.columns}

    assert len(asked | columns) > 40
    assert [name for name in asked | columns for number in NUMBERS if number in name.split("_") or number == name] == []
