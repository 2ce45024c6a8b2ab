"""Which clinic a host, a mail address or a number belongs to, when one server has two of them."""

from urllib.parse import urlsplit

import pytest

from messaging_server.app.clinics import Directory, mail_domain
from messaging_server.errors import UnavailableError
from tests.clinic.world import World, found_beside

OWN_MAIL = {"domain": "voisine.test", "addresses": ["messages@voisine.test"]}


async def both(world: World, **laid_over: object) -> tuple[Directory, World]:
    """What the server knows of its two clinics."""
    beside = await found_beside(world, "voisine.test", **laid_over)
    directory = Directory(world.settings)
    await directory.refresh(world.means.database)
    return directory, beside


async def test_the_only_clinic_answers_under_any_name(world: World) -> None:
    """A first look by address or by an old name still finds its pages, and its links are those of the settings."""
    directory = Directory(world.settings)
    await directory.refresh(world.means.database)
    clinic = directory.by_host("127.0.0.1:8080")

    assert clinic is not None
    assert clinic.portal_url == world.settings.web.public_url


async def test_of_two_clinics_each_answers_under_its_own_name_alone(world: World) -> None:
    """A name that is neither's is nobody's, and each sends its people to its own pages [REC-05]."""
    directory, beside = await both(world)
    found = [directory.by_host(name) for name in ("clinique.test", "VOISINE.test:443", "autre.test", "", "[::1]:80")]

    assert [clinic.id if clinic else None for clinic in found] == [world.clinic.id, beside.clinic.id, None, None, None]
    assert urlsplit(directory[beside.clinic.id].portal_url).hostname == "voisine.test"
    assert urlsplit(directory[world.clinic.id].portal_url).hostname == "clinique.test"


async def test_mail_finds_the_clinic_whose_address_it_names(world: World) -> None:
    """Reply addresses too belong to their clinic's domain, and are sent out under it [REC-05, EIN-11]."""
    directory, beside = await both(world, mail=OWN_MAIL)
    server, own = world.settings.smtp.domain, "voisine.test"
    found = [
        directory.by_mail(local, domain)
        for local, domain in (("messages", server), ("reply+abc", server), ("reply+abc", own), ("Messages", own))
    ]

    assert [clinic.id if clinic else None for clinic in found] == [world.clinic.id] * 2 + [beside.clinic.id] * 2
    assert directory.by_mail("reply+abc", "autre.test") is None
    assert mail_domain(directory[beside.clinic.id], world.settings) == own


@pytest.mark.parametrize("local", ["messages", "reply+abc", "bounce+abc"])
async def test_mail_that_two_clinics_claim_is_read_by_neither(world: World, local: str) -> None:
    """The sender is asked to try later: nothing is lost, and nothing is filed with the wrong clinic [REC-05]."""
    directory, _ = await both(world)
    with pytest.raises(UnavailableError):
        directory.by_mail(local, world.settings.smtp.domain)


async def test_a_text_to_the_one_number_of_two_clinics_is_read_by_neither(world: World) -> None:
    """The provider is asked to try later, rather than one clinic reading the other's texts [REC-05, SMS-24]."""
    directory, _ = await both(world)
    with pytest.raises(UnavailableError):
        directory.by_number()
