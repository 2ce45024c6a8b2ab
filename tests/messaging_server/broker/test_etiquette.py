"""Manners and signatures: what the CMQ asks of a professional's message."""

import json
from collections.abc import Mapping

import pytest

from keys.server import ServerKeys, seal_directory
from messaging_server.broker.admission import NewColleague, colleague_rows
from messaging_server.broker.directory import Name, Profile, open_profile, seal_name, seal_profile, titles_of
from messaging_server.broker.etiquette import claims_physician, signature
from messaging_server.errors import InvalidError
from messaging_server.message import new_id
from messaging_server.storage.accounts import AccountRole
from messaging_server.storage.people import PersonKind, PersonRow
from messaging_server.texts import Language
from tests.clinic.world import TUESDAY, World

NADIA = Name(first="Nadia", last="Fortin")
NURSE = Profile(titles={"fr": "Infirmière clinicienne", "en": "Nurse clinician"}, phone="514 555-0144")


def sealed(keys: ServerKeys, profile: Mapping[str, str] | Profile) -> PersonRow:
    """A colleague's row, with a profile sealed as it is now or as it once was."""
    clinic, person = new_id(TUESDAY), new_id(TUESDAY)
    kept = (
        seal_profile(keys, clinic, person, profile)
        if isinstance(profile, Profile)
        else seal_directory(keys, json.dumps(profile), clinic, person, "profile")
    )
    return PersonRow(
        id=person, clinic_id=clinic, kind=PersonKind.STAFF, language="fr", created_at=TUESDAY,
        sealed_name=seal_name(keys, clinic, person, NADIA), sealed_profile=kept,
    )  # fmt: skip


@pytest.mark.parametrize(("language", "title"), [("fr", "Infirmière clinicienne"), ("en", "Nurse clinician")])
def test_a_signature_has_the_title_of_the_patient_s_language(language: str, title: str) -> None:
    """Name, title, telephone, each on its line, in the language that the patient reads [ETQ-08, ETQ-09]."""
    said = signature(NADIA, NURSE, AccountRole.NURSE, Language(language))

    assert said == f"Nadia Fortin\n{title}\n514 555-0144"


def test_a_title_of_one_language_stands_in_the_other() -> None:
    """A profession that has no name in the other language is not left without one [ETQ-09]."""
    profile = Profile(titles=titles_of({"fr": "Sage-femme", "en": " "}), phone="514 555-0144")

    assert signature(NADIA, profile, AccountRole.OTHER_PROFESSIONAL, Language.EN) == (
        "Nadia Fortin\nSage-femme\n514 555-0144"
    )


@pytest.mark.parametrize("role", [role for role in AccountRole if role is not AccountRole.PHYSICIAN])
def test_only_a_physician_signs_with_the_letters(role: AccountRole) -> None:
    """No other profession's signature has "M.D.", whatever their name or title says [ETQ-09, T-37]."""
    plain = signature(NADIA, NURSE, role, Language.FR)
    titled = signature(NADIA, Profile(titles=titles_of("Infirmière, M.D."), phone="1"), role, Language.FR)
    named = signature(Name(first="Nadia", last="Fortin, MD"), NURSE, role, Language.FR)

    assert plain is not None
    assert "M.D." not in plain
    assert (titled, named) == (None, None)


def test_a_physician_signs_with_the_letters_once() -> None:
    """Given name, family name, the letters, then the specialty where there is one, then the telephone [ETQ-08]."""
    phone = Profile(phone="514 555-0144")
    written = Name(first="Nadia", last="Fortin, M.D.")

    assert signature(NADIA, phone, AccountRole.PHYSICIAN, Language.FR) == "Nadia Fortin, M.D.\n514 555-0144"
    assert signature(written, phone, AccountRole.PHYSICIAN, Language.FR) == "Nadia Fortin, M.D.\n514 555-0144"


@pytest.mark.parametrize(
    ("role", "profile"),
    [
        (AccountRole.PHYSICIAN, Profile(titles=titles_of("Pédiatre"))),
        (AccountRole.NURSE, Profile(phone="514 555-0144")),
        (AccountRole.NURSE, Profile(titles={"fr": " "}, phone="514 555-0144")),
    ],
)
def test_an_incomplete_profile_has_no_signature(role: AccountRole, profile: Profile) -> None:
    """Without a telephone, or a title where the letters do not stand for one, nothing is signed [ETQ-08]."""
    assert signature(NADIA, profile, role, Language.FR) is None


@pytest.mark.parametrize("words", ["M.D.", "Nadia Fortin MD", "m. d.", "Pédiatre (M.D.)", "M.D.,C.M."])
def test_the_letters_are_known_in_every_spelling(words: str) -> None:
    """With or without points, spaces and capitals [ETQ-09]."""
    assert claims_physician(words)


@pytest.mark.parametrize("words", ["Infirmière", "Pharm. D.", "Ph. D.", "Adjointe médicale", "Mdoukha", "Amd. Dubé"])
def test_other_letters_are_left_alone(words: str) -> None:
    """Other degrees and names are nobody's concern [ETQ-09]."""
    assert not claims_physician(words)


def test_a_profile_keeps_its_titles_and_reads_what_was_sealed_before() -> None:
    """A title that was sealed without a language stands for both, until it is written anew [ETQ-09]."""
    keys = ServerKeys.generate()
    before = {"login": "nfortin", "birth_date": "", "title": "Infirmière", "phone": "1", "seen_document": ""}

    assert open_profile(keys, sealed(keys, NURSE)) == NURSE
    assert open_profile(keys, sealed(keys, before)).titles == {"fr": "Infirmière", "en": "Infirmière"}
    assert open_profile(keys, sealed(keys, before | {"title": ""})).titles == {}


async def test_nobody_is_made_a_physician_by_a_title(world: World) -> None:
    """Whatever door a colleague comes by, the letters are refused to other professions [ETQ-09]."""
    plain = NewColleague(name=NADIA, role=AccountRole.NURSE, language="fr", login="nfortin", titles={"en": "Nurse, MD"})
    with pytest.raises(InvalidError, match="physicians_only"):
        colleague_rows(world.means, world.clinic, plain, TUESDAY)


@pytest.mark.parametrize("written", ["M. D’Amours", "M. D'Amours", "M.-D. Côté", "Adam Dubé"])
def test_a_name_with_these_initials_claims_nothing(written: str) -> None:
    """An elision makes it a name: nobody is refused for being called so, and a physician keeps the letters [ETQ-09]."""
    first, _, last = written.rpartition(" ")
    named = Name(first=first, last=last)

    assert not claims_physician(written)
    assert (signature(named, NURSE, AccountRole.PHYSICIAN, Language.FR) or "").startswith(f"{written}, M.D.")
